"""Rasters of the working CRS as cloud-optimised GeoTIFF files."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Literal

import numpy as np
import rasterio
from rasterio import Affine

from gisplan.export.written import written_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from gisplan.model.grid import Codes, Floats, Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Values of a raster, shape (rows, columns), NaN where there is no data, and their unit."""

    values: Floats | Codes | Integers
    unit: str
    description: str


def write_cog(
    path: Path,
    bands: Sequence[Band],
    *,
    transform: Affine,
    srid: int,
    overview: Literal["AVERAGE", "NEAREST"],
    tags: Mapping[str, str],
    on: date | None = None,
) -> None:
    """Write 32-bit bands of one shape; the same bands, tags and date give the same bytes.

    ``overview`` says how cells are joined when seen from afar; codes have no average.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    rows, columns = bands[0].values.shape
    made = {"TIFFTAG_SOFTWARE": f"gisplan {version('gisplan')}"}
    dated = {"DATE": on.isoformat()} if on else {}
    with (
        written_whole(path) as partial,
        rasterio.open(
            partial,
            "w",
            driver="COG",
            height=rows,
            width=columns,
            count=len(bands),
            dtype="float32",
            nodata=np.nan,
            crs=f"EPSG:{srid}",
            transform=transform,
            compress="DEFLATE",
            predictor="YES",
            interleave="BAND",
            overview_resampling=overview,
        ) as file,
    ):
        for number, band in enumerate(bands, start=1):
            file.write(band.values.astype(np.float32), number)
            file.set_band_description(number, band.description)
        file.units = tuple(band.unit for band in bands)
        file.update_tags(**tags, **made, **dated)


def cell_transform(x_min_m: float, y_max_m: float, cell_m: float) -> Affine:
    """Place of square cells whose first row lies in the north."""
    return Affine(cell_m, 0, x_min_m, 0, -cell_m, y_max_m)
