# ruff: noqa: PLR0917  (kernels take their arrays by position)
"""Kernel: what straight connectors cross at a price, and how much of them runs over rough ground.

Invariants
- A crossing is a change of sides: a line that is only touched, or that an end of the connector
  reaches (within the line's ``reach_m``), is not crossed.
- Crossings of one group that follow each other within the group's ``same_m`` are one (tracks side
  by side, both sides of a street); crossing one and the same line again counts again.
- Crossings come in the order of groups, then along the connector; memory is that of what is met.
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
def _cuts(
    lines: CrossedLines, x_m: float, y_m: float, end_x_m: float, end_y_m: float
) -> tuple[Int64s, Float64s, int]:
    """Return the pieces that a connector changes sides of, where along it (m), and their number."""
    bins = lines.bins
    hit, at_m, count = np.empty(8, np.int64), np.empty(8), 0
    dx, dy = end_x_m - x_m, end_y_m - y_m
    length_m = np.hypot(dx, dy)
    west, east, south, north = _window(bins, x_m, y_m, end_x_m, end_y_m)
    for row in range(south, north + 1):
        for b in range(row * bins.columns + west, row * bins.columns + east + 1):
            for at in range(bins.offset[b], bins.offset[b + 1]):
                p = bins.edge[at]
                piece = lines.piece_xy_m[p]
                before = dx * (piece[1] - y_m) - dy * (piece[0] - x_m)
                after = dx * (piece[3] - y_m) - dy * (piece[2] - x_m)
                if (before > 0.0) == (after > 0.0):
                    continue
                share = before / (before - after)
                cut_x = piece[0] + share * (piece[2] - piece[0]) - x_m
                cut_y = piece[1] + share * (piece[3] - piece[1]) - y_m
                along_m = (cut_x * dx + cut_y * dy) / length_m
                if not 0.0 <= along_m <= length_m:
                    continue
                reach_m = lines.reach_m[lines.line[p]]
                if _near(x_m, y_m, piece, reach_m) or _near(end_x_m, end_y_m, piece, reach_m):
                    continue
                known = False
                for n in range(count):  # a piece lies in several bins
                    known = known or hit[n] == p
                if known:
                    continue
                if count == hit.size:
                    hit = np.append(hit, np.empty(count, np.int64))
                    at_m = np.append(at_m, np.empty(count))
                n = count
                group = lines.group[lines.line[p]]
                while n > 0 and (group, along_m, p) < (
                    lines.group[lines.line[hit[n - 1]]],
                    at_m[n - 1],
                    hit[n - 1],
                ):
                    hit[n], at_m[n] = hit[n - 1], at_m[n - 1]
                    n -= 1
                hit[n], at_m[n] = p, along_m
                count += 1
    return hit, at_m, count


@numba.njit(cache=True, nogil=True)
def crossed_lines(
    lines: CrossedLines, x_m: float, y_m: float, end_x_m: float, end_y_m: float
) -> tuple[Int64s, Float64s, int]:
    """Return the lines that a connector crosses, where along it (m), and how many they are."""
    hit, at_m, count = _cuts(lines, x_m, y_m, end_x_m, end_y_m)
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
def rough_metres(
    between: Between, x_m: float, y_m: float, end_x_m: float, end_y_m: float
) -> tuple[float, float]:
    """Return metres over rough ground, and what its factors add to them; overlaps add up."""
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
    length_m = float(np.hypot(end_x_m - x_m, end_y_m - y_m))
    return min(max(rough_m, length_m - between.own_ground_m), length_m), added_m


@numba.njit(cache=True, nogil=True)
def surcharge(
    between: Between, x_m: float, y_m: float, end_x_m: float, end_y_m: float
) -> tuple[float, int]:
    """Return what ground (in parts of a cent) and crossings add to the price of a connector."""
    rough_m, added_m = rough_metres(between, x_m, y_m, end_x_m, end_y_m)
    ground = rough_m * (between.rough_cents - between.plain_cents) + added_m * between.rough_cents
    cents = 0
    line, _, count = crossed_lines(between.lines, x_m, y_m, end_x_m, end_y_m)
    for n in range(count):
        cents += int(between.lines.cents[line[n]])
    return ground, cents


@numba.njit(cache=True, nogil=True)
def meet_connectors(
    between: Between, start_xy_m: Float64s, xy_m: Float64s
) -> tuple[Int64s, Int64s, Float64s]:
    """Return what connectors meet on their straight ways.

    Returns
    -------
    offset (connectors + 1,), line (crossings,); ground (connectors, 2): metres of rough ground and
    what its factors add to them
    """
    count = xy_m.shape[0]
    offset = np.zeros(count + 1, np.int64)
    line = np.empty(max(count, 8), np.int64)
    ground = np.zeros((count, 2))
    total = 0
    for row in range(count):
        x_m, y_m = start_xy_m[row, 0], start_xy_m[row, 1]
        end_x_m, end_y_m = xy_m[row, 0], xy_m[row, 1]
        found, _, number = crossed_lines(between.lines, x_m, y_m, end_x_m, end_y_m)
        while total + number > line.size:
            line = np.append(line, np.empty(line.size, np.int64))
        line[total : total + number] = found[:number]
        total += number
        offset[row + 1] = total
        ground[row] = rough_metres(between, x_m, y_m, end_x_m, end_y_m)
    return offset, line[:total], ground
