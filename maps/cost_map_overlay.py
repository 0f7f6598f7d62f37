"""A cost-to-connect map as a layer of the planners' page: a picture of cells and its classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rasterio import Affine
from rasterio.io import MemoryFile

from gisplan.export.cost_map_classes import cost_classes
from maps.cost_map import web_raster

if TYPE_CHECKING:
    from gisplan.export.cost_map_raster import CostRaster
    from gisplan.model.grid import Codes


@dataclass(frozen=True, slots=True, kw_only=True)
class CostClass:
    """One class of the legend; ``kind`` is cost, refused or unknown.

    ``low`` and ``high`` are amounts, ``None`` where the class has no such end.
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
    (south, west), (north, east) = web.bounds
    edges = (None, *classes.edges, None)
    kinds = ["cost"] * classes.count + ["refused", "unknown"]
    return CostOverlay(
        picture=_png(web.classes, classes.colours, unknown=classes.unknown),
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
                cells=int((web.classes == row).sum()),
            )
            for row, kind in enumerate(kinds)
        ),
    )


def _png(cells: Codes, colours: tuple[str, ...], *, unknown: int) -> bytes:
    """Return classes as a picture with a palette; what is unknown is half clear."""
    palette = {
        row: (*(int(colour[at : at + 2], 16) for at in (1, 3, 5)), 96 if row == unknown else 255)
        for row, colour in enumerate(colours)
    }
    rows, columns = cells.shape
    by_pixels = Affine(1, 0, 0, 0, -1, rows)  # rasterio warns where a file says nothing of places
    with MemoryFile() as memory:
        with memory.open(
            driver="PNG",
            height=rows,
            width=columns,
            count=1,
            dtype="uint8",
            transform=by_pixels,
            zlevel=6,
        ) as file:
            file.write(cells, 1)
            file.write_colormap(1, palette)
        return bytes(memory.read())
