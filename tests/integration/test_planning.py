"""Plans on the sample region: what its published figures promise, and the ledger in between."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import shapely
from psycopg_pool import ConnectionPool

from gisplan.errors import ConflictError
from gisplan.ingest.applications import read_applications
from gisplan.model.application import Application
from gisplan.model.option import AccessKind, Option, Plan, Severity
from gisplan.network.strands import forbidden_areas
from gisplan.planning.reserving import reservation_rows
from gisplan.services.load import LoadOptions, load_grid
from gisplan.services.plan import Planner
from gisplan.store.applications import ledger_sequence, read_reservations, reserve
from gisplan.store.connection import borrow
from tests.integration.conftest import SAMPLE

APPLICATIONS = {one.reference: one for one in read_applications(SAMPLE / "applications.csv")}
HEAT_PUMPS = read_applications(SAMPLE / "heat_pumps.csv")
LOADED = 1  # loading the sample moved the ledger once
BOTTLENECK = "lv/3"  # transformer T_idx_35


def own_service(plan: Plan) -> Option:
    return next(o for o in plan.options if o.access_point.kind is AccessKind.EXISTING_SERVICE)


def heat_pumps_below(planner: Planner, transformer_id: str) -> list[Application]:
    planner.grid()
    state = planner._state
    assert state is not None
    snapshot = state.region.snapshot
    below = [
        str(bus_id)
        for bus_id, row in zip(
            snapshot.grid.buses.bus_id, snapshot.topology.transformer, strict=True
        )
        if row >= 0 and snapshot.grid.transformers.transformer_id[row] == transformer_id
    ]
    return [one for one in HEAT_PUMPS if one.existing_bus_id in below]


def test_heat_pump_gets_a_yes_with_its_service_and_phases(planner: Planner) -> None:
    plan = planner.propose(APPLICATIONS["S-0001"])
    assert plan.best is not None
    assert plan.best.access_point.kind is AccessKind.EXISTING_SERVICE
    assert (plan.best.route.length_m, plan.best.phases) == (0.0, "L1-L2-L3")
    assert sum(option.feasible for option in plan.options) >= 3


def test_only_seven_heat_pumps_fit_below_the_known_bottleneck(planner: Planner) -> None:
    # published networks, joined: 98.0 % without heat pumps, seven of the 153 fit
    asking = heat_pumps_below(planner, BOTTLENECK)
    assert len(asking) == 153
    verdicts = []
    for application in asking[:9]:
        plan = planner.plan(application, reserve=True).plan
        own = own_service(plan)
        verdicts.append(own.feasible)
    assert verdicts == [True] * 7 + [False] * 2
    texts = [f.text for f in own.findings if f.severity is Severity.VIOLATION]
    assert any("T_idx_35" in text for text in texts)
    assert plan.best is None or plan.best.electrical.transformer != BOTTLENECK


def test_measured_peak_of_the_bottleneck_changes_the_verdict(planner: Planner) -> None:
    application = replace(APPLICATIONS["S-0002"], demand_kva=30.0, customer_class="commercial")
    assert not own_service(planner.propose(application)).feasible
    assert own_service(planner.propose_with_peak(application, "T_idx_35", 250.0)).feasible


def test_large_customer_is_offered_spare_bay_against_loop_in_and_no_house_is_crossed(
    planner: Planner,
) -> None:
    plan = planner.propose(APPLICATIONS["S-0006"])
    kinds = {option.access_point.kind for option in plan.options if option.feasible}
    assert {AccessKind.SPARE_BAY, AccessKind.LOOP_IN} <= kinds
    state = planner._state
    assert state is not None
    houses = shapely.STRtree(shapely.buffer(forbidden_areas(state.region.snapshot.grid), -0.2))
    for option in plan.options:
        places = [place for s in option.route.segments for place in s.coordinates]
        metres = [state.region.projection.to_metres(*place) for place in places]
        assert len(houses.query(shapely.LineString(metres), predicate="intersects")) == 0


def test_applicant_of_the_planned_station_is_told_that_it_has_no_supply(planner: Planner) -> None:
    own = own_service(planner.propose(APPLICATIONS["S-0005"]))
    assert not own.feasible
    assert any("suppl" in f.text for f in own.findings if f.severity is Severity.VIOLATION)


def test_planning_again_replaces_what_the_application_held(
    planner: Planner, sample_pool: ConnectionPool
) -> None:
    first = planner.plan(APPLICATIONS["S-0001"], reserve=True)
    second = planner.plan(APPLICATIONS["S-0001"], reserve=True)
    with borrow(sample_pool) as connection:
        held = read_reservations(connection).reservations
    assert len(held) == 5
    assert second.plan_id > first.plan_id
    assert second.plan.options == first.plan.options


def test_plan_without_reserving_holds_nothing(
    planner: Planner, sample_pool: ConnectionPool
) -> None:
    planner.plan(APPLICATIONS["S-0001"])
    with borrow(sample_pool) as connection:
        assert read_reservations(connection).reservations == ()


def test_concurrent_planners_never_promise_on_the_same_reading(
    sample_pool: ConnectionPool, planner: Planner
) -> None:
    others = [planner, Planner(pool=sample_pool, cache_root=planner.cache_root)]
    asked = list(HEAT_PUMPS[:8])

    def book(number: int) -> None:
        while True:
            try:
                others[number % 2].plan(asked[number], reserve=True)
            except ConflictError:
                continue
            return

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(book, range(len(asked))))
    with borrow(sample_pool) as connection:
        ledger = read_reservations(connection)
    assert ledger.sequence == LOADED + len(asked)
    assert {one.reference for one in ledger.reservations} == {one.reference for one in asked}


def test_stale_plan_cannot_be_reserved(planner: Planner, sample_pool: ConnectionPool) -> None:
    stored = planner.plan(APPLICATIONS["S-0001"])
    assert planner._state is not None
    rows = reservation_rows(APPLICATIONS["S-0001"], stored.plan.options[0], planner._state)
    planner.plan(APPLICATIONS["S-0002"], reserve=True)
    with borrow(sample_pool) as connection, pytest.raises(ConflictError, match="plan again"):
        reserve(
            connection,
            application_id=1,
            plan_id=stored.plan_id,
            rows=rows,
            expected_sequence=stored.plan.provenance.ledger_sequence,
        )
    with borrow(sample_pool) as connection:
        assert ledger_sequence(connection) == LOADED + 1


def test_plan_that_becomes_infeasible_gives_back_what_was_held(
    planner: Planner, sample_pool: ConnectionPool
) -> None:
    planner.plan(APPLICATIONS["S-0001"], reserve=True)
    planner.plan(replace(APPLICATIONS["S-0001"], demand_kva=20_000.0), reserve=True)
    with borrow(sample_pool) as connection:
        assert read_reservations(connection).reservations == ()


def test_what_is_held_cannot_be_changed_without_holding_anew(planner: Planner) -> None:
    planner.plan(APPLICATIONS["S-0001"], reserve=True)
    planner.plan(APPLICATIONS["S-0001"])
    with pytest.raises(ConflictError, match="S-0001 holds capacity for 9 kVA"):
        planner.plan(replace(APPLICATIONS["S-0001"], demand_kva=12.0))


def test_another_grid_makes_earlier_plans_stale(
    planner: Planner, sample_pool: ConnectionPool
) -> None:
    stored = planner.plan(APPLICATIONS["S-0001"])
    with borrow(sample_pool) as connection:
        load_grid(SAMPLE, None, connection=connection, options=LoadOptions(profile="cn"))
        with pytest.raises(ConflictError, match="plan again"):
            reserve(
                connection,
                application_id=1,
                plan_id=stored.plan_id,
                rows=(),
                expected_sequence=stored.plan.provenance.ledger_sequence,
            )
