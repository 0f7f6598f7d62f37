"""Courses pulled tight."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gisplan.routing.terrain.parts import FieldPart, StreetPart, TerrainWay
from gisplan.routing.terrain.raster import CostRaster
from gisplan.routing.terrain.smoothing import course_cents, line_cents, smooth_course, smooth_way
from gisplan.routing.terrain.sources import GivenRaster
from gisplan.routing.terrain.streets import field_stops
from gisplan.routing.terrain.ways import find_ways
from tests.unit.routing.terrain.oracle import raster_of
from tests.unit.routing.terrain.test_ways import streets_of

OPEN = raster_of(np.full((20, 20), 100))


def field_way(
    raster: CostRaster, start: tuple[float, float], end: tuple[float, float]
) -> TerrainWay:
    ends = (field_stops(np.array([xy])) for xy in (start, end))
    found = find_ways(GivenRaster(raster=raster), streets_of(), *ends, directions=8)
    return found.ways[0]


def test_on_open_ground_a_way_becomes_one_straight_line() -> None:
    way = smooth_way(field_way(OPEN, (1.2, 1.7), (18.1, 9.4)), OPEN)
    assert way.xy_m.tolist() == [[1.2, 1.7], [18.1, 9.4]]
    assert way.cost_cents == pytest.approx(100 * math.hypot(16.9, 7.7))


def test_a_line_costs_its_length_in_each_cell() -> None:
    raster = raster_of([[100, 300], [100, 100]])
    # 0.5 m in the first cell, 0.25 m in the second.
    assert line_cents(np.array([0.5, 1.5]), np.array([1.25, 1.5]), raster) == pytest.approx(125)
    assert line_cents(np.array([0.5, 0.5]), np.array([0.5, 0.5]), raster) == 0


def test_a_line_into_a_wall_out_of_the_raster_or_between_two_walls_is_not_allowed() -> None:
    raster = raster_of([[100, -1], [-1, 100]])
    middle, across = np.array([0.5, 1.5]), np.array([1.5, 0.5])
    assert math.isinf(line_cents(middle, np.array([1.5, 1.5]), raster))
    assert math.isinf(line_cents(middle, np.array([0.5, 2.5]), raster))
    assert math.isinf(line_cents(middle, across, raster))
    assert math.isinf(line_cents(np.array([1.5, 1.5]), np.array([1.5, 1.5]), raster))


def test_a_wall_is_passed_at_its_end() -> None:
    costs = np.full((20, 20), 100)
    costs[5:, 10] = -1
    raster = raster_of(costs)
    way = smooth_way(field_way(raster, (5.5, 5.5), (15.5, 5.5)), raster)
    shut = shapely.box(10, 0, 11, 15)
    assert shapely.LineString(way.xy_m).intersection(shut.buffer(-1e-9)).is_empty
    # Shortest around the corner at (10, 15) and (11, 15): two lines of root(4.5^2 + 9.5^2) and 1.
    assert way.cost_cents <= 100 * (2 * math.hypot(4.5, 9.5) + 1) * 1.05


def test_a_cheap_lane_is_not_left_for_a_straight_line() -> None:
    costs = np.full((11, 21), 1_000)
    costs[:, 0] = costs[10, :] = costs[:, 20] = 10
    raster = raster_of(costs)
    way = smooth_way(field_way(raster, (0.5, 10.5), (20.5, 10.5)), raster)
    assert way.cost_cents == pytest.approx(40 * 10, rel=0.05)


def test_streets_stay_as_they_are() -> None:
    bend = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 0.0]])
    street = StreetPart(edge=0, share_from=0.0, share_to=1.0, xy_m=bend, cost_cents=5.0)
    way = TerrainWay(start=0, target=0, parts=(street,), cost_cents=5.0)
    assert smooth_way(way, OPEN) == way


def test_a_course_that_is_not_allowed_is_kept() -> None:
    course = np.array([[-5.0, 1.0], [3.0, 1.0], [4.0, 2.0]])
    assert smooth_course(course, OPEN) is course


def test_small_bends_go_within_the_tolerance_and_large_ones_stay() -> None:
    costs = np.full((20, 20), 100)
    costs[9:11, 5:15] = 101  # a little dearer: the string goes around unless small bends go
    raster = raster_of(costs)
    part = FieldPart(
        xy_m=np.array([[0.5, 10.0], [4.0, 11.2], [10.0, 11.5], [16.0, 11.2], [19.5, 10.0]]),
        cost_cents=0.0,
    )
    tight = smooth_course(part.xy_m, raster)
    plain = smooth_course(part.xy_m, raster, tolerance_m=1.5)
    assert len(plain) <= len(tight)
    assert course_cents(plain, raster) <= course_cents(part.xy_m, raster) + 1e-6


@settings(max_examples=60, deadline=None)
@given(
    costs=arrays(
        np.int32,
        (9, 12),
        elements=st.one_of(st.just(-1), st.integers(1, 3), st.integers(50, 400)),
    ),
    tolerance_m=st.sampled_from([0.0, 0.6, 5.0]),
)
def test_a_pulled_course_costs_no_more_and_enters_no_wall(
    costs: np.ndarray, tolerance_m: float
) -> None:
    costs[0, 0] = costs[8, 11] = 9
    raster = raster_of(costs)
    ends = (field_stops(np.array([xy])) for xy in ((0.3, 8.6), (11.9, 0.2)))
    found = find_ways(GivenRaster(raster=raster), streets_of(), *ends, directions=16)
    if not found.ways:
        return
    raw = found.ways[0].xy_m
    course = smooth_course(raw, raster, tolerance_m=tolerance_m)
    assert course[0].tolist() == [0.3, 8.6]
    assert course[-1].tolist() == [11.9, 0.2]
    assert len(course) <= len(raw)
    # Each length in a cell by shapely, times the cell's price.
    cells = [(r, c) for r in range(9) for c in range(12)]
    boxes = shapely.box(*np.array([(c, 8 - r, c + 1, 9 - r) for r, c in cells]).T)
    line = shapely.LineString(course)
    inside_m = shapely.length(shapely.intersection(shapely.buffer(boxes, -1e-9), line))
    price = np.array([costs[cell] for cell in cells])
    assert (inside_m[price < 0] == 0).all()
    assert course_cents(course, raster) <= course_cents(raw, raster) * (1 + 1e-9)
    assert np.sum(inside_m * price) == pytest.approx(course_cents(course, raster), rel=1e-6)
