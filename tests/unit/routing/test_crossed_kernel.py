"""Ways off the corridors against shapely: what they change sides of, and the ground below."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.routing.crossed_kernel import Between, crossed_lines, meet_ways, surcharge
from gisplan.routing.landings import build_areas, build_crossed_lines, nothing_between

Place = tuple[float, float]


def lines_of(
    *lines: Sequence[Place],
    group: Sequence[int] | None = None,
    same_m: float = 6.0,
    reach_m: float = 2.0,
) -> Between:
    count = len(lines)
    crossed = build_crossed_lines(
        np.array([shapely.LineString(line) for line in lines], dtype=object),
        group=np.arange(count) if group is None else np.array(group),
        same_m=np.full(count, same_m),
        reach_m=np.full(count, reach_m),
        cents=100 * (1 + np.arange(count)),
    )
    return nothing_between()._replace(lines=crossed)


def crossed(between: Between, *way: Place) -> list[int]:
    line, _, count = crossed_lines(between.lines, np.array(way, dtype=np.float64))
    return [int(row) for row in line[:count]]


RAIL = [(0.0, 0.0), (100.0, 0.0)]


def test_connector_to_the_other_side_crosses() -> None:
    assert crossed(lines_of(RAIL), (50, -30), (50, 30)) == [0]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ((50, -30), (50, -10)),  # before it
        ((50, -30), (60, 1.9)),  # ends within reach of it
        ((50, 1.9), (60, -30)),  # begins within reach of it
        ((-50, -30), (-10, 30)),  # past its end
        ((10, 30), (90, 30)),  # beside it
        ((50, 30), (50, 30)),  # no length at all
    ],
)
def test_who_stays_on_a_side_crosses_nothing(start: Place, end: Place) -> None:
    assert crossed(lines_of(RAIL), start, end) == []


def test_line_that_is_only_touched_at_a_bend_is_not_crossed() -> None:
    for sign in (1.0, -1.0):
        bend = [(0.0, 20.0 * sign), (50.0, 0.0), (100.0, 20.0 * sign)]
        assert crossed(lines_of(bend), (0, 0), (100, 0)) == []


def test_line_that_comes_back_is_crossed_twice() -> None:
    loop = [(20.0, -20.0), (20.0, 20.0), (24.0, 20.0), (24.0, -20.0)]
    assert crossed(lines_of(loop), (0, 0), (100, 0)) == [0, 0]


def test_tracks_side_by_side_of_one_owner_are_crossed_once() -> None:
    tracks = [[(0.0, y), (100.0, y)] for y in (0.0, 4.5, 9.0)]
    assert crossed(lines_of(*tracks, group=[7, 7, 7]), (50, -30), (50, 30)) == [0]
    assert crossed(lines_of(*tracks, group=[7, 7, 8]), (50, -30), (50, 30)) == [0, 2]
    assert crossed(lines_of(*tracks, group=[7] * 3, same_m=4.0), (50, -30), (50, 30)) == [0, 1, 2]


def test_line_across_many_bins_is_crossed_once() -> None:
    assert crossed(lines_of([(-900.0, -880.0), (900.0, 905.0)]), (-75, 75), (75, -75)) == [0]


def test_more_crossings_than_room_are_all_kept() -> None:
    fence = [[(float(x), -5.0), (float(x), 5.0)] for x in range(5, 100, 5)]
    assert crossed(lines_of(*fence), (0, 0), (100, 0)) == list(range(19))
    ways = np.array([[0.0, 0.0], [100.0, 0.0], [0.0, 9.0], [100.0, 9.0]])
    met = meet_ways(lines_of(*fence), np.array([0, 2, 4]), ways)
    assert met[0].tolist() == [0, 19, 19]
    assert met[1].tolist() == list(range(19))


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**9), line_count=st.integers(1, 8))
def test_crossings_equal_the_places_where_shapely_cuts(seed: int, line_count: int) -> None:
    random = np.random.default_rng(seed)
    lines = [random.uniform(-60, 60, (random.integers(2, 6), 2)) for _ in range(line_count)]
    start, end = random.uniform(-60, 60, (2, 2))
    way = shapely.LineString([start, end])
    pieces = [
        (row, shapely.LineString(line[at : at + 2]))
        for row, line in enumerate(lines)
        for at in range(len(line) - 1)
    ]
    expected = [row for row, piece in pieces if piece.intersects(way)]
    between = lines_of(*lines, same_m=0.0, reach_m=0.0)
    assert sorted(crossed(between, tuple(start), tuple(end))) == expected


def test_rough_ground_is_counted_by_metres_and_factor() -> None:
    field = shapely.box(10, -50, 30, 50)
    wood = shapely.box(60, -50, 100, 50)
    between = Between(
        lines=lines_of([(80.0, -50.0), (80.0, 50.0)]).lines,
        rough=build_areas(np.array([field, wood], dtype=object), np.ones(2, dtype=bool)),
        factor=np.array([1.2, 2.0]),
        own_ground_m=np.inf,
        plain_cents=50.0,
        rough_cents=110.0,
    )
    _, _, ground = meet_ways(between, np.array([0, 2]), np.array([[0.0, 0.0], [90.0, 0.0]]))
    assert ground[0].tolist() == pytest.approx([50.0, 20 * 0.2 + 30 * 1.0])
    added, crossings = surcharge(between, 0.0, 0.0, 90.0, 0.0)
    assert added == pytest.approx(50 * 60 + 34 * 110)
    assert crossings == 100


def test_areas_that_overlap_count_no_more_metres_than_there_are() -> None:
    same = [shapely.box(0, -5, 100, 5)] * 12
    between = nothing_between()._replace(
        rough=build_areas(np.array(same, dtype=object), np.ones(12, dtype=bool)),
        factor=np.full(12, 1.5),
    )
    _, _, ground = meet_ways(between, np.array([0, 2]), np.array([[0.0, 0.0], [90.0, 0.0]]))
    assert ground[0].tolist() == pytest.approx([90.0, 12 * 45.0])


def test_way_with_a_vertex_on_a_line_crosses_it_once() -> None:
    rail = lines_of(RAIL)
    assert crossed(rail, (50, -30), (50, 0), (60, 30)) == [0]
    assert crossed(rail, (50, 30), (50, 0), (60, -30)) == [0]
    assert crossed(rail, (50, -30), (50, -1), (50, 1), (50, 30)) == [0]


def test_way_that_touches_a_line_with_a_vertex_stays_on_its_side() -> None:
    for side in (1.0, -1.0):
        assert crossed(lines_of(RAIL), (30, 30 * side), (50, 0), (70, 30 * side)) == []


def test_way_that_leaves_from_within_reach_crosses_nothing_and_comes_back_across() -> None:
    rail = lines_of(RAIL)
    assert crossed(rail, (50, 1), (51, 0.5), (52, -1.5), (60, -30)) == []
    assert crossed(rail, (50, 1), (60, -30), (70, -30), (80, 30)) == [0]
    assert crossed(rail, (80, 30), (70, -30), (60, -30), (50, 1)) == [0]


def test_ground_under_a_way_with_vertices_is_that_of_its_legs() -> None:
    wood = shapely.box(60, -50, 100, 50)
    between = nothing_between()._replace(
        rough=build_areas(np.array([wood], dtype=object), np.ones(1, dtype=bool)),
        factor=np.array([2.0]),
        own_ground_m=30.0,
    )
    way = np.array([[0.0, 0.0], [70.0, 0.0], [70.0, 20.0], [0.0, 20.0]])
    _, _, ground = meet_ways(between, np.array([0, 4]), way)
    assert ground[0].tolist() == pytest.approx([160.0 - 30.0, 40.0])


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_way_cut_at_more_vertices_crosses_the_same_lines(seed: int) -> None:
    random = np.random.default_rng(seed)
    lines = [random.uniform(-60, 60, (random.integers(2, 6), 2)) for _ in range(6)]
    between = lines_of(*lines, group=[0, 0, 1, 1, 2, 2])
    way = random.uniform(-60, 60, (4, 2))
    more = shapely.get_coordinates(shapely.segmentize(shapely.LineString(way), 7.0))
    assert crossed(between, *more.tolist()) == crossed(between, *way.tolist())
