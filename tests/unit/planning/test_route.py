"""A town with every kind of ground: segments, bill, findings and dates known by hand.

The house stands 10 m north of the corridor's western end; the board B stands at its eastern end.
"""

from __future__ import annotations

import datetime
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.export.plan_document import plan_from_json, plan_to_json
from gisplan.model.application import Application, ApplicationKind
from gisplan.model.grid import Peaks
from gisplan.model.option import AccessKind, Finding, Option, Severity
from gisplan.model.reservation import Ledger
from gisplan.planning.bill import bill_rows
from gisplan.planning.candidates import find_candidates
from gisplan.planning.held import build_held
from gisplan.planning.offers import offers_of
from gisplan.planning.options import plan_connection
from gisplan.planning.region import Region
from gisplan.planning.site import examine_site
from gisplan.planning.state import PlanningState, build_state
from gisplan.rules.catalogue import Catalogue, load_catalogue
from tests.grids import grid
from tests.unit.planning.towns import region_of

EAST_M, NORTH_M = 417700.0, 5367600.0
NO_PEAKS = Peaks(
    transformer=np.zeros(0, dtype=np.int64),
    line=np.zeros(0, dtype=np.int64),
    peak_kva=np.zeros(0),
    measured_on=np.zeros(0, dtype="<U1"),
)


def at(x_m: float, y_m: float) -> str:
    return f"{EAST_M + x_m},{NORTH_M + y_m}"


def way(kind: str, start_m: float, end_m: float, *words: str) -> str:
    return f"{kind} {at(start_m, 0)} {at(end_m, 0)} {' '.join(words)}"


ROWS = (
    f"S substation_busbar 20000V @{at(700, 0)} bays=8/2",
    f"T ring_main_unit 20000V @{at(300, 0)} bays=4/1",
    f"B transformer_board 400V @{at(300, 0)}",
    f"J1 joint 400V @{at(360, 0)}",
    "T-S 400 r=0.161 x=0.117 c=273 i=362",
    "T>B 400 id=TB",
    "B-J1 60 r=0.208 x=0.08 c=261 i=270",
    "B: 100 kW 10 kvar aggregate",
)
WAYS = (
    way("street", 0, 100, "verge id=K1 owner=Forest permit=35"),
    way("duct_bank", 100, 150, "asphalt ducts=2 id=D1"),
    way("street", 150, 200, "asphalt id=K2 ban=2027-03-01"),
    way("street", 200, 300, "paving id=K3"),
    f"barrier rail {at(175, -50)} {at(175, 50)} owner=Railway permit=90 id=R7",
    f"barrier gas_main {at(50, -20)} {at(50, 20)} id=G1",
    f"barrier heat_main {at(210, 0.3)} {at(290, 0.3)} id=H1",
)


def state_of(region: Region) -> PlanningState:
    return build_state(region, build_held(region, Ledger(sequence=0, reservations=())), NO_PEAKS)


def with_values(catalogue: Catalogue, **values: float) -> Catalogue:
    """The catalogue with other values of rules."""
    rules = {
        rule_id: replace(catalogue.rule(rule_id), value=value) for rule_id, value in values.items()
    }
    return replace(catalogue, rules={**catalogue.rules, **rules})


# the house reaches the western end of the corridor and nothing beyond
EU = with_values(load_catalogue("eu"), **{"connector.max_length_m": 12.0})


def state_with(*rows: str, catalogue: Catalogue = EU) -> PlanningState:
    return state_of(region_of(grid(*ROWS, *rows), catalogue))


STATE = state_with(*WAYS)


def application(region: Region, **values: object) -> Application:
    ((lon, lat),) = region.projection.to_lon_lat(np.array([[EAST_M, NORTH_M + 10.0]]))
    given = {
        "reference": "A-1",
        "lon": lon,
        "lat": lat,
        "kind": ApplicationKind.LOAD,
        "demand_kva": 9.0,
        "customer_class": "heat_pump",
    }
    return Application(**(given | values))  # type: ignore[arg-type]


def options_of(state: PlanningState, **values: object) -> tuple[Option, ...]:
    return plan_connection(application(state.region, **values), state).options


def option_of(state: PlanningState, **values: object) -> Option:
    """The option at the board's fuse way."""
    return next(
        option
        for option in options_of(state, **values)
        if option.access_point.kind is AccessKind.TRANSFORMER_FUSE_WAY
    )


def finding(option: Option, rule: str) -> Finding:
    return next(one for one in option.findings if one.rule == rule)


def rules_of(option: Option) -> set[str]:
    return {one.rule for one in option.findings}


BOARD = option_of(STATE)


def test_segments_tell_ground_owner_and_crossings() -> None:
    told = [
        (s.corridor, s.surface, s.laying, round(s.length_m, 1), s.owner)
        for s in BOARD.route.segments
    ]
    assert told == [
        ("connector", "verge", "direct_burial", 10.0, ""),
        ("street: K1", "verge", "direct_burial", 100.0, "Forest"),
        ("duct_bank: D1", "asphalt", "free_duct", 50.0, ""),
        ("street: K2", "asphalt", "direct_burial", 50.0, ""),
        ("street: K3", "paving", "direct_burial", 100.0, ""),
    ]
    (crossing,) = (one for s in BOARD.route.segments for one in s.crossings)
    assert (crossing.kind, crossing.barrier, crossing.owner) == ("rail", "R7", "Railway")
    assert (crossing.cost, crossing.permit_lead_time_days) == (18_500.0, 90.0)


def test_segments_are_priced_by_hand() -> None:
    costs = [
        (round(s.civil_cost), round(s.cable_cost), s.crossing_cost) for s in BOARD.route.segments
    ]
    # NAYY 4x50 at 6 EUR/m with 2 % spare length
    assert costs == [
        (510, 61, 0.0),
        (5100, 612, 0.0),
        (350, 306, 0.0),
        (4550, 306, 18_500.0),
        (7500, 612, 0.0),
    ]
    for segment in BOARD.route.segments:
        parts = segment.civil_cost + segment.cable_cost + segment.crossing_cost
        assert segment.cost == pytest.approx(parts)


def test_bill_is_known_by_hand_and_is_the_whole_cost() -> None:
    told = [
        (item.kind, item.codes, round(item.quantity, 1), item.unit_cost, round(item.cost))
        for item in BOARD.bill_of_materials
    ]
    assert told == [
        ("civil", ("direct_burial", "asphalt"), 50.0, 91.0, 4550),
        ("civil", ("direct_burial", "paving"), 100.0, 75.0, 7500),
        ("civil", ("direct_burial", "verge"), 110.0, 51.0, 5610),
        ("civil", ("free_duct", "asphalt"), 50.0, 7.0, 350),
        ("crossing", ("rail",), 1, 18_500.0, 18_500),
        ("cable", ("nayy-4x50",), 316.2, 6.0, 1897),
        ("termination", ("lv",), 2, 45.0, 90),
        ("equipment", ("transformer_fuse_way",), 1, 800.0, 800),
    ]
    assert BOARD.cost.total == pytest.approx(39_297.20, abs=0.5)
    assert sum(item.cost for item in BOARD.bill_of_materials) == pytest.approx(BOARD.cost.total)
    assert (BOARD.cost.crossings, BOARD.cost.accessories) == (18_500.0, 90.0)


def test_cable_longer_than_its_drum_is_jointed() -> None:
    short_drums = with_values(EU, **{"cable.drum_length_m.lv": 100.0})
    option = option_of(state_with(*WAYS, catalogue=short_drums))
    # 316.2 m from drums of 100 m: four drums, three joints of 260 EUR
    joint = next(item for item in option.bill_of_materials if item.kind == "joint")
    assert (joint.quantity, joint.cost) == (3, 780.0)
    assert option.cost.total == pytest.approx(BOARD.cost.total + 780.0)


def test_cable_of_two_legs_has_twice_the_metres_and_ends() -> None:
    options = options_of(STATE, demand_kva=630.0, customer_class="commercial")
    looped = next(o for o in options if o.access_point.kind is AccessKind.LOOP_IN)
    bill = {item.kind: item for item in looped.bill_of_materials}
    assert bill["cable"].quantity == pytest.approx(2 * 1.02 * looped.route.length_m, abs=0.01)
    assert bill["termination"].quantity == 2  # the other ends are the joints of the loop-in
    assert sum(item.cost for item in looped.bill_of_materials) == pytest.approx(looped.cost.total)


def test_existing_service_takes_nothing() -> None:
    rows = (f"H customer 400V @{at(0, 10)}", "J1-H 20 service r=0.642 x=0.083 c=210 i=142")
    options = options_of(state_with(*WAYS, *rows))
    own = next(o for o in options if o.access_point.kind is AccessKind.EXISTING_SERVICE)
    assert (own.cost.total, own.bill_of_materials, own.route.ready_on) == (0.0, (), None)
    assert not rules_of(own) & {"works.slack_days", "bend.multi_core_min_d"}


@settings(max_examples=15, deadline=None)
@given(
    x_m=st.floats(0, 300), size_m=st.floats(5, 120), factor=st.floats(1, 20),
    drum_length_m=st.floats(20, 400),
)  # fmt: skip
def test_bill_and_segments_are_the_cost_and_a_new_area_never_cheapens(
    x_m: float, size_m: float, factor: float, drum_length_m: float
) -> None:
    catalogue = with_values(EU, **{"cable.drum_length_m.lv": drum_length_m})
    corners = [(x_m, -9), (x_m + size_m, -9), (x_m + size_m, 9), (x_m, 9)]
    ring = " ".join(at(x, y) for x, y in corners)
    free = options_of(state_with(*WAYS, catalogue=catalogue))
    dear = options_of(state_with(*WAYS, f"obstacle {ring} cost={factor:.3f}", catalogue=catalogue))
    for option in (*free, *dear):
        route_cost = sum(segment.cost for segment in option.route.segments)
        cost = option.cost
        assert sum(i.cost for i in option.bill_of_materials) == pytest.approx(cost.total)
        assert route_cost == pytest.approx(cost.civil + cost.crossings + cost.cable)
    assert dear[0].cost.total >= free[0].cost.total


@settings(max_examples=10, deadline=None)
@given(drum_length_m=st.floats(20, 400), demand_kva=st.sampled_from([9.0, 60.0, 200.0, 630.0]))
def test_bill_is_what_the_search_paid(drum_length_m: float, demand_kva: float) -> None:
    site = examine_site(application(STATE.region, demand_kva=demand_kva), STATE)
    variants = tuple(replace(one, drum_length_m=drum_length_m) for one in site.variants)
    pool = find_candidates(STATE.region.ground, variants, site.connectors, site.judge, wanted=4)
    candidates = pool.best() + pool.rejected()
    assert candidates
    for candidate, offer in zip(candidates, offers_of(site, candidates), strict=True):
        rows = bill_rows(
            EU,
            kind=offer.kind,
            voltage_level=site.mode.voltage_level,
            variant=offer.variant,
            stretches=offer.stretches,
        )
        assert sum(row.cents for row in rows) == candidate.total_cents


def test_document_keeps_bill_and_segments() -> None:
    plan = plan_connection(application(STATE.region), STATE)
    assert plan_from_json(plan_to_json(plan)) == plan


def test_owner_is_asked_for_a_wayleave() -> None:
    found = finding(BOARD, "wayleave.lead_time_days")
    assert (found.severity, found.element) == (Severity.SURVEY, "Forest")
    assert "100 m" in found.text


def test_crossing_names_its_owner_and_permit() -> None:
    found = finding(BOARD, "crossing.rail")
    assert found.severity is Severity.WARNING
    assert "permit of Railway, about 90 days" in found.text


def test_joint_on_the_ground_of_others_needs_their_leave_and_a_permit() -> None:
    main = (
        f"J0 joint 400V @{at(-20, 0)}",
        "J0-B 320 r=0.208 x=0.08 c=261 i=270",
    )
    options = options_of(state_with(way("street", -20, 300, "verge id=K1 owner=Forest"), *main))
    joint = next(o for o in options if o.access_point.element_id == "J0-B")
    assert joint.route.length_m == pytest.approx(10.0, abs=0.01)
    assert "for the joint on its ground" in finding(joint, "wayleave.lead_time_days").text
    assert joint.route.lead_time_days == 60 + 1 + 5


def test_free_duct_is_for_the_survey() -> None:
    found = finding(BOARD, "duct.systems_per_duct")
    assert (found.severity, found.element) == (Severity.SURVEY, "D1")


def test_crossed_main_is_for_the_survey_and_a_parallel_one_too_near_is_warned_of() -> None:
    crossed = finding(BOARD, "clearance.crossing_gas_m")
    assert (crossed.severity, crossed.element) == (Severity.SURVEY, "G1")
    beside = finding(BOARD, "clearance.parallel_heat_m")
    assert (beside.severity, beside.element) == (Severity.WARNING, "H1")
    assert (beside.measured, beside.limit) == (pytest.approx(0.3), 0.7)
    assert "clearance.parallel_gas_m" not in rules_of(BOARD)


def test_bend_is_compared_with_the_diameter() -> None:
    # the only corner is that of the connector: 10 m of radius, NAYY 4x50 needs 12 x 31 mm
    found = finding(BOARD, "bend.multi_core_min_d")
    assert found.severity is Severity.INFO
    assert found.measured == pytest.approx(10 / 0.031, abs=0.1)


def test_unknown_diameter_is_not_proven() -> None:
    bare = tuple(replace(one, outer_diameter_mm=None) for one in EU.conductor_types)
    option = option_of(state_with(*WAYS, catalogue=replace(EU, conductor_types=bare)))
    found = finding(option, "bend.multi_core_min_d")
    assert (found.severity, found.measured) == (Severity.SURVEY, None)


def test_unknown_core_count_takes_the_larger_radius() -> None:
    bare = tuple(replace(one, core_count=None) for one in EU.conductor_types)
    option = option_of(state_with(*WAYS, catalogue=replace(EU, conductor_types=bare)))
    assert "bend.single_core_min_d" in rules_of(option)


def test_bend_too_tight_is_a_warning() -> None:
    strict = with_values(EU, **{"bend.multi_core_min_d": 400.0})
    option = option_of(state_with(*WAYS, catalogue=strict))
    assert finding(option, "bend.multi_core_min_d").severity is Severity.WARNING
    assert option.feasible


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def test_longest_permit_counts_and_then_the_works() -> None:
    # 260 m are dug at 20 m a day: 13 days and 5 of setting up, after 90 days for the railway
    assert BOARD.route.lead_time_days == 90 + 18
    assert BOARD.route.ready_on is None
    found = finding(BOARD, "works.slack_days")
    assert found.severity is Severity.INFO
    assert "the longest 90 days" in found.text


@pytest.mark.parametrize(
    ("applied_on", "ready_on", "banned"),
    [
        ("2026-06-01", "2027-03-20", True),  # the ban ends on 1 March, then 18 days from 2 March
        ("2027-02-01", "2027-05-20", True),  # 90 days after 1 February is 2 May
        ("2027-04-01", "2027-07-18", False),
    ],
)
def test_ban_and_permits_make_the_date(applied_on: str, ready_on: str, banned: bool) -> None:
    option = option_of(STATE, applied_on=applied_on)
    assert option.route.ready_on == ready_on
    assert ("works.excavation_ban" in rules_of(option)) == banned


@pytest.mark.parametrize(
    ("wanted_on", "severity", "slack_days"),
    [("2027-07-18", Severity.INFO, 0), ("2027-07-01", Severity.WARNING, -17)],
)
def test_wanted_date_is_met_or_not(wanted_on: str, severity: Severity, slack_days: int) -> None:
    option = option_of(STATE, applied_on="2027-04-01", wanted_on=wanted_on)
    found = finding(option, "works.slack_days")
    assert (found.severity, found.measured) == (severity, slack_days)
    assert option.feasible


def test_wanted_date_without_the_day_of_application_is_not_judged() -> None:
    found = finding(option_of(STATE, wanted_on="2027-07-18"), "works.slack_days")
    assert (found.severity, found.measured) == (Severity.SURVEY, None)


def test_permit_that_is_not_recorded_takes_its_usual_time() -> None:
    plain = option_of(state_with(way("street", 0, 300, "verge id=K1")))
    # 21 days, then 310 m at 20 m a day and 5 days
    assert plain.route.lead_time_days == 21 + 16 + 5
    owned = option_of(state_with(way("street", 0, 300, "verge id=K1 owner=Forest")))
    assert owned.route.lead_time_days == 60 + 16 + 5
    assert "usual time, not recorded" in finding(owned, "works.slack_days").text


def test_ground_of_others_on_the_way_to_a_corridor_needs_a_wayleave_of_its_own() -> None:
    # 30 of 35 m to the street are the site's own; the street's own permit takes 5 days
    state = state_with(
        way("street", 0, 300, "verge id=K1 permit=5"), catalogue=load_catalogue("eu")
    )
    ((lon, lat),) = state.region.projection.to_lon_lat(np.array([[EAST_M, NORTH_M + 35.0]]))
    option = option_of(state, lon=lon, lat=lat)
    assert option.route.length_m == pytest.approx(335, abs=0.01)
    assert option.route.lead_time_days == 60 + 17 + 5
    assert "60 days (ground off corridors" in finding(option, "works.slack_days").text


def test_ban_without_an_end_is_told_and_no_error() -> None:
    for_ever = state_with(way("street", 0, 300, "verge id=K1 ban=9999-12-31"))
    option = option_of(for_ever, applied_on="2027-04-01", wanted_on="2027-07-18")
    assert option.route.ready_on == "9999-12-31"
    assert finding(option, "works.slack_days").severity is Severity.WARNING
    assert option.feasible
