"""Where a drawn line goes over open ground, and what that costs beside the edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from gisplan.routing.drawn_choice import off_edges
from gisplan.routing.drawn_lanes import held_stretches, points_along, segments_of

if TYPE_CHECKING:
    from gisplan.model.grid import Flags, Floats, Integers
    from gisplan.routing.drawn_choice import Links
    from gisplan.routing.drawn_lanes import Stops

Geometries = npt.NDArray[np.object_]

CHANGE_TOLERANCES = 0.5  # an edge is left for open ground, or come to, where that saves so much
LEAST_M = 0.05  # a shorter gap between edges is none


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenGround:
    """Where no edge goes along with a line, and the places where the line may be left.

    ``between_m``, ``at_start_m`` and ``at_end_m`` are stretches of the line of shape (., 2), with
    a little before and after. Places stand ``place_m`` along the line; in the way they are numbered
    after ``stop_count`` stops, then come the line's start (``first``) and its end (``last``).
    """

    between_m: Floats
    at_start_m: Floats
    at_end_m: Floats
    place_m: Floats
    stop_count: int
    reach_m: float

    @property
    def first(self) -> int:
        """Number of the line's start."""
        return self.stop_count + len(self.place_m)

    @property
    def last(self) -> int:
        """Number of the line's end."""
        return self.first + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FreePrice:
    """What a line costs over open ground: a metre, and crossings ``crossed_m`` along it."""

    cents_per_m: float
    crossed_m: Floats
    crossing_cents: Integers


def find_ground(
    line: shapely.LineString, shapes: Geometries, stops: Stops, reach_m: float
) -> OpenGround:
    """Return the open ground under a line beside edges.

    Beside a gap between edges the line may be left and come to a little before and after.
    """
    held = held_stretches(line, shapes, reach_m)
    gaps = np.concatenate([[0.0], held.reshape(-1), [line.length]]).reshape(-1, 2)
    gaps = gaps[gaps[:, 1] - gaps[:, 0] > LEAST_M]
    first, last = gaps[:, 0] <= 0.0, gaps[:, 1] >= line.length
    wide = gaps + 2 * reach_m * np.array([-1.0, 1.0])
    places = np.concatenate(
        [[0.0, line.length], segments_of(line)[1], _middle(line, stops), wide.reshape(-1)]
    )
    return OpenGround(
        between_m=wide[~first & ~last],
        at_start_m=wide[first],
        at_end_m=wide[last],
        place_m=np.unique(np.clip(places, 0.0, line.length)),
        stop_count=len(stops),
        reach_m=reach_m,
    )


def over_ground(
    line: shapely.LineString,
    stops: Stops,
    ground: OpenGround,
    price: FreePrice,
    may: tuple[Flags, Flags],
) -> list[Links]:
    """Return the ways over open ground: along the line, between it and stops, and at its ends.

    ``may`` (stops,) tells which stops may be come to over open ground, and which left for it.
    """
    own = np.arange(len(stops))
    come, go = (np.flatnonzero(one) for one in may)
    middle_m = _middle(line, stops)
    at = ground.stop_count + np.searchsorted(ground.place_m, middle_m)
    away = shapely.get_coordinates(points_along(line, middle_m)).reshape(-1, 2) - stops.xy_m
    hop_m = np.hypot(*away.T) + CHANGE_TOLERANCES * ground.reach_m
    comes = _is_within(middle_m, ground.between_m, ground.at_start_m)
    leaves = _is_within(middle_m, ground.between_m, ground.at_end_m)
    cents, reach_m = hop_m * price.cents_per_m, np.array([ground.reach_m])
    place = ground.stop_count + np.arange(len(ground.place_m))
    ends = np.array([ground.first, ground.last])
    return [
        _along(ground, price),
        off_edges(
            at[come], own[come], cents=cents[come], beside_m=np.where(comes, 0.0, reach_m)[come]
        ),
        off_edges(own[go], at[go], cents=cents[go], beside_m=np.where(leaves, 0.0, reach_m)[go]),
        off_edges(ends[:1], place[:1], cents=np.zeros(1), beside_m=reach_m),
        off_edges(place[-1:], ends[1:], cents=np.zeros(1), beside_m=reach_m),
    ]


def _along(ground: OpenGround, price: FreePrice) -> Links:
    """Return the ways from place to place of the line, with what they cross."""
    at_m, number = ground.place_m, ground.stop_count + np.arange(len(ground.place_m))
    step_m, middle_m = np.diff(at_m), (at_m[1:] + at_m[:-1]) / 2
    step = np.searchsorted(at_m, price.crossed_m, "right") - 1
    step = np.clip(step, 0, max(len(step_m) - 1, 0))
    crossed = np.bincount(step, weights=price.crossing_cents, minlength=len(step_m))
    is_open = _is_within(middle_m, ground.between_m, ground.at_start_m, ground.at_end_m)
    return off_edges(
        number[:-1],
        number[1:],
        cents=step_m * price.cents_per_m + crossed,
        beside_m=np.where(is_open, 0.0, step_m),
    )


def _middle(line: shapely.LineString, stops: Stops) -> Floats:
    middle_m: Floats = np.clip((stops.low_m + stops.high_m) / 2, 0.0, line.length)
    return middle_m


def _is_within(at_m: Floats, *stretches_m: Floats) -> Flags:
    """Tell which places along a line lie in one of several stretches of it."""
    low, high = np.sort(np.concatenate(stretches_m), axis=0).T
    inside: Flags = np.searchsorted(low, at_m, "right") > np.searchsorted(high, at_m, "left")
    return inside
