"""The story of a plan: from an application to ranked options with their reasons.

Supply mode first; then the site's own service; then one search per cable that meets access points
in order of cost; an AC power flow for whatever is offered; a remedy where only a voltage stands in
the way; the edges of the load band for what is shown; and the nearest point by straight line
beside it, as the baseline.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import gisplan
from gisplan.model.option import Finding, Plan, Provenance, Severity
from gisplan.planning.band import with_bands
from gisplan.planning.baseline import straight_line_baseline
from gisplan.planning.candidates import Pool, find_candidates
from gisplan.planning.demand import derived_demand
from gisplan.planning.existing import find_existing_service
from gisplan.planning.hopeless import hopeless_reasons
from gisplan.planning.offers import Offer, OfferKey, extension_offer, offers_of, option_of
from gisplan.planning.own_cable import refused_for_cable
from gisplan.planning.proven import Proven
from gisplan.planning.proving import prove_offers
from gisplan.planning.ranking import chosen, ranked
from gisplan.planning.site import examine_site
from gisplan.planning.sources.supply_set import build_supply_set, refused_reasons

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from gisplan.model.application import Application
    from gisplan.model.option import Option
    from gisplan.planning.candidates import CableAt
    from gisplan.planning.site import Site
    from gisplan.planning.state import PlanningState

OPTIONS_WANTED = 3
SPARE = 1  # candidates proven beyond those wanted, in case the power flow refuses one
MOST_CANDIDATES = 48  # elements proven at most; a search that needs more proves no optimum
MOST_CABLES = 24  # refused cables in place of which others are tried; likewise


def plan_connection(application: Application, state: PlanningState) -> Plan:
    """Return the plan of an application; what is not feasible is a plan with reasons.

    Raises
    ------
    OutsideAreaError
        If the place lies outside the loaded region.
    UnknownElementError
        If the application names an existing connection that the grid does not hold.
    """
    site = examine_site(application, state)
    if site.mode.refusal:
        return _plan(site, (), site.mode.refusal, None)
    extension = _extension(site)
    proven, pool = _search(site, extension)
    shown = ranked(with_bands(chosen(proven, lambda one: one.option)))
    reasons = _reasons(site, tuple(one.option for one in proven), pool)
    return _plan(site, shown, reasons, pool)


def _extension(site: Site) -> tuple[Offer, ...]:
    """Return the extension of the site's own service, where it has one at this voltage level."""
    found = find_existing_service(site.application, site.region, site.xy_m)
    if found is None or site.mode.voltage_level != "lv":
        return ()
    return (extension_offer(found),)


def _search(site: Site, extension: tuple[Offer, ...]) -> tuple[tuple[Proven, ...], Pool]:
    """Search and prove; search on while the power flow refuses what screening let pass.

    Where it refuses a cable, others are tried at that element; where it refuses more, the search
    goes on to further elements.
    """
    wanted = OPTIONS_WANTED + SPARE - len(extension)
    known: dict[OfferKey, Proven] = {}
    refused: dict[CableAt, str] = {}
    while True:
        pool = find_candidates(
            site.state.region.ground,
            site.variants,
            site.connectors,
            site.judge,
            wanted=wanted,
            straight=site.straight,
            refused=refused,
        )
        offers = extension + offers_of(site, pool.best(), refused)
        fresh = [offer for offer in offers if offer.key not in known]
        known |= zip((offer.key for offer in fresh), prove_offers(site, fresh), strict=True)
        proven = tuple(known[offer.key] for offer in offers)
        too_thin = {one.offer.cable_at: refused_for_cable(one) for one in proven}
        too_thin = {cable: why for cable, why in too_thin.items() if why}
        if too_thin and len(refused) < MOST_CABLES:
            refused |= too_thin
            continue
        feasible = sum(one.option.feasible for one in proven)
        complete = feasible >= OPTIONS_WANTED or len(pool.passed) < wanted
        if complete or wanted >= MOST_CANDIDATES:
            gap = 0.0 if complete and not too_thin else None
            given_up = _given_up(known.values(), proven, refused)
            found = tuple(_with_gap(one, gap) for one in proven)
            told = {one.offer.element for one in given_up}
            return found + given_up + _refused(site, pool, told), pool
        wanted = min(2 * wanted, MOST_CANDIDATES)


def _given_up(
    known: Iterable[Proven], proven: Sequence[Proven], refused: Mapping[CableAt, str]
) -> tuple[Proven, ...]:
    """Return elements at which every cable failed, each with the last one that was tried."""
    left = {one.offer.element for one in proven}
    last = {one.offer.element: one for one in known if one.offer.cable_at in refused}
    return tuple(one for element, one in last.items() if element not in left)


def _with_gap(one: Proven, gap: float | None) -> Proven:
    return replace(one, option=replace(one.option, gap=gap)) if one.option.feasible else one


def _refused(site: Site, pool: Pool, told: Container[tuple[int, int]]) -> tuple[Proven, ...]:
    """Return what screening refused; what a tap or another open point may mend is proven.

    ``told`` are elements of which a power flow has told more.
    """
    refused = [one for one in pool.rejected() if one.element not in told]
    mendable = offers_of(site, [one for one in refused if one.mendable])
    others = offers_of(site, [one for one in refused if not one.mendable])
    proven = prove_offers(site, [replace(offer, reason="") for offer in mendable])
    refused_alike = (
        Proven(option=option_of(site, offer), site=site, offer=offer) for offer in others
    )
    return (*proven, *refused_alike)


def _reasons(site: Site, options: tuple[Option, ...], pool: Pool) -> tuple[str, ...]:
    """Say why there are fewer than three feasible options; nothing where there are three."""
    feasible = sum(option.feasible for option in options)
    if feasible >= OPTIONS_WANTED:
        return ()
    reasons = list(hopeless_reasons(site, pool))
    if not site.variants:
        reasons.append(
            f"no cable of the catalogue carries {site.application.demand_kva:g} kVA at "
            f"{site.mode.nominal_voltage_v:g} V; a higher voltage level or a larger section is "
            "needed"
        )
    violations = {
        f"{option.access_point.name}: {finding.text}": None
        for option in options
        for finding in option.findings
        if finding.severity is Severity.VIOLATION
    }
    reasons.extend(list(violations)[:OPTIONS_WANTED])
    reasons.append(
        f"{feasible} of {OPTIONS_WANTED} options wanted are feasible; {pool.examined} access "
        "points were examined"
    )
    return tuple(reasons)


def _plan(
    site: Site, options: tuple[Option, ...], reasons: tuple[str, ...], pool: Pool | None
) -> Plan:
    supply_set = build_supply_set(site)
    holds = site.mode.sources_required < 2 if supply_set is None else supply_set.feasible
    return Plan(
        application=site.application,
        feasible=holds and any(option.feasible for option in options),
        supply_voltage_v=site.mode.nominal_voltage_v,
        sources_required=site.mode.sources_required,
        options=options,
        findings=site.mode.findings + derived_demand(site.application) + _lost_promises(site),
        reasons=reasons + refused_reasons(supply_set),
        baseline=straight_line_baseline(site, options, pool),
        provenance=provenance(site.state),
        supply_set=supply_set,
    )


def _lost_promises(site: Site) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            rule="ledger.lost_element",
            severity=Severity.WARNING,
            element=promise,
            text=f"The promise {promise} names an element that this grid version does not hold; "
            "it could not be counted. Plan that application again",
        )
        for promise in site.state.held.lost
    )


def provenance(state: PlanningState) -> Provenance:
    """Return everything that decides an answer on this state."""
    grid, catalogue = state.region.snapshot.grid, state.region.catalogue
    return Provenance(
        grid_version=grid.version_id,
        grid_fingerprint=grid.fingerprint,
        ledger_sequence=state.held.sequence,
        catalogue=catalogue.fingerprint,
        profile=catalogue.profile,
        software=f"gisplan {gisplan.__version__}",
    )
