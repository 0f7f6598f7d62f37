"""Where places land on edges, before anything is known of what lies between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from gisplan.network.nearness import sides_of
from gisplan.network.snapshot import Roadside

if TYPE_CHECKING:
    from gisplan.model.grid import Codes, Flags, Floats, Integers

Geometries = npt.NDArray[np.object_]
Ground = shapely.Point | shapely.Polygon
"""What a cable starts from: a point, or a parcel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """Landings on edges, shape (landings,), and where each connector leaves its place.

    ``place`` numbers the places, ``edge`` is a row of the edges that were asked.
    """

    place: Integers
    edge: Integers
    share: Floats
    length_m: Floats
    xy_m: Floats
    start_xy_m: Floats

    def __len__(self) -> int:
        return len(self.edge)

    def take(self, rows: Integers | Flags) -> Landed:
        """Return some of the landings."""
        return Landed(
            place=self.place[rows],
            edge=self.edge[rows],
            share=self.share[rows],
            length_m=self.length_m[rows],
            xy_m=self.xy_m[rows],
            start_xy_m=self.start_xy_m[rows],
        )


def land(
    site: Ground | Geometries,
    edges: Geometries,
    row: Integers,
    reach_m: float,
    *,
    roadside: Codes,
    place: Integers | None = None,
) -> Landed:
    """Return landings at the foot of the perpendicular on edges and at their ends, within reach.

    Parameters
    ----------
    site : one place for all rows, or a point for each
    edges, row : line strings, and which of them are asked
    roadside : codes of ``Roadside`` of the line strings
    place : number of the place of each row, 0 by default
    """
    shapes = edges[row]
    foot = shapely.line_locate_point(shapes, _feet(site, shapes), normalized=True)
    inner = np.flatnonzero((foot > 0) & (foot < 1))  # a foot at an end is that end
    every = np.arange(len(row))
    pair = np.concatenate([inner, every, every])
    share = np.concatenate([foot[inner], np.zeros(len(row)), np.ones(len(row))])
    on_edge = shapely.line_interpolate_point(shapes[pair], share, normalized=True)
    xy_m = shapely.get_coordinates(on_edge)
    start = _exits(site[pair] if isinstance(site, np.ndarray) else site, xy_m)
    landed = Landed(
        place=np.zeros(len(pair), dtype=np.int64) if place is None else place[pair],
        edge=row[pair],
        share=share,
        length_m=np.hypot(*(xy_m - start).T),
        xy_m=xy_m,
        start_xy_m=start,
    )
    kept = (landed.length_m <= reach_m) & _may_land(landed, edges, roadside)
    return landed.take(kept)


def _may_land(landed: Landed, edges: Geometries, roadside: Codes) -> Flags:
    """Tell which landings lie on the side of a road that their place is on, if on any road."""
    code = roadside[landed.edge]
    may: Flags = ~((code & Roadside.FIRST_ON_ROAD > 0) & (landed.share == 0.0))
    may &= ~((code & Roadside.LAST_ON_ROAD > 0) & (landed.share == 1.0))
    sided = np.flatnonzero(code & (Roadside.LEFT | Roadside.RIGHT))
    if len(sided):
        side = sides_of(edges[landed.edge[sided]], landed.start_xy_m[sided], ahead_sine=0.0)
        other = np.where(code[sided] & Roadside.LEFT, -1, 1)
        may[sided] &= side != other
    return may


def _feet(site: Ground | Geometries, shapes: Geometries) -> Ground | Geometries:
    """Return the place by which to find the foot of the perpendicular on each of several lines."""
    if not isinstance(site, shapely.Polygon):
        return site
    feet: Geometries = np.asarray(shapely.get_point(shapely.shortest_line(site, shapes), -1))
    return feet


def _exits(site: Ground | Geometries, xy_m: Floats) -> Floats:
    """Return where a cable to each of several places leaves a site, shape (places, 2)."""
    if isinstance(site, np.ndarray):
        own: Floats = shapely.get_coordinates(site)
        return own
    if isinstance(site, shapely.Point):
        return np.tile([site.x, site.y], (len(xy_m), 1))
    ways = shapely.shortest_line(site, shapely.points(xy_m))
    exits: Floats = shapely.get_coordinates(shapely.get_point(ways, 0))
    return exits
