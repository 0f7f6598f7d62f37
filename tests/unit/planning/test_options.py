"""Plans of a small town with known answers.

S is the substation busbar; 20 kV cables lead to the ring main units T (a spare bay) and R (none).
T feeds the board B and its main B-J1-J2-J3 along the x axis, R feeds C. House H hangs on J1.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.electrical.demand import LoadCase
from gisplan.errors import InputError, OutsideAreaError, UnknownElementError
from gisplan.export.plan_document import plan_to_json
from gisplan.model.application import Application, ApplicationKind, Importance
from gisplan.model.grid import Grid, Peaks, Surface
from gisplan.model.option import AccessKind, Option, Plan, Severity
from gisplan.model.reservation import HeldReservation, Ledger, ReservationRow
from gisplan.network.corridors import build_corridors
from gisplan.network.snapshot import Snapshot
from gisplan.network.topology import build_topology
from gisplan.planning.held import build_held
from gisplan.planning.options import plan_connection
from gisplan.planning.region import Region, build_region
from gisplan.planning.reserving import reservation_rows
from gisplan.planning.state import PlanningState, build_state, peaks_with
from gisplan.rules.catalogue import load_catalogue
from tests.grids import grid

EAST_M, NORTH_M = 417700.0, 5367600.0
CATALOGUE = load_catalogue("eu")
NO_PEAKS = Peaks(
    transformer=np.zeros(0, dtype=np.int64),
    line=np.zeros(0, dtype=np.int64),
    peak_kva=np.zeros(0),
    measured_on=np.zeros(0, dtype="<U1"),
)


def at(x_m: float, y_m: float) -> str:
    return f"@{EAST_M + x_m},{NORTH_M + y_m}"


def town_rows(load_kw: float = 100.0) -> list[str]:
    return [
        f"S substation_busbar 20000V {at(-400, 0)} bays=8/2",
        f"T ring_main_unit 20000V {at(0, 0)} bays=4/1",
        f"R ring_main_unit 20000V {at(300, 0)} bays=4/0",
        f"B transformer_board 400V {at(0, 0)}",
        f"C transformer_board 400V {at(300, 0)}",
        f"J1 joint 400V {at(60, 0)}",
        f"J2 joint 400V {at(120, 0)}",
        f"J3 joint 400V {at(180, 0)}",
        f"C1 joint 400V {at(240, 0)}",
        f"H customer 400V {at(60, 20)}",
        "S-T 400 r=0.161 x=0.117 c=273 i=362",
        "T-R 300 r=0.161 x=0.117 c=273 i=362",
        "T>B 400 id=TB",
        "R>C 250 id=RC",
        "B-J1 60 r=0.208 x=0.08 c=261 i=270",
        "J1-J2 60 r=0.208 x=0.08 c=261 i=270",
        "J2-J3 60 r=0.208 x=0.08 c=261 i=270",
        "C-C1 60 r=0.208 x=0.08 c=261 i=270",
        "J1-H 20 service r=0.642 x=0.083 c=210 i=142",
        "H: 2 kW 0.1 kvar",
        f"B: {load_kw} kW 10 kvar aggregate",
    ]


def town(*more: str, load_kw: float = 100.0) -> Grid:
    return grid(*town_rows(load_kw), *more)


def region_of(built: Grid) -> Region:
    snapshot = Snapshot(
        grid=built, topology=build_topology(built), corridors=build_corridors(built)
    )
    return build_region(snapshot, CATALOGUE)


def state_of(region: Region, *held: HeldReservation, sequence: int = 0) -> PlanningState:
    ledger = Ledger(sequence=sequence, reservations=held)
    return build_state(region, build_held(region, ledger), NO_PEAKS)


TOWN = region_of(town())
STATE = state_of(TOWN)


def application(region: Region, x_m: float, y_m: float, **values: object) -> Application:
    ((lon, lat),) = region.projection.to_lon_lat(np.array([[EAST_M + x_m, NORTH_M + y_m]]))
    given = {
        "reference": "A-1",
        "lon": lon,
        "lat": lat,
        "kind": ApplicationKind.LOAD,
        "demand_kva": 9.0,
        "customer_class": "heat_pump",
    }
    return Application(**(given | values))  # type: ignore[arg-type]


def plan_at(state: PlanningState, x_m: float, y_m: float, **values: object) -> Plan:
    return plan_connection(application(state.region, x_m, y_m, **values), state)


def best(plan: Plan) -> Option:
    assert plan.best is not None, plan.reasons
    return plan.best


def violations(option: Option) -> list[str]:
    return [f.rule for f in option.findings if f.severity is Severity.VIOLATION]


def test_house_with_a_service_is_extended_there() -> None:
    option = best(plan_at(STATE, 60, 20))
    assert option.access_point.kind is AccessKind.EXISTING_SERVICE
    assert (option.access_point.element_id, option.route.length_m) == ("H", 0.0)
    assert (option.cost.total, option.phases) == (0.0, "L1-L2-L3")
    assert option.electrical.method == "ac_power_flow"
    assert option.electrical.transformer == "TB"


def test_own_service_too_thin_for_the_demand_is_refused_by_name() -> None:
    # 100 kVA at 400 V is 144 A and the house draws 3 A already: NAYY 4x50 carries 142 A
    plan = plan_at(STATE, 60, 20, demand_kva=100.0, customer_class="commercial")
    own = next(o for o in plan.options if o.access_point.kind == AccessKind.EXISTING_SERVICE)
    finding = next(f for f in own.findings if f.element.startswith("service of bus H"))
    assert not own.feasible
    assert finding.measured == pytest.approx((100 + 2.0) / (np.sqrt(3) * 0.4 * 142), rel=2e-3)


def test_new_house_gets_a_joint_on_the_nearest_main() -> None:
    option = best(plan_at(STATE, 100, 30))
    assert option.access_point.kind is AccessKind.SERVICE_JOINT
    assert option.access_point.element_id == "J1-J2"
    assert option.access_point.offset_m == pytest.approx(40.0, abs=0.01)
    # 30 m at (51 verge + 6 cable with 2 % spare) EUR/m, a joint of 900 EUR, the other end 45 EUR
    cost = option.cost
    assert (cost.civil, cost.cable) == (pytest.approx(1530, abs=0.5), pytest.approx(183.6, abs=0.1))
    assert (cost.equipment, cost.accessories, cost.crossings) == (900.0, 45.0, 0.0)
    assert cost.total == pytest.approx(cost.civil + cost.cable + 945.0)
    assert option.route.segments[0].length_m == pytest.approx(30.0, abs=0.01)
    assert option.route.length_m == pytest.approx(option.route.straight_line_m, abs=0.01)


def test_options_are_ranked_feasible_first_then_by_cost() -> None:
    options = plan_at(STATE, 100, 30).options
    assert [option.rank for option in options] == list(range(1, len(options) + 1))
    assert sum(option.feasible for option in options) >= 3
    costs = [option.cost.total for option in options if option.feasible]
    assert costs == sorted(costs)


def test_full_transformer_refuses_by_its_name_and_another_point_is_offered() -> None:
    state = state_of(region_of(town(load_kw=399.0)))
    plan = plan_at(state, 210, 15)
    assert best(plan).electrical.transformer == "RC"
    refused = [o for o in plan.options if not o.feasible]
    assert refused
    assert all("TB" in f.text for o in refused for f in o.findings if f.severity == "violation")


def test_promise_to_a_neighbour_counts_for_the_next() -> None:
    region = region_of(town(load_kw=380.0))
    first = plan_at(state_of(region), 60, 20)
    assert best(first).electrical.transformer == "TB"
    rows = reservation_rows(first.application, best(first), state_of(region))
    held = tuple(
        HeldReservation(
            application_id=number,
            reference=f"N-{number}",
            kind="load",
            customer_class="heat_pump",
            row=row,
        )
        for number in range(20)
        for row in rows
    )
    second = plan_at(state_of(region, *held, sequence=20), 60, 20)
    own = next(o for o in second.options if o.access_point.kind == AccessKind.EXISTING_SERVICE)
    assert "loading.transformer_max" in violations(own)
    assert second.provenance.ledger_sequence == 20


def test_order_of_the_promises_never_changes_a_plan() -> None:
    state = state_of(TOWN)
    promises = [
        HeldReservation(
            application_id=number,
            reference=f"N-{number}",
            kind="load",
            customer_class=customer_class,
            row=row,
        )
        for number, (x_m, customer_class, kva) in enumerate(
            [(60, "ev_charging", 11.0), (110, "heat_pump", 9.0), (170, "ev_charging", 22.0)]
        )
        for asked in (
            application(
                TOWN,
                x_m,
                20,
                reference=f"N-{number}",
                customer_class=customer_class,
                demand_kva=kva,
            ),
        )
        for row in reservation_rows(asked, best(plan_connection(asked, state)), state)
    ]
    documents = {
        plan_to_json(
            plan_at(state_of(TOWN, *order, sequence=3), 60, 20, customer_class="ev_charging")
        )
        for order in (promises, promises[::-1], promises[5:] + promises[:5])
    }
    assert len(documents) == 1


def test_reservation_holds_the_demand_in_full_and_coincident() -> None:
    plan = plan_at(STATE, 60, 20, power_factor=0.995)
    rows = reservation_rows(plan.application, best(plan), STATE)
    assert [row.level for row in rows] == [
        "service",
        "main",
        "transformer",
        "feeder",
        "substation",
    ]
    assert all(row.p_kw == pytest.approx(8.955) for row in rows)
    # a heat pump of 9 kVA counts 1.0 kW at its transformer
    assert rows[2].coincident_p_kw == pytest.approx(1.0, abs=0.001)


def test_measured_peak_changes_the_verdict() -> None:
    region = region_of(town(load_kw=399.0))
    state = state_of(region)
    lower = build_state(region, state.held, peaks_with(state, "TB", 200.0))
    own = {
        name: next(
            o
            for o in plan_at(each, 60, 20).options
            if o.access_point.kind == AccessKind.EXISTING_SERVICE
        )
        for name, each in (("estimated", state), ("measured", lower))
    }
    assert not own["estimated"].feasible
    assert own["measured"].feasible
    with pytest.raises(UnknownElementError, match="no-such"):
        peaks_with(state, "no-such", 1.0)


def test_large_customer_is_offered_spare_bay_against_loop_in() -> None:
    plan = plan_at(STATE, 100, 40, demand_kva=630.0, customer_class="commercial")
    offered = {o.access_point.kind: o for o in plan.options if o.feasible}
    assert plan.supply_voltage_v == 20000.0
    assert {AccessKind.SPARE_BAY, AccessKind.LOOP_IN} <= set(offered)
    assert offered[AccessKind.SPARE_BAY].access_point.element_id == "T"
    loop_in = offered[AccessKind.LOOP_IN]
    assert loop_in.conductor is not None
    assert loop_in.conductor.role == "trunk"
    # two legs in one trench
    assert loop_in.conductor.length_m == pytest.approx(2 * loop_in.route.length_m, abs=0.01)


def test_ring_main_unit_without_spare_bay_is_refused() -> None:
    plan = plan_at(STATE, 290, 40, demand_kva=630.0, customer_class="commercial")
    refused = next(o for o in plan.options if o.access_point.element_id == "R")
    assert "access.spare_bay" in violations(refused)


def test_bay_that_is_promised_is_no_longer_spare() -> None:
    row = ReservationRow(
        element_id="T",
        element_kind="bus",
        level="service",
        load_case="load",
        p_kw=1.0,
        q_kvar=0.0,
        coincident_p_kw=1.0,
        coincident_q_kvar=0.0,
        bays=1,
    )
    held = HeldReservation(
        application_id=7, reference="N", kind="load", customer_class="commercial", row=row
    )
    plan = plan_at(state_of(TOWN, held), 100, 40, demand_kva=630.0, customer_class="commercial")
    assert all(o.access_point.element_id != "T" or not o.feasible for o in plan.options)


def test_unknown_bays_keep_the_option_for_the_survey() -> None:
    unknown = replace(TOWN.snapshot.grid.buses, bays_spare=np.full(10, -1))
    region = region_of(replace(TOWN.snapshot.grid, buses=unknown))
    plan = plan_at(state_of(region), 290, 40, demand_kva=630.0, customer_class="commercial")
    option = next(o for o in plan.options if o.access_point.element_id == "R")
    assert option.feasible
    assert any(f.rule == "access.spare_bay" and f.severity == "survey" for f in option.findings)


def test_point_without_supply_is_refused_with_that_reason() -> None:
    dark = region_of(
        town(f"D1 joint 400V {at(60, 200)}", f"D2 joint 400V {at(120, 200)}", "D1-D2 60")
    )
    plan = plan_at(state_of(dark), 90, 190)
    refused = next(o for o in plan.options if o.access_point.element_id == "D1-D2")
    assert not refused.feasible
    assert any("supply" in f.text for f in refused.findings)


def test_low_voltage_is_mended_by_the_tap_where_that_suffices() -> None:
    long_main = [
        f"{a} joint 400V {at(x, 0)}" for a, x in (("K1", -300), ("K2", -600), ("K3", -900))
    ]
    rows = [
        *long_main,
        "B-K1 300 r=0.208 x=0.08 c=261 i=270",
        "K1-K2 300 r=0.208 x=0.08 c=261 i=270",
        "K2-K3 300 r=0.208 x=0.08 c=261 i=270",
        "K3: 40 kW 4 kvar commercial",
    ]
    region = region_of(town(*rows))
    plan = plan_at(state_of(region), -890, 10, demand_kva=45.0, customer_class="industrial")
    option = best(plan)
    assert [remedy.kind for remedy in option.remedies] == ["tap_change"]
    assert option.remedies[0].element == "TB"
    assert (option.electrical.voltage_min_pu or 0) >= 0.9


def test_feed_in_is_judged_at_the_highest_voltage() -> None:
    small = plan_at(STATE, 60, 20, kind=ApplicationKind.GENERATION, demand_kva=10.0)
    large = plan_at(STATE, 170, 20, kind=ApplicationKind.GENERATION, demand_kva=300.0)
    assert best(small).electrical.voltage_max_pu is not None
    assert not best(large).access_point.element_id.startswith("J2")


def test_storage_is_checked_in_both_directions() -> None:
    plan = plan_at(STATE, 60, 20, kind=ApplicationKind.STORAGE, demand_kva=10.0)
    cases = {row.load_case for row in reservation_rows(plan.application, best(plan), STATE)}
    assert cases == {"load", "feed_in"}


def test_single_phase_customer_gets_another_phase_than_the_one_before() -> None:
    one = plan_at(STATE, 60, 20, demand_kva=3.7)
    rows = reservation_rows(one.application, best(one), STATE)
    held = [
        HeldReservation(
            application_id=1, reference="N", kind="load", customer_class="heat_pump", row=row
        )
        for row in rows
    ]
    two = plan_at(state_of(TOWN, *held), 60, 20, demand_kva=3.7)
    assert best(one).phases == "L1"
    assert best(two).phases in {"L2", "L3"}
    assert any(f.rule == "supply.phase" for f in best(one).findings)


def test_single_phase_customer_is_told_the_voltage_of_its_phase() -> None:
    three = best(plan_at(STATE, 60, 20, demand_kva=3.7, phases=3))
    one = best(plan_at(STATE, 60, 20, demand_kva=3.7, phases=1))
    assert one.electrical.voltage_at_customer_pu is not None
    assert three.electrical.voltage_at_customer_pu is not None
    assert one.electrical.voltage_at_customer_pu < three.electrical.voltage_at_customer_pu


def test_application_above_every_level_is_refused_with_the_rule() -> None:
    plan = plan_at(STATE, 100, 30, demand_kva=20_000.0, customer_class="industrial")
    assert not plan.feasible
    assert plan.options == ()
    assert "10" in plan.reasons[0]


def test_important_customer_is_told_how_many_sources_it_needs() -> None:
    plan = plan_at(STATE, 100, 30, importance=Importance.FIRST)
    assert plan.sources_required == 2
    assert any(f.rule == "supply.sources_required.first" for f in plan.findings)


def test_site_without_corridor_in_reach_is_told_how_far_the_nearest_is() -> None:
    plan = plan_at(STATE, 100, 400)
    assert not plan.feasible
    assert "400 m away" in plan.reasons[0]


def test_place_outside_the_region_is_an_error_that_names_its_bounds() -> None:
    with pytest.raises(OutsideAreaError, match="longitude"):
        plan_at(STATE, 90_000, 0)


def test_unknown_existing_connection_is_named() -> None:
    with pytest.raises(UnknownElementError, match="no-such-bus"):
        plan_at(STATE, 60, 20, existing_bus_id="no-such-bus")


def test_named_existing_connection_is_taken_from_anywhere() -> None:
    option = best(plan_at(STATE, 170, 40, existing_bus_id="H"))
    assert option.access_point.element_id == "H"


def test_baseline_is_the_nearest_by_straight_line() -> None:
    baseline = plan_at(STATE, 100, 30).baseline
    assert baseline is not None
    assert baseline.element_id == "J1-J2"
    assert baseline.straight_line_m == pytest.approx(30.0, abs=0.01)
    assert "best option" in baseline.text


def test_promise_on_an_element_of_another_version_is_told() -> None:
    row = ReservationRow(
        element_id="gone",
        element_kind="line",
        level="service",
        load_case="load",
        p_kw=1.0,
        q_kvar=0.0,
        coincident_p_kw=1.0,
        coincident_q_kvar=0.0,
    )
    held = HeldReservation(
        application_id=7, reference="N-7", kind="load", customer_class="heat_pump", row=row
    )
    plan = plan_at(state_of(TOWN, held), 60, 20)
    assert [f.element for f in plan.findings if f.rule == "ledger.lost_element"] == ["N-7 at gone"]


def test_same_question_gives_the_same_bytes() -> None:
    other = state_of(region_of(town()))
    assert plan_to_json(plan_at(STATE, 100, 30)) == plan_to_json(plan_at(other, 100, 30))


def test_more_demand_never_gains_options() -> None:
    counts = []
    for demand_kva in (9.0, 60.0, 120.0, 200.0, 300.0, 400.0):
        plan = plan_at(STATE, 100, 30, demand_kva=demand_kva, customer_class="industrial")
        counts.append({o.access_point.element_id for o in plan.options if o.feasible})
    assert all(len(more) <= len(less) for less, more in itertools.pairwise(counts))


def test_house_in_the_way_is_never_crossed_and_never_makes_a_route_cheaper() -> None:
    import shapely

    free = best(plan_at(STATE, 100, 60))
    box = [(80, 20), (120, 20), (120, 40), (80, 40)]
    house = " ".join(f"{EAST_M + x},{NORTH_M + y}" for x, y in box)
    region = region_of(town(f"obstacle {house}"))
    plan = plan_at(state_of(region), 100, 60)
    walls = shapely.Polygon([(EAST_M + x, NORTH_M + y) for x, y in box]).buffer(-0.1)
    for option in plan.options:
        for segment in option.route.segments:
            metres = [region.projection.to_metres(*place) for place in segment.coordinates]
            assert not shapely.LineString(metres).intersects(walls)
    assert best(plan).cost.total > free.cost.total


@settings(max_examples=25, deadline=None)
@given(x_m=st.floats(-50, 350), y_m=st.floats(-120, 120))
def test_no_route_beats_the_straight_line_over_the_cheapest_surface(x_m: float, y_m: float) -> None:
    cheapest = min(CATALOGUE.civil_cost_per_m(surface) for surface in Surface)
    for option in plan_at(STATE, x_m, y_m).options:
        route, conductor = option.route, option.conductor
        assert route.length_m >= route.straight_line_m - 0.01
        if conductor is not None:
            least = route.straight_line_m * cheapest - 1.0
            assert option.cost.civil + option.cost.cable >= least
            parts = sum(segment.cost for segment in route.segments)
            beside = option.cost.equipment + option.cost.accessories
            assert option.cost.total == pytest.approx(parts + beside)
        bill = sum(item.cost for item in option.bill_of_materials)
        assert option.cost.total == pytest.approx(bill)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_order_of_the_rows_never_changes_a_plan(seed: int) -> None:
    rows = town_rows()
    np.random.default_rng(seed).shuffle(rows)
    other = state_of(region_of(grid(*rows)))
    assert plan_to_json(plan_at(other, 100, 30)) == plan_to_json(plan_at(STATE, 100, 30))


@pytest.mark.parametrize("customer_class", ["heat_pump", "industrial"])
def test_more_demand_never_costs_less(customer_class: str) -> None:
    costs = []
    for demand_kva in (20.0, 60.0, 85.0, 90.0, 95.0, 98.0, 98.5, 105.0, 140.0, 170.0, 190.0):
        plan = plan_at(STATE, 100, 30, demand_kva=demand_kva, customer_class=customer_class)
        costs.append(plan.best.cost.total if plan.best else np.inf)
    assert costs == sorted(costs)


def test_gap_is_told_only_where_it_is_proven() -> None:
    options = plan_at(STATE, 100, 30).options
    assert {option.gap for option in options if option.feasible} == {0.0}
    assert {option.gap for option in options if not option.feasible} <= {None}


def test_expected_demand_above_the_contract_decides_the_cable() -> None:
    plan = plan_at(STATE, 100, 30, expected_maximum_demand_kw=120.0)
    assert all(o.conductor.section_mm2 >= 150 for o in plan.options if o.conductor)


@pytest.mark.parametrize("bus_id", ["T", "B", "J3"])
def test_only_a_customer_bus_is_an_existing_connection(bus_id: str) -> None:
    with pytest.raises(InputError, match="expected the bus of a customer"):
        plan_at(STATE, 100, 30, existing_bus_id=bus_id)


def test_existing_connection_far_from_the_site_is_refused() -> None:
    with pytest.raises(InputError, match="m from the site"):
        plan_at(STATE, 300, 20, existing_bus_id="H")


def test_neighbours_service_is_not_taken_for_the_sites_own() -> None:
    house = [(55, 15), (65, 15), (65, 25), (55, 25)]
    text = " ".join(f"{EAST_M + x},{NORTH_M + y}" for x, y in house)
    state = state_of(region_of(town(f"obstacle {text}")))
    own = best(plan_at(state, 58, 18))
    beside = plan_at(state, 74, 20)
    assert own.access_point.element_id == "H"
    assert all(o.access_point.kind != AccessKind.EXISTING_SERVICE for o in beside.options)


def test_service_is_presumed_only_where_no_building_is_recorded() -> None:
    findings = best(plan_at(STATE, 60, 20)).findings
    assert any("may be a neighbour's" in f.text for f in findings)


def hold(plan: Plan, state: PlanningState, number: int = 1) -> list[HeldReservation]:
    return [
        HeldReservation(
            application_id=number,
            reference=f"N-{number}",
            kind="load",
            customer_class="commercial",
            row=row,
        )
        for row in reservation_rows(plan.application, best(plan), state)
    ]


def test_storage_holds_its_bay_once() -> None:
    plan = plan_at(
        STATE, 100, 40, kind=ApplicationKind.STORAGE, demand_kva=630.0, customer_class="commercial"
    )
    assert best(plan).access_point.element_id == "T"
    held = build_held(TOWN, Ledger(sequence=1, reservations=tuple(hold(plan, STATE))))
    assert held.bays["T"] == 1


def test_load_and_feed_in_do_not_add_up_at_a_service() -> None:
    load = plan_at(STATE, 60, 20, demand_kva=60.0, customer_class="commercial")
    state = state_of(TOWN, *hold(load, STATE))
    generation = plan_at(state, 60, 20, kind=ApplicationKind.GENERATION, demand_kva=60.0)
    assert best(generation).access_point.element_id == "H"


def weak_town() -> Region:
    """A long main below T>B whose end needs another tap."""
    ends = (("K1", -300), ("K2", -600), ("K3", -900))
    return region_of(
        town(
            *(f"{name} joint 400V {at(x, 0)}" for name, x in ends),
            "B-K1 300 r=0.208 x=0.08 c=261 i=270",
            "K1-K2 300 r=0.208 x=0.08 c=261 i=270",
            "K2-K3 300 r=0.208 x=0.08 c=261 i=270",
            "K3: 40 kW 4 kvar commercial",
        )
    )


def test_promised_tap_is_held_by_everyone_who_relies_on_it() -> None:
    region = weak_town()
    empty = state_of(region)
    first = plan_at(empty, -890, 10, demand_kva=45.0, customer_class="industrial")
    assert best(first).remedies
    after = state_of(region, *hold(first, empty), sequence=1)
    second = plan_at(after, -880, 10, demand_kva=3.0, phases=3, customer_class="commercial")
    taps = [row.tap_position for row in reservation_rows(second.application, best(second), after)]
    assert not best(second).remedies
    assert best(first).remedies[0].tap_position in taps


def test_tap_that_cannot_be_set_is_told_and_not_taken() -> None:
    row = ReservationRow(
        element_id="TB",
        element_kind="transformer",
        level="transformer",
        load_case="load",
        p_kw=0.0,
        q_kvar=0.0,
        coincident_p_kw=0.0,
        coincident_q_kvar=0.0,
        tap_position=40,
    )
    held = HeldReservation(
        application_id=7, reference="N-7", kind="load", customer_class="commercial", row=row
    )
    state = state_of(TOWN, held)
    assert state.held.lost == ("N-7 at TB",)
    assert state.held.taps == {}


@pytest.mark.parametrize(("x_m", "y_m"), [(1.0, 30.0), (301.0, 20.0), (299.0, 20.0)])
def test_ring_is_never_looped_in_at_a_station(x_m: float, y_m: float) -> None:
    plan = plan_at(STATE, x_m, y_m, demand_kva=630.0, customer_class="commercial")
    for option in plan.options:
        if option.access_point.kind is AccessKind.LOOP_IN:
            offset_m, line = option.access_point.offset_m, option.access_point.element_id
            assert 5.0 <= (offset_m or 0.0) <= {"S-T": 395.0, "T-R": 295.0}[line]


def test_single_phase_demand_above_its_limit_is_refused() -> None:
    plan = plan_at(STATE, 60, 20, demand_kva=90.0, phases=1)
    assert not plan.feasible
    assert plan.options == ()
    assert "4.6 kVA" in plan.reasons[0]


@pytest.mark.parametrize(("kept_v", "demand_kva"), [(20000, 9.0), (400, 630.0)])
def test_grid_without_the_level_is_a_refusal_and_a_document(kept_v: int, demand_kva: float) -> None:
    volts = f"{kept_v}V"
    only = grid(
        f"S substation_busbar {volts} {at(0, 0)}",
        f"A joint {volts} {at(100, 0)}",
        "S-A 100 r=0.161 x=0.117 c=273 i=362",
        nominal_voltage_v=kept_v,
    )
    plan = plan_at(state_of(region_of(only)), 50, 10, demand_kva=demand_kva)
    assert not plan.feasible
    assert "holds no bus of the level" in plan.reasons[0]
    assert plan_to_json(plan)


def test_limit_that_is_passed_far_away_is_told() -> None:
    # 2.5 MVA on the ring lower the voltage, and the full transformer T>B carries more current
    state = state_of(region_of(town(load_kw=390.0)))
    before = float(np.nanmax(state.base[LoadCase.LOAD].transformer_loading_ratio))
    plan = plan_at(state, 150, 40, demand_kva=2500.0, customer_class="industrial")
    told = [f for f in best(plan).findings if f.element == "transformer TB"]
    assert before < 1.0
    assert [f.severity for f in told] == [Severity.WARNING]
    assert "what is tolerated there" in told[0].text
