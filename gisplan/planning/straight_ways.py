"""Straight ways from a site to stations that it sees, off the corridors, priced as connectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.planning.access import NO_ACCESS, bus_meetings
from gisplan.routing.site import Connectors, MetGround

if TYPE_CHECKING:
    from gisplan.model.grid import Codes, Flags, Grid, Integers
    from gisplan.planning.access import AccessTable, Meetings
    from gisplan.routing.site import SiteIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class StraightWays:
    """Connectors that land on no edge (-1) but at a ``bus``, shape (ways,)."""

    connectors: Connectors
    bus: Integers

    @classmethod
    def none(cls) -> StraightWays:
        """Return no way at all."""
        nothing, nowhere = np.zeros(0), np.zeros((0, 2))
        connectors = Connectors(
            edge=np.zeros(0, dtype=np.int64),
            share=nothing,
            length_m=nothing,
            xy_m=nowhere,
            start_xy_m=nowhere,
            met=MetGround.nothing(0),
        )
        return cls(connectors=connectors, bus=np.zeros(0, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.bus)

    def take(self, rows: Integers | Flags) -> StraightWays:
        """Return some of the ways."""
        kept = np.arange(len(self))[rows]
        return StraightWays(connectors=self.connectors.take(kept), bus=self.bus[kept])

    def after(self, connectors: Connectors) -> Connectors:
        """Return connectors to corridors, followed by these ways."""
        return _followed_by(connectors, self.connectors)

    def meetings(self, bus_kind: Codes, first: int) -> Meetings:
        """Return the buses as meetings of landings; ``first`` is the number of the first way."""
        return bus_meetings(bus_kind, self.bus, -1 - first - np.arange(len(self)))


def straight_ways(
    index: SiteIndex,
    grid: Grid,
    access: AccessTable,
    site: shapely.Point | shapely.Polygon,
    reach_m: float,
) -> StraightWays:
    """Return the clear straight ways from a site to buses that are access points."""
    buses = grid.buses
    west, south, east, north = shapely.bounds(site).tolist()
    near = (buses.x_m >= west - reach_m) & (buses.x_m <= east + reach_m)
    near &= (buses.y_m >= south - reach_m) & (buses.y_m <= north + reach_m)
    found = StraightWays.none()
    for bus in np.flatnonzero(near & (access.bus_kind != NO_ACCESS)).tolist():
        place = shapely.Point(buses.x_m[bus], buses.y_m[bus])
        start = shapely.get_coordinates(shapely.shortest_line(site, place))[0]
        way = index.straight_way((start[0], start[1]), (place.x, place.y), reach_m)
        found = StraightWays(
            connectors=_followed_by(found.connectors, way),
            bus=np.append(found.bus, np.full(len(way), bus)),
        )
    return found


def _followed_by(one: Connectors, other: Connectors) -> Connectors:
    """Return connectors followed by others."""
    return Connectors(
        edge=np.concatenate([one.edge, other.edge]),
        share=np.concatenate([one.share, other.share]),
        length_m=np.concatenate([one.length_m, other.length_m]),
        xy_m=np.concatenate([one.xy_m, other.xy_m]),
        start_xy_m=np.concatenate([one.start_xy_m, other.start_xy_m]),
        met=MetGround(
            offset=np.append(one.met.offset, one.met.offset[-1] + other.met.offset[1:]),
            line=np.concatenate([one.met.line, other.met.line]),
            rough_m=np.concatenate([one.met.rough_m, other.met.rough_m]),
            added_m=np.concatenate([one.met.added_m, other.met.added_m]),
        ),
    )
