"""The supply tree that screening walks: buses and joints, each with the branch that feeds it.

Nodes are numbered as in ``network_input``: buses first, then joints. Impedances are per unit of
the fed node's nominal voltage on a base of 1 kVA, so that powers stay in kW and kvar.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gisplan.electrical.demand import (
    FEEDER,
    LEVELS,
    MAIN,
    MEDIUM_VOLTAGE_V,
    line_levels,
    transformer_levels,
)
from gisplan.electrical.network_input import Network
from gisplan.electrical.power_flow import BranchFlows, PowerFlowResult
from gisplan.electrical.subtree_kernel import summarise_subtrees
from gisplan.model.grid import Codes, Flags, Floats, Grid, Integers, SwitchedKind
from gisplan.network.snapshot import Topology
from gisplan.network.tree_kernel import hand_down

NO_BRANCH = 255
KVA = 1e3


class TreeArrays(NamedTuple):
    """What does not change with the loads, one row a node.

    ``kind``, ``row`` and ``level`` are those of the feeding branch: ``SwitchedKind``, row of the
    element, index into LEVELS of the state that judges it. ``limit_fed_kva`` and
    ``limit_feeding_kva`` are the power at rated current and nominal voltage seen from the node and
    from its parent; inf where no rating is known. ``area`` names the low-voltage network or the
    feeder that a node belongs to; -1 is none. ``needs_ac`` marks nodes with a loop above them.
    """

    parent: Integers
    kind: Codes
    row: Integers
    level: Codes
    resistance: Floats
    reactance: Floats
    limit_fed_kva: Floats
    limit_feeding_kva: Floats
    is_low: Flags
    area: Integers
    needs_ac: Flags
    is_supplied: Flags


class LevelArrays(NamedTuple):
    """State of the tree in every level, shape (levels, nodes); powers flow down the tree.

    ``ratio`` is the parent's voltage over the voltage behind the branch's ideal transformer.
    ``lowest`` and ``highest`` are extremes over the subtree of the voltages that the level judges
    at buses (inf and -inf where there are none), ``lowest_bus`` and ``highest_bus`` where they
    stand; ``branch_gain`` and ``gain`` say how much a drop of the
    parent grows to the node, and one of the node to anything below.
    """

    voltage: Floats
    p_fed: Floats
    q_fed: Floats
    p_feeding: Floats
    q_feeding: Floats
    ratio: Floats
    lowest: Floats
    highest: Floats
    branch_gain: Floats
    gain: Floats
    lowest_bus: Integers
    highest_bus: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyTree:
    """A tree with the branch of the network that feeds each node, and how it is oriented.

    ``closes_loop`` marks lines closed at both ends that are no branch of the tree.
    """

    arrays: TreeArrays
    order: Integers
    segment: Integers
    is_reversed: Flags
    feeding: LineFeeding
    closes_loop: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFeeding:
    """Per line: bus that feeds it (-1: none, or both ends), whether from its second bus.

    ``fed_bus`` is the bus that the tree supplies through it; -1 marks a line that ends open.
    """

    feeding_bus: Integers
    fed_bus: Integers
    is_reversed: Flags


def areas(grid: Grid, topology: Topology) -> Integers:
    """Low-voltage network or medium-voltage feeder of every bus: what a new demand there moves.

    Low-voltage networks carry the row of their transformer, feeders follow behind; -1 is none.
    """
    count = len(grid.transformers.transformer_id)
    feeder = np.where(topology.feeder >= 0, count + topology.feeder, -1)
    area: Integers = np.where(topology.transformer >= 0, topology.transformer, feeder)
    return area


def line_feeding(grid: Grid, topology: Topology) -> LineFeeding:
    """Find from which end each line is fed, lines with one open end included."""
    lines = grid.lines
    fed = np.full(len(lines.line_id), -1, np.int64)
    bus = np.flatnonzero((topology.parent_kind == SwitchedKind.LINE) & (topology.parent_bus >= 0))
    fed[topology.parent_branch[bus]] = bus
    from_closed = topology.line_from_closed & lines.in_service
    to_closed = topology.line_to_closed & lines.in_service
    on_tree = fed >= 0
    dangling = ~on_tree & (from_closed ^ to_closed)
    is_reversed = np.where(on_tree, lines.from_bus == fed, dangling & to_closed)
    feeding = np.where(is_reversed, lines.to_bus, lines.from_bus)
    supplied = (on_tree | dangling) & (topology.source[feeding] >= 0)
    return LineFeeding(
        feeding_bus=np.where(supplied, feeding, -1), fed_bus=fed, is_reversed=is_reversed
    )


def build_tree(network: Network, topology: Topology) -> SupplyTree:
    """Lay the tree of a whole network, joints included."""
    grid, joints = network.grid, network.joints
    bus_count, count = len(grid.buses.bus_id), len(grid.buses.bus_id) + len(joints)
    feeding = line_feeding(grid, topology)
    joint_line = joints.line
    own_feeding = feeding.feeding_bus[joint_line]
    position = np.full(count, np.inf)
    position[topology.order] = np.arange(len(topology.order))
    way = joints.position
    way = np.where(feeding.is_reversed[joint_line], 1 - way, way)
    start = np.where(own_feeding >= 0, position[own_feeding], np.inf)
    position[bus_count:] = start + way
    order = np.argsort(position, kind="stable")[: np.count_nonzero(np.isfinite(position))]
    parent, segment = _feeding_segments(network, topology, feeding)
    is_reversed = np.zeros(count, np.bool_)
    by_line = np.flatnonzero(topology.parent_kind == SwitchedKind.LINE)
    is_reversed[by_line] = feeding.is_reversed[topology.parent_branch[by_line]]
    is_reversed[bus_count:] = feeding.is_reversed[joint_line]
    by_unit = np.flatnonzero(topology.parent_kind == SwitchedKind.TRANSFORMER)
    is_reversed[by_unit] = grid.transformers.hv_bus[topology.parent_branch[by_unit]] == by_unit
    arrays = _static_arrays(
        network,
        topology,
        feeding,
        parent=parent,
        segment=segment,
        is_reversed=is_reversed,
        order=order,
    )
    return SupplyTree(
        arrays=arrays,
        order=order,
        segment=segment,
        is_reversed=is_reversed,
        feeding=feeding,
        closes_loop=_closes_loop(grid, topology, feeding),
    )


def _closes_loop(grid: Grid, topology: Topology, feeding: LineFeeding) -> Flags:
    closed = topology.line_from_closed & topology.line_to_closed & grid.lines.in_service
    supplied = topology.source[grid.lines.from_bus] >= 0
    closes: Flags = closed & supplied & (feeding.fed_bus < 0)
    return closes


def _feeding_segments(
    network: Network, topology: Topology, feeding: LineFeeding
) -> tuple[Integers, Integers]:
    """Parent and feeding segment of every node; -1 where a node has none."""
    grid, joint_line = network.grid, network.joints.line
    bus_count, joint_count = len(grid.buses.bus_id), len(joint_line)
    every_line = np.arange(len(grid.lines.line_id))
    first_segment = np.searchsorted(network.line[network.line >= 0], every_line)
    first_joint = np.searchsorted(joint_line, every_line)
    cuts = np.searchsorted(joint_line, every_line, "right") - first_joint
    parent = np.concatenate([topology.parent_bus, np.full(joint_count, -1)])
    segment = np.full(bus_count + joint_count, -1, np.int64)
    bus = np.flatnonzero((topology.parent_kind == SwitchedKind.LINE) & (topology.parent_bus >= 0))
    line = topology.parent_branch[bus]
    backwards = feeding.is_reversed[line]
    segment[bus] = first_segment[line] + np.where(backwards, 0, cuts[line])
    nearest = bus_count + first_joint[line] + np.where(backwards, 0, cuts[line] - 1)
    parent[bus] = np.where(cuts[line] > 0, nearest, parent[bus])
    joint = np.arange(joint_count)
    rank, backwards = joint - first_joint[joint_line], feeding.is_reversed[joint_line]
    segment[bus_count:] = first_segment[joint_line] + rank + backwards
    is_first = np.where(backwards, rank == cuts[joint_line] - 1, rank == 0)
    neighbour = bus_count + joint + np.where(backwards, 1, -1)
    parent[bus_count:] = np.where(is_first, feeding.feeding_bus[joint_line], neighbour)
    return parent, segment


def _static_arrays(
    network: Network,
    topology: Topology,
    feeding: LineFeeding,
    *,
    parent: Integers,
    segment: Integers,
    is_reversed: Flags,
    order: Integers,
) -> TreeArrays:
    grid, joint_line = network.grid, network.joints.line
    count = len(parent)
    kind = np.concatenate(
        [topology.parent_kind, np.full(len(joint_line), SwitchedKind.LINE, np.uint8)]
    )
    row = np.concatenate([topology.parent_branch, joint_line])
    is_supplied = np.zeros(count, np.bool_)
    is_supplied[order] = True
    kin = np.where(feeding.fed_bus >= 0, feeding.fed_bus, feeding.feeding_bus)[joint_line]
    like = np.concatenate([np.arange(len(topology.parent_bus)), kin])
    is_meshed = np.append(topology.is_meshed, np.zeros(len(joint_line), np.bool_))
    level = np.zeros(count, np.uint8)
    resistance, reactance = np.zeros(count), np.zeros(count)
    limit_fed, limit_feeding = np.full(count, np.inf), np.full(count, np.inf)
    voltage_v = network.node_voltage_v
    line = np.flatnonzero((kind == SwitchedKind.LINE) & (segment >= 0))
    level[line] = line_levels(grid)[row[line]]
    scale = KVA / voltage_v[line] ** 2
    resistance[line] = network.resistance_ohm[segment[line]] * scale
    reactance[line] = network.reactance_ohm[segment[line]] * scale
    rated = grid.lines.rated_current_a * grid.lines.parallel_count
    limit = np.sqrt(3) * voltage_v[line] * rated[row[line]] / KVA
    limit_fed[line] = limit_feeding[line] = np.where(np.isfinite(limit), limit, np.inf)
    unit = np.flatnonzero((kind == SwitchedKind.TRANSFORMER) & (parent >= 0))
    level[unit] = transformer_levels(grid)[row[unit]]
    fed_v, feeding_v, r, x, rated_kva = _transformer_sides(grid, row[unit], is_reversed[unit])
    per_unit = (fed_v / voltage_v[unit]) ** 2 / rated_kva
    resistance[unit], reactance[unit] = r * per_unit, x * per_unit
    limit_fed[unit] = rated_kva * voltage_v[unit] / fed_v
    limit_feeding[unit] = rated_kva * voltage_v[parent[unit]] / feeding_v
    return TreeArrays(
        parent=parent,
        kind=kind,
        row=row,
        level=level,
        resistance=resistance,
        reactance=reactance,
        limit_fed_kva=limit_fed,
        limit_feeding_kva=limit_feeding,
        is_low=voltage_v < MEDIUM_VOLTAGE_V,
        area=np.where(like >= 0, areas(grid, topology)[like], -1),
        needs_ac=hand_down(order, parent, is_meshed, is_meshed.astype(np.int64)) > 0,
        is_supplied=is_supplied,
    )


def _transformer_sides(
    grid: Grid, row: Integers, is_reversed: Flags
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Rated voltage of the fed and the feeding side, r and x per unit, rated power in kVA."""
    table = grid.transformers
    fed_v = np.where(is_reversed, table.hv_voltage_v[row], table.lv_voltage_v[row])
    feeding_v = np.where(is_reversed, table.lv_voltage_v[row], table.hv_voltage_v[row])
    impedance = table.short_circuit_voltage_pct[row] / 100
    resistance = np.minimum(table.short_circuit_resistance_pct[row] / 100, impedance)
    reactance = np.sqrt(impedance**2 - resistance**2)
    return (
        fed_v,
        feeding_v,
        resistance,
        reactance,
        table.rated_power_kva[row] * table.parallel_count[row],
    )


def build_levels(tree: SupplyTree, network: Network, result: PowerFlowResult) -> LevelArrays:
    """State of the tree from a solution of the whole network with one scenario per level."""
    arrays = tree.arrays
    voltage = result.voltage_pu
    p_fed, p_feeding = _flows(tree, network, result, "p_from_kw", "p_to_kw")
    q_fed, q_feeding = _flows(tree, network, result, "q_from_kvar", "q_to_kvar")
    r, x = arrays.resistance, arrays.reactance
    drop = 2 * (r * p_fed + x * q_fed)
    current_squared = (p_fed**2 + q_fed**2) / voltage**2
    behind = np.sqrt(voltage**2 + drop + (r**2 + x**2) * current_squared)
    has_parent = (arrays.parent >= 0) & arrays.is_supplied
    above = voltage[:, np.maximum(arrays.parent, 0)]
    ratio = np.where(has_parent, above / behind, 1.0)
    branch_gain = np.where(has_parent, (1 + drop / 2 / behind**2) / ratio, 1.0)
    is_bus = np.arange(len(arrays.parent)) < len(network.grid.buses.bus_id)
    judged = {MAIN: arrays.is_low & is_bus, FEEDER: ~arrays.is_low & is_bus}
    nothing = np.zeros(len(arrays.parent), np.bool_)
    summaries = [
        summarise_subtrees(
            tree.order, arrays.parent, voltage[n], judged.get(n, nothing), branch_gain[n]
        )
        for n in range(len(LEVELS))
    ]
    lowest, highest, gain, lowest_bus, highest_bus = (
        np.stack(part) for part in zip(*summaries, strict=True)
    )
    return LevelArrays(
        voltage=voltage,
        p_fed=p_fed,
        q_fed=q_fed,
        p_feeding=p_feeding,
        q_feeding=q_feeding,
        ratio=ratio,
        lowest=lowest,
        highest=highest,
        branch_gain=branch_gain,
        gain=gain,
        lowest_bus=lowest_bus,
        highest_bus=highest_bus,
    )


def _flows(
    tree: SupplyTree, network: Network, result: PowerFlowResult, at_from: str, at_to: str
) -> tuple[Floats, Floats]:
    """Power into each node from its feeding branch, and into that branch; zero at couplers."""
    arrays = tree.arrays
    fed = np.zeros(result.voltage_pu.shape)
    feeding = np.zeros(result.voltage_pu.shape)
    line = np.flatnonzero(arrays.is_supplied & (tree.segment >= 0))
    unit = np.flatnonzero((arrays.kind == SwitchedKind.TRANSFORMER) & (arrays.parent >= 0))
    column = np.searchsorted(network.transformer, arrays.row[unit])
    for node, place, flows in (
        (line, tree.segment[line], result.branches),
        (unit, column, result.transformers),
    ):
        fed[:, node], feeding[:, node] = _oriented(
            flows, place, tree.is_reversed[node], at_from, at_to
        )
    return fed, feeding


def _oriented(
    flows: BranchFlows, place: Integers, is_reversed: Flags, at_from: str, at_to: str
) -> tuple[Floats, Floats]:
    first, second = getattr(flows, at_from)[:, place], getattr(flows, at_to)[:, place]
    return np.where(is_reversed, -first, -second), np.where(is_reversed, second, first)
