"""What a metre of cable costs on each cell of a raster."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gisplan.errors import InputError
from gisplan.model.grid import Flags, Floats, Integers

FORBIDDEN = -1
"""Cost of a metre on a cell that may not be entered."""
LARGEST_COST = (1 << 24) - 1
LARGEST_CELLS = 400_000_000
Costs = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A rectangle of cells: rows and columns from the first up to, and without, the last."""

    row_from: int
    row_to: int
    column_from: int
    column_to: int

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and columns."""
        return self.row_to - self.row_from, self.column_to - self.column_from


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRaster:
    """Cost of a metre on square cells, rows from north to south.

    Parameters
    ----------
    cost_cents_per_m : int32 (rows, columns), 0 to ``LARGEST_COST``, ``FORBIDDEN`` where no way may
        enter
    x_min_m, y_max_m : the raster's north-west corner in its CRS
    cell_m : side of a cell
    srid : EPSG code of the CRS, metric

    Raises
    ------
    InputError
        If a cost is out of range, the raster is empty or a figure is not finite.
    """

    cost_cents_per_m: Costs
    x_min_m: float
    y_max_m: float
    cell_m: float
    srid: int

    def __post_init__(self) -> None:
        _check_shape(self.cost_cents_per_m)
        _check_place(self.x_min_m, self.y_max_m, self.cell_m)
        lowest, highest = int(self.cost_cents_per_m.min()), int(self.cost_cents_per_m.max())
        if lowest < FORBIDDEN or highest > LARGEST_COST:
            raise InputError(
                f"cost raster holds {lowest} to {highest} cents a metre; expected 0 to "
                f"{LARGEST_COST}, or {FORBIDDEN} where no way may enter"
            )

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and columns."""
        rows, columns = self.cost_cents_per_m.shape
        return rows, columns

    @property
    def digest(self) -> str:
        """A name for what the raster says, the same for equal rasters."""
        digest = hashlib.sha256(
            f"{self.shape} {self.x_min_m!r} {self.y_max_m!r} {self.cell_m!r} {self.srid}".encode()
        )
        digest.update(np.ascontiguousarray(self.cost_cents_per_m).data)
        return digest.hexdigest()

    def rows_and_columns(self, x_m: Floats, y_m: Floats) -> tuple[Integers, Integers]:
        """Return the cells that places lie in, also of places beyond the raster."""
        column = np.floor((np.asarray(x_m) - self.x_min_m) / self.cell_m).astype(np.int64)
        row = np.floor((self.y_max_m - np.asarray(y_m)) / self.cell_m).astype(np.int64)
        return row, column

    def cells_of(self, x_m: Floats, y_m: Floats) -> Integers:
        """Return the cells ``row * columns + column`` of places, -1 of those beyond the raster."""
        row, column = self.rows_and_columns(x_m, y_m)
        rows, columns = self.shape
        inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        return np.where(inside, row * columns + column, -1)

    def middles_of(self, cells: Integers) -> Floats:
        """Return the middles of cells, float64 (cells, 2)."""
        row, column = np.divmod(np.asarray(cells), self.shape[1])
        return np.column_stack(
            [
                self.x_min_m + (column + 0.5) * self.cell_m,
                self.y_max_m - (row + 0.5) * self.cell_m,
            ]
        )

    def cut(self, window: Window) -> CostRaster:
        """Return the part of the raster in a window that lies within it."""
        rows, columns = self.shape
        if not (
            0 <= window.row_from < window.row_to <= rows
            and 0 <= window.column_from < window.column_to <= columns
        ):
            raise InputError(f"{window} does not lie within a raster of {rows} x {columns} cells")
        return CostRaster(
            cost_cents_per_m=self.cost_cents_per_m[
                window.row_from : window.row_to, window.column_from : window.column_to
            ],
            x_min_m=self.x_min_m + window.column_from * self.cell_m,
            y_max_m=self.y_max_m - window.row_from * self.cell_m,
            cell_m=self.cell_m,
            srid=self.srid,
        )


def find_nearest_free_cell(raster: CostRaster, x_m: float, y_m: float) -> int:
    """Return the free cell whose middle is nearest to a place, -1 where all are forbidden.

    Among equally near ones the first in the order of rows and columns.
    """
    row = math.floor((raster.y_max_m - y_m) / raster.cell_m)
    column = math.floor((x_m - raster.x_min_m) / raster.cell_m)
    rows, columns = raster.shape
    reach = max(8, -row, row - rows + 1, -column, column - columns + 1)
    while True:
        near = Window(
            row_from=min(max(row - reach, 0), rows - 1),
            row_to=max(min(row + reach + 1, rows), 1),
            column_from=min(max(column - reach, 0), columns - 1),
            column_to=max(min(column + reach + 1, columns), 1),
        )
        cell, away_m = _nearest_in(raster, near, x_m, y_m)
        if near.shape == raster.shape or (cell >= 0 and away_m <= reach * raster.cell_m):
            return cell
        reach *= 2


def _nearest_in(raster: CostRaster, window: Window, x_m: float, y_m: float) -> tuple[int, float]:
    """Return the nearest free cell of a window, and how far it is."""
    part = raster.cost_cents_per_m[
        window.row_from : window.row_to, window.column_from : window.column_to
    ]
    row, column = np.nonzero(part >= 0)
    if not len(row):
        return -1, math.inf
    cells = (row + window.row_from) * raster.shape[1] + column + window.column_from
    middle = raster.middles_of(cells)
    away_m = np.hypot(middle[:, 0] - x_m, middle[:, 1] - y_m)
    nearest = int(np.argmin(away_m))
    return int(cells[nearest]), float(away_m[nearest])


def free_cells(raster: CostRaster) -> Flags:
    """Return where ways may go, bool (rows, columns)."""
    return raster.cost_cents_per_m >= 0


def _check_shape(costs: Costs) -> None:
    if costs.ndim != 2 or costs.size == 0 or costs.dtype != np.int32:
        raise InputError(
            f"cost raster has shape {costs.shape} of {costs.dtype}; expected rows and columns of "
            "int32"
        )
    if costs.size > LARGEST_CELLS:
        raise InputError(
            f"cost raster has {costs.size:,} cells; expected at most {LARGEST_CELLS:,}: take "
            "larger cells or a smaller part"
        )


def _check_place(x_min_m: float, y_max_m: float, cell_m: float) -> None:
    if not (math.isfinite(x_min_m) and math.isfinite(y_max_m)):
        raise InputError(f"cost raster's corner is {x_min_m}, {y_max_m}; expected finite metres")
    if not (math.isfinite(cell_m) and 1e-3 <= cell_m <= 1e5):
        raise InputError(f"cells of {cell_m} m; expected 0.001 to 100,000 m")
