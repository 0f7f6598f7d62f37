"""The third remedy: an existing single-phase customer moves to another phase of its cable.

It helps a new single-phase customer for whom the unbalance is in the way: even on its best phase a
limit is broken. Only customers whose phase is recorded can be moved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.phases.asymmetric import (
    SinglePhaseResult,
    check_single_phase,
    prove_single_phase,
)
from gisplan.model.grid import Phases
from gisplan.model.option import Remedy
from gisplan.planning.offers import proposal_of
from gisplan.planning.proven import Proven
from gisplan.planning.remedies.outcome import Outcome, violations

if TYPE_CHECKING:
    from gisplan.model.option import Finding, Option
    from gisplan.network.snapshot import Snapshot
    from gisplan.planning.offers import Offer
    from gisplan.planning.site import Site
    from gisplan.rules.catalogue import Catalogue

KIND = "phase_swap"
MOST_TRIED = 12
SINGLE = (Phases.L1, Phases.L2, Phases.L3)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Swap:
    """A load, by row, and the phase that it would move to."""

    load: int
    phase: Phases


def try_phase_swap(site: Site, offer: Offer, option: Option) -> Outcome:
    """Return the option with the swap of one existing customer that makes it feasible.

    It is tried where nothing but the single-phase proof stands in the way.
    """
    if site.mode.phase_count != 1:
        return Outcome(kind=KIND)
    before = _prove(site, offer, site.region.snapshot)
    told = check_single_phase(before, site.region.catalogue)
    others = tuple(finding for finding in option.findings if finding not in told)
    if before.best is None or violations(others) or not violations(told):
        return Outcome(kind=KIND)
    swaps = _swaps(site, option)[:MOST_TRIED]
    for swap in swaps:
        after = _prove(site, offer, _swapped(site.region.snapshot, swap))
        findings = check_single_phase(after, site.region.catalogue)
        if not violations(findings) and not _breaks(site.region.catalogue, before, after):
            mended = Proven(
                option=_mended(site, option, swap, (before, after), others + findings),
                site=_with_snapshot(site, _swapped(site.region.snapshot, swap)),
                offer=offer,
                proposal=proposal_of(site, offer),
            )
            return Outcome(kind=KIND, element=_bus_id(site, swap), mended=mended)
    return _in_vain(site, swaps)


def _prove(site: Site, offer: Offer, snapshot: Snapshot) -> SinglePhaseResult:
    cases = {demand.load_case for demand in site.judge.demands}
    bases = {case: base for case, base in site.state.base.items() if case in cases}
    return prove_single_phase(
        snapshot,
        bases,
        site.region.catalogue,
        proposal_of(site, offer),
        held_phases=site.state.held.phase_codes,
    )


def _swaps(site: Site, option: Option) -> list[_Swap]:
    """Return every move of a known single-phase customer of the network, the largest first."""
    snapshot = site.region.snapshot
    loads, transformers = snapshot.grid.loads, snapshot.grid.transformers
    own = np.flatnonzero(transformers.transformer_id == option.electrical.transformer)
    near = np.isin(snapshot.topology.transformer[loads.bus], own)
    rows = np.flatnonzero(near & np.isin(loads.phases, SINGLE) & (loads.active_power_kw > 0))
    largest_first = rows[np.argsort(-loads.active_power_kw[rows], kind="stable")]
    return [swap for row in largest_first.tolist() for swap in _to_other_phases(snapshot, row)]


def _to_other_phases(snapshot: Snapshot, row: int) -> Iterator[_Swap]:
    own = Phases(int(snapshot.grid.loads.phases[row]))
    yield from (_Swap(load=row, phase=phase) for phase in SINGLE if phase is not own)


def _swapped(snapshot: Snapshot, swap: _Swap) -> Snapshot:
    """Return the snapshot with one load on another phase; the balanced base state stays."""
    loads = snapshot.grid.loads
    phases = loads.phases.copy()
    phases[swap.load] = swap.phase
    grid = replace(snapshot.grid, loads=replace(loads, phases=phases))
    return replace(snapshot, grid=grid)


def _with_snapshot(site: Site, snapshot: Snapshot) -> Site:
    standing = site.state.standing
    region = replace(standing.region, snapshot=snapshot)
    return replace(site, state=replace(site.state, standing=replace(standing, region=region)))


def _breaks(catalogue: Catalogue, before: SinglePhaseResult, after: SinglePhaseResult) -> bool:
    """Tell whether the network ends beyond a limit and worse than it stands today.

    The proof of a swap takes the swap for granted; what it does to others is judged here.
    """
    today = before.best.worst if before.best else ()
    for worst in after.best.worst if after.best else ():
        rule = catalogue.rule(worst.rule)
        sign = 1.0 if rule.sense == "max" else -1.0
        known = [sign * one.before for one in today if one.rule == worst.rule]
        if sign * worst.value > max(sign * rule.value, *known):
            return True
    return False


def _mended(
    site: Site,
    option: Option,
    swap: _Swap,
    results: tuple[SinglePhaseResult, SinglePhaseResult],
    findings: tuple[Finding, ...],
) -> Option:
    before, after = (_lowest_pu(result) for result in results)
    remedy = Remedy(
        kind=KIND,
        element=_bus_id(site, swap),
        cost=0.0,
        text=(
            f"Move {_name(site, swap)}: lowest voltage of a phase {before:.3f} becomes "
            f"{after:.3f} p.u., with the new customer on {results[1].assigned}"
        ),
    )
    return replace(
        option, feasible=True, phases=results[1].assigned, findings=findings, remedies=(remedy,)
    )


def _lowest_pu(result: SinglePhaseResult) -> float:
    """Return the lowest voltage of the network and of the customer with its full demand."""
    best = result.best
    return min(best.voltage_min_pu, best.voltage_at_customer_pu) if best else np.nan


def _in_vain(site: Site, swaps: list[_Swap]) -> Outcome:
    if not swaps:
        return Outcome(kind=KIND)
    tried = "; ".join(_name(site, swap) for swap in swaps)
    return Outcome(kind=KIND, element=_bus_id(site, swaps[0]), tried=f"moving {tried}")


def _name(site: Site, swap: _Swap) -> str:
    loads = site.region.snapshot.grid.loads
    own = Phases(int(loads.phases[swap.load]))
    return (
        f"the customer {loads.load_id[swap.load]} at bus {_bus_id(site, swap)} from {own.name} "
        f"to {swap.phase.name}"
    )


def _bus_id(site: Site, swap: _Swap) -> str:
    grid = site.region.snapshot.grid
    return str(grid.buses.bus_id[grid.loads.bus[swap.load]])
