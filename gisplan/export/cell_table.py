"""Tables of polygons or lines as GIS files and CSV, by the ending of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from geopandas import GeoDataFrame

from gisplan.errors import InputError
from gisplan.export.csv_table import write_rows
from gisplan.export.electrical_table import LINE_KINDS, ElementTable, lon_lat_shapes
from gisplan.export.written import written_whole
from gisplan.model.projection import LON_LAT_SRID

if TYPE_CHECKING:
    from pathlib import Path

    from gisplan.model.density import DensitySurface

CELL_ENDINGS = (".gpkg", ".geojson", ".fgb", ".csv")
CELLS_MAX = 200_000
NOTHING_PART_OF_PEAK = 1e-6
"""Cells with less than this of the peak are the far end of a kernel, and no rows."""

_DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".fgb": "FlatGeobuf"}


def write_cell_table(table: ElementTable, path: Path) -> None:
    """Write polygons or lines with their figures in lon/lat (EPSG:4326); unknown is empty.

    A CSV has a place inside each polygon instead of its outline, and one on each line.

    Raises
    ------
    InputError
        If the ending is none of ``CELL_ENDINGS``, or the file cannot be written.
    """
    ending = path.suffix.lower()
    if ending not in CELL_ENDINGS:
        raise InputError(
            f"{path.name}: no export of cells has this ending; "
            f"expected one of {', '.join(CELL_ENDINGS)}"
        )
    with written_whole(path) as partial:
        if ending == ".csv":
            _write_csv(table, partial)
            return
        is_line = table.element_kind in LINE_KINDS
        frame = GeoDataFrame(dict(table.columns), geometry=lon_lat_shapes(table), crs=LON_LAT_SRID)
        frame.to_file(
            partial,
            layer=table.element_kind,
            driver=_DRIVERS[ending],
            engine="pyogrio",
            geometry_type="MultiLineString" if is_line else "MultiPolygon",
            promote_to_multi=True,
            **_options(ending, len(table)),
        )


def surface_cells(surface: DensitySurface) -> ElementTable:
    """Cells of a raster in which there is something, as squares with density and sum.

    Raises
    ------
    InputError
        If there are more than ``CELLS_MAX``.
    """
    values = surface.values
    threshold = NOTHING_PART_OF_PEAK * (surface.peak or 0.0)
    row, column = np.nonzero(np.nan_to_num(values) > threshold)
    check_cell_count(len(row), surface.cell_m)
    density = values[row, column]
    unit = surface.total_unit
    return ElementTable(
        element_kind="cell",
        columns={
            density_column(unit): density,
            **({} if unit == "1" else {sum_column(unit): density * (surface.cell_m / 1000) ** 2}),
        },
        shape=square_shapes(
            row, column, x_min_m=surface.x_min_m, y_max_m=surface.y_max_m, cell_m=surface.cell_m
        ),
        srid=surface.srid,
    )


def check_cell_count(count: int, cell_m: float) -> None:
    """Refuse more cells than a vector file is good for.

    Raises
    ------
    InputError
        Naming a size that would do.
    """
    if count > CELLS_MAX:
        larger_m = cell_m * (count / CELLS_MAX) ** 0.5
        raise InputError(
            f"{count:,} cells of {cell_m:g} m hold something, at most {CELLS_MAX:,} are written as "
            f"polygons: take cells of {larger_m:.2g} m or more, a smaller area, or a GeoTIFF"
        )


def square_shapes(
    row: np.ndarray, column: np.ndarray, *, x_min_m: float, y_max_m: float, cell_m: float
) -> np.ndarray:
    """Outlines of cells of a raster whose first row lies in the north."""
    west, north = x_min_m + column * cell_m, y_max_m - row * cell_m
    outlines = shapely.box(west, north - cell_m, west + cell_m, north)
    return np.asarray(outlines, dtype=np.object_).reshape(-1)


def density_column(unit: str) -> str:
    """Name of a column of density: the unit is its end."""
    return "density_per_km2" if unit == "1" else f"density_{unit.lower()}_per_km2"


def sum_column(unit: str) -> str:
    """Name of a column of sums; counts are counted in a column of their own."""
    return f"sum_{unit.lower()}"


def _options(ending: str, count: int) -> dict[str, str]:
    if ending == ".geojson":
        return {"RFC7946": "YES", "WRITE_NAME": "NO"}
    # an index of FlatGeobuf takes no empty layer
    return {"SPATIAL_INDEX": "NO"} if ending == ".fgb" and count == 0 else {}


def _write_csv(table: ElementTable, path: Path) -> None:
    inside = shapely.point_on_surface(lon_lat_shapes(table))
    lon, lat = shapely.get_x(inside).tolist(), shapely.get_y(inside).tolist()
    rows = (
        {**row, "lon": round(one_lon, 7), "lat": round(one_lat, 7)}
        for row, one_lon, one_lat in zip(table.rows(), lon, lat, strict=True)
    )
    write_rows(path, [*table.columns, "lon", "lat"], rows)
