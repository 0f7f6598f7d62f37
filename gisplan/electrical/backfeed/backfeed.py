"""N-1: every medium-voltage connection in every backfeed state of the feeder that it joins.

States are, of the feeder's own head out, each tie that can resupply it; of a neighbour's head out,
each tie by which this feeder resupplies that one; of a main transformer out, each way to resupply
its busbar, where no coupler or other transformer can through the ties of its feeders.

Assumptions: those of ``power_flow`` and ``backfeed_network``; nobody is shed and no tap moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock

import numpy as np

from gisplan.electrical.backfeed.backfeed_findings import breaks_at_load, check_backfeed, table_row
from gisplan.electrical.backfeed.backfeed_layout import (
    Section,
    SwitchingLayout,
    Tie,
    find_section,
    is_medium_voltage,
    section_of,
)
from gisplan.electrical.backfeed.backfeed_network import SwitchedNetwork, build_switched_network
from gisplan.electrical.backfeed.backfeed_solve import SolvedState, solve_states, switch_positions
from gisplan.electrical.backfeed.backfeed_states import (
    SwitchedState,
    head_states,
    needs_ties,
    transformer_states,
)
from gisplan.electrical.backfeed.backfeed_survey import build_layout, with_single_units
from gisplan.electrical.backfeed.backfeed_table import JudgedState, judge_state, margin_ratio
from gisplan.electrical.base.base_state import BaseState
from gisplan.electrical.demand import LOAD_CASES, LoadCase
from gisplan.electrical.proof.own_part import access_bus
from gisplan.electrical.proof.proposal import Proposal, check_proposal
from gisplan.model.grid import Flags
from gisplan.model.option import BackfeedState, Finding
from gisplan.network.snapshot import Snapshot
from gisplan.rules.catalogue import Catalogue

__all__ = [
    "BackfeedBase",
    "BackfeedProof",
    "build_backfeed_base",
    "find_unbacked",
    "prove_backfeed",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfeedProof:
    """All backfeed states of one connection; empty for what is not medium voltage or unsupplied."""

    states: tuple[BackfeedState, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfeedBase:
    """The backfeed states of a base state, ready for any number of connections.

    What is solved without a connection is kept, each state when it is first asked for. Safe to
    share between threads: one at a time asks the solver that is kept.
    """

    snapshot: Snapshot
    bases: Mapping[LoadCase, BaseState]
    catalogue: Catalogue
    layout: SwitchingLayout
    heads: tuple[SwitchedState, ...]
    placed: SwitchedNetwork
    solved: dict[SwitchedState, SolvedState] = field(default_factory=dict, repr=False)
    by_transformer: dict[int, tuple[SwitchedState, ...]] = field(default_factory=dict, repr=False)
    _solving: Lock = field(default_factory=Lock, repr=False)

    def states_of(self, section: Section) -> tuple[SwitchedState, ...]:
        """All states that concern what hangs on a feeder or busbar."""
        near = [state for state in self.heads if state.concerns(section)]
        busbars = self._busbars_around(section)
        units = [
            row
            for row in self.layout.main_transformers
            if self.layout.busbar_of_transformer(self.snapshot.grid, row) in busbars
        ]
        far = [state for row in units for state in self._transformer_states(row)]
        return (*near, *(state for state in far if state.concerns(section)))

    def _busbars_around(self, section: Section) -> frozenset[int]:
        """Busbars whose transformers may matter: the own ones and those across ties."""
        layout, feeder = self.layout, section.feeder
        own = layout.ring_of(feeder) if feeder >= 0 else frozenset()
        ties = [tie for tie in layout.ties if own & {tie.first.feeder, tie.second.feeder}]
        found = {section.busbar}
        for tie in (*ties, *layout.couplers_of(section.busbar)):
            found |= {tie.first.busbar, tie.second.busbar}
        return frozenset().union(*(layout.busbars_with(busbar) for busbar in found))

    def solve(self, states: Iterable[SwitchedState]) -> None:
        """Solve those states that were not asked for before."""
        with self._solving:
            fresh = [state for state in states if state not in self.solved]
            positions = switch_positions(self.placed, [state.switching for state in fresh])
            self.solved.update(zip(fresh, solve_states(self.placed, positions), strict=True))

    def judge_before(self, state: SwitchedState, anchor_node: int) -> JudgedState:
        """Judge a state without any connection, by what hangs together with a node."""
        self.solve([state])
        solved = self.solved[state]
        return judge_state(
            self.layout,
            state,
            placed=self.placed,
            positions=switch_positions(self.placed, [state.switching]),
            solved=solved,
            before=solved,
            anchor_node=anchor_node,
            base=self.placed,
        )

    def _transformer_states(self, row: int) -> tuple[SwitchedState, ...]:
        if row not in self.by_transformer:
            grid = self.snapshot.grid
            best = self._best_ties(row) if needs_ties(grid, self.layout, row) else {}
            self.by_transformer[row] = transformer_states(grid, self.layout, row, best)
        return self.by_transformer[row]

    def _best_ties(self, row: int) -> dict[int, Tie]:
        """Per feeder of a transformer's busbar the tie to another busbar with the best margin.

        Each is judged without a connection and with this one feeder resupplied alone.
        """
        busbar = self.layout.busbar_of_transformer(self.snapshot.grid, row)
        best: dict[int, Tie] = {}
        for feeder in self.layout.feeders_of(busbar):
            ties = [
                tie
                for tie in self.layout.ties
                if feeder in (tie.first.feeder, tie.second.feeder)
                and tie.other(feeder).busbar != busbar
                and not self.layout.is_ring(feeder)
            ]
            if ties:
                best[feeder] = max(ties, key=lambda tie: self._tie_margin(feeder, tie))
        return best

    def _tie_margin(self, feeder: int, tie: Tie) -> float:
        """Least margin of the state in which a tie alone resupplies a feeder."""
        (state,) = (one for one in self.heads if one.moved == {feeder} and _closes(one, tie))
        head = self.layout.feeder_head[feeder]
        lines = self.snapshot.grid.lines
        first = int((lines.to_bus if head.at_from else lines.from_bus)[head.line])
        judged = self.judge_before(state, first)
        if judged.failed:
            return -np.inf
        return min((margin_ratio(self.catalogue, one) for one in judged.after), default=-np.inf)


def _closes(state: SwitchedState, tie: Tie) -> bool:
    switching = state.switching
    if tie.line_end is None:
        return switching.couplers == (tie.coupler,)
    return switching.closed == (tie.line_end,)


def build_backfeed_base(
    snapshot: Snapshot, bases: Mapping[LoadCase, BaseState], catalogue: Catalogue
) -> BackfeedBase:
    """Find what can be switched; nothing is solved yet."""
    single = with_single_units(snapshot)
    layout = build_layout(single)
    return BackfeedBase(
        snapshot=single,
        bases=bases,
        catalogue=catalogue,
        layout=layout,
        heads=head_states(single.grid, layout),
        placed=build_switched_network(single, bases, None),
    )


def prove_backfeed(
    snapshot: Snapshot,
    bases: Mapping[LoadCase, BaseState],
    catalogue: Catalogue,
    proposals: Sequence[Proposal],
    *,
    prepared: BackfeedBase | None = None,
    is_strict: bool = True,
) -> tuple[BackfeedProof, ...]:
    """Prove each proposal by itself in all its backfeed states.

    Proposals below 1 kV, at high voltage or without supply have no states and no findings.

    Parameters
    ----------
    bases
        The load cases to prove; of a proposal that draws nothing in one of them only the other.
    prepared
        What ``build_backfeed_base`` made of the same base states, to solve nothing twice.
    is_strict
        Refuse for states that did not hold before the connection either.

    Raises
    ------
    InputError
        If a proposal names no access point or its numbers cannot be used.
    """
    for proposal in proposals:
        check_proposal(snapshot.grid, proposal)
    base = prepared or build_backfeed_base(snapshot, bases, catalogue)
    return tuple(_prove(base, proposal, is_strict) for proposal in proposals)


def _prove(base: BackfeedBase, proposal: Proposal, is_strict: bool) -> BackfeedProof:
    if not _is_asked(base.snapshot, proposal):
        return BackfeedProof()
    section = find_section(base.snapshot, base.layout, proposal)
    states = base.states_of(section)
    judged = _judge(base, states, proposal) if states else ()
    return BackfeedProof(
        states=tuple(table_row(base.catalogue, one) for one in judged),
        findings=check_backfeed(
            base.catalogue, judged, section, _where(base, section), is_strict=is_strict
        ),
    )


def _is_asked(snapshot: Snapshot, proposal: Proposal) -> bool:
    """Whether a proposal connects at medium voltage to something that is supplied."""
    grid = snapshot.grid
    ends = [proposal.bus]
    if proposal.bus < 0:
        ends = [int(grid.lines.from_bus[proposal.line]), int(grid.lines.to_bus[proposal.line])]
    is_medium = bool(is_medium_voltage(grid)[access_bus(snapshot, proposal)])
    return is_medium and bool((snapshot.topology.source[ends] >= 0).any())


def find_unbacked(base: BackfeedBase) -> Flags:
    """Tell at which buses a backfeed state breaks a limit at highest load, whoever connects there.

    Loadings, low voltages and states without an operating point count: a new load mends none.
    """
    grid, layout = base.snapshot.grid, base.layout
    unbacked = np.zeros(len(grid.buses.bus_id), np.bool_)
    is_asked = is_medium_voltage(grid) & (base.snapshot.topology.source >= 0)
    known: dict[Section, bool] = {}
    for bus in np.flatnonzero(is_asked).tolist():
        section = section_of(layout.busbar, layout.feeder, layout.feeder_section, bus)
        if section not in known:
            known[section] = _is_unbacked(base, section, bus)
        unbacked[bus] = known[section]
    return unbacked


def _is_unbacked(base: BackfeedBase, section: Section, bus: int) -> bool:
    states = base.states_of(section)
    base.solve(states)
    return any(breaks_at_load(base.catalogue, base.judge_before(one, bus)) for one in states)


def _where(base: BackfeedBase, section: Section) -> str:
    grid = base.snapshot.grid
    if section.feeder >= 0:
        return f"feeder {grid.lines.line_id[base.layout.feeder_head[section.feeder].line]}"
    bus = np.flatnonzero(base.layout.busbar == section.busbar)
    return f"the new feeder at bus {grid.buses.bus_id[bus[0]]}"


def _judge(
    base: BackfeedBase, states: tuple[SwitchedState, ...], proposal: Proposal
) -> tuple[JudgedState, ...]:
    """Solve the states with the connection and compare each with what it was without."""
    base.solve(states)
    kept = _cases(base.placed.cases, proposal)
    bases = {base.placed.cases[n]: base.bases[base.placed.cases[n]] for n in kept}
    placed = build_switched_network(base.snapshot, bases, proposal)
    positions = switch_positions(placed, [state.switching for state in states])
    solved = solve_states(placed, positions)
    return tuple(
        judge_state(
            base.layout,
            state,
            placed=placed,
            positions=positions.only(n),
            solved=solved[n],
            before=base.solved[state].of_cases(kept),
            anchor_node=placed.anchor_node,
            base=base.placed,
        )
        for n, state in enumerate(states)
    )


def _cases(cases: tuple[LoadCase, ...], proposal: Proposal) -> list[int]:
    """Load cases in which a proposal draws or feeds in; all where it does in none."""
    draws = [
        n
        for n, case in enumerate(cases)
        if (proposal.p_kw[row := LOAD_CASES.index(case)] != 0).any()
        or (proposal.q_kvar[row] != 0).any()
    ]
    return draws or list(range(len(cases)))
