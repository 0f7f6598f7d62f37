# ruff: noqa: PLR0917  (kernels take their arrays by position)
"""Kernel: what ways off the corridors cross at a price, and how much of them is rough ground.

A way is a straight connector, or a longer course over open ground with vertices.

Invariants
- A crossing is a change of sides: a line that is only touched, or that an end of the way reaches
  (it stays within the line's ``reach_m`` from its end up to there), is not crossed.
- A vertex of the way that lies on a line belongs to one of its sides, so who goes on to the other
  side there crosses once.
- Crossings of one group that follow each other within the group's ``same_m`` are one (tracks side
  by side, both sides of a street); crossing one and the same line again counts again.
- Crossings come in the order of groups, then along the way; memory is that of what is met.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]
Float64s = npt.NDArray[np.float64]

MOST_TOUCH_M = 1e-6


class Bins(NamedTuple):
    """Things by place: those of bin b at ``offset[b]:offset[b + 1]``, bins row by row."""

    x_min_m: float
    y_min_m: float
    size_m: float
    columns: int
    rows: int
    offset: Int64s
    edge: Int64s


class Areas(NamedTuple):
    """Areas by their closed outer rings, and where they lie.

    ``box_m`` (areas, 4) holds west, south, east, north; ``leavable`` (areas,) is nonzero where a
    connector may leave the area from within.
    """

    offset: Int64s
    xy_m: Float64s
    box_m: Float64s
    leavable: npt.NDArray[np.uint8]
    bins: Bins


class CrossedLines(NamedTuple):
    """Lines that are crossed at a price, cut into straight pieces.

    ``piece_xy_m`` (pieces, 4) holds both ends, ``line`` (pieces,) the line; the others have the
    shape (lines,).
    """

    piece_xy_m: Float64s
    line: Int64s
    group: Int64s
    same_m: Float64s
    reach_m: Float64s
    cents: Int64s
    bins: Bins


class Between(NamedTuple):
    """What lies between places and corridors, walls apart.

    A metre of plain ground costs ``plain_cents``, one of rough ground ``rough_cents``, which an
    area's ``factor`` (at least 1) multiplies. What lies further than ``own_ground_m`` from where a
    connector begins is other people's ground, and rough.
    """

    lines: CrossedLines
    rough: Areas
    factor: Float64s
    own_ground_m: float
    plain_cents: float
    rough_cents: float


@numba.njit(cache=True, nogil=True)
def holds(areas: Areas, area: int, x_m: float, y_m: float) -> bool:
    """Tell whether an area holds a place (a ray crosses its ring an odd number of times)."""
    inside = False
    for at in range(areas.offset[area], areas.offset[area + 1] - 1):
        x0, y0 = areas.xy_m[at, 0], areas.xy_m[at, 1]
        x1, y1 = areas.xy_m[at + 1, 0], areas.xy_m[at + 1, 1]
        if (y0 > y_m) != (y1 > y_m) and x_m < (x1 - x0) * (y_m - y0) / (y1 - y0) + x0:
            inside = not inside
    return inside


@numba.njit(cache=True, nogil=True)
def inside_m(
    areas: Areas, area: int, x_m: float, y_m: float, end_x_m: float, end_y_m: float
) -> float:
    """Return how many metres of a straight line run inside an area."""
    first, last = areas.offset[area], areas.offset[area + 1] - 1
    dx, dy = end_x_m - x_m, end_y_m - y_m
    cut = np.empty(last - first + 2)
    cut[0], cut[1], count = 0.0, 1.0, 2
    for at in range(first, last):
        x0, y0 = areas.xy_m[at, 0] - x_m, areas.xy_m[at, 1] - y_m
        ex, ey = areas.xy_m[at + 1, 0] - x_m - x0, areas.xy_m[at + 1, 1] - y_m - y0
        turn = dx * ey - dy * ex
        if turn == 0.0:
            continue
        t, u = (x0 * ey - y0 * ex) / turn, (x0 * dy - y0 * dx) / turn
        if 0.0 < t < 1.0 and 0.0 <= u <= 1.0:
            cut[count] = t
            count += 1
    cut[:count].sort()
    inside = 0.0
    for n in range(count - 1):
        middle = (cut[n] + cut[n + 1]) / 2
        if holds(areas, area, x_m + middle * dx, y_m + middle * dy):
            inside += cut[n + 1] - cut[n]
    return float(inside * np.hypot(dx, dy))


@numba.njit(cache=True, nogil=True)
def _window(
    bins: Bins, x_m: float, y_m: float, end_x_m: float, end_y_m: float
) -> tuple[int, int, int, int]:
    """Return the first and last column, the first and last row of the bins around a line."""
    west, east = min(x_m, end_x_m) - bins.x_min_m, max(x_m, end_x_m) - bins.x_min_m
    south, north = min(y_m, end_y_m) - bins.y_min_m, max(y_m, end_y_m) - bins.y_min_m
    return (
        max(int(np.floor(west / bins.size_m)), 0),
        min(int(np.floor(east / bins.size_m)), bins.columns - 1),
        max(int(np.floor(south / bins.size_m)), 0),
        min(int(np.floor(north / bins.size_m)), bins.rows - 1),
    )


@numba.njit(cache=True, nogil=True)
def _near(x_m: float, y_m: float, piece: Float64s, reach_m: float) -> bool:
    """Tell whether a place lies within reach of a straight piece."""
    dx, dy = piece[2] - piece[0], piece[3] - piece[1]
    square = dx * dx + dy * dy
    t = min(max(((x_m - piece[0]) * dx + (y_m - piece[1]) * dy) / square, 0.0), 1.0)
    ax, ay = piece[0] + t * dx - x_m, piece[1] + t * dy - y_m
    return bool(ax * ax + ay * ay <= reach_m * reach_m)


@numba.njit(cache=True, nogil=True)
def _reaches(way_xy_m: Float64s, leg: int, piece: Float64s, reach_m: float) -> bool:
    """Tell whether a way stays within reach of a piece from one of its ends up to a leg of it."""
    near = True
    for at in range(leg + 1):
        near = near and _near(way_xy_m[at, 0], way_xy_m[at, 1], piece, reach_m)
        if not near:
            break
    if near:
        return True
    for at in range(way_xy_m.shape[0] - 1, leg, -1):
        if not _near(way_xy_m[at, 0], way_xy_m[at, 1], piece, reach_m):
            return False
    return True


@numba.njit(cache=True, nogil=True)
def _cuts(lines: CrossedLines, way_xy_m: Float64s) -> tuple[Int64s, Float64s, int]:
    """Return the pieces that a way changes sides of, where along it (m), and their number."""
    bins = lines.bins
    hit, at_m, count = np.empty(8, np.int64), np.empty(8), 0
    before_m = 0.0
    for leg in range(way_xy_m.shape[0] - 1):
        x_m, y_m = way_xy_m[leg, 0], way_xy_m[leg, 1]
        end_x_m, end_y_m = way_xy_m[leg + 1, 0], way_xy_m[leg + 1, 1]
        dx, dy = end_x_m - x_m, end_y_m - y_m
        length_m = np.hypot(dx, dy)
        west, east, south, north = _window(bins, x_m, y_m, end_x_m, end_y_m)
        own = count
        for row in range(south, north + 1):
            for b in range(row * bins.columns + west, row * bins.columns + east + 1):
                for at in range(bins.offset[b], bins.offset[b + 1]):
                    p = bins.edge[at]
                    piece = lines.piece_xy_m[p]
                    before = dx * (piece[1] - y_m) - dy * (piece[0] - x_m)
                    after = dx * (piece[3] - y_m) - dy * (piece[2] - x_m)
                    if (before > 0.0) == (after > 0.0):
                        continue
                    ex, ey = piece[2] - piece[0], piece[3] - piece[1]
                    begins = ex * (y_m - piece[1]) - ey * (x_m - piece[0])
                    ends = ex * (end_y_m - piece[1]) - ey * (end_x_m - piece[0])
                    if (begins > 0.0) == (ends > 0.0):
                        continue
                    known = False
                    for n in range(own, count):  # a piece lies in several bins
                        known = known or hit[n] == p
                    if known or _reaches(way_xy_m, leg, piece, lines.reach_m[lines.line[p]]):
                        continue
                    if count == hit.size:
                        hit = np.append(hit, np.empty(count, np.int64))
                        at_m = np.append(at_m, np.empty(count))
                    hit[count], at_m[count] = p, before_m + begins / (begins - ends) * length_m
                    count += 1
        before_m += length_m
    if count > 1:
        order = np.argsort(hit[:count])
        order = order[np.argsort(at_m[order], kind="mergesort")]
        group = lines.group[lines.line[hit[order]]]
        order = order[np.argsort(group, kind="mergesort")]
        return hit[order], at_m[order], count
    return hit, at_m, count


@numba.njit(cache=True, nogil=True)
def crossed_lines(lines: CrossedLines, way_xy_m: Float64s) -> tuple[Int64s, Float64s, int]:
    """Return the lines that a way crosses, where along it (m), and how many they are.

    ``way_xy_m`` (vertices, 2) is a connector, or a longer way over open ground.
    """
    hit, at_m, count = _cuts(lines, way_xy_m)
    kept = 0
    n = 0
    last_line, last_m = np.int64(-1), 0.0
    while n < count:
        line = lines.line[hit[n]]
        again = n + 1 < count and line == lines.line[hit[n + 1]]
        if again and at_m[n + 1] - at_m[n] <= MOST_TOUCH_M:
            n += 2  # only touched, at a vertex
            continue
        follows = last_line >= 0 and lines.group[last_line] == lines.group[line]
        follows = follows and line != last_line and at_m[n] - last_m <= lines.same_m[line]
        last_line, last_m = line, at_m[n]
        if not follows:
            hit[kept], at_m[kept] = line, at_m[n]
            kept += 1
        n += 1
    return hit, at_m, kept


@numba.njit(cache=True, nogil=True)
def _rough_leg(
    between: Between, x_m: float, y_m: float, end_x_m: float, end_y_m: float
) -> tuple[float, float]:
    """Return the metres of a straight leg in rough areas, and what their factors add to them."""
    rough, factor = between.rough, between.factor
    west, east, south, north = _window(rough.bins, x_m, y_m, end_x_m, end_y_m)
    seen, count = np.empty(8, np.int64), 0
    rough_m, added_m = 0.0, 0.0
    for row in range(south, north + 1):
        first = row * rough.bins.columns
        for b in range(first + west, first + east + 1):
            for at in range(rough.bins.offset[b], rough.bins.offset[b + 1]):
                area = rough.bins.edge[at]
                known = False
                for n in range(count):
                    known = known or seen[n] == area
                if known:
                    continue
                if count == seen.size:
                    seen = np.append(seen, np.empty(count, np.int64))
                seen[count] = area
                count += 1
                within_m = inside_m(rough, area, x_m, y_m, end_x_m, end_y_m)
                rough_m += within_m
                added_m += within_m * (factor[area] - 1.0)
    return rough_m, added_m


@numba.njit(cache=True, nogil=True)
def rough_metres(between: Between, way_xy_m: Float64s) -> tuple[float, float]:
    """Return metres over rough ground, and what its factors add to them; overlaps add up."""
    rough_m, added_m, length_m = 0.0, 0.0, 0.0
    for leg in range(way_xy_m.shape[0] - 1):
        x_m, y_m = way_xy_m[leg, 0], way_xy_m[leg, 1]
        end_x_m, end_y_m = way_xy_m[leg + 1, 0], way_xy_m[leg + 1, 1]
        within_m, more_m = _rough_leg(between, x_m, y_m, end_x_m, end_y_m)
        leg_m = float(np.hypot(end_x_m - x_m, end_y_m - y_m))
        rough_m += min(within_m, leg_m)
        added_m += more_m
        length_m += leg_m
    return min(max(rough_m, length_m - between.own_ground_m), length_m), added_m


@numba.njit(cache=True, nogil=True)
def surcharge(
    between: Between, x_m: float, y_m: float, end_x_m: float, end_y_m: float
) -> tuple[float, int]:
    """Return what ground (in parts of a cent) and crossings add to the price of a connector."""
    way_xy_m = np.empty((2, 2))
    way_xy_m[0, 0], way_xy_m[0, 1] = x_m, y_m
    way_xy_m[1, 0], way_xy_m[1, 1] = end_x_m, end_y_m
    rough_m, added_m = rough_metres(between, way_xy_m)
    ground = rough_m * (between.rough_cents - between.plain_cents) + added_m * between.rough_cents
    cents = 0
    line, _, count = crossed_lines(between.lines, way_xy_m)
    for n in range(count):
        cents += int(between.lines.cents[line[n]])
    return ground, cents


@numba.njit(cache=True, nogil=True)
def meet_ways(
    between: Between, way_offset: Int64s, way_xy_m: Float64s
) -> tuple[Int64s, Int64s, Float64s]:
    """Return what ways meet; way w has the vertices ``way_offset[w]:way_offset[w + 1]``.

    Returns
    -------
    offset (ways + 1,), line (crossings,); ground (ways, 2): metres of rough ground and what its
    factors add to them
    """
    count = way_offset.size - 1
    offset = np.zeros(count + 1, np.int64)
    line = np.empty(max(count, 8), np.int64)
    ground = np.zeros((count, 2))
    total = 0
    for row in range(count):
        way = way_xy_m[way_offset[row] : way_offset[row + 1]]
        found, _, number = crossed_lines(between.lines, way)
        while total + number > line.size:
            line = np.append(line, np.empty(line.size, np.int64))
        line[total : total + number] = found[:number]
        total += number
        offset[row + 1] = total
        ground[row] = rough_metres(between, way)
    return offset, line[:total], ground
