"""On which side of a road a drawn line leaves or comes to an edge that is one side of it.

A way over open ground that begins or ends at such an edge keeps to the edge's own side there; it
would else change sides for nothing. Who goes on across passes a link across the road.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from gisplan.network.nearness import sides_of
from gisplan.routing.drawn_lanes import points_along

if TYPE_CHECKING:
    from gisplan.model.grid import Flags, Floats, Integers
    from gisplan.routing.drawn_lanes import Beside, Runs

Geometries = npt.NDArray[np.object_]

SAME_SHARE = 1e-6
ON_EDGE_M = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadSides:
    """Which edges are a side of a road, and which nodes lie on one of several sides.

    ``side`` (edges,) is 1 on the left of the edge as drawn, -1 on its right, 0 where it is none.
    ``first`` and ``last`` (edges,) mark edges whose first or last node lies on one side only; at
    the end of a road both sides have one node. ``road`` holds the axes of roads that edges cross;
    what ends within ``reach_m`` of one has not crossed it.
    """

    side: npt.NDArray[np.int8]
    first: Flags
    last: Flags
    road: Geometries
    reach_m: float

    @classmethod
    def none(cls, count: int) -> RoadSides:
        """Return that edges are sides of no road."""
        nowhere = np.zeros(count, dtype=bool)
        return cls(
            side=np.zeros(count, dtype=np.int8),
            first=nowhere,
            last=nowhere,
            road=np.zeros(0, dtype=object),
            reach_m=0.0,
        )


def open_sides(
    line: shapely.LineString, shape: Geometries, beside: Beside, sides: RoadSides
) -> tuple[Flags, Flags]:
    """Tell to which stops a line may come over open ground, and where it may leave them for it.

    It comes and goes where it passes into the reach of an edge and out of it. On a road that an
    edge crosses it does neither, or nobody would pay for the crossing.
    """
    runs, on = beside.runs, beside.on
    edge = runs.edge[on.run]
    at_node = np.where(on.share == 0.0, sides.first[edge], sides.last[edge])
    is_asked = (sides.side[edge] != 0) & (((on.share > 0.0) & (on.share < 1.0)) | at_node)
    pair = np.flatnonzero(is_asked)
    found = []
    for at_m in _passed(runs):
        may = np.ones(len(beside.stops), dtype=bool)
        kept = _keeps(line, shape, (edge[pair], on.share[pair], at_m[on.run[pair]]), sides)
        may[on.stop[pair[~kept]]] = False
        may[_on_roads(beside, sides)] = False
        found.append(may)
    return found[0], found[1]


def _on_roads(beside: Beside, sides: RoadSides) -> Integers:
    """Return the stops on a road within edges that are no side of one."""
    on = beside.on
    is_asked = (sides.side[beside.runs.edge[on.run]] == 0) & (on.share > 0.0) & (on.share < 1.0)
    stop = on.stop[is_asked]
    places = shapely.points(beside.stops.xy_m[stop])
    near, _ = shapely.STRtree(sides.road).query(places, predicate="dwithin", distance=sides.reach_m)
    found: Integers = stop[near]
    return found


def _passed(runs: Runs) -> tuple[Floats, Floats]:
    """Return where a line comes to the edge of each run and leaves it, turns left out."""
    low_m, high_m = runs.low_m.copy(), runs.high_m.copy()
    for before, after in runs.turn.tolist():
        low_m[after] = low_m[before]
    for before, after in runs.turn[::-1].tolist():
        high_m[before] = high_m[after]
    return low_m, high_m


def _keeps(
    line: shapely.LineString,
    shape: Geometries,
    asked: tuple[Integers, Floats, Floats],
    sides: RoadSides,
) -> Flags:
    """Tell whether places ``at_m`` along a line lie on the own side of edges.

    An end of the line that stands on an edge is on both sides. At the node by which the line goes
    on ahead of an edge, the next edge there decides.
    """
    edge, share, at_m = asked
    points = points_along(line, at_m)
    side = sides_of(shape[edge], shapely.get_coordinates(points).reshape(-1, 2))
    foot = shapely.line_locate_point(shape[edge], points, normalized=True)
    is_ahead = (side == 0) & (np.abs(foot - share) < SAME_SHARE)
    keeps: Flags = (side == sides.side[edge]) | (is_ahead & ((share == 0.0) | (share == 1.0)))
    return keeps | (shapely.distance(shape[edge], points) <= ON_EDGE_M)
