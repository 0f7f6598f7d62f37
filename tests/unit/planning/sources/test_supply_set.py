"""Customers who need several sources get a set of them, each proven for the whole demand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gisplan.electrical.demand import LoadCase
from gisplan.export.plan_document import plan_from_json, plan_to_json
from gisplan.model.application import Application, ApplicationKind, Importance
from gisplan.model.option import Plan, Severity
from gisplan.model.reservation import HeldReservation
from gisplan.planning.options import plan_connection
from gisplan.planning.reserving import held_options, held_rows
from gisplan.planning.state import PlanningState
from tests.grids import grid
from tests.unit.planning.sources.test_source_search import ROWS, SPUR, STREETS, state_with
from tests.unit.planning.test_options import EAST_M, NORTH_M, at, region_of, state_of


def plan_for(
    state: PlanningState, importance: Importance, *, x_m: float = 0.0, y_m: float = 100.0
) -> Plan:
    ((lon, lat),) = state.region.projection.to_lon_lat(np.array([[EAST_M + x_m, NORTH_M + y_m]]))
    wish = Application(reference="D", lon=lon, lat=lat, kind=ApplicationKind.LOAD, demand_kva=630.0)
    return plan_connection(replace(wish, importance=importance), state)


@pytest.fixture(scope="module")
def state() -> PlanningState:
    return state_with()


def test_ordinary_customer_needs_no_set(state: PlanningState) -> None:
    assert plan_for(state, Importance.ORDINARY).supply_set is None


@pytest.mark.parametrize(
    ("importance", "what"), [(Importance.SECOND, "feeder"), (Importance.FIRST, "busbar")]
)
def test_sources_are_independent_as_the_class_asks(
    state: PlanningState, importance: Importance, what: str
) -> None:
    found = plan_for(state, importance).supply_set
    assert found is not None
    assert found.independence == what
    assert len(set(found.supplied_by)) == len(found.options) == 2
    assert found.shared_length_m == 0
    assert found.gap is not None
    assert found.total_cost == pytest.approx(sum(one.cost.total for one in found.options))
    assert all(one.electrical.method != "screening" for one in found.options)


def test_set_is_feasible_where_all_its_sources_are(state: PlanningState) -> None:
    found = plan_for(state, Importance.FIRST).supply_set
    assert found is not None
    assert found.feasible == all(one.feasible for one in found.options)


def test_sources_that_do_not_exist_are_told(state: PlanningState) -> None:
    found = plan_for(state, Importance.SPECIAL).supply_set
    assert found is not None
    assert not found.feasible
    (missing,) = (one for one in found.findings if one.severity is Severity.VIOLATION)
    assert missing.rule == "supply.sources_required.special"
    assert missing.measured == 2


def test_shared_trench_is_told_with_its_metres() -> None:
    found = plan_for(state_with(*SPUR), Importance.FIRST, x_m=300.0, y_m=-420.0).supply_set
    assert found is not None
    (shared,) = (one for one in found.findings if one.rule == "route.shared_trench")
    assert shared.measured == found.shared_length_m > 200
    assert found.gap is None


def test_bill_of_a_set_counts_a_shared_trench_once() -> None:
    found = plan_for(state_with(*SPUR), Importance.FIRST, x_m=300.0, y_m=-420.0).supply_set
    assert found is not None
    for option in found.options:
        assert option.cost.total == pytest.approx(sum(r.cost for r in option.bill_of_materials))
        works = option.cost.civil + option.cost.cable + option.cost.crossings
        assert works == pytest.approx(sum(one.cost for one in option.route.segments))
    second = found.options[1]
    shared = [one for one in second.route.segments if one.is_shared]
    assert sum(one.length_m for one in shared) == pytest.approx(found.shared_length_m, abs=0.01)
    assert any("pays for it" in row.item for row in second.bill_of_materials)


def test_refused_source_gives_way_to_the_next_set() -> None:
    # the current of a short circuit at D is more than its switchgear withstands
    near = f"D ring_main_unit 20000V {at(300, 200)} bays=4/1 kA=1"
    town = grid(*ROWS, near, "S-D 6000 r=0.2 x=0.1 i=362", "D: 100 kW", *STREETS)
    found = plan_for(state_of(region_of(town)), Importance.SECOND, x_m=200.0, y_m=150.0).supply_set
    assert found is not None
    assert found.feasible
    assert "D" not in {one.access_point.element_id for one in found.options}
    told = {one.rule: one for one in found.findings}
    assert told["supply.sets_refused"].measured == 1
    assert "Short-circuit strength of switchgear" in told["supply.source_refused"].text


def test_source_whose_cable_is_refused_takes_a_larger_one() -> None:
    # with the losses of one cable D's own would carry 100.1 %, with those of two 100.0 %
    near = f"D ring_main_unit 20000V {at(300, 200)} bays=4/1"
    town = grid(*ROWS, near, "S-D 6000 r=0.2 x=0.1 i=20.58", "D: 100 kW", *STREETS)
    found = plan_for(state_of(region_of(town)), Importance.SECOND, x_m=200.0, y_m=150.0).supply_set
    assert found is not None
    assert found.feasible
    (source,) = [one for one in found.options if one.access_point.element_id == "D"]
    assert source.conductor is not None
    assert source.conductor.parallel_count == 2
    (why,) = [one.text for one in source.findings if one.rule == "conductor.section"]
    assert "S-D 100.1 %" in why
    (count,) = [one.text for one in found.findings if one.rule == "supply.sets_refused"]
    assert count.endswith("refused: D with smaller cables")


def test_set_is_held_in_full_at_each_source_and_once_where_both_hang(state: PlanningState) -> None:
    made = plan_for(state, Importance.SECOND)
    assert made.supply_set is not None
    assert set(made.supply_set.supplied_by) == {"S-A", "S-B"}  # both hang on the busbar S
    rows = held_rows(made, state)
    full_kw = 630.0 * 0.95
    assert {row.element_id for row in rows} == {"A", "B"}
    assert all(row.p_kw == pytest.approx(full_kw) for row in rows)
    for level, held in {"feeder": 2, "substation": 1}.items():
        some = [row.coincident_p_kw for row in rows if row.level == level]
        assert sum(kw > 0 for kw in some) == held


def test_a_grid_that_nobody_draws_from_is_planned() -> None:
    bare = [row for row in ROWS if not row.endswith("100 kW")]
    found = plan_for(state_of(region_of(grid(*bare, *STREETS))), Importance.SECOND).supply_set
    assert found is not None
    assert found.feasible


def test_two_main_transformers_of_one_source_are_both_held() -> None:
    state = state_of(
        region_of(
            grid(
                f"U substation_busbar 20000V {at(-900, 0)} bays=8/2 substation=West",
                f"W substation_busbar 20000V {at(-900, 200)} bays=8/2 substation=West",
                f"A ring_main_unit 20000V {at(-300, 0)} bays=4/1",
                f"B ring_main_unit 20000V {at(-300, 200)} bays=4/1",
                "S>U 40000 110/20",
                "S>W 40000 110/20",
                "U-A 600 i=362",
                "W-B 600 i=362",
                "A: 100 kW",
                "B: 100 kW",
                *STREETS,
            )
        )
    )
    rows = held_rows(plan_for(state, Importance.FIRST), state)
    held = {row.element_id for row in rows if row.level == "substation" and row.coincident_p_kw}
    assert held == {"A", "B"}


def test_sources_on_two_substations_hold_both(state: PlanningState) -> None:
    rows = held_rows(plan_for(state, Importance.FIRST), state)
    assert sum(row.coincident_p_kw > 0 for row in rows if row.level == "substation") == 2


def test_set_that_does_not_hold_holds_nothing(state: PlanningState) -> None:
    made = plan_for(state, Importance.SPECIAL)
    assert held_rows(made, state) == ()
    assert not made.feasible
    assert any("nothing can be held" in reason for reason in made.reasons)


def test_ordinary_customer_holds_the_best_option(state: PlanningState) -> None:
    made = plan_for(state, Importance.ORDINARY)
    assert held_options(made) == (made.best,)


def test_held_set_of_a_class_that_shares_counts_once_at_the_substation(
    state: PlanningState,
) -> None:
    made = plan_for(state, Importance.SECOND)
    held = tuple(
        HeldReservation(
            application_id=1, reference="D", kind="load", customer_class="household", row=row
        )
        for row in held_rows(made, state)
    )
    demands = state_of(state.region, *held).held.demands[LoadCase.LOAD]
    assert (demands.p_kw[:, :4] > 0).all()
    assert sorted(demands.p_kw[:, 4] > 0) == [False, True]


def test_set_stands_in_the_plan_document(state: PlanningState) -> None:
    made = plan_for(state, Importance.FIRST)
    assert plan_from_json(plan_to_json(made)) == made
