"""An independent least-cost field: every step as an edge, Dijkstra of scipy."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from gisplan.routing.terrain.raster import CostRaster
from gisplan.routing.terrain.steps import step_factors

Moves = list[tuple[int, int]]


def raster_of(costs: npt.ArrayLike, *, cell_m: float = 1.0) -> CostRaster:
    array = np.array(costs, dtype=np.int32)
    return CostRaster(
        cost_cents_per_m=array, x_min_m=0.0, y_max_m=len(array) * cell_m, cell_m=cell_m, srid=25832
    )


def moves(directions: int) -> Moves:
    reach = {8: 1, 16: 2, 32: 3}[directions]
    span = range(-reach, reach + 1)
    return [(r, c) for r in span for c in span if math.gcd(r, c) == 1]


def cells_between(row: int, column: int) -> Moves:
    """Cells on either side of the straight line at each whole cell of its longer side."""
    if abs(row) == abs(column) == 1:
        return [(row, 0), (0, column)]
    longer = max(abs(row), abs(column))
    cells: Moves = []
    for n in range(1, longer):
        r, c = n * row / longer, n * column / longer
        cells += sorted({(math.floor(r), math.floor(c)), (math.ceil(r), math.ceil(c))})
    return cells


def step_cents(
    raster: CostRaster, start: tuple[int, int], move: tuple[int, int], plain: bool
) -> float:
    """Cents of one step, infinity where it is not allowed."""
    costs, (row, column) = raster.cost_cents_per_m, start
    end = (row + move[0], column + move[1])
    if not (0 <= end[0] < costs.shape[0] and 0 <= end[1] < costs.shape[1]):
        return math.inf
    ends = [int(costs[start]), int(costs[end])]
    between = [int(costs[row + r, column + c]) for r, c in cells_between(*move)]
    length_m = math.hypot(*move) * raster.cell_m
    if plain:
        shut = min(ends) < 0 or (len(between) == 2 and max(between) < 0)
        return math.inf if shut else length_m * sum(ends) / 2
    touched = ends + between
    return math.inf if min(touched) < 0 else length_m * sum(touched) / len(touched)


def step_units(
    raster: CostRaster, start: tuple[int, int], move: tuple[int, int], directions: int, bits: int
) -> int:
    """Whole units of one step that is allowed, rounded as the kernel's fixed point does."""
    factor, shift = step_factors(directions, raster.cell_m, bits)
    shape = sorted(map(abs, move))
    number = [[0, 1], [1, 1], [1, 2], [1, 3], [2, 3]].index(shape)
    cells = [(0, 0), move] + ([] if directions == 8 else cells_between(*move))
    total = sum(int(raster.cost_cents_per_m[start[0] + r, start[1] + c]) for r, c in cells)
    return max((total * int(factor[number]) + (1 << (shift - 1))) >> shift, 1)


def step_edges(
    raster: CostRaster, directions: int, unit_bits: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Tail, head and whole units of every step."""
    rows, columns = raster.shape
    found = []
    for row in range(rows):
        for column in range(columns):
            for move in moves(directions):
                cents = step_cents(raster, (row, column), move, directions == 8)
                if math.isfinite(cents):
                    units = step_units(raster, (row, column), move, directions, unit_bits)
                    end = (row + move[0]) * columns + column + move[1]
                    found.append((row * columns + column, end, units))
    tail, head, units = np.array(found, dtype=np.int64).reshape(-1, 3).T
    return tail, head, units.astype(np.float64)


def field_cents(
    raster: CostRaster, directions: int, unit_bits: int, start: int
) -> npt.NDArray[np.float64]:
    """Cents to every cell, (rows, columns), infinity where there is no way."""
    size = raster.cost_cents_per_m.size
    tail, head, units = step_edges(raster, directions, unit_bits)
    graph = coo_array((units, (tail, head)), shape=(size, size)).tocsr()
    cents: npt.NDArray[np.float64] = dijkstra(graph, indices=start) * 2.0**-unit_bits
    return cents.reshape(raster.shape)
