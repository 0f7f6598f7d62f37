"""A route as a planner reads it: stretches in lon/lat, what they cross and who owns the ground."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gisplan.model.option import Route, RouteCrossing, RouteSegment
from gisplan.planning.crossable import CROSSINGS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gisplan.planning.crossable import Crossed
    from gisplan.planning.region import Region
    from gisplan.planning.route import Stretch
    from gisplan.planning.works_time import WorksTime


def build_route(
    region: Region, stretches: Sequence[Stretch], straight_line_m: float, time: WorksTime
) -> Route:
    """Return stretches as a route in lon/lat."""
    return Route(
        length_m=round(sum(stretch.length_m for stretch in stretches), 3),
        straight_line_m=round(straight_line_m, 3),
        segments=tuple(_segment(region, stretch) for stretch in stretches),
        lead_time_days=time.lead_time_days,
        ready_on=None if time.ready_on is None else time.ready_on.isoformat(),
    )


def route_crossings(region: Region, crossed: Crossed) -> tuple[RouteCrossing, ...]:
    """Return what a stretch crosses as a planner reads it."""
    return tuple(
        _crossing(region, CROSSINGS[code], barrier, edge)
        for code, barrier, edge in zip(
            crossed.code.tolist(), crossed.barrier.tolist(), crossed.edge.tolist(), strict=True
        )
    )


def _crossing(region: Region, kind: str, barrier: int, edge: int) -> RouteCrossing:
    """Return a crossing; the lead time of what is crossed comes before that of the catalogue."""
    grid, corridors = region.snapshot.grid, region.snapshot.corridors
    price, name, owner, own_days = region.catalogue.crossing(kind), "", "", np.nan
    row = int(corridors.edge_corridor_row[edge]) if edge >= 0 else -1
    if barrier >= 0:
        name, owner = str(grid.barriers.barrier_id[barrier]), str(grid.barriers.owner[barrier])
        own_days = float(grid.barriers.permit_lead_time_days[barrier])
    elif edge >= 0:
        name = str(corridors.corridor_id[corridors.edge_corridor[edge]])
        owner = str(grid.corridors.owner[row]) if row >= 0 else ""
        own_days = float(grid.corridors.permit_lead_time_days[row]) if row >= 0 else np.nan
    is_recorded = bool(np.isfinite(own_days))
    return RouteCrossing(
        kind=kind,
        barrier=name,
        owner=owner,
        method=price.method,
        cost=price.cost,
        permit_lead_time_days=own_days if is_recorded else price.permit_lead_time_days,
        permit_is_recorded=is_recorded,
    )


def _segment(region: Region, stretch: Stretch) -> RouteSegment:
    return RouteSegment(
        length_m=round(stretch.length_m, 3),
        corridor=stretch.corridor,
        surface=stretch.surface,
        laying=stretch.laying,
        cost=stretch.cost_cents / 100,
        coordinates=region.projection.to_lon_lat(stretch.xy_m),
        civil_cost=stretch.civil_cents / 100,
        cable_cost=stretch.cable_cents / 100,
        crossing_cost=stretch.crossing_cents / 100,
        crossings=route_crossings(region, stretch.crossed),
        owner=owner_of(region, stretch) if len(stretch.parts) else "",
        is_shared=stretch.is_shared,
    )


def corridor_row(region: Region, stretch: Stretch) -> int:
    """Return the row of the recorded corridor that a stretch lies or lands on, -1 where none."""
    if stretch.edge < 0:
        return -1
    return int(region.snapshot.corridors.edge_corridor_row[stretch.edge])


def owner_of(region: Region, stretch: Stretch) -> str:
    """Return whose corridor a stretch lies or lands on, empty where that is not recorded."""
    row = corridor_row(region, stretch)
    return str(region.snapshot.grid.corridors.owner[row]) if row >= 0 else ""
