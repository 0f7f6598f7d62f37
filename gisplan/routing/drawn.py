"""Lines that a planner draws: which corridors they follow, where they leave them, what they meet.

Of all ways along edges within a tolerance of the line the cheapest is meant: the drawing cannot
tell them apart. Over open ground the way goes where no edge goes along with the line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely
import shapely.ops

from gisplan.errors import InputError
from gisplan.routing.drawn_choice import (
    FREE,
    NONE,
    Links,
    along_edges,
    cheapest_chain,
    joined_links,
)
from gisplan.routing.drawn_ground import FreePrice, find_ground, over_ground
from gisplan.routing.drawn_lanes import Stops, points_along, segments_of, steps_along
from gisplan.routing.drawn_sides import RoadSides, open_sides
from gisplan.routing.drawn_stops import (
    TOUCH_M,
    LineEnds,
    at_landings,
    feet_of,
    find_beside_line,
    landed,
)

if TYPE_CHECKING:
    from gisplan.model.grid import Floats, Integers

Geometries = npt.NDArray[np.object_]
PartCents = Callable[["Integers", "Floats", "Floats"], "Floats"]
"""The price of parts of edges, from share to share; infinity where none may be used."""
Crossings = Callable[["Floats"], tuple["Floats", "Integers"]]
"""Where along vertices (vertices, 2) something is crossed off the edges, in metres, and cents."""

VERTICES_MAX = 10_000
LENGTH_MAX_M = 50_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnIndex:
    """Edges that a drawn line may follow, by place.

    ``free_cents_per_m`` is the price of open ground, ``free_crossings`` what is crossed there.
    ``sides`` tells which edges are a side of a road; ``area`` holds polygons that no cable may
    enter.
    """

    shape: Geometries
    tree: shapely.STRtree
    edge_from: Integers
    edge_to: Integers
    part_cents: PartCents
    free_cents_per_m: float
    free_crossings: Crossings
    sides: RoadSides
    area: Geometries
    area_tree: shapely.STRtree


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnWay:
    """What a drawn line means: its stretches in order, arrays of shape (stretches,).

    ``edge`` is -1 over open ground. Along an edge the stretch runs from ``share_from`` to
    ``share_to`` (0: the edge's first node, 1: its last). ``xy_m`` holds the vertices of every
    stretch. ``first_landing`` and ``last_landing`` are rows of the landings given, -1 where the
    line reaches no edge by one. What enters forbidden areas stands apart: ``inside_stretch``,
    ``inside_area`` and ``inside_length_m`` of shape (violations,).
    """

    edge: Integers
    share_from: Floats
    share_to: Floats
    length_m: Floats
    xy_m: tuple[Floats, ...]
    first_landing: int
    last_landing: int
    inside_stretch: Integers
    inside_area: Integers
    inside_length_m: Floats

    def __len__(self) -> int:
        return len(self.edge)


def build_drawn_index(
    shape: Geometries,
    edge_from: Integers,
    edge_to: Integers,
    *,
    part_cents: PartCents,
    free_cents_per_m: float,
    free_crossings: Crossings | None = None,
    sides: RoadSides | None = None,
    area: Geometries | None = None,
) -> DrawnIndex:
    """Return the index of edges (line strings), their nodes, prices, sides and forbidden areas."""
    areas = np.zeros(0, dtype=object) if area is None else area
    return DrawnIndex(
        shape=shape,
        tree=shapely.STRtree(shape),
        edge_from=np.asarray(edge_from, dtype=np.int64),
        edge_to=np.asarray(edge_to, dtype=np.int64),
        part_cents=part_cents,
        free_cents_per_m=free_cents_per_m,
        free_crossings=free_crossings or _no_crossings,
        sides=sides or RoadSides.none(len(shape)),
        area=areas,
        area_tree=shapely.STRtree(areas),
    )


def _no_crossings(xy_m: Floats) -> tuple[Floats, Integers]:  # noqa: ARG001 (asked by the type)
    return np.zeros(0), np.zeros(0, dtype=np.int64)


def read_drawn_line(
    xy_m: Floats,
    index: DrawnIndex,
    *,
    tolerance_m: float,
    start: LineEnds | None = None,
    end: LineEnds | None = None,
) -> DrawnWay:
    """Return what a drawn line means.

    Parameters
    ----------
    xy_m : float64 (vertices, 2), metres
    tolerance_m : how far the line may lie from an edge that it follows
    start, end
        How its ends reach edges; by default they stand on every edge within the tolerance.

    Raises
    ------
    InputError
        If it is no line: not finite, without extent, too long, or with too many vertices.
    """
    line = check_drawn_line(xy_m)
    if not tolerance_m > 0:
        raise InputError(f"tolerance is {tolerance_m:g} m; expected more than 0")
    vertices = shapely.get_coordinates(line)
    shape, tree = index.shape, index.tree
    ends = (
        feet_of(shape, tree, vertices[0], tolerance_m) if start is None else start,
        feet_of(shape, tree, vertices[-1], tolerance_m) if end is None else end,
    )
    return _way(_read(line, index, tolerance_m, ends), index)


def check_drawn_line(xy_m: Floats) -> shapely.LineString:
    """Return vertices of shape (vertices, 2) as a line.

    Raises
    ------
    InputError
        If it is none that can be followed.
    """
    xy = np.asarray(xy_m, dtype=np.float64)
    if xy.ndim != 2 or xy.shape[1:] != (2,) or not 2 <= len(xy) <= VERTICES_MAX:
        raise InputError(
            f"the drawn line has the shape {xy.shape}; expected 2 to {VERTICES_MAX} vertices of "
            "x and y; draw it with fewer, or in parts"
        )
    if not np.isfinite(xy).all():
        row = int(np.flatnonzero(~np.isfinite(xy).all(axis=1))[0])
        raise InputError(f"vertex {row} of the drawn line is {xy[row]}; expected finite metres")
    line = shapely.LineString(xy)
    if line.length <= TOUCH_M:
        raise InputError(f"the drawn line is {line.length:.3f} m long; draw one with an extent")
    if line.length > LENGTH_MAX_M:
        raise InputError(
            f"the drawn line is {line.length / 1000:,.0f} km long; expected at most "
            f"{LENGTH_MAX_M / 1000:g} km: draw it in parts, or straighten what runs to and fro"
        )
    return line


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """A stretch in the making: edge or ``FREE``, shares, and its vertices."""

    edge: int
    share_from: float
    share_to: float
    xy_m: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """Stretches of a line, and the rows of the landings at its ends."""

    runs: list[_Run]
    first_landing: int
    last_landing: int


def _read(
    line: shapely.LineString,
    index: DrawnIndex,
    reach_m: float,
    ends: tuple[LineEnds, LineEnds],
) -> _Reading:
    pieces, _ = segments_of(line)
    found = index.tree.query(pieces, predicate="dwithin", distance=reach_m)[1]
    near = np.unique(np.concatenate([found, *(one.edge for one in ends)])).astype(np.int64)
    nodes = np.stack([index.edge_from, index.edge_to])
    beside = find_beside_line(line, index.shape, nodes, near, reach_m)
    landings: list[tuple[Integers, Integers]] = []
    for at_end, one in enumerate(ends):
        rows, stops, on = landed(line, one, beside.runs, reach_m, at_end=bool(at_end))
        landings.append((rows, len(beside.stops) + np.arange(len(stops))))
        beside = beside.with_stops(stops, on)
    steps = steps_along(line, index.shape, beside, reach_m)
    ground = find_ground(line, index.shape[near], beside.stops, reach_m)
    may = open_sides(line, index.shape, beside, index.sides)
    # who lands goes on along an edge; open ground right after would not pay for what lies there
    may[1][landings[0][1]] = may[0][landings[1][1]] = False
    links = joined_links(
        [
            along_edges(steps, index.part_cents(steps.edge, steps.share_from, steps.share_to)),
            *over_ground(line, beside.stops, ground, _free_price(line, index), may),
            *at_landings(ends, landings, ground.first),
        ]
    )
    chain = links.take(cheapest_chain(links, ground.first, ground.last))
    return _reading(line, index, chain, beside.stops, ground.place_m)


def _free_price(line: shapely.LineString, index: DrawnIndex) -> FreePrice:
    """Return what a line costs where it goes over open ground."""
    at_m, cents = index.free_crossings(shapely.get_coordinates(line))
    return FreePrice(cents_per_m=index.free_cents_per_m, crossed_m=at_m, crossing_cents=cents)


def _reading(
    line: shapely.LineString, index: DrawnIndex, chain: Links, stops: Stops, way_m: Floats
) -> _Reading:
    """Return the stretches of a chain; what follows the same edge, or open ground, is one."""
    vertices, vertex_m = shapely.get_coordinates(line), segments_of(line)[1]
    places = shapely.get_coordinates(points_along(line, way_m))
    xy_m = np.concatenate([stops.xy_m, places, vertices[[0, -1]]])
    landing = [int(row) for row in chain.landing[[0, -1]]]
    runs: list[_Run] = []
    row, count = 0, len(chain)
    while row < count:
        after = row + 1
        if chain.edge[row] != FREE:
            runs = _with_part(runs, index, chain, row)
        elif chain.landing[row] == NONE:
            while after < count and chain.edge[after] == FREE and chain.landing[after] == NONE:
                after += 1
            part = _free(chain, row, after, (xy_m, len(stops), way_m, vertices, vertex_m))
            runs += [part] if _length_m(part.xy_m) > TOUCH_M else []
        row = after
    return _Reading(runs=runs, first_landing=landing[0], last_landing=landing[1])


def _with_part(runs: list[_Run], index: DrawnIndex, chain: Links, row: int) -> list[_Run]:
    """Add a part of an edge; where it goes on in the direction of the last, they are one."""
    edge, start, end = int(chain.edge[row]), chain.share_from[row], chain.share_to[row]
    if start == end:
        return runs
    if runs and runs[-1].edge == edge and runs[-1].share_to == start:
        before = runs[-1]
        if (before.share_to - before.share_from) * (end - start) > 0:
            return [*runs[:-1], _along(index, edge, before.share_from, float(end))]
    return [*runs, _along(index, edge, float(start), float(end))]


def _along(index: DrawnIndex, edge: int, share_from: float, share_to: float) -> _Run:
    part = shapely.ops.substring(index.shape[edge], share_from, share_to, normalized=True)
    return _Run(
        edge=edge, share_from=share_from, share_to=share_to, xy_m=shapely.get_coordinates(part)
    )


def _free(
    chain: Links, first: int, after: int, places: tuple[Floats, int, Floats, Floats, Floats]
) -> _Run:
    """Return a stretch over open ground: between its ends it keeps the vertices of the line."""
    xy_m, stop_count, way_m, vertices, vertex_m = places
    way = np.concatenate([chain.tail[first:after], chain.head[after - 1 : after]])
    on_line = way[(way >= stop_count) & (way < stop_count + len(way_m))] - stop_count
    low, high = way_m[on_line[0]], way_m[on_line[-1]]
    inner = vertices[(vertex_m > low) & (vertex_m < high)]
    ends = xy_m[way[[0, -1]]]
    return _Run(
        edge=FREE, share_from=0.0, share_to=0.0, xy_m=np.concatenate([ends[:1], inner, ends[1:]])
    )


def _length_m(xy_m: Floats) -> float:
    return float(np.hypot(*np.diff(xy_m, axis=0).T).sum())


def _way(reading: _Reading, index: DrawnIndex) -> DrawnWay:
    runs = reading.runs
    free = np.array([run.edge == FREE for run in runs], dtype=bool)
    stretch, area, inside_m = _inside(runs, np.flatnonzero(free), index)
    return DrawnWay(
        edge=np.array([run.edge for run in runs], dtype=np.int64),
        share_from=np.array([run.share_from for run in runs]),
        share_to=np.array([run.share_to for run in runs]),
        length_m=np.array([_length_m(run.xy_m) for run in runs]),
        xy_m=tuple(run.xy_m for run in runs),
        first_landing=reading.first_landing,
        last_landing=reading.last_landing,
        inside_stretch=stretch,
        inside_area=area,
        inside_length_m=inside_m,
    )


def _inside(
    runs: list[_Run], free: Integers, index: DrawnIndex
) -> tuple[Integers, Integers, Floats]:
    """Return which free stretches enter which areas, and for how many metres."""
    lines = np.array([shapely.LineString(runs[row].xy_m) for row in free.tolist()], dtype=object)
    line, area = index.area_tree.query(lines, predicate="intersects")
    inside_m = shapely.length(shapely.intersection(lines[line], index.area[area]))
    kept = inside_m > TOUCH_M
    order = np.lexsort((area[kept], line[kept]))
    return (
        free[line[kept]][order].astype(np.int64),
        area[kept][order].astype(np.int64),
        inside_m[kept][order],
    )
