"""Where a way along a drawn line may change: at nodes, rims, turns of the line, and landings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from gisplan.network.nearness import find_stretches
from gisplan.network.strands import components
from gisplan.routing.drawn_choice import off_edges
from gisplan.routing.drawn_lanes import (
    Beside,
    OnRuns,
    Runs,
    Stops,
    find_runs,
    overlapping,
    passes,
    points_along,
)

if TYPE_CHECKING:
    from gisplan.model.grid import Flags, Floats, Integers
    from gisplan.routing.drawn_choice import Links

Geometries = npt.NDArray[np.object_]

TOUCH_M = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class LineEnds:
    """How an end of a line may reach edges: straight ways to landings, shape (landings,)."""

    edge: Integers
    share: Floats
    xy_m: Floats
    cents: Floats

    def __len__(self) -> int:
        return len(self.edge)


def feet_of(shape: Geometries, tree: shapely.STRtree, xy_m: Floats, reach_m: float) -> LineEnds:
    """Return the feet of a place on all edges within reach, without a price."""
    point = shapely.Point(xy_m)
    edge = np.sort(tree.query(point, predicate="dwithin", distance=reach_m))
    share = shapely.line_locate_point(shape[edge], point, normalized=True)
    foot = shapely.line_interpolate_point(shape[edge], share, normalized=True)
    return LineEnds(
        edge=edge.astype(np.int64),
        share=share,
        xy_m=shapely.get_coordinates(foot),
        cents=np.zeros(len(edge)),
    )


def find_beside_line(
    line: shapely.LineString, shape: Geometries, nodes: Integers, near: Integers, reach_m: float
) -> Beside:
    """Return the runs of a line by the edges ``near``, and where a way may change there.

    ``nodes`` (2, edges) holds both ends of every edge of ``shape``.
    """
    runs = find_runs(line, shape, near, reach_m)
    node, row = np.unique(nodes[:, near].reshape(-1), return_index=True)
    ends = np.concatenate([shapely.get_point(shape[near], at) for at in (0, -1)])
    number, stops = passes(line, shapely.get_coordinates(ends[row]).reshape(-1, 2), reach_m)
    passed = number, stops.low_m, stops.high_m
    found = [
        overlapping((np.searchsorted(node, side[runs.edge]), runs.low_m, runs.high_m), passed)
        for side in nodes
    ]
    on = OnRuns(
        run=np.concatenate([run for run, _ in found]),
        stop=np.concatenate([stop for _, stop in found]),
        share=np.repeat([0.0, 1.0], [len(run) for run, _ in found]),
    )
    beside = Beside(runs=runs, stops=stops, on=on)
    return beside.with_stops(*_rims(line, shape, nodes, runs)).with_stops(*_turns(shape, runs))


def _turns(shape: Geometries, runs: Runs) -> tuple[Stops, OnRuns]:
    """Return where a line turns back: on the run before and on the one after."""
    turns = Stops(
        low_m=runs.turn_m,
        high_m=runs.turn_m,
        xy_m=_places(shape[runs.edge[runs.turn[:, 0]]], runs.turn_share),
    )
    return turns, OnRuns(
        run=runs.turn.T.reshape(-1),
        stop=np.tile(np.arange(len(turns)), 2),
        share=np.tile(runs.turn_share, 2),
    )


def _rims(
    line: shapely.LineString, shape: Geometries, nodes: Integers, runs: Runs
) -> tuple[Stops, OnRuns]:
    """Return where edges may be left or come to in their middle: wherever one comes near or ends.

    There every edge beside the line may be changed for another. Where one comes near by its node
    and all edges there are joined by others, its node will do.
    """
    at_m = np.unique(np.concatenate([runs.low_m, runs.high_m]))
    is_wanted = np.zeros(len(at_m), dtype=bool)
    points = points_along(line, at_m)
    for ends_m in (runs.low_m, runs.high_m):
        row = np.searchsorted(at_m, ends_m)
        share = shapely.line_locate_point(shape[runs.edge], points[row], normalized=True)
        is_wanted[row[(share > 0) & (share < 1)]] = True
    ground = np.zeros(len(runs.edge))
    boxes = shapely.box(runs.low_m, ground, runs.high_m, ground + 1.0)
    place, run = shapely.STRtree(boxes).query(
        shapely.points(at_m, np.full(len(at_m), 0.5)), predicate="intersects"
    )
    is_wanted |= _are_apart(place, _parts_of(nodes[:, runs.edge])[run], len(at_m))
    place, run = place[is_wanted[place]], run[is_wanted[place]]
    share = shapely.line_locate_point(shape[runs.edge[run]], points[place], normalized=True)
    kept = (share > 0) & (share < 1)
    place, run, share = place[kept], run[kept], share[kept]
    stops = Stops(low_m=at_m[place], high_m=at_m[place], xy_m=_places(shape[runs.edge[run]], share))
    return stops, OnRuns(run=run.astype(np.int64), stop=np.arange(len(place)), share=share)


def _parts_of(ends: Integers) -> Integers:
    """Return the connected part of each of several edges, whose nodes are of shape (2, edges)."""
    node, row = np.unique(ends, return_inverse=True)
    start, end = row.reshape(2, -1)
    parts: Integers = components(start, end, len(node))[1][start]
    return parts


def _are_apart(place: Integers, part: Integers, count: int) -> Flags:
    """Tell at which of ``count`` places there are several parts, from pairs of place and part."""
    least, most = np.full(count, np.iinfo(np.int64).max), np.full(count, -1)
    np.minimum.at(least, place, part)
    np.maximum.at(most, place, part)
    apart: Flags = most > least
    return apart


def landed(
    line: shapely.LineString, ends: LineEnds, runs: Runs, reach_m: float, *, at_end: bool
) -> tuple[Integers, Stops, OnRuns]:
    """Return landings whose straight ways lie within the tolerance of the line's end.

    That is rows of landings, their places, and where these lie on runs.
    """
    beyond_m = _left_at(line, ends, reach_m, at_end=at_end)
    landing, stops = passes(line, ends.xy_m, reach_m)
    if at_end:
        kept = stops.high_m >= line.length - beyond_m[landing]
        low, high = np.maximum(stops.low_m, line.length - beyond_m[landing]), stops.high_m
    else:
        kept = stops.low_m <= beyond_m[landing]
        low, high = stops.low_m, np.minimum(stops.high_m, beyond_m[landing])
    rows = np.flatnonzero(kept)
    landing = landing[rows]
    stops = Stops(low_m=low[rows], high_m=high[rows], xy_m=stops.xy_m[rows])
    stop, run = overlapping(
        (ends.edge[landing], stops.low_m, stops.high_m), (runs.edge, runs.low_m, runs.high_m)
    )
    return landing, stops, OnRuns(run=run, stop=stop, share=ends.share[landing[stop]])


def _left_at(line: shapely.LineString, ends: LineEnds, reach_m: float, *, at_end: bool) -> Floats:
    """Return how far from its end the line stays beside the straight way to each landing."""
    xy = shapely.get_coordinates(line)
    here = xy[-1] if at_end else xy[0]
    beyond_m = np.full(len(ends), reach_m)
    away_m = np.hypot(*(ends.xy_m - here).T)
    far = np.flatnonzero(away_m > TOUCH_M)
    ways = shapely.linestrings(np.stack([np.tile(here, (len(far), 1)), ends.xy_m[far]], axis=1))
    found = find_stretches(
        np.array([line], dtype=object), np.asarray(ways, dtype=object), reach_m=reach_m
    )
    if at_end:
        own = found.end_m >= line.length - TOUCH_M
        beyond_m[far[found.other[own]]] = line.length - found.start_m[own]
    else:
        own = found.start_m <= TOUCH_M
        beyond_m[far[found.other[own]]] = found.end_m[own]
    return beyond_m


def at_landings(
    ends: tuple[LineEnds, LineEnds], landings: list[tuple[Integers, Integers]], first: int
) -> list[Links]:
    """Return the ways along landings, from the start (number ``first``) and to the end after it.

    ``landings`` holds rows of the landings of both ends, and the numbers of their stops.
    """
    (start, start_stop), (end, end_stop) = landings
    return [
        off_edges(
            np.full(len(start), first), start_stop, cents=ends[0].cents[start], landing=start
        ),
        off_edges(end_stop, np.full(len(end), first + 1), cents=ends[1].cents[end], landing=end),
    ]


def _places(shapes: Geometries, share: Floats) -> Floats:
    points = shapely.line_interpolate_point(shapes, share, normalized=True)
    return shapely.get_coordinates(points).reshape(-1, 2)
