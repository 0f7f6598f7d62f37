"""Order of places along a Hilbert curve, so that neighbours on the map are neighbours in memory."""

from __future__ import annotations

import numpy as np

from gisplan.model.grid import Floats, Integers

ORDER = 16


def hilbert_key(x_m: Floats, y_m: Floats) -> Integers:
    """Return the position of every point along a Hilbert curve over their bounding box.

    Parameters
    ----------
    x_m, y_m : arrays of shape (points,), metres

    Returns
    -------
    int64 array of shape (points,), 0 .. 4**16 - 1

    References
    ----------
    D. Hilbert, Ueber die stetige Abbildung einer Linie auf ein Flaechenstueck, 1891.
    """
    side = np.int64(1) << ORDER
    column, row = _cells(x_m, side), _cells(y_m, side)
    key = np.zeros(len(column), dtype=np.int64)
    step = side >> 1
    while step > 0:
        right = (column & step) > 0
        upper = (row & step) > 0
        key += step * step * ((3 * right) ^ upper)
        flip = ~upper & right
        column = np.where(flip, side - 1 - column, column)
        row = np.where(flip, side - 1 - row, row)
        column, row = np.where(upper, column, row), np.where(upper, row, column)
        step >>= 1
    return key


def _cells(values: Floats, side: np.int64) -> Integers:
    if len(values) == 0:
        return np.zeros(0, dtype=np.int64)
    low = float(values.min())
    extent = max(float(values.max()) - low, 1e-9)
    cells: Integers = ((values - low) / extent * (int(side) - 1)).astype(np.int64)
    return cells
