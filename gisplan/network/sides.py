"""The two sides of a road: a corridor on its axis stands for both, as if both had been drawn.

A cable beside a road lies on one of its sides. So an edge along a road becomes two, and a node on
it one for each sector between the road's rays there. Who stays within a sector crosses nothing;
short links lead from sector to sector, each across one ray.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.model.grid import BarrierKind
from gisplan.network.nearness import find_stretches
from gisplan.network.road_sectors import (
    HELD_M,
    find_arms,
    find_courses,
    find_leanings,
    find_rays,
    find_sectors,
    held_ends,
)
from gisplan.network.snapshot import Roadside
from gisplan.network.strands import line_shapes

if TYPE_CHECKING:
    from gisplan.model.grid import Barriers, Codes, Flags, Floats, Integers
    from gisplan.network.nearness import Geometries, Stretches
    from gisplan.network.road_sectors import Arms, Rays
    from gisplan.network.strands import CorridorSettings

APART_M = 0.001  # how far the nodes of sectors stand off the place that they share
SHORTEST_M = 0.1  # the ends of a shorter edge stay where they are
LEFT, RIGHT = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sided:
    """Edges and nodes of which those along roads stand once for each side.

    ``edge`` and ``node`` tell what each was before, ``is_split`` which nodes stand for sectors.
    ``roadside`` holds codes of ``Roadside``; ``is_along`` marks all that run along roads. Links
    across roads stand apart: ``link_geometry``, their nodes ``link_ends`` (2, links), and the roads
    that they cross as rows of the barriers.
    """

    edge: Integers
    roadside: Codes
    is_along: Flags
    geometry: Geometries
    ends: Integers
    node: Integers
    node_xy_m: Floats
    is_split: Flags
    link_geometry: Geometries
    link_ends: Integers
    link_barrier: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """Arms and rays at the nodes on roads, and the sectors of the arms, shape (2, arms).

    ``road_row`` tells which barriers the roads are, ``along`` (edges,) which edges run along them.
    """

    arms: Arms
    rays: Rays
    sectors: Integers
    road_row: Integers
    along: Flags


def split_sides(
    edges: Geometries,
    ends: Integers,
    node_xy_m: Floats,
    barriers: Barriers,
    settings: CorridorSettings,
) -> Sided:
    """Split edges along roads, and nodes on roads, by the sides of the roads.

    ``ends`` holds the nodes of the first and last vertex of each edge, shape (2, edges).
    """
    row = np.flatnonzero(barriers.kind == BarrierKind.ROAD)
    roads = line_shapes(barriers.shape)[row]
    runs = find_stretches(edges, roads, reach_m=settings.within_road_m)
    # one that slants or leads straight across, but never gets out of reach, has two sides as well
    along = _covered_m(runs, len(edges)) >= shapely.length(edges) - HELD_M
    run, last = held_ends(runs, shapely.length(edges))
    nodes = np.unique(ends[last, runs.line[run]])
    courses, leans = find_courses(edges, roads, runs), find_leanings(edges, roads, runs)
    arms = find_arms(edges, ends, nodes, along=along, courses_deg=courses, leans=leans)
    rays = find_rays(node_xy_m[nodes], nodes, roads, settings.within_road_m)
    around = _Around(
        arms=arms, rays=rays, sectors=find_sectors(arms, rays), road_row=row, along=along
    )
    split = _split_nodes(around, len(node_xy_m))
    if not split.any():
        return _unsplit(edges, ends, node_xy_m, along)
    return _sided(edges, ends, node_xy_m, around, split)


def _unsplit(edges: Geometries, ends: Integers, node_xy_m: Floats, along: Flags) -> Sided:
    """Return everything as it is."""
    return Sided(
        edge=np.arange(len(edges)),
        roadside=np.zeros(len(edges), dtype=np.uint8),
        is_along=along,
        geometry=edges,
        ends=ends,
        node=np.arange(len(node_xy_m)),
        node_xy_m=node_xy_m,
        is_split=np.zeros(len(node_xy_m), dtype=bool),
        link_geometry=np.zeros(0, dtype=object),
        link_ends=np.zeros((2, 0), dtype=np.int64),
        link_barrier=np.zeros(0, dtype=np.int64),
    )


def _covered_m(runs: Stretches, count: int) -> Floats:
    """Return the metres of each line that stretches cover, overlaps once."""
    covered, reached_m, here = np.zeros(count), 0.0, -1
    for row in np.lexsort((runs.end_m, runs.start_m, runs.line)).tolist():
        if runs.line[row] != here:
            here, reached_m = int(runs.line[row]), 0.0
        end_m = float(runs.end_m[row])
        covered[here] += max(end_m - max(float(runs.start_m[row]), reached_m), 0.0)
        reached_m = max(reached_m, end_m)
    return covered


def _split_nodes(around: _Around, node_count: int) -> Flags:
    """Tell which nodes stand once for each sector.

    Along roads all do; elsewhere those where several arms leave on both sides, for one arm alone
    can bear the crossing itself.
    """
    arms = around.arms
    on_road: Flags = np.bincount(arms.node[arms.is_along], minlength=node_count) > 0
    alone = ~on_road[arms.node]
    sectors, count = np.unique(
        np.stack([arms.node[alone], around.sectors[LEFT, alone]]), axis=1, return_counts=True
    )
    several = np.bincount(sectors[0][count > 1], minlength=node_count) > 1
    return on_road | several | (np.bincount(sectors[0], minlength=node_count) > 2)


def _sided(
    geometry: Geometries,
    ends: Integers,
    node_xy_m: Floats,
    around: _Around,
    split: Flags,
) -> Sided:
    """Number sectors as nodes, double the edges along roads and link sectors where roads cross."""
    rays = _Numbered.of(around.rays)
    lanes = _lane_sectors(around, ends, split)
    width = 1 + max(int(rays.number.max(initial=0)), int(lanes.max(initial=0)))
    shown = np.flatnonzero(split[rays.node] & (rays.count > 1))
    keys = ends * width + lanes
    sector_key = np.unique(np.append(keys, rays.node[shown] * width + rays.number[shown]))
    lane_ends = np.searchsorted(sector_key, keys)
    doubled = np.flatnonzero((lane_ends[LEFT] != lane_ends[RIGHT]).any(axis=0))
    edge = np.append(np.arange(len(geometry)), doubled)
    on_road = (split[ends] & ~around.along)[:, edge] * np.array(
        [[Roadside.FIRST_ON_ROAD], [Roadside.LAST_ON_ROAD]]
    )
    roadside = on_road.sum(axis=0).astype(np.uint8)
    roadside[doubled], roadside[len(geometry) :] = Roadside.LEFT, Roadside.RIGHT
    new_ends = np.concatenate([lane_ends[LEFT], lane_ends[RIGHT][:, doubled]], axis=1)
    node, sector = sector_key // width, sector_key % width
    xy_m = node_xy_m[node] + rays.aside(node, np.where(split[node], sector, -1))
    link = shown[(rays.count[shown] > 2) | (rays.number[shown] == 0)]  # two rays part two sectors
    before = rays.node[link] * width + (rays.number[link] - 1) % rays.count[link]
    after = rays.node[link] * width + rays.number[link]
    link_ends = np.searchsorted(sector_key, np.stack([before, after]))
    return Sided(
        edge=edge,
        roadside=roadside,
        is_along=around.along[edge],
        geometry=_moved(geometry[edge], xy_m[new_ends]),
        ends=new_ends,
        node=node,
        node_xy_m=xy_m,
        is_split=split[node],
        link_geometry=np.asarray(shapely.linestrings(xy_m[link_ends].swapaxes(0, 1)), dtype=object),
        link_ends=link_ends,
        link_barrier=around.road_row[rays.road[link]],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Numbered:
    """Rays with their number at their node and how many there are; arrays of shape (rays,)."""

    node: Integers
    deg: Floats
    road: Integers
    number: Integers
    count: Integers

    @classmethod
    def of(cls, rays: Rays) -> _Numbered:
        """Number the rays of every node."""
        first, last = (
            np.searchsorted(rays.node, rays.node, side=side) for side in ("left", "right")
        )
        return cls(
            node=rays.node,
            deg=rays.deg,
            road=rays.road,
            number=np.arange(len(rays)) - first,
            count=last - first,
        )

    def aside(self, node: Integers, sector: Integers) -> Floats:
        """Return how far sectors stand off their nodes, (sectors, 2); nothing where one is -1."""
        off = np.zeros((len(node), 2))
        ray = np.searchsorted(self.node, node) + np.maximum(sector, 0)
        known = np.flatnonzero(sector >= 0)
        known = known[ray[known] < len(self.node)]
        known = known[(self.node[ray[known]] == node[known]) & (self.count[ray[known]] > 1)]
        ray = ray[known]
        following = ray + np.where(self.number[ray] + 1 < self.count[ray], 1, -self.number[ray])
        middle = np.radians(self.deg[ray] + ((self.deg[following] - self.deg[ray]) % 360.0) / 2)
        off[known] = APART_M * np.column_stack([np.cos(middle), np.sin(middle)])
        return off


def _lane_sectors(around: _Around, ends: Integers, split: Flags) -> Integers:
    """Return the sector of each lane at each end of every edge, shape (lanes, 2, edges)."""
    arms = around.arms
    lanes = np.zeros((2, *ends.shape), dtype=np.int64)
    row = np.flatnonzero(split[arms.node])
    for lane in (LEFT, RIGHT):
        looked = np.where(arms.at_end[row] == 1, 1 - lane, lane)  # looking back left is right
        lanes[lane, arms.at_end[row], arms.edge[row]] = around.sectors[looked, row]
    return lanes


def _moved(geometry: Geometries, ends_m: Floats) -> Geometries:
    """Return lines with their first and last vertices moved, ``ends_m`` of shape (2, lines, 2)."""
    xy, row = shapely.get_coordinates(geometry, return_index=True)
    first = np.searchsorted(row, np.arange(len(geometry)))
    last = np.append(first[1:], len(xy)) - 1
    long = np.flatnonzero(shapely.length(geometry) >= SHORTEST_M)
    moved = xy.copy()
    moved[first[long]], moved[last[long]] = ends_m[0, long], ends_m[1, long]
    changed = np.unique(row[(moved != xy).any(axis=1)])
    drawn = geometry.copy()
    mine = np.isin(row, changed)
    if len(changed):
        drawn[changed] = shapely.linestrings(
            moved[mine], indices=np.searchsorted(changed, row[mine])
        )
    return drawn
