"""What today's connection should leave room for, by rules of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gisplan.model.option import AccessKind, Finding, Severity
from gisplan.model.plan_density import Recommendation
from gisplan.planning.supply_mode import is_low_voltage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gisplan.model.grid import Floats
    from gisplan.model.option import Conductor, Option, Plan
    from gisplan.model.plan_density import ElementOutlook
    from gisplan.rules.catalogue import Catalogue

NEW_NODES = frozenset({AccessKind.LOOP_IN, AccessKind.TEE_OFF})
"""Kinds of access point that build switchgear, which may be given more bays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A recommendation with its words and the findings behind it."""

    recommendation: Recommendation
    text: str
    findings: tuple[Finding, ...] = ()


def recommend(plan: Plan, catalogue: Catalogue, new_kva: Floats) -> Advice:
    """Recommend what neighbours will need, given the contract capacities of new sites nearby.

    Switchgear that is built gets spare bays where one of them needs medium voltage or many ask; a
    new cable is taken one section up where many ask. Else nothing is recommended.
    """
    option = plan.best
    if option is None:
        return _nothing("no option is feasible")
    rule = catalogue.rule("density.nearby_applications_min")
    radius_m = catalogue.value("density.nearby_radius_m")
    count, large = len(new_kva), int((new_kva > catalogue.value("supply.lv_max_kva")).sum())
    told = (
        f"{count} other open application(s) of {new_kva.sum():,.0f} kVA for a new connection "
        f"within {radius_m:g} m"
    )
    builds = option.access_point.kind in NEW_NODES
    if count < rule.value and not (builds and large):
        return _nothing(f"{told}; from {rule.value:g} on a cable is sized for them too")
    text = _bays(catalogue, large) if builds else _section(catalogue, option)
    if not text:
        return _nothing(f"{told}, but no larger cable and no switchgear is built for them")
    kind = Recommendation.SPARE_BAYS if builds else Recommendation.LARGER_SECTION
    finding = Finding(
        rule=rule.rule_id,
        severity=Severity.INFO,
        element=plan.application.reference,
        text=f"Recommended: {text}, because of {told}",
        measured=float(count),
        limit=rule.value,
        margin=count - rule.value,
        unit=rule.unit,
        clause=rule.clause or rule.source,
        confidence=rule.confidence,
    )
    return Advice(recommendation=kind, text=f"{text}: {told}", findings=(finding,))


def _nothing(why: str) -> Advice:
    return Advice(recommendation=Recommendation.NONE, text=why)


def _bays(catalogue: Catalogue, large: int) -> str:
    """Say how many spare bays: those that the catalogue asks for, and one a large neighbour."""
    least = int(catalogue.value("access.loop_in_spare_bays_min"))
    return f"a ring main unit with {least + large} spare bays"


def _section(catalogue: Catalogue, option: Option) -> str:
    """Name the next section up of the option's cable, nothing where there is none."""
    conductor = option.conductor
    if conductor is None:
        return ""
    level = "lv" if is_low_voltage(option.access_point.nominal_voltage_v) else "mv"
    larger = _larger(catalogue, conductor, level)
    if larger is None:
        return ""
    return f"the next section up, {larger} in place of {conductor.conductor_id}"


def _larger(catalogue: Catalogue, conductor: Conductor, level: str) -> str | None:
    return next(
        (
            one.conductor_id
            for one in catalogue.conductors(level, conductor.role)
            if one.section_mm2 > conductor.section_mm2
        ),
        None,
    )


def findings_of(supply: Iterable[ElementOutlook], catalogue: Catalogue) -> Iterator[Finding]:
    """Yield a warning for each element of which applications ask more than a part of its headroom.

    It is no violation: whether this application fits is judged elsewhere.
    """
    rule = catalogue.rule("density.headroom_use_max")
    for one in supply:
        if one.headroom_kva is None:
            continue
        asked_kva = one.own_kva + one.asked_kva
        used = asked_kva / one.headroom_kva if one.headroom_kva > 0 else float(asked_kva > 0)
        if used > rule.value:
            text = (
                f"This and {one.asked_count} other open application(s) ask {asked_kva:,.1f} of the "
                f"{one.headroom_kva:,.1f} kVA that {one.level} {one.name} can still give"
            )
            told = rule.measure(round(used, 4), element=one.element_id, text=text)
            yield replace(told, severity=Severity.WARNING)
