"""Around a node on a road: the road's rays, the corridors' arms, and the sectors between rays.

Directions are degrees from east, counter-clockwise. Sector n lies to the left of ray n, looking
outward, up to the next ray; with no ray, or with one, there is a single sector.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.network.nearness import sides_of
from gisplan.network.strands import place_points

if TYPE_CHECKING:
    from gisplan.model.grid import Flags, Floats, Integers
    from gisplan.network.nearness import Geometries, Stretches

AHEAD_M = 10.0  # rays and arms are judged by where they are so far from the node
ONE_RAY_DEG = 15.0  # rays of roads drawn twice
ALONG_DEG = 45.0  # an arm further than this from every ray runs along none
HELD_M = 1e-6  # a stretch that begins or ends this near to an end of a line holds that end


@dataclass(frozen=True, slots=True, kw_only=True)
class Arms:
    """Ends of edges at nodes, sorted by node; ``at_end`` is 1 at the last vertex of an edge.

    ``deg`` is where the edge leads, or the road along which it runs. ``leans`` is for one that
    leaves the road only further out: on which side of its ray (1 left, -1 right, looking outward);
    0 for others.
    """

    node: Integers
    edge: Integers
    at_end: Integers
    deg: Floats
    is_along: Flags
    leans: Integers

    def __len__(self) -> int:
        return len(self.node)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rays:
    """Where roads lead at nodes, sorted by node and direction; ``road`` is a row of the roads."""

    node: Integers
    deg: Floats
    road: Integers

    def __len__(self) -> int:
        return len(self.node)


def held_ends(runs: Stretches, length_m: Floats) -> tuple[Integers, Integers]:
    """Return the runs that hold an end of their line, and which one: 0 the first, 1 the last."""
    first = np.flatnonzero(runs.start_m <= HELD_M)
    last = np.flatnonzero(runs.end_m >= length_m[runs.line] - HELD_M)
    return np.append(first, last), np.repeat([0, 1], [len(first), len(last)])


def find_arms(
    lines: Geometries,
    ends: Integers,
    nodes: Integers,
    *,
    along: Flags,
    courses_deg: Floats,
    leans: Integers,
) -> Arms:
    """Return the ends of lines at some nodes.

    Parameters
    ----------
    ends : nodes of the first and last vertex of each line, shape (2, lines)
    along, leans : as in ``Arms``, shapes (lines,) and (2, lines)
    courses_deg : of roads along lines, as ``find_courses`` returns them
    """
    at_end, edge = np.nonzero(np.isin(ends, nodes))
    node = ends[at_end, edge]
    order = np.lexsort((at_end, edge, node))
    node, edge, at_end = node[order], edge[order], at_end[order]
    length_m = shapely.length(lines[edge])
    ahead_m = np.minimum(AHEAD_M, length_m)
    here = shapely.get_point(lines[edge], np.where(at_end == 1, -1, 0))
    there = shapely.line_interpolate_point(
        lines[edge], np.where(at_end == 1, length_m - ahead_m, ahead_m)
    )
    return Arms(
        node=node,
        edge=edge,
        at_end=at_end,
        deg=np.where(along[edge], courses_deg[at_end, edge], _deg(here, there)),
        is_along=along[edge],
        leans=leans[at_end, edge],
    )


def find_courses(lines: Geometries, roads: Geometries, runs: Stretches) -> Floats:
    """Return where the road that holds each end of lines leads from there, shape (2, lines).

    That is the way to the line's other end. Where a line runs straight across within reach it is
    the way of the road's drawing from the first end and back from the last, so that sides agree.
    """
    run, at_end = held_ends(runs, shapely.length(lines))
    held_m = (runs.end_m - runs.start_m)[run]
    order = np.lexsort((-runs.other[run], held_m))  # of several the longest, of these the first
    run, at_end = run[order], at_end[order]
    line, road = lines[runs.line[run]], roads[runs.other[run]]
    first_m, last_m = (
        shapely.line_locate_point(road, shapely.line_interpolate_point(line, at_m[run]))
        for at_m in (runs.start_m, runs.end_m)
    )
    ahead_m = np.where((last_m >= first_m) == (at_end == 0), AHEAD_M, -AHEAD_M)
    foot_m, road_m = np.where(at_end == 1, last_m, first_m), shapely.length(road)
    to_m, back_m = (np.clip(foot_m + step_m, 0.0, road_m) for step_m in (ahead_m, -ahead_m))
    from_m = np.where(to_m == foot_m, back_m, foot_m)  # a road that ends leads on straight
    courses = np.zeros((2, len(lines)))
    courses[at_end, runs.line[run]] = _deg(
        shapely.line_interpolate_point(road, from_m), shapely.line_interpolate_point(road, to_m)
    )
    return courses


def find_leanings(lines: Geometries, roads: Geometries, runs: Stretches) -> Integers:
    """Return on which side of a road each end of lines leaves it further out, shape (2, lines)."""
    length_m = shapely.length(lines)
    run, at_end = held_ends(runs, length_m)
    far = (runs.end_m - runs.start_m)[run] >= np.minimum(AHEAD_M, length_m[runs.line[run]])
    run, at_end = run[far], at_end[far]
    line, road = lines[runs.line[run]], roads[runs.other[run]]
    here_m = np.where(at_end == 1, length_m[runs.line[run]], 0.0)
    gone_m = np.where(at_end == 1, runs.start_m[run], runs.end_m[run])
    here, gone = (shapely.line_interpolate_point(line, at_m) for at_m in (here_m, gone_m))
    side = sides_of(road, shapely.get_coordinates(gone)).astype(np.int64)
    ahead = shapely.line_locate_point(road, gone) >= shapely.line_locate_point(road, here)
    leans = np.zeros((2, len(lines)), dtype=np.int64)
    leans[at_end, runs.line[run]] = np.where(ahead, side, -side)
    return leans


def find_rays(xy_m: Floats, nodes: Integers, roads: Geometries, reach_m: float) -> Rays:
    """Return where roads lead from nodes, whose places are of shape (nodes, 2).

    A road that ends within reach of a node has no ray there; rays that nearly coincide are one.
    """
    points = place_points(xy_m)
    at, road = shapely.STRtree(roads).query(points, predicate="dwithin", distance=reach_m)
    foot_m = shapely.line_locate_point(roads[road], points[at])
    beyond_m = np.stack([foot_m, shapely.length(roads[road]) - foot_m])
    goes = beyond_m > reach_m
    step_m = np.minimum(beyond_m, AHEAD_M) * np.array([[-1.0], [1.0]])
    foot = shapely.line_interpolate_point(roads[road], foot_m)
    deg = np.stack(
        [_deg(foot, shapely.line_interpolate_point(roads[road], foot_m + one)) for one in step_m]
    )
    node, road, deg = np.tile(nodes[at], 2)[goes.reshape(-1)], np.tile(road, 2), deg.reshape(-1)
    road, deg = road[goes.reshape(-1)], deg[goes.reshape(-1)]
    order = np.lexsort((road, deg, node))
    node, road, deg = node[order], road[order], deg[order]
    kept = np.append(True, (np.diff(node) != 0) | (np.diff(deg) > ONE_RAY_DEG))[: len(node)]
    first = np.searchsorted(node, node, side="left")
    last = np.searchsorted(node, node, side="right") - 1
    kept &= (
        (first == last) | (np.arange(len(node)) != last) | (deg - deg[first] < 360.0 - ONE_RAY_DEG)
    )
    return Rays(node=node[kept], deg=deg[kept], road=road[kept])


def find_sectors(arms: Arms, rays: Rays) -> Integers:
    """Return the sectors to the left and to the right of every arm, shape (2, arms).

    They are the same but for arms along a ray.
    """
    sectors = np.zeros((2, len(arms)), dtype=np.int64)
    first, last = (np.searchsorted(rays.node, arms.node, side=side) for side in ("left", "right"))
    for arm in np.flatnonzero(last - first > 1).tolist():
        count = int(last[arm] - first[arm])
        turn = (arms.deg[arm] - rays.deg[first[arm] : last[arm]]) % 360.0
        off = np.minimum(turn, 360.0 - turn)
        ray = int(np.argmin(off))
        if arms.is_along[arm] and off[ray] < ALONG_DEG:
            sectors[:, arm] = ray, (ray - 1) % count
        elif arms.leans[arm]:
            sectors[:, arm] = ray if arms.leans[arm] > 0 else (ray - 1) % count
        else:
            sectors[:, arm] = np.argmin(turn)
    return sectors


def _deg(start: Geometries, end: Geometries) -> Floats:
    """Return the directions from points to points."""
    away = shapely.get_coordinates(end) - shapely.get_coordinates(start)
    deg: Floats = np.degrees(np.arctan2(away[:, 1], away[:, 0]))
    return deg
