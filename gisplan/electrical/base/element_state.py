"""Currents and loadings of lines and transformers in a solved state, in the rows of the grid.

A line counts with the worst of its segments and ends, a transformer with the worse side: its
current over its rated current.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gisplan.electrical.base.parallel import busbars
from gisplan.electrical.base.radial_kernel import end_currents
from gisplan.electrical.base.radial_state import Solution
from gisplan.electrical.base.ratings import line_limits_kva, transformer_limits_kva
from gisplan.electrical.base.tree import SupplyTree
from gisplan.electrical.flow.branch_model import KVA, Complexes, open_end_shunts, segment_pis
from gisplan.electrical.flow.network_input import Network
from gisplan.electrical.flow.power_flow import PowerFlowResult
from gisplan.model.grid import Flags, Floats, Integers, SwitchedKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementState:
    """Currents and loadings, shape (scenarios, rows of the grid's table); NaN where unknown."""

    line_current_a: Floats
    line_loading_ratio: Floats
    transformer_loading_ratio: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeElements:
    """The same with the power that each transformer draws at its high-voltage side.

    ``transformer_slope_kva`` is the change of that power (complex) for one per unit of voltage
    there, with everything below it; zero where a transformer is not the one that feeds a bus.
    """

    elements: ElementState
    transformer_p_kw: Floats
    transformer_q_kvar: Floats
    transformer_slope_kva: Complexes


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementIndex:
    """Where lines and transformers stand in a tree, and their ratings as power at nominal voltage.

    Nodes of buses and of joints that a line feeds, nodes that a transformer feeds, places among the
    members of parallel groups and among the chords; lines that carry nothing but their charging
    (they end open, or lead from a busbar to itself) with the node that charges them.
    """

    line_node: Integers
    joint_node: Integers
    unit_node: Integers
    unit_reversed: Flags
    member_line: Integers
    member_unit: Integers
    chord_line: Integers
    chord_unit: Integers
    idle_row: Integers
    idle_node: Integers
    idle_admittance: Complexes
    line_limit_kva: Floats
    line_a_per_kva: Floats
    high_kva: Floats
    low_kva: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Units:
    """Currents of transformers in kVA at both sides, and the power into the high-voltage side."""

    row: Integers
    high: Complexes
    low: Complexes
    power_kva: Complexes


def element_state(network: Network, result: PowerFlowResult) -> ElementState:
    """Currents against ratings of a network solved whole or in part.

    NaN for what the network leaves out.
    """
    grid = network.grid
    scenarios = len(result.converged)
    current = np.full((scenarios, len(grid.lines.line_id)), np.nan)
    is_line = network.line >= 0
    line, first = np.unique(network.line[is_line], return_index=True)
    if len(line):
        flows = result.branches
        ends = np.maximum(flows.current_from_a, flows.current_to_a)[:, is_line]
        current[:, line] = np.maximum.reduceat(ends, first, axis=1)
    rated = grid.lines.rated_current_a * grid.lines.parallel_count
    loading = np.full((scenarios, len(grid.transformers.transformer_id)), np.nan)
    table, row = grid.transformers, network.transformer
    rated_va = table.rated_power_kva[row] * table.parallel_count[row] * 1e3
    units = result.transformers
    loading[:, row] = (
        np.sqrt(3)
        * np.maximum(
            units.current_from_a * table.hv_voltage_v[row],
            units.current_to_a * table.lv_voltage_v[row],
        )
        / rated_va
    )
    return ElementState(
        line_current_a=current,
        line_loading_ratio=current / rated,
        transformer_loading_ratio=loading,
    )


def index_elements(network: Network, tree: SupplyTree) -> ElementIndex:
    """Find once where the branches of lines and transformers stand in the tree."""
    grid, arrays = network.grid, tree.arrays
    bus_count = len(grid.buses.bus_id)
    line = _alone(tree, SwitchedKind.LINE)
    unit = _alone(tree, SwitchedKind.TRANSFORMER)
    idle, idle_node, idle_admittance = _idle_lines(network, arrays.is_supplied)
    limit_kva = line_limits_kva(grid)
    high_kva, low_kva = transformer_limits_kva(grid)
    kinds = tree.chords.branches.kind
    return ElementIndex(
        line_node=line[line < bus_count],
        joint_node=line[line >= bus_count],
        unit_node=unit,
        unit_reversed=tree.is_reversed[unit],
        member_line=_members_of(tree, SwitchedKind.LINE),
        member_unit=_members_of(tree, SwitchedKind.TRANSFORMER),
        chord_line=np.flatnonzero(kinds == SwitchedKind.LINE),
        chord_unit=np.flatnonzero(kinds == SwitchedKind.TRANSFORMER),
        idle_row=network.line[idle],
        idle_node=idle_node,
        idle_admittance=idle_admittance,
        line_limit_kva=np.where(np.isfinite(limit_kva), limit_kva, np.nan),
        line_a_per_kva=KVA / np.sqrt(3) / grid.buses.nominal_voltage_v[grid.lines.from_bus],
        high_kva=high_kva,
        low_kva=low_kva,
    )


def _idle_lines(network: Network, is_supplied: Flags) -> tuple[Integers, Integers, Complexes]:
    """Branches that carry only their charging, the node that charges them, what it sees."""
    both, pis = network.from_closed & network.to_closed, segment_pis(network)
    busbar = busbars(network, len(is_supplied))
    around = both & (busbar[network.from_node] == busbar[network.to_node])
    idle = np.flatnonzero((network.from_closed ^ network.to_closed) | around)
    node = np.where(network.from_closed, network.from_node, network.to_node)[idle]
    admittance = np.where(around, pis.half_first, open_end_shunts(pis))[idle]
    supplied = is_supplied[node]
    return idle[supplied], node[supplied], admittance[supplied]


def tree_elements(index: ElementIndex, tree: SupplyTree, solution: Solution) -> TreeElements:
    """Currents against ratings of a solved tree; zero where nothing flows."""
    states = len(solution.converged)
    line_kva = np.zeros((states, len(index.line_limit_kva)))
    unit_power = np.zeros((states, len(index.high_kva)), np.complex128)
    loading = np.zeros(unit_power.shape)
    at_fed, at_feeding = _ends(tree, solution)
    node, row = index.line_node, tree.arrays.row
    line_kva[:, row[node]] = np.maximum(np.abs(at_feeding[:, node]), np.abs(at_fed[:, node]))
    node = index.joint_node
    joints = np.maximum(np.abs(at_feeding[:, node]), np.abs(at_fed[:, node]))
    for rows, kva in (
        (row[node], joints),
        _member_lines(index, tree, solution),
        _chord_lines(index, tree, solution),
        (index.idle_row, np.abs(index.idle_admittance * solution.voltage[:, index.idle_node])),
    ):
        for column, values in zip(rows, kva.T, strict=True):
            line_kva[:, column] = np.maximum(line_kva[:, column], values)
    for units in (
        _tree_units(index, tree, solution, at_fed, at_feeding),
        _member_units(index, tree, solution),
        _chord_units(index, tree, solution),
    ):
        unit_power[:, units.row] = units.power_kva
        loading[:, units.row] = np.maximum(
            np.abs(units.high) / index.high_kva[units.row],
            np.abs(units.low) / index.low_kva[units.row],
        )
    return TreeElements(
        elements=ElementState(
            line_current_a=line_kva * index.line_a_per_kva,
            line_loading_ratio=line_kva / index.line_limit_kva,
            transformer_loading_ratio=loading,
        ),
        transformer_p_kw=unit_power.real.copy(),
        transformer_q_kvar=unit_power.imag.copy(),
        transformer_slope_kva=_slopes(index, tree, solution, at_feeding),
    )


def _slopes(
    index: ElementIndex, tree: SupplyTree, solution: Solution, at_feeding: Complexes
) -> Complexes:
    """How the power of each transformer follows the voltage at its high-voltage side."""
    slope = np.zeros((len(solution.converged), len(index.high_kva)), np.complex128)
    node = index.unit_node[~index.unit_reversed]
    above = solution.voltage[:, tree.arrays.parent[node]]
    unit = above / np.abs(above)
    seen = solution.seen[:, node]
    drawn = (
        seen[..., 0] * unit.real
        + seen[..., 1] * unit.imag
        + 1j * (seen[..., 2] * unit.real + seen[..., 3] * unit.imag)
        + tree.arrays.half_feeding[node] * unit
    )
    slope[:, tree.arrays.row[node]] = unit * np.conj(at_feeding[:, node]) + above * np.conj(drawn)
    return slope


def _ends(tree: SupplyTree, solution: Solution) -> tuple[Complexes, Complexes]:
    """Currents of all branches of the tree at their fed and their feeding end."""
    arrays = tree.arrays
    at_fed = np.zeros(solution.voltage.shape, np.complex128)
    at_feeding = at_fed.copy()
    for n in range(len(solution.converged)):
        end_currents(
            tree.order,
            arrays.parent,
            arrays.ratio,
            arrays.half_fed,
            arrays.half_feeding,
            solution.voltage[n],
            solution.current[n],
            at_fed[n],
            at_feeding[n],
        )
    return at_fed, at_feeding


def _alone(tree: SupplyTree, kind: SwitchedKind) -> Integers:
    """Supplied nodes that a branch of one kind feeds which is merged with no other."""
    arrays = tree.arrays
    chosen = arrays.is_supplied & (arrays.parent >= 0) & (arrays.kind == kind)
    chosen[tree.members.node] = False
    return np.flatnonzero(chosen)


def _members_of(tree: SupplyTree, kind: SwitchedKind) -> Integers:
    return np.flatnonzero(tree.arrays.kind[tree.members.node] == kind)


def _tree_units(
    index: ElementIndex,
    tree: SupplyTree,
    solution: Solution,
    at_fed: Complexes,
    at_feeding: Complexes,
) -> _Units:
    node = index.unit_node
    return _units(
        tree.arrays.row[node],
        index.unit_reversed,
        solution.voltage[:, [node, tree.arrays.parent[node]]],
        at_fed[:, node],
        at_feeding[:, node],
    )


def _units(
    row: Integers,
    is_reversed: Flags,
    voltage: Complexes,
    at_fed: Complexes,
    at_feeding: Complexes,
) -> _Units:
    """Turn the ends of transformers to the high and the low-voltage side.

    ``voltage`` holds those at the fed and the feeding end, shape (states, 2, transformers).
    """
    behind, above = -voltage[:, 0] * np.conj(at_fed), voltage[:, 1] * np.conj(at_feeding)
    return _Units(
        row=row,
        high=np.where(is_reversed, at_fed, at_feeding),
        low=np.where(is_reversed, at_feeding, at_fed),
        power_kva=np.where(is_reversed, behind, above),
    )


def _member_ends(
    tree: SupplyTree, solution: Solution, places: Integers
) -> tuple[Complexes, Complexes]:
    members, arrays = tree.members, tree.arrays
    node = members.node[places]
    own = solution.current[:, node] * members.share[places]
    fed = own - members.half_fed[places] * solution.voltage[:, node]
    above = solution.voltage[:, arrays.parent[node]]
    return fed, arrays.ratio[node] * own + members.half_feeding[places] * above


def _member_lines(
    index: ElementIndex, tree: SupplyTree, solution: Solution
) -> tuple[Integers, Floats]:
    fed, feeding = _member_ends(tree, solution, index.member_line)
    return tree.members.row[index.member_line], np.maximum(np.abs(fed), np.abs(feeding))


def _member_units(index: ElementIndex, tree: SupplyTree, solution: Solution) -> _Units:
    places = index.member_unit
    fed, feeding = _member_ends(tree, solution, places)
    node = tree.members.node[places]
    return _units(
        tree.members.row[places],
        tree.members.is_reversed[places],
        solution.voltage[:, [node, tree.arrays.parent[node]]],
        fed,
        feeding,
    )


def _chord_ends(
    tree: SupplyTree, solution: Solution, places: Integers
) -> tuple[Complexes, Complexes]:
    """Currents of chords into their first and out of their second end."""
    branches = tree.chords.branches.rows(places)
    own = solution.chord_current[:, places]
    into = np.conj(tree.chords.ratio[places]) * own
    return (
        into + branches.pi.half_first * solution.voltage[:, branches.first],
        own - branches.pi.half_second * solution.voltage[:, branches.second],
    )


def _chord_lines(
    index: ElementIndex, tree: SupplyTree, solution: Solution
) -> tuple[Integers, Floats]:
    first, second = _chord_ends(tree, solution, index.chord_line)
    rows = tree.chords.branches.row[index.chord_line]
    return rows, np.maximum(np.abs(first), np.abs(second))


def _chord_units(index: ElementIndex, tree: SupplyTree, solution: Solution) -> _Units:
    places = index.chord_unit
    first, second = _chord_ends(tree, solution, places)
    at_first = solution.voltage[:, tree.chords.branches.first[places]]
    return _Units(
        row=tree.chords.branches.row[places],
        high=first,
        low=second,
        power_kva=at_first * np.conj(first),
    )
