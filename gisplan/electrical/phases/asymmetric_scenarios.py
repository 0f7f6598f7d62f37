"""The asymmetric states that prove a single-phase customer: cases, phases, with and without it.

The customer's phase always stands first: turning all phases by 120 degrees changes nothing but
their names, so phases that are loaded alike give the same scenario, which is solved once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gisplan.electrical.base.base_state import BaseState, with_joints
from gisplan.electrical.demand import (
    LEVELS,
    LOAD_CASES,
    MAIN,
    MEDIUM_VOLTAGE_V,
    STATES,
    TRANSFORMER,
    LoadCase,
)
from gisplan.electrical.flow.network_input import Network
from gisplan.electrical.phases.asymmetric_flow import PHASE_COUNT, AsymmetricModel, AsymmetricResult
from gisplan.electrical.phases.asymmetric_layout import Layout, build_layout
from gisplan.electrical.phases.low_voltage_part import LowVoltagePart, upstream_impedance
from gisplan.electrical.phases.phase_imbalance import group_shares
from gisplan.electrical.phases.phase_loads import SINGLE, SIZE_RULE, PhaseLoads, existing_phases
from gisplan.electrical.proof.proposal import Proposal
from gisplan.model.grid import Codes, Flags, Floats, Grid, Integers, Phases
from gisplan.network.snapshot import Snapshot
from gisplan.rules.catalogue import Catalogue

Complexes = npt.NDArray[np.complex128]

LEVEL_OF_KIND = (MAIN, MAIN, TRANSFORMER, MAIN, TRANSFORMER)
"""Level in which existing demand stands, and whether the customer draws, in each kind of state."""
SERVICE, ON_MAIN, ON_TRANSFORMER, BEFORE_MAIN, BEFORE_TRANSFORMER = range(len(LEVEL_OF_KIND))
STATE_OF_KIND = {
    SERVICE: STATES.index("service"),
    ON_MAIN: STATES.index("main"),
    ON_TRANSFORMER: STATES.index("transformer"),
}
FIRST_LEVEL = STATES.index(LEVELS[0])
ALONE = np.array([1.0, 0.0, 0.0])
EVEN = np.full(PHASE_COUNT, 1 / PHASE_COUNT)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownPhases:
    """Customers of unknown phase, and the share of their load that is put on the new one's."""

    customers: int
    power_kva: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SolvedPhases:
    """All states; ``row[case, phase, kind]`` is the row of ``result`` that holds one.

    Phases of ``result`` are turned: the customer's stands first.
    """

    cases: tuple[LoadCase, ...]
    layout: Layout
    result: AsymmetricResult
    row: Integers
    unknown: tuple[UnknownPhases, ...]


def solve_phases(
    snapshot: Snapshot,
    bases: Mapping[LoadCase, BaseState],
    catalogue: Catalogue,
    proposal: Proposal,
    *,
    held_phases: Mapping[LoadCase, Codes],
    part: LowVoltagePart,
) -> SolvedPhases:
    """Solve the connection on each phase, in every load case in which it draws or feeds in."""
    (solved,) = solve_phases_together(
        snapshot, [bases], catalogue, proposal, held_phases=held_phases, part=part
    )
    return solved


def solve_phases_together(
    snapshot: Snapshot,
    footings: Sequence[Mapping[LoadCase, BaseState]],
    catalogue: Catalogue,
    proposal: Proposal,
    *,
    held_phases: Mapping[LoadCase, Codes],
    part: LowVoltagePart,
) -> tuple[SolvedPhases, ...]:
    """Do the same under several existing loads with the same reservations, in one batch."""
    grid = snapshot.grid
    cases = _active_cases(footings[0], proposal)
    layout = build_layout(snapshot, with_joints(footings[0]), catalogue, proposal, part=part)
    impedance = upstream_impedance(grid, snapshot.topology, part.primary)
    bases = [footing[case] for footing in footings for case in cases]
    states = [
        _case_states(
            grid,
            base,
            catalogue,
            proposal,
            held=held_phases.get(base.case),
            part=part,
            layout=layout,
        )
        for base in bases
    ]
    power = np.stack([state.power_kva for state in states])
    power = power.reshape(-1, *power.shape[-2:])
    source = np.concatenate([_source_voltages(base, part, impedance) for base in bases])
    taps = np.tile(_taps(layout.network, proposal), (len(bases) * PHASE_COUNT, 1))
    distinct, row = _distinct(power, source, taps)
    drawn = np.flatnonzero((power != 0).any(axis=(0, 2)))
    model = AsymmetricModel.build(
        layout.network,
        layout.zero,
        layout.network.node[drawn],
        source_bus=part.primary,
        source_impedance=impedance,
    )
    result = model.solve(power[distinct][:, drawn], source[distinct], taps[distinct])
    rows = row.reshape(len(footings), len(cases), PHASE_COUNT, len(LEVEL_OF_KIND))
    return tuple(
        SolvedPhases(
            cases=cases,
            layout=layout,
            result=result,
            row=rows[n],
            unknown=tuple(s.unknown for s in states[n * len(cases) : (n + 1) * len(cases)]),
        )
        for n in range(len(footings))
    )


def _active_cases(bases: Mapping[LoadCase, BaseState], proposal: Proposal) -> tuple[LoadCase, ...]:
    given = tuple(case for case in LOAD_CASES if case in bases)
    active = tuple(
        case
        for case in given
        if proposal.p_kw[LOAD_CASES.index(case)].any()
        or proposal.q_kvar[LOAD_CASES.index(case)].any()
    )
    return active or given[:1]


@dataclass(frozen=True, slots=True, kw_only=True)
class _CaseStates:
    """Demand of one case, shape (phases, kinds, nodes, phases)."""

    power_kva: Complexes
    unknown: UnknownPhases


def _case_states(
    grid: Grid,
    base: BaseState,
    catalogue: Catalogue,
    proposal: Proposal,
    *,
    held: Codes | None,
    part: LowVoltagePart,
    layout: Layout,
) -> _CaseStates:
    loads = existing_phases(grid, base, catalogue, part.bus)
    share = _unknown_shares(loads, catalogue, part)
    node, bus = layout.network.node, np.flatnonzero(part.bus)
    place = np.searchsorted(node, bus)
    promises = _Promises.read(base, catalogue, held, layout)
    power = np.zeros((PHASE_COUNT, len(LEVEL_OF_KIND), len(node), PHASE_COUNT), np.complex128)
    for phase in range(PHASE_COUNT):
        turned = np.roll(loads.fixed[bus], -phase, axis=1)
        power[phase, :, place] = (loads.balanced[bus, None] * EVEN + turned)[:, None]
        promises.add_to(power[phase], phase)
    _add_unknown(power, np.searchsorted(node, loads.unknown_bus), loads, share)
    _add_customer(power, _drawn(proposal, base.case), layout)
    if proposal.extra_injections:
        _add_extra(power, LOAD_CASES.index(base.case), proposal, layout)
    return _CaseStates(power_kva=power, unknown=_told(loads, share))


def _unknown_shares(loads: PhaseLoads, catalogue: Catalogue, part: LowVoltagePart) -> Floats:
    """Share of every row of customers of unknown phase that is put on the new one's phase."""
    group = part.group[loads.unknown_bus]
    quantile = catalogue.value("single_phase.unknown_quantile")
    return group_shares(loads.size_kva, loads.count, group, part.group_count, quantile)[group]


def _told(loads: PhaseLoads, share: Floats) -> UnknownPhases:
    power_kva = np.abs(loads.unknown)
    total = float(power_kva.sum())
    return UnknownPhases(
        customers=int(loads.count.sum()),
        power_kva=total,
        share=float(power_kva @ share / total) if total else 0.0,
    )


def _add_unknown(power: Complexes, place: Integers, loads: PhaseLoads, share: Floats) -> None:
    others = (1 - share) / (PHASE_COUNT - 1)
    split = np.stack([share, others, others], axis=1) * loads.unknown[:, None]
    at_node = np.zeros(power.shape[-2:], np.complex128)
    np.add.at(at_node, place, split)
    power += at_node


def _drawn(proposal: Proposal, case: LoadCase) -> Complexes:
    row = LOAD_CASES.index(case)
    drawn: Complexes = proposal.p_kw[row] + 1j * proposal.q_kvar[row]
    return drawn


def _add_customer(power: Complexes, drawn: Complexes, layout: Layout) -> None:
    """Put the customer on the first phase."""
    customer = int(np.searchsorted(layout.network.node, layout.customer_node))
    for kind, state in STATE_OF_KIND.items():
        power[:, kind, customer] += drawn[state] * ALONE


def _add_extra(power: Complexes, case: int, proposal: Proposal, layout: Layout) -> None:
    """Put what comes and goes with the proposal evenly on all phases; nothing from elsewhere."""
    table = proposal.extra_injections[case]
    first = sum(len(earlier) for earlier in proposal.extra_injections[:case])
    node = layout.extra_node[first : first + len(table)]
    place = np.searchsorted(layout.network.node, node[node >= 0])
    added = (table.p_kw + 1j * table.q_kvar)[node >= 0]
    for kind, state in STATE_OF_KIND.items():
        at_node = np.zeros(power.shape[-2:], np.complex128)
        np.add.at(at_node, place, added[:, [state]] * EVEN)
        power[:, kind] += at_node


@dataclass(frozen=True, slots=True, kw_only=True)
class _Promises:
    """Reservations inside the part: place among the nodes, phase, demand (columns: states)."""

    place: Integers
    phases: Integers
    gathers: Flags
    power_kva: Complexes

    @classmethod
    def read(
        cls, base: BaseState, catalogue: Catalogue, held: Codes | None, layout: Layout
    ) -> _Promises:
        """Find the reservations; small ones of unknown phase gather on the customer's phase."""
        table, network = base.reservations, layout.network
        node = layout.reserved_nodes(base)
        place = np.searchsorted(network.node, node)
        low = np.append(network.node_voltage_v < MEDIUM_VOLTAGE_V, False)
        found = np.append(network.node, -2)[place] == node
        rows = np.flatnonzero(found & low[place])
        phases = np.full(len(table), int(Phases.UNKNOWN)) if held is None else held.astype(int)
        power = (table.p_kw + 1j * table.q_kvar)[rows]
        is_small = np.abs(power).max(axis=1, initial=0.0) <= catalogue.value(SIZE_RULE)
        return cls(
            place=place[rows],
            phases=phases[rows],
            gathers=(phases[rows] == Phases.UNKNOWN) & is_small,
            power_kva=power,
        )

    def add_to(self, power: Complexes, phase: int) -> None:
        """Add the demand to every kind of state, shape (kinds, nodes, phases), in place."""
        if not len(self.place):
            return
        split = np.tile(EVEN, (len(self.place), 1))
        for column, code in enumerate(SINGLE):
            split[self.phases == code] = np.roll(ALONE, column - phase)
        split[self.gathers] = ALONE
        for kind, level in enumerate(LEVEL_OF_KIND):
            np.add.at(power[kind], self.place, self.power_kva[:, [level + FIRST_LEVEL]] * split)


def _source_voltages(base: BaseState, part: LowVoltagePart, impedance: complex) -> Floats:
    """Open-circuit voltage with which the base state's demand has the base state's voltage."""
    p_kw = np.nan_to_num(base.transformer_p_kw[:, part.transformers]).sum(axis=1)
    q_kvar = np.nan_to_num(base.transformer_q_kvar[:, part.transformers]).sum(axis=1)
    voltage_pu = base.voltage_pu[:, part.primary]
    behind = np.abs(voltage_pu + impedance * (p_kw - 1j * q_kvar) / voltage_pu)
    return np.tile(behind[list(LEVEL_OF_KIND)], PHASE_COUNT)


def _taps(network: Network, proposal: Proposal) -> Integers:
    """Tap positions in each kind of state, shape (kinds, transformers)."""
    recorded = network.grid.transformers.tap_position[network.transformer]
    rows = np.tile(recorded, (len(LEVEL_OF_KIND), 1))
    for transformer, position in proposal.tap_positions:
        for kind in STATE_OF_KIND:
            rows[kind, network.transformer == transformer] = position
    return rows


def _distinct(power: Complexes, source: Floats, taps: Integers) -> tuple[Integers, Integers]:
    """Rows of states that differ, and for each state its place among them."""
    place: dict[bytes, int] = {}
    first: list[int] = []
    row: list[int] = []
    for number in range(len(power)):
        key = b"".join(part[number].tobytes() for part in (power, source, taps))
        if key not in place:
            place[key] = len(first)
            first.append(number)
        row.append(place[key])
    return np.array(first, np.int64), np.array(row, np.int64)
