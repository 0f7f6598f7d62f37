"""What a power flow solves: the whole grid or a part of it, with joints and new cables.

Nodes are numbered as buses of the grid first, then joints, then new buses; a part keeps these
numbers. Parameters are totals of a branch (parallel systems merged) in SI units.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gisplan.electrical.flow.segments import Joints, Segments, build_joints, build_segments
from gisplan.model.grid import Flags, Floats, Grid, Integers, SwitchedKind
from gisplan.network.snapshot import Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class Cables:
    """New cables, one row each, between nodes; ``capacitance_f`` is per phase."""

    from_node: Integers
    to_node: Integers
    resistance_ohm: Floats
    reactance_ohm: Floats
    capacitance_f: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One network to solve. ``line`` is -1 for new cables, which stand last among the branches."""

    grid: Grid
    node: Integers
    node_voltage_v: Floats
    joints: Joints
    line: Integers
    from_node: Integers
    to_node: Integers
    from_closed: Flags
    to_closed: Flags
    resistance_ohm: Floats
    reactance_ohm: Floats
    capacitance_f: Floats
    transformer: Integers
    transformer_closed: Flags
    coupler: Integers
    source: Integers

    @property
    def new_cable_count(self) -> int:
        """Number of branches that are no line of the grid."""
        return int(np.count_nonzero(self.line < 0))


def no_cables() -> Cables:
    """Cables without a row."""
    rows, values = np.empty(0, np.int64), np.empty(0)
    return Cables(
        from_node=rows,
        to_node=rows,
        resistance_ohm=values,
        reactance_ohm=values,
        capacitance_f=values,
    )


def no_joints() -> Joints:
    """Joints without a row."""
    return build_joints(np.empty(0, np.int64), np.empty(0))[0]


def build_network(
    grid: Grid,
    topology: Topology,
    *,
    keep: Flags | None = None,
    joints: Joints | None = None,
    new_node_voltage_v: Floats | None = None,
    cables: Cables | None = None,
    cut_joint: Integers | None = None,
) -> Network:
    """Collect what is to be solved.

    Parameters
    ----------
    keep
        Per bus: part of the network; all buses where none is given.
    new_node_voltage_v
        Nominal voltage of each new bus; their nodes follow those of the joints.
    cut_joint
        Rows of joints at which the line is cut open for a loop-in: the part before the cut ends in
        the joint's own node, the part behind it starts in a new node, in this order the first ones
        of the new buses.
    """
    joints = joints or no_joints()
    kept = np.ones(len(grid.buses.bus_id), np.bool_) if keep is None else keep
    lines = kept_lines(grid, topology, kept)
    from_closed = topology.line_from_closed & grid.lines.in_service
    to_closed = topology.line_to_closed & grid.lines.in_service
    segments = build_segments(grid, from_closed, to_closed, joints, lines)
    new_voltage = np.empty(0) if new_node_voltage_v is None else new_node_voltage_v
    nodes, voltages = _nodes(grid, kept, lines, joints, new_voltage)
    if cut_joint is not None:
        segments = _cut(segments, cut_joint, len(kept), len(joints))
    return _collect(
        grid,
        topology,
        kept=kept,
        joints=joints,
        segments=segments,
        nodes=nodes,
        voltages=voltages,
        cables=cables or no_cables(),
    )


def kept_lines(grid: Grid, topology: Topology, kept: Flags) -> Integers:
    """Rows of the lines inside a part, and of those that leave it with an open end.

    A line that ends open is charged, and reservations may hang on it.
    """
    lines = grid.lines
    at_from, at_to = kept[lines.from_bus], kept[lines.to_bus]
    ends_open = topology.line_from_closed ^ topology.line_to_closed
    near = np.where(topology.line_from_closed, at_from, at_to)
    return np.flatnonzero((at_from & at_to) | (ends_open & near))


def _nodes(
    grid: Grid, kept: Flags, lines: Integers, joints: Joints, new_voltage_v: Floats
) -> tuple[Integers, Floats]:
    present = kept.copy()
    present[grid.lines.from_bus[lines]] = present[grid.lines.to_bus[lines]] = True
    bus = np.flatnonzero(present)
    added = len(kept) + np.arange(len(joints) + len(new_voltage_v))
    voltage = grid.buses.nominal_voltage_v
    return (
        np.concatenate([bus, added]),
        np.concatenate([voltage[bus], voltage[grid.lines.from_bus[joints.line]], new_voltage_v]),
    )


def _cut(segments: Segments, cut_joint: Integers, bus_count: int, joint_count: int) -> Segments:
    from_node = segments.from_node.copy()
    for number, joint in enumerate(cut_joint):
        behind = from_node == bus_count + joint
        from_node[behind] = bus_count + joint_count + number
    return Segments(
        line=segments.line,
        from_node=from_node,
        to_node=segments.to_node,
        from_closed=segments.from_closed,
        to_closed=segments.to_closed,
        share=segments.share,
    )


def _collect(
    grid: Grid,
    topology: Topology,
    *,
    kept: Flags,
    joints: Joints,
    segments: Segments,
    nodes: Integers,
    voltages: Floats,
    cables: Cables,
) -> Network:
    lines, transformers, switches = grid.lines, grid.transformers, grid.switches
    row, count = segments.line, len(cables.from_node)
    length_km = lines.length_m[row] * segments.share / 1000
    systems = lines.parallel_count[row]
    # an unknown capacitance is left out: its charging current is far below the rated current
    capacitance = np.nan_to_num(lines.capacitance_nf_per_km[row], nan=0.0)
    closed = np.ones(count, np.bool_)
    transformer = np.flatnonzero(kept[transformers.hv_bus] & kept[transformers.lv_bus])
    is_coupler = (switches.element_kind == SwitchedKind.BUS) & switches.closed
    coupler = np.flatnonzero(is_coupler)
    inside = kept[switches.bus[coupler]] & kept[switches.element[coupler]]
    return Network(
        grid=grid,
        node=nodes,
        node_voltage_v=voltages,
        joints=joints,
        line=np.concatenate([row, np.full(count, -1)]),
        from_node=np.concatenate([segments.from_node, cables.from_node]),
        to_node=np.concatenate([segments.to_node, cables.to_node]),
        from_closed=np.concatenate([segments.from_closed, closed]),
        to_closed=np.concatenate([segments.to_closed, closed]),
        resistance_ohm=np.concatenate(
            [lines.resistance_ohm_per_km[row] * length_km / systems, cables.resistance_ohm]
        ),
        reactance_ohm=np.concatenate(
            [lines.reactance_ohm_per_km[row] * length_km / systems, cables.reactance_ohm]
        ),
        capacitance_f=np.concatenate(
            [capacitance * 1e-9 * length_km * systems, cables.capacitance_f]
        ),
        transformer=transformer,
        transformer_closed=topology.transformer_closed[transformer]
        & transformers.in_service[transformer],
        coupler=coupler[inside],
        source=np.flatnonzero((grid.sources.bus >= 0) & kept[grid.sources.bus]),
    )
