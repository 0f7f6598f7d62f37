"""Corridors: where a new cable may lie, as a graph that is joined to the grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from gisplan.model.grid import Floats, Grid, Installation, Integers, LineRole, Polylines
from gisplan.network.hilbert import hilbert_key
from gisplan.network.snapshot import CorridorGraph
from gisplan.network.strands import (
    ACCESS_BUS_KINDS,
    TOUCH_M,
    CorridorSettings,
    Geometries,
    Strands,
    bus_links,
    components,
    concat,
    cut_forbidden,
    end_nodes,
    forbidden_areas,
    given_strands,
    joined_components,
    line_shapes,
    main_strands,
    noded,
    overhead_links,
    place_points,
    same_street_links,
)

# Where corridors of several kinds lie on one line, the cable takes the first of these.
EASE_OF_KIND = np.array([2, 0, 1, 4, 3])  # by CorridorKind: trench, duct bank, street, open ground
EASE_OF_SURFACE = np.array([2, 1, 0, 3])  # by Surface: verge, paving, asphalt, open ground


def build_corridors(grid: Grid, settings: CorridorSettings | None = None) -> CorridorGraph:
    """Compile the corridor graph of a grid.

    Parameters
    ----------
    grid : Grid in a metric working CRS
    settings : distances, by default ``CorridorSettings()``

    Returns
    -------
    CorridorGraph; nodes in Hilbert order, edges in the order of their lower node
    """
    settings = settings or CorridorSettings()
    forbidden = forbidden_areas(grid)
    strands = cut_forbidden(concat([given_strands(grid), main_strands(grid)]), forbidden)
    strands = concat([strands, same_street_links(strands, forbidden, settings.same_street_m)])
    poles = overhead_links(grid, strands, forbidden, settings.bus_join_max_m)
    strands = concat([strands, poles, bus_links(grid, strands, forbidden, settings.bus_join_max_m)])
    strands = joined_components(strands, forbidden, settings.open_ground_max_m)
    return _graph(grid, strands)


def _graph(grid: Grid, strands: Strands) -> CorridorGraph:
    edges = noded(strands)
    if len(edges) == 0:
        return _empty_graph()
    edges, start, end, node_xy = _numbered(edges)
    strand = _strand_of(edges, strands)
    _, component = components(start, end)
    arc_offset, arc_edge, arc_node = _arcs(start, end, len(node_xy))
    edge_line_offset, edge_line = _edge_lines(edges, strands)
    edge = np.repeat(np.arange(len(edges)), np.diff(edge_line_offset))
    on_mains = np.column_stack([np.r_[start[edge], end[edge]], np.r_[edge_line, edge_line]])
    meetings = _meetings(grid, node_xy, on_mains)
    corridor_id, edge_corridor = np.unique(strands.name[strand], return_inverse=True)
    return CorridorGraph(
        node_x_m=node_xy[:, 0].copy(),
        node_y_m=node_xy[:, 1].copy(),
        edge_from=start,
        edge_to=end,
        edge_length_m=shapely.length(edges),
        edge_kind=strands.kind[strand],
        edge_surface=strands.surface[strand],
        edge_corridor=edge_corridor.reshape(-1).astype(np.int64),
        corridor_id=corridor_id,
        shape=_polylines(edges),
        arc_offset=arc_offset,
        arc_edge=arc_edge,
        arc_node=arc_node,
        component=component,
        node_meeting_offset=meetings.offset,
        meeting_line=meetings.line,
        meeting_bus=meetings.bus,
        meeting_offset_m=meetings.offset_m,
        edge_line_offset=edge_line_offset,
        edge_line=edge_line,
    )


def _numbered(edges: Geometries) -> tuple[Geometries, Integers, Integers, Floats]:
    """Number nodes along a Hilbert curve and sort edges by their lower node."""
    start, end = end_nodes(edges)
    count = int(max(start.max(), end.max())) + 1
    xy = np.zeros((count, 2))
    xy[start] = shapely.get_coordinates(shapely.get_point(edges, 0))
    xy[end] = shapely.get_coordinates(shapely.get_point(edges, -1))
    order = np.lexsort((xy[:, 1], xy[:, 0], hilbert_key(xy[:, 0], xy[:, 1])))
    rank = np.empty(count, dtype=np.int64)
    rank[order] = np.arange(count)
    start, end = rank[start], rank[end]
    by_node = np.lexsort((shapely.length(edges), np.maximum(start, end), np.minimum(start, end)))
    return edges[by_node], start[by_node], end[by_node], xy[order]


def _strand_of(edges: Geometries, strands: Strands) -> Integers:
    """Return the strand that each edge lies on; where several do, the one easiest to dig."""
    middle = shapely.line_interpolate_point(edges, 0.5, normalized=True)
    edge, strand = shapely.STRtree(strands.geometry).query(
        middle, predicate="dwithin", distance=TOUCH_M
    )
    ease = EASE_OF_KIND[strands.kind] * len(EASE_OF_SURFACE) + EASE_OF_SURFACE[strands.surface]
    name = np.unique(strands.name, return_inverse=True)[1].reshape(-1)
    order = np.lexsort((strand, name[strand], ease[strand], edge))
    _, first = np.unique(edge[order], return_index=True)
    result: Integers = strand[order][first].astype(np.int64)
    return result


def _edge_lines(edges: Geometries, strands: Strands) -> tuple[Integers, Integers]:
    """Return, for every edge, the mains that run along it, as offsets and rows of lines."""
    carriers = np.flatnonzero(strands.line >= 0)
    middle = shapely.line_interpolate_point(edges, 0.5, normalized=True)
    edge, carrier = shapely.STRtree(strands.geometry[carriers]).query(
        middle, predicate="dwithin", distance=TOUCH_M
    )
    geometry = strands.geometry[carriers][carrier]
    along = np.ones(len(edge), dtype=bool)
    for position in (0, -1):
        along &= shapely.dwithin(shapely.get_point(edges[edge], position), geometry, TOUCH_M)
    pairs = np.unique(
        np.column_stack([edge[along], strands.line[carriers][carrier[along]]]), axis=0
    )
    offset = np.searchsorted(pairs[:, 0], np.arange(len(edges) + 1))
    return offset.astype(np.int64), pairs[:, 1].astype(np.int64)


def _arcs(start: Integers, end: Integers, node_count: int) -> tuple[Integers, Integers, Integers]:
    tail = np.concatenate([start, end])
    head = np.concatenate([end, start])
    edge = np.tile(np.arange(len(start)), 2)
    order = np.lexsort((edge, head, tail))
    offset = np.searchsorted(tail[order], np.arange(node_count + 1))
    return offset.astype(np.int64), edge[order].astype(np.int64), head[order].astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meetings:
    offset: Integers
    line: Integers
    bus: Integers
    offset_m: Floats


def _meetings(grid: Grid, node_xy: Floats, on_mains: Integers) -> _Meetings:
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
    return _Meetings(
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
    found, node = shapely.STRtree(place_points(node_xy)).query_nearest(
        points, max_distance=TOUCH_M, all_matches=False
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


def _polylines(edges: Geometries) -> Polylines:
    xy, owner = shapely.get_coordinates(edges, return_index=True)
    offset = np.searchsorted(owner, np.arange(len(edges) + 1)).astype(np.int64)
    return Polylines(offset=offset, xy_m=xy)


def _empty_graph() -> CorridorGraph:
    none = np.zeros(0, dtype=np.int64)
    start = np.zeros(1, dtype=np.int64)
    codes = np.zeros(0, dtype=np.uint8)
    nothing = np.zeros(0)
    return CorridorGraph(
        node_x_m=nothing,
        node_y_m=nothing,
        edge_from=none,
        edge_to=none,
        edge_length_m=nothing,
        edge_kind=codes,
        edge_surface=codes,
        edge_corridor=none,
        corridor_id=np.zeros(0, dtype="<U1"),
        shape=Polylines(offset=start, xy_m=np.zeros((0, 2))),
        arc_offset=start,
        arc_edge=none,
        arc_node=none,
        component=none,
        node_meeting_offset=start,
        meeting_line=none,
        meeting_bus=none,
        meeting_offset_m=nothing,
        edge_line_offset=start,
        edge_line=none,
    )
