"""The tightest bend of a polyline, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gisplan.planning.bends import tightest_radius_m


def radius(*xy_m: tuple[float, float], tolerance_m: float = 0.1) -> float:
    return tightest_radius_m(np.array(xy_m), tolerance_m)


def test_straight_way_has_no_bend() -> None:
    assert radius((0, 0), (10, 0), (20, 0)) == math.inf


def test_right_angle_may_take_both_end_legs_whole() -> None:
    # the tangent of an arc over 90 degrees is its radius; the shorter leg is 4 m
    assert radius((0, 0), (10, 0), (10, 4)) == pytest.approx(4.0)


def test_neighbouring_corners_share_a_leg() -> None:
    assert radius((0, 0), (10, 0), (10, 4), (20, 4)) == pytest.approx(2.0)


def test_flat_corner_leaves_a_wide_arc() -> None:
    # 60 degrees: radius = 5 / tan(30 degrees)
    corner = (10 + 5 * math.cos(math.pi / 3), 5 * math.sin(math.pi / 3))
    assert radius((0, 0), (10, 0), corner) == pytest.approx(5 / math.tan(math.pi / 6))


def test_wiggle_within_the_tolerance_is_dug_straight() -> None:
    wiggle = ((0, 0), (10, 0), (10, 0.05), (20, 0.05))
    assert radius(*wiggle) == math.inf
    assert radius(*wiggle, tolerance_m=0.01) == pytest.approx(0.025)


def test_way_that_turns_back_on_itself_has_no_radius() -> None:
    assert radius((0, 0), (10, 0), (5, 0)) == 0.0


def test_vertex_drawn_twice_is_no_bend() -> None:
    assert radius((0, 0), (10, 0), (10, 0), (20, 0), tolerance_m=0.0) == math.inf


def test_way_without_length_has_no_bend() -> None:
    assert radius((3, 4), (3, 4)) == math.inf
