"""What lies in which cell: squares, metric hexagons, H3 cells, or polygons that somebody gives.

Squares and hexagons lie where multiples of their size say, whatever the points are, so two maps of
one size match. Only cells with a point are made; of polygons given, every one stays.

References
----------
H3, the hexagonal hierarchical geospatial indexing system, https://h3geo.org: cells of about one
size all over the earth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import h3.api.basic_int as h3
import numpy as np
import shapely

from gisplan.density.frame import check_cell_size
from gisplan.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

    from gisplan.model.grid import Flags, Floats, Integers, Texts
    from gisplan.model.projection import Projection

    Shapes = npt.NDArray[np.object_]

MAX_CELLS = 200_000
H3_RESOLUTIONS = range(16)
NOWHERE = -1
SQUARE_METRES_PER_KM2 = 1e6
_NUMBERS_MAX = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Polygons in the working CRS, in a fixed order, each with a name."""

    name: Texts
    shape: Shapes

    def __len__(self) -> int:
        return len(self.name)

    @property
    def area_km2(self) -> Floats:
        """Area of each polygon in the plane of the working CRS."""
        area: Floats = shapely.area(self.shape) / SQUARE_METRES_PER_KM2
        return area


@dataclass(frozen=True, slots=True, kw_only=True)
class CellsOfPoints:
    """Cells, and for every point the row of its cell, ``NOWHERE`` where it lies in none."""

    cells: Cells
    cell: Integers

    @property
    def outside_count(self) -> int:
        """How many points lie in no cell."""
        return int(np.count_nonzero(self.cell == NOWHERE))

    def sums(self, weight: Floats, chosen: Flags | None = None) -> Floats:
        """Sum of the weights in every cell, of all points or of the chosen ones."""
        counted = self.cell != NOWHERE
        if chosen is not None:
            counted &= chosen
        cells = self.cell[counted]
        summed = np.bincount(cells, weight[counted], minlength=len(self.cells))
        return np.asarray(summed, np.float64)


def square_cells(x_m: Floats, y_m: Floats, *, cell_m: float) -> CellsOfPoints:
    """Squares of this side that hold a point; one on a border belongs to the north or the east.

    Raises
    ------
    InputError
        If the size cannot be used, or there would be more than ``MAX_CELLS``.
    """
    check_cell_size(cell_m)
    column, row, cell = _distinct(
        _whole(np.floor(x_m / cell_m), cell_m),
        _whole(np.floor(y_m / cell_m), cell_m),
        f"squares of {cell_m:g} m",
    )
    west, south = column * cell_m, row * cell_m
    shape = _shapes(shapely.box(west, south, (column + 1) * cell_m, (row + 1) * cell_m))
    return CellsOfPoints(cells=Cells(name=_names(column, row), shape=shape), cell=cell)


def hexagon_cells(x_m: Floats, y_m: Floats, *, cell_m: float) -> CellsOfPoints:
    """Hexagons that hold a point; ``cell_m`` is the distance between the middles of neighbours.

    A point belongs to the hexagon whose middle is nearest. One corner points north.

    Raises
    ------
    InputError
        If the size cannot be used, or there would be more than ``MAX_CELLS``.
    """
    check_cell_size(cell_m)
    side_m = cell_m / math.sqrt(3)
    along = x_m / cell_m - y_m / (3 * side_m)
    across = y_m / (1.5 * side_m)
    nearest = _nearest_hexagon(along, across)
    column, row, cell = _distinct(
        _whole(nearest[0], cell_m), _whole(nearest[1], cell_m), f"hexagons of {cell_m:g} m"
    )
    middle_x_m, middle_y_m = cell_m * (column + row / 2), 1.5 * side_m * row
    angle = np.radians(np.arange(30.0, 390.0, 60.0))
    corners = np.stack(
        [
            middle_x_m[:, np.newaxis] + side_m * np.cos(angle),
            middle_y_m[:, np.newaxis] + side_m * np.sin(angle),
        ],
        axis=-1,
    )
    # corners that neighbours share are one to the last digit
    shape = _shapes(shapely.polygons(corners.round(6)))
    return CellsOfPoints(cells=Cells(name=_names(column, row), shape=shape), cell=cell)


def h3_cells(x_m: Floats, y_m: Floats, *, resolution: int, projection: Projection) -> CellsOfPoints:
    """H3 cells that hold a point, named by their index.

    Raises
    ------
    InputError
        If there is no such resolution, or there would be more than ``MAX_CELLS``.
    """
    if resolution not in H3_RESOLUTIONS:
        raise InputError(f"H3 has no resolution {resolution}; expected 0 to {H3_RESOLUTIONS[-1]}")
    lon, lat = projection.all_to_degrees(x_m, y_m)
    of_point = np.fromiter(map(h3.latlng_to_cell, lat, lon, [resolution] * len(lon)), np.int64)
    index, cell = np.unique(of_point, return_inverse=True)
    _check_count(len(index), f"H3 cells of resolution {resolution}")
    return CellsOfPoints(
        cells=Cells(
            name=np.array([f"{one:x}" for one in index.tolist()], np.str_),
            shape=_h3_shapes(index, projection),
        ),
        cell=cell.reshape(-1).astype(np.int64),
    )


def given_cells(x_m: Floats, y_m: Floats, cells: Cells) -> CellsOfPoints:
    """Given polygons with the points in them or on their border.

    Where several hold a point, on a common border or where they overlap, it belongs to the first.
    """
    point, row = shapely.STRtree(cells.shape).query(shapely.points(x_m, y_m), "intersects")
    first = np.full(len(x_m), len(cells), dtype=np.int64)
    np.minimum.at(first, point, row)
    return CellsOfPoints(cells=cells, cell=np.where(first < len(cells), first, NOWHERE))


def cells_inside(found: CellsOfPoints, area: shapely.Geometry) -> CellsOfPoints:
    """Cells cut off at the border of a study area, so that densities count its ground only."""
    clipped = shapely.intersection(found.cells.shape, area)
    return CellsOfPoints(cells=Cells(name=found.cells.name, shape=clipped), cell=found.cell)


def _nearest_hexagon(along: Floats, across: Floats) -> tuple[Floats, Floats]:
    """Round axial coordinates; of the three, the one that is rounded most follows from the others.

    The three sum to zero, and rounding each by itself may break that.
    """
    third = -along - across
    column, row, level = np.rint(along), np.rint(across), np.rint(third)
    off = np.abs(column - along), np.abs(row - across), np.abs(level - third)
    mend_column = (off[0] > off[1]) & (off[0] > off[2])
    mend_row = ~mend_column & (off[1] > off[2])
    return np.where(mend_column, -row - level, column), np.where(mend_row, -column - level, row)


def _whole(number: Floats, cell_m: float) -> Integers:
    """Numbers of columns or rows as whole numbers, refused where there are too many."""
    if len(number) and float(np.abs(number).max()) >= _NUMBERS_MAX:
        raise InputError(f"cells of {cell_m:g} m are too small to be numbered; take larger ones")
    return number.astype(np.int64)


def _distinct(column: Integers, row: Integers, what: str) -> tuple[Integers, Integers, Integers]:
    """Columns and rows of the cells that occur, by row and column, and the cell of every point."""
    key, cell = np.unique(row * (2 * _NUMBERS_MAX) + column + _NUMBERS_MAX, return_inverse=True)
    _check_count(len(key), what)
    rows, columns = np.divmod(key, 2 * _NUMBERS_MAX)
    return columns - _NUMBERS_MAX, rows, cell.reshape(-1).astype(np.int64)


def _check_count(count: int, what: str) -> None:
    if count > MAX_CELLS:
        raise InputError(
            f"{count:,} {what} hold something, at most {MAX_CELLS:,} are written: "
            "take larger ones, or a smaller area"
        )


def _names(column: Integers, row: Integers) -> Texts:
    pairs = zip(column.tolist(), row.tolist(), strict=True)
    return np.array([f"{one}/{other}" for one, other in pairs], np.str_)


def _h3_shapes(index: Integers, projection: Projection) -> Shapes:
    """Outlines of H3 cells in the working CRS; most have six corners, a few more or fewer."""
    rings = [np.array(h3.cell_to_boundary(one)) for one in index.tolist()]
    corners = np.concatenate([np.empty((0, 2)), *rings])
    x_m, y_m = projection.all_to_metres(corners[:, 1], corners[:, 0])
    owner = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    return _shapes(
        shapely.polygons(shapely.linearrings(np.column_stack([x_m, y_m]), indices=owner))
    )


def _shapes(polygons: shapely.Polygon | Shapes) -> Shapes:
    return np.asarray(polygons, dtype=np.object_).reshape(-1)
