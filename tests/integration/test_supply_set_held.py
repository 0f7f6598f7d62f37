"""A set of sources is held whole or not at all, also where two ask at the same moment."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from psycopg_pool import ConnectionPool

from gisplan.ingest.applications import read_applications
from gisplan.model.application import Application, ApplicationKind, Importance
from gisplan.model.reservation import ReservationRow
from gisplan.services.plan import Planner
from gisplan.store.applications import read_reservations
from gisplan.store.connection import borrow
from tests.integration.conftest import SAMPLE, Run

LEVELS = {"service", "main", "transformer", "feeder", "substation"}


def important(reference: str, importance: Importance = Importance.SECOND) -> Application:
    return Application(
        reference=reference,
        lon=7.8743379,
        lat=48.4581581,
        kind=ApplicationKind.LOAD,
        demand_kva=40.0,
        importance=importance,
    )


def held_by(pool: ConnectionPool) -> dict[str, dict[str, list[ReservationRow]]]:
    """Return what each application holds at each element."""
    held: dict[str, dict[str, list[ReservationRow]]] = defaultdict(lambda: defaultdict(list))
    with borrow(pool) as connection:
        for one in read_reservations(connection).reservations:
            held[one.reference][one.row.element_id].append(one.row)
    return held


def test_every_source_holds_the_demand_in_full(planner: Planner) -> None:
    made = planner.plan(important("TWO"), reserve=True).plan
    assert made.supply_set is not None
    assert made.supply_set.feasible
    held = held_by(planner.pool)["TWO"]
    assert set(held) == {one.access_point.element_id for one in made.supply_set.options}
    assert len(held) == 2
    for rows in held.values():
        assert {row.level for row in rows} == LEVELS
        assert {row.p_kw for row in rows} == {38.0}
        assert all(row.coincident_p_kw > 0 for row in rows if row.level == "feeder")


def test_substation_of_both_sources_holds_the_demand_once(planner: Planner) -> None:
    made = planner.plan(important("TWO"), reserve=True).plan
    assert made.supply_set is not None
    state = planner.state()
    source = state.region.snapshot.topology.source
    rows = [row for some in held_by(planner.pool)["TWO"].values() for row in some]
    at_substation = [row.coincident_p_kw for row in rows if row.level == "substation"]
    lines = state.region.snapshot.grid.lines
    buses = {int(lines.from_bus[state.region.line_row[row.element_id]]) for row in rows}
    shares_one = len({int(source[bus]) for bus in buses}) == 1
    assert at_substation.count(0.0) == (1 if shares_one else 0)


def test_planned_again_it_holds_the_same_and_stands_not_in_its_own_way(planner: Planner) -> None:
    first = planner.plan(important("TWO"), reserve=True).plan
    before = held_by(planner.pool)
    again = planner.plan(important("TWO"), reserve=True).plan
    assert again.supply_set == first.supply_set
    assert held_by(planner.pool) == before


def test_set_that_does_not_hold_holds_nothing_and_says_so(planner: Planner) -> None:
    applications = {one.reference: one for one in read_applications(SAMPLE / "applications.csv")}
    made = planner.plan(applications["S-0060"], reserve=True).plan
    assert made.supply_set is not None
    assert not made.supply_set.feasible
    assert not made.feasible
    assert any("nothing can be held" in reason for reason in made.reasons)
    assert "S-0060" not in held_by(planner.pool)


def test_two_at_once_hold_two_whole_sets_one_after_the_other(
    planner: Planner, tmp_path: Path
) -> None:
    other = Planner(pool=planner.pool, cache_root=tmp_path)
    asked = zip((planner, other), ("ONE", "OTHER"), strict=True)
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda pair: pair[0].plan(important(pair[1]), reserve=True), asked))
    sequences = {one.plan.provenance.ledger_sequence for one in made}
    assert len(sequences) == 2
    held = held_by(planner.pool)
    for stored in made:
        found = stored.plan.supply_set
        assert found is not None
        points = {one.access_point.element_id for one in found.options} if found.feasible else set()
        assert set(held.get(stored.plan.application.reference, {})) == points
    assert all(one.plan.supply_set and one.plan.supply_set.feasible for one in made)


def test_command_says_what_is_held(
    gisplan: Run, sample_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", sample_url)
    monkeypatch.setenv("COLUMNS", "200")
    words = ("plan", "--at", "7.8743379,48.4581581", "--demand-kva", 40, "--importance", "second")
    status, out, _ = gisplan(*words, "--reference", "TWO", "--reserve")
    assert (status, "held in full at each of" in out) == (0, True)
