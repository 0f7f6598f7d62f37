"""A cost-to-connect map as a file, by the ending of its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gisplan.errors import InputError
from gisplan.export.electrical_table import TABLE_ENDINGS

if TYPE_CHECKING:
    from pathlib import Path

RASTER_ENDINGS = (".tif", ".tiff")
PICTURE_ENDING, MAP_ENDING = ".png", ".html"
COST_MAP_ENDINGS = (*RASTER_ENDINGS, PICTURE_ENDING, MAP_ENDING, *TABLE_ENDINGS)


def check_cost_map_ending(path: Path) -> None:
    """Refuse a file whose ending names no export of a cost map, before anything is computed.

    Raises
    ------
    InputError
        If the ending is none of ``COST_MAP_ENDINGS``.
    """
    if path.suffix.lower() not in COST_MAP_ENDINGS:
        raise InputError(
            f"{path.name}: no export of a cost map has this ending; "
            f"expected one of {', '.join(COST_MAP_ENDINGS)}"
        )


def needs_raster(path: Path) -> bool:
    """Tell whether a file shows cells."""
    return path.suffix.lower() in {*RASTER_ENDINGS, PICTURE_ENDING, MAP_ENDING}
