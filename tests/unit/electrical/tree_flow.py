"""A grid solved on its supply tree beside the same grid solved by power-grid-model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gisplan.electrical.base.base_state import root_voltages
from gisplan.electrical.base.element_state import (
    TreeElements,
    element_state,
    index_elements,
    tree_elements,
)
from gisplan.electrical.base.parallel import busbars
from gisplan.electrical.base.radial_state import Solution, chord_steps, solve_states
from gisplan.electrical.base.tree import SupplyTree, build_tree
from gisplan.electrical.flow.branch_model import (
    Complexes,
    Pi,
    open_end_shunts,
    segment_pis,
    transformer_pis,
)
from gisplan.electrical.flow.network_input import Network, build_network
from gisplan.electrical.flow.power_flow import PowerFlowModel
from gisplan.electrical.flow.segments import Joints
from gisplan.model.grid import Floats, Grid
from gisplan.network.topology import build_topology


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeFlow:
    """One state of a grid under all its loads and generators, and what is drawn at joints."""

    network: Network
    tree: SupplyTree
    power_kva: Complexes
    root_pu: Floats
    solution: Solution
    elements: TreeElements

    @property
    def voltage_pu(self) -> Floats:
        return np.abs(self.solution.voltage[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Largest differences; currents as a part of the larger of their own value and 10 A."""

    voltage_pu: float
    current: float
    transformer_loading: float
    transformer_kva: float


def lay_flow(
    grid: Grid, joints: Joints | None = None, drawn_kva: Complexes | None = None
) -> TreeFlow:
    topology = build_topology(grid)
    network = build_network(grid, topology, joints=joints)
    tree = build_tree(network, topology)
    count, buses = len(tree.arrays.parent), len(grid.buses.bus_id)
    power = np.zeros(count, np.complex128)
    loads, generators = grid.loads, grid.generators
    np.add.at(power, loads.bus, loads.active_power_kw + 1j * loads.reactive_power_kvar)
    fed_in = generators.active_power_kw + 1j * generators.reactive_power_kvar
    np.add.at(power, generators.bus, -fed_in)
    if drawn_kva is not None:
        power[buses:] += drawn_kva
    return solve_flow(network, tree, power, root_voltages(network, count, 0.0))


def solve_flow(
    network: Network, tree: SupplyTree, power_kva: Complexes, root_pu: Floats
) -> TreeFlow:
    solution = solve_states(tree, chord_steps(tree), root_pu, power_kva[None, :])
    return TreeFlow(
        network=network,
        tree=tree,
        power_kva=power_kva,
        root_pu=root_pu,
        solution=solution,
        elements=tree_elements(index_elements(network, tree), tree, solution),
    )


def difference_to_ac(flow: TreeFlow) -> Difference:
    """Compare with power-grid-model; both have a solution, for the same buses."""
    network, count = flow.network, len(flow.power_kva)
    model = PowerFlowModel.build(network, np.arange(count))
    result = model.solve(flow.power_kva.real[None], flow.power_kva.imag[None])
    assert result.converged[0]
    assert flow.solution.converged[0]
    expected = np.full(count, np.nan)
    expected[network.node] = result.voltage_pu[0]
    supplied = flow.tree.arrays.is_supplied
    assert np.isfinite(expected).tolist() == supplied.tolist()
    own, theirs = flow.elements.elements, element_state(network, result)
    current_a = np.nan_to_num(theirs.line_current_a)
    units = result.transformers
    drawn = np.nan_to_num(units.p_from_kw + 1j * units.q_from_kvar)
    ours = flow.elements.transformer_p_kw + 1j * flow.elements.transformer_q_kvar
    return Difference(
        voltage_pu=_largest(flow.voltage_pu[supplied] - expected[supplied]),
        current=_largest((own.line_current_a - current_a) / np.maximum(current_a, 10.0)),
        transformer_loading=_largest(
            own.transformer_loading_ratio - np.nan_to_num(theirs.transformer_loading_ratio)
        ),
        transformer_kva=_largest(ours - drawn),
    )


def _largest(values: Floats | Complexes) -> float:
    return float(np.abs(values).max(initial=0.0))


def admittances(flow: TreeFlow) -> tuple[Complexes, np.ndarray]:
    """Admittance matrix of the whole network, one row a busbar, and the busbar of each node."""
    network, grid = flow.network, flow.network.grid
    bar = busbars(network, len(flow.power_kva))
    matrix = np.zeros((bar.max() + 1, bar.max() + 1), np.complex128)

    def add(a: int, b: int, pi: Pi, k: int) -> None:
        y, n = 1 / pi.impedance[k], pi.ratio[k]
        matrix[a, a] += y / n**2 + pi.half_first[k]
        matrix[b, b] += y + pi.half_second[k]
        matrix[a, b] -= y / n
        matrix[b, a] -= y / n

    lines = segment_pis(network)
    open_end = open_end_shunts(lines)
    for k in range(len(network.line)):
        a, b = bar[network.from_node[k]], bar[network.to_node[k]]
        if network.from_closed[k] and network.to_closed[k]:
            add(a, b, lines, k)
        elif network.from_closed[k] or network.to_closed[k]:
            end = a if network.from_closed[k] else b
            matrix[end, end] += open_end[k]
    units = transformer_pis(grid)
    for row in network.transformer[network.transformer_closed]:
        add(bar[grid.transformers.hv_bus[row]], bar[grid.transformers.lv_bus[row]], units, row)
    return matrix, bar


def dense_mismatch(flow: TreeFlow) -> float:
    """What a Newton step on the whole matrix would still move, per unit; clocks all alike."""
    matrix, bar = admittances(flow)
    tree = flow.tree
    voltage, power = np.ones(len(matrix), np.complex128), np.zeros(len(matrix), np.complex128)
    voltage[bar] = flow.solution.voltage[0]
    np.add.at(power, bar, flow.power_kva)
    free = np.setdiff1d(np.unique(bar[tree.order]), np.unique(bar[tree.root]))
    residual = (matrix @ voltage + np.conj(power / voltage))[free]
    slope = -np.conj(power[free] / voltage[free] ** 2)
    own = matrix[np.ix_(free, free)]
    jacobian = np.block(
        [
            [own.real + np.diag(slope.real), -own.imag + np.diag(slope.imag)],
            [own.imag + np.diag(slope.imag), own.real - np.diag(slope.real)],
        ]
    )
    step = np.linalg.solve(jacobian, np.concatenate([residual.real, residual.imag]))
    return _largest(step)
