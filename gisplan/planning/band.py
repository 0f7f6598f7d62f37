"""Whether a verdict survives an error of the existing load, which is an estimate.

At both edges of the load band an option is asked again whatever depends on the existing load:
balanced power flow, its own service, phases, backfeed states. A refusal for anything else, such as
a missing bay or a fault current, stands at any load.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gisplan.electrical.load.load_band import (
    EdgeFailure,
    band_factors,
    band_finding,
    refusal_finding,
)
from gisplan.electrical.proof.connection import prove
from gisplan.electrical.proof.limits import check_limits
from gisplan.model.option import Finding, Severity
from gisplan.planning.checks import asked_bases, check_backfeed_states, check_phases
from gisplan.planning.existing import check_service
from gisplan.planning.remedies.outcome import violations

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gisplan.model.option import Option
    from gisplan.planning.proven import Proven
    from gisplan.planning.state import Footing, PlanningState

BAND_RULE = "load.band_pct"
DEPENDENT = ("voltage.", "loading.", "backfeed.", "quality.unbalance_max_pct")
"""How the rules begin that the existing load has a part in."""


def with_bands(proven: Sequence[Proven]) -> tuple[Option, ...]:
    """Return options, each with whether its verdict stands at the edges of the load band.

    Nothing is said of what was refused without a power flow.
    """
    failed: dict[int, list[EdgeFailure]] = {}
    for state, rows in _by_state(proven):
        failed |= zip(rows, _failures(state, [proven[row] for row in rows]), strict=True)
    return tuple(_told(one, failed.get(row, [])) for row, one in enumerate(proven))


def _by_state(proven: Sequence[Proven]) -> list[tuple[PlanningState, list[int]]]:
    """Gather the options that must be solved again by the state that they were proven in."""
    together: dict[int, tuple[PlanningState, list[int]]] = {}
    for row, one in enumerate(proven):
        if one.proposal is not None and not _is_refused_anyway(one.option):
            state = one.site.state
            together.setdefault(id(state), (state, []))[1].append(row)
    return list(together.values())


def _is_refused_anyway(option: Option) -> bool:
    """Tell whether something stands in the way that the existing load has no part in."""
    return any(not one.rule.startswith(DEPENDENT) for one in violations(option.findings))


def _told(one: Proven, failed: Sequence[EdgeFailure]) -> Option:
    catalogue = one.site.region.catalogue
    if one.proposal is None:
        return one.option
    if one.option.feasible:
        return one.option.with_findings(band_finding(catalogue, failed))
    if _is_refused_anyway(one.option):
        failed = [
            EdgeFailure(load_factor=factor, finding=violations(one.option.findings)[0])
            for factor in band_factors(catalogue)
        ]
    return one.option.with_findings(refusal_finding(catalogue, failed))


def _failures(state: PlanningState, proven: Sequence[Proven]) -> list[list[EdgeFailure]]:
    """Return what breaks of each option at the edges; all were proven in one state."""
    footings = state.edges.get()
    balanced = {factor: _balanced(proven, footing) for factor, footing in footings.items()}
    failures = []
    for row, one in enumerate(proven):
        broken = {factor: balanced[factor][row] for factor in footings}
        kept = [factor for factor, findings in broken.items() if not findings]
        further = _further(one, [footings[factor] for factor in kept])
        broken |= zip(kept, further, strict=True)
        failures.append(_in_order(one, broken))
    return failures


def _in_order(one: Proven, broken: Mapping[float, list[Finding]]) -> list[EdgeFailure]:
    """Return what breaks edge by edge; one that was not solved has no operating point itself."""
    return [
        EdgeFailure(load_factor=factor, finding=finding)
        for factor in band_factors(one.site.region.catalogue)
        for finding in broken.get(factor, [_no_grid(one)])
    ]


def _balanced(proven: Sequence[Proven], footing: Footing) -> list[list[Finding]]:
    """Return what the balanced power flow of each option breaks, and its own service."""
    site = proven[0].site
    proposals = [one.proposal for one in proven if one.proposal is not None]
    bases = asked_bases(site, footing.base)
    results = prove(site.region.snapshot, bases, proposals, whole_network=False)
    return [
        violations(
            (
                *check_limits(result, site.region.catalogue),
                *check_service(one.site, one.offer.kind, one.offer.bus, footing),
            )
        )
        for one, result in zip(proven, results, strict=True)
    ]


def _further(one: Proven, footings: Sequence[Footing]) -> list[list[Finding]]:
    """Return what the phases and the backfeed states of an option break on each footing."""
    if one.proposal is None or not footings:
        return []
    phases = check_phases(one.site, one.proposal, footings)
    return [
        violations(
            (
                *by_phase.findings,
                *check_backfeed_states(one.site, one.proposal, footing).findings,
            )
        )
        for by_phase, footing in zip(phases, footings, strict=True)
    ]


def _no_grid(one: Proven) -> Finding:
    return Finding(
        rule=BAND_RULE,
        severity=Severity.VIOLATION,
        element=f"grid version {one.site.region.snapshot.grid.version_id}",
        text="the grid itself has no operating point with this existing load",
    )
