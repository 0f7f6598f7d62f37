"""Kernels that spread points over raster cells and read a raster at points, by quadratic splines.

Invariants
- ``grid`` is x and y of the centre of the first cell, the one in the north-west, and the cell size;
  cell (row, column) has its centre at x + column * cell_m, y - row * cell_m.
- A point is shared by its own cell and the eight around it; on each axis by the quadratic B-spline.
  The mean of the shares is the point itself and their variance is ``SPREAD_VARIANCE_CELLS2``
  wherever in its cell the point lies. (Linear shares have that variance only on average, which
  leaves ten times the error after blurring.)
- Shares that fall outside the raster are dropped; with a margin of one cell nothing is.
- ``interpolate`` is the adjoint of ``spread``:
  sum(spread(w) * field) == sum(w * interpolate(field)).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from gisplan.model.grid import Floats

SPREAD_VARIANCE_CELLS2 = 0.25

Share = float | Floats


@njit(cache=True, nogil=True)
def shares(offset_cells: Share) -> tuple[Share, Share, Share]:
    """Return the shares of the cell before, of the own cell and of the cell after.

    ``offset_cells`` is the place of the point, or of each of many, from the centre of its own cell,
    -0.5 to 0.5.
    """
    before = 0.5 * (0.5 - offset_cells) ** 2
    after = 0.5 * (0.5 + offset_cells) ** 2
    return before, 1.0 - before - after, after


@njit(cache=True, nogil=True)
def spread(
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
        column = math.floor(across + 0.5)
        row = math.floor(down + 0.5)
        on_row = shares(down - row)
        on_column = shares(across - column)
        for i in range(3):
            r = row + i - 1
            if r < 0 or r >= rows:
                continue
            part = weight[point] * on_row[i]
            for j in range(3):
                c = column + j - 1
                if 0 <= c < columns:
                    cells[r, c] += part * on_column[j]
    return cells


@njit(cache=True, nogil=True)
def interpolate(
    x_m: Floats, y_m: Floats, field: Floats, grid: tuple[float, float, float]
) -> Floats:
    """Read a raster at points by the same shares; outside it is zero."""
    rows, columns = field.shape
    x_first_m, y_first_m, cell_m = grid
    values = np.zeros(x_m.size)
    for point in range(x_m.size):
        across = (x_m[point] - x_first_m) / cell_m
        down = (y_first_m - y_m[point]) / cell_m
        column = math.floor(across + 0.5)
        row = math.floor(down + 0.5)
        on_row = shares(down - row)
        on_column = shares(across - column)
        for i in range(3):
            r = row + i - 1
            if r < 0 or r >= rows:
                continue
            for j in range(3):
                c = column + j - 1
                if 0 <= c < columns:
                    values[point] += field[r, c] * on_row[i] * on_column[j]
    return values
