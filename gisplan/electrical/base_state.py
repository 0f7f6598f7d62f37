"""The state of the grid before a connection: existing load and every reservation, solved by AC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gisplan.electrical.demand import (
    LEVELS,
    LOAD_CASES,
    STATES,
    Demands,
    LoadCase,
    check_demands,
    join_demands,
    no_demands,
)
from gisplan.electrical.existing_load import ScaledLoads, existing_power, fed_bus, scaled_loads
from gisplan.electrical.network_input import Network, build_network
from gisplan.electrical.parts import NetworkParts, find_parts
from gisplan.electrical.power_flow import PowerFlowModel, PowerFlowResult, require_converged
from gisplan.electrical.segments import Joints, build_joints, joint_positions
from gisplan.electrical.tree import LevelArrays, SupplyTree, build_levels, build_tree
from gisplan.model.grid import Floats, Grid, Integers, Peaks
from gisplan.network.snapshot import Snapshot, Topology
from gisplan.rules.catalogue import Catalogue

FIRST_LEVEL = STATES.index(LEVELS[0])
"""Column of the first level among the states: "service" stands before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseState:
    """One load case, solved in every level; arrays of shape (levels, rows of the grid's table).

    Voltages are NaN at buses without supply, loadings NaN where no rating is known. Powers of
    transformers are those drawn at the high-voltage side. ``reserved_node`` is the bus or joint of
    each reservation, ``joints`` the points where reservations tap lines, ``fed_bus``
    the bus that each transformer supplies (-1: none).
    """

    case: LoadCase
    parts: NetworkParts
    fed_bus: Integers
    loads: ScaledLoads
    bus_p_kw: Floats
    bus_q_kvar: Floats
    reservations: Demands
    reserved_node: Integers
    joints: Joints
    voltage_pu: Floats
    line_current_a: Floats
    line_loading_ratio: Floats
    transformer_p_kw: Floats
    transformer_q_kvar: Floats
    transformer_loading_ratio: Floats
    tree: SupplyTree
    levels: LevelArrays


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementState:
    """Currents and loadings of lines and transformers, shape (scenarios, rows)."""

    line_current_a: Floats
    line_loading_ratio: Floats
    transformer_loading_ratio: Floats


def build_base_states(
    snapshot: Snapshot,
    catalogue: Catalogue,
    *,
    peaks: Peaks | None = None,
    reservations: Mapping[LoadCase, Demands] | None = None,
) -> dict[LoadCase, BaseState]:
    """Solve all load cases and levels in one batch.

    Parameters
    ----------
    reservations
        Demands that are promised already, per load case; their column "service" is not read.

    Raises
    ------
    PowerFlowError
        If a state has no solution.
    InputError
        If a reservation lies on no element of the grid.
    """
    grid = snapshot.grid
    reserved = {case: (reservations or {}).get(case, no_demands()) for case in LOAD_CASES}
    for demands in reserved.values():
        check_demands(grid, demands)
    joints, nodes = _place(grid, join_demands([reserved[case] for case in LOAD_CASES]))
    network = build_network(grid, snapshot.topology, joints=joints)
    loads = scaled_loads(grid, snapshot.topology, peaks)
    existing = {case: existing_power(grid, loads, catalogue, case) for case in LOAD_CASES}
    result = _solve(network, existing, reserved, nodes)
    tree = build_tree(network, snapshot.topology)
    parts = find_parts(grid, snapshot.topology)
    offset = np.cumsum([0, *(len(reserved[case]) for case in LOAD_CASES)])
    return {
        case: _base_state(
            case,
            snapshot.topology,
            network,
            result.rows(slice(n * len(LEVELS), (n + 1) * len(LEVELS))),
            parts=parts,
            loads=loads,
            existing=existing[case],
            reserved=(reserved[case], nodes[offset[n] : offset[n + 1]]),
            tree=tree,
        )
        for n, case in enumerate(LOAD_CASES)
    }


def _place(grid: Grid, demands: Demands) -> tuple[Joints, Integers]:
    """Joints that the demands need, and the node of every demand."""
    on_line = np.flatnonzero(demands.bus < 0)
    line = demands.line[on_line]
    joints, joint = build_joints(line, joint_positions(grid, line, demands.offset_m[on_line]))
    node = demands.bus.copy()
    node[on_line] = len(grid.buses.bus_id) + joint
    return joints, node


def _solve(
    network: Network,
    existing: Mapping[LoadCase, tuple[Floats, Floats]],
    reserved: Mapping[LoadCase, Demands],
    reserved_node: Integers,
) -> PowerFlowResult:
    """Scenarios are load cases, in each of them the levels."""
    drawn = np.zeros(len(network.grid.buses.bus_id), np.bool_)
    for p_kw, q_kvar in existing.values():
        drawn |= (p_kw != 0) | (q_kvar != 0)
    bus = np.flatnonzero(drawn)
    powers = []
    for part, name in ((0, "p_kw"), (1, "q_kvar")):
        blocks = []
        for case in LOAD_CASES:
            own = np.repeat(existing[case][part][None, bus], len(LEVELS), axis=0)
            others = [
                getattr(reserved[other], name).T[FIRST_LEVEL:] * (other is case)
                for other in LOAD_CASES
            ]
            blocks.append(np.concatenate([own, *others], axis=1))
        powers.append(np.concatenate(blocks))
    model = PowerFlowModel.build(network, np.concatenate([bus, reserved_node]))
    result = model.solve(powers[0], powers[1])
    require_converged(result, "base state")
    return result


def _base_state(
    case: LoadCase,
    topology: Topology,
    network: Network,
    result: PowerFlowResult,
    *,
    parts: NetworkParts,
    loads: ScaledLoads,
    existing: tuple[Floats, Floats],
    reserved: tuple[Demands, Integers],
    tree: SupplyTree,
) -> BaseState:
    elements = element_state(network, result)
    return BaseState(
        case=case,
        parts=parts,
        fed_bus=fed_bus(topology, len(network.grid.transformers.transformer_id)),
        loads=loads,
        bus_p_kw=existing[0],
        bus_q_kvar=existing[1],
        reservations=reserved[0],
        reserved_node=reserved[1],
        joints=network.joints,
        voltage_pu=result.voltage_pu[:, : len(network.grid.buses.bus_id)],
        line_current_a=elements.line_current_a,
        line_loading_ratio=elements.line_loading_ratio,
        transformer_p_kw=result.transformers.p_from_kw,
        transformer_q_kvar=result.transformers.q_from_kvar,
        transformer_loading_ratio=elements.transformer_loading_ratio,
        tree=tree,
        levels=build_levels(tree, network, result),
    )


def element_state(network: Network, result: PowerFlowResult) -> ElementState:
    """Currents against ratings, in the rows of the grid; NaN for what the network leaves out.

    A line counts with the worst of its segments and ends, a transformer with the worse side: its
    current over its rated current.
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
