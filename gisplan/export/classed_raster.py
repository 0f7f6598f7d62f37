"""A raster in classes, as pictures, one-file maps and tiles show it; grey is no data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import to_hex

from gisplan.export.density_classes import (
    NO_DATA_COLOUR,
    class_bounds,
    class_colours,
    class_texts,
    unit_text,
)
from gisplan.model.density import Extent

if TYPE_CHECKING:
    from gisplan.model.density import DensitySurface
    from gisplan.model.grid import Codes, Floats

NO_DATA = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassedRaster:
    """The class of every cell, the first row in the north, and what the classes look like.

    ``codes`` (rows, columns) is ``NO_DATA`` or the number of a class from 1; ``colours`` and
    ``texts`` begin with those of no data. ``heading`` says what is classed, with its unit.
    """

    codes: Codes
    colours: tuple[str, ...]
    texts: tuple[str, ...]
    heading: str
    x_min_m: float
    y_max_m: float
    cell_m: float
    srid: int

    @property
    def extent(self) -> Extent:
        """Outer edges of the raster."""
        rows, columns = self.codes.shape
        return Extent(
            x_min_m=self.x_min_m,
            y_min_m=self.y_max_m - rows * self.cell_m,
            x_max_m=self.x_min_m + columns * self.cell_m,
            y_max_m=self.y_max_m,
        )

    @property
    def has_data(self) -> bool:
        """Whether any cell is known."""
        return bool(self.codes.any())

    @property
    def has_gaps(self) -> bool:
        """Whether any cell is not."""
        return not self.codes.all()


def classed_surface(surface: DensitySurface) -> ClassedRaster:
    """Classes of a density surface, the lowest first."""
    bounds = class_bounds(surface.values)
    colours, texts = class_look(bounds)
    return ClassedRaster(
        codes=class_codes(surface.values, bounds),
        colours=colours,
        texts=texts,
        heading=unit_text(surface.unit),
        x_min_m=surface.x_min_m,
        y_max_m=surface.y_max_m,
        cell_m=surface.cell_m,
        srid=surface.srid,
    )


def class_codes(values: Floats, bounds: Floats) -> Codes:
    """Class of each value between limits, ``NO_DATA`` where it is not known."""
    codes = np.searchsorted(bounds[1:-1], np.nan_to_num(values), side="right") + 1
    classes: Codes = np.where(np.isfinite(values), codes, NO_DATA).astype(np.uint8)
    return classes


def class_look(bounds: Floats) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Colours and texts of the classes between limits, those of no data first."""
    colours = class_colours(len(bounds) - 1)
    shown = tuple(to_hex(colours(number)) for number in range(len(bounds) - 1))
    return (NO_DATA_COLOUR, *shown), ("no data", *class_texts(bounds))
