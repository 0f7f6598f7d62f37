"""The modified network of a group of proposals, and the scenarios that prove them.

Proposals that only add a cable share one network: each cable and joint is always there, but draws
power in its own scenarios only (the charging of the cable included, as a shunt at either end), so
that one batch solves them all. A loop-in changes the network and has one of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gisplan.electrical.base.base_state import BaseState, with_joints
from gisplan.electrical.demand import (
    LEVELS,
    LOAD_CASES,
    MAIN,
    STATES,
    LoadCase,
    join_demands,
)
from gisplan.electrical.flow.branch_model import Complexes
from gisplan.electrical.flow.draws import Draw, join_draws
from gisplan.electrical.flow.network_input import Cables, Network, build_network, kept_lines
from gisplan.electrical.flow.parts import touched_buses
from gisplan.electrical.flow.power_flow import FREQUENCY_HZ, PowerFlowModel, PowerFlowResult
from gisplan.electrical.flow.segments import Joints, build_joints, joint_positions
from gisplan.electrical.proof.proposal import NewCable, Proposal
from gisplan.model.grid import Flags, Floats, Grid, Integers
from gisplan.network.snapshot import Snapshot, Topology

LEVEL_OF_STATE = (MAIN, *range(len(LEVELS)))
"""Level in which everything but the new demand stands in each state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Proposals that share a network, solved; scenarios run over proposals, cases, states.

    ``access_node`` and ``customer_node`` are per proposal; ``cables`` are the branches of each
    proposal's own cable among the network's; ``replaced`` are the transformers whose low-voltage
    network stands as a constant power.
    """

    proposals: tuple[Proposal, ...]
    cases: tuple[LoadCase, ...]
    network: Network
    kept: Flags
    access_node: Integers
    customer_node: Integers
    cables: tuple[Integers, ...]
    replaced: Integers
    is_whole: bool
    result: PowerFlowResult

    def scenarios(self, proposal: int, case: int) -> slice:
        """Rows of the result that hold the states of one proposal in one load case."""
        first = (proposal * len(self.cases) + case) * len(STATES)
        return slice(first, first + len(STATES))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Nodes and cables of a group."""

    joints: Joints
    joint_row: Integers
    access_node: Integers
    customer_node: Integers
    extra_node: Integers
    first_new_node: int
    new_node_voltage_v: Floats
    cables: Cables
    cables_of: tuple[Integers, ...]
    cut_joint: Integers | None


def solve_group(
    snapshot: Snapshot,
    bases: Mapping[LoadCase, BaseState],
    proposals: Sequence[Proposal],
    *,
    is_whole: bool,
) -> Group:
    """Build the network of some proposals and solve all their scenarios.

    ``proposals`` is any number without loop-in, or a single loop-in.
    """
    grid, topology = snapshot.grid, snapshot.topology
    cases = tuple(case for case in LOAD_CASES if case in bases)
    base = with_joints(bases)
    kept = np.ones(len(grid.buses.bus_id), np.bool_)
    if not is_whole:
        kept = touched_buses(topology, base.parts, _touched(grid, proposals))
    layout = _layout(grid, topology, base.joints, kept, proposals)
    network = build_network(
        grid,
        topology,
        keep=kept,
        joints=layout.joints,
        new_node_voltage_v=layout.new_node_voltage_v,
        cables=layout.cables,
        cut_joint=layout.cut_joint,
    )
    units = grid.transformers
    replaced = np.flatnonzero(kept[units.hv_bus] & ~kept[units.lv_bus])
    draws = join_draws(
        [
            *_base_draws(snapshot.grid, bases, kept, replaced, layout, repeat=len(proposals)),
            *_own_draws(proposals, cases, layout),
        ]
    )
    model = PowerFlowModel.build(network, draws.node, is_shunt=draws.is_shunt)
    result = model.solve(
        draws.p_kw,
        draws.q_kvar,
        tap_position=_tap_positions(network, proposals, len(cases)),
        source_shift_pu=_source_shifts(bases, cases, len(proposals)),
    )
    branch = len(network.line) - network.new_cable_count
    return Group(
        proposals=tuple(proposals),
        cases=cases,
        network=network,
        kept=kept,
        access_node=layout.access_node,
        customer_node=layout.customer_node,
        cables=tuple(branch + rows for rows in layout.cables_of),
        replaced=replaced,
        is_whole=is_whole,
        result=result,
    )


def _source_shifts(
    bases: Mapping[LoadCase, BaseState], cases: tuple[LoadCase, ...], repeat: int
) -> Floats:
    """What the sources stand away from their set voltage in every scenario."""
    shift = np.array([bases[case].source_shift_pu for case in cases])
    return np.tile(np.repeat(shift, len(STATES)), repeat)


def _touched(grid: Grid, proposals: Sequence[Proposal]) -> Integers:
    """Buses at which the proposals change something."""
    touched: list[int] = []
    for proposal in proposals:
        on_line = proposal.bus < 0
        touched += list(_ends(grid, proposal.line)) if on_line else [proposal.bus]
        touched += [int(grid.transformers.lv_bus[row]) for row, _ in proposal.tap_positions]
        for extra in proposal.extra_injections:
            touched += extra.bus[extra.bus >= 0].tolist()
            for line in extra.line[extra.bus < 0]:
                touched += list(_ends(grid, int(line)))
    return np.array(touched, np.int64)


def _ends(grid: Grid, line: int) -> tuple[int, int]:
    return int(grid.lines.from_bus[line]), int(grid.lines.to_bus[line])


def _layout(
    grid: Grid, topology: Topology, base: Joints, kept: Flags, proposals: Sequence[Proposal]
) -> _Layout:
    inside = np.flatnonzero(np.isin(base.line, kept_lines(grid, topology, kept)))
    tapping = [n for n, proposal in enumerate(proposals) if proposal.bus < 0]
    line = np.array([proposals[n].line for n in tapping], np.int64)
    offset_m = np.array([proposals[n].offset_m for n in tapping])
    extra = join_demands([extra for p in proposals for extra in p.extra_injections])
    extra_on_line = np.flatnonzero(extra.bus < 0)
    new_line = np.concatenate([line, extra.line[extra_on_line]])
    new_offset_m = np.concatenate([offset_m, extra.offset_m[extra_on_line]])
    joints, row = build_joints(
        np.concatenate([base.line[inside], new_line]),
        np.concatenate([base.position[inside], joint_positions(grid, new_line, new_offset_m)]),
    )
    bus_count = len(grid.buses.bus_id)
    joint_row = np.full(len(base), -1, np.int64)
    joint_row[inside] = row[: len(inside)]
    access = np.array([proposal.bus for proposal in proposals], np.int64)
    access[tapping] = bus_count + row[len(inside) : len(inside) + len(tapping)]
    extra_node = extra.bus.copy()
    extra_node[extra_on_line] = bus_count + row[len(inside) + len(tapping) :]
    return _new_cables(
        grid, proposals, joints, joint_row=joint_row, access=access, extra_node=extra_node
    )


def _new_cables(
    grid: Grid,
    proposals: Sequence[Proposal],
    joints: Joints,
    *,
    joint_row: Integers,
    access: Integers,
    extra_node: Integers,
) -> _Layout:
    """Give every proposal with a cable a new bus, a loop-in also the open end of the cut line."""
    first = len(grid.buses.bus_id) + len(joints)
    voltage: list[float] = []
    rows: list[tuple[int, int, NewCable, float]] = []
    cables_of: list[Integers] = []
    customer = access.copy()
    cut_joint: Integers | None = None
    for n, proposal in enumerate(proposals):
        if proposal.cable is None:
            cables_of.append(np.empty(0, np.int64))
            continue
        bus = proposal.bus if proposal.bus >= 0 else grid.lines.from_bus[proposal.line]
        nominal_v = float(grid.buses.nominal_voltage_v[bus])
        before = len(rows)
        if proposal.is_loop_in:
            cut_joint = np.array([access[n] - len(grid.buses.bus_id)])
            open_end = first + len(voltage)
            voltage.append(nominal_v)
            rows.append((open_end, first + len(voltage), proposal.cable, 1.0))
        customer[n] = first + len(voltage)
        voltage.append(nominal_v)
        charged = 1.0 if proposal.is_loop_in else 0.0
        rows.append((int(access[n]), int(customer[n]), proposal.cable, charged))
        cables_of.append(np.arange(before, len(rows)))
    return _Layout(
        joints=joints,
        joint_row=joint_row,
        access_node=access,
        customer_node=customer,
        extra_node=extra_node,
        first_new_node=first,
        new_node_voltage_v=np.array(voltage),
        cables=Cables(
            from_node=np.array([row[0] for row in rows], np.int64),
            to_node=np.array([row[1] for row in rows], np.int64),
            resistance_ohm=np.array([row[2].resistance_ohm for row in rows]),
            reactance_ohm=np.array([row[2].reactance_ohm for row in rows]),
            capacitance_f=np.array([row[2].capacitance_f * row[3] for row in rows]),
        ),
        cables_of=tuple(cables_of),
        cut_joint=cut_joint,
    )


def _base_draws(
    grid: Grid,
    bases: Mapping[LoadCase, BaseState],
    kept: Flags,
    replaced: Integers,
    layout: _Layout,
    *,
    repeat: int,
) -> list[Draw]:
    """Existing load, reservations and replaced low-voltage networks, equal for all proposals."""
    cases = tuple(case for case in LOAD_CASES if case in bases)
    states, levels = len(STATES), list(LEVEL_OF_STATE)
    drawn = np.zeros(len(kept), np.bool_)
    for case in cases:
        drawn |= (bases[case].bus_p_kw != 0) | (bases[case].bus_q_kvar != 0)
    bus = np.flatnonzero(drawn & kept)

    def every(blocks: list[Floats]) -> Floats:
        """Blocks per case of shape (states, nodes), repeated for each proposal."""
        return np.tile(np.concatenate(blocks), (repeat, 1))

    def existing(power: Floats) -> Floats:
        return np.tile(power[bus], (states, 1))

    primary = grid.transformers.hv_bus[replaced]
    constant, square = zip(
        *(_replacement(bases[case], replaced, primary, levels) for case in cases), strict=True
    )
    draws = [
        Draw(
            node=bus,
            p_kw=every([existing(bases[case].bus_p_kw) for case in cases]),
            q_kvar=every([existing(bases[case].bus_q_kvar) for case in cases]),
        ),
        Draw(
            node=primary,
            p_kw=every([power.real for power in constant]),
            q_kvar=every([power.imag for power in constant]),
        ),
        Draw(
            node=primary,
            p_kw=every([power.real for power in square]),
            q_kvar=every([power.imag for power in square]),
            is_shunt=True,
        ),
    ]
    columns = [level + 1 for level in levels]
    for own in cases:
        node, inside = _reserved_nodes(grid, bases[own], kept, layout)
        reserved = bases[own].reservations
        draws.append(
            Draw(
                node=node[inside],
                p_kw=every([reserved.p_kw[inside][:, columns].T * (c is own) for c in cases]),
                q_kvar=every([reserved.q_kvar[inside][:, columns].T * (c is own) for c in cases]),
            )
        )
    return draws


def _replacement(
    base: BaseState, replaced: Integers, primary: Integers, levels: list[int]
) -> tuple[Complexes, Complexes]:
    """Split the power of replaced networks into a constant and a part with the squared voltage.

    Both together have the power and the slope of the network in the base state.
    """
    power = base.transformer_p_kw[:, replaced] + 1j * base.transformer_q_kvar[:, replaced]
    voltage = base.voltage_pu[:, primary]
    square = base.transformer_slope_kva[:, replaced] / (2 * voltage)
    return (power - square * voltage**2)[levels], square[levels]


def _reserved_nodes(
    grid: Grid, base: BaseState, kept: Flags, layout: _Layout
) -> tuple[Integers, Integers]:
    """Node of every reservation in the new network, and the rows that lie inside it."""
    bus_count = len(grid.buses.bus_id)
    node = base.reserved_node.copy()
    at_joint = node >= bus_count
    row = np.where(at_joint, node - bus_count, 0)
    joint = np.append(layout.joint_row, -1)[row]
    node[at_joint] = bus_count + joint[at_joint]
    inside = np.where(at_joint, joint >= 0, kept[np.where(at_joint, 0, node)])
    return node, np.flatnonzero(inside)


def _own_draws(
    proposals: Sequence[Proposal], cases: tuple[LoadCase, ...], layout: _Layout
) -> list[Draw]:
    """New demands, extra injections and charging of new cables, each in its own scenarios."""
    states, per_proposal = len(STATES), len(cases) * len(STATES)
    scenarios = len(proposals) * per_proposal
    case_row = [LOAD_CASES.index(case) for case in cases]
    draws: list[Draw] = []
    used = 0
    for n, proposal in enumerate(proposals):
        own = slice(n * per_proposal, (n + 1) * per_proposal)
        p, q = np.zeros((scenarios, 1)), np.zeros((scenarios, 1))
        p[own, 0] = proposal.p_kw[case_row].ravel()
        q[own, 0] = proposal.q_kvar[case_row].ravel()
        draws.append(Draw(node=layout.customer_node[n : n + 1], p_kw=p, q_kvar=q))
        if proposal.cable is not None and not proposal.is_loop_in:
            draws.append(_charging(proposal.cable, layout, n, own, scenarios))
        for row, extra in enumerate(proposal.extra_injections):
            nodes = layout.extra_node[used : used + len(extra)]
            used += len(extra)
            p, q = np.zeros((scenarios, len(extra))), np.zeros((scenarios, len(extra)))
            if LOAD_CASES[row] in cases:
                start = own.start + cases.index(LOAD_CASES[row]) * states
                p[start : start + states] = extra.p_kw.T
                q[start : start + states] = extra.q_kvar.T
            draws.append(Draw(node=nodes, p_kw=p, q_kvar=q))
    return draws


def _charging(cable: NewCable, layout: _Layout, proposal: int, own: slice, scenarios: int) -> Draw:
    node = np.array([layout.access_node[proposal], layout.customer_node[proposal]])
    voltage_v = layout.new_node_voltage_v[layout.customer_node[proposal] - layout.first_new_node]
    q = np.zeros((scenarios, 2))
    q[own] = -2 * np.pi * FREQUENCY_HZ * cable.capacitance_f / 2 * voltage_v**2 / 1e3
    return Draw(node=node, p_kw=np.zeros((scenarios, 2)), q_kvar=q, is_shunt=True)


def _tap_positions(
    network: Network, proposals: Sequence[Proposal], case_count: int
) -> Integers | None:
    if not any(proposal.tap_positions for proposal in proposals):
        return None
    recorded = network.grid.transformers.tap_position[network.transformer]
    rows = np.tile(recorded, (len(proposals), 1))
    for n, proposal in enumerate(proposals):
        for transformer, position in proposal.tap_positions:
            rows[n, network.transformer == transformer] = position
    return np.repeat(rows, case_count * len(STATES), axis=0)
