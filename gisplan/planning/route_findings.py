"""What a route asks of others and of the survey: bends, clearances, owners, permits, dates.

None of these makes an option infeasible: what is drawn is not yet dug, and a permit that takes
longer than the customer wants is for the customer to know.
"""

from __future__ import annotations

import datetime
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.model.option import Finding, Severity
from gisplan.planning.bends import tightest_radius_m
from gisplan.planning.mains import MAIN_NAMES
from gisplan.planning.route import OFF_CORRIDOR
from gisplan.planning.told_route import owner_of, route_crossings
from gisplan.planning.works_time import foreign_ground_m

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gisplan.model.application import Application
    from gisplan.model.option import RouteCrossing
    from gisplan.planning.region import Region
    from gisplan.planning.route import EdgeParts, Stretch
    from gisplan.planning.works_time import WorksTime
    from gisplan.rules.catalogue import Catalogue, ConductorType, Rule

PARALLEL_RULES = {
    "gas": "clearance.parallel_gas_m",
    "heat": "clearance.parallel_heat_m",
    "water": "clearance.parallel_water_m",
}
CROSSING_RULES = {
    "gas": "clearance.crossing_gas_m",
    "heat": "clearance.crossing_heat_m",
    "water": "clearance.crossing_water_m",
}
FREE_DUCT = "free_duct"


def check_route(
    region: Region,
    conductor: ConductorType,
    stretches: Sequence[Stretch],
    time: WorksTime,
    application: Application,
) -> tuple[Finding, ...]:
    """Return every finding of a way, in the order in which a planner acts on them."""
    if conductor.installation == "overhead" and all(stretch.poles for stretch in stretches):
        return (*_open_ground(region, stretches), *_ready(region.catalogue, time, application))
    return (
        *_owners(region, stretches),
        *_open_ground(region, stretches),
        *_crossings(region, stretches),
        *_ducts(region.catalogue, stretches),
        _bends(region.catalogue, conductor, stretches),
        *_parallel_mains(region, stretches),
        *_crossed_mains(region, stretches),
        *_ban(time, application),
        *_ready(region.catalogue, time, application),
    )


def _warned(rule: Rule, measured: float, *, element: str, text: str | None = None) -> Finding:
    """Measure a rule that a route breaks at worst with a warning."""
    found = rule.measure(measured, element=element, text=text)
    is_broken = found.severity is Severity.VIOLATION
    return replace(found, severity=Severity.WARNING) if is_broken else found


def _bends(catalogue: Catalogue, conductor: ConductorType, stretches: Sequence[Stretch]) -> Finding:
    """Compare the tightest bend with the cable's smallest, in outer diameters."""
    cores, diameter_mm = conductor.core_count, conductor.outer_diameter_mm
    is_single = cores == 1 or cores is None  # the larger radius where it is unknown
    rule = catalogue.rule("bend.single_core_min_d" if is_single else "bend.multi_core_min_d")
    if diameter_mm is None:
        text = (
            f"The outer diameter of {conductor.conductor_id} is not in the catalogue: not proven "
            f"that the route bends nowhere below {rule.value:g} D"
        )
        return rule.unknown(element=conductor.conductor_id, text=text)
    xy_m = np.concatenate([stretch.xy_m for stretch in stretches])
    radius_m = tightest_radius_m(xy_m, catalogue.value("bend.drawing_tolerance_m"))
    least_m = rule.value * diameter_mm / 1000
    measured = min(radius_m / (diameter_mm / 1000), 1e4)
    place = "the route is straight" if math.isinf(radius_m) else f"tightest bend {radius_m:.2f} m"
    text = f"{rule.title}: {place}, {conductor.conductor_id} needs {least_m:.2f} m"
    if radius_m < least_m:
        text += "; widen the trench there or set a pulling pit"
    return _warned(rule, round(measured, 1), element=conductor.conductor_id, text=text)


def _parallel_mains(region: Region, stretches: Sequence[Stretch]) -> Iterator[Finding]:
    """Tell the nearest main of each kind that runs beside the route."""
    corridors, barriers = region.snapshot.corridors, region.snapshot.grid.barriers
    beside = np.concatenate([_beside(region, stretch.parts) for stretch in stretches])
    barrier = corridors.beside_barrier[beside]
    for kind, name in MAIN_NAMES.items():
        of_kind = beside[barriers.kind[barrier] == kind]
        if len(of_kind):
            distance_m = corridors.beside_distance_m[of_kind]
            nearest = int(of_kind[np.argmin(distance_m)])
            main = str(barriers.barrier_id[corridors.beside_barrier[nearest]])
            rule = region.catalogue.rule(PARALLEL_RULES[name])
            length_m = float(corridors.beside_length_m[of_kind].sum())
            text = (
                f"{name.capitalize()} mains run beside the route for up to {length_m:.0f} m, the "
                f"nearest ({main}) {distance_m.min():.1f} m from the corridor's axis; keep "
                f"{rule.value:g} m, which may be on the other side of the street"
            )
            yield _warned(rule, round(float(distance_m.min()), 2), element=main, text=text)


def _beside(region: Region, parts: EdgeParts) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the rows of mains beside the edges of parts."""
    offset = region.snapshot.corridors.edge_beside_offset
    rows = [np.arange(offset[edge], offset[edge + 1]) for edge in parts.edge.tolist()]
    return np.concatenate([np.zeros(0, dtype=np.int64), *rows]).astype(np.int64)


def _crossed_mains(region: Region, stretches: Sequence[Stretch]) -> Iterator[Finding]:
    """Tell which mains of each kind are crossed; how deep they lie is for the survey."""
    barriers = region.snapshot.grid.barriers
    rows = region.mains.crossed(np.concatenate([stretch.xy_m for stretch in stretches]))
    for kind, name in MAIN_NAMES.items():
        crossed = barriers.barrier_id[rows[barriers.kind[rows] == kind]].tolist()
        if crossed:
            rule = region.catalogue.rule(CROSSING_RULES[name])
            text = (
                f"The route crosses {_counted(len(crossed), f'{name} main')} ({_listed(crossed)}) "
                f"at a depth that is not recorded; keep {rule.value:g} m above or below"
            )
            yield rule.unknown(element=crossed[0], text=text)


def _owners(region: Region, stretches: Sequence[Stretch]) -> Iterator[Finding]:
    """Name every owner of a corridor on the way, who must grant a wayleave."""
    rule = region.catalogue.rule("wayleave.lead_time_days")
    metres: dict[str, float] = {}
    for stretch in stretches:
        owner, own_m = owner_of(region, stretch), stretch.length_m if len(stretch.parts) else 0.0
        metres[owner] = metres.get(owner, 0.0) + own_m
    for owner, length_m in metres.items():
        if owner:
            what = f"{length_m:.0f} m of the route" if length_m > 0 else "the joint on its ground"
            text = f"{owner} must grant a wayleave for {what}"
            yield rule.unknown(element=owner, text=text)


def _open_ground(region: Region, stretches: Sequence[Stretch]) -> Iterator[Finding]:
    """Ask for the wayleave of those whose ground lies between corridors."""
    length_m = sum(foreign_ground_m(region.catalogue, stretch) for stretch in stretches)
    if length_m > 0:
        text = f"The owners of {length_m:.0f} m off all corridors must grant a wayleave"
        rule = region.catalogue.rule("wayleave.lead_time_days")
        yield rule.unknown(element=OFF_CORRIDOR, text=text)


def _crossings(region: Region, stretches: Sequence[Stretch]) -> Iterator[Finding]:
    """Tell for each kind of crossing whom to ask and how long that takes."""
    by_kind: dict[str, list[RouteCrossing]] = {}
    for stretch in stretches:
        for crossing in route_crossings(region, stretch.crossed):
            by_kind.setdefault(crossing.kind, []).append(crossing)
    for kind, crossings in by_kind.items():
        days = max(one.permit_lead_time_days for one in crossings)
        names = _listed([one.barrier for one in crossings if one.barrier])
        owners = _listed([one.owner for one in crossings if one.owner]) or "its authority"
        text = (
            f"{len(crossings)} x {kind} crossed{f' ({names})' if names else ''} by "
            f"{crossings[0].method}: permit of {owners}, about {days:g} days"
        )
        yield Finding(
            rule=f"crossing.{kind}",
            severity=Severity.INFO if kind == "street" else Severity.WARNING,
            element=names or kind,
            text=text,
            confidence=region.catalogue.crossing(kind).confidence,
        )


def _ducts(catalogue: Catalogue, stretches: Sequence[Stretch]) -> Iterator[Finding]:
    """Ask the survey for the ducts that the route uses."""
    used = [stretch for stretch in stretches if stretch.laying == FREE_DUCT]
    if used:
        rule = catalogue.rule("duct.systems_per_duct")
        names = _listed([stretch.corridor.partition(": ")[2] for stretch in used])
        text = (
            f"{sum(stretch.length_m for stretch in used):.0f} m lie in free ducts ({names}), "
            f"{rule.value:g} cable system a duct; the survey must confirm that they are free and "
            "passable"
        )
        yield rule.unknown(element=names, text=text)


def _ban(time: WorksTime, application: Application) -> Iterator[Finding]:
    """Tell the last day of a ban on digging; one that ended before the application is none."""
    until, applied_on = time.banned_until, application.applied_on
    if until is not None and (applied_on is None or applied_on <= until.isoformat()):
        yield Finding(
            rule="works.excavation_ban",
            severity=Severity.WARNING,
            element=time.banned_corridor,
            text=f"No digging in {time.banned_corridor} until {until.isoformat()}",
        )


def _ready(catalogue: Catalogue, time: WorksTime, application: Application) -> Iterator[Finding]:
    """Say when the works can be done, and whether that is in time."""
    rule, how = catalogue.rule("works.slack_days"), _how_long(time)
    element = application.reference
    if time.ready_on is None:
        text = f"{how}; the day of the application is not recorded, so there is no date"
        found = rule.unknown(element=element, text=text)
        yield found if application.wanted_on else replace(found, severity=Severity.INFO)
    elif application.wanted_on is None:
        text = f"Ready on {time.ready_on.isoformat()} at the earliest: {how}"
        yield replace(rule.unknown(element=element, text=text), severity=Severity.INFO)
    else:
        wanted_on = datetime.date.fromisoformat(application.wanted_on)
        slack_days = (wanted_on - time.ready_on).days
        verdict = "in time" if slack_days >= rule.value else "too late"
        text = (
            f"Ready on {time.ready_on.isoformat()} at the earliest, wanted on "
            f"{application.wanted_on}: {verdict}. {how}"
        )
        yield _warned(rule, float(slack_days), element=element, text=text)


def _how_long(time: WorksTime) -> str:
    """Say what the works wait for and how long they take."""
    works = f"{time.works_days:.0f} days of works"
    longest = time.longest
    if longest is None:
        return works
    origin = "recorded" if longest.is_recorded else "usual time, not recorded"
    ban = "" if time.banned_until is None else f", no digging until {time.banned_until.isoformat()}"
    return (
        f"{_counted(len(time.permits), 'permit')} side by side, the longest "
        f"{longest.days:.0f} days ({longest.what}; {origin}){ban}, then {works}"
    )


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _listed(names: Sequence[str], most: int = 3) -> str:
    """Name a few things, each once, and how many more there are."""
    distinct = list(dict.fromkeys(names))
    more = f" and {len(distinct) - most} more" if len(distinct) > most else ""
    return ", ".join(distinct[:most]) + more
