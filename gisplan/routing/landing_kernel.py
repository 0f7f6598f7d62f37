# ruff: noqa: PLR0917  (kernels take their arrays by position)
"""Kernel: from many points, the cheapest clear landing on edges that carry a cost at their ends.

Invariants
- A point may land at the foot of the perpendicular on an edge and at the edge's ends, at most
  ``reach_m`` away. What it pays is the straight connector, the part of the edge up to an end, and
  what the end is worth; or, where the edge itself may be joined, what that is worth.
- A way longer than the limit of its tariff does not count; each full drum of it costs a joint.
- A connector that runs through an area is none, but it may leave an area that may be left and
  holds its start. Only what is cheaper than the cheapest clear landing so far is looked through.
- What a connector crosses and the ground under it are paid by every tariff alike.
- ``floor_cents`` of an edge is at most what anything on it is worth, so an edge that cannot be
  cheaper is left out after its distance is known.
- Nobody lands on the other side of a road, nor at the end of an edge that leaves a road on a side.
- Equal costs keep the lower edge, then the lower share, whatever the order of the bins.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from gisplan.network.snapshot import Roadside
from gisplan.routing.crossed_kernel import (
    Areas,
    Between,
    Bins,
    Float64s,
    Int64s,
    holds,
    inside_m,
    surcharge,
)

UNREACHED = np.int64(1) << 60
TOUCH_M = 0.05
LEFT, RIGHT = int(Roadside.LEFT), int(Roadside.RIGHT)
FIRST_ON_ROAD, LAST_ON_ROAD = int(Roadside.FIRST_ON_ROAD), int(Roadside.LAST_ON_ROAD)


class Edges(NamedTuple):
    """Edges of a graph with their drawings: vertices of e at ``offset[e]:offset[e + 1]``.

    Crossings of e stand at ``crossing_offset[e]:crossing_offset[e + 1]``, ordered along it.
    ``roadside`` (edges,) holds codes of ``Roadside``.
    """

    start: Int64s
    end: Int64s
    length_m: Float64s
    offset: Int64s
    xy_m: Float64s
    crossing_offset: Int64s
    crossing_share: Float64s
    roadside: npt.NDArray[np.uint8]


class Tariffs(NamedTuple):
    """What landing is worth; a row a tariff (a cable), ``UNREACHED`` and infinity for nothing.

    ``edge_cents`` (tariffs, edges) is the whole edge without its crossings, -1 where it may not be
    used; ``crossing_cents`` (crossings,) holds for all. ``joined_cents`` (tariffs, edges) is what a
    landing on the edge is worth from share ``joined_from`` to share ``joined_to``, over further
    ``joined_length_m``. The others have shape (tariffs,).
    """

    node_cents: Int64s
    node_length_m: Float64s
    edge_cents: Float64s
    joined_cents: Int64s
    joined_from: Float64s
    joined_to: Float64s
    joined_length_m: Float64s
    connector_cents_per_m: Float64s
    limit_m: Float64s
    drum_m: Float64s
    joint_cents: Int64s
    floor_cents: Int64s
    crossing_cents: Int64s


@numba.njit(cache=True, nogil=True)
def _foot(edges: Edges, edge: int, x_m: float, y_m: float) -> tuple[float, float, float, float]:
    """Return squared distance, share and coordinates of the place on an edge nearest to a point."""
    best, share_m, along, foot_x_m, foot_y_m = np.inf, 0.0, 0.0, 0.0, 0.0
    for at in range(edges.offset[edge], edges.offset[edge + 1] - 1):
        x0, y0 = edges.xy_m[at, 0], edges.xy_m[at, 1]
        dx, dy = edges.xy_m[at + 1, 0] - x0, edges.xy_m[at + 1, 1] - y0
        square = dx * dx + dy * dy
        t = 0.0
        if square > 0:
            t = min(max(((x_m - x0) * dx + (y_m - y0) * dy) / square, 0.0), 1.0)
        ex, ey = x0 + t * dx - x_m, y0 + t * dy - y_m
        length = np.sqrt(square)
        if ex * ex + ey * ey < best:
            best, share_m = ex * ex + ey * ey, along + t * length
            foot_x_m, foot_y_m = x0 + t * dx, y0 + t * dy
        along += length
    return best, (share_m / along if along > 0 else 0.0), foot_x_m, foot_y_m


@numba.njit(cache=True, nogil=True)
def _is_across(edges: Edges, edge: int, x_m: float, y_m: float) -> bool:
    """Tell whether a place lies on the other side of the road than an edge that is one side."""
    best, across = np.inf, 0.0
    for at in range(edges.offset[edge], edges.offset[edge + 1] - 1):
        x0, y0 = edges.xy_m[at, 0], edges.xy_m[at, 1]
        dx, dy = edges.xy_m[at + 1, 0] - x0, edges.xy_m[at + 1, 1] - y0
        square = dx * dx + dy * dy
        if square == 0.0:
            continue
        t = min(max(((x_m - x0) * dx + (y_m - y0) * dy) / square, 0.0), 1.0)
        away_x, away_y = x_m - x0 - t * dx, y_m - y0 - t * dy
        away = away_x * away_x + away_y * away_y
        if away < best:
            best = away
            across = dx * away_y - dy * away_x
    is_left = edges.roadside[edge] & LEFT != 0
    return across < 0.0 if is_left else across > 0.0


@numba.njit(cache=True, nogil=True)
def is_blocked(
    areas: Areas,
    own: Int64s,
    seen: Int64s,
    x_m: float,
    y_m: float,
    end_x_m: float,
    end_y_m: float,
) -> bool:
    """Tell whether a straight line runs through an area; ``seen`` (areas + 1,) is working memory.

    Touching an area, or entering it by less than ``TOUCH_M``, is not running through it; the areas
    ``own`` do not count.
    """
    bins = areas.bins
    west, east = min(x_m, end_x_m), max(x_m, end_x_m)
    south, north = min(y_m, end_y_m), max(y_m, end_y_m)
    seen[-1] += 1
    turn = seen[-1]
    first_column = max(int(np.floor((west - bins.x_min_m) / bins.size_m)), 0)
    last_column = min(int(np.floor((east - bins.x_min_m) / bins.size_m)), bins.columns - 1)
    first_row = max(int(np.floor((south - bins.y_min_m) / bins.size_m)), 0)
    last_row = min(int(np.floor((north - bins.y_min_m) / bins.size_m)), bins.rows - 1)
    for row in range(first_row, last_row + 1):
        for column in range(first_column, last_column + 1):
            b = row * bins.columns + column
            for at in range(bins.offset[b], bins.offset[b + 1]):
                area = bins.edge[at]
                if seen[area] == turn:
                    continue
                seen[area] = turn
                box = areas.box_m[area]
                if box[0] > east or box[2] < west or box[1] > north or box[3] < south:
                    continue
                if areas.leavable[area] != 0 and holds(areas, area, x_m, y_m):
                    continue
                if own.size and (own == area).any():
                    continue
                if inside_m(areas, area, x_m, y_m, end_x_m, end_y_m) > TOUCH_M:
                    return True
    return False


@numba.njit(cache=True, nogil=True)
def clear_lines(
    areas: Areas, own: Int64s, seen: Int64s, start_xy_m: Float64s, xy_m: Float64s
) -> npt.NDArray[np.bool_]:
    """Tell which of several straight lines run through no area, as ``is_blocked`` does."""
    clear = np.empty(xy_m.shape[0], np.bool_)
    for row in range(xy_m.shape[0]):
        clear[row] = not is_blocked(
            areas,
            own,
            seen,
            start_xy_m[row, 0],
            start_xy_m[row, 1],
            xy_m[row, 0],
            xy_m[row, 1],
        )
    return clear


@numba.njit(cache=True, nogil=True)
def _joints(length_m: float, drum_m: float, joint_cents: int) -> int:
    """Return the cost of joints along a way."""
    return int(max(np.ceil(length_m / drum_m - 1e-9) - 1.0, 0.0)) * joint_cents


@numba.njit(cache=True, nogil=True)
def _part_cents(
    edges: Edges, tariffs: Tariffs, tariff: int, edge: int, low: float, high: float
) -> int:
    """Return the cost of a part of an edge, crossings in it included."""
    cost = int(np.floor(tariffs.edge_cents[tariff, edge] * (high - low) + 0.5))
    for at in range(edges.crossing_offset[edge], edges.crossing_offset[edge + 1]):
        if low <= edges.crossing_share[at] <= high:
            cost += int(tariffs.crossing_cents[at])
    return cost


@numba.njit(cache=True, nogil=True)
def _worth(
    edges: Edges,
    tariffs: Tariffs,
    edge: int,
    share: float,
    away_m: float,
    ground: float,
    crossed: int,
) -> tuple[int, int, float, int]:
    """Return total, tariff, length and node (-1: the edge itself) of landing at a place.

    ``ground`` and ``crossed`` are what ground and crossings add to the connector in cents.
    """
    best, chosen, way_m, node = int(UNREACHED), -1, 0.0, -1
    for tariff in range(tariffs.limit_m.size):
        is_closed = tariffs.edge_cents[tariff, edge] < 0
        per_m = tariffs.connector_cents_per_m[tariff]
        connector = int(np.floor(away_m * per_m + ground + 0.5)) + crossed
        limit_m, drum_m = tariffs.limit_m[tariff], tariffs.drum_m[tariff]
        joint_cents = int(tariffs.joint_cents[tariff])
        joined = int(tariffs.joined_cents[tariff, edge])
        low, high = tariffs.joined_from[tariff, edge], tariffs.joined_to[tariff, edge]
        if joined < UNREACHED and connector + joined < best:
            joint = min(max(share, low), high)  # the nearest place where it may be joined
            along_m = abs(joint - share) * edges.length_m[edge]
            length = away_m + along_m + tariffs.joined_length_m[tariff, edge]
            cost = connector + joined + _joints(length, drum_m, joint_cents)
            if joint != share:
                first, last = min(joint, share), max(joint, share)
                cost += _part_cents(edges, tariffs, tariff, edge, first, last)
            is_open = joint == share or not is_closed
            if cost < best and length <= limit_m and is_open:
                best, chosen, way_m, node = cost, tariff, length, -1
        for side in range(2):
            end = int(edges.start[edge] if side == 0 else edges.end[edge])
            worth = int(tariffs.node_cents[tariff, end])
            if worth >= UNREACHED or connector + worth >= best:
                continue
            part = share if side == 0 else 1.0 - share
            if is_closed and part > 0.0:
                continue
            length = away_m + part * edges.length_m[edge] + tariffs.node_length_m[tariff, end]
            if length > limit_m:
                continue
            low, high = (0.0, share) if side == 0 else (share, 1.0)
            cost = connector + worth + _joints(length, drum_m, joint_cents)
            if part > 0.0:
                cost += _part_cents(edges, tariffs, tariff, edge, low, high)
            if cost < best:
                best, chosen, way_m, node = cost, tariff, length, end
    return best, chosen, way_m, node


@numba.njit(cache=True, nogil=True)
def cheapest_landings(  # noqa: PLR0912, PLR0915
    xy_m: Float64s,
    edges: Edges,
    bins: Bins,
    tariffs: Tariffs,
    areas: Areas,
    between: Between,
    reach_m: float,
) -> tuple[Int64s, Int64s, Float64s]:
    """Return the cheapest clear landing of each point.

    Returns
    -------
    cents (points,), ``UNREACHED`` for none; place (points, 3): tariff, edge, node where the way
    goes on (-1: joined at the edge); figure (points, 2): share along the edge, length of the way
    """
    count = xy_m.shape[0]
    cents = np.full(count, UNREACHED)
    place = np.full((count, 3), np.int64(-1))
    figure = np.zeros((count, 2))
    seen_edge = np.full(edges.start.size, np.int64(-1))
    seen_node = np.full(tariffs.node_cents.shape[1], np.int64(-1))
    seen_area = np.zeros(areas.leavable.size + 1, np.int64)
    own = np.zeros(0, np.int64)
    around = int(np.ceil(reach_m / bins.size_m))
    saved_per_m = min(between.rough_cents - between.plain_cents, 0.0)
    least_per_m = saved_per_m
    if tariffs.limit_m.size:
        least_per_m += tariffs.connector_cents_per_m.min()
    for point in range(count):
        x_m, y_m = xy_m[point, 0], xy_m[point, 1]
        column = int(np.floor((x_m - bins.x_min_m) / bins.size_m))
        row = int(np.floor((y_m - bins.y_min_m) / bins.size_m))
        for ring in range(around + 1):  # the nearest bins first: what they hold prunes the rest
            for r in range(max(row - ring, 0), min(row + ring, bins.rows - 1) + 1):
                step = 1 if abs(r - row) == ring or ring == 0 else 2 * ring
                for c in range(column - ring, column + ring + 1, step):
                    if c < 0 or c >= bins.columns:
                        continue
                    b = r * bins.columns + c
                    for at in range(bins.offset[b], bins.offset[b + 1]):
                        edge = bins.edge[at]
                        if seen_edge[edge] == point:
                            continue
                        seen_edge[edge] = point
                        square, foot, foot_x_m, foot_y_m = _foot(edges, edge, x_m, y_m)
                        away_m = np.sqrt(square)
                        floor = tariffs.floor_cents[edge] + least_per_m * away_m - 1
                        if square > reach_m * reach_m or floor > cents[point]:
                            continue
                        roadside = edges.roadside[edge]
                        if roadside & (LEFT | RIGHT) and _is_across(edges, edge, x_m, y_m):
                            continue
                        for turn in range(3):
                            share, end_x_m, end_y_m = foot, foot_x_m, foot_y_m
                            if turn > 0:
                                if roadside & (FIRST_ON_ROAD if turn == 1 else LAST_ON_ROAD):
                                    continue
                                node = edges.start[edge] if turn == 1 else edges.end[edge]
                                if seen_node[node] == point:
                                    continue
                                seen_node[node] = point
                                vertex = edges.offset[edge + turn - 1] - (turn - 1)
                                share = float(turn - 1)
                                end_x_m, end_y_m = edges.xy_m[vertex, 0], edges.xy_m[vertex, 1]
                                away_m = np.hypot(end_x_m - x_m, end_y_m - y_m)
                            elif not 0.0 < foot < 1.0:
                                continue
                            if away_m > reach_m:
                                continue
                            best = cents[point]
                            key = (edge, share)
                            first = (place[point, 1], figure[point, 0])
                            saved = saved_per_m * away_m
                            cost, tariff, way_m, by = _worth(
                                edges, tariffs, edge, share, away_m, saved, 0
                            )
                            if tariff < 0 or cost > best or (cost == best and key >= first):
                                continue
                            ground, crossed = surcharge(between, x_m, y_m, end_x_m, end_y_m)
                            cost, tariff, way_m, by = _worth(
                                edges, tariffs, edge, share, away_m, ground, crossed
                            )
                            if tariff < 0 or cost > best or (cost == best and key >= first):
                                continue
                            if is_blocked(areas, own, seen_area, x_m, y_m, end_x_m, end_y_m):
                                continue
                            cents[point] = cost
                            place[point, 0], place[point, 1], place[point, 2] = tariff, edge, by
                            figure[point, 0], figure[point, 1] = share, way_m
    return cents, place, figure
