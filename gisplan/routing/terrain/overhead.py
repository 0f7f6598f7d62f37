"""Poles of an overhead line along a course."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import shapely

from gisplan.errors import InputError
from gisplan.model.grid import Codes, Floats, Integers
from gisplan.routing.terrain.overhead_kernel import choose_spans, turn_deg
from gisplan.routing.terrain.rasterise import Shapes

PLACES_PER_SPAN = 32
DETOUR = 1.5
"""A span may replace a piece of the course at most this many times as long as the longest span."""
PLACES_MAX = 200_000
NONE = -1


class PoleKind(IntEnum):
    """What a pole has to bear."""

    LINE = 0
    ANGLE = 1
    TERMINAL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class OverheadLimits:
    """What spans and poles must keep.

    Parameters
    ----------
    span_min_m, span_max_m : straight distance from pole to pole
    clearance_m : least distance of a span, seen from above, to a building
    straight_max_deg : a line pole bears a turn up to this; beyond, an angle pole is needed
    """

    span_min_m: float
    span_max_m: float
    clearance_m: float
    straight_max_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OverheadPrices:
    """What poles and wire cost, in cents; the turn is paid in addition to the pole."""

    line_pole_cents: float
    angle_pole_cents: float
    terminal_pole_cents: float
    turn_cents_per_degree: float
    wire_cents_per_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OverheadLine:
    """Poles of the cheapest line along a course.

    Parameters
    ----------
    pole_xy_m : float64 (poles, 2)
    pole_offset_m : float64 (poles,), along the course
    pole_kind : uint8 (poles,), ``PoleKind``
    pole_turn_deg : float64 (poles,), 0 at the ends
    span_m : float64 (poles - 1,)
    cost_cents : poles, turns and wire together
    """

    pole_xy_m: Floats
    pole_offset_m: Floats
    pole_kind: Codes
    pole_turn_deg: Floats
    span_m: Floats
    cost_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OverheadBlocked:
    """Why no line is possible: the stretch of the course that no spans lead over.

    ``building`` is the row of a building that spans there come too near to, -1 if none does.
    """

    offset_from_m: float
    offset_to_m: float
    building: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spans:
    """Spans from each candidate place to the next ones, by place and step beyond the next.

    ``fits`` is about lengths alone; ``building`` is the first building too near, -1 if clear.
    """

    length_m: Floats
    fits: npt.NDArray[np.bool_]
    building: Integers

    @property
    def usable(self) -> Codes:
        usable: Codes = (self.fits & (self.building == NONE)).astype(np.uint8)
        return usable


def place_poles(
    course_m: Floats,
    buildings: Shapes,
    *,
    limits: OverheadLimits,
    prices: OverheadPrices,
    places_per_span: int = PLACES_PER_SPAN,
) -> OverheadLine | OverheadBlocked:
    """Return the cheapest poles along a course, or the stretch that none lead over.

    Poles stand at the two ends, and anywhere at the bends of the course or at places at most
    ``span_max_m / places_per_span`` apart on it; among these the choice is exact.

    Parameters
    ----------
    course_m : float64 (vertices, 2)
    buildings : object (buildings,), shapely polygons that spans keep clear of

    Raises
    ------
    InputError
        If the course is no line, or a limit or price is negative or not finite.
    """
    _check(course_m, limits, prices)
    xy, offset = _places(course_m, limits.span_max_m / places_per_span)
    spans = _spans(xy, offset, buildings, limits)
    best = np.empty(spans.length_m.shape)
    before = np.empty(spans.length_m.shape, dtype=np.int64)
    last = choose_spans(
        xy,
        spans.usable,
        spans.length_m,
        prices.line_pole_cents,
        prices.angle_pole_cents,
        prices.terminal_pole_cents,
        prices.turn_cents_per_degree,
        prices.wire_cents_per_m,
        limits.straight_max_deg,
        best,
        before,
    )
    if last < 0:
        return _blocked(spans, offset, limits)
    poles = [len(xy) - 1, int(last)]
    while poles[-1] > 0:
        poles.append(int(before[poles[-1], poles[-2] - poles[-1] - 1]))
    cost = best[last, len(xy) - 2 - last] + prices.terminal_pole_cents
    return _line(xy, offset, np.array(poles[::-1]), limits, float(cost))


def _line(
    xy: Floats, offset: Floats, poles: Integers, limits: OverheadLimits, cost: float
) -> OverheadLine:
    turn = np.zeros(len(poles))
    for n in range(1, len(poles) - 1):
        turn[n] = turn_deg(xy, poles[n - 1], poles[n], poles[n + 1])
    kind = np.where(turn <= limits.straight_max_deg, PoleKind.LINE, PoleKind.ANGLE)
    kind[[0, -1]] = PoleKind.TERMINAL
    return OverheadLine(
        pole_xy_m=xy[poles],
        pole_offset_m=offset[poles],
        pole_kind=kind.astype(np.uint8),
        pole_turn_deg=turn,
        span_m=np.hypot(*np.diff(xy[poles], axis=0).T),
        cost_cents=round(cost),
    )


def _places(course_m: Floats, apart_m: float) -> tuple[Floats, Floats]:
    """Return candidate places along a course, and their offsets: bends and places between."""
    kept = np.append(True, (np.diff(course_m, axis=0) != 0).any(axis=1))
    bends = course_m[kept]
    length_m = np.hypot(*np.diff(bends, axis=0).T)
    pieces = np.maximum(np.ceil(length_m / apart_m), 1).astype(np.int64)
    if pieces.sum() >= PLACES_MAX:
        raise InputError(
            f"a course of {length_m.sum():,.0f} m with a pole place every {apart_m:g} m; expected "
            f"at most {PLACES_MAX:,} places: raise span_max_m or cut the course"
        )
    bend = np.repeat(np.arange(len(pieces)), pieces)
    share = (np.arange(len(bend)) - np.repeat(np.cumsum(pieces) - pieces, pieces)) / pieces[bend]
    xy = bends[bend] + share[:, None] * (bends[bend + 1] - bends[bend])
    along = np.concatenate([[0.0], np.cumsum(length_m)])
    offset = along[bend] + share * length_m[bend]
    return np.vstack([xy, bends[-1:]]), np.append(offset, along[-1])


def _spans(xy: Floats, offset: Floats, buildings: Shapes, limits: OverheadLimits) -> _Spans:
    count = len(xy)
    end = np.searchsorted(offset, offset + DETOUR * limits.span_max_m, side="right")
    reach = max(int((end - np.arange(count) - 1).max()), 1)
    to = np.arange(count)[:, None] + 1 + np.arange(reach)[None, :]
    inside = to < end[:, None]
    step = xy[np.minimum(to, count - 1)] - xy[:, None, :]
    length_m = np.hypot(step[..., 0], step[..., 1])
    fits = inside & (length_m >= limits.span_min_m) & (length_m <= limits.span_max_m)
    building = np.full(fits.shape, NONE, dtype=np.int64)
    row, column = np.nonzero(fits)
    if len(row) and len(buildings):
        ends = np.stack([xy[row], xy[to[row, column]]], axis=1)
        tree = shapely.STRtree(np.asarray(shapely.linestrings(ends), dtype=object))
        # Whatever is nearer than the clearance, by more than rounding.
        near, span = tree.query(
            buildings, predicate="dwithin", distance=max(limits.clearance_m - 1e-6, 0.0)
        )
        for number, hit in zip(near[::-1], span[::-1], strict=True):
            building[row[hit], column[hit]] = number
    return _Spans(length_m=length_m, fits=fits, building=building)


def _blocked(spans: _Spans, offset: Floats, limits: OverheadLimits) -> OverheadBlocked:
    """Return the stretch between what the start reaches and what reaches the end."""
    row, column = np.nonzero(spans.usable)
    ahead, back = _reached(row, row + 1 + column, len(offset))
    start, end = int(np.flatnonzero(ahead).max()), int(np.flatnonzero(back).min())
    start, end = min(start, end), max(start, end)
    barred = spans.building[start:end][spans.fits[start:end]]
    met = barred[barred != NONE]
    at = f"from {offset[start]:.0f} m to {offset[end]:.0f} m of the course"
    if len(met):
        building = int(np.bincount(met).argmax())
        reason = (
            f"{at}, every span of {limits.span_min_m:g} to {limits.span_max_m:g} m comes nearer "
            f"than {limits.clearance_m:g} m to a building"
        )
    else:
        building = NONE
        reason = (
            f"{at}, no spans of {limits.span_min_m:g} to {limits.span_max_m:g} m fit between the "
            "poles that can stand"
        )
    return OverheadBlocked(
        offset_from_m=float(offset[start]),
        offset_to_m=float(offset[end]),
        building=building,
        reason=reason,
    )


def _reached(
    start: Integers, end: Integers, count: int
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return which places the first one reaches by spans, and which reach the last one."""
    ahead, back = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    ahead[0] = back[-1] = True
    for place, to in zip(start, end, strict=True):
        ahead[to] |= ahead[place]
    order = np.argsort(-end, kind="stable")
    for place, to in zip(start[order], end[order], strict=True):
        back[place] |= back[to]
    return ahead, back


def _check(course_m: Floats, limits: OverheadLimits, prices: OverheadPrices) -> None:
    if course_m.ndim != 2 or len(np.unique(course_m, axis=0)) < 2:
        raise InputError("an overhead line needs a course of two places or more")
    if not np.isfinite(course_m).all():
        raise InputError("a vertex of the course is no finite number; expected metres")
    if not 0 <= limits.span_min_m <= limits.span_max_m < np.inf or limits.span_max_m == 0:
        raise InputError(
            f"spans from {limits.span_min_m} to {limits.span_max_m} m; expected 0 or more, the "
            "largest not below the least"
        )
    figures = {
        "clearance_m": limits.clearance_m,
        "straight_max_deg": limits.straight_max_deg,
        "line_pole_cents": prices.line_pole_cents,
        "angle_pole_cents": prices.angle_pole_cents,
        "terminal_pole_cents": prices.terminal_pole_cents,
        "turn_cents_per_degree": prices.turn_cents_per_degree,
        "wire_cents_per_m": prices.wire_cents_per_m,
    }
    for name, value in figures.items():
        if not 0 <= value < np.inf:
            raise InputError(f"{name} is {value}; expected a number of 0 or more")
