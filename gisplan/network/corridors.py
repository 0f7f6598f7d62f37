"""Corridors: where a new cable may lie, as a graph that is joined to the grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from gisplan.model.grid import Codes, Floats, Grid, Integers, Polylines, Surface
from gisplan.network.bridges import joined_components
from gisplan.network.crossings import EdgeGeometries, find_crossings
from gisplan.network.edge_strands import edge_lines, edge_strands
from gisplan.network.ground import cost_factors, find_beside
from gisplan.network.hilbert import hilbert_key
from gisplan.network.meetings import find_meetings
from gisplan.network.near_ends import find_near_ends, join_near_ends
from gisplan.network.sides import split_sides
from gisplan.network.snapshot import CorridorGraph, Roadside
from gisplan.network.strands import (
    ROAD_LINK,
    STREET_LINK,
    TOUCH_M,
    CorridorSettings,
    Geometries,
    Strands,
    components,
    concat,
    cut_forbidden,
    end_nodes,
    forbidden_areas,
    given_strands,
    link_strands,
    main_strands,
    pole_links,
    same_street_links,
    with_geometry,
)


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
    given = given_strands(grid)
    near = find_near_ends(given.geometry, touch_m=TOUCH_M, reach_m=settings.joined_end_max_m)
    given = with_geometry(given, join_near_ends(given.geometry, near))
    strands = cut_forbidden(concat([given, main_strands(grid)]), forbidden)
    strands = concat([strands, same_street_links(strands, forbidden, settings.same_street_m)])
    strands = concat([strands, pole_links(grid, strands, forbidden, settings.pole_join_max_m)])
    strands, stretches = joined_components(strands, forbidden, settings.open_ground_max_m)
    return _graph(grid, strands, _numbered(stretches), near.target_m, settings)


def _graph(
    grid: Grid,
    strands: Strands,
    stretches: _Stretches,
    joined_m: Floats,
    settings: CorridorSettings,
) -> CorridorGraph:
    laid = _laid(grid, strands, stretches, settings)
    edges, place, strand, strands = laid.edges, laid.place, laid.strand, laid.strands
    node_xy = laid.node_xy_m
    edge_line_offset, edge_line = edge_lines(edges.geometry, edges.crosses < 0, strands)
    on_mains = _nodes_on_mains(edges, edge_line_offset, edge_line)
    meetings = find_meetings(grid, node_xy, on_mains)
    arc_offset, arc_edge, arc_node = _arcs(edges.start, edges.end, len(node_xy))
    corridor_id, edge_corridor = np.unique(strands.name[strand], return_inverse=True)
    crossings = find_crossings(edges, grid.barriers, settings)
    beside = find_beside(edges.geometry, grid.barriers, settings)
    return CorridorGraph(
        node_x_m=node_xy[:, 0].copy(),
        node_y_m=node_xy[:, 1].copy(),
        edge_from=edges.start,
        edge_to=edges.end,
        edge_length_m=shapely.length(edges.geometry),
        edge_kind=strands.kind[strand],
        edge_surface=strands.surface[strand],
        edge_corridor=edge_corridor.reshape(-1).astype(np.int64),
        corridor_id=corridor_id,
        shape=_polylines(edges.geometry),
        arc_offset=arc_offset,
        arc_edge=arc_edge,
        arc_node=arc_node,
        component=components(edges.start, edges.end, len(node_xy))[1],
        node_meeting_offset=meetings.offset,
        meeting_line=meetings.line,
        meeting_bus=meetings.bus,
        meeting_offset_m=meetings.offset_m,
        edge_line_offset=edge_line_offset,
        edge_line=edge_line,
        edge_place=place,
        edge_roadside=laid.roadside,
        edge_corridor_row=strands.row[strand],
        edge_laying=_layings(grid, strands.row[strand]),
        edge_cost_factor=cost_factors(edges.geometry, grid.obstacles),
        edge_crossing_offset=crossings.offset,
        crossing_kind=crossings.kind,
        crossing_barrier=crossings.barrier,
        crossing_share=crossings.share,
        edge_beside_offset=beside.offset,
        beside_barrier=beside.barrier,
        beside_length_m=beside.length_m,
        beside_distance_m=beside.distance_m,
        joined_end_xy_m=joined_m,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Laid:
    """Edges with the place, strand and ``Roadside`` of each, and what they refer to."""

    edges: EdgeGeometries
    place: Integers
    strand: Integers
    roadside: Codes
    strands: Strands
    node_xy_m: Floats


def _laid(grid: Grid, strands: Strands, stretches: _Stretches, settings: CorridorSettings) -> _Laid:
    """Lay strands on stretches, on both sides of roads, in the order of their lower nodes."""
    place, strand = edge_strands(stretches.geometry, grid, strands)
    ends = np.stack([stretches.start[place], stretches.end[place]])
    sided = split_sides(
        stretches.geometry[place], ends, stretches.node_xy_m, grid.barriers, settings
    )
    links = link_strands(sided.link_geometry, Surface.ASPHALT, ROAD_LINK)
    count, is_right = len(stretches.geometry), (sided.roadside & Roadside.RIGHT) > 0
    place = place[sided.edge] + np.where(is_right, count, 0)
    place = np.append(place, 2 * count + np.arange(len(links)))
    strand = np.append(strand[sided.edge], len(strands) + np.arange(len(links)))
    ends = np.concatenate([sided.ends, sided.link_ends], axis=1)
    order = np.lexsort((np.arange(len(strand)), ends.max(axis=0), ends.min(axis=0)))
    strands = concat([strands, links])
    edges = EdgeGeometries(
        geometry=np.concatenate([sided.geometry, sided.link_geometry])[order],
        start=ends[0][order],
        end=ends[1][order],
        is_street_link=(strands.name[strand] == STREET_LINK)[order],
        is_along=np.append(sided.is_along, np.zeros(len(links), dtype=bool))[order],
        crosses=np.append(np.full(len(sided.edge), -1), sided.link_barrier)[order],
        is_split=sided.is_split,
    )
    return _Laid(
        edges=edges,
        place=np.unique(place[order], return_inverse=True)[1].reshape(-1),
        strand=strand[order],
        roadside=np.append(sided.roadside, np.zeros(len(links)))[order].astype(np.uint8),
        strands=strands,
        node_xy_m=sided.node_xy_m,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretches:
    """Stretches of ground between nodes, each once; ``node_xy_m`` has the shape (nodes, 2)."""

    geometry: Geometries
    start: Integers
    end: Integers
    node_xy_m: Floats


def _numbered(stretches: Geometries) -> _Stretches:
    """Number nodes along a Hilbert curve and sort stretches by their lower node."""
    start, end = end_nodes(stretches)
    count = int(max(start.max(initial=-1), end.max(initial=-1))) + 1
    xy = np.zeros((count, 2))
    xy[start] = shapely.get_coordinates(shapely.get_point(stretches, 0))
    xy[end] = shapely.get_coordinates(shapely.get_point(stretches, -1))
    order = np.lexsort((xy[:, 1], xy[:, 0], hilbert_key(xy[:, 0], xy[:, 1])))
    rank = np.empty(count, dtype=np.int64)
    rank[order] = np.arange(count)
    start, end = rank[start], rank[end]
    length_m = shapely.length(stretches)
    by_node = np.lexsort((length_m, np.maximum(start, end), np.minimum(start, end)))
    return _Stretches(
        geometry=stretches[by_node],
        start=start[by_node],
        end=end[by_node],
        node_xy_m=xy[order],
    )


def _nodes_on_mains(edges: EdgeGeometries, offset: Integers, line: Integers) -> Integers:
    """Return the ends of edges along mains as (node, line) pairs, shape (pairs, 2)."""
    edge = np.repeat(np.arange(len(offset) - 1), np.diff(offset))
    node = np.concatenate([edges.start[edge], edges.end[edge]])
    return np.column_stack([node, np.tile(line, 2)])


def _layings(grid: Grid, row: Integers) -> Codes:
    """Return how cables lie in corridors of the source (by row); unknown in all others (-1)."""
    laying = np.zeros(len(row), dtype=np.uint8)
    laying[row >= 0] = grid.corridors.laying[row[row >= 0]]
    return laying


def _arcs(start: Integers, end: Integers, node_count: int) -> tuple[Integers, Integers, Integers]:
    tail = np.concatenate([start, end])
    head = np.concatenate([end, start])
    edge = np.tile(np.arange(len(start)), 2)
    order = np.lexsort((edge, head, tail))
    offset = np.searchsorted(tail[order], np.arange(node_count + 1))
    return offset.astype(np.int64), edge[order].astype(np.int64), head[order].astype(np.int64)


def _polylines(edges: Geometries) -> Polylines:
    xy, owner = shapely.get_coordinates(edges, return_index=True)
    offset = np.searchsorted(owner, np.arange(len(edges) + 1)).astype(np.int64)
    return Polylines(offset=offset, xy_m=xy)
