"""A cost-to-connect map as a layer of the planners' page: a picture of cells and its classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.export.cost_map_classes import cost_classes
from gisplan.export.cost_map_picture import raster_classes
from maps.cost_map import web_raster
from maps.web_raster import palette_png, rgba

if TYPE_CHECKING:
    from gisplan.export.cost_map_raster import CostRaster

UNKNOWN_OPACITY = 0.375


@dataclass(frozen=True, slots=True, kw_only=True)
class CostClass:
    """One class of the legend; ``kind`` is cost, refused or unknown.

    ``low`` and ``high`` are amounts, ``None`` where the class has no such end; ``cells`` says how
    many cells of the raster are in it.
    """

    kind: str
    colour: str
    low: float | None
    high: float | None
    cells: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CostOverlay:
    """Classes of cells in Web Mercator, their picture (PNG), and its corners in degrees."""

    picture: bytes
    west: float
    south: float
    east: float
    north: float
    currency: str
    cell_m: float
    classes: tuple[CostClass, ...]


def build_overlay(raster: CostRaster) -> CostOverlay:
    """Return the cells of a raster as a map in Web Mercator lays them, by class."""
    classes = cost_classes(raster.cost)
    web = web_raster(raster, classes)
    cells = np.bincount(raster_classes(raster, classes).ravel(), minlength=classes.unknown + 1)
    opacity = {classes.unknown: UNKNOWN_OPACITY}
    palette = [rgba(colour, opacity.get(row, 1.0)) for row, colour in enumerate(classes.colours)]
    (south, west), (north, east) = web.bounds
    edges = (None, *classes.edges, None)
    kinds = ["cost"] * classes.count + ["refused", "unknown"]
    return CostOverlay(
        picture=palette_png(web.classes, palette),
        west=west,
        south=south,
        east=east,
        north=north,
        currency=raster.currency,
        cell_m=raster.cell_m,
        classes=tuple(
            CostClass(
                kind=kind,
                colour=classes.colours[row],
                low=edges[row] if kind == "cost" else None,
                high=edges[row + 1] if kind == "cost" else None,
                cells=int(cells[row]),
            )
            for row, kind in enumerate(kinds)
        ),
    )
