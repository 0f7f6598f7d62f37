"""The medium-voltage network of backfeed states, without and with a new connection.

Low-voltage networks with one transformer end at its low-voltage board. Their demands stand there
with the losses of their lines in the base state, which follow the board's voltage V by its inverse
square, taken as 2 - (V/V0)^2: equal in value and slope. On a 20/0.4 kV grid of 3,235 buses backfeed
states lay within 5e-5 p.u. of the whole grid's down to 0.9 p.u., within 2e-4 down to 0.85.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gisplan.electrical.base.base_state import BaseState
from gisplan.electrical.demand import (
    FEEDER,
    LEVELS,
    LOAD_CASES,
    STATES,
    SUBSTATION,
    Demands,
    LoadCase,
    join_demands,
)
from gisplan.electrical.flow.branch_model import select, transformer_pis
from gisplan.electrical.flow.draws import Draw, join_draws
from gisplan.electrical.flow.network_input import (
    Cables,
    Network,
    build_network,
    kept_lines,
    no_cables,
)
from gisplan.electrical.flow.power_flow import PowerFlowModel
from gisplan.electrical.flow.segments import Joints, build_joints, joint_positions
from gisplan.electrical.proof.proposal import NewCable, Proposal
from gisplan.model.grid import Flags, Floats, Grid, Integers, SwitchedKind
from gisplan.network.snapshot import Snapshot

NONE = -1
JUDGED_LEVELS = (FEEDER, SUBSTATION)
"""Lines and voltages are judged in the first one, main transformers in the second."""
JUDGED_STATES = tuple(STATES.index(LEVELS[level]) for level in JUDGED_LEVELS)


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchedNetwork:
    """A network held by the solver with its demands, shape (cases, levels, demands).

    Couplers of the network are all bus-bus switches inside; ``coupler_closed`` says which are
    closed normally. ``anchor_node`` is the customer's node, -1 without a new connection.
    ``behind`` is the bus of the network that feeds each bus of the grid (-1: none), ``supplied``
    says which ones have supply normally. ``source_shift_pu`` is per case what the sources stand
    away from their set voltage.
    """

    network: Network
    model: PowerFlowModel
    cases: tuple[LoadCase, ...]
    coupler_closed: Flags
    p_kw: Floats
    q_kvar: Floats
    source_shift_pu: Floats
    anchor_node: int
    behind: Integers
    supplied: Flags
    cable: NewCable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Places:
    """Joints, the node of every demand (-1: none) and that of the access point."""

    joints: Joints
    node: Integers
    access_node: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Works:
    """What a proposal adds: new nodes, cables, a cut, and where the customer is."""

    anchor_node: int
    node_voltage_v: Floats
    cables: Cables
    cut_joint: Integers | None


def build_switched_network(
    snapshot: Snapshot, bases: Mapping[LoadCase, BaseState], proposal: Proposal | None
) -> SwitchedNetwork:
    """Place existing load, reservations and a proposal, if any, on the medium-voltage network."""
    cases = tuple(case for case in LOAD_CASES if case in bases)
    base = bases[cases[0]]
    behind = _behind(snapshot, base)
    kept = behind == np.arange(len(behind))
    tables = [*(bases[case].reservations for case in cases), *_extras(proposal, cases)]
    places = _place(snapshot, join_demands(tables), proposal, behind=behind)
    # reservations in low voltage are part of what their board draws
    held = np.arange(len(places.node)) < sum(map(len, tables[: len(cases)]))
    at_board = np.isin(places.node, snapshot.grid.transformers.lv_bus[_boards(base)])
    node = np.where(held & at_board, NONE, places.node)
    works = _works(snapshot.grid, places, proposal)
    network, coupler_closed = _lay(snapshot, places, works, proposal, kept=kept)
    # of shape (cases, levels, nodes)
    draws = join_draws(
        [
            *_base_draws(snapshot.grid, bases, cases, kept),
            *_demand_draws(tables, node, len(cases)),
            *_own_draw(proposal, works.anchor_node, cases),
        ]
    )
    inside = draws.node >= 0
    return SwitchedNetwork(
        network=network,
        model=PowerFlowModel.build(network, draws.node[inside], is_shunt=draws.is_shunt[inside]),
        cases=cases,
        coupler_closed=coupler_closed,
        p_kw=draws.p_kw[:, :, inside],
        q_kvar=draws.q_kvar[:, :, inside],
        source_shift_pu=np.array([bases[case].source_shift_pu for case in cases]),
        anchor_node=works.anchor_node,
        behind=behind,
        supplied=snapshot.topology.source >= 0,
        cable=None if proposal is None else proposal.cable,
    )


def _lay(
    snapshot: Snapshot, places: _Places, works: _Works, proposal: Proposal | None, *, kept: Flags
) -> tuple[Network, Flags]:
    """Build the network with its new cables; the flags tell which couplers are closed normally."""
    network = build_network(
        snapshot.grid,
        snapshot.topology,
        keep=kept,
        joints=places.joints,
        new_node_voltage_v=works.node_voltage_v,
        cables=works.cables,
        cut_joint=works.cut_joint,
    )
    return _with_open_couplers(_with_taps(network, proposal), kept)


def _boards(base: BaseState) -> Integers:
    """Transformers that supply a low-voltage network alone."""
    feeding = base.parts.feeding[np.maximum(base.parts.low_voltage, 0)]
    return np.unique(feeding[(base.parts.low_voltage >= 0) & (feeding >= 0)])


def _behind(snapshot: Snapshot, base: BaseState) -> Integers:
    """The bus of the network that stands for each bus: itself, its board, or -1 where dark.

    Low voltage that several transformers supply stands for itself.
    """
    grid, network = snapshot.grid, base.parts.low_voltage
    feeding = base.parts.feeding[np.maximum(network, 0)]
    board = np.append(grid.transformers.lv_bus, NONE)[feeding]
    several = np.where(snapshot.topology.source >= 0, np.arange(len(network)), NONE)
    low = np.where(feeding >= 0, board, several)
    behind: Integers = np.where(network < 0, np.arange(len(network)), low)
    return behind


def _extras(proposal: Proposal | None, cases: tuple[LoadCase, ...]) -> list[Demands]:
    if proposal is None or not proposal.extra_injections:
        return []
    return [proposal.extra_injections[LOAD_CASES.index(case)] for case in cases]


def _place(
    snapshot: Snapshot, points: Demands, proposal: Proposal | None, *, behind: Integers
) -> _Places:
    """Find the node of every demand; one in low voltage stands at its board."""
    grid, first = snapshot.grid, len(behind)
    lines = np.zeros(len(grid.lines.line_id) + 1, np.bool_)
    lines[kept_lines(grid, snapshot.topology, behind == np.arange(first))] = True
    on_line = points.bus < 0
    joined = on_line & lines[points.line]
    line, offset_m = points.line[joined], points.offset_m[joined]
    if proposal is not None and proposal.bus < 0:
        line, offset_m = np.append(line, proposal.line), np.append(offset_m, proposal.offset_m)
    joints, row = build_joints(line, joint_positions(grid, line, offset_m))
    near = np.where(on_line, np.append(grid.lines.from_bus, 0)[points.line], points.bus)
    node = behind[near]
    node[joined] = first + row[: np.count_nonzero(joined)]
    access = NONE
    if proposal is not None:
        access = proposal.bus if proposal.bus >= 0 else first + int(row[-1])
    return _Places(joints=joints, node=node, access_node=access)


def _works(grid: Grid, places: _Places, proposal: Proposal | None) -> _Works:
    """Lay the new cable; for a loop-in one from either end of the cut line."""
    access, bus_count = places.access_node, len(grid.buses.bus_id)
    if proposal is None or proposal.cable is None:
        return _Works(
            anchor_node=access, node_voltage_v=np.empty(0), cables=no_cables(), cut_joint=None
        )
    at = proposal.bus if proposal.bus >= 0 else int(grid.lines.from_bus[proposal.line])
    legs = 2 if proposal.is_loop_in else 1
    new = bus_count + len(places.joints) + np.arange(legs)
    cable = proposal.cable
    return _Works(
        anchor_node=int(new[-1]),
        node_voltage_v=np.full(legs, grid.buses.nominal_voltage_v[at]),
        cables=Cables(
            from_node=np.array([access, *new[:-1]], np.int64),
            to_node=np.full(legs, new[-1]),
            resistance_ohm=np.full(legs, cable.resistance_ohm),
            reactance_ohm=np.full(legs, cable.reactance_ohm),
            capacitance_f=np.full(legs, cable.capacitance_f),
        ),
        cut_joint=np.array([access - bus_count]) if proposal.is_loop_in else None,
    )


def _with_taps(network: Network, proposal: Proposal | None) -> Network:
    if proposal is None or not proposal.tap_positions:
        return network
    table = network.grid.transformers
    position = table.tap_position.copy()
    for row, tap in proposal.tap_positions:
        position[row] = tap
    return replace(
        network, grid=replace(network.grid, transformers=replace(table, tap_position=position))
    )


def _with_open_couplers(network: Network, kept: Flags) -> tuple[Network, Flags]:
    """Let the solver hold the open bus-bus switches too; which ones are closed is said apart."""
    switches = network.grid.switches
    is_open = (switches.element_kind == SwitchedKind.BUS) & ~switches.closed
    row = np.flatnonzero(is_open & (switches.element >= 0))
    row = row[kept[switches.bus[row]] & kept[switches.element[row]]]
    closed = np.repeat([True, False], [len(network.coupler), len(row)])
    return replace(network, coupler=np.concatenate([network.coupler, row])), closed


def _base_draws(
    grid: Grid, bases: Mapping[LoadCase, BaseState], cases: tuple[LoadCase, ...], kept: Flags
) -> list[Draw]:
    """Existing load at what is kept, and at boards what stands behind them in the base state."""
    states = [bases[case] for case in cases]
    units = _boards(states[0])
    drawn = np.zeros(len(kept), np.bool_)
    for state in states:
        drawn |= (state.bus_p_kw != 0) | (state.bus_q_kvar != 0)
    drawn[grid.transformers.lv_bus[units]] = False
    bus = np.flatnonzero(drawn & kept)

    def existing(powers: Sequence[Floats]) -> Floats:
        return np.stack([np.tile(power[bus], (len(JUDGED_LEVELS), 1)) for power in powers])

    return [
        Draw(
            node=bus,
            p_kw=existing([state.bus_p_kw for state in states]),
            q_kvar=existing([state.bus_q_kvar for state in states]),
        ),
        *_board_draws(grid, states, units),
    ]


def _board_draws(grid: Grid, states: Sequence[BaseState], units: Integers) -> list[Draw]:
    """Demands behind boards with losses that grow as the voltage of the board falls."""
    board = grid.transformers.lv_bus[units]
    network, levels = states[0].parts.low_voltage, list(JUDGED_LEVELS)
    leaving = np.stack([_board_power(grid, state, units) for state in states])
    demand = np.stack([_demand_behind(grid, state, network)[:, network[board]] for state in states])
    lost = leaving - demand
    voltage = np.stack([state.voltage_pu[levels][:, board] for state in states])
    falling = -lost / np.nan_to_num(voltage, nan=1.0) ** 2
    constant = leaving + lost
    return [
        Draw(node=board, p_kw=constant.real, q_kvar=constant.imag),
        Draw(node=board, p_kw=falling.real, q_kvar=falling.imag, is_shunt=True),
    ]


def _demand_behind(grid: Grid, state: BaseState, network: Integers) -> npt.NDArray[np.complex128]:
    """Demand of every low-voltage network in kVA, shape (levels, networks): load and promises."""
    total = np.zeros((len(network) + 1, len(JUDGED_STATES)), np.complex128)
    np.add.at(total, network, (state.bus_p_kw + 1j * state.bus_q_kvar)[:, None])
    held = state.reservations
    bus = np.where(held.bus >= 0, held.bus, np.append(grid.lines.from_bus, 0)[held.line])
    power = held.p_kw[:, JUDGED_STATES] + 1j * held.q_kvar[:, JUDGED_STATES]
    np.add.at(total, network[bus], power)
    return total.T


def _board_power(grid: Grid, state: BaseState, units: Integers) -> npt.NDArray[np.complex128]:
    """Complex power in kVA that leaves transformers at their low-voltage side, in the base state.

    With the power S1 and voltage V1 at the high-voltage side, ratio k, impedance Z and shunts Y
    per unit: I = k (S1*/V1 - Y1 V1), V2 = V1/k - Z I, S2 = V2 (I - Y2 V2)*.
    """
    levels, pi = list(JUDGED_LEVELS), select(transformer_pis(grid), units)
    power = (
        state.transformer_p_kw[levels][:, units] + 1j * (state.transformer_q_kvar[levels][:, units])
    )
    voltage = state.voltage_pu[levels][:, grid.transformers.hv_bus[units]]
    # a transformer without supply draws nothing
    power = np.where(np.isfinite(voltage), power, 0.0)
    voltage = np.nan_to_num(voltage, nan=1.0)
    current = pi.ratio * (power.conj() / voltage - pi.half_first * voltage)
    low = voltage / pi.ratio - pi.impedance * current
    leaving = low * (current - pi.half_second * low).conj()
    return leaving.astype(np.complex128)


def _demand_draws(tables: Sequence[Demands], node: Integers, cases: int) -> list[Draw]:
    """Tables of demands, each drawn in its own load case alone: the cases follow each other."""
    draws: list[Draw] = []
    ends = np.cumsum([len(table) for table in tables])
    for n, table in enumerate(tables):
        shape = (cases, len(JUDGED_STATES), len(table))
        p_kw, q_kvar = np.zeros(shape), np.zeros(shape)
        p_kw[n % cases] = table.p_kw[:, JUDGED_STATES].T
        q_kvar[n % cases] = table.q_kvar[:, JUDGED_STATES].T
        draws.append(Draw(node=node[ends[n] - len(table) : ends[n]], p_kw=p_kw, q_kvar=q_kvar))
    return draws


def _own_draw(proposal: Proposal | None, node: int, cases: tuple[LoadCase, ...]) -> list[Draw]:
    if proposal is None:
        return []
    rows = np.ix_([LOAD_CASES.index(case) for case in cases], JUDGED_STATES)
    return [
        Draw(
            node=np.array([node]),
            p_kw=proposal.p_kw[rows][:, :, None],
            q_kvar=proposal.q_kvar[rows][:, :, None],
        )
    ]
