"""Where one set of lines runs near another: exact stretches, segment by segment and in bulk.

The places within reach of a segment are a capsule, which is convex, so a straight line meets it in
one stretch: from the least to the greatest of its meetings with the two discs and the rectangle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from gisplan.model.grid import Flags, Floats, Integers

Geometries = npt.NDArray[np.object_]

MEETING_M = 1e-6  # stretches that end and begin this near to each other are one
CHORD_M = 0.05  # the direction of a line at a place is that of its chord so far to both sides
AHEAD_SINE = 0.5  # within 30 degrees of a line's direction a place lies ahead of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretches:
    """Stretches of lines within reach of other lines, sorted by line, other and start.

    ``line`` and ``other`` are rows of the two sets; ``start_m`` and ``end_m`` run along ``line``;
    ``distance_m`` is the least distance within the stretch.
    """

    line: Integers
    other: Integers
    start_m: Floats
    end_m: Floats
    distance_m: Floats

    def __len__(self) -> int:
        return len(self.line)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Segments:
    """Straight pieces of lines: ends (pieces, 2), row of their line, metres of it before them."""

    first: Floats
    last: Floats
    owner: Integers
    before_m: Floats
    length_m: Floats

    @property
    def shapes(self) -> Geometries:
        """Every piece as a line."""
        ends = np.stack([self.first, self.last], axis=1)
        shapes: Geometries = np.asarray(shapely.linestrings(ends), dtype=object)
        return shapes

    @property
    def heading(self) -> Floats:
        """Unit vectors, shape (pieces, 2)."""
        heading: Floats = (self.last - self.first) / self.length_m[:, None]
        return heading


def find_stretches(
    lines: Geometries, others: Geometries, *, reach_m: float, parallel_cos: float = 0.0
) -> Stretches:
    """Find where lines run within reach of others; stretches that meet are one.

    Parameters
    ----------
    lines, others : line strings, shapes (lines,) and (others,)
    reach_m : the greatest distance that counts
    parallel_cos : only pieces count whose directions have at least this cosine (0: all)
    """
    here, there = _segments(lines), _segments(others)
    if not len(here.owner) or not len(there.owner):
        none, nothing = np.zeros(0, dtype=np.int64), np.zeros(0)
        return _stretches(none, none, nothing, nothing, nothing)
    shapes, other_shapes = here.shapes, there.shapes
    one, two = shapely.STRtree(other_shapes).query(shapes, predicate="dwithin", distance=reach_m)
    if parallel_cos > 0:
        along = np.abs((here.heading[one] * there.heading[two]).sum(axis=1)) >= parallel_cos
        one, two = one[along], two[along]
    low_m, high_m = _within_capsule(here, there, one, two, reach_m)
    inside = low_m <= high_m
    one, two, low_m, high_m = one[inside], two[inside], low_m[inside], high_m[inside]
    before_m = here.before_m[one]
    return _merged(
        here.owner[one],
        there.owner[two],
        before_m + low_m,
        before_m + high_m,
        np.asarray(shapely.distance(shapes[one], other_shapes[two])),
    )


def _segments(lines: Geometries) -> _Segments:
    """Cut lines into straight pieces; those without extent are left out."""
    xy, row = shapely.get_coordinates(lines, return_index=True)
    within = row[1:] == row[:-1]
    first, last, owner = xy[:-1][within], xy[1:][within], row[1:][within]
    length_m = np.hypot(*(last - first).T)
    total_m = np.cumsum(length_m)
    before_m = total_m - length_m
    starts = np.searchsorted(owner, np.arange(len(lines)))
    base_m = np.append(before_m, total_m[-1] if len(total_m) else 0.0)[starts]
    extended = length_m > 0
    return _Segments(
        first=first[extended],
        last=last[extended],
        owner=owner[extended].astype(np.int64),
        before_m=(before_m - base_m[owner])[extended],
        length_m=length_m[extended],
    )


def _within_capsule(
    here: _Segments, there: _Segments, one: Integers, two: Integers, reach_m: float
) -> tuple[Floats, Floats]:
    """Return from where to where each piece runs within reach of another (none: from > to)."""
    heading, other = here.heading[one], there.heading[two]
    away = here.first[one] - there.first[two]
    along = (heading * other).sum(axis=1)
    across = heading[:, 0] * other[:, 1] - heading[:, 1] * other[:, 0]
    aside = away[:, 0] * other[:, 1] - away[:, 1] * other[:, 0]
    low, high = _slab(aside, across, -reach_m, reach_m)
    begin, end = _slab((away * other).sum(axis=1), along, 0.0, there.length_m[two])
    low, high = np.maximum(low, begin), np.minimum(high, end)
    empty = low > high
    low, high = np.where(empty, np.inf, low), np.where(empty, -np.inf, high)
    for corner in (there.first[two], there.last[two]):
        begin, end = _disc(here.first[one] - corner, heading, reach_m)
        low, high = np.fmin(low, begin), np.fmax(high, end)
    return np.maximum(low, 0.0), np.minimum(high, here.length_m[one])


def _slab(place: Floats, speed: Floats, least: Floats | float, most: Floats | float) -> Floats:
    """Return the stretch (2, pieces) where ``place + t * speed`` lies between two bounds."""
    with np.errstate(divide="ignore", invalid="ignore"):
        bounds = np.stack([(least - place) / speed, (most - place) / speed])
    always = (place >= least) & (place <= most)
    still = speed == 0
    low = np.where(still, np.where(always, -np.inf, np.inf), bounds.min(axis=0))
    high = np.where(still, np.where(always, np.inf, -np.inf), bounds.max(axis=0))
    return np.stack([low, high])


def _disc(away: Floats, heading: Floats, radius_m: float) -> Floats:
    """Return the stretch (2, pieces) of a straight line within a disc; NaN where it misses it."""
    middle = -(away * heading).sum(axis=1)
    half = radius_m**2 - ((away * away).sum(axis=1) - middle**2)
    with np.errstate(invalid="ignore"):
        half = np.sqrt(half)
    return np.stack([middle - half, middle + half])


def _merged(
    line: Integers, other: Integers, start_m: Floats, end_m: Floats, distance_m: Floats
) -> Stretches:
    """Join stretches of the same pair that meet or overlap."""
    order = np.lexsort((end_m, start_m, other, line))
    line, other = line[order], other[order]
    start_m, end_m, distance_m = start_m[order], end_m[order], distance_m[order]
    if not len(line):
        return _stretches(line, other, start_m, end_m, distance_m)
    changed = (line[1:] != line[:-1]) | (other[1:] != other[:-1])
    gap = start_m[1:] > _reached(np.cumsum(np.append(0, changed)), end_m)[:-1] + MEETING_M
    first = np.flatnonzero(np.append(True, gap | changed))
    return _stretches(
        line[first],
        other[first],
        start_m[first],
        np.maximum.reduceat(end_m, first),
        np.minimum.reduceat(distance_m, first),
    )


def _reached(pair: Integers, end_m: Floats) -> Floats:
    """Return the greatest end so far within each pair; ranks keep it exact for any length."""
    by_end = np.argsort(end_m, kind="stable")
    rank = np.empty(len(end_m), dtype=np.int64)
    rank[by_end] = np.arange(len(end_m))
    greatest = np.maximum.accumulate(pair * len(end_m) + rank) % len(end_m)
    reached: Floats = end_m[by_end][greatest]
    return reached


def _stretches(
    line: Integers, other: Integers, start_m: Floats, end_m: Floats, distance_m: Floats
) -> Stretches:
    return Stretches(
        line=line.astype(np.int64),
        other=other.astype(np.int64),
        start_m=start_m,
        end_m=end_m,
        distance_m=distance_m,
    )


def sides_of(
    lines: Geometries, xy_m: Floats, *, ahead_sine: float = AHEAD_SINE
) -> npt.NDArray[np.int8]:
    """Tell on which side of lines places lie: 1 left, -1 right, 0 on them or ahead of an end.

    Parameters
    ----------
    lines : one line for each place, shape (places,)
    xy_m : shape (places, 2)
    ahead_sine : sine of the angle to an end's direction within which a place lies ahead of it
    """
    points = shapely.points(xy_m)
    at_m = shapely.line_locate_point(lines, points)
    length_m = shapely.length(lines)
    foot = shapely.get_coordinates(shapely.line_interpolate_point(lines, at_m))
    before, after = (
        shapely.get_coordinates(shapely.line_interpolate_point(lines, np.clip(m, 0, length_m)))
        for m in (at_m - CHORD_M, at_m + CHORD_M)
    )
    chord, away = after - before, xy_m - foot
    size = np.hypot(*chord.T) * np.hypot(*away.T)
    across = chord[:, 0] * away[:, 1] - chord[:, 1] * away[:, 0]
    beside: Flags = np.abs(across) > ahead_sine * size
    return np.where(beside & (size > 0), np.sign(across), 0).astype(np.int8)
