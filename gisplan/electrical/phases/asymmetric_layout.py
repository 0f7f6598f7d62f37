"""The low-voltage network of a single-phase proposal: joints, new cable, zero sequence."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gisplan.electrical.base.base_state import BaseState
from gisplan.electrical.demand import join_demands
from gisplan.electrical.flow.network_input import (
    Cables,
    Network,
    build_network,
    kept_lines,
    no_cables,
)
from gisplan.electrical.flow.segments import Joints, build_joints, joint_positions
from gisplan.electrical.phases.asymmetric_flow import ZeroSequence
from gisplan.electrical.phases.low_voltage_part import LowVoltagePart
from gisplan.electrical.proof.proposal import Proposal
from gisplan.model.grid import Flags, Floats, Grid, Integers
from gisplan.network.snapshot import Snapshot
from gisplan.rules.catalogue import Catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The low-voltage network with joints and new cable, and which zero sequence was assumed.

    ``joint_row`` is the row in ``network.joints`` of every joint of the base state, -1 outside;
    ``extra_node`` the node of every other injection of the proposal, likewise.
    """

    network: Network
    zero: ZeroSequence
    joint_row: Integers
    access_node: int
    customer_node: int
    extra_node: Integers
    assumed_lines: Integers
    line_count: int

    def reserved_nodes(self, base: BaseState) -> Integers:
        """Node of every reservation of the base state; -1 for joints outside."""
        count = len(self.network.grid.buses.bus_id)
        node = base.reserved_node.copy()
        at_joint = np.flatnonzero(node >= count)
        joint = self.joint_row[node[at_joint] - count]
        node[at_joint] = np.where(joint >= 0, count + joint, -1)
        return node


@dataclass(frozen=True, slots=True, kw_only=True)
class _Points:
    """Joints of earlier promises and of the proposal, and the nodes that they make."""

    joints: Joints
    joint_row: Integers
    access_node: int
    extra_node: Integers


def build_layout(
    snapshot: Snapshot,
    base: BaseState,
    catalogue: Catalogue,
    proposal: Proposal,
    *,
    part: LowVoltagePart,
) -> Layout:
    """Collect the network twice: the zero sequence takes the place of the positive one."""
    grid, topology = snapshot.grid, snapshot.topology
    kept = part.bus.copy()
    kept[part.primary] = True
    lines = kept_lines(grid, topology, kept)
    lines = lines[part.bus[grid.lines.from_bus[lines]] | part.bus[grid.lines.to_bus[lines]]]
    points = _points(grid, base, proposal, part, lines)
    customer = points.access_node
    if proposal.cable is not None:
        customer = len(part.bus) + len(points.joints)
    ratios = (
        catalogue.value("single_phase.r0_r1_ratio"),
        catalogue.value("single_phase.x0_x1_ratio"),
    )

    def network(of: Grid, ratio_r: float, ratio_x: float) -> Network:
        return build_network(
            of,
            topology,
            keep=kept,
            joints=points.joints,
            new_node_voltage_v=_new_voltage_v(grid, proposal),
            cables=_cable(proposal, points.access_node, customer, ratio_r, ratio_x),
        )

    zero_grid, unknown = _zero_sequence(grid, *ratios)
    return Layout(
        network=network(grid, 1.0, 1.0),
        zero=_branches(network(zero_grid, *ratios)),
        joint_row=points.joint_row,
        access_node=points.access_node,
        customer_node=customer,
        extra_node=points.extra_node,
        assumed_lines=lines[unknown[lines]],
        line_count=len(lines),
    )


def _new_voltage_v(grid: Grid, proposal: Proposal) -> Floats:
    """Nominal voltage of the customer's new bus; empty where there is none."""
    at = proposal.bus if proposal.bus >= 0 else int(grid.lines.from_bus[proposal.line])
    return grid.buses.nominal_voltage_v[[at] if proposal.cable else []]


def _branches(zero: Network) -> ZeroSequence:
    return ZeroSequence(
        resistance_ohm=zero.resistance_ohm,
        reactance_ohm=zero.reactance_ohm,
        capacitance_f=zero.capacitance_f,
    )


def _points(
    grid: Grid, base: BaseState, proposal: Proposal, part: LowVoltagePart, lines: Integers
) -> _Points:
    """Place the access point first, then the other injections; -1 where they lie elsewhere."""
    count = len(part.bus)
    extra = join_demands(proposal.extra_injections)
    line = np.append(proposal.line, extra.line)
    offset_m = np.append(proposal.offset_m, extra.offset_m)
    node = np.append(proposal.bus, extra.bus)
    on_line = np.flatnonzero((node < 0) & np.isin(line, lines))
    inside = np.flatnonzero(np.isin(base.joints.line, lines))
    joints, row = build_joints(
        np.append(base.joints.line[inside], line[on_line]),
        np.append(base.joints.position[inside], _positions(grid, line, offset_m, on_line)),
    )
    joint_row = np.full(len(base.joints), -1, np.int64)
    joint_row[inside] = row[: len(inside)]
    at_bus = node >= 0
    node[at_bus] = np.where(part.bus[node[at_bus]], node[at_bus], -1)
    node[on_line] = count + row[len(inside) :]
    return _Points(
        joints=joints, joint_row=joint_row, access_node=int(node[0]), extra_node=node[1:]
    )


def _positions(grid: Grid, line: Integers, offset_m: Floats, on_line: Integers) -> Floats:
    if not len(on_line):
        return np.empty(0)
    return joint_positions(grid, line[on_line], offset_m[on_line])


def _zero_sequence(grid: Grid, ratio_r: float, ratio_x: float) -> tuple[Grid, Flags]:
    """The grid with its zero sequence, by ratio where it is unknown, and where that is."""
    lines = grid.lines
    r, x = lines.zero_resistance_ohm_per_km, lines.zero_reactance_ohm_per_km
    c = lines.zero_capacitance_nf_per_km
    zero = replace(
        lines,
        resistance_ohm_per_km=np.where(np.isfinite(r), r, ratio_r * lines.resistance_ohm_per_km),
        reactance_ohm_per_km=np.where(np.isfinite(x), x, ratio_x * lines.reactance_ohm_per_km),
        capacitance_nf_per_km=np.where(np.isfinite(c), c, lines.capacitance_nf_per_km),
    )
    unknown: Flags = ~(np.isfinite(r) & np.isfinite(x))
    return replace(grid, lines=zero), unknown


def _cable(
    proposal: Proposal, access: int, customer: int, ratio_r: float, ratio_x: float
) -> Cables:
    cable = proposal.cable
    if cable is None:
        return no_cables()
    return Cables(
        from_node=np.array([access]),
        to_node=np.array([customer]),
        resistance_ohm=np.array([cable.resistance_ohm * ratio_r]),
        reactance_ohm=np.array([cable.reactance_ohm * ratio_x]),
        capacitance_f=np.array([cable.capacitance_f]),
    )
