# ruff: noqa: PLR0917  (kernels take their arrays by position)
"""Kernel: from many points, the cheapest landings on edges that carry a cost at their ends.

Invariants
- A point may land at the foot of the perpendicular on an edge and at the edge's ends, at most
  ``reach_m`` away. What it pays is the straight connector, the part of the edge up to an end, and
  what the end is worth; or, where the edge itself may be joined all along, what that is worth.
- A way longer than the limit of its tariff does not count; each full drum of it costs a joint.
- The kept landings of a point are in ascending order of cost, then edge, then share, each place
  once, at the cheapest of its tariffs (the first where equal).
- ``floor_cents`` of an edge is at most what anything on it is worth, so an edge that cannot enter
  the list is left out after its distance is known.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]
Float64s = npt.NDArray[np.float64]

UNREACHED = np.int64(1) << 60


class Edges(NamedTuple):
    """Edges of a graph with their drawings: vertices of e at ``offset[e]:offset[e + 1]``.

    Crossings of e stand at ``crossing_offset[e]:crossing_offset[e + 1]``, ordered along it.
    """

    start: Int64s
    end: Int64s
    length_m: Float64s
    offset: Int64s
    xy_m: Float64s
    crossing_offset: Int64s
    crossing_share: Float64s


class Bins(NamedTuple):
    """Edges by place: those of bin b at ``offset[b]:offset[b + 1]``, bins row by row."""

    x_min_m: float
    y_min_m: float
    size_m: float
    columns: int
    rows: int
    offset: Int64s
    edge: Int64s


class Tariffs(NamedTuple):
    """What landing is worth; a row a tariff (a cable), ``UNREACHED`` and infinity for nothing.

    ``edge_cents`` (tariffs, edges) is the whole edge without its crossings, -1 where it may not be
    used; ``crossing_cents`` (crossings,) holds for all. ``joined_cents`` (tariffs, edges) is what a
    landing on the edge is worth from share ``joined_from`` to share ``joined_to``. The others have
    shape (tariffs,).
    """

    node_cents: Int64s
    node_length_m: Float64s
    edge_cents: Float64s
    joined_cents: Int64s
    joined_from: Float64s
    joined_to: Float64s
    connector_cents_per_m: Float64s
    limit_m: Float64s
    drum_m: Float64s
    joint_cents: Int64s
    floor_cents: Int64s
    crossing_cents: Int64s


@numba.njit(cache=True, nogil=True)
def _foot(edges: Edges, edge: int, x_m: float, y_m: float) -> tuple[float, float]:
    """Return squared distance and share of the place on an edge nearest to a point."""
    best, share_m, along = np.inf, 0.0, 0.0
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
        along += length
    return best, (share_m / along if along > 0 else 0.0)


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
    edges: Edges, tariffs: Tariffs, edge: int, share: float, away_m: float
) -> tuple[int, int, float, int]:
    """Return total, tariff, length and node (-1: the edge itself) of landing at a place."""
    best, chosen, way_m, node = int(UNREACHED), -1, 0.0, -1
    for tariff in range(tariffs.limit_m.size):
        is_closed = tariffs.edge_cents[tariff, edge] < 0
        connector = int(np.floor(away_m * tariffs.connector_cents_per_m[tariff] + 0.5))
        limit_m, drum_m = tariffs.limit_m[tariff], tariffs.drum_m[tariff]
        joint_cents = int(tariffs.joint_cents[tariff])
        joined = int(tariffs.joined_cents[tariff, edge])
        low, high = tariffs.joined_from[tariff, edge], tariffs.joined_to[tariff, edge]
        if joined < UNREACHED and away_m <= limit_m and low <= share <= high:
            cost = connector + joined + _joints(away_m, drum_m, joint_cents)
            if cost < best:
                best, chosen, way_m, node = cost, tariff, away_m, -1
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
def _keep(
    cents: Int64s, place: Int64s, figure: Float64s, entry: tuple[int, int, int, int, float, float]
) -> None:
    """Put a landing into an ascending list, unless the same place stands there already."""
    cost, tariff, edge, node, share, length_m = entry
    size = cents.size
    at = size
    while at > 0 and (
        cost < cents[at - 1]
        or (cost == cents[at - 1] and (edge, share) < (place[at - 1, 1], figure[at - 1, 0]))
    ):
        at -= 1
    if at == size:
        return
    cents[at + 1 :] = cents[at:-1].copy()
    place[at + 1 :] = place[at:-1].copy()
    figure[at + 1 :] = figure[at:-1].copy()
    cents[at] = cost
    place[at, 0], place[at, 1], place[at, 2] = tariff, edge, node
    figure[at, 0], figure[at, 1] = share, length_m


@numba.njit(cache=True, nogil=True)
def _offer(
    edges: Edges,
    tariffs: Tariffs,
    edge: int,
    share: float,
    away_m: float,
    cents: Int64s,
    place: Int64s,
    figure: Float64s,
) -> None:
    """Price a landing and keep it if it is among the cheapest."""
    cost, tariff, length_m, node = _worth(edges, tariffs, edge, share, away_m)
    if tariff >= 0 and cost < cents[-1]:
        _keep(cents, place, figure, (cost, tariff, edge, node, share, length_m))


@numba.njit(cache=True, nogil=True)
def cheapest_landings(
    xy_m: Float64s,
    edges: Edges,
    bins: Bins,
    tariffs: Tariffs,
    reach_m: float,
    kept: int,
) -> tuple[Int64s, Int64s, Float64s]:
    """Return the ``kept`` cheapest landings of each point, ascending; the rest ``UNREACHED``.

    Returns
    -------
    cents (points, kept), place (points, kept, 3): tariff, edge, node where the way goes on (-1:
    joined at the edge), figure (points, kept, 2): share along the edge, length of the whole way
    """
    count = xy_m.shape[0]
    cents = np.full((count, kept), UNREACHED)
    place = np.full((count, kept, 3), np.int64(-1))
    figure = np.zeros((count, kept, 2))
    seen_edge = np.full(edges.start.size, np.int64(-1))
    seen_node = np.full(tariffs.node_cents.shape[1], np.int64(-1))
    around = int(np.ceil(reach_m / bins.size_m))
    least_per_m = tariffs.connector_cents_per_m.min() if tariffs.limit_m.size else 0.0
    for point in range(count):
        x_m, y_m = xy_m[point, 0], xy_m[point, 1]
        column = int(np.floor((x_m - bins.x_min_m) / bins.size_m))
        row = int(np.floor((y_m - bins.y_min_m) / bins.size_m))
        mine, where, how = cents[point], place[point], figure[point]
        for ring in range(around + 1):  # the nearest bins first: what they hold prunes the rest
            for r in range(max(row - ring, 0), min(row + ring, bins.rows - 1) + 1):
                on_edge = abs(r - row) == ring
                step = 1 if on_edge or ring == 0 else 2 * ring
                for c in range(column - ring, column + ring + 1, step):
                    if c < 0 or c >= bins.columns:
                        continue
                    b = r * bins.columns + c
                    for at in range(bins.offset[b], bins.offset[b + 1]):
                        edge = bins.edge[at]
                        if seen_edge[edge] == point:
                            continue
                        seen_edge[edge] = point
                        square, share = _foot(edges, edge, x_m, y_m)
                        if square > reach_m * reach_m:
                            continue
                        away_m = np.sqrt(square)
                        if tariffs.floor_cents[edge] + least_per_m * away_m - 1 > mine[-1]:
                            continue
                        if 0.0 < share < 1.0:
                            _offer(edges, tariffs, edge, share, away_m, mine, where, how)
                        for side in range(2):
                            end = edges.start[edge] if side == 0 else edges.end[edge]
                            at_end = edges.offset[edge] if side == 0 else edges.offset[edge + 1] - 1
                            away_m = np.hypot(
                                edges.xy_m[at_end, 0] - x_m, edges.xy_m[at_end, 1] - y_m
                            )
                            if away_m <= reach_m and seen_node[end] != point:
                                seen_node[end] = point
                                _offer(edges, tariffs, edge, float(side), away_m, mine, where, how)
    return cents, place, figure


@numba.njit(cache=True, nogil=True)
def places_along(edges: Edges, edge: Int64s, share: Float64s) -> Float64s:
    """Return the places of shares along edges, shape (places, 2)."""
    xy_m = np.empty((edge.size, 2))
    for row in range(edge.size):
        first, last = edges.offset[edge[row]], edges.offset[edge[row] + 1] - 1
        whole = 0.0
        for at in range(first, last):
            step = edges.xy_m[at + 1] - edges.xy_m[at]
            whole += np.hypot(step[0], step[1])
        left = share[row] * whole
        xy_m[row] = edges.xy_m[last]
        for at in range(first, last):
            step = edges.xy_m[at + 1] - edges.xy_m[at]
            length = np.hypot(step[0], step[1])
            if left <= length:
                part = left / length if length > 0 else 0.0
                xy_m[row] = edges.xy_m[at] + part * step
                break
            left -= length
    return xy_m
