"""Where edges run beside a drawn line: lanes, and the stops at which a way may change over.

A lane is a part of an edge within the tolerance of the line, while the line passes it in one
direction. Its stops are the nodes that the line passes, places where a way lands, where the line
turns back, and where it comes near the edge or leaves it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from gisplan.network.nearness import find_stretches

if TYPE_CHECKING:
    from gisplan.model.grid import Flags, Floats, Integers

Geometries = npt.NDArray[np.object_]

POINT_M = 1e-3  # a place is looked for as a line so short
SLACK = 1.01  # what lies at the tolerance lies within it
PARALLEL_COS = 0.9  # an edge at a greater angle to the line is crossed, not followed
ASTRAY_TOLERANCES = 4.0  # so far along an edge its place may differ from the foot of the line
WINDOW = 16  # a stop leads to so many of the next ones of its lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """Passes of a line by edges, each in one direction, shape (runs,), sorted by edge and place.

    ``low_m`` and ``high_m`` run along the line. ``turn`` (turns, 2) holds rows of runs that meet
    where the line turns back, at ``turn_m`` along the line and ``turn_share`` along the edge.
    """

    edge: Integers
    low_m: Floats
    high_m: Floats
    turn: Integers
    turn_m: Floats
    turn_share: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Stops:
    """Places where a way may change, shape (stops,): from where to where the line passes them."""

    low_m: Floats
    high_m: Floats
    xy_m: Floats

    def __len__(self) -> int:
        return len(self.low_m)

    def followed_by(self, other: Stops) -> Stops:
        """Return these stops and then others."""
        return Stops(
            low_m=np.concatenate([self.low_m, other.low_m]),
            high_m=np.concatenate([self.high_m, other.high_m]),
            xy_m=np.concatenate([self.xy_m, other.xy_m]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OnRuns:
    """Stops on runs, shape (pairs,): row of the run, row of the stop, share of the run's edge."""

    run: Integers
    stop: Integers
    share: Floats

    def followed_by(self, other: OnRuns) -> OnRuns:
        """Return these and then others."""
        return OnRuns(
            run=np.concatenate([self.run, other.run]),
            stop=np.concatenate([self.stop, other.stop]),
            share=np.concatenate([self.share, other.share]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What lies beside a line: runs, stops, and the stops on each run."""

    runs: Runs
    stops: Stops
    on: OnRuns

    def with_stops(self, stops: Stops, on: OnRuns) -> Beside:
        """Return this with more stops; ``on`` counts them from 0."""
        moved = OnRuns(run=on.run, stop=on.stop + len(self.stops), share=on.share)
        return Beside(
            runs=self.runs,
            stops=self.stops.followed_by(stops),
            on=self.on.followed_by(moved),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Ways from stop to stop along edges, shape (steps,)."""

    tail: Integers
    head: Integers
    edge: Integers
    share_from: Floats
    share_to: Floats


def segments_of(line: shapely.LineString) -> tuple[Geometries, Floats]:
    """Return the straight pieces of a line and where each vertex lies along it, in metres."""
    xy = shapely.get_coordinates(line)
    at_m = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    pieces = np.asarray(shapely.linestrings(np.stack([xy[:-1], xy[1:]], axis=1)), dtype=object)
    return pieces, at_m


def points_along(line: shapely.LineString, at_m: Floats) -> Geometries:
    """Return the points of a line so many metres along it; in bulk, whatever its vertices."""
    vertices, vertex_m = shapely.get_coordinates(line), segments_of(line)[1]
    xy = [np.interp(at_m, vertex_m, vertices[:, axis]) for axis in (0, 1)]
    points: Geometries = np.asarray(shapely.points(*xy), dtype=object)
    return points


def passes(line: shapely.LineString, xy_m: Floats, reach_m: float) -> tuple[Integers, Stops]:
    """Return where a line passes places of shape (places, 2): their rows, and the passes."""
    ends = np.stack([xy_m, xy_m + np.array([POINT_M, 0.0])], axis=1)
    points = np.asarray(shapely.linestrings(ends), dtype=object)
    found = find_stretches(np.array([line], dtype=object), points, reach_m=reach_m)
    stops = Stops(low_m=found.start_m, high_m=found.end_m, xy_m=xy_m[found.other])
    return found.other.astype(np.int64), stops


def find_runs(line: shapely.LineString, shape: Geometries, near: Integers, reach_m: float) -> Runs:
    """Return how a line passes the edges ``near`` (rows of ``shape``)."""
    found = find_stretches(np.array([line], dtype=object), shape[near], reach_m=reach_m * SLACK)
    edge = near[found.other]
    offset, at_m, along_m = _followed(line, shape[edge], found.start_m, found.end_m)
    length_m = shapely.length(shape[edge])
    rows: list[tuple[int, float, float]] = []
    turns: list[tuple[int, float, float]] = []
    for one, (first, last) in enumerate(pairwise(offset.tolist())):
        low_m = float(at_m[first])
        for turn in _turns(along_m[first:last].tolist(), reach_m) if last - first > 2 else []:
            here_m = float(at_m[first + turn])
            turns.append((len(rows), here_m, float(along_m[first + turn] / length_m[one])))
            rows.append((one, low_m, here_m))
            low_m = here_m
        rows.append((one, low_m, float(at_m[last - 1])))
    table = np.array(rows, dtype=np.float64).reshape(-1, 3)
    turned = np.array(turns, dtype=np.float64).reshape(-1, 3)
    first_run = turned[:, 0].astype(np.int64)
    return Runs(
        edge=edge[table[:, 0].astype(np.int64)],
        low_m=table[:, 1],
        high_m=table[:, 2],
        turn=np.column_stack([first_run, first_run + 1]),
        turn_m=turned[:, 1],
        turn_share=turned[:, 2],
    )


def _followed(
    line: shapely.LineString, shapes: Geometries, start_m: Floats, end_m: Floats
) -> tuple[Integers, Floats, Floats]:
    """Return the line's ends and vertices within each stretch, and their feet on its shape.

    Those of stretch s stand at ``offset[s]:offset[s + 1]``: metres along the line and the shape.
    """
    vertex_m = segments_of(line)[1]
    first = np.searchsorted(vertex_m, start_m, side="right")
    count = np.maximum(np.searchsorted(vertex_m, end_m, side="left") - first, 0)
    stretch = np.repeat(np.arange(len(shapes)), count)
    step = np.arange(len(stretch)) - np.repeat(np.cumsum(count) - count, count)
    owner = np.concatenate([np.arange(len(shapes)), stretch, np.arange(len(shapes))])
    at_m = np.concatenate([start_m, vertex_m[first[stretch] + step], end_m])
    order = np.lexsort((at_m, owner))
    owner, at_m = owner[order], at_m[order]
    offset = np.searchsorted(owner, np.arange(len(shapes) + 1))
    along_m = shapely.line_locate_point(shapes[owner], points_along(line, at_m))
    return offset, at_m, along_m


def _turns(along_m: list[float], least_m: float) -> list[int]:
    """Return the rows where a sequence of places turns back by more than a hand shakes."""
    turns: list[int] = []
    low = high = way = 0
    for row, here in enumerate(along_m):
        high = row if here > along_m[high] else high
        low = row if here < along_m[low] else low
        if way >= 0 and along_m[high] - here > least_m:
            turns += [high] if way > 0 else []
            way, low = -1, row
        elif way <= 0 and here - along_m[low] > least_m:
            turns += [low] if way < 0 else []
            way, high = 1, row
    return turns


def overlapping(
    one: tuple[Integers, Floats, Floats], other: tuple[Integers, Floats, Floats]
) -> tuple[Integers, Integers]:
    """Return pairs of rows with the same number whose stretches meet.

    Each side is a number, a start and an end; those of the second side are sorted by number and
    start, and stretches of one number do not overlap there.
    """
    number, low_m, high_m = one
    other_number, other_low_m, other_high_m = other
    wide = 1.0 + max(float(np.max(side, initial=0.0)) for side in (high_m, other_high_m))
    first = np.searchsorted(
        other_number * wide + other_high_m, number * wide + low_m - POINT_M, "left"
    )
    last = np.searchsorted(
        other_number * wide + other_low_m, number * wide + high_m + POINT_M, "right"
    )
    count = np.maximum(last - first, 0)
    rows = np.repeat(np.arange(len(number)), count)
    found = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count) + first[rows]
    return rows, found


def steps_along(
    line: shapely.LineString, shape: Geometries, beside: Beside, reach_m: float
) -> Steps:
    """Return the ways between stops of the same lane, forward along the line."""
    runs, stops, on = beside.runs, beside.stops, beside.on
    near, row = np.unique(runs.edge, return_inverse=True)
    within = find_stretches(
        shape[near], np.array([line], dtype=object), reach_m=reach_m * SLACK * SLACK
    )
    length_m = shapely.length(shape[runs.edge[on.run]])
    at_m = np.clip(on.share, 0.0, 1.0) * length_m
    pair, part = overlapping(
        (row.reshape(-1)[on.run], at_m, at_m), (within.line, within.start_m, within.end_m)
    )
    kept = np.flatnonzero(_in_step(line, shape, beside, reach_m)[pair])
    pair, part = pair[kept], part[kept]
    run, stop, share = on.run[pair], on.stop[pair], on.share[pair]
    order = np.lexsort((share, stop, stops.low_m[stop], part, run))
    run, stop, share, part = run[order], stop[order], share[order], part[order]
    found: list[tuple[Integers, Integers]] = []
    for ahead in range(1, min(WINDOW, len(run))):
        one = np.flatnonzero((run[:-ahead] == run[ahead:]) & (part[:-ahead] == part[ahead:]))
        other = one + ahead
        back = stops.high_m[stop[one]] >= stops.low_m[stop[other]]
        found += [(one, other), (other[back], one[back])]
    none = np.zeros(0, dtype=np.int64)
    tail = np.concatenate([none, *(pair[0] for pair in found)])
    head = np.concatenate([none, *(pair[1] for pair in found)])
    kept = (stop[tail] != stop[head]) | (share[tail] != share[head])
    tail, head = tail[kept], head[kept]
    return Steps(
        tail=stop[tail],
        head=stop[head],
        edge=runs.edge[run[tail]],
        share_from=share[tail],
        share_to=share[head],
    )


def _in_step(line: shapely.LineString, shape: Geometries, beside: Beside, reach_m: float) -> Flags:
    """Tell which stops lie on their edge where the line passes it, not at its other end.

    The line is asked a little inside the run: the ends of a closed edge are one place.
    """
    runs, stops, on = beside.runs, beside.stops, beside.on
    edge, low, high = runs.edge[on.run], runs.low_m[on.run], runs.high_m[on.run]
    at_m = (np.maximum(stops.low_m[on.stop], low) + np.minimum(stops.high_m[on.stop], high)) / 2
    inside = np.minimum(2 * reach_m, (high - low) / 2)
    asked_m = np.clip(at_m, low + inside, high - inside)
    foot_m = shapely.line_locate_point(shape[edge], points_along(line, asked_m))
    away_m = np.abs(on.share * shapely.length(shape[edge]) - foot_m)
    near: Flags = away_m <= np.abs(asked_m - at_m) + ASTRAY_TOLERANCES * reach_m
    return near


def held_stretches(
    line: shapely.LineString,
    shapes: Geometries,
    reach_m: float,
    *,
    parallel_cos: float = PARALLEL_COS,
) -> Floats:
    """Return where along a line edges go along with it, shape (stretches, 2), in order.

    Gaps of up to twice the reach, as a shaking hand makes them, are no gaps. With a
    ``parallel_cos`` of 0 edges at any angle to the line count.
    """
    found = find_stretches(
        np.array([line], dtype=object),
        shapes,
        reach_m=reach_m * SLACK,
        parallel_cos=parallel_cos,
    )
    order = np.argsort(found.start_m, kind="stable")
    low, high = found.start_m[order], np.maximum.accumulate(found.end_m[order], dtype=np.float64)
    if len(low) == 0:
        return np.zeros((0, 2))
    first = np.concatenate([[True], low[1:] - high[:-1] > 2 * reach_m])
    last = np.append(np.flatnonzero(first)[1:] - 1, len(low) - 1)
    return np.column_stack([low[first], high[last]])
