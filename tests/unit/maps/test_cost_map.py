"""The cost-to-connect map of a small town as one file in two languages."""

from __future__ import annotations

import numpy as np
import pytest

from gisplan.electrical.screening.capacity import Direction
from gisplan.errors import InputError
from gisplan.export.cost_map_classes import cost_classes
from gisplan.export.grid_features import build_whole_grid
from gisplan.planning.cost_map.node_costs import CostReason
from gisplan.planning.state import PlanningState
from gisplan.services.cost_map import (
    CostMapAnswer,
    CostMapQuestion,
    check_cell_m,
    cost_map_of_grid,
    raster_of,
)
from maps.cost_map import render_cost_map, web_raster
from maps.cost_map_overlay import build_overlay
from maps.cost_map_texts import KIND_WORDS, WORDS
from maps.offline import find_loaded_addresses
from tests.unit.planning.cost_map.test_node_costs import STREETS, state
from tests.unit.planning.test_options import at


class ReadyPlanner:
    """A planner whose state stands already."""

    def __init__(self, ready: PlanningState) -> None:
        self.ready = ready

    def state(self) -> PlanningState:
        return self.ready


def untold(doing: str, done: int, total: int) -> None:
    """Nobody looks."""


def house(x_m: int, y_m: int) -> str:
    corners = [(x_m, y_m), (x_m + 12, y_m), (x_m + 12, y_m + 10), (x_m, y_m + 10)]
    return "obstacle " + " ".join(at(*corner)[1:] for corner in corners) + f" id=<H{x_m}>"


READY = state(
    house(100, 20), house(2000, 400), "street 418160,5367900 419900,5368000 id=Z", load_kw=330.0
)


def ask(kva: float, direction: Direction = Direction.LOAD) -> CostMapAnswer:
    question = CostMapQuestion(demand_kva=kva, power_factor=0.95, direction=direction)
    return cost_map_of_grid(ReadyPlanner(READY), question, progress=untold)


ANSWER = ask(90.0)


def test_map_is_one_file_in_two_languages_that_loads_nothing() -> None:
    raster = raster_of(ANSWER, 20.0, progress=untold)
    html = render_cost_map(ANSWER.tables, raster, build_whole_grid(READY.region.snapshot.grid))
    assert html == render_cost_map(
        ANSWER.tables, raster, build_whole_grid(READY.region.snapshot.grid)
    )
    assert find_loaded_addresses(html) == ()
    for words in ("What connecting 90 kVA load costs", "接入 90 kVA 负荷的费用", "EUR"):
        assert words in html
    assert "\\u0026lt;H100\\u0026gt;" in html  # escaped once for HTML and once for the script
    assert "<H100>" not in html


def test_building_tells_its_cost_or_why_there_is_none() -> None:
    near, far = (row for table in ANSWER.tables.tables if table.element_kind == "building"
                 for row in table.rows())  # fmt: skip
    assert near["cost"] > 0
    assert near["cost_at_least"] <= near["cost"]
    assert (near["reason"], near["currency"]) == ("", "EUR")
    assert far["cost"] is None
    assert far["reason"]


def test_refused_access_points_tell_the_limiting_element() -> None:
    refused = [row for row in ANSWER.points.rows() if not row["feasible"]]
    assert refused
    assert all(row["reason"] for row in refused)
    assert "TB" in {row["limiting_id"] for row in refused}


def test_cells_agree_with_the_classes_on_the_web() -> None:
    raster = raster_of(ANSWER, 20.0, progress=untold)
    assert set(np.unique(raster.reason)) >= {CostReason.REACHED, CostReason.NO_CORRIDOR}
    assert np.array_equal(np.isfinite(raster.cost), raster.reason == CostReason.REACHED)
    classes = cost_classes(raster.cost)
    overlay = web_raster(raster, classes)
    (south, west), (north, east) = overlay.bounds
    assert 48 < south < north < 49
    assert 7 < west < east < 8
    assert overlay.classes.max() == classes.unknown


def test_overlay_counts_the_cells_of_the_raster_and_not_those_of_its_picture() -> None:
    raster = raster_of(ANSWER, 20.0, progress=untold)
    overlay = build_overlay(raster)
    counted = dict.fromkeys(("cost", "refused", "unknown"), 0)
    for one in overlay.classes:
        counted[one.kind] += one.cells
    assert counted["cost"] == np.count_nonzero(np.isfinite(raster.cost))
    assert counted["unknown"] == np.count_nonzero(raster.reason == CostReason.NO_CORRIDOR)
    assert sum(counted.values()) == raster.cost.size


def test_map_says_how_many_access_points_that_refuse_it_leaves_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    count = sum(not row["feasible"] for row in ANSWER.points.rows())
    monkeypatch.setattr("maps.cost_map.REFUSED_SHOWN", count - 1)
    html = render_cost_map(ANSWER.tables, raster_of(ANSWER, 20.0, progress=untold), None)
    assert f"{count - 1} of {count} access points that refuse are drawn" in html


def test_feed_in_is_asked_at_unity_power_factor_and_counts() -> None:
    facts = ask(90.0, Direction.GENERATION).tables.facts
    assert facts["direction"] == "generation"
    assert facts["reached_count"] > 0


@pytest.mark.parametrize("cell_m", [0.0, -5.0, float("nan"), float("inf"), 1e9])
def test_cell_that_is_no_length_is_refused(cell_m: float) -> None:
    with pytest.raises(InputError, match="cells of"):
        check_cell_m(cell_m)


def test_more_cells_than_the_asker_may_have_are_refused() -> None:
    with pytest.raises(InputError, match=r"expected at most 100, which is cells of \d+ m or more"):
        raster_of(ANSWER, 1.0, progress=untold, cells_max=100)


@pytest.mark.parametrize("kva", [0.0, -1.0, float("nan"), 1e9])
def test_demand_that_is_none_is_refused(kva: float) -> None:
    with pytest.raises(InputError, match="demand"):
        ask(kva)


def test_every_reason_and_kind_has_words_in_both_languages() -> None:
    assert {one.name.lower() for one in CostReason if one} <= set(WORDS)
    assert all(english and chinese for english, chinese in [*WORDS.values(), *KIND_WORDS.values()])
    assert STREETS
