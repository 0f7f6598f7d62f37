"""When a connection can be ready: permits, bans on digging, and the works themselves.

Permits are asked for at once and run side by side, so the longest one counts; no trench is opened
before the last ban on the way has ended; then the works take their time. All days are calendar
days. Without the day of the application there is a duration and no date.
"""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gisplan.planning.route import CONNECTOR, OFF_CORRIDOR, corridor_name
from gisplan.planning.told_route import corridor_row, owner_of, route_crossings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gisplan.model.application import Application
    from gisplan.planning.region import Region
    from gisplan.planning.route import Stretch
    from gisplan.rules.catalogue import Catalogue

LAST_DAY = datetime.date.max.toordinal()
"""A ban without an end is recorded as one until then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """Something to ask for before the works, of whom, and how long it takes."""

    what: str
    owner: str
    days: float
    is_recorded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WorksTime:
    """From the application to the end of the works.

    ``banned_until`` is the last day without digging on the way, ``ready_on`` the day when the works
    are done; ``None`` where there is none, or where the application has no date.
    """

    permits: tuple[Permit, ...]
    works_days: float
    banned_until: datetime.date | None
    banned_corridor: str
    ready_on: datetime.date | None

    @property
    def longest(self) -> Permit | None:
        """The permit that the works wait for."""
        return max(self.permits, key=lambda permit: permit.days, default=None)

    @property
    def lead_time_days(self) -> float:
        """Days from the application to the end of the works, bans apart."""
        return (self.longest.days if self.longest else 0.0) + self.works_days


def works_time(region: Region, application: Application, stretches: Sequence[Stretch]) -> WorksTime:
    """Return when the works along stretches can be done."""
    permits = tuple(dict.fromkeys(_permits(region, stretches)))
    banned_until, corridor = _last_ban(region, stretches)
    time = WorksTime(
        permits=permits,
        works_days=_works_days(region, stretches),
        banned_until=banned_until,
        banned_corridor=corridor,
        ready_on=None,
    )
    return _dated(time, application)


def _dated(time: WorksTime, application: Application) -> WorksTime:
    if application.applied_on is None:
        return time
    applied_on = datetime.date.fromisoformat(application.applied_on)
    begin = _later(applied_on, time.lead_time_days - time.works_days)
    if time.banned_until is not None:
        begin = max(begin, _later(time.banned_until, 1))
    return replace(time, ready_on=_later(begin, time.works_days))


def _later(day: datetime.date, days: float) -> datetime.date:
    """Return the day so many days later, begun ones whole; the last of all where there is none."""
    return datetime.date.fromordinal(min(day.toordinal() + math.ceil(days), LAST_DAY))


def _works_days(region: Region, stretches: Sequence[Stretch]) -> float:
    """Return the days of the works: setting up, then so many metres a day where it is dug."""
    if not stretches:
        return 0.0
    catalogue = region.catalogue
    length_m = sum(stretch.length_m for stretch in stretches if stretch.is_dug)
    setup_days = catalogue.value("works.setup_days")
    return setup_days + math.ceil(length_m / catalogue.value("works.metres_per_day"))


def _permits(region: Region, stretches: Sequence[Stretch]) -> Iterator[Permit]:
    """Yield what ground and crossings on the way need, in the order of the way."""
    for stretch in stretches:
        if stretch.edge >= 0:
            yield _corridor_permit(region, stretch)
        if foreign_ground_m(region.catalogue, stretch) > 0:
            yield Permit(
                what=f"ground {OFF_CORRIDOR}",
                owner="",
                days=region.catalogue.value("wayleave.lead_time_days"),
                is_recorded=False,
            )
        for crossing in route_crossings(region, stretch.crossed):
            yield Permit(
                what=f"crossing of {crossing.kind} {crossing.barrier}".strip(),
                owner=crossing.owner,
                days=crossing.permit_lead_time_days,
                is_recorded=crossing.permit_is_recorded,
            )


def _corridor_permit(region: Region, stretch: Stretch) -> Permit:
    """Return the permit of a corridor; the usual time where its own is not recorded."""
    sources, catalogue = region.snapshot.grid.corridors, region.catalogue
    row, owner = corridor_row(region, stretch), owner_of(region, stretch)
    own_days = float(sources.permit_lead_time_days[row]) if row >= 0 else math.nan
    usual = catalogue.value("wayleave.lead_time_days" if owner else "permit.lead_time_days")
    is_recorded = math.isfinite(own_days)
    return Permit(
        what=corridor_name(region.snapshot.corridors, stretch.edge),
        owner=owner,
        days=own_days if is_recorded else usual,
        is_recorded=is_recorded,
    )


def foreign_ground_m(catalogue: Catalogue, stretch: Stretch) -> float:
    """Return the metres that lie off all corridors and beyond the site's own ground."""
    if stretch.corridor == OFF_CORRIDOR:
        return stretch.length_m
    if stretch.corridor == CONNECTOR:
        return max(stretch.length_m - catalogue.value("route.own_ground_m"), 0.0)
    return 0.0


def _last_ban(region: Region, stretches: Sequence[Stretch]) -> tuple[datetime.date | None, str]:
    """Return the last day of any ban where the way is dug, and the corridor."""
    last, corridor = -math.inf, ""
    until = region.snapshot.grid.corridors.excavation_ban_until
    corridors = region.snapshot.corridors
    for stretch in stretches:
        if not stretch.is_dug:
            continue
        for edge in (stretch.edge, *stretch.crossed.edge.tolist()):
            row = int(corridors.edge_corridor_row[edge]) if edge >= 0 else -1
            day = float(until[row]) if row >= 0 else math.nan
            if day > last:
                last, corridor = day, corridor_name(corridors, edge)
    return (datetime.date.fromordinal(int(last)), corridor) if last > 0 else (None, "")
