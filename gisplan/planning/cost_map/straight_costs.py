"""What connecting costs by straight ways to stations that places see, off the corridors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.planning.civil import connector_costs
from gisplan.planning.cost_map.layers import NONE
from gisplan.routing.landing_kernel import clear_lines
from gisplan.routing.site import Connectors, MetGround
from gisplan.routing.sweep import UNREACHED

if TYPE_CHECKING:
    from gisplan.model.grid import Flags, Floats, Integers
    from gisplan.planning.cost_map.node_costs import CostMap
    from gisplan.routing.landings import Areas


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenStations:
    """Straight ways from places to stations: the ``place`` and the ``access`` row of each."""

    place: Integers
    access: Integers
    connectors: Connectors


@dataclass(frozen=True, slots=True, kw_only=True)
class StraightCosts:
    """The cheapest straight way of each place, shape (places,); ``UNREACHED`` and -1 for none."""

    cents: Integers
    access: Integers
    variant: Integers
    length_m: Floats


def seen_stations(answer: CostMap, areas: Areas, xy_m: Floats, reach_m: float) -> SeenStations:
    """Return the clear straight ways from places of shape (places, 2) to stations within reach.

    ``areas`` are the region's forbidden ones; both ends may leave a house of their own.
    """
    region, met = answer.state.region, answer.access.met
    buses = region.snapshot.grid.buses
    row = np.flatnonzero(met.bus >= 0)
    station_m = np.column_stack([buses.x_m[met.bus[row]], buses.y_m[met.bus[row]]])
    stations = np.asarray(shapely.points(station_m), dtype=object)
    place, seen = shapely.STRtree(stations).query(
        np.asarray(shapely.points(xy_m), dtype=object), predicate="dwithin", distance=reach_m
    )
    start, end = xy_m[place], station_m[seen]
    index = region.site_index
    station, area = index.forbidden_tree.query(stations, predicate="intersects")
    houses = np.column_stack([station, area])[index.leavable[area]]
    clear = _clear(areas, start, end, seen, houses)
    place, seen, start, end = place[clear], seen[clear], start[clear], end[clear]
    ways = np.stack([start, end], axis=1).reshape(-1, 2)
    between = answer.ground.civil.crossable.between
    return SeenStations(
        place=place,
        access=row[seen],
        connectors=Connectors(
            edge=np.full(len(place), NONE),
            share=np.zeros(len(place)),
            length_m=np.hypot(*(end - start).T),
            xy_m=end,
            start_xy_m=start,
            met=MetGround.on_ways(between, np.arange(0, len(ways) + 1, 2), ways),
        ),
    )


def _clear(areas: Areas, start: Floats, end: Floats, station: Integers, houses: Integers) -> Flags:
    """Tell which straight ways run through no area but one that an end stands in.

    ``houses`` are pairs of a station and an area that it may leave.
    """
    clear = np.zeros(len(start), dtype=bool)
    seen = np.zeros(len(areas.leavable) + 1, dtype=np.int64)
    order = np.argsort(station, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(station[order])) + 1):
        own = houses[np.isin(houses[:, 0], station[rows[:1]]), 1].astype(np.int64)
        clear[rows] = clear_lines(areas, own, seen, start[rows], end[rows])
    return clear


def straight_costs(
    answer: CostMap, seen: SeenStations, place_count: int, *, is_limited: bool
) -> StraightCosts:
    """Return the cheapest of straight ways, without drop and joints where nothing is limited."""
    cents = np.full(place_count, UNREACHED)
    access, variant = np.full(place_count, NONE), np.full(place_count, NONE)
    length_m = np.zeros(place_count)
    kind, along_m = answer.access.met.kind[seen.access], seen.connectors.length_m
    for number, layer in enumerate(answer.layers):
        cable = layer.variant
        holds = layer.allowed[seen.access] & (not cable.is_overhead)
        if is_limited:
            holds &= along_m <= layer.reach_m
        own = connector_costs(answer.ground.civil, cable, seen.connectors).total_cents
        beside = cable.beside_route_cents(kind, along_m if is_limited else np.zeros(len(kind)))
        total = own.astype(np.int64) + beside
        rows = np.flatnonzero(holds)
        rows = rows[np.lexsort((seen.access[rows], total[rows], seen.place[rows]))]
        at, first = np.unique(seen.place[rows], return_index=True)
        best = rows[first]
        less = total[best] < cents[at]
        at, best = at[less], best[less]
        cents[at], access[at], variant[at] = total[best], seen.access[best], number
        length_m[at] = along_m[best]
    return StraightCosts(cents=cents, access=access, variant=variant, length_m=length_m)
