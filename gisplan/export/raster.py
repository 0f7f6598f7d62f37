"""A density surface as cloud-optimised GeoTIFF."""

from __future__ import annotations

from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import rasterio
from rasterio import Affine

from gisplan.export.written import written_whole
from gisplan.model.density import DensitySurface


def write_density_geotiff(
    surface: DensitySurface, path: Path, *, title: str = "", on: date | None = None
) -> None:
    """Write a cloud-optimised GeoTIFF of one 32-bit band, NaN where there is no data.

    The band carries its unit and, as its description, the title; the tags say how the surface was
    made, and the date only where the caller gives one, so that the same surface is the same bytes.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    rows, columns = surface.values.shape
    cell_m = surface.cell_m
    with (
        written_whole(path) as partial,
        rasterio.open(
            partial,
            "w",
            driver="COG",
            height=rows,
            width=columns,
            count=1,
            dtype="float32",
            nodata=np.nan,
            crs=f"EPSG:{surface.srid}",
            transform=Affine(cell_m, 0, surface.x_min_m, 0, -cell_m, surface.y_max_m),
            compress="DEFLATE",
            predictor="YES",
            overview_resampling="AVERAGE",
        ) as raster,
    ):
        raster.write(surface.values.astype(np.float32), 1)
        raster.units = (surface.unit,)
        raster.set_band_description(1, title or f"density in {surface.unit}")
        raster.update_tags(**_tags(surface, on))


def _tags(surface: DensitySurface, on: date | None) -> dict[str, str]:
    """What the surface is and how it was made."""
    tags = {
        "UNIT": surface.unit,
        "TOTAL": f"{surface.total!r} {surface.total_unit}",
        "POINT_COUNT": str(surface.point_count),
        "OUTSIDE_COUNT": str(surface.outside_count),
        "CELL_M": repr(float(surface.cell_m)),
        "BANDWIDTH_M": repr(float(surface.bandwidth.bandwidth_m)),
        "BANDWIDTH_METHOD": surface.bandwidth.method.value,
        "TIFFTAG_SOFTWARE": f"gisplan {version('gisplan')}",
    }
    if surface.bandwidth.range_m is not None:
        low_m, high_m = surface.bandwidth.range_m
        tags |= {"BANDWIDTH_MIN_M": repr(low_m), "BANDWIDTH_MAX_M": repr(high_m)}
    return tags | ({"DATE": on.isoformat()} if on else {})
