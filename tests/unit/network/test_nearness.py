"""Stretches within reach, against distances at many places along the lines."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gisplan.network.nearness import find_stretches, sides_of

COORDINATES = st.integers(-40, 40).map(lambda n: n / 4)
POINTS = st.tuples(COORDINATES, COORDINATES)
LINES = st.lists(POINTS, min_size=2, max_size=4, unique=True).map(shapely.LineString)


def shapes(*lines: object) -> np.ndarray:
    return np.array([shapely.LineString(line) for line in lines], dtype=object)  # type: ignore[arg-type]


def test_parallel_stretch_runs_as_far_as_the_round_ends_reach() -> None:
    found = find_stretches(shapes([(0, 0), (100, 0)]), shapes([(20, 3), (60, 3)]), reach_m=5.0)
    assert (found.start_m.tolist(), found.end_m.tolist()) == ([16.0], [64.0])  # 3, 4, 5
    assert found.distance_m.tolist() == [3.0]


def test_crossing_line_is_not_beside() -> None:
    line, across = shapes([(0, 0), (100, 0)]), shapes([(50, -10), (50, 10)])
    assert len(find_stretches(line, across, reach_m=2.0, parallel_cos=0.8)) == 0
    assert find_stretches(line, across, reach_m=2.0).start_m.tolist() == [48.0]


def test_pieces_of_a_bent_line_give_one_stretch_and_a_return_gives_two() -> None:
    line = shapes([(0, 0), (10, 0), (20, 0), (40, 0), (40, 50), (0, 50)])
    found = find_stretches(line, shapes([(0, 1), (30, 1)], [(0, 52), (90, 52)]), reach_m=2.0)
    assert found.other.tolist() == [0, 1]
    back = find_stretches(line, shapes([(5, 0), (5, 50)]), reach_m=1.0)
    assert (back.start_m.tolist(), back.end_m.tolist()) == ([4.0, 124.0], [6.0, 126.0])


def test_lines_without_extent_and_no_lines_are_near_nothing() -> None:
    none, line = np.zeros(0, dtype=object), shapes([(0, 0), (9, 0)])
    assert len(find_stretches(none, line, reach_m=1.0)) == 0
    assert len(find_stretches(line, none, reach_m=1.0)) == 0
    assert len(find_stretches(line, shapes([(3, 0), (3, 0)]), reach_m=1.0)) == 0


@given(st.lists(LINES, min_size=1, max_size=3), st.lists(LINES, min_size=1, max_size=3))
def test_stretches_hold_the_places_within_reach_and_no_others(
    lines: list[shapely.LineString], others: list[shapely.LineString]
) -> None:
    one, two, reach_m = np.array(lines, dtype=object), np.array(others, dtype=object), 2.5
    found = find_stretches(one, two, reach_m=reach_m)
    for row, line in enumerate(lines):
        at_m = np.linspace(0.0, line.length, 41)
        places = shapely.line_interpolate_point(line, at_m)
        for other, beside in enumerate(others):
            own = (found.line == row) & (found.other == other)
            within = (
                (found.start_m[own] - 1e-9 <= at_m[:, None])
                & (at_m[:, None] <= found.end_m[own] + 1e-9)
            ).any(axis=1)
            distance_m = shapely.distance(places, beside)
            clear = np.abs(distance_m - reach_m) > 1e-9
            assert np.array_equal(within[clear], (distance_m < reach_m)[clear])
            if own.any():
                assert found.distance_m[own].min() == pytest.approx(shapely.distance(line, beside))


def test_side_is_left_right_or_neither() -> None:
    line = shapely.LineString([(0, 0), (10, 0)])
    xy = np.array([(5.0, 2.0), (5.0, -2.0), (5.0, 0.0), (12.0, 0.5), (10.5, 2.0), (-3.0, -0.2)])
    assert sides_of(np.full(6, line), xy).tolist() == [1, -1, 0, 0, 1, 0]
