# ruff: noqa: PLR0917  (kernels take their arrays by position)
"""What any search over a raster has to do at least: evaluate every step of every cell once.

``touch_steps_plainly`` is a loop over a table of steps. ``touch_steps`` is written as tightly as
the search itself: it loads each cell that several steps touch once.
"""

from __future__ import annotations

import numba
import numpy as np

from gisplan.routing.terrain.search_kernel import WALL


@numba.njit(cache=True, nogil=True)
def touch_steps(record, cells, turn, factor, shift, reach):
    """Sum the units of every step of the cells in turn."""
    half = np.int64(1) << (shift - 1)
    plain, far = reach == 1, 8 if reach > 1 else 0
    side, diagonal, knight, flat, steep = factor[0], factor[1], factor[2], factor[3], factor[4]
    units = np.int64(0)
    for number in range(cells.size):
        x = cells[number]
        own = np.int64(record[np.uintp(2 * x + 1)])
        for quadrant in range(4):
            a, b = turn[np.uintp(2 * quadrant)], turn[np.uintp(2 * quadrant + 1)]
            cell_a = np.int64(record[np.uintp(2 * (x + a) + 1)])
            sides = cell_a + np.int64(record[np.uintp(2 * (x + b) + 1)])
            total = own + cell_a
            if total < WALL:
                units += (total * side + half) >> shift
            total = own + np.int64(record[np.uintp(2 * (x + a + b) + 1)])
            if not plain or sides >= 2 * WALL:
                total += sides
            if total < WALL:
                units += (total * diagonal + half) >> shift
        for turned in range(4, 4 + far):
            a, b = turn[np.uintp(2 * turned)], turn[np.uintp(2 * turned + 1)]
            inner = own + np.int64(record[np.uintp(2 * (x + a) + 1)])
            inner += np.int64(record[np.uintp(2 * (x + a + b) + 1)])
            inner += np.int64(record[np.uintp(2 * (x + 2 * a + b) + 1)])
            if inner < WALL:
                units += (inner * knight + half) >> shift
            if reach < 3:
                continue
            total = inner + np.int64(record[np.uintp(2 * (x + 2 * a) + 1)])
            total += np.int64(record[np.uintp(2 * (x + 3 * a + b) + 1)])
            if total < WALL:
                units += (total * flat + half) >> shift
            total = inner + np.int64(record[np.uintp(2 * (x + 2 * a + 2 * b) + 1)])
            total += np.int64(record[np.uintp(2 * (x + 3 * a + 2 * b) + 1)])
            if total < WALL:
                units += (total * steep + half) >> shift
    return units


@numba.njit(cache=True, nogil=True)
def touch_steps_plainly(record, cells, offset, touched, touched_count, factor, shift):
    """Sum the units of every step of the cells, by a loop over a table of steps."""
    half = np.int64(1) << (shift - 1)
    units = np.int64(0)
    for number in range(cells.size):
        x = cells[number]
        for step in range(offset.size):
            total = np.int64(record[2 * x + 1]) + np.int64(record[2 * (x + offset[step]) + 1])
            for n in range(touched_count[step]):
                total += np.int64(record[2 * (x + touched[step, n]) + 1])
            if total < WALL:
                units += (total * factor[step] + half) >> shift
    return units
