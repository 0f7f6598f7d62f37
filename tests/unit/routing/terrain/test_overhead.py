"""Poles along a course."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.errors import InputError
from gisplan.routing.terrain.overhead import (
    OverheadBlocked,
    OverheadLimits,
    OverheadLine,
    OverheadPrices,
    PoleKind,
    place_poles,
)

LIMITS = OverheadLimits(span_min_m=20.0, span_max_m=60.0, clearance_m=3.0, straight_max_deg=5.0)
PRICES = OverheadPrices(
    line_pole_cents=100_000,
    angle_pole_cents=180_000,
    terminal_pole_cents=250_000,
    turn_cents_per_degree=500,
    wire_cents_per_m=1_000,
)
NO_BUILDINGS = np.zeros(0, dtype=object)


def course(*xy: tuple[float, float]) -> np.ndarray:
    return np.array(xy, dtype=np.float64)


def placed(line: np.ndarray, buildings: np.ndarray = NO_BUILDINGS) -> OverheadLine:
    result = place_poles(line, buildings, limits=LIMITS, prices=PRICES)
    assert isinstance(result, OverheadLine)
    return result


def refused(line: np.ndarray, buildings: np.ndarray = NO_BUILDINGS) -> OverheadBlocked:
    result = place_poles(line, buildings, limits=LIMITS, prices=PRICES)
    assert isinstance(result, OverheadBlocked)
    return result


def test_a_straight_line_has_as_few_poles_as_its_spans_allow() -> None:
    line = placed(course((0, 0), (150, 0)))
    # 150 m need three spans: two ends at 250,000, two line poles at 100,000, wire 150 x 1,000.
    assert line.cost_cents == 2 * 250_000 + 2 * 100_000 + 150_000
    assert line.pole_kind.tolist() == [2, 0, 0, 2]
    assert line.span_m.sum() == pytest.approx(150)
    assert line.span_m.max() <= 60
    assert line.span_m.min() >= 20


def test_a_bend_takes_an_angle_pole_and_pays_its_degrees() -> None:
    # The house at the inner side leaves 3 m of clearance only to spans that meet in the corner.
    house = np.array([shapely.box(5, 3.5, 46.5, 45)], dtype=object)
    line = placed(course((0, 0), (50, 0), (50, 50)), house)
    assert line.pole_kind.tolist() == [2, 1, 2]
    assert line.pole_turn_deg.tolist() == pytest.approx([0, 90, 0])
    assert line.cost_cents == 2 * 250_000 + 180_000 + 90 * 500 + 100_000


def test_a_building_beside_the_course_moves_the_poles() -> None:
    house = np.array([shapely.box(28, 2, 30, 10)], dtype=object)
    way = course((0, 0), (29, 0), (29, 12))
    free = place_poles(way, NO_BUILDINGS, limits=LIMITS, prices=PRICES)
    assert isinstance(free, OverheadLine)
    assert len(free.span_m) == 1
    result = place_poles(way, house, limits=LIMITS, prices=PRICES)
    assert isinstance(result, OverheadBlocked)


def test_spans_keep_their_clearance() -> None:
    houses = np.array([shapely.box(40, 4, 60, 12), shapely.box(90, -20, 110, -3.2)], dtype=object)
    line = placed(course((0, 0), (70, 1), (150, 0)), houses)
    spans = shapely.linestrings(np.stack([line.pole_xy_m[:-1], line.pole_xy_m[1:]], axis=1))
    assert shapely.distance(spans, shapely.union_all(houses)).min() >= 3 - 1e-5


def test_a_line_that_a_building_blocks_names_stretch_and_building() -> None:
    houses = np.array([shapely.box(500, 0, 501, 1), shapely.box(95, -1, 105, 1)], dtype=object)
    blocked = refused(course((0, 0), (200, 0)), houses)
    assert blocked.building == 1
    assert 30 < blocked.offset_from_m <= 95
    assert 105 <= blocked.offset_to_m < 170
    assert "nearer than 3 m to a building" in blocked.reason


def test_a_course_shorter_than_the_least_span_says_so() -> None:
    blocked = refused(course((0, 0), (15, 0)))
    assert blocked.building == -1
    assert "no spans of 20 to 60 m fit" in blocked.reason


def test_repeated_vertices_do_not_matter() -> None:
    once, twice = course((0, 0), (50, 0)), course((0, 0), (0, 0), (50, 0), (50, 0))
    assert placed(once).cost_cents == placed(twice).cost_cents


@settings(max_examples=60, deadline=None)
@given(
    bends=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=2, max_size=6),
    house=st.tuples(st.integers(0, 12), st.integers(0, 12)),
    prices=st.tuples(*[st.integers(0, 50)] * 5),
)
def test_the_choice_equals_brute_force(
    bends: list[tuple[int, int]], house: tuple[int, int], prices: tuple[int, ...]
) -> None:
    way = np.array(bends, dtype=np.float64) + 0.25
    if len(np.unique(way, axis=0)) < 2:
        return
    limits = OverheadLimits(span_min_m=2.0, span_max_m=9.0, clearance_m=1.0, straight_max_deg=20.0)
    some = OverheadPrices(
        line_pole_cents=prices[0],
        angle_pole_cents=prices[1],
        terminal_pole_cents=prices[2],
        turn_cents_per_degree=prices[3],
        wire_cents_per_m=prices[4],
    )
    buildings = np.array([shapely.box(*house, house[0] + 0.5, house[1] + 0.5)], dtype=object)
    result = place_poles(way, buildings, limits=limits, prices=some, places_per_span=2)
    best = brute_force(way, buildings[0], limits, some, apart_m=4.5)
    if isinstance(result, OverheadBlocked):
        assert math.isinf(best)
    else:
        assert result.cost_cents == pytest.approx(best, abs=0.51)


def brute_force(
    way: np.ndarray,
    house: shapely.Geometry,
    limits: OverheadLimits,
    prices: OverheadPrices,
    apart_m: float,
) -> float:
    """Least cost over all subsets of the candidate places."""
    places: list[tuple[float, tuple[float, float]]] = []
    along = 0.0
    for a, b in pairwise(way):
        length = math.dist(a, b)
        pieces = max(math.ceil(length / apart_m), 1) if length else 0
        places += [
            (along + n / pieces * length, tuple(a + n / pieces * (b - a))) for n in range(pieces)
        ]
        along += length
    places.append((along, tuple(way[-1])))

    def is_usable(one: int, other: int) -> bool:
        (at, a), (to, b) = places[one], places[other]
        is_long_enough = limits.span_min_m <= math.dist(a, b) <= limits.span_max_m
        is_clear = shapely.LineString([a, b]).distance(house) >= limits.clearance_m - 1e-6
        return to - at <= 1.5 * limits.span_max_m and is_long_enough and is_clear

    usable = {(a, b) for a, b in combinations(range(len(places)), 2) if is_usable(a, b)}
    best = math.inf

    def extend(poles: list[int], cost: float) -> None:
        nonlocal best
        if poles[-1] == len(places) - 1:
            best = min(best, cost + prices.terminal_pole_cents)
            return
        for n in range(poles[-1] + 1, len(places)):
            if (poles[-1], n) in usable:
                a, b = places[poles[-1]][1], places[n][1]
                extra = prices.wire_cents_per_m * math.dist(a, b)
                if len(poles) > 1:
                    z = places[poles[-2]][1]
                    turn = math.atan2(b[1] - a[1], b[0] - a[0]) - math.atan2(
                        a[1] - z[1], a[0] - z[0]
                    )
                    turn = abs(math.degrees(math.remainder(turn, 2 * math.pi)))
                    is_straight = turn <= limits.straight_max_deg
                    extra += prices.line_pole_cents if is_straight else prices.angle_pole_cents
                    extra += prices.turn_cents_per_degree * turn
                if cost + extra < best:
                    extend([*poles, n], cost + extra)

    extend([0], prices.terminal_pole_cents)
    return best


@pytest.mark.parametrize(
    ("line", "limits", "problem"),
    [
        (course((1, 1), (1, 1)), LIMITS, "two places or more"),
        (course((1, 1), (math.nan, 1)), LIMITS, "no finite number"),
        (course((0, 0), (9, 9)), replace(LIMITS, span_min_m=70.0), "spans from 70.0 to 60.0 m"),
        (course((0, 0), (9, 9)), replace(LIMITS, clearance_m=-1.0), "clearance_m is -1.0"),
        (course((0, 0), (9e9, 0)), LIMITS, "at most 200,000 places"),
    ],
)
def test_what_makes_no_line_is_refused(
    line: np.ndarray, limits: OverheadLimits, problem: str
) -> None:
    with pytest.raises(InputError, match=problem):
        place_poles(line, NO_BUILDINGS, limits=limits, prices=PRICES)


def test_kinds_are_told_apart_by_their_code() -> None:
    assert [kind.name for kind in PoleKind] == ["LINE", "ANGLE", "TERMINAL"]
