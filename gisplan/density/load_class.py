"""Classes of supply areas by their coincident load density, A+ to E.

A class says which standard of network an area is built to, so it belongs to areas of several square
kilometres. A street with one large customer is no city centre: what is smaller has no class.

References
----------
DL/T 5729, Guide for planning and design of distribution network: supply areas by load density.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from gisplan.errors import CatalogueError

if TYPE_CHECKING:
    from gisplan.model.grid import Floats, Texts
    from gisplan.rules.catalogue import Catalogue

CLASSES = ("E", "D", "C", "B", "A", "A+")
NO_CLASS = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadClassLimits:
    """Smallest area that has a class, and the densities from which D, C, B, A and A+ begin."""

    area_min_km2: float
    from_mw_per_km2: tuple[float, ...]


def load_class_limits(catalogue: Catalogue) -> LoadClassLimits:
    """Limits as the catalogue has them.

    Raises
    ------
    CatalogueError
        If a class begins no higher than the one below it.
    """
    limits = (
        catalogue.value("density.class_d_min_mw_per_km2"),
        catalogue.value("density.class_c_min_mw_per_km2"),
        catalogue.value("density.class_b_min_mw_per_km2"),
        catalogue.value("density.class_a_min_mw_per_km2"),
        catalogue.value("density.class_a_plus_min_mw_per_km2"),
    )
    if any(lower >= upper for lower, upper in pairwise(limits)):
        raise CatalogueError(
            f"load-density classes D, C, B, A, A+ begin at {limits} MW/km2; expected ascending"
        )
    return LoadClassLimits(
        area_min_km2=catalogue.value("density.class_area_min_km2"), from_mw_per_km2=limits
    )


def load_classes(peak_mw: Floats, area_km2: Floats, limits: LoadClassLimits) -> Texts:
    """Class of each area by its coincident peak; empty for an area too small or of unknown load.

    A density on a limit belongs to the class that begins there.
    """
    density = np.divide(peak_mw, area_km2, out=np.full(len(area_km2), np.nan), where=area_km2 > 0)
    names = np.array(CLASSES)[np.searchsorted(limits.from_mw_per_km2, density, side="right")]
    has_class = np.isfinite(density) & (area_km2 >= limits.area_min_km2)
    return np.where(has_class, names, NO_CLASS)
