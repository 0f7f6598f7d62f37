"""Screening against AC power flow, and what it must say about limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.electrical.base.base_state import BaseState, build_base_states
from gisplan.electrical.demand import MAIN, Demands, LoadCase, no_demands
from gisplan.electrical.flow.network_input import build_network
from gisplan.electrical.flow.power_flow import PowerFlowModel
from gisplan.electrical.screening.screening import REASONS, Screening, screen, screening_limits
from gisplan.electrical.screening.screening_kernel import (
    LINE_OVERLOADED,
    NEEDS_AC,
    NO_SOLUTION,
    NOT_SUPPLIED,
    TRANSFORMER_OVERLOADED,
    VOLTAGE_TOO_HIGH,
    VOLTAGE_TOO_LOW,
)
from gisplan.model.grid import Floats, Grid, SwitchedKind
from gisplan.network.topology import build_topology
from gisplan.rules.catalogue import load_catalogue
from tests.grids import grid
from tests.unit.electrical.networks import (
    COINCIDENT,
    TOWN,
    bus,
    demand_at_buses,
    demand_on_line,
    line,
    random_town,
    snapshot,
    transformer,
)
from tests.unit.electrical.oracle import add_load, pandapower_from_grid, solve, split_line

CATALOGUE = load_catalogue("eu")
LIMITS = screening_limits(CATALOGUE)


def base_of(g: Grid, reserved: Demands | None = None, case: LoadCase = LoadCase.LOAD) -> BaseState:
    reservations = {case: no_demands() if reserved is None else reserved}
    return build_base_states(snapshot(g), CATALOGUE, reservations=reservations)[case]


def screened(
    g: Grid,
    candidates: Demands,
    reserved: Demands | None = None,
    case: LoadCase = LoadCase.LOAD,
) -> Screening:
    return screen(snapshot(g), base_of(g, reserved, case), candidates, LIMITS)


def voltages_with(g: Grid, bus_row: int, p_kw: float, q_kvar: float = 0.0) -> Floats:
    net = pandapower_from_grid(g)
    add_load(net, bus_row, p_kw, q_kvar)
    return solve(net)


def test_unbranched_feeder_is_screened_exactly() -> None:
    g = grid("S1>A 400", "A-B 150", "B-C 120", "B: 30 kW 10 kvar", "C: 20 kW")
    result = screened(g, demand_at_buses([bus(g, "C")], 60.0, 15.0))
    net = pandapower_from_grid(g)
    add_load(net, bus(g, "C"), 60.0, 15.0)
    expected = solve(net)
    # what is left is the magnetising power, which follows the voltage
    assert result.voltage_pu[0] == pytest.approx(expected[bus(g, "C")], abs=3e-6)
    assert result.lv_min_pu[0] == pytest.approx(expected[bus(g, "C")], abs=3e-6)
    assert result.loading_max_ratio[0] * 100 == pytest.approx(
        max(net.res_line.loading_percent.max(), net.res_trafo.loading_percent.max()), abs=1e-3
    )
    assert result.feasible[0]


def test_demand_of_zero_changes_nothing() -> None:
    g = grid(*TOWN)
    state = base_of(g)
    everywhere = np.flatnonzero(build_topology(g).source >= 0)
    result = screen(snapshot(g), state, demand_at_buses(everywhere, 0.0), LIMITS)
    assert result.voltage_pu == pytest.approx(state.voltage_pu[MAIN, everywhere], abs=1e-9)
    assert (result.reasons == 0).all()


def test_point_on_a_line_equals_the_line_split_there() -> None:
    g = grid(*TOWN)
    result = screened(g, demand_on_line(line(g, "A1-A2"), 50.0, 25.0, 5.0))
    net = pandapower_from_grid(g)
    joint = split_line(net, line(g, "A1-A2"), 1 / 3)
    add_load(net, joint, 25.0, 5.0)
    assert result.voltage_pu[0] == pytest.approx(solve(net)[joint], abs=2e-5)


def test_point_behind_a_reserved_joint_sees_the_reservation() -> None:
    g = grid(*TOWN)
    at = line(g, "A1-A2")
    for reserved_m, asked_m in ((40.0, 100.0), (100.0, 40.0)):
        result = screened(
            g, demand_on_line(at, asked_m, 20.0), demand_on_line(at, reserved_m, 15.0)
        )
        net = pandapower_from_grid(g)
        far = split_line(net, at, 100 / 150)
        near = split_line(net, at, 40 / 100)
        add_load(net, near, 20.0 if asked_m == 40 else 15.0, 0)
        add_load(net, far, 20.0 if asked_m == 100 else 15.0, 0)
        expected = solve(net)[near if asked_m == 40 else far]
        assert result.voltage_pu[0] == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize("row", ["A-Z 100 open@Z", "Z-A 100 open@Z"])
def test_point_on_a_line_that_ends_open_hangs_on_its_closed_end(row: str) -> None:
    g = grid(*TOWN, row)
    stub = line(g, row.split(maxsplit=1)[0])
    asked_m = 70.0 if row.startswith("A") else 30.0
    for reserved in (None, demand_on_line(stub, 50.0, 8.0)):
        result = screened(g, demand_on_line(stub, asked_m, 20.0), reserved)
        net = pandapower_from_grid(g)
        joint = split_line(net, stub, asked_m / 100)
        add_load(net, joint, 20.0, 0)
        if reserved is not None:
            # the reservation lies between the closed end and the point
            first = stub if row.startswith("A") else len(net.line) - 1
            half = split_line(net, first, 50 / 70 if row.startswith("A") else 20 / 70)
            add_load(net, half, 8.0, 0)
        assert result.voltage_pu[0] == pytest.approx(solve(net)[joint], abs=2e-5)
        assert result.limiting_row[0] >= 0


def test_service_state_draws_the_new_demand_in_full() -> None:
    g = grid(*TOWN)
    result = screened(g, demand_at_buses([bus(g, "A3")], 30.0, 0.0, COINCIDENT))
    assert result.voltage_service_pu[0] == pytest.approx(
        voltages_with(g, bus(g, "A3"), 30.0)[bus(g, "A3")], abs=5e-5
    )
    assert result.voltage_pu[0] == pytest.approx(
        voltages_with(g, bus(g, "A3"), 18.0)[bus(g, "A3")], abs=5e-5
    )


def test_overloaded_transformer_is_named() -> None:
    g = grid("S1>A 100", "A-B 20 x4", "B: 80 kW")
    result = screened(g, demand_at_buses([bus(g, "B")], 40.0))
    assert result.reasons[0] == TRANSFORMER_OVERLOADED
    assert result.limiting_kind[0] == SwitchedKind.TRANSFORMER
    assert result.limiting_row[0] == transformer(g, "S1>A")
    assert not result.feasible[0]


def test_overloaded_line_is_named() -> None:
    g = grid("S1>A 1000", "A-B 20", "B: 80 kW")
    result = screened(g, demand_at_buses([bus(g, "B")], 150.0))
    assert result.reasons[0] == LINE_OVERLOADED
    assert (result.limiting_kind[0], result.limiting_row[0]) == (SwitchedKind.LINE, 0)


def test_overloaded_main_transformer_is_named() -> None:
    g = grid("S1>H 2000 110/20", "H-M 500", "M: 1500 kW")
    result = screened(g, demand_at_buses([bus(g, "M")], 900.0))
    assert result.reasons[0] == TRANSFORMER_OVERLOADED


def test_low_voltage_of_a_dragged_bus_is_seen() -> None:
    # B hangs on A1, the new demand on its own branch
    g = grid("S1>A 400", "A-A1 350", "A1-B 400", "A1-C 10", "B: 70 kW")
    candidate = demand_at_buses([bus(g, "C")], 60.0)
    result = screened(g, candidate)
    assert result.reasons[0] & VOLTAGE_TOO_LOW
    expected = voltages_with(g, bus(g, "C"), 60.0)
    assert expected[bus(g, "C")] > 0.9 > expected[bus(g, "B")]
    assert result.lv_min_pu[0] == pytest.approx(expected[bus(g, "B")], abs=3e-3)


def test_feed_in_raises_the_voltage_above_its_limit() -> None:
    g = grid("S1>A 400 tap=-2", "A-B 500", "B: 5 kW")
    result = screened(g, demand_at_buses([bus(g, "B")], -90.0), case=LoadCase.FEED_IN)
    assert result.reasons[0] == VOLTAGE_TOO_HIGH
    assert result.lv_max_pu[0] > 1.1


def test_medium_voltage_limits_are_asked_at_medium_voltage() -> None:
    g = grid("S1-M 30000", "M: 4000 kW 1000 kvar")
    result = screened(g, demand_at_buses([bus(g, "M")], 4000.0))
    assert result.reasons[0] & VOLTAGE_TOO_LOW
    assert np.isinf(result.lv_min_pu[0])


def test_demand_beyond_collapse_has_no_solution() -> None:
    g = grid("S1>A 400", "A-B 900", "B: 5 kW")
    assert screened(g, demand_at_buses([bus(g, "B")], 900.0)).reasons[0] & NO_SOLUTION


def test_point_without_supply_is_told() -> None:
    g = grid("S1-A 100", "X-Y 100")
    result = screened(g, demand_at_buses([bus(g, "Y")], 1.0))
    assert result.reasons[0] == NOT_SUPPLIED
    assert screened(g, demand_on_line(line(g, "X-Y"), 50, 1.0)).reasons[0] == NOT_SUPPLIED
    assert not result.uncertain[0]


def test_points_on_and_behind_a_loop_need_ac() -> None:
    g = grid("S1-A 100", "A-B 100", "B-S1 100", "B-C 50", "S1-D 50")
    result = screened(g, demand_at_buses([bus(g, n) for n in "ABCD"], 1.0))
    assert result.reasons.tolist() == [NEEDS_AC, NEEDS_AC, NEEDS_AC, NEEDS_AC]
    assert result.uncertain.all()
    for name in ("S1-A", "A-B", "B-S1"):
        assert screened(g, demand_on_line(line(g, name), 40, 1.0)).reasons[0] == NEEDS_AC


def test_source_bus_takes_any_demand() -> None:
    g = grid("S1-A 100", "A: 10 kW")
    result = screened(g, demand_at_buses([bus(g, "S1")], 500.0))
    assert (result.voltage_pu[0], result.loading_max_ratio[0]) == (pytest.approx(1.0), 0.0)
    assert result.feasible[0]


def test_violation_elsewhere_is_not_blamed_on_the_candidate() -> None:
    # the far network is overloaded and low before; the candidate hardly moves it
    g = grid(*TOWN, "H-M9 200", "M9>Z 100", "Z-Y 600", "Y: 150 kW")
    state = base_of(g)
    assert np.nanmin(state.voltage_pu) < 0.9
    assert np.nanmax(state.transformer_loading_ratio) > 1.0
    assert screened(g, demand_at_buses([bus(g, "B2")], 5.0)).feasible[0]


def test_violation_that_is_made_worse_is_the_candidates_own() -> None:
    g = grid("S1>A 100", "A-B 50", "B: 110 kW")
    assert not screened(g, demand_at_buses([bus(g, "B")], 1.0)).feasible[0]


def test_demand_that_relieves_an_overload_is_feasible() -> None:
    g = grid("S1>A 100", "A-B 50", "B: 110 kW")
    assert screened(g, demand_at_buses([bus(g, "B")], -5.0)).feasible[0]


def test_candidate_inside_the_guard_band_is_uncertain() -> None:
    g = grid("S1>A 100", "A-B 20 x4", "B: 80 kW")
    loads = [5.0, 16.7, 17.2, 60.0]
    result = screened(g, demand_at_buses([bus(g, "B")] * 4, loads))
    assert result.feasible.tolist() == [True, True, False, False]
    assert result.uncertain.tolist() == [False, True, True, False]


def test_every_reason_has_words() -> None:
    assert sum(REASONS) == 2 ** len(REASONS) - 1


def test_no_candidates_give_no_verdicts() -> None:
    assert len(screened(grid(*TOWN), no_demands()).feasible) == 0


def test_unknown_rating_does_not_limit() -> None:
    g = grid("S1-A 100 i=?", "A: 10 kW")
    result = screened(g, demand_at_buses([bus(g, "A")], 100.0))
    assert result.feasible[0]
    assert result.loading_max_ratio[0] == 0.0


def complex_twin(p_kw: float, q_kvar: float, r: Floats, x: Floats, loads: Floats) -> Floats:
    """Voltages of an unbranched feeder by phasors: currents up, voltages down, until they rest.

    Entry 0 is the far end; the source holds 1 p.u.; impedances per unit on 1 kVA.
    """
    power = loads.astype(complex)
    power[0] += complex(p_kw, q_kvar)
    v = np.ones(len(r) + 1, complex)
    for _ in range(200):
        current = np.cumsum(np.conj(power / v[:-1]))
        for i in range(len(r) - 1, -1, -1):
            v[i] = v[i + 1] - complex(r[i], x[i]) * current[i]
    return np.abs(v)


def ac_voltages(g: Grid, rows: list[int], p_kw: float, q_kvar: float) -> Floats:
    """One row a candidate bus: voltages with the demand there, by AC."""
    model = PowerFlowModel.build(
        build_network(g, build_topology(g)), np.concatenate([g.loads.bus, rows])
    )
    count = len(rows)
    p = np.concatenate([np.tile(g.loads.active_power_kw, (count, 1)), p_kw * np.eye(count)], axis=1)
    q = np.concatenate(
        [np.tile(g.loads.reactive_power_kvar, (count, 1)), q_kvar * np.eye(count)], axis=1
    )
    return model.solve(p, q).voltage_pu


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([-25.0, 10.0, 30.0]))
def test_screening_agrees_with_ac_on_random_grids(seed: int, p_kw: float) -> None:
    g = grid(*random_town(seed))
    rows = [int(b) for b in np.flatnonzero(g.buses.nominal_voltage_v < 1000)]
    result = screened(g, demand_at_buses(rows, p_kw, abs(p_kw) / 4))
    expected = ac_voltages(g, rows, p_kw, abs(p_kw) / 4)
    own = np.where(result.reasons & NO_SOLUTION, np.nan, expected[np.arange(len(rows)), rows])
    usable = np.isfinite(own) & (own > 0.85)
    assert np.abs(result.voltage_pu - own)[usable].max(initial=0) < 2e-4


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_more_demand_never_lowers_loading_nor_raises_voltage(seed: int) -> None:
    g = grid(*random_town(seed))
    state, some = base_of(g), snapshot(g)
    rows = np.flatnonzero(g.buses.nominal_voltage_v < 1000)
    less, more = (screen(some, state, demand_at_buses(rows, p, p / 3), LIMITS) for p in (5.0, 15.0))
    both = ((less.reasons | more.reasons) & NO_SOLUTION) == 0
    assert (more.voltage_pu <= less.voltage_pu)[both].all()
    assert (more.loading_max_ratio >= less.loading_max_ratio)[both].all()
    assert not (more.feasible & ~less.feasible).any()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_renumbering_changes_nothing(seed: int) -> None:
    rows = random_town(seed)
    swapped = tuple(r.replace("L", "B").replace("T", "Y").replace("M", "K") for r in rows)
    g, h = grid(*rows), grid(*swapped)
    names = [str(n) for n in g.buses.bus_id if n.startswith("L")]
    one = screened(g, demand_at_buses([bus(g, n) for n in names], 12.0, 4.0))
    other = screened(h, demand_at_buses([bus(h, n.replace("L", "B")) for n in names], 12.0, 4.0))
    assert other.voltage_pu == pytest.approx(one.voltage_pu, abs=1e-8)
    assert other.loading_max_ratio == pytest.approx(one.loading_max_ratio, abs=1e-7)
    assert other.reasons.tolist() == one.reasons.tolist()


def test_transformer_fed_backwards_is_followed() -> None:
    g = grid("A>S1 400", "A-B 500", "B: 100 kW")
    result = screened(g, demand_at_buses([bus(g, "B")], 50.0, 10.0))
    expected = voltages_with(g, bus(g, "B"), 50.0, 10.0)
    assert result.voltage_pu[0] == pytest.approx(expected[bus(g, "B")], abs=3e-5)
