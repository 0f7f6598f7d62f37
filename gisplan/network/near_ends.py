"""Ends of hand-drawn corridors that miss another one by a little, and their joining."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from gisplan.model.grid import Floats, Integers

Geometries = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True, kw_only=True)
class NearEnds:
    """Ends of lines that lie apart from another line, but near to it.

    ``line`` and ``other`` are rows; ``is_last`` tells the last vertex of ``line`` from its first;
    ``end_m`` is the place of the end, ``target_m`` the nearest one of ``other``: shape (ends, 2).
    """

    line: Integers
    other: Integers
    is_last: npt.NDArray[np.bool_]
    end_m: Floats
    target_m: Floats

    def __len__(self) -> int:
        return len(self.line)


def find_near_ends(lines: Geometries, *, touch_m: float, reach_m: float) -> NearEnds:
    """Find ends that are more than ``touch_m`` and at most ``reach_m`` away from another line.

    An end that touches any other line is joined already, and so is one whose line meets the other
    line close by: it was drawn a little too far. Each end is told once, with its nearest line.
    """
    open_rows = np.flatnonzero(~shapely.is_closed(lines))
    row = np.tile(open_rows, 2)
    is_last = np.repeat([False, True], len(open_rows))
    ends = shapely.get_point(lines[row], np.where(is_last, -1, 0))
    end, other = shapely.STRtree(lines).query(ends, predicate="dwithin", distance=reach_m)
    foreign = row[end] != other
    end, other = end[foreign], other[foreign]
    away_m = shapely.distance(ends[end], lines[other])
    lonely = ~np.isin(end, end[away_m <= touch_m])
    end, other, away_m = end[lonely], other[lonely], away_m[lonely]
    meeting = shapely.intersection(lines[row[end]], lines[other])
    met = shapely.distance(ends[end], meeting) <= 2 * reach_m  # NaN where they do not meet
    lonely = ~np.isin(end, end[met])
    end, other, away_m = end[lonely], other[lonely], away_m[lonely]
    order = np.lexsort((other, np.round(away_m, 3), end))
    _, first = np.unique(end[order], return_index=True)
    end, other = end[order][first], other[order][first]
    nearest = shapely.get_point(shapely.shortest_line(ends[end], lines[other]), -1)
    return NearEnds(
        line=row[end].astype(np.int64),
        other=other.astype(np.int64),
        is_last=is_last[end],
        end_m=shapely.get_coordinates(ends[end]),
        target_m=shapely.get_coordinates(nearest),
    )


def join_near_ends(lines: Geometries, near: NearEnds) -> Geometries:
    """Return the lines with every near end led on to its nearest line."""
    xy, row = shapely.get_coordinates(lines, return_index=True)
    bounds = np.searchsorted(row, np.arange(len(lines) + 1))
    at = np.where(near.is_last, bounds[near.line + 1], bounds[near.line])
    order = np.lexsort((near.is_last, near.line))
    changed = np.unique(near.line)
    longer_xy = np.insert(xy, at[order], near.target_m[order], axis=0)
    longer_row = np.insert(row, at[order], near.line[order])
    of_changed = np.isin(longer_row, changed)
    joined = lines.copy()
    if len(changed):
        joined[changed] = shapely.linestrings(
            longer_xy[of_changed], indices=np.searchsorted(changed, longer_row[of_changed])
        )
    return joined
