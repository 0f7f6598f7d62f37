# ruff: noqa: PLR0917  (kernels take their arrays by position)
# mypy: disable-error-code="arg-type, no-any-return, return-value, assignment"
# (numba infers what numpy's stubs cannot say)
"""Kernels that burn polygons and lines into the cells of a raster.

Coordinates are in cells: u to the right, v downwards, cell (row, column) is the square from
(column, row) to (column + 1, row + 1). Invariants
- A cell counts as touched where a line passes through its inside; a line along the border of two
  cells touches neither as part of a polygon and the later one as a line of its own.
- The inside of a polygon is filled at the middles of cells, by parity of the borders crossed on
  the way from the left; ``flag`` is all zero between polygons.
- What lies beyond the raster is clipped before it is walked, so far coordinates cost nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from gisplan.model.grid import Codes, Floats, Integers


@numba.njit(cache=True, nogil=True)
def clip(u: float, du: float, size: float, first: float, last: float) -> tuple[float, float]:
    """Return the part of a segment's span that lies between 0 and ``size`` along one axis."""
    if du == 0.0:
        return (first, last) if 0.0 <= u <= size else (1.0, 0.0)
    one, other = -u / du, (size - u) / du
    return max(first, min(one, other)), min(last, max(one, other))


@numba.njit(cache=True, nogil=True)
def burn_segment(
    cells: Floats, u0: float, v0: float, u1: float, v1: float, value: float, is_border: bool
) -> None:
    """Set all cells that a segment touches."""
    rows, columns = cells.shape
    du, dv = u1 - u0, v1 - v0
    if is_border and ((du == 0.0 and u0 == np.floor(u0)) or (dv == 0.0 and v0 == np.floor(v0))):
        return
    first, last = clip(u0, du, float(columns), 0.0, 1.0)
    first, last = clip(v0, dv, float(rows), first, last)
    if first > last or (is_border and first == last):
        return
    ua, va, ub, vb = u0 + first * du, v0 + first * dv, u0 + last * du, v0 + last * dv
    column, column_end = int(np.floor(ua)), int(np.floor(ub))
    row, row_end = int(np.floor(va)), int(np.floor(vb))
    right, down = (1 if du > 0 else -1), (1 if dv > 0 else -1)
    # A start on a border belongs to the cell that the segment enters.
    if du < 0 and ua == column:
        column -= 1
    if dv < 0 and va == row:
        row -= 1
    if du > 0 and ub == column_end and column_end > column:
        column_end -= 1
    if dv > 0 and vb == row_end and row_end > row:
        row_end -= 1
    steps = abs(column_end - column) + abs(row_end - row)
    for _ in range(steps + 1):
        if 0 <= row < rows and 0 <= column < columns:
            cells[row, column] = value
        along_u = np.inf if column == column_end else (column + (right > 0) - u0) / du
        along_v = np.inf if row == row_end else (row + (down > 0) - v0) / dv
        if along_u <= along_v and column != column_end:
            column += right
            if along_u == along_v and row != row_end:
                row += down
        elif row != row_end:
            row += down
        else:
            break


@numba.njit(cache=True, nogil=True)
def toggle(flag: Codes, u0: float, v0: float, u1: float, v1: float) -> None:
    """Note, for every row of middles that a border crosses, the first middle to its right."""
    rows, columns = flag.shape
    if v0 > v1:
        u0, v0, u1, v1 = u1, v1, u0, v0
    start, end = int(max(np.ceil(v0 - 0.5), 0.0)), int(min(np.ceil(v1 - 0.5), float(rows)))
    for row in range(start, end):
        u = u0 + (row + 0.5 - v0) / (v1 - v0) * (u1 - u0)
        column = int(min(max(np.ceil(u - 0.5), 0.0), float(columns)))
        if column < columns:
            flag[row, column] ^= 1


@numba.njit(cache=True, nogil=True)
def fill(cells: Floats, flag: Codes, box: Integers, value: float) -> None:
    """Set the cells whose middle is inside, and clear the flags."""
    for row in range(box[0], box[1]):
        inside = 0
        for column in range(box[2], box[3]):
            inside ^= flag[row, column]
            flag[row, column] = 0
            if inside != 0:
                cells[row, column] = value


@numba.njit(cache=True, nogil=True)
def box_of(uv: Floats, start: int, end: int, rows: int, columns: int, box: Integers) -> None:
    """Write the rows and columns that a polygon's vertices span, within the raster."""
    u_low, u_high, v_low, v_high = np.inf, -np.inf, np.inf, -np.inf
    for n in range(start, end):
        u_low, u_high = min(u_low, uv[n, 0]), max(u_high, uv[n, 0])
        v_low, v_high = min(v_low, uv[n, 1]), max(v_high, uv[n, 1])
    box[0] = int(min(max(np.floor(v_low), 0.0), float(rows)))
    box[1] = int(min(max(np.ceil(v_high) + 1.0, 0.0), float(rows)))
    box[2] = int(min(max(np.floor(u_low), 0.0), float(columns)))
    box[3] = int(min(max(np.ceil(u_high) + 1.0, 0.0), float(columns)))


@numba.njit(cache=True, nogil=True)
def burn_polygons(
    cells: Floats,
    flag: Codes,
    uv: Floats,
    ring_offset: Integers,
    polygon_offset: Integers,
    value: Floats,
    with_touched: bool,
) -> None:
    """Set the cells of polygons, later ones over earlier ones.

    Parameters
    ----------
    cells : float64 (rows, columns), changed
    flag : uint8 (rows, columns), all zero
    uv : float64 (vertices, 2), closed rings one after another
    ring_offset, polygon_offset : where each ring's vertices and each polygon's rings start
    with_touched : whether cells that a border touches count too
    """
    box = np.zeros(4, np.int64)
    rows, columns = cells.shape
    for polygon in range(polygon_offset.size - 1):
        ring_from, ring_to = polygon_offset[polygon], polygon_offset[polygon + 1]
        start, end = ring_offset[ring_from], ring_offset[ring_to]
        box_of(uv, start, end, rows, columns, box)
        if box[0] >= box[1]:
            continue
        for ring in range(ring_from, ring_to):
            for n in range(ring_offset[ring], ring_offset[ring + 1] - 1):
                toggle(flag, uv[n, 0], uv[n, 1], uv[n + 1, 0], uv[n + 1, 1])
        fill(cells, flag, box, value[polygon])
        if with_touched:
            for ring in range(ring_from, ring_to):
                for n in range(ring_offset[ring], ring_offset[ring + 1] - 1):
                    burn_segment(
                        cells, uv[n, 0], uv[n, 1], uv[n + 1, 0], uv[n + 1, 1], value[polygon], True
                    )


@numba.njit(cache=True, nogil=True)
def burn_lines(cells: Floats, uv: Floats, line_offset: Integers, value: Floats) -> None:
    """Set the cells that lines touch, later ones over earlier ones."""
    for line in range(line_offset.size - 1):
        for n in range(line_offset[line], line_offset[line + 1] - 1):
            burn_segment(cells, uv[n, 0], uv[n, 1], uv[n + 1, 0], uv[n + 1, 1], value[line], False)
