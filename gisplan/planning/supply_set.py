"""Several sources for an important customer: the cheapest set that is independent as asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gisplan.model.option import Finding, Severity, SupplySet
from gisplan.model.route_answer import Independence
from gisplan.planning.disjoint_routes import find_source_set
from gisplan.planning.proving import prove_offers
from gisplan.planning.source_groups import source_groups

if TYPE_CHECKING:
    from gisplan.model.option import Option
    from gisplan.planning.disjoint_routes import SourceSet
    from gisplan.planning.offers import Offer
    from gisplan.planning.site import Site

LEVELS = {1: Independence.FEEDER, 2: Independence.BUSBAR, 3: Independence.SUBSTATION}


def build_supply_set(site: Site) -> SupplySet | None:
    """Return the sources that belong together; ``None`` where one is enough.

    Every one of them passes the checks of an option for the whole demand, because it must carry it
    alone when the others are out. The routes are the cheapest set among the access points that
    screening lets pass; where the power flow then refuses one, the set is not feasible and says so.
    """
    wanted = site.mode.sources_required
    if wanted < 2 or site.mode.refusal or not site.variants:
        return None
    rule_id = f"supply.independence.{site.application.importance}"
    rule = site.region.catalogue.rule(rule_id)
    independence = LEVELS[round(rule.value)]
    found = find_source_set(
        site, site.region.ground, site.judge, count=wanted, independence=independence
    )
    options = tuple(
        replace(one.option, rank=rank)
        for rank, one in enumerate(prove_offers(site, found.offers), start=1)
    )
    findings = (
        _count_finding(site, found, wanted),
        *_shared_finding(site, found),
        *_substation_finding(site, found.offers, rule_id),
    )
    refused = any(finding.severity is Severity.VIOLATION for finding in findings)
    return SupplySet(
        feasible=not refused and all(option.feasible for option in options),
        independence=str(independence),
        options=options,
        supplied_by=found.group_names,
        total_cost=_total(options),
        shared_length_m=round(found.shared_length_m, 3),
        gap=_gap(found),
        findings=findings,
    )


def _total(options: tuple[Option, ...]) -> float:
    return sum(round(option.cost.total * 100) for option in options) / 100


def _gap(found: SourceSet) -> float | None:
    if found.bound_cents is None or found.total_cents == 0:
        return None
    return max(found.total_cents - found.bound_cents, 0) / found.total_cents


def _count_finding(site: Site, found: SourceSet, wanted: int) -> Finding:
    rule = site.region.catalogue.rule(f"supply.sources_required.{site.application.importance}")
    text = (
        f"{len(found.offers)} of {wanted} sources found that share nothing they must not share"
        if len(found.offers) == wanted
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
            "one digger there cuts all of them; their civil works are counted for each",
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
    found = {int(groups.line[one.line] if one.line >= 0 else groups.bus[one.bus]) for one in offers}
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
