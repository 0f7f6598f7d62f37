"""Which elements of the grid can be reached at which nodes of the corridors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from gisplan.model.grid import Floats, Grid, Installation, Integers, LineRole
from gisplan.network.strands import ACCESS_BUS_KINDS, TOUCH_M, line_shapes, place_points


@dataclass(frozen=True, slots=True, kw_only=True)
class Meetings:
    """Elements that can be reached at nodes: those of node n at ``offset[n]:offset[n + 1]``."""

    offset: Integers
    line: Integers
    bus: Integers
    offset_m: Floats


def find_meetings(grid: Grid, node_xy: Floats, on_mains: Integers) -> Meetings:
    """Return which element of the grid can be reached at which node.

    ``on_mains`` holds (node, line) pairs, shape (pairs, 2).
    """
    pairs = np.unique(np.concatenate([on_mains, _overhead_meetings(grid, node_xy)]), axis=0)
    node_bus, bus = _bus_meetings(grid, node_xy)
    node = np.concatenate([pairs[:, 0], node_bus])
    line = np.concatenate([pairs[:, 1], np.full(len(bus), -1)])
    all_bus = np.concatenate([np.full(len(pairs), -1), bus])
    offset_m = np.concatenate(
        [_offset_along(grid, pairs[:, 1], node_xy[pairs[:, 0]]), np.zeros(len(bus))]
    )
    order = np.lexsort((line, all_bus, node))
    offset = np.searchsorted(node[order], np.arange(len(node_xy) + 1))
    return Meetings(
        offset=offset.astype(np.int64),
        line=line[order].astype(np.int64),
        bus=all_bus[order].astype(np.int64),
        offset_m=offset_m[order],
    )


def _bus_meetings(grid: Grid, node_xy: Floats) -> tuple[Integers, Integers]:
    buses = np.flatnonzero(np.isin(grid.buses.kind, ACCESS_BUS_KINDS))
    if len(buses) == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    points = place_points(np.column_stack([grid.buses.x_m[buses], grid.buses.y_m[buses]]))
    found, node = shapely.STRtree(place_points(node_xy)).query(
        points, predicate="dwithin", distance=TOUCH_M
    )
    return node.astype(np.int64), buses[found]


def _overhead_meetings(grid: Grid, node_xy: Floats) -> Integers:
    """Return (node, line) pairs of nodes that stand on an overhead main."""
    lines = grid.lines
    rows = np.flatnonzero(
        (lines.installation == Installation.OVERHEAD) & (lines.role == LineRole.MAIN)
    )
    if len(rows) == 0:
        return np.zeros((0, 2), dtype=np.int64)
    line, node = shapely.STRtree(place_points(node_xy)).query(
        line_shapes(lines.shape)[rows], predicate="dwithin", distance=TOUCH_M
    )
    return np.column_stack([node, rows[line]]).astype(np.int64)


def _offset_along(grid: Grid, line: Integers, xy: Floats) -> Floats:
    """Return the metres along a line's drawing from its first bus to the places on it."""
    if len(line) == 0:
        return np.zeros(0)
    shapes = line_shapes(grid.lines.shape)[line]
    offset: Floats = shapely.line_locate_point(shapes, place_points(xy))
    return offset
