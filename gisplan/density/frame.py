"""Where the cells of a raster lie.

Cell edges are multiples of the cell size in the working CRS, so that two rasters of one cell size
match cell by cell, whatever they cover.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from gisplan.density.binning_kernel import interpolate, spread
from gisplan.density.points import Points
from gisplan.errors import InputError
from gisplan.model.density import Extent
from gisplan.model.grid import Floats

SMALLEST_CELL_M = 1e-9
MAX_CELLS = 50_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Upper left corner, size and number of the cells of a raster."""

    x_min_m: float
    y_max_m: float
    cell_m: float
    rows: int
    columns: int

    def bin(self, points: Points, weight: Floats) -> Floats:
        """Weights of points spread over the cells around each, shape (rows, columns)."""
        shape = (self.rows, self.columns)
        binned: Floats = spread(points.x_m, points.y_m, weight, self._grid(), shape)
        return binned

    def interpolate(self, points: Points, field: Floats) -> Floats:
        """Values of a raster of this frame at the points, the adjoint of ``bin``."""
        values: Floats = interpolate(points.x_m, points.y_m, field, self._grid())
        return values

    def _grid(self) -> tuple[float, float, float]:
        """Centre of the first cell, and the cell size."""
        half_m = self.cell_m / 2
        return self.x_min_m + half_m, self.y_max_m - half_m, self.cell_m


def build_frame(extent: Extent, *, cell_m: float, margin_cells: int) -> Frame:
    """Cells that cover an extent, and a margin of whole cells around it.

    Raises
    ------
    InputError
        If the cell size or the extent cannot be used, or if there would be more than ``MAX_CELLS``
        cells; the message then names a cell size that would do.
    """
    check_cell_size(cell_m)
    _check_extent(extent)
    width_m = extent.x_max_m - extent.x_min_m + 2 * margin_cells * cell_m
    height_m = extent.y_max_m - extent.y_min_m + 2 * margin_cells * cell_m
    if (width_m / cell_m + 2) * (height_m / cell_m + 2) > MAX_CELLS:
        raise _too_many_cells(width_m, height_m, cell_m)
    left = math.floor(extent.x_min_m / cell_m) - margin_cells
    right = max(math.ceil(extent.x_max_m / cell_m) + margin_cells, left + 1)
    bottom = math.floor(extent.y_min_m / cell_m) - margin_cells
    top = max(math.ceil(extent.y_max_m / cell_m) + margin_cells, bottom + 1)
    return Frame(
        x_min_m=left * cell_m,
        y_max_m=top * cell_m,
        cell_m=cell_m,
        rows=top - bottom,
        columns=right - left,
    )


def check_cell_size(cell_m: float) -> None:
    """Refuse a cell size that is no number of metres, or of which nobody could mean any."""
    if not (math.isfinite(cell_m) and cell_m > 0):
        raise InputError(f"cell size is {cell_m} m; expected a positive number of metres")
    if cell_m < SMALLEST_CELL_M:
        raise InputError(f"cell size is {cell_m} m; expected {SMALLEST_CELL_M} m or more")


def _check_extent(extent: Extent) -> None:
    """Refuse an extent that is turned around or not finite."""
    sides = (extent.x_min_m, extent.y_min_m, extent.x_max_m, extent.y_max_m)
    turned = extent.x_max_m < extent.x_min_m or extent.y_max_m < extent.y_min_m
    if turned or not all(math.isfinite(side) for side in sides):
        raise InputError(
            f"extent {sides} (x_min, y_min, x_max, y_max in metres) covers nothing; "
            "expected finite numbers, minima below maxima"
        )


def _too_many_cells(width_m: float, height_m: float, cell_m: float) -> InputError:
    """Which cell size would do, rounded up to two digits."""
    needed_m = math.sqrt(width_m * height_m / MAX_CELLS) + (width_m + height_m) * 3 / MAX_CELLS
    digit = 10.0 ** (math.floor(math.log10(needed_m)) - 1)
    enough_m = math.ceil(needed_m / digit + 0.5) * digit
    return InputError(
        f"cells of {cell_m:g} m over {width_m / 1000:.4g} km x {height_m / 1000:.4g} km are "
        f"{width_m / cell_m * (height_m / cell_m):.3g}, at most {MAX_CELLS:,} are allowed: "
        f"take a cell of {enough_m:.10g} m or more, or a smaller area"
    )
