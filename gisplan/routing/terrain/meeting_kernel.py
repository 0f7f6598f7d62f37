# ruff: noqa: PLR0917  (kernels take their arrays by position)
# mypy: disable-error-code="arg-type, no-any-return, return-value, assignment"
# (numba infers what numpy's stubs cannot say)
"""Kernel that finds where edges run through the cells of a raster.

Coordinates are in cells: u to the right, v downwards. Invariants
- A segment is cut at every border of cells; the middle of a piece tells its cell, so no rounding
  at a border can skip one.
- Each run of pieces through one cell meets it once, at the point nearest to the cell's middle.
- Forbidden cells and those beyond the raster are not met.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from gisplan.model.grid import Floats, Integers
    from gisplan.routing.terrain.raster import Costs

FAR = 1e300


@numba.njit(cache=True, nogil=True)
def border_after(u: float, du: float, t: float) -> float:
    """Return the share of a segment at which it crosses the next border along one axis."""
    if du == 0.0:
        return np.inf
    here = u + t * du
    border = np.floor(here) + 1.0 if du > 0 else np.ceil(here) - 1.0
    share = (border - u) / du
    if share <= t:  # rounding put the border at the place itself
        share = (border + (1.0 if du > 0 else -1.0) - u) / du
    return share


@numba.njit(cache=True, nogil=True)
def meet_cells(
    cost: Costs,
    uv: Floats,
    offset: Integers,
    edges: Integers,
    met_edge: Integers,
    met_cell: Integers,
    met_along: Floats,
    met_away: Floats,
) -> int:
    """Write the meetings of edges in order along each; return how many there are.

    What does not fit is counted and not written.

    Parameters
    ----------
    cost : int32 (rows, columns), -1 where forbidden
    uv, offset : vertices of all edges; those of edge n stand at ``offset[n]:offset[n + 1]``
    edges : the edges to look at
    met_edge, met_cell : position in ``edges``, and cell, of each meeting
    met_along, met_away : length along the edge and distance to the cell's middle, in cells
    """
    rows, columns = cost.shape
    count = 0
    for number in range(edges.size):
        along, last_cell = 0.0, -1
        for n in range(offset[edges[number]], offset[edges[number] + 1] - 1):
            u, v = uv[n, 0], uv[n, 1]
            du, dv = uv[n + 1, 0] - u, uv[n + 1, 1] - v
            length, t = np.sqrt(du * du + dv * dv), 0.0
            while t < 1.0:
                after = min(border_after(u, du, t), border_after(v, dv, t), 1.0)
                middle = 0.5 * (t + after)
                column, row = int(np.floor(u + middle * du)), int(np.floor(v + middle * dv))
                is_inside = 0 <= row < rows and 0 <= column < columns
                if is_inside and cost[row, column] >= 0:
                    cell = row * columns + column
                    to_u, to_v = column + 0.5 - u, row + 0.5 - v
                    foot = t
                    if length > 0.0:
                        foot = min(max((to_u * du + to_v * dv) / (length * length), t), after)
                    away = np.sqrt((to_u - foot * du) ** 2 + (to_v - foot * dv) ** 2)
                    if cell != last_cell:
                        count += 1
                    if count <= met_cell.size and (cell != last_cell or away < met_away[count - 1]):
                        met_edge[count - 1], met_cell[count - 1] = number, cell
                        met_along[count - 1] = along + foot * length
                        met_away[count - 1] = away
                    last_cell = cell
                else:
                    last_cell = -1
                t = after
            along += length
    return count
