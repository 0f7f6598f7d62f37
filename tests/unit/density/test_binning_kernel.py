from __future__ import annotations

import numpy as np
import pytest

from gisplan.density.binning_kernel import SPREAD_VARIANCE_CELLS2, interpolate, shares, spread

GRID = (5.0, 25.0, 10.0)  # first centre at x 5, y 25; cells of 10 m
SHAPE = (3, 4)


def binned(x_m: float, y_m: float) -> np.ndarray:
    return spread(np.array([x_m]), np.array([y_m]), np.array([64.0]), GRID, SHAPE)


def test_point_on_a_centre_keeps_nine_sixteenths_and_gives_each_corner_a_sixty_fourth():
    cells = binned(25.0, 15.0)
    expected = np.array([[0, 1, 6, 1], [0, 6, 36, 6], [0, 1, 6, 1]])
    assert np.allclose(cells, expected, atol=1e-12)


def test_point_between_four_centres_is_quartered():
    expected = np.zeros(SHAPE)
    expected[1:3, 0:2] = 16.0
    assert np.allclose(binned(10.0, 10.0), expected, atol=1e-12)


def test_north_is_the_first_row():
    cells = binned(15.0, 22.5)
    assert cells[0].sum() > cells[1].sum() > cells[2].sum()


@pytest.mark.parametrize("offset", [-0.5, -0.2, 0.0, 0.31, 0.5])
def test_mean_and_variance_of_the_shares_do_not_depend_on_the_place_in_the_cell(offset):
    share = np.array(shares(offset))
    from_point = np.array([-1.0, 0.0, 1.0]) - offset
    assert share.sum() == pytest.approx(1.0, abs=1e-15)
    assert share @ from_point == pytest.approx(0.0, abs=1e-15)
    assert share @ from_point**2 == pytest.approx(SPREAD_VARIANCE_CELLS2, abs=1e-15)


def test_share_beyond_the_edge_is_dropped():
    assert binned(0.0, 15.0).sum() == pytest.approx(32.0)
    assert binned(-100.0, 25.0).sum() == 0.0


def test_reading_a_plane_gives_its_value_at_the_point():
    field = np.add.outer(4.0 * np.arange(3), np.arange(4))
    value = interpolate(np.array([17.5]), np.array([14.0]), field, GRID)
    assert value[0] == pytest.approx(4 * 1.1 + 1.25)


def test_reading_is_the_adjoint_of_spreading():
    random = np.random.default_rng(7)
    x_m, y_m, weight = random.uniform(-20, 60, 50), random.uniform(-20, 50, 50), random.random(50)
    field = random.random(SHAPE)
    total = np.sum(spread(x_m, y_m, weight, GRID, SHAPE) * field)
    assert total == pytest.approx(np.sum(weight * interpolate(x_m, y_m, field, GRID)))


def test_plain_python_twins_agree():
    random = np.random.default_rng(8)
    x_m, y_m, weight = random.uniform(-20, 60, 50), random.uniform(-20, 50, 50), random.random(50)
    points = (x_m, y_m)
    field = random.random(SHAPE)
    cells = spread(*points, weight, GRID, SHAPE)
    assert np.allclose(spread.py_func(*points, weight, GRID, SHAPE), cells, atol=1e-13)
    read = interpolate(*points, field, GRID)
    assert np.allclose(interpolate.py_func(*points, field, GRID), read, atol=1e-14)
