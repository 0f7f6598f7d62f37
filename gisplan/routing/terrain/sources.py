"""Where the costs of a part of the ground come from: a given raster, or shapes burnt on demand."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import shapely

from gisplan.model.grid import Integers
from gisplan.routing.terrain.raster import CostRaster, Window
from gisplan.routing.terrain.rasterise import NOTHING, Extent, Features, rasterise

Box = tuple[float, float, float, float]
"""West, south, east, north in metres."""


class RasterSource(Protocol):
    """Where rasters of parts of the ground come from."""

    @property
    def cheapest_cents_per_m(self) -> float:
        """No cell costs less."""

    @property
    def cell_m(self) -> float:
        """Side of a cell."""

    @property
    def whole(self) -> Window:
        """All cells that there are."""

    def cut(self, window: Window) -> CostRaster:
        """Return the costs of a part."""

    def window_around(self, box_m: Box) -> Window:
        """Return the cells of west, south, east, north, as far as there are any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenRaster:
    """A cost raster as a source of its parts."""

    raster: CostRaster
    cheapest_cents_per_m: float = field(init=False)

    def __post_init__(self) -> None:
        costs = self.raster.cost_cents_per_m
        cheapest = float(costs[costs >= 0].min()) if (costs >= 0).any() else math.inf
        object.__setattr__(self, "cheapest_cents_per_m", cheapest)

    @property
    def cell_m(self) -> float:
        """Side of a cell."""
        return self.raster.cell_m

    @property
    def whole(self) -> Window:
        """All cells."""
        rows, columns = self.raster.shape
        return Window(row_from=0, row_to=rows, column_from=0, column_to=columns)

    def cut(self, window: Window) -> CostRaster:
        """Return the costs of a part."""
        return self.raster.cut(window)

    def window_around(self, box_m: Box) -> Window:
        """Return the cells of a box, as far as there are any."""
        raster = self.raster
        return _window(box_m, raster.x_min_m, raster.y_max_m, raster.cell_m, self.whole)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapedGround:
    """Land use, streets and obstacles, burnt where they are asked for; see ``rasterise``."""

    extent: Extent
    ground_cents_per_m: float
    land_use: Features = NOTHING
    streets: Features = NOTHING
    obstacles: Features = NOTHING
    trees: tuple[shapely.STRtree, ...] = field(init=False)

    def __post_init__(self) -> None:
        layers = (self.land_use, self.streets, self.obstacles)
        object.__setattr__(self, "trees", tuple(shapely.STRtree(part.shape) for part in layers))

    @property
    def cell_m(self) -> float:
        """Side of a cell."""
        return self.extent.cell_m

    @property
    def whole(self) -> Window:
        """All cells."""
        return Window(
            row_from=0, row_to=self.extent.rows, column_from=0, column_to=self.extent.columns
        )

    @property
    def cheapest_cents_per_m(self) -> float:
        """The least that any shape, or the ground itself, asks for; no cell costs less."""
        costs = [self.land_use.value, self.streets.value, np.array([self.ground_cents_per_m])]
        least = float(np.concatenate(costs).min())
        factor = float(self.obstacles.value.min(initial=1.0))
        return max(0.0, least * factor - 0.5)

    def cut(self, window: Window) -> CostRaster:
        """Return the costs of a part."""
        extent = self.extent
        part = Extent(
            x_min_m=extent.x_min_m + window.column_from * extent.cell_m,
            y_max_m=extent.y_max_m - window.row_from * extent.cell_m,
            rows=window.shape[0],
            columns=window.shape[1],
            cell_m=extent.cell_m,
            srid=extent.srid,
        )
        box = shapely.box(
            part.x_min_m,
            part.y_max_m - part.rows * part.cell_m,
            part.x_min_m + part.columns * part.cell_m,
            part.y_max_m,
        )
        layers = zip((self.land_use, self.streets, self.obstacles), self.trees, strict=True)
        land_use, streets, obstacles = (
            _some(features, np.sort(tree.query(box))) for features, tree in layers
        )
        return rasterise(
            part,
            ground_cents_per_m=self.ground_cents_per_m,
            land_use=land_use,
            streets=streets,
            obstacles=obstacles,
        )

    def window_around(self, box_m: Box) -> Window:
        """Return the cells of a box, as far as there are any."""
        extent = self.extent
        return _window(box_m, extent.x_min_m, extent.y_max_m, extent.cell_m, self.whole)


def _some(features: Features, rows: Integers) -> Features:
    return Features(
        shape=features.shape[rows],
        value=features.value[rows],
        name=tuple(features.name[row] for row in rows) if features.name else (),
    )


def _window(box_m: Box, x_min_m: float, y_max_m: float, cell_m: float, whole: Window) -> Window:
    west, south, east, north = box_m
    row_from = min(max(math.floor((y_max_m - north) / cell_m), 0), whole.row_to - 1)
    column_from = min(max(math.floor((west - x_min_m) / cell_m), 0), whole.column_to - 1)
    return Window(
        row_from=row_from,
        row_to=max(min(math.ceil((y_max_m - south) / cell_m), whole.row_to), row_from + 1),
        column_from=column_from,
        column_to=max(min(math.ceil((east - x_min_m) / cell_m), whole.column_to), column_from + 1),
    )
