"""Proof of a single-phase customer by asymmetric AC power flow, on each of the three phases.

The balanced model understates the drop of a single-phase demand about six times: three times the
current, twice the way (out through the phase, back through the neutral). So the low-voltage network
of the customer is solved asymmetrically, with what is known of the phases of everybody else; the
medium voltage stands at the base state's voltage behind its Thevenin impedance.

References
----------
IEC TR 60909-2:2008, zero-sequence impedance of four-core cables.
EN 50160:2010, limits of voltage and of its unbalance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gisplan.electrical.base.base_state import BaseState, with_joints
from gisplan.electrical.demand import LoadCase
from gisplan.electrical.phases.asymmetric_flow import not_dyn
from gisplan.electrical.phases.asymmetric_result import (
    PHASES,
    PhaseResult,
    PhaseWorst,
    SinglePhaseResult,
    node_name,
    read_phase,
)
from gisplan.electrical.phases.asymmetric_scenarios import SolvedPhases, solve_phases_together
from gisplan.electrical.phases.low_voltage_part import NotProven, find_low_voltage_part
from gisplan.electrical.phases.phase_choice import assign_phase
from gisplan.electrical.phases.single_phase_findings import check_single_phase
from gisplan.electrical.proof.proposal import Proposal, check_proposal
from gisplan.errors import InputError
from gisplan.model.grid import Codes
from gisplan.network.snapshot import Snapshot
from gisplan.rules.catalogue import Catalogue

__all__ = [
    "PhaseResult",
    "PhaseWorst",
    "SinglePhaseResult",
    "assign_phase",
    "check_single_phase",
    "prove_single_phase",
    "prove_single_phases",
]


def prove_single_phase(
    snapshot: Snapshot,
    bases: Mapping[LoadCase, BaseState],
    catalogue: Catalogue,
    proposal: Proposal,
    held_phases: Mapping[LoadCase, Codes],
) -> SinglePhaseResult:
    """Prove a connection on each phase, on top of the base state with its reservations.

    Parameters
    ----------
    proposal
        Its powers are those of the one phase; other injections of it are balanced.
    held_phases
        Per load case a code of ``Phases`` for every row of the base state's reservations; those
        of a case left out are unknown.

    Raises
    ------
    InputError
        If the proposal cannot be used or is not at low voltage, or if ``held_phases`` does not fit
        the reservations.
    """
    (result,) = prove_single_phases(snapshot, [bases], catalogue, proposal, held_phases)
    return result


def prove_single_phases(
    snapshot: Snapshot,
    footings: Sequence[Mapping[LoadCase, BaseState]],
    catalogue: Catalogue,
    proposal: Proposal,
    held_phases: Mapping[LoadCase, Codes],
) -> tuple[SinglePhaseResult, ...]:
    """Prove a connection as ``prove_single_phase`` does under each of several existing loads.

    The reservations are the same in all of them.
    """
    check_proposal(snapshot.grid, proposal)
    for bases in footings:
        _check_held(bases, held_phases)
    base = with_joints(footings[0])
    part = find_low_voltage_part(snapshot, base, proposal)
    if isinstance(part, NotProven):
        nothing = SinglePhaseResult(supplied=part.is_supplied, not_proven=part.text)
        return (nothing,) * len(footings)
    together = solve_phases_together(
        snapshot, footings, catalogue, proposal, held_phases=held_phases, part=part
    )
    results = []
    for solved in together:
        phases = tuple(_read_phases(solved, proposal))
        results.append(_result(solved, phases, assign_phase(phases, catalogue), proposal))
    return tuple(results)


def _check_held(bases: Mapping[LoadCase, BaseState], held_phases: Mapping[LoadCase, Codes]) -> None:
    for case, base in bases.items():
        held = held_phases.get(case)
        if held is not None and len(held) != len(base.reservations):
            raise InputError(
                f"{len(held)} phases for {len(base.reservations)} reservations in the case {case}; "
                "expected one code of Phases for each"
            )


def _read_phases(solved: SolvedPhases, proposal: Proposal) -> Iterator[PhaseResult]:
    """Yield what each phase says; those loaded alike have the same states and are read once."""
    known: dict[bytes, PhaseResult] = {}
    for phase, name in enumerate(PHASES):
        states = solved.row[:, phase].tobytes()
        one = known.get(states) or read_phase(solved, proposal.cable, phase)
        known.setdefault(states, one)
        yield replace(one, phase=name)


def _result(
    solved: SolvedPhases, phases: tuple[PhaseResult, ...], assigned: str, proposal: Proposal
) -> SinglePhaseResult:
    layout, grid = solved.layout, solved.layout.network.grid
    dyn = grid.transformers.transformer_id[not_dyn(layout.network)]
    return SinglePhaseResult(
        phases=phases,
        assigned=assigned,
        access=node_name(solved, layout.access_node),
        unknown=solved.unknown,
        assumed_lines=tuple(grid.lines.line_id[layout.assumed_lines].tolist()),
        line_count=layout.line_count,
        has_new_cable=proposal.cable is not None,
        assumed_dyn=tuple(str(name) for name in dyn),
    )
