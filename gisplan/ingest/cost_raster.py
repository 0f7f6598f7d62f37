"""Reading a GeoTIFF of the cost of a metre of cable."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING

import numpy as np
import rasterio
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.errors import CRSError, NotGeoreferencedWarning, RasterioError
from rasterio.warp import reproject, transform_bounds
from rasterio.windows import Window

from gisplan.errors import InputError, SourceError
from gisplan.routing.terrain.raster import LARGEST_CELLS, CostRaster
from gisplan.routing.terrain.rasterise import whole_raster_costs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rasterio.io import DatasetReader

    from gisplan.model.grid import Floats

CENTS = 100
BLOCK_CELLS = 4_000_000
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
    working = CRS.from_epsg(srid)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # told as an error below
            # no other driver: some open files and addresses that a raster only names
            opened = rasterio.open(path, driver="GTiff")
        with opened as source:
            _check_source(source, path, band)
            blocks, transform = _blocks(source, path, band), source.transform
            if source.crs == working and _is_upright(transform):
                cents = np.vstack([whole_raster_costs(cost * CENTS) for cost in blocks])
            else:
                cost = np.vstack(list(blocks))
                cost, transform = _moved(cost, transform, source.crs, working, path)
                cents = whole_raster_costs(cost * CENTS)
    except RasterioError as error:
        raise SourceError(f"{path} cannot be read as a raster (GeoTIFF): {error}") from None
    if cents.max() < 0:
        raise InputError(f"{path}: no cell has a cost; expected money a metre")
    return CostRaster(
        cost_cents_per_m=cents,
        x_min_m=transform.c,
        y_max_m=transform.f,
        cell_m=transform.a,
        srid=srid,
    )


def _blocks(source: DatasetReader, path: Path, band: int) -> Iterator[Floats]:
    """Yield the costs of a band some rows at a time, infinity where there is none."""
    wrong, first = 0, ""
    rows = max(1, BLOCK_CELLS // source.width)
    for start in range(0, source.height, rows):
        window = Window(0, start, source.width, min(rows, source.height - start))
        given = source.read(band, window=window).astype(np.float64)
        is_data = source.read_masks(band, window=window) > 0
        bad = is_data & ~(given >= LEAST_COST)
        if bad.any():
            row, column = (int(n) for n in np.argwhere(bad)[0])
            found = f"{given[row, column]} a metre in row {start + row}, column {column}"
            wrong, first = wrong + int(bad.sum()), first or found
        yield np.where(is_data, given, np.inf)
    if wrong:
        raise InputError(
            f"{path}: {wrong} cells cost less than {LEAST_COST} or are no number, the first "
            f"{first}; expected what a metre costs, and no data where forbidden (gdal_edit.py "
            "-a_nodata VALUE declares it)"
        )


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
    step = source.transform
    cell = step.a * step.e - step.b * step.d
    if step.is_identity or not (np.isfinite(step[:6]).all() and cell != 0):
        raise InputError(
            f"{path} does not say where its cells lie ({tuple(step[:6])}); expected a GeoTIFF with "
            "corner and size of its cells, as gdal_translate -a_ullr writes them"
        )


def _check_size(rows: int, columns: int, path: Path) -> None:
    if rows * columns > LARGEST_CELLS:
        raise InputError(
            f"{path} has {rows:,} x {columns:,} cells; expected at most {LARGEST_CELLS:,}: cut out "
            "the part that is planned, or take larger cells"
        )
