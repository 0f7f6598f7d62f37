"""A density surface as a file, by the ending of its name."""

from __future__ import annotations

from pathlib import Path

from gisplan.errors import InputError
from gisplan.export.density_picture import PictureLabels, write_density_png
from gisplan.export.raster import write_density_geotiff
from gisplan.model.density import DensitySurface

DENSITY_ENDINGS = (".tif", ".tiff", ".png")


def check_density_ending(path: Path) -> None:
    """Refuse a file whose ending names no export of density, before anything is computed.

    Raises
    ------
    InputError
        If the ending is none of ``DENSITY_ENDINGS``.
    """
    if path.suffix.lower() not in DENSITY_ENDINGS:
        raise InputError(
            f"{path.name}: no export of density has this ending; "
            f"expected one of {', '.join(DENSITY_ENDINGS)}"
        )


def write_density(surface: DensitySurface, path: Path, labels: PictureLabels) -> None:
    """Write a GeoTIFF or a picture.

    Raises
    ------
    InputError
        If the ending is neither's, or the file cannot be written.
    """
    check_density_ending(path)
    if path.suffix.lower() == ".png":
        write_density_png(surface, path, labels)
    else:
        write_density_geotiff(surface, path, title=labels.title, on=labels.on)
