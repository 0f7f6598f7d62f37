"""Several sources for an important customer: the cheapest set that is independent as asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.model.option import Finding, Severity, SupplySet
from gisplan.model.route_answer import Independence
from gisplan.planning.offers import Offer, OfferKey
from gisplan.planning.own_cable import refused_for_cable
from gisplan.planning.proving import prove_offers
from gisplan.planning.sources.groups import source_groups
from gisplan.planning.sources.source_search import build_source_search

if TYPE_CHECKING:
    from gisplan.model.option import Option
    from gisplan.planning.candidates import CableAt
    from gisplan.planning.proven import Proven
    from gisplan.planning.site import Site
    from gisplan.planning.sources.source_search import SourceSearch, SourceSet

ProofKey = tuple[OfferKey, float, int]
MOST_SETS = 24  # sets that are proven at most; each refused one shuts an access point or a cable
MOST_CABLES = 12  # refused cables in place of which others are tried
INDEPENDENCE = {1: Independence.FEEDER, 2: Independence.BUSBAR, 3: Independence.SUBSTATION}


def build_supply_set(site: Site) -> SupplySet | None:
    """Return the sources that belong together; ``None`` where one is enough.

    Every one of them passes the checks of an option for the whole demand, because it must carry it
    alone when the others are out. The routes are the cheapest set among the access points that
    screening lets pass. Where a check then refuses one, that access point is shut and the next set
    is asked for, until one holds or none is left; the cheapest is shown where none holds.
    """
    wanted = site.mode.sources_required
    if wanted < 2 or site.mode.refusal or not site.variants:
        return None
    rule_id = f"supply.independence.{site.application.importance}"
    independence = INDEPENDENCE[round(site.region.catalogue.rule(rule_id).value)]
    search = build_source_search(site, site.region.ground, site.judge, independence)
    tries = _tries(search, wanted)
    shown = next((one for one in tries if one.holds and one.is_whole), None) or _fullest(tries)
    options = tuple(replace(one.option, rank=n) for n, one in enumerate(shown.proven, start=1))
    findings = (
        _count_finding(site, shown, wanted),
        *_refused_findings(site, tries, shown),
        *_left_out_finding(site, shown.found),
        *_shared_finding(site, shown.found),
        *_substation_finding(site, shown.found.offers, rule_id),
        *_settings_finding(site, options),
    )
    refused = any(finding.severity is Severity.VIOLATION for finding in findings)
    return SupplySet(
        feasible=not refused and shown.holds,
        independence=str(independence),
        options=options,
        supplied_by=shown.found.group_names,
        total_cost=_total(options),
        shared_length_m=round(shown.found.shared_length_m, 3),
        gap=_gap(shown.found),
        findings=findings,
    )


def refused_reasons(found: SupplySet | None) -> tuple[str, ...]:
    """Say why nothing is offered and held although single connections may be feasible."""
    if found is None or found.feasible:
        return ()
    findings = (*found.findings, *(f for one in found.options for f in one.findings))
    text = next(f.text for f in findings if f.severity is Severity.VIOLATION)
    return (f"the sources needed do not hold together, so nothing can be held: {text}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    """A set of routes with the proof of each source."""

    found: SourceSet
    proven: tuple[Proven, ...]
    wanted: int

    @property
    def is_whole(self) -> bool:
        """Whether there are as many sources as wanted."""
        return len(self.proven) == self.wanted

    @property
    def refused(self) -> tuple[Proven, ...]:
        """The sources that a check refuses."""
        return tuple(one for one in self.proven if not one.option.feasible)

    @property
    def holds(self) -> bool:
        """Whether all its sources pass their checks."""
        return bool(self.proven) and not self.refused


def _tries(search: SourceSearch, wanted: int) -> tuple[_Try, ...]:
    """Return the sets asked for, each without the access points that were refused before it.

    Where a power flow refuses a cable only, the access point stays for larger ones.
    """
    shut: frozenset[tuple[int, int]] = frozenset()
    cables: dict[CableAt, str] = {}
    known: dict[ProofKey, Proven] = {}
    tries: list[_Try] = []
    while len(tries) < MOST_SETS:
        found = search.find(count=wanted, shut=shut)
        found = replace(found, offers=tuple(one.after(cables) for one in found.offers))
        fresh = [one for one in found.offers if _key(one) not in known]
        known |= zip(map(_key, fresh), prove_offers(search.site, fresh), strict=True)
        proven = tuple(known[_key(one)] for one in found.offers)
        tries.append(_Try(found=found, proven=proven, wanted=wanted))
        refused = tries[-1].refused
        if not refused or not tries[-1].is_whole:
            break
        too_small = {one.offer.cable_at: refused_for_cable(one) for one in refused}
        if len(cables) < MOST_CABLES:
            cables |= {cable: why for cable, why in too_small.items() if why}
        shut |= {cable[:2] for cable in too_small if cable not in cables}
        search = search.without_cables(cables)
    return tuple(tries)


def _key(offer: Offer) -> ProofKey:
    """Return what tells two offers apart: the way to a source, and what of it is paid elsewhere."""
    return offer.key, offer.length_m, offer.cost_cents


def _fullest(tries: tuple[_Try, ...]) -> _Try:
    """Return the set with the most sources, of those the first, which is the cheapest."""
    return max(tries, key=lambda one: len(one.proven))


def _refused_findings(site: Site, tries: tuple[_Try, ...], shown: _Try) -> tuple[Finding, ...]:
    """Say of every access point why it was refused as a source, and how many sets that cost."""
    told: dict[str, Finding] = {}
    others = [one for one in tries if one is not shown and one.refused]
    used = {offer.element for offer in shown.found.offers}
    names: dict[str, None] = {}
    for one in (source for some in others for source in some.refused):
        point = one.option.access_point
        if one.offer.element in used:  # its section finding says why the smaller cables failed
            names[f"{point.element_id} with smaller cables"] = None
            continue
        reason = next(f.text for f in one.option.findings if f.severity is Severity.VIOLATION)
        names[point.element_id] = None
        told[point.element_id] = Finding(
            rule="supply.source_refused",
            severity=Severity.INFO,
            element=point.element_id,
            text=f"{point.name} ({point.element_id}) is no source: {reason}",
        )
    if not others:
        return ()
    ended = "" if shown.holds or len(tries) < MOST_SETS else "; no further set was asked for"
    count = Finding(
        rule="supply.sets_refused",
        severity=Severity.INFO if shown.holds and shown.is_whole else Severity.WARNING,
        element=site.application.reference,
        text=f"{len(others)} {'cheaper' if shown.holds else 'further'} "
        f"set{'s' if len(others) > 1 else ''} of sources refused: {', '.join(names)}{ended}",
        measured=float(len(others)),
    )
    return (count, *told.values())


def _left_out_finding(site: Site, found: SourceSet) -> tuple[Finding, ...]:
    """Say which access points no cable serves over the route found to them."""
    if not found.left_out:
        return ()
    more = f"; and {len(found.left_out) - 1} more" if len(found.left_out) > 1 else ""
    return (
        Finding(
            rule="supply.left_out",
            severity=Severity.INFO,
            element=site.application.reference,
            text=f"No cable serves over the route found: {found.left_out[0]}{more}",
            measured=float(len(found.left_out)),
        ),
    )


def _settings_finding(site: Site, options: tuple[Option, ...]) -> tuple[Finding, ...]:
    """Tell of remedies that sources rest on: each was proven with its own, and not with others'.

    Two that ask for contrary settings refuse each other.
    """
    settings: dict[str, set[int]] = {}
    for remedy in (remedy for option in options for remedy in option.remedies):
        position = remedy.tap_position if remedy.switch_closed is None else remedy.switch_closed
        if position is not None:
            settings.setdefault(remedy.element, set()).add(int(position))
    contrary = sorted(element for element, asked in settings.items() if len(asked) > 1)
    if not settings:
        return ()
    text = (
        f"Sources ask for contrary settings of {', '.join(contrary)}"
        if contrary
        else f"Sources rest on another setting of {', '.join(sorted(settings))}, each proven for "
        "itself: confirm that they stay independent with all of them"
    )
    return (
        Finding(
            rule="supply.settings_of_sources",
            severity=Severity.VIOLATION if contrary else Severity.SURVEY,
            element=site.application.reference,
            text=text,
        ),
    )


def _total(options: tuple[Option, ...]) -> float:
    return sum(round(option.cost.total * 100) for option in options) / 100


def _gap(found: SourceSet) -> float | None:
    if found.bound_cents is None or found.total_cents == 0:
        return None
    return max(found.total_cents - found.bound_cents, 0) / found.total_cents


def _count_finding(site: Site, shown: _Try, wanted: int) -> Finding:
    rule = site.region.catalogue.rule(f"supply.sources_required.{site.application.importance}")
    found = shown.found
    text = (
        f"{len(found.offers)} of {wanted} sources found that share nothing they must not share"
        if shown.is_whole
        else found.reason
    )
    return rule.measure(float(len(found.offers)), element=site.application.reference, text=text)


def _shared_finding(site: Site, found: SourceSet) -> tuple[Finding, ...]:
    if found.shared_length_m <= 0:
        return ()
    return (
        Finding(
            rule="route.shared_trench",
            severity=Severity.WARNING,
            element=site.application.reference,
            text=f"The routes share {found.shared_length_m:.1f} m of trench, the least there is: "
            "one digger there cuts all of them; its works and crossings are counted once, with the "
            "first source",
            measured=round(found.shared_length_m, 3),
            limit=0.0,
            margin=-round(found.shared_length_m, 3),
            unit="m",
        ),
    )


def _substation_finding(site: Site, offers: tuple[Offer, ...], rule_id: str) -> tuple[Finding, ...]:
    """Say of three and more sources whether two substations are among them."""
    if len(offers) < 3:
        return ()
    groups = source_groups(site.region.snapshot, Independence.SUBSTATION)
    found = set(
        groups.of(
            np.array([one.line for one in offers]), np.array([one.bus for one in offers])
        ).tolist()
    )
    names = sorted(groups.names[group] for group in found if group >= 0)
    rule = site.region.catalogue.rule(rule_id)
    enough = len(names) >= 2
    text = (
        f"The sources hang on the substations {', '.join(names)}"
        if enough
        else "All sources hang on one substation, or it is unknown on which; two of them should "
        "hang on different ones"
    )
    unknown = rule.unknown(element=site.application.reference, text=text)
    severity = Severity.INFO if enough else Severity.WARNING
    return (replace(unknown, severity=severity),)
