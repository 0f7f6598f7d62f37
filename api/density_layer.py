"""Density and hot spots as a layer of the page: classes, figures of the whole and of one place."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel

from gisplan.export.classed_raster import ClassedRaster, classed_surface
from gisplan.export.density_classes import unit_text
from gisplan.export.hot_spot_raster import classed_hot_spots
from gisplan.model.projection import Projection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gisplan.model.grid import Floats
    from gisplan.rules.catalogue import Catalogue
    from gisplan.services.density import LayerDensity
    from gisplan.services.hot_spots import LayerHotSpots

COUNTED = "1"
PREFIX = "density."


class LegendClass(BaseModel):
    """One class of a raster: its colour and what it says."""

    colour: str
    text: str


class Legend(BaseModel):
    """What the colours of tiles mean, the highest class first."""

    heading: str
    classes: list[LegendClass]


class Figure(BaseModel):
    """One figure; none where it is not known. A unit is empty where a figure has none."""

    name: str
    value: float | None
    unit: str


class DensityLegend(Legend):
    """The legend of tiles, what they were made of, and what a reader must know."""

    figures: list[Figure]
    notes: list[str]


class DensityHere(BaseModel):
    """The class and the figures of a place; beyond the raster there is neither."""

    lon: float
    lat: float
    found: LegendClass | None
    figures: list[Figure]


class DensityRule(BaseModel):
    """A row of the catalogue, and how far it is to be trusted."""

    rule: str
    title: str
    value: float
    unit: str
    source: str
    clause: str
    confidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRaster:
    """A raster in classes, and the figures behind it.

    ``values`` has for each name the unit and an array of the raster's own shape.
    """

    raster: ClassedRaster
    values: Mapping[str, tuple[str, Floats]]
    figures: tuple[Figure, ...]
    notes: tuple[str, ...]

    @property
    def legend(self) -> DensityLegend:
        """The classes, the highest first."""
        pairs = list(zip(self.raster.colours, self.raster.texts, strict=True))
        return DensityLegend(
            heading=self.raster.heading,
            classes=[LegendClass(colour=colour, text=text) for colour, text in reversed(pairs)],
            figures=list(self.figures),
            notes=list(self.notes),
        )

    def here(self, lon: float, lat: float) -> DensityHere:
        """Return what the raster says of a place."""
        cell = _cell(self.raster, lon, lat)
        if cell is None:
            return DensityHere(lon=lon, lat=lat, found=None, figures=[])
        code = int(self.raster.codes[cell])
        found = LegendClass(colour=self.raster.colours[code], text=self.raster.texts[code])
        figures = [
            figure_of(name, float(values[cell]), unit)
            for name, (unit, values) in self.values.items()
        ]
        return DensityHere(lon=lon, lat=lat, found=found, figures=figures)


def shown_density(density: LayerDensity) -> ShownRaster:
    """Return a surface as a layer."""
    surface = density.surface
    return ShownRaster(
        raster=classed_surface(surface),
        values={"density": (unit_text(surface.unit), surface.values)},
        figures=(
            figure_of("counted", surface.point_count),
            figure_of("sum", surface.total, surface.total_unit),
            figure_of("peak", math.nan if surface.peak is None else surface.peak, surface.unit),
            figure_of("bandwidth", surface.bandwidth.bandwidth_m, "m"),
            figure_of("cell", surface.cell_m, "m"),
        ),
        notes=density.warnings,
    )


def shown_hot_spots(spots: LayerHotSpots) -> ShownRaster:
    """Return hot spots as a layer."""
    raster = spots.raster
    return ShownRaster(
        raster=classed_hot_spots(raster),
        values={
            "sum": (raster.sum_unit, raster.sums),
            "counted": (COUNTED, raster.counts),
            "gi_star": ("", raster.score),
            "p_value": ("", raster.p_value),
        },
        figures=(
            figure_of("counted", spots.point_count),
            figure_of("sum", float(np.nansum(raster.sums)), raster.sum_unit),
            figure_of("false_discoveries", raster.alpha),
            figure_of("radius", raster.radius_m, "m"),
            figure_of("cell", raster.cell_m, "m"),
        ),
        notes=spots.warnings,
    )


def density_rules(catalogue: Catalogue) -> list[DensityRule]:
    """Return the rules of density in the order of their ids."""
    rules = [catalogue.rules[name] for name in sorted(catalogue.rules) if name.startswith(PREFIX)]
    return [
        DensityRule(
            rule=one.rule_id,
            title=one.title,
            value=one.value,
            unit=one.unit,
            source=one.source,
            clause=one.clause,
            confidence=one.confidence,
        )
        for one in rules
    ]


def figure_of(name: str, value: float, unit: str = COUNTED) -> Figure:
    """Return a figure in its unit; what is not finite is not known."""
    known = value if math.isfinite(value) else None
    return Figure(name=name, value=known, unit="" if unit == COUNTED else unit_text(unit))


def _cell(raster: ClassedRaster, lon: float, lat: float) -> tuple[int, int] | None:
    """Return row and column of the cell that a place lies in."""
    x_m, y_m = Projection(srid=raster.srid).to_metres(lon, lat)
    rows, columns = raster.codes.shape
    across, down = (x_m - raster.x_min_m) / raster.cell_m, (raster.y_max_m - y_m) / raster.cell_m
    if not (0 <= across < columns and 0 <= down < rows):
        return None
    return int(down), int(across)
