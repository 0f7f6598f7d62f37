"""A density surface as a file, by the ending of its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gisplan.errors import InputError
from gisplan.export.cell_table import CELL_ENDINGS, surface_cells, write_cell_table
from gisplan.export.density_picture import write_density_png
from gisplan.export.raster import write_density_geotiff

if TYPE_CHECKING:
    from pathlib import Path

    from gisplan.export.classed_picture import PictureLabels
    from gisplan.model.density import DensitySurface

RASTER_ENDINGS = (".tif", ".tiff")
PICTURE_ENDING, MAP_ENDING = ".png", ".html"
DENSITY_ENDINGS = (*RASTER_ENDINGS, PICTURE_ENDING, MAP_ENDING, *CELL_ENDINGS)


def check_density_ending(path: Path, endings: tuple[str, ...] = DENSITY_ENDINGS) -> None:
    """Refuse a file whose ending names no export of density, before anything is computed.

    Raises
    ------
    InputError
        If the ending is none of these.
    """
    if path.suffix.lower() not in endings:
        raise InputError(
            f"{path.name}: no export of density has this ending; "
            f"expected one of {', '.join(endings)}"
        )


def write_density(surface: DensitySurface, path: Path, labels: PictureLabels) -> None:
    """Write a GeoTIFF, a picture, or the cells in which there is something as squares.

    Raises
    ------
    InputError
        If the ending is none of these, or the file cannot be written.
    """
    ending = path.suffix.lower()
    check_density_ending(path, (*RASTER_ENDINGS, PICTURE_ENDING, *CELL_ENDINGS))
    if ending == PICTURE_ENDING:
        write_density_png(surface, path, labels)
    elif ending in RASTER_ENDINGS:
        write_density_geotiff(surface, path, title=labels.title, on=labels.on)
    else:
        write_cell_table(surface_cells(surface), path)
