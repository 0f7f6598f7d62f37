"""Everything that is asked of an option beyond the balanced power flow.

Faults and protection, disturbances, single-phase customers, backfeed states, and whether the
verdict survives an error of the existing load.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.asymmetric import check_single_phase, prove_single_phase
from gisplan.electrical.backfeed import prove_backfeed
from gisplan.electrical.collapse import largest_solvable_share
from gisplan.electrical.connection import prove
from gisplan.electrical.demand import LOAD_CASES
from gisplan.electrical.fault_checks import check_faults
from gisplan.electrical.limits import check_limits
from gisplan.electrical.load_band import (
    EdgeFailure,
    band_factors,
    band_finding,
    refusal_finding,
)
from gisplan.electrical.power_quality import check_disturbance
from gisplan.electrical.short_circuit import access_short_circuit, access_short_circuit_angle_deg
from gisplan.model.option import Finding, Severity
from gisplan.planning.phases import ONE_PHASE, THREE_PHASES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gisplan.electrical.base_state import BaseState
    from gisplan.electrical.demand import LoadCase
    from gisplan.electrical.proposal import Proposal
    from gisplan.model.option import BackfeedState, Option
    from gisplan.planning.site import Site

BAND_RULE = "load.band_pct"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the checks found; currents in kA where the new cable begins, NaN where unknown."""

    findings: tuple[Finding, ...]
    phases: str
    short_circuit_max_ka: float
    short_circuit_min_ka: float


def asked_bases(site: Site, bases: Mapping[LoadCase, BaseState]) -> dict[LoadCase, BaseState]:
    """Return the base states of the load cases that an application is asked in."""
    cases = {demand.load_case for demand in site.judge.demands}
    return {case: bases[case] for case in LOAD_CASES if case in cases}


def check_proposal_further(site: Site, proposal: Proposal) -> Checked:
    """Ask faults, disturbances and phases of a proposal that has a solution."""
    state, catalogue = site.state, site.region.catalogue
    snapshot, faults = site.region.snapshot, state.standing.faults.get()
    largest_ka, smallest_ka = access_short_circuit(snapshot, faults, proposal)
    phases, one_phase = _single_phase(site, proposal)
    return Checked(
        findings=(
            *one_phase,
            *check_faults(snapshot, catalogue, faults, proposal),
            *_disturbance(site, proposal, smallest_ka),
        ),
        phases=phases,
        short_circuit_max_ka=largest_ka,
        short_circuit_min_ka=smallest_ka,
    )


def _single_phase(site: Site, proposal: Proposal) -> tuple[str, tuple[Finding, ...]]:
    """Return the phases of a connection and what an asymmetric power flow says of them."""
    if site.mode.phase_count != 1 or site.mode.voltage_level != "lv":
        return THREE_PHASES, ()
    result = prove_single_phase(
        site.region.snapshot,
        asked_bases(site, site.state.base),
        site.region.catalogue,
        proposal,
        held_phases=site.state.held.phase_codes,
    )
    if site.application.phase:
        result = replace(result, assigned=site.application.phase)
    return result.assigned or ONE_PHASE, check_single_phase(result, site.region.catalogue)


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


def check_backfeed_states(
    site: Site, proposal: Proposal
) -> tuple[tuple[BackfeedState, ...], tuple[Finding, ...]]:
    """Ask every backfeed state of a medium-voltage connection."""
    if site.mode.voltage_level != "mv":
        return (), ()
    strict_from = site.region.catalogue.value("backfeed.strict_from_sources")
    prepared = site.state.backfeed.get()
    (proof,) = prove_backfeed(
        site.region.snapshot,
        site.state.base,
        site.region.catalogue,
        [proposal],
        prepared=prepared,
        is_strict=site.mode.sources_required >= strict_from,
    )
    return proof.states, proof.findings


def has_band(option: Option) -> bool:
    """Whether an option was asked at the edges of the load band."""
    return any(finding.rule == BAND_RULE for finding in option.findings)


def with_band(site: Site, proposal: Proposal, option: Option) -> Option:
    """Return an option with whether its verdict stands at the edges of the load band.

    The limits of the balanced power flow are asked again there, by AC power flow.
    """
    failed: list[EdgeFailure] = []
    edges = site.state.edges.get()
    for factor in band_factors(site.region.catalogue):
        found = _at_edge(site, proposal, edges.get(factor))
        failed += [EdgeFailure(load_factor=factor, finding=finding) for finding in found]
    tell = band_finding if option.feasible else refusal_finding
    return option.with_findings(tell(site.region.catalogue, failed))


def _at_edge(
    site: Site, proposal: Proposal, bases: Mapping[LoadCase, BaseState] | None
) -> list[Finding]:
    """Return the limits that break at an edge; without base states the grid has no solution."""
    if bases is None:
        text = "the grid itself has no operating point with this existing load"
        element = f"grid version {site.region.snapshot.grid.version_id}"
        return [Finding(rule=BAND_RULE, severity=Severity.VIOLATION, element=element, text=text)]
    (result,) = prove(site.region.snapshot, asked_bases(site, bases), [proposal])
    findings = check_limits(result, site.region.catalogue)
    return [finding for finding in findings if finding.severity is Severity.VIOLATION]


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
