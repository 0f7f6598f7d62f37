"""Kernel that sums a raster, and counts its cells, over a disc around every cell.

Invariants
- The disc holds the cells whose centre is at most the radius away, the cell itself among them; row
  ``step`` of it reaches ``half_width[step + reach]`` cells to either side.
- ``cells`` is zero where ``is_inside`` is not, so that what has no data is no part of any sum.
- Sums run along rows over running totals, so a cell costs one step a row of the disc, whatever its
  area.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from gisplan.model.grid import Flags, Floats, Integers


@njit(cache=True, nogil=True)
def sum_over_discs(
    cells: Floats, is_inside: Flags, half_width: Integers
) -> tuple[Floats, Integers]:
    """Sum and number of the cells of the disc around each cell, both (rows, columns)."""
    rows, columns = cells.shape
    reach = half_width.size // 2
    running = np.zeros((rows, columns + 1))
    counted = np.zeros((rows, columns + 1), dtype=np.int64)
    for row in range(rows):
        for column in range(columns):
            running[row, column + 1] = running[row, column] + cells[row, column]
            counted[row, column + 1] = counted[row, column] + is_inside[row, column]
    total = np.zeros((rows, columns))
    count = np.zeros((rows, columns), dtype=np.int64)
    for row in range(rows):
        for step in range(-reach, reach + 1):
            other = row + step
            if other < 0 or other >= rows:
                continue
            half = half_width[step + reach]
            for column in range(columns):
                first = max(column - half, 0)
                last = min(column + half + 1, columns)
                total[row, column] += running[other, last] - running[other, first]
                count[row, column] += counted[other, last] - counted[other, first]
    return total, count
