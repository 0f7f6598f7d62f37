"""Everything that is asked of an option beyond the balanced power flow.

Faults and protection, disturbances, single-phase customers, backfeed states.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.backfeed.backfeed import BackfeedProof, prove_backfeed
from gisplan.electrical.demand import LOAD_CASES
from gisplan.electrical.faults.fault_checks import check_faults
from gisplan.electrical.faults.short_circuit import (
    access_short_circuit,
    access_short_circuit_angle_deg,
)
from gisplan.electrical.phases.asymmetric import check_single_phase, prove_single_phases
from gisplan.electrical.phases.power_quality import check_disturbance
from gisplan.electrical.proof.collapse import largest_solvable_share
from gisplan.model.option import Finding, Severity
from gisplan.planning.phases import ONE_PHASE, THREE_PHASES
from gisplan.planning.supply_mode import needs_backfeed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gisplan.electrical.base.base_state import BaseState
    from gisplan.electrical.demand import LoadCase
    from gisplan.electrical.phases.asymmetric import SinglePhaseResult
    from gisplan.electrical.phases.asymmetric_result import PhaseResult
    from gisplan.electrical.proof.proposal import Proposal
    from gisplan.planning.site import Site
    from gisplan.planning.state import Footing


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the checks found; currents in kA where the new cable begins, NaN where unknown.

    ``one_phase`` is what a single-phase customer gets and does on its phase.
    """

    findings: tuple[Finding, ...]
    phases: str
    short_circuit_max_ka: float
    short_circuit_min_ka: float
    one_phase: PhaseResult | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseCheck:
    """The phases of a connection and what an asymmetric power flow says of them."""

    phases: str
    findings: tuple[Finding, ...] = ()
    one_phase: PhaseResult | None = None


def asked_bases(site: Site, bases: Mapping[LoadCase, BaseState]) -> dict[LoadCase, BaseState]:
    """Return the base states of the load cases that an application is asked in."""
    cases = {demand.load_case for demand in site.judge.demands}
    return {case: bases[case] for case in LOAD_CASES if case in cases}


def check_proposal_further(site: Site, proposal: Proposal) -> Checked:
    """Ask faults, disturbances and phases of a proposal that has a solution."""
    state, catalogue = site.state, site.region.catalogue
    snapshot, faults = site.region.snapshot, state.standing.faults.get()
    largest_ka, smallest_ka = access_short_circuit(snapshot, faults, proposal)
    (by_phase,) = check_phases(site, proposal, [state.footing])
    return Checked(
        findings=(
            *by_phase.findings,
            *check_faults(snapshot, catalogue, faults, proposal),
            *_disturbance(site, proposal, smallest_ka),
        ),
        phases=by_phase.phases,
        short_circuit_max_ka=largest_ka,
        short_circuit_min_ka=smallest_ka,
        one_phase=by_phase.one_phase,
    )


def check_phases(
    site: Site, proposal: Proposal, footings: Sequence[Footing]
) -> tuple[PhaseCheck, ...]:
    """Ask an asymmetric power flow of a single-phase connection, on each of several footings."""
    if site.mode.phase_count != 1 or site.mode.voltage_level != "lv":
        return (PhaseCheck(phases=THREE_PHASES),) * len(footings)
    results = prove_single_phases(
        site.region.snapshot,
        [asked_bases(site, footing.base) for footing in footings],
        site.region.catalogue,
        proposal,
        held_phases=site.state.held.phase_codes,
    )
    return tuple(_phase_check(site, result) for result in results)


def _phase_check(site: Site, result: SinglePhaseResult) -> PhaseCheck:
    if site.application.phase:
        result = replace(result, assigned=site.application.phase)
    return PhaseCheck(
        phases=result.assigned or ONE_PHASE,
        findings=check_single_phase(result, site.region.catalogue),
        one_phase=result.best,
    )


def _disturbance(site: Site, proposal: Proposal, smallest_ka: float) -> tuple[Finding, ...]:
    """Judge what a customer does to the voltage of others where they meet."""
    application, faults = site.application, site.state.standing.faults.get()
    is_one_phase = site.mode.phase_count == 1
    nominal_kv = site.judge.nominal_voltage_v / 1e3
    return check_disturbance(
        site.region.catalogue,
        element=_element(site, proposal),
        voltage_level=site.mode.voltage_level,
        short_circuit_power_mva=math.sqrt(3) * nominal_kv * smallest_ka,
        angle_deg=access_short_circuit_angle_deg(faults, proposal),
        phase_count=site.mode.phase_count,
        largest_motor_kw=application.largest_motor_kw,
        largest_step_kva=application.largest_step_kva,
        steps_per_hour=application.steps_per_hour,
        single_phase_kva=_largest_kva(proposal) if is_one_phase else None,
    )


def _largest_kva(proposal: Proposal) -> float:
    return max(
        abs(complex(p, q)) for p, q in zip(proposal.p_kw[:, 0], proposal.q_kvar[:, 0], strict=True)
    )


def _element(site: Site, proposal: Proposal) -> str:
    grid = site.region.snapshot.grid
    if proposal.bus >= 0:
        return f"bus {grid.buses.bus_id[proposal.bus]}"
    return f"line {grid.lines.line_id[proposal.line]}"


def check_backfeed_states(site: Site, proposal: Proposal, footing: Footing) -> BackfeedProof:
    """Ask every backfeed state of a medium-voltage connection; nothing of others."""
    if site.mode.voltage_level != "mv":
        return BackfeedProof()
    (proof,) = prove_backfeed(
        site.region.snapshot,
        footing.base,
        site.region.catalogue,
        [proposal],
        prepared=footing.backfeed.get(),
        is_strict=needs_backfeed(site.mode, site.region.catalogue),
    )
    return proof


def solvable_demand(site: Site, proposal: Proposal) -> Finding:
    """Tell the largest part of a demand that has an operating point at all."""
    share = largest_solvable_share(
        site.region.snapshot, asked_bases(site, site.state.base), proposal
    )
    power_kw = share * float(np.abs(proposal.p_kw[:, 0]).max())
    return Finding(
        rule="demand.largest_solvable",
        severity=Severity.INFO,
        element=_element(site, proposal),
        text=(
            f"The largest demand with an operating point here is about {power_kw:.0f} kW "
            f"({share:.0%} of what is asked); limits of voltage and loading allow less"
        ),
        measured=round(power_kw, 1),
        unit="kW",
    )
