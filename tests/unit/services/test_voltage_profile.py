"""The voltage on the way of supply: as the proof found it, with every remedy of the option."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gisplan.electrical.demand import LoadCase
from gisplan.electrical.proof.voltage_budget import Part
from gisplan.errors import InputError, UnknownElementError
from gisplan.model.application import Application, ApplicationKind
from gisplan.model.option import AccessKind, Option, Remedy
from gisplan.planning.options import plan_connection
from gisplan.planning.state import PlanningState
from gisplan.services.voltage_profile import (
    ProfilePoint,
    VoltageProfile,
    VoltageProfiles,
    voltage_profiles,
)
from tests.grids import grid
from tests.unit.planning.remedies import test_open_points as rings
from tests.unit.planning.test_options import (
    STATE,
    TOWN,
    application,
    at,
    region_of,
    state_of,
)


def asked(**values: object) -> Application:
    return application(TOWN, 120, 25, **values)


def option_of(kind: AccessKind, wanted: Application, state: PlanningState = STATE) -> Option:
    plan = plan_connection(wanted, state)
    return next(one for one in plan.options if one.access_point.kind is kind and one.feasible)


def only(found: VoltageProfiles) -> VoltageProfile:
    assert found.reason == ""
    (profile,) = found.profiles
    return profile


def joint_profile(**values: object) -> tuple[Option, VoltageProfile]:
    wanted = asked(**values)
    option = option_of(AccessKind.SERVICE_JOINT, wanted)
    return option, only(voltage_profiles(STATE, wanted, option))


def elements(profile: VoltageProfile) -> list[str]:
    return [point.element for point in profile.points]


def test_way_runs_from_the_source_over_the_transformer_to_the_new_connection() -> None:
    option, profile = joint_profile()
    assert elements(profile)[:3] == ["bus S", "bus T", "bus B"]
    assert elements(profile)[-2:] == [f"line {option.access_point.element_id}", "new connection"]
    assert profile.load_case is LoadCase.LOAD
    assert profile.phase == ""


def test_voltage_at_the_customer_is_that_of_the_proof() -> None:
    option, profile = joint_profile(demand_kva=60.0)
    at_customer = option.electrical.voltage_at_customer_pu
    assert profile.points[-1].voltage_pu == pytest.approx(at_customer, abs=2e-6)


def test_shares_sum_up_to_the_voltage_at_the_customer() -> None:
    _, profile = joint_profile(demand_kva=60.0)
    total = 1 + sum(share.change_pct for share in profile.shares) / 100
    assert total == pytest.approx(profile.points[-1].voltage_pu, abs=1e-5)


def test_parts_and_metres_follow_the_branches() -> None:
    option, profile = joint_profile()
    parts = [point.part for point in profile.points]
    assert parts[:3] == [Part.SET_POINT, Part.MEDIUM_VOLTAGE, Part.DISTRIBUTION_TRANSFORMER]
    assert parts[-1] is Part.SERVICE
    metres = [point.distance_m for point in profile.points]
    assert metres[:3] == [0, 400, 400]  # S-T is 400 m long, a transformer has no length
    cable = option.conductor
    assert cable is not None
    assert metres[-1] - metres[-2] == pytest.approx(cable.length_m, abs=0.1)


def test_joint_lies_at_its_share_of_the_line() -> None:
    option, profile = joint_profile()
    assert option.access_point.element_id in {"J1-J2", "J2-J3"}
    # J1 lies 60 m from the board and J2 120 m; the site is beside J2
    along_m = profile.points[-2].distance_m - 400
    assert along_m == pytest.approx(120, abs=1)


def test_before_stands_where_there_was_a_bus_and_nowhere_else() -> None:
    _, profile = joint_profile()
    before = [point.voltage_before_pu for point in profile.points]
    assert before[-2:] == [None, None]
    known = [value for value in before if value is not None]
    assert len(known) == len(before) - 2
    after = [point.voltage_pu for point in profile.points]
    assert all(now <= was for now, was in zip(after, known, strict=False))


def test_limits_are_those_of_the_level() -> None:
    _, profile = joint_profile()
    limits = {(point.limit_min_pu, point.limit_max_pu) for point in profile.points}
    assert limits == {(0.9, 1.1)}


def test_extension_of_a_service_ends_at_its_bus() -> None:
    wanted = application(TOWN, 60, 20, existing_bus_id="H")
    option = option_of(AccessKind.EXISTING_SERVICE, wanted)
    profile = only(voltage_profiles(STATE, wanted, option))
    assert elements(profile)[-1] == "bus H"
    assert profile.points[-1].voltage_before_pu is not None


def test_storage_has_a_profile_of_each_case() -> None:
    wanted = asked(kind=ApplicationKind.STORAGE, customer_class="household")
    option = option_of(AccessKind.SERVICE_JOINT, wanted)
    profiles = voltage_profiles(STATE, wanted, option).profiles
    assert [profile.load_case for profile in profiles] == [LoadCase.LOAD, LoadCase.FEED_IN]
    load, feed_in = (profile.points[-1].voltage_pu for profile in profiles)
    assert load < feed_in


def test_medium_voltage_customer_meets_no_low_voltage() -> None:
    wanted = asked(demand_kva=630.0, customer_class="industrial")
    option = option_of(AccessKind.SPARE_BAY, wanted)
    profile = only(voltage_profiles(STATE, wanted, option))
    assert {point.nominal_voltage_v for point in profile.points} == {20_000.0}


def test_loop_in_is_drawn_through_its_place_on_the_ring() -> None:
    wanted = asked(demand_kva=630.0, customer_class="industrial")
    option = option_of(AccessKind.LOOP_IN, wanted)
    profile = only(voltage_profiles(STATE, wanted, option))
    at_customer = option.electrical.voltage_at_customer_pu
    assert profile.points[-1].voltage_pu == pytest.approx(at_customer, abs=2e-6)
    assert profile.points[-2].element == f"line {option.access_point.element_id}"


def phase_point(option: Option, wanted: Application) -> ProfilePoint:
    profile = only(voltage_profiles(STATE, wanted, option))
    assert profile.phase == option.phases
    return profile.points[-1]


def test_single_phase_customer_sees_its_own_phase() -> None:
    wanted = asked(demand_kva=4.0, phases=1)
    option = option_of(AccessKind.SERVICE_JOINT, wanted)
    told = min(
        finding.measured
        for finding in option.findings
        if finding.rule == "voltage.lv_min_pu"
        and finding.element == "new connection"
        and finding.measured is not None
    )
    assert phase_point(option, wanted).voltage_pu == pytest.approx(told, abs=2e-6)
    assert option.electrical.voltage_at_customer_pu == pytest.approx(told, abs=2e-6)


def test_shares_of_one_phase_sum_up_too() -> None:
    wanted = asked(demand_kva=4.0, phases=1)
    option = option_of(AccessKind.SERVICE_JOINT, wanted)
    profile = only(voltage_profiles(STATE, wanted, option))
    total = 1 + sum(share.change_pct for share in profile.shares) / 100
    assert total == pytest.approx(profile.points[-1].voltage_pu, abs=1e-5)


def test_tap_of_a_remedy_raises_what_is_below_it() -> None:
    option, plain = joint_profile()
    tapped = replace(
        option,
        remedies=(
            Remedy(kind="tap_change", element="TB", cost=0.0, text="tap to -1", tap_position=-1),
        ),
    )
    mended = only(voltage_profiles(STATE, asked(), tapped))
    # one step of 2.5 % on the high-voltage side
    assert mended.points[2].voltage_pu / plain.points[2].voltage_pu == pytest.approx(
        1 / 0.975, abs=2e-3
    )
    assert mended.points[2].voltage_before_pu == plain.points[2].voltage_before_pu


def test_moved_open_point_changes_the_way() -> None:
    state = rings.ring()
    wanted = application(state.region, 2000, 30, demand_kva=1000.0, customer_class="industrial")
    option = rings.bay_at_b(plan_connection(wanted, state))
    assert [remedy.switch_closed for remedy in option.remedies] == [True, False]
    profile = only(voltage_profiles(state, wanted, option))
    # B was fed over A, and hangs on the other feeder then
    assert elements(profile) == ["bus S", "bus E", "bus D", "bus C", "bus B", "new connection"]
    assert profile.points[-1].voltage_pu == pytest.approx(
        option.electrical.voltage_at_customer_pu, abs=2e-6
    )


def test_phase_swap_is_left_to_the_findings() -> None:
    option, _ = joint_profile()
    swap = Remedy(kind="phase_swap", element="J1", cost=0.0, text="move a customer")
    found = voltage_profiles(STATE, asked(), replace(option, remedies=(swap,)))
    assert found.profiles == ()
    assert "phase" in found.reason


def test_dead_access_point_has_no_profile() -> None:
    option, _ = joint_profile()
    dead = region_of(
        grid(
            f"S substation_busbar 20000V {at(0, 0)}",
            f"T ring_main_unit 20000V {at(0, 50)}",
            f"B transformer_board 400V {at(0, 50)}",
            f"J1 joint 400V {at(60, 0)}",
            f"J2 joint 400V {at(120, 0)}",
            "S-T 50",
            "T>B 400 id=TB",
            "B-J1 60 open@B",
            "J1-J2 60",
        )
    )
    at_bus = replace(option.access_point, element_id="J2", element_kind="bus", offset_m=None)
    found = voltage_profiles(state_of(dead), asked(), replace(option, access_point=at_bus))
    assert found.reason == "nothing supplies the access point"


def test_demand_beyond_collapse_has_no_profile() -> None:
    option, _ = joint_profile()
    found = voltage_profiles(
        STATE,
        asked(expected_maximum_demand_kw=5_000.0),
        replace(
            option,
            conductor=None,
            access_point=replace(
                option.access_point, element_id="J3", element_kind="bus", offset_m=None
            ),
        ),
    )
    assert "no operating point" in found.reason


def test_element_of_another_grid_is_named() -> None:
    option, _ = joint_profile()
    elsewhere = replace(option.access_point, element_id="X-Y")
    with pytest.raises(UnknownElementError, match="line X-Y is not in the grid version"):
        voltage_profiles(STATE, asked(), replace(option, access_point=elsewhere))


def test_cable_of_another_catalogue_is_refused() -> None:
    option, _ = joint_profile()
    assert option.conductor is not None
    other = replace(option.conductor, conductor_id="copper-wire")
    with pytest.raises(InputError, match="copper-wire is no cable of the catalogue"):
        voltage_profiles(STATE, asked(), replace(option, conductor=other))
