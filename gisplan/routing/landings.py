"""From many points to the edges near them: the cheapest landings where edges carry costs.

A point stands off the graph and reaches it by a straight connector of limited length. What the
places on the graph are worth (a ``Tariffs``, for instance the labels of a sweep for each cable) is
given; points are then answered by millions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from gisplan.errors import InputError
from gisplan.routing.crossed_kernel import Areas, Between, Bins, CrossedLines, crossed_lines
from gisplan.routing.landing_kernel import UNREACHED, Edges, Tariffs, cheapest_landings

if TYPE_CHECKING:
    from gisplan.model.grid import Flags, Floats, Integers

__all__ = [
    "UNREACHED",
    "Areas",
    "Between",
    "CrossedLines",
    "Edges",
    "LandingIndex",
    "Landings",
    "Tariffs",
    "build_areas",
    "build_crossed_lines",
    "build_landing_index",
    "crossings_along",
    "floor_cents",
    "nothing_between",
]

Geometries = npt.NDArray[np.object_]

BIN_M = 50.0
BINS_MAX = 4_000_000
ENTRIES_MAX = 16_000_000
"""Rows over all bins; where many wide things would take more, the bins are made larger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landings:
    """The cheapest clear landing of each point, shape (points,).

    ``cents`` is ``UNREACHED`` and the others -1 where there is none. ``node`` is where the way goes
    on, -1 where it ends on the edge itself; ``share`` runs from 0 at the edge's first node to 1 at
    its last, ``length_m`` is the whole way.
    """

    cents: Integers
    tariff: Integers
    edge: Integers
    node: Integers
    share: Floats
    length_m: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingIndex:
    """Edges by place, and what lies between them and places, built once for a graph."""

    edges: Edges
    bins: Bins
    areas: Areas
    between: Between

    def cheapest(self, xy_m: Floats, tariffs: Tariffs, reach_m: float) -> Landings:
        """Return the cheapest landings of points of shape (points, 2)."""
        cents, place, figure = cheapest_landings(
            np.ascontiguousarray(xy_m, dtype=np.float64),
            self.edges,
            self.bins,
            tariffs,
            self.areas,
            self.between,
            reach_m,
        )
        return Landings(
            cents=cents,
            tariff=place[:, 0],
            edge=place[:, 1],
            node=place[:, 2],
            share=figure[:, 0],
            length_m=figure[:, 1],
        )


def build_landing_index(
    edges: Edges, landable: Flags, areas: Areas, between: Between | None = None
) -> LandingIndex:
    """Sort the edges that may be landed on into square bins.

    ``areas`` are closed to connectors; ``between`` is what they may cross at a price.

    Raises
    ------
    InputError
        If a vertex is not finite.
    """
    if not np.isfinite(edges.xy_m).all():
        raise InputError("a vertex of an edge is no finite number; expected metres")
    rows = np.flatnonzero(landable)
    between = between or nothing_between()
    if len(rows) == 0:
        return LandingIndex(edges=edges, bins=_no_bins(), areas=areas, between=between)
    starts = edges.offset[:-1]
    low = np.minimum.reduceat(edges.xy_m, starts, axis=0)[rows]
    high = np.maximum.reduceat(edges.xy_m, starts, axis=0)[rows]
    bins = _sorted_into_bins(rows, low, high)
    return LandingIndex(edges=edges, bins=bins, areas=areas, between=between)


def build_areas(polygons: Geometries, leavable: Flags) -> Areas:
    """Sort polygons into bins; ``leavable`` (polygons,) marks those that may be left from within.

    Only outer rings count.

    Raises
    ------
    InputError
        If one is no single polygon with an extent, all finite.
    """
    box_m = shapely.bounds(polygons).reshape(-1, 4)
    is_polygon = shapely.get_type_id(polygons) == shapely.GeometryType.POLYGON
    wrong = np.flatnonzero(~(is_polygon & np.isfinite(box_m).all(axis=1)))
    if len(wrong):
        found = getattr(polygons[wrong[0]], "geom_type", "nothing")
        raise InputError(
            f"area {wrong[0]} is {found}, empty or not finite; expected one polygon, several parts "
            "as several areas"
        )
    rings = shapely.get_exterior_ring(polygons)
    xy_m, owner = shapely.get_coordinates(rings, return_index=True)
    rows = np.arange(len(polygons))
    bins = _sorted_into_bins(rows, box_m[:, :2], box_m[:, 2:]) if len(rows) else _no_bins()
    return Areas(
        offset=np.searchsorted(owner, np.arange(len(polygons) + 1)).astype(np.int64),
        xy_m=xy_m,
        box_m=box_m,
        leavable=np.asarray(leavable, dtype=np.uint8),
        bins=bins,
    )


def build_crossed_lines(
    lines: Geometries, *, group: Integers, same_m: Floats, reach_m: Floats, cents: Integers
) -> CrossedLines:
    """Sort lines that connectors cross at a price into bins, piece by piece.

    Parameters
    ----------
    lines : line strings, shape (lines,); the others have the same shape
    group : crossings of one group that follow each other within ``same_m`` are one
    reach_m : a connector that begins or ends this near to a line does not cross it there
    cents : what a crossing costs
    """
    xy_m, owner = shapely.get_coordinates(lines, return_index=True)
    piece = np.flatnonzero((owner[1:] == owner[:-1]) & (np.diff(xy_m, axis=0) != 0).any(axis=1))
    first, last = xy_m[piece], xy_m[piece + 1]
    low, high = np.minimum(first, last), np.maximum(first, last)
    rows = np.arange(len(piece))
    return CrossedLines(
        piece_xy_m=np.column_stack([first, last]).astype(np.float64),
        line=owner[piece].astype(np.int64),
        group=np.array(group, dtype=np.int64),
        same_m=np.array(same_m, dtype=np.float64),
        reach_m=np.array(reach_m, dtype=np.float64),
        cents=np.array(cents, dtype=np.int64),
        bins=_sorted_into_bins(rows, low, high) if len(rows) else _no_bins(),
    )


def nothing_between() -> Between:
    """Return plain ground without anything that would be crossed at a price."""
    shapes, none, nothing = np.zeros(0, dtype=object), np.zeros(0, dtype=np.int64), np.zeros(0)
    return Between(
        lines=build_crossed_lines(shapes, group=none, same_m=nothing, reach_m=nothing, cents=none),
        rough=build_areas(shapes, np.zeros(0, dtype=bool)),
        factor=nothing,
        own_ground_m=np.inf,
        plain_cents=0.0,
        rough_cents=0.0,
    )


def crossings_along(between: Between, way_m: Floats) -> tuple[Floats, Integers]:
    """Return where along a way, (vertices, 2), lines are crossed, in metres, and at what cents."""
    line, at_m, count = crossed_lines(between.lines, way_m)
    return at_m[:count], between.lines.cents[line[:count]]


def floor_cents(edges: Edges, node_cents: Integers, joined_cents: Integers) -> Integers:
    """Return for each edge the least that a landing on it can be worth, over all tariffs."""
    cheapest = np.min(node_cents, axis=0)
    ends = np.minimum(cheapest[edges.start], cheapest[edges.end])
    floor: Integers = np.minimum(ends, np.min(joined_cents, axis=0))
    return floor


def _sorted_into_bins(rows: Integers, low: Floats, high: Floats) -> Bins:
    """Put rows into all bins that their boxes touch."""
    corner, size_m, shape = _frame(low, high)
    first, span, count = _touched(low - corner, high - corner, size_m)
    while count.sum() > max(ENTRIES_MAX, 4 * len(rows)):
        size_m *= 2
        shape = (shape + 1) // 2
        first, span, count = _touched(low - corner, high - corner, size_m)
    owner = np.repeat(np.arange(len(rows)), count)
    step = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    column = first[owner, 0] + step % span[owner, 0]
    number = (first[owner, 1] + step // span[owner, 0]) * shape[0] + column
    order = np.lexsort((rows[owner], number))
    offset = np.searchsorted(number[order], np.arange(shape[0] * shape[1] + 1))
    return Bins(
        x_min_m=float(corner[0]),
        y_min_m=float(corner[1]),
        size_m=size_m,
        columns=int(shape[0]),
        rows=int(shape[1]),
        offset=offset.astype(np.int64),
        edge=rows[owner][order].astype(np.int64),
    )


def _touched(low_m: Floats, high_m: Floats, size_m: float) -> tuple[Integers, Integers, Integers]:
    """Return the first bin (column, row), how many each way, and how many in all a box touches."""
    first = np.floor(low_m / size_m).astype(np.int64)
    span = np.floor(high_m / size_m).astype(np.int64) - first + 1
    return first, span, span.prod(axis=1)


def _frame(low: Floats, high: Floats) -> tuple[Floats, float, Integers]:
    """Return corner, size and number of bins (columns, rows): as fine as memory allows."""
    corner, far = low.min(axis=0), high.max(axis=0)
    extent = np.maximum(far - corner, 1.0)
    size_m = max(BIN_M, float(np.sqrt(extent.prod() / BINS_MAX)))
    shape: Integers = np.floor(extent / size_m).astype(np.int64) + 1
    return corner, size_m, shape


def _no_bins() -> Bins:
    nothing = np.zeros(0, dtype=np.int64)
    return Bins(
        x_min_m=0.0,
        y_min_m=0.0,
        size_m=BIN_M,
        columns=1,
        rows=1,
        offset=np.zeros(2, dtype=np.int64),
        edge=nothing,
    )
