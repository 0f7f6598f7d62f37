"""Use of land with the load density at which each area is saturated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gisplan.errors import InputError
from gisplan.ingest.areas import AREAS_MAX, areas_of
from gisplan.ingest.vector_file import read_vector_file
from gisplan.planning.land_limits import LandUse

if TYPE_CHECKING:
    from pathlib import Path

COLUMN = "saturation_mva_per_km2"


def read_land_use(path: Path, *, srid: int) -> LandUse:
    """Read the polygons of the first layer of a file with their column ``COLUMN``.

    Raises
    ------
    SourceError
        If the file cannot be read, or states no CRS.
    InputError
        If it holds no sound polygons, or one without a density of zero or more.
    """
    source = read_vector_file(
        path, expected="polygons", columns=(COLUMN,), features_max=AREAS_MAX + 1
    )
    columns = source.columns
    areas = areas_of(source.shape, crs=source.crs, columns={}, srid=srid, what=path.name)
    if COLUMN not in columns:
        raise InputError(f"{path.name} has no column {COLUMN}; it says how much load an area takes")
    try:
        density = np.asarray(columns[COLUMN], np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{path.name}: {COLUMN} holds no numbers") from error
    wrong = np.flatnonzero(~(np.isfinite(density) & (density >= 0)))
    if len(wrong):
        raise InputError(
            f"{path.name}, feature {wrong[0] + 1}: {COLUMN} is {density[wrong[0]]}; expected MVA "
            "per square kilometre, zero or more"
        )
    return LandUse(shape=areas.shape, saturation_mva_per_km2=density)
