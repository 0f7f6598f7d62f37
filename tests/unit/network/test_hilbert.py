"""The Hilbert curve visits every cell once and steps to neighbours only."""

import numpy as np

from gisplan.network.hilbert import ORDER, hilbert_key


def test_neighbouring_keys_are_neighbouring_cells() -> None:
    side = 16
    x, y = np.meshgrid(np.arange(side, dtype=float), np.arange(side, dtype=float))
    x, y = x.ravel(), y.ravel()
    # the corners span the curve; cells of this small grid are spread evenly over it
    order = np.argsort(hilbert_key(x, y))
    step = np.abs(np.diff(x[order])) + np.abs(np.diff(y[order]))
    assert np.count_nonzero(step == 1) >= 0.9 * (side * side - 1)
    assert len(np.unique(hilbert_key(x, y))) == side * side


def test_corners_are_visited_in_the_order_of_the_curve() -> None:
    keys = hilbert_key(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.0, 1.0, 1.0, 0.0]))
    assert np.argsort(keys).tolist() == [0, 1, 2, 3]
    assert keys[0] == 0
    assert keys[3] == 4**ORDER - 1


def test_no_points_have_no_keys() -> None:
    assert len(hilbert_key(np.zeros(0), np.zeros(0))) == 0
