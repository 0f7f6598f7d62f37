"""The AC proof of connections against pandapower with the same works done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.electrical.base.base_state import build_base_states
from gisplan.electrical.demand import FEEDER, MAIN, Demands, LoadCase, no_demands
from gisplan.electrical.proof.connection import (
    ProofResult,
    Proposal,
    is_local,
    prove,
)
from gisplan.electrical.proof.proposal import NewCable
from gisplan.electrical.proof.worst import Quantity, Worst
from gisplan.errors import InputError
from gisplan.model.grid import Grid
from gisplan.rules.catalogue import load_catalogue
from tests.grids import grid
from tests.unit.electrical.networks import (
    COINCIDENT,
    MV_CABLE,
    SERVICE_CABLE,
    TOWN,
    bus,
    demand_at_buses,
    demand_on_line,
    line,
    powers,
    proposal_at,
    random_town,
    snapshot,
    transformer,
)
from tests.unit.electrical.oracle import (
    add_bus,
    add_cable,
    add_load,
    pandapower_from_grid,
    solve,
    split_line,
)

CATALOGUE = load_catalogue("eu")


def proven(
    g: Grid, *proposals: Proposal, reserved: Demands | None = None, whole: bool | None = None
) -> tuple[ProofResult, ...]:
    some = snapshot(g)
    bases = build_base_states(
        some,
        CATALOGUE,
        reservations={LoadCase.LOAD: no_demands() if reserved is None else reserved},
    )
    return prove(some, bases, proposals, whole_network=whole)


def worst(result: ProofResult, quantity: Quantity) -> Worst:
    return next(w for w in result.worsened if w.quantity == quantity)


def data(cable: NewCable) -> tuple[float, float, float, float]:
    return (
        cable.resistance_ohm_per_km,
        cable.reactance_ohm_per_km,
        cable.capacitance_nf_per_km,
        cable.rated_current_a,
    )


def connected(net: Any, at: int, cable: NewCable, p_kw: float, q_kvar: float) -> tuple[int, int]:
    """Add a customer; returns its bus and its cable."""
    customer = add_bus(net, at)
    row = add_cable(net, at, customer, cable.length_m, data(cable))
    add_load(net, customer, p_kw, q_kvar)
    return customer, row


def test_cable_from_a_bus_equals_pandapower() -> None:
    g = grid(*TOWN)
    (result,) = proven(g, proposal_at(bus(g, "A2"), 40.0, 10.0, cable=SERVICE_CABLE), whole=True)
    net = pandapower_from_grid(g)
    customer, cable = connected(net, bus(g, "A2"), SERVICE_CABLE, 40.0, 10.0)
    expected = solve(net)
    assert result.converged
    assert result.voltage_at_customer_pu == pytest.approx(expected[customer], abs=1e-8)
    low = worst(result, Quantity.LV_MIN)
    assert low.value == pytest.approx(
        np.nanmin(expected[g.buses.nominal_voltage_v.size - 1 :]), abs=0.1
    )
    assert result.own_cable_loading_ratio * 100 == pytest.approx(
        net.res_line.loading_percent[cable], abs=1e-4
    )
    assert result.voltage_drop_pct == pytest.approx(
        (expected[bus(g, "A2")] - expected[customer]) * 100, abs=1e-5
    )
    assert worst(result, Quantity.TRANSFORMER).value * 100 == pytest.approx(
        net.res_trafo.loading_percent[transformer(g, "M1>A")], abs=1e-4
    )
    assert worst(result, Quantity.MAIN_TRANSFORMER).value * 100 == pytest.approx(
        net.res_trafo.loading_percent[transformer(g, "S1>H")], abs=1e-4
    )
    assert (result.transformer, result.feeder) == ("M1>A", "H-M1")


def test_lowest_voltage_names_its_bus_and_what_it_was() -> None:
    g = grid(*TOWN)
    (result,) = proven(g, proposal_at(bus(g, "A2"), 40.0, 10.0))
    net = pandapower_from_grid(g)
    before = solve(net)[bus(g, "A3")]
    add_load(net, bus(g, "A2"), 40.0, 10.0)
    low = worst(result, Quantity.LV_MIN)
    assert (low.element_id, low.case) == ("A3", LoadCase.LOAD)
    assert low.value == pytest.approx(solve(net)[bus(g, "A3")], abs=1e-6)
    assert low.base_value == pytest.approx(before, abs=1e-8)
    # M2 carries 1.5 MW at the end of the feeder
    assert worst(result, Quantity.MV_MIN).element_id == "M2"
    assert (result.voltage_min_bus, result.voltage_min_pu) == ("A3", low.value)


def test_joint_in_the_middle_of_a_line_equals_pandapower_with_the_line_split() -> None:
    g = grid(*TOWN)
    at = line(g, "A1-A2")
    proposal = Proposal(line=at, offset_m=50.0, cable=SERVICE_CABLE, **powers(35.0, 8.0))
    (result,) = proven(g, proposal, whole=True)
    net = pandapower_from_grid(g)
    joint = split_line(net, at, 1 / 3)
    customer, _ = connected(net, joint, SERVICE_CABLE, 35.0, 8.0)
    expected = solve(net)
    assert result.voltage_at_customer_pu == pytest.approx(expected[customer], abs=1e-8)
    assert worst(result, Quantity.LINE).value * 100 == pytest.approx(
        net.res_line.loading_percent.max(), abs=1e-4
    )
    assert result.voltage_drop_pct == pytest.approx(
        (expected[joint] - expected[customer]) * 100, abs=1e-5
    )


@pytest.mark.parametrize("is_loop_in", [False, True])
def test_medium_voltage_connection_on_the_part_that_it_touches_is_near_the_whole(
    is_loop_in: bool,
) -> None:
    g = grid(*TOWN)
    proposal = Proposal(
        line=line(g, "M1-M2"),
        offset_m=1500.0,
        cable=MV_CABLE,
        is_loop_in=is_loop_in,
        **powers(800.0, 200.0),
    )
    part, whole = (proven(g, proposal, whole=w)[0] for w in (False, None))
    assert (part.whole_network, whole.whole_network) == (False, True)
    assert part.voltage_at_customer_pu == pytest.approx(whole.voltage_at_customer_pu, abs=1e-6)
    assert part.voltage_min_pu == pytest.approx(whole.voltage_min_pu, abs=5e-6)
    assert part.loading_max_ratio == pytest.approx(whole.loading_max_ratio, abs=5e-6)
    assert part.limiting_element == whole.limiting_element


def test_existing_service_carries_the_demand_without_a_new_cable() -> None:
    g = grid(*TOWN)
    (result,) = proven(g, proposal_at(bus(g, "A3"), 6.0, 1.0), whole=True)
    net = pandapower_from_grid(g)
    before = solve(net)[bus(g, "A3")]
    add_load(net, bus(g, "A3"), 6.0, 1.0)
    assert result.voltage_at_customer_pu == pytest.approx(solve(net)[bus(g, "A3")], abs=1e-8)
    assert result.customer_bus == "A3"
    assert result.base_voltage_at_customer_pu == pytest.approx(before, abs=1e-8)
    assert np.isnan([result.own_cable_loading_ratio, result.voltage_drop_pct]).all()


def test_medium_voltage_cable_is_charged() -> None:
    g = grid(*TOWN)
    (result,) = proven(g, proposal_at(bus(g, "M1"), 600.0, 200.0, cable=MV_CABLE))
    net = pandapower_from_grid(g)
    customer, cable = connected(net, bus(g, "M1"), MV_CABLE, 600.0, 200.0)
    expected = solve(net)
    assert result.voltage_at_customer_pu == pytest.approx(expected[customer], abs=1e-8)
    charging_a = 2 * np.pi * 50 * 0.2e-6 * 20e3 / np.sqrt(3)
    full = net.res_line.i_ka[cable] * 1e3
    # the shunts stand beside the cable, so its own current lacks half the charging
    assert result.own_cable_loading_ratio * 319 == pytest.approx(full, abs=charging_a)
    assert result.whole_network
    assert not result.is_low_voltage


def test_loop_in_equals_pandapower_with_the_line_cut() -> None:
    g = grid(*TOWN)
    at = line(g, "M1-M2")
    proposal = Proposal(
        line=at, offset_m=1000.0, cable=MV_CABLE, is_loop_in=True, **powers(630.0, 200.0)
    )
    (result,) = proven(g, proposal)
    net = pandapower_from_grid(g)
    joint = split_line(net, at, 1 / 3)
    rest = len(net.line) - 1
    open_end = add_bus(net, joint)
    net.line.loc[rest, "from_bus"] = open_end
    station = add_bus(net, joint)
    legs = [
        add_cable(net, end, station, MV_CABLE.length_m, data(MV_CABLE)) for end in (joint, open_end)
    ]
    add_load(net, station, 630.0, 200.0)
    expected = solve(net)
    assert result.voltage_at_customer_pu == pytest.approx(expected[station], abs=1e-8)
    assert worst(result, Quantity.MV_MIN).value == pytest.approx(expected[bus(g, "M2")], abs=1e-8)
    assert result.own_cable_loading_ratio * 100 == pytest.approx(
        net.res_line.loading_percent[legs].max(), abs=1e-4
    )
    assert np.isnan(result.voltage_drop_pct)


def test_several_proposals_at_once_equal_each_by_itself() -> None:
    g = grid(*TOWN)
    proposals = (
        proposal_at(bus(g, "A2"), 40.0, 10.0, cable=SERVICE_CABLE),
        Proposal(line=line(g, "A1-A2"), offset_m=50.0, cable=SERVICE_CABLE, **powers(40.0)),
        Proposal(line=line(g, "B-B1"), offset_m=10.0, cable=SERVICE_CABLE, **powers(40.0)),
        proposal_at(bus(g, "M1"), 400.0, cable=MV_CABLE),
        Proposal(
            line=line(g, "M1-M2"),
            offset_m=10.0,
            cable=MV_CABLE,
            is_loop_in=True,
            **powers(400.0),
        ),
        proposal_at(bus(g, "B2"), 3.0),
    )
    together = proven(g, *proposals)
    for proposal, result in zip(proposals, together, strict=True):
        (alone,) = proven(g, proposal)
        assert result.limiting_element == alone.limiting_element
        for name in ("voltage_min_pu", "voltage_at_customer_pu", "loading_max_ratio"):
            assert getattr(result, name) == pytest.approx(getattr(alone, name), abs=1e-6)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_reduced_network_differs_from_the_whole_one_by_less_than_1e_6(seed: int) -> None:
    g = grid(*random_town(seed))
    rows = np.flatnonzero(g.buses.nominal_voltage_v < 1000)
    proposals = [proposal_at(int(b), 20.0, 5.0, cable=SERVICE_CABLE) for b in rows[:4]]
    reserved = demand_at_buses(rows[-2:], 5.0, 1.0, COINCIDENT)
    reduced = proven(g, *proposals, reserved=reserved)
    whole = proven(g, *proposals, reserved=reserved, whole=True)
    for one, other in zip(reduced, whole, strict=True):
        assert (one.whole_network, other.whole_network) == (False, True)
        assert one.converged == other.converged
        if one.converged:
            for name in ("voltage_min_pu", "voltage_at_customer_pu", "loading_max_ratio"):
                assert getattr(one, name) == pytest.approx(getattr(other, name), abs=1e-6)


def test_replaced_networks_follow_the_voltage_of_a_large_connection() -> None:
    g = grid(*TOWN)
    proposal = proposal_at(bus(g, "A1"), 150.0)
    reduced, whole = (proven(g, proposal, whole=w)[0] for w in (False, True))
    assert (reduced.whole_network, whole.whole_network) == (False, True)
    assert reduced.voltage_min_pu == pytest.approx(whole.voltage_min_pu, abs=1e-6)
    assert reduced.loading_max_ratio == pytest.approx(whole.loading_max_ratio, abs=1e-6)


def test_medium_voltage_connections_need_the_whole_grid() -> None:
    g = grid(*TOWN)
    some, service = snapshot(g), proposal_at(bus(g, "A1"), 50.0)
    assert is_local(some, service)
    assert not is_local(some, proposal_at(bus(g, "M1"), 10.0))
    main, local = transformer(g, "S1>H"), transformer(g, "M1>A")
    assert not is_local(some, replace(service, tap_positions=((main, 0),)))
    assert is_local(some, replace(service, tap_positions=((local, 0),)))


def test_each_element_is_judged_in_the_state_of_its_level() -> None:
    g = grid(*TOWN)
    proposal = Proposal(bus=bus(g, "A3"), **powers(30.0, 6.0, COINCIDENT))
    (result,) = proven(g, proposal, whole=True)

    def solved(factor: float) -> Any:
        net = pandapower_from_grid(g)
        add_load(net, bus(g, "A3"), 30 * factor, 6 * factor)
        solve(net)
        return net

    at = bus(g, "A3")
    units = {name: transformer(g, name) for name in ("M1>A", "S1>H")}
    assert result.voltage_at_customer_pu == pytest.approx(solved(1.0).res_bus.vm_pu[at], abs=1e-8)
    assert worst(result, Quantity.LV_MIN).value == pytest.approx(
        solved(0.6).res_bus.vm_pu[at], abs=1e-8
    )
    assert worst(result, Quantity.TRANSFORMER).value * 100 == pytest.approx(
        solved(0.5).res_trafo.loading_percent[units["M1>A"]], abs=1e-5
    )
    assert worst(result, Quantity.MAIN_TRANSFORMER).value * 100 == pytest.approx(
        solved(0.3).res_trafo.loading_percent[units["S1>H"]], abs=1e-5
    )


def test_medium_voltage_is_judged_in_the_state_feeder() -> None:
    g = grid(*TOWN)
    (result,) = proven(g, Proposal(bus=bus(g, "M1"), **powers(900.0, 200.0, COINCIDENT)))
    net = pandapower_from_grid(g)
    add_load(net, bus(g, "M1"), 900 * 0.4, 200 * 0.4)
    expected = solve(net)
    assert worst(result, Quantity.MV_MIN).value == pytest.approx(expected[bus(g, "M2")], abs=1e-8)


def test_reservations_are_there_before_the_proposal() -> None:
    g = grid(*TOWN)
    reserved = demand_on_line(line(g, "A-A1"), 60.0, 50.0, 10.0)
    (result,) = proven(g, proposal_at(bus(g, "A3"), 5.0), reserved=reserved, whole=True)
    net = pandapower_from_grid(g)
    joint = split_line(net, line(g, "A-A1"), 0.5)
    add_load(net, joint, 50.0, 10.0)
    add_load(net, bus(g, "A3"), 5.0, 0.0)
    assert result.voltage_at_customer_pu == pytest.approx(solve(net)[bus(g, "A3")], abs=1e-7)


def test_tap_change_of_a_proposal_counts_for_it_alone() -> None:
    g = grid(*TOWN)
    plain = proposal_at(bus(g, "A2"), 20.0)
    raised = replace(plain, tap_positions=((transformer(g, "M1>A"), -2),))
    before, after = proven(g, plain, raised)
    net = pandapower_from_grid(g)
    add_load(net, bus(g, "A2"), 20.0, 0)
    assert before.voltage_at_customer_pu == pytest.approx(solve(net)[bus(g, "A2")], abs=1e-5)
    net.trafo.loc[transformer(g, "M1>A"), "tap_pos"] = -2
    assert after.voltage_at_customer_pu == pytest.approx(solve(net)[bus(g, "A2")], abs=1e-5)
    assert not any(w.quantity == Quantity.LV_MIN for w in after.worsened)


def test_extra_injection_equals_a_reservation() -> None:
    g = grid(*TOWN)
    extra = demand_on_line(line(g, "A-A1"), 60.0, 30.0)
    own = proposal_at(bus(g, "A3"), 5.0)
    with_extra = replace(own, extra_injections=(extra, no_demands()))
    one, plain = proven(g, with_extra, own, whole=True)
    (other,) = proven(g, own, reserved=extra, whole=True)
    assert one.voltage_at_customer_pu == pytest.approx(other.voltage_at_customer_pu, abs=1e-7)
    assert plain.voltage_at_customer_pu > one.voltage_at_customer_pu


def test_access_point_without_supply_is_told() -> None:
    g = grid(*TOWN, "X-Y 100")
    at_bus, on_line = proven(
        g,
        proposal_at(bus(g, "Y"), 5.0),
        Proposal(line=line(g, "X-Y"), offset_m=5.0, cable=SERVICE_CABLE, **powers(5.0)),
    )
    assert not at_bus.supplied
    assert not on_line.supplied


def test_line_that_ends_open_is_supplied_from_its_closed_end() -> None:
    g = grid(*TOWN, "A4-B2 50 open@B2")
    at = line(g, "A4-B2")
    (result,) = proven(
        g, Proposal(line=at, offset_m=25.0, cable=SERVICE_CABLE, **powers(10.0)), whole=False
    )
    net = pandapower_from_grid(g)
    joint = split_line(net, at, 0.5)
    customer, _ = connected(net, joint, SERVICE_CABLE, 10.0, 0.0)
    assert result.voltage_at_customer_pu == pytest.approx(solve(net)[customer], abs=1e-5)
    assert result.transformer == "M1>A"


def test_own_part_of_a_busbar_is_its_path() -> None:
    g = grid(*TOWN)
    (result,) = proven(g, proposal_at(bus(g, "H"), 900.0, cable=MV_CABLE))
    assert (result.transformer, result.feeder) == ("", "")
    assert result.voltage_min_pu < 1.05
    assert worst(result, Quantity.MAIN_TRANSFORMER).element_id == "S1>H"


def test_loop_is_proven_by_ac() -> None:
    g = grid(*TOWN, "A4-A2 240")
    at = line(g, "A4-A2")
    for proposal in (
        Proposal(line=at, offset_m=80.0, cable=SERVICE_CABLE, **powers(10.0)),
        proposal_at(bus(g, "A3"), 10.0, cable=SERVICE_CABLE),
    ):
        (result,) = proven(g, proposal, whole=True)
        net = pandapower_from_grid(g)
        joint = split_line(net, at, 1 / 3) if proposal.bus < 0 else proposal.bus
        customer, _ = connected(net, joint, SERVICE_CABLE, 10.0, 0.0)
        assert result.voltage_at_customer_pu == pytest.approx(solve(net)[customer], abs=1e-8)


def test_demand_beyond_collapse_is_flagged_and_the_others_are_proven() -> None:
    g = grid(*TOWN)
    good, bad = proven(
        g, proposal_at(bus(g, "A3"), 5.0), proposal_at(bus(g, "A3"), 5000.0), whole=True
    )
    assert good.converged
    assert not bad.converged
    assert set(bad.failed_states) >= {"load/service", "load/main"}
    assert np.isnan(bad.voltage_min_pu)


def test_standing_violation_of_the_own_part_is_kept_apart() -> None:
    g = grid("S1>A 100", "A-B 50", "A-C 50", "B: 130 kW")
    (result,) = proven(g, proposal_at(bus(g, "C"), -8.0, cable=SERVICE_CABLE))
    overloaded = next(w for w in result.standing if w.quantity == Quantity.TRANSFORMER)
    assert overloaded.value < overloaded.base_value
    assert overloaded.base_value > 1.2


def test_line_without_rating_on_the_path_is_named() -> None:
    g = grid("S1>A 100", "A-B 50 i=?", "B-C 50", "A-D 50 i=?")
    (result,) = proven(g, proposal_at(bus(g, "C"), 5.0))
    assert result.unrated == ("A-B",)


def test_renumbering_changes_nothing() -> None:
    rows = random_town(7)
    swapped = tuple(r.replace("L", "B").replace("T", "Y").replace("M", "K") for r in rows)
    results = []
    for town, name in ((rows, "L0x0"), (swapped, "B0x0")):
        g = grid(*town)
        results += proven(g, proposal_at(bus(g, name), 12.0, 3.0, cable=SERVICE_CABLE))
    one, other = results
    assert one.voltage_at_customer_pu == pytest.approx(other.voltage_at_customer_pu, abs=1e-9)
    assert one.loading_max_ratio == pytest.approx(other.loading_max_ratio, abs=1e-9)


def test_more_demand_never_raises_voltage_nor_lowers_loading() -> None:
    g = grid(*TOWN)
    results = proven(
        g, *(proposal_at(bus(g, "A3"), p, p / 4, cable=SERVICE_CABLE) for p in (5, 20, 60))
    )
    voltages = [result.voltage_at_customer_pu for result in results]
    loadings = [worst(result, Quantity.LINE).value for result in results]
    assert voltages == sorted(voltages, reverse=True)
    assert loadings == sorted(loadings)


def test_only_the_cases_given_are_proven() -> None:
    g = grid(*TOWN)
    some = snapshot(g)
    bases = build_base_states(some, CATALOGUE)
    feed_in = {LoadCase.FEED_IN: bases[LoadCase.FEED_IN]}
    demand = {"p_kw": np.array([[0.0] * 5, [-30.0] * 5]), "q_kvar": np.zeros((2, 5))}
    (result,) = prove(some, feed_in, [Proposal(bus=bus(g, "A3"), **demand)])
    assert {w.case for w in (*result.worsened, *result.standing)} == {LoadCase.FEED_IN}
    assert result.voltage_at_customer_pu > bases[LoadCase.FEED_IN].voltage_pu[MAIN, bus(g, "A3")]
    assert bases[LoadCase.FEED_IN].voltage_pu.shape[0] > FEEDER


def test_no_proposals_give_no_results() -> None:
    assert proven(grid(*TOWN)) == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bus": 999}, "expected a bus or a line"),
        ({"bus": -1}, "expected a bus or a line"),
        ({"p_kw": np.full((2, 5), np.nan)}, "finite numbers"),
        ({"q_kvar": np.zeros((1, 5))}, "finite numbers"),
        ({"is_loop_in": True}, "a loop-in cuts a line"),
        ({"cable": replace(SERVICE_CABLE, length_m=0.0)}, "new cable has length"),
        ({"tap_positions": ((0, 9),)}, "tap position 9 of transformer M1>A"),
        ({"tap_positions": ((77, 0),)}, "which the grid does not hold"),
        ({"extra_injections": (no_demands(),)}, "none or one per load case"),
    ],
)
def test_proposal_that_cannot_be_used_is_refused(change: dict[str, Any], message: str) -> None:
    g = grid(*TOWN)
    with pytest.raises(InputError, match=message):
        proven(g, replace(proposal_at(bus(g, "A3"), 5.0), **change))
