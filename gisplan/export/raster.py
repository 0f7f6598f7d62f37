"""A density surface as cloud-optimised GeoTIFF."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from gisplan.export.geotiff import Band, cell_transform, write_cog
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
    band = Band(
        values=surface.values,
        unit=surface.unit,
        description=title or f"density in {surface.unit}",
    )
    write_cog(
        path,
        [band],
        transform=cell_transform(surface.x_min_m, surface.y_max_m, surface.cell_m),
        srid=surface.srid,
        overview="AVERAGE",
        tags=_tags(surface),
        on=on,
    )


def _tags(surface: DensitySurface) -> dict[str, str]:
    """What the surface is and how it was made."""
    tags = {
        "UNIT": surface.unit,
        "TOTAL": f"{surface.total!r} {surface.total_unit}",
        "POINT_COUNT": str(surface.point_count),
        "OUTSIDE_COUNT": str(surface.outside_count),
        "CELL_M": repr(float(surface.cell_m)),
        "BANDWIDTH_M": repr(float(surface.bandwidth.bandwidth_m)),
        "BANDWIDTH_METHOD": surface.bandwidth.method.value,
    }
    if surface.bandwidth.range_m is not None:
        low_m, high_m = surface.bandwidth.range_m
        tags |= {"BANDWIDTH_MIN_M": repr(low_m), "BANDWIDTH_MAX_M": repr(high_m)}
    return tags
