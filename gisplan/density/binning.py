"""Kernels that spread points linearly over raster cells and read a raster linearly at points.

Invariants
- ``grid`` is x and y of the centre of the first cell, the one in the north-west, and the cell size;
  cell (row, column) has its centre at x + column * cell_m, y - row * cell_m.
- A point is shared by the four cells whose centres surround it, in proportion to nearness. The mean
  of the shares is the point itself; their variance, averaged over all places, is cell**2 / 6 on
  each axis.
- Shares that fall outside the raster are dropped; with a margin of one cell nothing is.
- ``interpolate_linear`` is the adjoint of ``bin_linear``:
  sum(bin_linear(w) * field) == sum(w * interpolate_linear(field)).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from gisplan.model.grid import Floats


@njit(cache=True)
def bin_linear(
    x_m: Floats,
    y_m: Floats,
    weight: Floats,
    grid: tuple[float, float, float],
    shape: tuple[int, int],
) -> Floats:
    """Spread the weights over the cells of an array of this shape (rows, columns)."""
    rows, columns = shape
    x_first_m, y_first_m, cell_m = grid
    cells = np.zeros((rows, columns))
    for point in range(x_m.size):
        across = (x_m[point] - x_first_m) / cell_m
        down = (y_first_m - y_m[point]) / cell_m
        column = math.floor(across)
        row = math.floor(down)
        right = across - column
        below = down - row
        for row_step in range(2):
            for column_step in range(2):
                r = row + row_step
                c = column + column_step
                if 0 <= r < rows and 0 <= c < columns:
                    share = (below if row_step else 1.0 - below) * (
                        right if column_step else 1.0 - right
                    )
                    cells[r, c] += weight[point] * share
    return cells


@njit(cache=True)
def interpolate_linear(
    x_m: Floats, y_m: Floats, field: Floats, grid: tuple[float, float, float]
) -> Floats:
    """Read a raster at points between its four surrounding centres; outside it is zero."""
    rows, columns = field.shape
    x_first_m, y_first_m, cell_m = grid
    values = np.zeros(x_m.size)
    for point in range(x_m.size):
        across = (x_m[point] - x_first_m) / cell_m
        down = (y_first_m - y_m[point]) / cell_m
        column = math.floor(across)
        row = math.floor(down)
        right = across - column
        below = down - row
        for row_step in range(2):
            for column_step in range(2):
                r = row + row_step
                c = column + column_step
                if 0 <= r < rows and 0 <= c < columns:
                    share = (below if row_step else 1.0 - below) * (
                        right if column_step else 1.0 - right
                    )
                    values[point] += field[r, c] * share
    return values
