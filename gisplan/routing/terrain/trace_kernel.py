# ruff: noqa: PLR0917  (kernels take their arrays by position)
# mypy: disable-error-code="arg-type, no-any-return, return-value"
# (numba infers what numpy's stubs cannot say)
"""Kernel that walks back from a place to where its way began.

Invariants
- The labels alone decide: a place's way came from a settled neighbour whose label is lower by
  exactly the cost of the step between them. So the way does not depend on the order in which
  places were settled.
- Among several such neighbours the one straight on is taken, else the first direction, else the
  first arc; steps and arcs cost the same both ways.
- Labels fall at every step, so the walk ends; it ends at a start that has the label of the place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from gisplan.routing.terrain.search_kernel import WALL, arc_units, find_arcs

if TYPE_CHECKING:
    from gisplan.model.grid import Integers
    from gisplan.routing.terrain.steps import Labels


@numba.njit(cache=True, nogil=True)
def is_start(start: Integers, label: Integers, place: int, key: int) -> bool:
    """Tell whether the way to a place begins there; ``start`` is sorted, with the least labels."""
    row = np.searchsorted(start, place)
    return row < start.size and start[row] == place and label[row] == key


@numba.njit(cache=True, nogil=True)
def step_units(
    record: Labels, touched: Integers, count: int, x: int, y: int, factor: int, shift: int
) -> int:
    """Return the units of a step from x to y, -1 if it touches a wall."""
    total = np.int64(record[2 * x + 1]) + np.int64(record[2 * y + 1])
    for n in range(count):
        total += np.int64(record[2 * (x + touched[n]) + 1])
    if total >= WALL:
        return -1
    return max((total * factor + (1 << (shift - 1))) >> shift, 1)


@numba.njit(cache=True, nogil=True)
def is_squeezed(record: Labels, x: int, one: int, other: int) -> bool:
    """Tell whether a diagonal step passes between two walls."""
    return record[2 * (x + one) + 1] >= WALL and record[2 * (x + other) + 1] >= WALL


@numba.njit(cache=True, nogil=True)
def trace(
    record: Labels,
    offset: Integers,
    touched: Integers,
    touched_count: Integers,
    factor: Integers,
    shift: int,
    arc_bits: int,
    cell_count: int,
    link: Integers,
    arc_offset: Integers,
    arc_head: Integers,
    arc_cost: Integers,
    start: Integers,
    label: Integers,
    place: int,
    way: Integers,
) -> int:
    """Write the places from ``place`` back to its start; return how many.

    0 means that ``way`` is too short, -1 that the place was not reached.

    Parameters
    ----------
    offset, touched_count, factor : (directions,); with 8 directions ``touched`` names the two cells
        beside a diagonal step and ``touched_count`` is 0
    start, label : sorted places and their units
    """
    x, count, ahead = place, 0, 0
    while True:
        if count == way.size:
            return 0
        way[count] = x
        count += 1
        key = np.int64(record[2 * x] >> 1)
        if is_start(start, label, x, key):
            return count
        came = -1
        if x < cell_count:
            for turn in range(offset.size + 1):
                direction = ahead if turn == 0 else turn - 1
                y = x + offset[direction]
                if record[2 * y] & 1 == 0:
                    continue
                n = touched_count[direction]
                if n == 0 and is_squeezed(record, x, touched[direction, 0], touched[direction, 1]):
                    continue
                units = step_units(record, touched[direction], n, x, y, factor[direction], shift)
                if units > 0 and np.int64(record[2 * y] >> 1) + units == key:
                    came, ahead = y, direction
                    break
        if came < 0:
            first, last = find_arcs(link, arc_offset, x, cell_count)
            for arc in range(first, last):
                y = arc_head[arc]
                units = arc_units(arc_cost[arc], arc_bits)
                if record[2 * y] & 1 and np.int64(record[2 * y] >> 1) + units == key:
                    came = y
                    break
        if came < 0:
            return -1
        x = came
