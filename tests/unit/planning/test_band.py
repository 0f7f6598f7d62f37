"""A verdict is asked again at the edges of the load band, with whatever depends on the load.

The town is that of ``test_options``: transformer TB of 400 kVA feeds the board B. The ring is that
of ``test_open_points``: when the head of one feeder is out, the other carries 3,800 kW.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import pytest

from gisplan.export.plan_document import plan_to_json
from gisplan.model.application import Importance
from gisplan.model.option import AccessKind, Finding, Option, Plan, Severity
from gisplan.planning.band import BAND_RULE
from gisplan.planning.region import Region
from gisplan.planning.state import PlanningState
from tests.grids import grid
from tests.unit.planning.remedies.test_open_points import ring, ring_rows, stand
from tests.unit.planning.test_options import (
    STATE,
    best,
    plan_at,
    region_of,
    state_of,
    town,
    town_rows,
    violations,
)


def band(option: Option) -> Finding:
    (finding,) = (f for f in option.findings if f.rule == BAND_RULE)
    return finding


def own_service(load_kw: float, **values: object) -> Option:
    plan = plan_at(state_of(region_of(town(load_kw=load_kw))), 60, 20, **values)
    return next(o for o in plan.options if o.access_point.kind is AccessKind.EXISTING_SERVICE)


@cache
def tight_ring() -> PlanningState:
    """Line S-A carries 3,637 kVA: enough in the normal state, too little for both feeders."""
    return ring(head_i=105.0)


def region_of_ring() -> Region:
    return region_of(grid(*ring_rows(head_i=105.0)))


def important(state: PlanningState) -> Plan:
    return plan_at(
        state,
        2000,
        30,
        demand_kva=450.0,
        customer_class="industrial",
        importance=Importance.SECOND,
    )


def test_yes_far_from_every_limit_holds_at_both_edges() -> None:
    finding = band(best(plan_at(STATE, 60, 20)))
    assert finding.text == "Holds with existing load at 80% and at 120%"
    assert finding.severity is Severity.INFO


def test_yes_that_more_load_would_refuse_is_told_with_the_element() -> None:
    # 350 kW and a heat pump load 400 kVA to 89 %, 420 kW to more than 105 %
    option = own_service(350.0)
    assert option.feasible
    assert band(option).severity is Severity.WARNING
    assert "at 120% of the existing load transformer TB is at 1.0" in band(option).text


def test_no_that_less_load_would_allow_is_told() -> None:
    option = own_service(395.0)
    assert violations(option) == ["loading.transformer_max"]
    assert band(option).text == (
        "Would be feasible at 80% of the existing load; a measured peak decides"
    )


def test_no_for_a_motor_stands_at_any_load_and_nothing_is_solved_for_it() -> None:
    rows = [f"{one} skmin=300" if one.startswith("S ") else one for one in town_rows(350.0)]
    state = state_of(region_of(grid(*rows)))
    plan = plan_at(state, 60, 20, largest_motor_kw=150.0, steps_per_hour=1.0)
    assert all("quality.step_max_pct.seldom" in violations(option) for option in plan.options)
    assert {band(option).text for option in plan.options} == {
        "Is refused with existing load at 80% and at 120% alike"
    }
    assert not state.edges.is_made


def test_edge_at_which_the_grid_itself_collapses_is_told() -> None:
    # over the 6 % of transformer TB at most some 3,000 kW can flow; C hangs on another one
    state = state_of(region_of(town(load_kw=2700.0)))
    option = next(o for o in plan_at(state, 230, 10).options if o.feasible)
    assert option.electrical.transformer == "RC"
    assert list(state.edges.get()) == [0.8]
    assert "at 120% of the existing load" in band(option).text
    assert "no operating point" in band(option).text


def test_single_phase_customer_is_asked_by_phase_at_the_edges() -> None:
    # 50 kW of L1 at the end of the main: phase L1 alone is near its limit, the mean of all is not
    state = state_of(region_of(town("J3: 50 kW L1")))
    plan = plan_at(state, 60, 20, demand_kva=3.0, phases=1, phase="L1", customer_class="household")
    assert best(plan).phases == "L1"
    assert "at 120% of the existing load bus J3 is at 0.88" in band(best(plan)).text


def test_backfeed_that_less_load_would_allow_is_told() -> None:
    plan = important(tight_ring())
    assert not plan.feasible
    proven = [o for o in plan.options if o.backfeed]
    assert proven
    assert all(set(violations(o)) == {"backfeed.loading_max_line"} for o in proven)
    assert {band(o).text for o in proven} == {
        "Would be feasible at 80% of the existing load; a measured peak decides"
    }


def test_where_no_backfeed_holds_the_search_refuses_whoever_needs_one() -> None:
    state = tight_ring()
    buses = state.region.snapshot.grid.buses
    unbacked = dict(zip(buses.bus_id.tolist(), state.footing.unbacked.get().tolist(), strict=True))
    assert unbacked == dict.fromkeys("ABCDE", True) | {"S": False}
    ordinary = plan_at(state, 2000, 30, demand_kva=450.0, customer_class="industrial")
    assert ordinary.feasible


def test_what_the_search_refused_for_its_backfeed_is_proven_and_shown_with_its_states() -> None:
    plan = important(tight_ring())
    proven = [option.access_point.element_id for option in plan.options if option.backfeed]
    assert proven == ["B", "B-C", "A-B"]  # its bay, and a loop-in to either side of it
    for option in plan.options:
        fails = any(state.holds is False for state in option.backfeed)
        has_no_bay = "access.spare_bay" in violations(option)
        assert fails or has_no_bay


def test_where_a_backfeed_holds_an_important_customer_is_offered_it() -> None:
    plan = important(ring(head_i=200.0))
    assert plan.feasible
    assert all(state.holds for state in best(plan).backfeed)


@pytest.mark.parametrize("importance", [Importance.ORDINARY, Importance.SECOND])
def test_threads_that_share_a_state_write_the_same_bytes(importance: Importance) -> None:
    alone = stand(region_of_ring())
    shared = stand(region_of_ring())

    def document(state: PlanningState) -> bytes:
        return plan_to_json(
            plan_at(
                state,
                2000,
                30,
                demand_kva=450.0,
                customer_class="industrial",
                importance=importance,
            )
        )

    with ThreadPoolExecutor(4) as pool:
        documents = set(pool.map(document, [shared] * 8))
    assert documents == {document(alone)}
