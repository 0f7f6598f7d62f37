# ruff: noqa: PLR0917  (kernels take their arrays by position)
# mypy: disable-error-code="arg-type, no-any-return, return-value, assignment"
# (numba infers what numpy's stubs cannot say)
"""Kernels for straight lines over a cost raster, and for pulling a string tight on it.

Coordinates are in cells: u to the right, v downwards. Invariants
- A line costs, cell by cell, its length in the cell times the cell's price; it is not allowed to
  enter a forbidden cell, to leave the raster, or to pass a corner between two forbidden cells.
- ``best[n]`` is the least cost of a string over some of the vertices up to n, which it ends at; the
  string over all of them is one of those that are compared, so pulling never costs more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from gisplan.model.grid import Floats, Integers
    from gisplan.routing.terrain.raster import Costs

SAME = 1e-12
BARRED = np.inf


@numba.njit(cache=True, nogil=True)
def is_shut(cost: Costs, row: int, column: int) -> bool:
    """Tell whether a cell is forbidden or beyond the raster."""
    rows, columns = cost.shape
    return not (0 <= row < rows and 0 <= column < columns) or cost[row, column] < 0


@numba.njit(cache=True, nogil=True)
def line_cost(cost: Costs, u0: float, v0: float, u1: float, v1: float) -> float:
    """Return cents times cells a metre of a straight line, infinity if it is not allowed."""
    du, dv = u1 - u0, v1 - v0
    length, total, t = np.sqrt(du * du + dv * dv), 0.0, 0.0
    if length == 0.0:
        return BARRED if is_shut(cost, int(np.floor(v0)), int(np.floor(u0))) else 0.0
    border_u = np.floor(u0) + 1.0 if du > 0 else np.ceil(u0) - 1.0
    border_v = np.floor(v0) + 1.0 if dv > 0 else np.ceil(v0) - 1.0
    next_u = (border_u - u0) / du if du != 0.0 else np.inf
    next_v = (border_v - v0) / dv if dv != 0.0 else np.inf
    step_u = 1.0 / abs(du) if du != 0.0 else np.inf
    step_v = 1.0 / abs(dv) if dv != 0.0 else np.inf
    while t < 1.0 - SAME:
        after = min(next_u, next_v, 1.0)
        middle = 0.5 * (t + after)
        if after - t > SAME:
            row, column = int(np.floor(v0 + middle * dv)), int(np.floor(u0 + middle * du))
            if is_shut(cost, row, column):
                return BARRED
            total += (after - t) * length * cost[row, column]
            if abs(next_u - next_v) <= SAME and after < 1.0 - SAME:
                right, down = (1 if du > 0 else -1), (1 if dv > 0 else -1)
                if is_shut(cost, row + down, column) and is_shut(cost, row, column + right):
                    return BARRED
        t = after
        if next_u <= after + SAME:
            next_u += step_u
        if next_v <= after + SAME:
            next_v += step_v
    return total


@numba.njit(cache=True, nogil=True)
def string_cost(cost: Costs, uv: Floats) -> float:
    """Return the cost of a string over all its vertices."""
    total = 0.0
    for n in range(len(uv) - 1):
        total += line_cost(cost, uv[n, 0], uv[n, 1], uv[n + 1, 0], uv[n + 1, 1])
    return total


@numba.njit(cache=True, nogil=True)
def pull(cost: Costs, uv: Floats, reach: int, kink: float, best: Floats, before: Integers) -> None:
    """Find the cheapest string over some of the vertices, from the first to the last.

    Parameters
    ----------
    uv : float64 (vertices, 2)
    reach : most vertices that one straight line replaces
    kink : what a vertex counts beside the cost, so that of equal strings the plainer one is taken
    best, before : (vertices,), written: least cost, and the vertex before on that string
    """
    best[0], before[0] = 0.0, -1
    for n in range(1, len(uv)):
        best[n], before[n] = BARRED, n - 1
        for m in range(n - 1, max(n - reach, 0) - 1, -1):
            if best[m] + kink >= best[n]:
                continue
            total = best[m] + kink + line_cost(cost, uv[m, 0], uv[m, 1], uv[n, 0], uv[n, 1])
            if total < best[n]:
                best[n], before[n] = total, m


@numba.njit(cache=True, nogil=True)
def away_from_line(u: float, v: float, u0: float, v0: float, u1: float, v1: float) -> float:
    """Return the distance of a point to a straight line between two others."""
    du, dv = u1 - u0, v1 - v0
    squared = du * du + dv * dv
    t = 0.0
    if squared > 0.0:
        t = min(max(((u - u0) * du + (v - v0) * dv) / squared, 0.0), 1.0)
    return np.hypot(u - u0 - t * du, v - v0 - t * dv)


@numba.njit(cache=True, nogil=True)
def simplify(cost: Costs, uv: Floats, tolerance: float, budget: float, kept: Integers) -> int:
    """Leave out vertices near the line that remains, while the string costs no more than allowed.

    Writes the vertices that stay and returns how many; ``budget`` is what may be added in all.
    """
    count, here = 1, 0
    kept[0] = 0
    while here < len(uv) - 1:
        reached, replaced = here + 1, 0.0
        paid = line_cost(cost, uv[here, 0], uv[here, 1], uv[here + 1, 0], uv[here + 1, 1])
        spent = 0.0
        for n in range(here + 2, len(uv)):
            paid += line_cost(cost, uv[n - 1, 0], uv[n - 1, 1], uv[n, 0], uv[n, 1])
            is_near = True
            for m in range(here + 1, n):
                away = away_from_line(
                    uv[m, 0], uv[m, 1], uv[here, 0], uv[here, 1], uv[n, 0], uv[n, 1]
                )
                is_near = is_near and away <= tolerance
            if not is_near:
                break
            replaced = line_cost(cost, uv[here, 0], uv[here, 1], uv[n, 0], uv[n, 1])
            if replaced - paid <= budget:
                reached, spent = n, max(replaced - paid, 0.0)
        budget -= spent
        kept[count] = reached
        count += 1
        here = reached
    return count
