"""Reading a GeoTIFF of the cost of a metre of cable."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import rasterio
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.errors import CRSError, RasterioError
from rasterio.warp import reproject, transform_bounds

from gisplan.errors import InputError, SourceError
from gisplan.routing.terrain.raster import LARGEST_CELLS, CostRaster
from gisplan.routing.terrain.rasterise import whole_raster_costs

if TYPE_CHECKING:
    from pathlib import Path

    from rasterio.io import DatasetReader

    from gisplan.model.grid import Floats

CENTS = 100
SQUARE_WITHIN = 1e-6
LEAST_COST = 0.01
"""A metre that costs less than a cent is no price but a gap in the data."""


def read_cost_raster(path: Path, *, srid: int, band: int = 1) -> CostRaster:
    """Read a raster of money a metre as whole cents a metre in the working CRS.

    Cells without data, infinite or too dear are forbidden. A raster in another CRS, turned, or
    with cells that are not square is brought to square cells by the nearest value.

    Parameters
    ----------
    srid : EPSG code of the working CRS, metric
    band : band to read, from 1

    Raises
    ------
    SourceError
        If the file is no raster that can be read.
    InputError
        If it has no CRS, not that band, too many cells, a cost that is negative, nothing or not a
        number, or no cost at all.
    """
    try:
        with rasterio.open(path) as source:
            _check_source(source, path, band)
            cost = _read(source, path, band)
            transform, crs = source.transform, source.crs
    except RasterioError as error:
        raise SourceError(f"{path} cannot be read as a raster: {error}") from None
    working = CRS.from_epsg(srid)
    if crs != working or not _is_upright(transform):
        cost, transform = _moved(cost, transform, crs, working, path)
    if not np.isfinite(cost).any():
        raise InputError(f"{path}: no cell has a cost; expected money a metre")
    return CostRaster(
        cost_cents_per_m=whole_raster_costs(cost * CENTS),
        x_min_m=transform.c,
        y_max_m=transform.f,
        cell_m=transform.a,
        srid=srid,
    )


def _read(source: DatasetReader, path: Path, band: int) -> Floats:
    """Return the costs of a band, infinity where there is none."""
    given = source.read(band).astype(np.float64)
    is_data = source.read_masks(band) > 0
    cost: Floats = np.where(is_data, given, np.inf)
    wrong = np.argwhere(is_data & ~(given >= LEAST_COST))
    if len(wrong):
        row, column = (int(n) for n in wrong[0])
        raise InputError(
            f"{path}: {len(wrong)} cells cost less than {LEAST_COST} or are no number, the first "
            f"{given[row, column]} a metre in row {row}, column {column}; expected what a metre "
            "costs, and no data where forbidden (gdal_edit.py -a_nodata VALUE declares it)"
        )
    return cost


def _moved(
    cost: Floats, transform: rasterio.Affine, crs: CRS, working: CRS, path: Path
) -> tuple[Floats, rasterio.Affine]:
    """Return the costs on square cells of the working CRS, infinity where nothing is known."""
    rows, columns = cost.shape
    around = _bounds(rows, columns, transform)
    try:
        west, south, east, north = transform_bounds(crs, working, *around)
    except (CRSError, RasterioError) as error:
        raise InputError(f"{path}: no way from {crs} to {working}: {error}") from None
    if not np.isfinite([west, south, east, north]).all():
        raise InputError(f"{path} has no place in {working}; is its CRS {crs} right?")
    grown = (east - west) * (north - south) / ((around[2] - around[0]) * (around[3] - around[1]))
    cell_m = math.sqrt(grown * abs(transform.a * transform.e - transform.b * transform.d))
    square = rasterio.Affine(cell_m, 0, west, 0, -cell_m, north)
    shape = (math.ceil((north - south) / cell_m), math.ceil((east - west) / cell_m))
    _check_size(*shape, path)
    moved = np.full(shape, np.nan)
    reproject(
        np.where(np.isfinite(cost), cost, np.nan),
        moved,
        src_transform=transform,
        src_crs=crs,
        src_nodata=np.nan,
        dst_transform=square,
        dst_crs=working,
        dst_nodata=np.nan,
        resampling=Resampling.nearest,
    )
    moved[np.isnan(moved)] = np.inf
    return moved, square


def _bounds(
    rows: int, columns: int, transform: rasterio.Affine
) -> tuple[float, float, float, float]:
    """Return west, south, east, north of a raster that may be turned."""
    row, column = np.array([0, 0, rows, rows]), np.array([0, columns, 0, columns])
    x = transform.a * column + transform.b * row + transform.c
    y = transform.d * column + transform.e * row + transform.f
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def _is_upright(transform: rasterio.Affine) -> bool:
    """Tell whether rows run east and columns south, in square cells."""
    is_turned = transform.b != 0 or transform.d != 0
    return not is_turned and abs(transform.a + transform.e) <= SQUARE_WITHIN * transform.a


def _check_source(source: DatasetReader, path: Path, band: int) -> None:
    if source.crs is None:
        raise InputError(
            f"{path} has no CRS; write it into the file, for instance with "
            "gdal_edit.py -a_srs EPSG:25832"
        )
    if not 1 <= band <= source.count:
        raise InputError(f"{path} has no band {band}; expected 1 to {source.count}")
    if source.dtypes[band - 1].startswith("complex"):
        raise InputError(f"{path}: band {band} holds complex numbers; expected costs")
    _check_size(source.height, source.width, path)


def _check_size(rows: int, columns: int, path: Path) -> None:
    if rows * columns > LARGEST_CELLS:
        raise InputError(
            f"{path} has {rows:,} x {columns:,} cells; expected at most {LARGEST_CELLS:,}: cut out "
            "the part that is planned, or take larger cells"
        )
