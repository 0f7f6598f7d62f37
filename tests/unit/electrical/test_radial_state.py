"""States of a tree in several levels."""

from __future__ import annotations

import numpy as np
import pytest

from gisplan.electrical.base.base_state import root_voltages
from gisplan.electrical.base.radial_state import (
    FarLimits,
    LevelArrays,
    Solution,
    build_levels,
    chord_steps,
    solve_states,
)
from gisplan.electrical.base.subtree_kernel import FAR_BELOW, LOADED, LOW, MOST, NEAR_BELOW
from gisplan.model.grid import Floats, Grid
from tests.grids import grid
from tests.unit.electrical.networks import TOWN, bus
from tests.unit.electrical.tree_flow import TreeFlow, lay_flow


def solve(flow: TreeFlow, *factors: float, start: Solution | None = None) -> Solution:
    power = np.array(factors)[:, None] * flow.power_kva
    roots = root_voltages(flow.network, len(flow.power_kva), 0.0)
    return solve_states(flow.tree, chord_steps(flow.tree), roots, power, start)


def levels_of(
    flow: TreeFlow, solution: Solution, loaded_ratio: float | Floats = 0.5
) -> LevelArrays:
    count = len(flow.power_kva)
    far = FarLimits(
        near_pu=np.array([[0.85, 1.15], [0.87, 1.13]]),
        low_pu=np.full(count, 0.9),
        high_pu=np.full(count, 1.1),
        loading_ratio=np.full(count, 0.4),
        loaded_ratio=np.broadcast_to(loaded_ratio, count),
    )
    return build_levels(flow.tree, solution, far)


def town() -> tuple[Grid, TreeFlow]:
    flow = lay_flow(grid(*TOWN))
    return flow.network.grid, flow


def test_equal_states_are_solved_once_and_told() -> None:
    _, flow = town()
    solution = solve(flow, 1.0, 1.0, 0.5, 1.0)
    assert solution.is_repeated.tolist() == [False, True, False, False]
    assert (solution.voltage[0] == solution.voltage[3]).all()
    assert (solution.drawn[0] == solution.drawn[1]).all()
    levels = levels_of(flow, solution)
    assert (levels.point[0] == levels.point[1]).all()


def test_a_start_nearby_ends_at_the_same_state() -> None:
    _, flow = town()
    cold = solve(flow, 0.7, 1.0)
    warm = solve(flow, 0.7, 1.0, start=solve(flow, 0.6, 0.9))
    assert np.abs(warm.voltage - cold.voltage).max() < 1e-12


def test_a_start_that_failed_is_not_used() -> None:
    _, flow = town()
    bad = solve(flow, 1000.0)
    assert not bad.converged[0]
    again = solve(flow, 1.0, start=bad)
    assert again.converged[0]
    assert np.abs(again.voltage - solve(flow, 1.0).voltage).max() < 1e-12


def test_one_state_beyond_collapse_leaves_the_others() -> None:
    _, flow = town()
    assert solve(flow, 1.0, 1000.0, 0.5).converged.tolist() == [True, False, True]


def test_demands_draw_the_current_less_the_shunts() -> None:
    g, flow = town()
    solution = solve(flow, 1.0)
    # A3 is the end of its line: what flows in is its own demand and half the line's charging
    node = bus(g, "A3")
    own = np.conj((12 + 3j) / solution.voltage[0, node])
    assert solution.drawn[0, node] == pytest.approx(own)
    charging = flow.tree.arrays.shunt[node] * solution.voltage[0, node]
    assert solution.current[0, node] == pytest.approx(own + charging, rel=1e-9)


def test_extremes_of_low_voltage_stand_apart_from_those_of_medium_voltage() -> None:
    g, flow = town()
    levels = levels_of(flow, solve(flow, 1.0, 1.0, 1.0, 1.0))
    low, medium = levels.value[:, bus(g, "H")]
    is_low = g.buses.nominal_voltage_v < 1000
    voltage_pu = np.abs(levels.voltage[0])
    assert low[LOW] == pytest.approx(voltage_pu[is_low].min())
    assert low[FAR_BELOW] == pytest.approx(voltage_pu[is_low].min() - 0.9)
    assert low[NEAR_BELOW] == pytest.approx(voltage_pu[is_low].min() - 0.85)
    # a constant power doubles its current at half the voltage: half a rise of 0.4 for the whole
    assert low[LOADED] == pytest.approx(0.5 * 0.4)
    below = [bus(g, name) for name in ("H", "M1", "M2")]
    assert medium[LOW] == pytest.approx(voltage_pu[below].min())
    # nothing of low voltage hangs above the transformers but behind them
    assert np.isinf(levels.value[1, bus(g, "A"), MOST])


def test_a_branch_with_a_line_behind_fills_a_little_sooner() -> None:
    g, flow = town()
    loaded_ratio = np.full(len(flow.power_kva), 0.5)
    loaded_ratio[bus(g, "A1")] = 0.6
    levels = levels_of(flow, solve(flow, 1.0, 1.0, 1.0, 1.0), loaded_ratio)
    assert levels.node[0, bus(g, "A"), LOADED] == bus(g, "A1")
    assert 1.0 < levels.value[0, bus(g, "A"), LOADED] / (0.4 * 0.4) < 1.01


def test_chords_need_no_steps_where_there_are_none() -> None:
    _, flow = town()
    assert chord_steps(flow.tree).shape == (0, 0)
    loop = lay_flow(grid(*TOWN, "A4-A3 60"))
    near = chord_steps(loop.tree, loop.solution)
    assert near.shape == (2, 2)
    assert near == pytest.approx(chord_steps(loop.tree), rel=0.2)
