"""What ``gisplan route`` tells beside its routes."""

from __future__ import annotations

import json

import pytest

from gisplan.cli.plan import open_console
from gisplan.cli.route import TOLD_LEFT_OUT, _show
from gisplan.export.route_file import routes_to_json
from gisplan.model.option import Provenance
from gisplan.model.route_answer import Independence, RouteAnswer

REASON = "no cable may lie all along the route"


def answer_without(count: int) -> RouteAnswer:
    """Two sources asked for, none found, so many access points left out."""
    return RouteAnswer(
        site=(7.88, 48.46),
        demand_kva=630.0,
        voltage_level="mv",
        routes=(),
        wanted=2,
        independence=Independence.FEEDER,
        shared_length_m=0.0,
        total_cost=None,
        lower_bound=None,
        gap=None,
        reasons=("no set of routes holds its limits",),
        is_judged=False,
        provenance=Provenance(
            grid_version=1,
            grid_fingerprint="f",
            ledger_sequence=0,
            catalogue="c",
            profile="eu",
            software="gisplan",
        ),
        left_out=tuple(f"bus B{n}: {REASON}" for n in range(count)),
    )


def test_access_points_that_no_cable_serves_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    _show(answer_without(2), open_console())
    told = capsys.readouterr().out
    assert told.count("left out: bus B") == 2
    assert REASON in told
    assert "more" not in told


def test_many_left_out_are_counted_and_told_in_full_as_json(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer = answer_without(TOLD_LEFT_OUT + 3)
    _show(answer, open_console())
    told = capsys.readouterr().out
    assert told.count("left out: bus B") == TOLD_LEFT_OUT
    assert "left out: 3 more; --json tells them" in told
    assert json.loads(routes_to_json(answer))["left_out"] == list(answer.left_out)
