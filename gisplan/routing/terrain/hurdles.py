"""Lines that a way over the field crosses at a price for each crossing: rails, rivers, roads.

On the raster a hurdle is a wall, one or two cells thick, with passages straight across it: from a
free cell on one side to one on the other, at the price of the cells between and of what is crossed.
So a crossing costs what it costs, however thick the line is drawn and at whatever angle.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely

from gisplan.model.grid import Floats, Integers
from gisplan.routing.terrain.burn_kernel import burn_lines
from gisplan.routing.terrain.raster import FORBIDDEN, CostRaster
from gisplan.routing.terrain.rasterise import Shapes

REACH = 6
"""A passage is at most so many cells long along each axis."""
DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hurdles:
    """Lines with what each crossing costs.

    Parameters
    ----------
    shape : object (hurdles,), shapely line strings
    cents : float64 (hurdles,), 0 or more
    group : int64 (hurdles,), lines of one group side by side (two tracks) are paid once
    """

    shape: Shapes
    cents: Floats
    group: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Passages:
    """Ways across hurdles, from cell to cell and back, (passages,), in order of ``one, other``."""

    one: Integers
    other: Integers
    cents: Floats


NO_HURDLES = Hurdles(
    shape=np.zeros(0, dtype=object), cents=np.zeros(0), group=np.zeros(0, np.int64)
)
NO_PASSAGES = Passages(one=np.zeros(0, np.int64), other=np.zeros(0, np.int64), cents=np.zeros(0))


def wall_off(
    raster: CostRaster, hurdles: Hurdles, kept_xy_m: Floats
) -> tuple[CostRaster, Passages]:
    """Return the raster with hurdles as walls, and the passages across them.

    ``kept_xy_m`` (places, 2) are places whose cells stay as they are: who stands on a road is on
    neither side of it.
    """
    if not len(hurdles.shape):
        return raster, NO_PASSAGES
    wall = _touched(raster, hurdles.shape)
    kept = raster.cells_of(kept_xy_m[:, 0], kept_xy_m[:, 1])
    wall.reshape(-1)[kept[kept >= 0]] = False
    wall &= raster.cost_cents_per_m >= 0
    costs = raster.cost_cents_per_m.copy()
    costs[wall] = FORBIDDEN
    passages = _passages(raster, wall, hurdles)
    return replace(raster, cost_cents_per_m=costs), passages


def _touched(raster: CostRaster, lines: Shapes) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Return the cells that lines touch."""
    xy, of_line = shapely.get_coordinates(lines, return_index=True)
    uv = np.column_stack(
        [(xy[:, 0] - raster.x_min_m) / raster.cell_m, (raster.y_max_m - xy[:, 1]) / raster.cell_m]
    )
    offset = np.searchsorted(of_line, np.arange(len(lines) + 1)).astype(np.int64)
    burnt = np.full(raster.shape, np.inf)
    burn_lines(burnt, uv, offset, np.zeros(len(lines)))
    touched: np.ndarray[tuple[int, int], np.dtype[np.bool_]] = burnt == 0
    return touched


def _passages(
    raster: CostRaster, wall: np.ndarray[tuple[int, int], np.dtype[np.bool_]], hurdles: Hurdles
) -> Passages:
    """Return the passages through every cell of a wall in four directions, each once."""
    row, column = np.nonzero(wall)
    ends, cents = [np.zeros((0, 2), np.int64)], [np.zeros(0)]
    for direction in DIRECTIONS:
        step = np.array(direction)
        one, one_cents = _free_end(raster, wall, row, column, -step)
        other, other_cents = _free_end(raster, wall, row, column, step)
        is_open = (one >= 0) & (other >= 0)
        own = raster.cost_cents_per_m[row, column] * (np.hypot(*step) * raster.cell_m)
        ends.append(np.column_stack([one, other])[is_open])
        cents.append((one_cents + other_cents + own)[is_open])
    pairs, first = np.unique(np.sort(np.vstack(ends), axis=1), axis=0, return_index=True)
    ground = np.concatenate(cents)[first]
    tolls = _tolls(raster.middles_of(pairs[:, 0]), raster.middles_of(pairs[:, 1]), hurdles)
    return Passages(one=pairs[:, 0], other=pairs[:, 1], cents=ground + tolls)


def _free_end(
    raster: CostRaster,
    wall: np.ndarray[tuple[int, int], np.dtype[np.bool_]],
    row: Integers,
    column: Integers,
    step: Integers,
) -> tuple[Integers, Floats]:
    """Return the first cell without a wall in a direction, -1 where none is free, and the cost.

    The cost runs from the border of the first cell to the middle of the last one.
    """
    rows, columns = raster.shape
    costs, step_m = raster.cost_cents_per_m, float(np.hypot(*step)) * raster.cell_m
    end, cents = np.full(len(row), -1), np.zeros(len(row))
    going = np.ones(len(row), dtype=bool)
    for n in range(1, REACH // 2 + 1):
        r, c = row + n * step[0], column + n * step[1]
        going &= (r >= 0) & (r < rows) & (c >= 0) & (c < columns)
        here = np.flatnonzero(going)
        cost, in_wall = costs[r[here], c[here]], wall[r[here], c[here]]
        free = (cost >= 0) & ~in_wall
        end[here[free]] = (r * columns + c)[here[free]]
        cents[here] += np.where(free, 0.5, 1.0) * np.maximum(cost, 0) * step_m
        going[here] = (cost >= 0) & in_wall
    return end, cents


def _tolls(one_m: Floats, other_m: Floats, hurdles: Hurdles) -> Floats:
    """Return what the hurdles on the straight lines between places cost together."""
    if not len(one_m):
        return np.zeros(0)
    lines = shapely.linestrings(np.stack([one_m, other_m], axis=1))
    line, hurdle = shapely.STRtree(hurdles.shape).query(np.asarray(lines), predicate="crosses")
    crossed = np.column_stack([line, hurdles.group[hurdle]])
    _, once = np.unique(crossed, axis=0, return_index=True)
    tolls = np.bincount(line[once], hurdles.cents[hurdle[once]], minlength=len(one_m))
    return tolls.astype(np.float64)
