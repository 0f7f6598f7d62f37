"""The blocks of the tree against dense matrices and finite differences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.electrical.base.base_state import root_voltages
from gisplan.electrical.base.radial_kernel import (
    act,
    chord_gaps,
    inverse,
    one_plus,
    open_circuit,
    respond,
    scalar,
    times,
)
from gisplan.electrical.base.radial_state import chord_steps, solve_states
from gisplan.electrical.flow.branch_model import Complexes
from gisplan.model.grid import Floats
from tests.grids import grid
from tests.unit.electrical.networks import bus
from tests.unit.electrical.random_grids import random_network
from tests.unit.electrical.tree_flow import TreeFlow, lay_flow, solve_flow

SEEDS = st.integers(0, 100_000)
BLOCK = (0.3, -1.2, 0.7, 2.1)
OTHER = (-0.4, 0.9, 1.5, 0.2)


def matrix(block: tuple[float, ...]) -> Floats:
    return np.array(block).reshape(2, 2)


def pair(z: complex) -> Floats:
    return np.array([z.real, z.imag])


def test_blocks_are_two_by_two_matrices() -> None:
    z = 0.8 - 0.3j
    assert matrix(times(BLOCK, OTHER)) == pytest.approx(matrix(BLOCK) @ matrix(OTHER))
    assert matrix(inverse(BLOCK)) == pytest.approx(np.linalg.inv(matrix(BLOCK)))
    assert matrix(one_plus(BLOCK)) == pytest.approx(np.eye(2) + matrix(BLOCK))
    assert pair(act(BLOCK, z)) == pytest.approx(matrix(BLOCK) @ pair(z))
    assert pair(act(scalar(z), 2 + 1j)) == pytest.approx(pair(z * (2 + 1j)))


def test_blocks_do_the_same_without_the_compiler() -> None:
    for kernel, arguments in (
        (times, (BLOCK, OTHER)),
        (inverse, (BLOCK,)),
        (one_plus, (BLOCK,)),
        (act, (BLOCK, 1 - 2j)),
        (scalar, (1 - 2j,)),
    ):
        assert kernel.py_func(*arguments) == pytest.approx(kernel(*arguments))


def blocks_of(flow: TreeFlow) -> dict[str, Floats]:
    """Answer of the tree at every node, in the order that ``respond`` gives it."""
    count, tree = len(flow.power_kva), flow.tree
    found = {name: np.zeros((count, 4)) for name in ("upward", "point", "voltage", "current")}
    growth = np.ones(count)
    respond(
        tree.order,
        tree.arrays.parent,
        tree.arrays.impedance,
        tree.arrays.ratio,
        flow.solution.voltage[0],
        flow.solution.below[0],
        flow.solution.seen[0],
        *found.values(),
        growth,
    )
    return {**found, "growth": growth}


def with_more(flow: TreeFlow, node: int, power_kva: complex) -> Complexes:
    """Voltages after one more demand, by the tree power flow."""
    power = flow.power_kva.copy()
    power[node] += power_kva
    solved = solve_flow(flow.network, flow.tree, power, flow.root_pu)
    assert solved.solution.converged[0]
    voltage: Complexes = solved.solution.voltage[0]
    return voltage


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_point_is_the_finite_difference_of_the_power_flow(seed: int) -> None:
    flow = lay_flow(random_network(seed))
    point, before = blocks_of(flow)["point"], flow.solution.voltage[0]
    for node in flow.tree.order[:: max(1, len(flow.tree.order) // 6)]:
        small = 0.02 + 0.01j
        up, down = (with_more(flow, node, s) for s in (small, -small))
        fall = (down[node] - up[node]) / 2
        expected = matrix(point[node]) @ pair(np.conj(small / before[node]))
        assert pair(fall) == pytest.approx(expected, rel=2e-3, abs=1e-11)


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_steps_carry_a_current_up_as_the_power_flow_does(seed: int) -> None:
    flow = lay_flow(random_network(seed))
    blocks, arrays = blocks_of(flow), flow.tree.arrays
    node = int(flow.tree.order[-1])
    small = 0.02 + 0.01j
    up, down = (with_more(flow, node, s) for s in (small, -small))
    current = pair(np.conj(small / flow.solution.voltage[0, node]))
    own = matrix(blocks["point"][node]) @ current
    flowing = current - matrix(flow.solution.below[0, node]) @ own
    while arrays.parent[node] >= 0:
        fall = matrix(blocks["voltage"][node]) @ flowing
        flowing = matrix(blocks["current"][node]) @ flowing
        node = int(arrays.parent[node])
        expected = pair((down[node] - up[node]) / 2)
        assert fall == pytest.approx(expected, rel=5e-3, abs=1e-11)


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_growth_is_the_finite_difference_of_a_subtree(seed: int) -> None:
    flow = lay_flow(random_network(seed))
    growth, arrays = blocks_of(flow)["growth"], flow.tree.arrays
    for node in flow.tree.order[1 :: max(1, len(flow.tree.order) // 5)]:
        parent = int(arrays.parent[node])
        # the parent as a root, all else as it is: only what hangs below it is looked at
        apart = replace(
            flow.tree,
            arrays=arrays._replace(
                parent=np.where(np.arange(len(arrays.parent)) == parent, -1, arrays.parent)
            ),
            root=np.append(flow.tree.root, parent),
        )
        moved = []
        for step in (1e-5, -1e-5):
            roots = flow.root_pu.astype(np.complex128)
            held = flow.solution.voltage[0, parent]
            roots[parent] = held * (1 + step / abs(held))
            solved = solve_states(apart, chord_steps(apart), roots, flow.power_kva[None])
            moved.append(abs(solved.voltage[0, node]))
        assert growth[node] == pytest.approx((moved[0] - moved[1]) / 2e-5, rel=1e-3)


def test_open_circuit_voltage_follows_the_ratios() -> None:
    flow = lay_flow(grid("S1>A 400 tap=2", "A-B 100", "B: 10 kW"))
    g, tree = flow.network.grid, flow.tree
    voltage = open_circuit(tree.order, tree.arrays.parent, tree.arrays.ratio, flow.root_pu)
    assert voltage[[bus(g, "A"), bus(g, "B")]] == pytest.approx([1 / 1.05, 1 / 1.05])


def test_chord_gaps_are_the_impedances_around_the_loops() -> None:
    # without demands one ampere through the chord meets the impedance of its whole loop
    g = grid("S1-A 100", "A-B 200 c=0", "B-C 300 c=0", "C-D 100 c=0", "D-A 400 c=0")
    flow = lay_flow(g)
    tree, branches = flow.tree, flow.tree.chords.branches
    count = len(flow.power_kva)
    gaps = chord_gaps(
        tree.order, tree.arrays.parent, tree.arrays.impedance, tree.arrays.ratio, branches.first,
        branches.second, branches.pi.impedance, tree.chords.ratio, np.zeros((count, 4)),
        np.tile([1.0, 0.0, 0.0, 1.0], (count, 1)),
    )  # fmt: skip
    per_km = (0.161 + 0.117j) * 1e3 / 20_000**2
    around = 1.0 * per_km
    assert gaps == pytest.approx(np.array(matrix(scalar(around))), rel=1e-9)
    steps = chord_steps(tree)
    assert steps @ gaps == pytest.approx(np.eye(2))


def test_a_lower_branch_is_no_operating_point() -> None:
    # 2 kW at 400 V behind 0.16 per unit: the upper solution is near 1, the lower one near 0.3
    flow = lay_flow(grid("S1-A 1000 x=0 c=0", "A: 180 kW", nominal_voltage_v=400))
    assert flow.solution.converged[0]
    low = replace(flow.solution, voltage=flow.solution.voltage.copy())
    node = bus(flow.network.grid, "A")
    z = flow.tree.arrays.impedance[node].real
    low.voltage[0, node] = 0.5 - np.sqrt(0.25 - z * 180)
    assert low.voltage[0, node] > 0.3
    roots = root_voltages(flow.network, len(flow.power_kva), 0.0)
    again = solve_states(flow.tree, chord_steps(flow.tree), roots, flow.power_kva[None], low)
    # started on the lower branch it is told apart and solved anew
    assert again.converged[0]
    assert again.voltage[0, node].real == pytest.approx(0.5 + np.sqrt(0.25 - z * 180), abs=1e-8)


def test_beyond_collapse_nothing_is_found() -> None:
    # largest power over a pure resistance of 0.208 ohm: 400^2 / (4 * 0.208) = 192.3 kW
    for p_kw, is_solved in ((190.0, True), (194.0, False)):
        g = grid("S1-A 1000 x=0 c=0", f"A: {p_kw} kW", nominal_voltage_v=400)
        assert lay_flow(g).solution.converged[0] == is_solved
