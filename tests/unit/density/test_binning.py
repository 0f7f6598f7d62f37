from __future__ import annotations

import numpy as np
import pytest

from gisplan.density.binning import bin_linear, interpolate_linear

GRID = (5.0, 25.0, 10.0)  # first centre at x 5, y 25; cells of 10 m
SHAPE = (3, 4)


def binned(x_m: float, y_m: float) -> np.ndarray:
    return bin_linear(np.array([x_m]), np.array([y_m]), np.array([8.0]), GRID, SHAPE)


def test_point_on_a_centre_stays_in_its_cell():
    expected = np.zeros(SHAPE)
    expected[1, 2] = 8.0
    assert np.array_equal(binned(25.0, 15.0), expected)


def test_point_between_four_centres_is_quartered():
    expected = np.zeros(SHAPE)
    expected[1:3, 0:2] = 2.0
    assert np.array_equal(binned(10.0, 10.0), expected)


def test_share_falls_with_distance_north_is_the_first_row():
    cells = binned(5.0, 22.5)  # a quarter of the way from row 0 to row 1
    assert cells[0, 0] == pytest.approx(6.0)
    assert cells[1, 0] == pytest.approx(2.0)


def test_share_beyond_the_edge_is_dropped():
    assert binned(0.0, 25.0).sum() == pytest.approx(4.0)
    assert binned(-100.0, 25.0).sum() == 0.0


def test_reading_a_field_is_linear_between_centres():
    field = np.arange(12.0).reshape(SHAPE)
    value = interpolate_linear(np.array([7.5]), np.array([20.0]), field, GRID)
    assert value[0] == pytest.approx(0.25 * 1 + 0.5 * 4)


def test_reading_is_the_adjoint_of_spreading():
    random = np.random.default_rng(7)
    x_m, y_m, weight = random.uniform(-20, 60, 50), random.uniform(-20, 50, 50), random.random(50)
    field = random.random(SHAPE)
    spread = np.sum(bin_linear(x_m, y_m, weight, GRID, SHAPE) * field)
    assert spread == pytest.approx(np.sum(weight * interpolate_linear(x_m, y_m, field, GRID)))


def test_plain_python_twins_agree():
    random = np.random.default_rng(8)
    x_m, y_m, weight = random.uniform(-20, 60, 50), random.uniform(-20, 50, 50), random.random(50)
    points = (x_m, y_m)
    field = random.random(SHAPE)
    spread = bin_linear(*points, weight, GRID, SHAPE)
    assert np.allclose(bin_linear.py_func(*points, weight, GRID, SHAPE), spread, atol=1e-14)
    read = interpolate_linear(*points, field, GRID)
    assert np.allclose(interpolate_linear.py_func(*points, field, GRID), read, atol=1e-14)
