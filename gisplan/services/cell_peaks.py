"""Joint peaks and load-density classes of cells, by the customers behind the points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gisplan.density.cells import given_cells
from gisplan.density.load_class import load_classes
from gisplan.density.peak import ClassShares, coincident_peaks
from gisplan.errors import InputError
from gisplan.model.density import DensityLayer, DensityWeight
from gisplan.model.grid import CLASS_NAMES
from gisplan.services.density_layer import EVERY_APPLICATION, GENERATION_CLASS, read_layer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg import Connection

    from gisplan.density.cells import Cells, CellsOfPoints
    from gisplan.density.load_class import LoadClassLimits
    from gisplan.export.electrical_table import Column
    from gisplan.model.density import ApplicationFilter
    from gisplan.model.grid import Flags, Floats
    from gisplan.rules.catalogue import Catalogue
    from gisplan.services.density_layer import LayerPoints
    from gisplan.store.grid_reader import GridVersion

GENERATION_KIND = "generation"


def peaks_of(
    points: LayerPoints,
    found: CellsOfPoints,
    is_large: Flags,
    catalogue: Catalogue,
    *,
    with_generation: bool = False,
) -> Floats:
    """Highest joint demand of every cell in kW, at the level that fits its size.

    A large area draws as a substation does, a small one as a transformer. Generation counts all at
    once, or not at all: it is no load.
    """
    demands = points.demands
    if demands is None:
        raise InputError("peaks need the customers behind the points")
    of_level = [
        coincident_peaks(
            found,
            demands,
            _shares(points.layer, level, catalogue, with_generation=with_generation),
        )
        for level in ("transformer", "substation")
    ]
    peaks: Floats = np.where(is_large, of_level[1], of_level[0])
    return peaks


def _shares(
    layer: DensityLayer, level: str, catalogue: Catalogue, *, with_generation: bool
) -> ClassShares:
    """Shares of each class at a level; existing load is recorded as it adds to its transformer."""
    flat = np.array([catalogue.coincidence(name, level, "load") for name in CLASS_NAMES])
    of_many = [catalogue.coincidence_of_many(name, "load") for name in CLASS_NAMES]
    if layer is DensityLayer.LOAD:
        flat /= [catalogue.coincidence(name, "transformer", "load") for name in CLASS_NAMES]
        of_many = [None] * len(CLASS_NAMES)
    feed_in = catalogue.coincidence(GENERATION_KIND, level, "feed_in") if with_generation else 0.0
    return ClassShares(
        flat=np.append(flat, feed_in),
        of_many=np.array([np.nan if one is None else one for one in [*of_many, None]]),
    )


def generation_count(points: LayerPoints) -> int:
    """How many points generate."""
    demands = points.demands
    return 0 if demands is None else int((demands.customer_class == GENERATION_CLASS).sum())


def class_columns(
    connection: Connection,
    version: GridVersion,
    cells: Cells,
    limits: LoadClassLimits,
    catalogue: Catalogue,
    *,
    standing: ApplicationFilter,
) -> Mapping[str, Column]:
    """Class of each supply area: existing load and the applications that stand, whatever is asked.

    A class by one layer alone would call a town empty that has no new application.
    """
    peak_mw = np.zeros(len(cells))
    is_large = cells.area_km2 >= limits.area_min_km2
    for layer in (DensityLayer.LOAD, DensityLayer.APPLICATION):
        points = read_layer(
            connection,
            version,
            layer=layer,
            weight=DensityWeight.POWER_KW,
            applications=standing if layer is DensityLayer.APPLICATION else EVERY_APPLICATION,
            with_demands=True,
        )
        found = given_cells(points.x_m, points.y_m, cells)
        peak_mw += peaks_of(points, found, is_large, catalogue) / 1000
    density = np.divide(
        peak_mw, cells.area_km2, out=np.full(len(cells), np.nan), where=cells.area_km2 > 0
    )
    return {
        "class_mw_per_km2": np.where(is_large, density, np.nan).round(6),
        "load_class": load_classes(peak_mw, cells.area_km2, limits),
    }
