"""The supply tree that screening walks: buses and joints, each with the branch that feeds it.

Nodes are numbered as in ``network_input``: buses first, then joints. Impedances are per unit of the
fed node's nominal voltage on a base of 1 kVA, so that powers stay in kW and kvar and a current in
per unit is the power in kVA that it carries at nominal voltage. Phase shifts of transformers are
left out: they turn all voltages below alike. Branches between the same two busbars are one branch
of the tree; whatever else closes a loop stands apart as chords.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gisplan.electrical.base.areas import joined_areas
from gisplan.electrical.base.merging import merge_parallel
from gisplan.electrical.base.parallel import (
    Branches,
    Chords,
    Members,
    busbars,
    hang_busbars_once,
    split_off_parallel,
    turned_ratio,
)
from gisplan.electrical.base.ratings import line_limits_kva, transformer_limits_kva
from gisplan.electrical.demand import MEDIUM_VOLTAGE_V, line_levels, transformer_levels
from gisplan.electrical.flow.branch_model import (
    Complexes,
    FedPi,
    Pi,
    coupler_pis,
    join,
    open_end_shunts,
    orient,
    segment_pis,
    select,
    transformer_pis,
)
from gisplan.electrical.flow.network_input import Network
from gisplan.model.grid import Codes, Flags, Floats, Grid, Integers, SwitchedKind
from gisplan.network.snapshot import Topology
from gisplan.network.tree_kernel import hand_down, mark_loops


class TreeArrays(NamedTuple):
    """What does not change with the loads, one row a node.

    ``kind``, ``row`` and ``level`` are those of the feeding branch: ``SwitchedKind``, row of the
    element, index into LEVELS of the state that judges it. The branch is an ideal transformer of
    ``ratio`` (open-circuit voltage at the node over that of its parent), then ``impedance``;
    ``half_fed`` and ``half_feeding`` are its shunt admittances at both ends, ``shunt`` sums up all
    of a node. ``limit_fed_kva`` and ``limit_feeding_kva`` are the power at rated current and
    nominal voltage seen from the node and from its parent; inf where no rating is known. ``area``
    names the low-voltage network or the feeder that a node belongs to; -1 is none. ``needs_ac``
    marks nodes with a loop above them.
    """

    parent: Integers
    kind: Codes
    row: Integers
    level: Codes
    impedance: Complexes
    ratio: Floats
    shunt: Complexes
    half_fed: Complexes
    half_feeding: Complexes
    limit_fed_kva: Floats
    limit_feeding_kva: Floats
    is_low: Flags
    area: Integers
    needs_ac: Flags
    is_supplied: Flags
    is_bus: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFeeding:
    """Per line: bus that feeds it (-1: none, or both ends), whether from its second bus.

    ``fed_bus`` is the bus that the tree supplies through it; -1 marks a line that ends open.
    """

    feeding_bus: Integers
    fed_bus: Integers
    is_reversed: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyTree:
    """A tree with the branch of the network that feeds each node, and how it is oriented.

    ``order`` holds every supplied node after its parent, ``segment`` the branch of the network
    that feeds a node (-1: no line). ``closes_loop`` marks lines that share their current with
    others: parallel to another one, or closed at both ends without being a branch of the tree.
    """

    arrays: TreeArrays
    order: Integers
    segment: Integers
    is_reversed: Flags
    feeding: LineFeeding
    closes_loop: Flags
    members: Members
    chords: Chords
    root: Integers


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
    grid = network.grid
    busbar = busbars(network, len(grid.buses.bus_id) + len(network.joints))
    topology = hang_busbars_once(topology, busbar)
    feeding = line_feeding(grid, topology)
    closed_outside = _closed_outside(grid, topology, feeding)
    start_bus = np.where(closed_outside, grid.lines.from_bus, feeding.feeding_bus)
    parent, segment = _feeding_segments(network, topology, feeding, start_bus)
    order = _order(network, topology, feeding, start_bus)
    is_reversed = _reversed_nodes(network, topology, feeding, parent)
    pis = segment_pis(network)
    units = transformer_pis(grid)
    fed, clock = _feeding_branches(
        topology, parent=parent, segment=segment, is_reversed=is_reversed, pis=(pis, units)
    )
    kind, row = _elements(network, topology)
    outside = _outside(network, topology, closed_outside, pis, units)
    merged, rows = split_off_parallel(
        outside, parent=parent, kind=kind, ratio=fed.ratio, clock=clock, busbar=busbar
    )
    chords = outside.rows(rows)
    arrays = _static_arrays(
        network, topology, feeding, parent=parent, order=order, kind=kind, row=row, fed=fed,
        chords=chords, shunt=_shunts(network, pis, units),
    )  # fmt: skip
    arrays, members = merge_parallel(arrays, merged, is_reversed, grid)
    closes_loop = closed_outside.copy()
    closes_loop[members.row[arrays.kind[members.node] == SwitchedKind.LINE]] = True
    return SupplyTree(
        arrays=arrays,
        order=order,
        segment=segment,
        is_reversed=is_reversed,
        feeding=feeding,
        closes_loop=closes_loop,
        members=members,
        chords=Chords(branches=chords, ratio=_chord_ratios(chords, parent, clock)),
        root=order[parent[order] < 0],
    )


def _closed_outside(grid: Grid, topology: Topology, feeding: LineFeeding) -> Flags:
    """Lines closed at both ends that are no branch of the tree."""
    closed = topology.line_from_closed & topology.line_to_closed & grid.lines.in_service
    supplied = topology.source[grid.lines.from_bus] >= 0
    closes: Flags = closed & supplied & (feeding.fed_bus < 0)
    return closes


def _order(
    network: Network, topology: Topology, feeding: LineFeeding, start_bus: Integers
) -> Integers:
    """Supplied nodes, every one after its parent."""
    joints = network.joints
    bus_count = len(network.grid.buses.bus_id)
    position = np.full(bus_count + len(joints), np.inf)
    position[topology.order] = np.arange(len(topology.order))
    start = start_bus[joints.line]
    is_reversed = feeding.is_reversed[joints.line]
    way = np.where(is_reversed, 1 - joints.position, joints.position)
    position[bus_count:] = np.where(start >= 0, position[start] + way, np.inf)
    order: Integers = np.argsort(position, kind="stable")
    return order[: np.count_nonzero(np.isfinite(position))]


def _reversed_nodes(
    network: Network, topology: Topology, feeding: LineFeeding, parent: Integers
) -> Flags:
    """Nodes whose branch feeds its own first end."""
    bus_count = len(network.grid.buses.bus_id)
    is_reversed = np.zeros(len(parent), np.bool_)
    by_line = np.flatnonzero(topology.parent_kind == SwitchedKind.LINE)
    is_reversed[by_line] = feeding.is_reversed[topology.parent_branch[by_line]]
    is_reversed[bus_count:] = feeding.is_reversed[network.joints.line]
    by_unit = np.flatnonzero(topology.parent_kind == SwitchedKind.TRANSFORMER)
    unit = topology.parent_branch[by_unit]
    is_reversed[by_unit] = network.grid.transformers.hv_bus[unit] == by_unit
    return is_reversed


def _feeding_segments(
    network: Network, topology: Topology, feeding: LineFeeding, start_bus: Integers
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
    parent[bus_count:] = np.where(is_first, start_bus[joint_line], neighbour)
    return parent, segment


def _elements(network: Network, topology: Topology) -> tuple[Codes, Integers]:
    """Kind and row of the element that feeds each node."""
    joint_line = network.joints.line
    line_kind = np.full(len(joint_line), SwitchedKind.LINE, np.uint8)
    return (
        np.concatenate([topology.parent_kind, line_kind]),
        np.concatenate([topology.parent_branch, joint_line]),
    )


def _feeding_branches(
    topology: Topology,
    *,
    parent: Integers,
    segment: Integers,
    is_reversed: Flags,
    pis: tuple[Pi, Pi],
) -> tuple[FedPi, Integers]:
    """Branch of every node seen from the node, and its phase shift in steps of 30 degrees."""
    count = len(parent)
    unit = np.flatnonzero(topology.parent_kind == SwitchedKind.TRANSFORMER)
    line = np.flatnonzero(segment >= 0)
    both = join((pis[0], pis[1], coupler_pis(1)))
    place = np.full(count, len(both.ratio) - 1)
    place[line] = segment[line]
    place[unit] = len(pis[0].ratio) + topology.parent_branch[unit]
    own = select(both, place)
    return orient(own, is_reversed), np.where(is_reversed, -own.clock, own.clock)


def _outside(
    network: Network, topology: Topology, closed_outside: Flags, pis: Pi, units: Pi
) -> Branches:
    """Closed branches between supplied nodes that are no branch of the tree."""
    grid, switches = network.grid, network.grid.switches
    supplied = topology.source >= 0
    is_line = network.line >= 0
    last = np.append(network.line[1:] != network.line[:-1], True)[: len(network.line)]
    line = np.flatnonzero(is_line & last & closed_outside[np.maximum(network.line, 0)])
    by_unit = topology.parent_kind == SwitchedKind.TRANSFORMER
    on_tree = np.isin(network.transformer, topology.parent_branch[by_unit])
    fed = supplied[grid.transformers.hv_bus[network.transformer]]
    unit = network.transformer[network.transformer_closed & fed & ~on_tree]
    by_switch = topology.parent_kind == SwitchedKind.BUS
    coupler = network.coupler[~np.isin(network.coupler, topology.parent_branch[by_switch])]
    coupler = coupler[supplied[switches.bus[coupler]]]
    kinds = (SwitchedKind.LINE, SwitchedKind.TRANSFORMER, SwitchedKind.BUS)
    counts = (len(line), len(unit), len(coupler))
    return Branches(
        first=np.concatenate(
            [network.from_node[line], grid.transformers.hv_bus[unit], switches.bus[coupler]]
        ),
        second=np.concatenate(
            [network.to_node[line], grid.transformers.lv_bus[unit], switches.element[coupler]]
        ),
        kind=np.repeat(np.array(kinds, np.uint8), counts),
        row=np.concatenate([network.line[line], unit, coupler]),
        pi=join((select(pis, line), select(units, unit), coupler_pis(len(coupler)))),
    )


def _shunts(network: Network, pis: Pi, units: Pi) -> Complexes:
    """Shunt admittance of every node: halves of closed branches, the whole of open-ended ones."""
    shunt = np.zeros(int(network.node.max(initial=-1)) + 1, np.complex128)
    both = network.from_closed & network.to_closed
    only_from, only_to = network.from_closed & ~both, network.to_closed & ~both
    open_end = open_end_shunts(pis)
    np.add.at(shunt, network.from_node[both], pis.half_first[both])
    np.add.at(shunt, network.to_node[both], pis.half_second[both])
    np.add.at(shunt, network.from_node[only_from], open_end[only_from])
    np.add.at(shunt, network.to_node[only_to], open_end[only_to])
    unit = network.transformer[network.transformer_closed]
    table = network.grid.transformers
    np.add.at(shunt, table.hv_bus[unit], units.half_first[unit])
    np.add.at(shunt, table.lv_bus[unit], units.half_second[unit])
    return shunt


def _chord_ratios(chords: Branches, parent: Integers, clock: Integers) -> Complexes:
    ends = zip(chords.first.tolist(), chords.second.tolist(), strict=True)
    between = [_shift(parent, clock, a) - _shift(parent, clock, b) for a, b in ends]
    return turned_ratio(chords, np.array(between, np.int64))


def _shift(parent: Integers, clock: Integers, node: int) -> int:
    """Phase shift between the root and a node in steps of 30 degrees."""
    shift = 0
    while parent[node] >= 0:
        shift += int(clock[node])
        node = int(parent[node])
    return shift


def _static_arrays(
    network: Network,
    topology: Topology,
    feeding: LineFeeding,
    *,
    parent: Integers,
    order: Integers,
    kind: Codes,
    row: Integers,
    fed: FedPi,
    chords: Branches,
    shunt: Complexes,
) -> TreeArrays:
    grid, joint_line = network.grid, network.joints.line
    is_supplied = np.zeros(len(parent), np.bool_)
    is_supplied[order] = True
    kin = np.where(feeding.fed_bus >= 0, feeding.fed_bus, feeding.feeding_bus)[joint_line]
    kin = np.where(kin >= 0, kin, grid.lines.from_bus[joint_line])
    like = np.concatenate([np.arange(len(topology.parent_bus)), kin])
    level = np.zeros(len(parent), np.uint8)
    limit_fed, limit_feeding = np.full(len(parent), np.inf), np.full(len(parent), np.inf)
    voltage_v = network.node_voltage_v
    line = np.flatnonzero((kind == SwitchedKind.LINE) & (parent >= 0))
    level[line] = line_levels(grid)[row[line]]
    limit_fed[line] = limit_feeding[line] = line_limits_kva(grid)[row[line]]
    unit = np.flatnonzero((kind == SwitchedKind.TRANSFORMER) & (parent >= 0))
    level[unit] = transformer_levels(grid)[row[unit]]
    high, low = transformer_limits_kva(grid)
    is_high = grid.transformers.hv_bus[row[unit]] == unit
    limit_fed[unit] = np.where(is_high, high[row[unit]], low[row[unit]])
    limit_feeding[unit] = np.where(is_high, low[row[unit]], high[row[unit]])
    meshed = _meshed(order, parent, chords)
    return TreeArrays(
        parent=parent,
        kind=kind,
        row=row,
        level=level,
        impedance=fed.impedance,
        ratio=fed.ratio,
        shunt=shunt,
        half_fed=fed.half_fed,
        half_feeding=fed.half_feeding,
        limit_fed_kva=limit_fed,
        limit_feeding_kva=limit_feeding,
        is_low=voltage_v < MEDIUM_VOLTAGE_V,
        area=np.where(like >= 0, joined_areas(grid, topology)[like], -1),
        needs_ac=hand_down(order, parent, meshed, meshed.astype(np.int64)) > 0,
        is_supplied=is_supplied,
        is_bus=np.arange(len(parent)) < len(grid.buses.bus_id),
    )


def _meshed(order: Integers, parent: Integers, chords: Branches) -> Flags:
    """Nodes that a loop passes through."""
    none = np.full(len(parent), -1)
    in_loop = mark_loops(order, parent, none, chords.first, chords.second)
    meshed = in_loop.copy()
    above = parent[in_loop]
    meshed[above[above >= 0]] = True
    return meshed
