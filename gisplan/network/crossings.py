"""Where corridors cross roads, railways and waters that others own.

What counts is passing from one side of a barrier to the other: an edge that runs along a road's
axis, or within ``within_road_m`` of it, does not cross it, and where it leaves again on the side
that it came from neither. Nodes on roads have been split by the roads' sides (``network.sides``),
with links across. Any other node within reach of a barrier lies on one of its sides, the one where
most of its edges leave; only those that leave on the other side cross there. So a street that ends
at a road crosses nothing, and one that goes on beyond it crosses once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely

from gisplan.model.grid import BarrierKind, Barriers, Codes, Flags, Floats, Integers
from gisplan.network.nearness import Geometries, Stretches, find_stretches, sides_of
from gisplan.network.strands import TOUCH_M, CorridorSettings, line_shapes

BESIDE_REACHES = 3.0  # who stays that long within reach of a road does not come across it
END_M = 1e-6  # a stretch that begins or ends this near to an end of the edge holds that end


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeGeometries:
    """Edges of a corridor graph: line strings, nodes at both ends, and which link a street.

    ``is_along`` marks those that run along roads; ``crosses`` is the row of the road that a link
    between its sides leads across, -1 for others. ``is_split`` (nodes,) marks nodes that such links
    join: who leaves a road there stays on a side.
    """

    geometry: Geometries
    start: Integers
    end: Integers
    is_street_link: Flags
    is_along: Flags
    crosses: Integers
    is_split: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossings:
    """Events along edges: those of edge e stand at ``offset[e]:offset[e + 1]``, in their order."""

    offset: Integers
    kind: Codes
    barrier: Integers
    share: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Events:
    edge: Integers
    barrier: Integers
    at_m: Floats


def find_crossings(
    edges: EdgeGeometries, barriers: Barriers, settings: CorridorSettings
) -> Crossings:
    """Return every crossing of edges; tracks side by side of one owner are crossed once.

    A link across a street crosses a road of its own (barrier -1) where no road is given nearby.
    """
    shapes = line_shapes(barriers.shape)
    roads = np.flatnonzero(barriers.kind == BarrierKind.ROAD)
    others = np.flatnonzero(np.isin(barriers.kind, (BarrierKind.RAIL, BarrierKind.WATER)))
    sideless = replace(
        edges, is_along=np.zeros_like(edges.is_along), is_split=np.zeros_like(edges.is_split)
    )
    events = [
        _events(edges, shapes[roads], roads, settings.within_road_m),
        _events(sideless, shapes[others], others, TOUCH_M),
    ]
    links = _link_events(edges, shapes[roads], settings.road_given_m)
    edge, barrier, at_m = (
        np.concatenate([getattr(each, name) for each in (*events, links, _between_sides(edges))])
        for name in ("edge", "barrier", "at_m")
    )
    kind = np.full(len(edge), BarrierKind.ROAD, dtype=np.uint8)
    kind[barrier >= 0] = barriers.kind[barrier[barrier >= 0]]
    owner = np.full(len(edge), -1, dtype=np.int64)
    owner[barrier >= 0] = np.unique(barriers.owner, return_inverse=True)[1][barrier[barrier >= 0]]
    order = np.lexsort((barrier, at_m, owner, kind, edge))
    columns = (edge[order], kind[order], owner[order])
    order = order[_distinct(columns, barrier[order], at_m[order], settings.same_crossing_m)]
    order = order[np.lexsort((barrier[order], at_m[order], edge[order]))]
    length_m = shapely.length(edges.geometry)
    offset = np.searchsorted(edge[order], np.arange(len(edges.geometry) + 1))
    return Crossings(
        offset=offset.astype(np.int64),
        kind=kind[order],
        barrier=barrier[order],
        share=np.clip(at_m[order] / length_m[edge[order]], 0.0, 1.0),
    )


def _distinct(
    columns: tuple[Integers | Codes, ...], barrier: Integers, at_m: Floats, reach_m: float
) -> Flags:
    """Keep the first of events that are equal in all columns and follow each other closely.

    Who crosses one and the same barrier again goes back, so that counts.
    """
    keep = np.ones(len(at_m), dtype=bool)
    same = (np.diff(at_m) <= reach_m) & (np.diff(barrier) != 0)
    for column in columns:
        same &= column[1:] == column[:-1]
    keep[1:] = ~same
    return keep


def _link_events(edges: EdgeGeometries, roads: Geometries, road_given_m: float) -> _Events:
    """Return a crossing in the middle of every link across a street that no road is known of."""
    link = np.flatnonzero(edges.is_street_link)
    if len(roads) and len(link):
        near = shapely.STRtree(roads).query(
            edges.geometry[link], predicate="dwithin", distance=road_given_m
        )[0]
        link = np.delete(link, np.unique(near))
    return _Events(
        edge=link.astype(np.int64),
        barrier=np.full(len(link), -1, dtype=np.int64),
        at_m=shapely.length(edges.geometry[link]) / 2,
    )


def _between_sides(edges: EdgeGeometries) -> _Events:
    """Return a crossing in the middle of every link between the sides of a road."""
    link = np.flatnonzero(edges.crosses >= 0)
    return _Events(
        edge=link.astype(np.int64),
        barrier=edges.crosses[link],
        at_m=shapely.length(edges.geometry[link]) / 2,
    )


def _events(edges: EdgeGeometries, shapes: Geometries, rows: Integers, reach_m: float) -> _Events:
    """Return crossings of some barriers; ``rows`` are those of the barriers in their table."""
    runs = find_stretches(edges.geometry, shapes, reach_m=reach_m)
    holds_start = runs.start_m <= END_M
    holds_end = runs.end_m >= shapely.length(edges.geometry)[runs.line] - END_M
    before = _sides(edges, shapes, runs, runs.start_m)
    after = _sides(edges, shapes, runs, runs.end_m)
    beside = edges.is_along[runs.line] & (runs.end_m - runs.start_m > BESIDE_REACHES * reach_m)
    crosses = _passes(edges, shapes, runs, before, after) & ~holds_start & ~holds_end & ~beside
    leaves_end, leaves_start = holds_start & ~holds_end, holds_end & ~holds_start
    node = np.where(leaves_end, edges.start[runs.line], edges.end[runs.line])
    leaves = (leaves_end | leaves_start) & ~edges.is_split[node]
    node, side = node[leaves], np.where(leaves_end, after, before)[leaves]
    crosses[leaves] = _other_side(node, runs.other[leaves], side, runs.line[leaves])
    return _Events(
        edge=runs.line[crosses],
        barrier=rows[runs.other[crosses]],
        at_m=(runs.start_m[crosses] + runs.end_m[crosses]) / 2,
    )


def _sides(edges: EdgeGeometries, shapes: Geometries, runs: Stretches, at_m: Floats) -> Floats:
    """Return the side of the barrier (1 left, -1 right, 0 neither) at places along edges."""
    if not len(runs):
        return np.zeros(0)
    points = shapely.line_interpolate_point(edges.geometry[runs.line], at_m)
    return sides_of(shapes[runs.other], shapely.get_coordinates(points)).astype(np.float64)


def _passes(
    edges: EdgeGeometries, shapes: Geometries, runs: Stretches, before: Floats, after: Floats
) -> Flags:
    """Tell which runs change sides and meet the barrier itself, not what lies beyond its end."""
    passes: Flags = before * after < 0
    passes[passes] = shapely.intersects(
        edges.geometry[runs.line[passes]], shapes[runs.other[passes]]
    )
    return passes


def _other_side(node: Integers, barrier: Integers, side: Floats, edge: Integers) -> Flags:
    """Tell which edges leave a node within reach of a barrier on the other side than the node's.

    The node lies where most of its edges leave; where they are as many, with the first edge.
    """
    if not len(node):
        return np.zeros(0, dtype=bool)
    order = np.lexsort((edge, side == 0, barrier, node))  # edges that take no side come last
    changed = (np.diff(node[order]) != 0) | (np.diff(barrier[order]) != 0)
    first = np.flatnonzero(np.append(True, changed))
    most = np.sign(np.add.reduceat(side[order], first))
    of_node = np.where(most == 0, side[order][first], most)
    other = np.empty(len(node), dtype=bool)
    other[order] = side[order] * np.repeat(of_node, np.diff(np.append(first, len(node)))) < 0
    return other
