"""AC power flow: hand-calculated feeders, and pandapower as the independent oracle."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.electrical.flow.network_input import build_network
from gisplan.electrical.flow.power_flow import PowerFlowModel, clock_numbers, require_converged
from gisplan.errors import PowerFlowError
from gisplan.model.grid import Grid
from gisplan.network.topology import build_topology
from tests.grids import grid, row
from tests.unit.electrical.networks import bus, random_town, solve_existing
from tests.unit.electrical.oracle import grid_from_pandapower, pandapower_from_grid, solve


def voltage(g: Grid, name: str) -> float:
    return float(solve_existing(g)[1].voltage_pu[0, bus(g, name)])


def oberrhein() -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pandapower.networks

        return pandapower.networks.mv_oberrhein()


def test_two_bus_feeder_has_the_voltage_of_the_hand_calculation() -> None:
    # 50 kW over 200 m of 0.206 ohm/km at 400 V: U2^2 is the larger root of
    # y^2 - (400^2 - 2 * 0.0412 * 50e3) y + (0.0412 * 50e3)^2 = 0, so U2 = 394.7819 V
    g = grid("S1-A 200 r=0.206 x=0 c=0", "A: 50 kW", nominal_voltage_v=400)
    assert voltage(g, "A") == pytest.approx(0.98695, abs=1e-5)
    assert voltage(g, "A") * 400 == pytest.approx(394.7819, abs=1e-3)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99, 0.9999])
def test_feeder_is_solved_up_to_its_largest_power(share: float) -> None:
    # over 1 ohm at 400 V at most U^2 / 4R = 40 kW; V = (1 + sqrt(1 - share)) / 2, upper branch.
    # Iterated currents do not settle at the upper end: Newton-Raphson takes over there
    g = grid("S1-A 1000 r=1 x=0 c=0", f"A: {40 * share} kW", nominal_voltage_v=400)
    assert voltage(g, "A") == pytest.approx((1 + np.sqrt(1 - share)) / 2, abs=2e-6)


def test_scenario_without_a_solution_leaves_its_neighbours_alone() -> None:
    g = grid("S1-A 1000 r=1 x=0 c=0", "A: 1 kW", nominal_voltage_v=400)
    network = build_network(g, build_topology(g))
    model = PowerFlowModel.build(network, np.array([bus(g, "A")]))
    kw = np.array([[20.0], [41.0], [39.9]])
    result = model.solve(kw, np.zeros_like(kw))
    assert result.converged.tolist() == [True, False, True]
    expected = (1 + np.sqrt(1 - np.array([0.5, 0.9975]))) / 2
    assert result.voltage_pu[[0, 2], bus(g, "A")] == pytest.approx(expected, abs=2e-6)
    assert np.isnan(result.voltage_pu[1]).all()


def test_transformer_lowers_the_voltage_by_its_short_circuit_voltage() -> None:
    # 630 kvar over 630 kVA with 6 % and no losses: 1 - 0.06 / V = V, so V = 0.935890
    g = grid("S1>A 630 vk=6 vkr=0", "A: 0 kW 630 kvar")
    network, result = solve_existing(g)
    # the magnetising branch moves the fourth digit only
    assert result.voltage_pu[0, bus(g, "A")] == pytest.approx(0.93589, abs=3e-4)
    assert len(network.transformer) == 1


def test_ideal_source_holds_its_voltage_under_any_load() -> None:
    g = grid("S1-A 10 r=0.1 x=0.1", "A: 50000 kW 10000 kvar")
    assert voltage(g, "S1") == pytest.approx(1.0, abs=1e-9)


def test_mv_oberrhein_agrees_with_pandapower() -> None:
    net = oberrhein()
    g = grid_from_pandapower(net)
    expected = solve(net)
    _, result = solve_existing(g)
    assert np.abs(result.voltage_pu[0] - expected).max() < 1e-9
    current = np.maximum(result.branches.current_from_a, result.branches.current_to_a)[0]
    assert current == pytest.approx(net.res_line.i_ka.to_numpy() * 1e3, abs=1e-6)  # type: ignore[attr-defined]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_random_radial_grid_agrees_with_pandapower(seed: int) -> None:
    g = grid(*random_town(seed))
    assert solve_existing(g)[1].voltage_pu[0] == pytest.approx(
        solve(pandapower_from_grid(g)), abs=1e-8
    )


@pytest.mark.parametrize(
    "rows",
    [
        ("S1-A 4000 open", "S1-B 3000", "B: 900 kW"),  # charging of a line that ends open
        ("S1-A 4000 open@S1", "S1-B 100"),
        ("S1-A 2000 x2", "A: 4000 kW 500 kvar"),
        ("S1>A 400 x2 tap=2", "A: 500 kW 100 kvar"),
        ("S1=A", "A-B 2000", "B: 3000 kW"),
        ("S1=A open", "S1-B 100"),
        ("S1-A 900 out", "S1-B 100", "A: 5 kW"),
        ("S1-A 500", "A-B 500", "B-S1 700", "A: 800 kW", "B: 300 kW"),  # a closed loop
        ("S1>A 400", "A-B 100", "B: gen 200 kW"),
        ("S1>A 400 clock=0", "A-B 100", "B: 100 kW"),
    ],
)
def test_switching_states_agree_with_pandapower(rows: tuple[str, ...]) -> None:
    g = grid(*rows)
    ours, theirs = solve_existing(g)[1].voltage_pu[0], solve(pandapower_from_grid(g))
    assert np.isnan(ours).tolist() == np.isnan(theirs).tolist()
    assert np.nanmax(np.abs(ours - theirs)) < 1e-7


def test_tap_above_neutral_on_the_high_side_lowers_the_low_side() -> None:
    up, down = (voltage(grid(f"S1>A 400 tap={t}", "A: 1 kW"), "A") for t in (2, -2))
    # 2 steps of 2.5 %: 1 / 1.05 and 1 / 0.95
    assert up == pytest.approx(1 / 1.05, abs=2e-4)
    assert down == pytest.approx(1 / 0.95, abs=2e-4)


def test_tap_outside_its_range_is_not_clamped_without_a_word() -> None:
    assert voltage(grid("S1>A 400 tap=4", "A: 1 kW"), "A") == pytest.approx(1 / 1.1, abs=2e-4)


def test_transformer_without_tap_changer_is_solved_at_its_ratio() -> None:
    assert voltage(grid("S1>A 400 tap=?", "A: 1 kW"), "A") == pytest.approx(1.0, abs=2e-4)


def test_unknown_capacitance_is_left_out() -> None:
    unknown = grid("S1-A 9000 c=?", "A: 100 kW")
    assert voltage(unknown, "A") == pytest.approx(voltage(grid("S1-A 9000 c=0", "A: 100 kW"), "A"))


def test_line_without_impedance_joins_its_ends() -> None:
    g = grid("S1-A 100 r=0 x=0 c=0", "A-B 1000", "B: 2000 kW")
    assert voltage(g, "A") == pytest.approx(1.0, abs=1e-7)
    h = grid("S1-A 50 r=0 x=0", "A-B 50 r=0 x=0", "B: 100 kW", nominal_voltage_v=400)
    assert voltage(h, "B") == pytest.approx(1.0, abs=1e-6)


def test_bus_without_supply_has_no_voltage() -> None:
    g = grid("S1-A 100", "B-C 50", "C: 10 kW")
    _, result = solve_existing(g)
    assert np.isnan(result.voltage_pu[0, [bus(g, "B"), bus(g, "C")]]).all()
    assert result.converged.all()


def test_grid_without_a_source_has_no_voltage_at_all() -> None:
    _, result = solve_existing(grid("A-B 100", "B: 10 kW"))
    assert np.isnan(result.voltage_pu).all()


def test_scenario_beyond_collapse_is_flagged_and_the_others_are_solved() -> None:
    g = grid("S1-A 1000", "A: 1 kW", nominal_voltage_v=400)
    model = PowerFlowModel.build(build_network(g, build_topology(g)), np.array([bus(g, "A")]))
    p_kw = np.array([[20.0], [2000.0], [30.0]])
    result = model.solve(p_kw, np.zeros((3, 1)))
    assert result.converged.tolist() == [True, False, True]
    assert np.isnan(result.voltage_pu[1]).all()
    assert np.isnan(result.branches.p_from_kw[1]).all()
    assert np.isfinite(result.voltage_pu[[0, 2]]).all()
    with pytest.raises(PowerFlowError, match="base state: 1 of 3 states"):
        require_converged(result, "base state")


def test_equal_scenarios_have_equal_rows() -> None:
    g = grid("S1-A 1000", "A: 1 kW")
    model = PowerFlowModel.build(build_network(g, build_topology(g)), np.array([bus(g, "A")]))
    p_kw = np.array([[10.0], [400.0], [10.0]])
    v = model.solve(p_kw, np.zeros((3, 1))).voltage_pu
    assert (v[0] == v[2]).all()
    assert v[1, bus(g, "A")] < v[0, bus(g, "A")]


def test_tap_position_can_differ_by_scenario() -> None:
    g = grid("S1>A 400", "A: 1 kW")
    model = PowerFlowModel.build(build_network(g, build_topology(g)), np.array([bus(g, "A")]))
    powers = np.zeros((3, 1))
    v = model.solve(powers, powers, tap_position=np.array([[0], [2], [0]])).voltage_pu
    assert v[:, bus(g, "A")] == pytest.approx([1.0, 1 / 1.05, 1.0], abs=2e-4)


def test_unknown_clock_number_is_five_from_medium_to_low_voltage() -> None:
    g = grid("S1>H 25000 110/20 clock=-1", "H>A 400 clock=-1", "H>B 400 clock=11")
    clocks = {
        str(i): int(c) for i, c in zip(g.transformers.transformer_id, clock_numbers(g), strict=True)
    }
    assert clocks == {"S1>H": 0, "H>A": 5, "H>B": 11}
    assert np.isfinite(solve_existing(g)[1].voltage_pu).all()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_more_demand_never_raises_a_voltage(seed: int) -> None:
    g = grid(*random_town(seed))
    model = PowerFlowModel.build(build_network(g, build_topology(g)), g.loads.bus)
    p, q = g.loads.active_power_kw, g.loads.reactive_power_kvar
    more = np.stack([p, p * 1.2, p * 1.5])
    v = model.solve(more, np.stack([q, q, q])).voltage_pu
    assert (np.diff(v, axis=0) < 1e-9).all()


def test_losses_are_the_difference_of_what_enters_and_leaves() -> None:
    g = grid("S1-A 200 r=0.206 x=0 c=0", "A: 50 kW", nominal_voltage_v=400)
    _, result = solve_existing(g)
    # 50 kW at 394.782 V are 73.122 A; 3 * 73.122^2 * 0.0412 = 660.9 W
    assert result.branches.p_from_kw[0, 0] == pytest.approx(50.6609, abs=1e-3)
    assert result.branches.p_to_kw[0, 0] == pytest.approx(-50.0, abs=1e-6)
    assert row(g.lines.line_id, "S1-A") == 0
