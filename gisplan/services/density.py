"""Density of what the database holds, as a surface and as a file."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.density.adaptive import adaptive_surface
from gisplan.density.bandwidth import (
    cross_validated_bandwidth,
    given_bandwidth,
    rule_bandwidth,
)
from gisplan.density.frame import MAX_CELLS, check_cell_size
from gisplan.density.surface import REACH_SIGMAS, density_surface
from gisplan.errors import InputError
from gisplan.export.classed_picture import PictureLabels
from gisplan.export.density_file import check_density_ending, write_density
from gisplan.export.density_phrases import Language
from gisplan.model.density import (
    ApplicationFilter,
    ApplicationStatus,
    BandwidthMethod,
    DensityLayer,
    DensityWeight,
    Extent,
)
from gisplan.services.density_layer import EVERY_APPLICATION, LayerPoints, read_layer
from gisplan.services.electrical import untold
from gisplan.store.density_points import read_grid_lines
from gisplan.store.grid_reader import active_version

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from psycopg import Connection

    from gisplan.density.surface import StudyArea
    from gisplan.model.density import Bandwidth, DensitySurface
    from gisplan.model.grid import Floats, Polylines
    from gisplan.services.electrical import Progress

PLACES_SHOWN = 300
PADDED_MAX = 2
"""A window and what its kernel reaches around it may be so many times as many cells."""

_RULES = frozenset({BandwidthMethod.SCOTT, BandwidthMethod.SILVERMAN})
_TITLES = {
    DensityLayer.APPLICATION: "Applications",
    DensityLayer.LOAD: "Existing load",
    DensityLayer.GENERATION: "Generators",
}
_MEASURES = {
    DensityWeight.DEMAND_KVA: "density of the contract capacity",
    DensityWeight.POWER_KW: "density of the power at the peak",
    DensityWeight.ENERGY_MWH: "density of the yearly energy",
    DensityWeight.COUNT: "number per square kilometre",
}
_SUMMED = {
    DensityWeight.DEMAND_KVA: "contract capacity",
    DensityWeight.POWER_KW: "power at the peak",
    DensityWeight.ENERGY_MWH: "yearly energy",
    DensityWeight.COUNT: "number",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DensityQuestion:
    """What is to be shown, how finely, and how smoothly.

    Without ``bandwidth_m`` the method finds it, from the places alone: by weight, a few large
    customers would decide it for everybody. ``is_adaptive`` makes kernels narrow where points
    gather. Without ``extent`` and ``study_area`` the surface reaches as far as any point does.
    """

    cell_m: float
    bandwidth_m: float | None = None
    bandwidth_method: BandwidthMethod = BandwidthMethod.CROSS_VALIDATION
    is_adaptive: bool = False
    layer: DensityLayer = DensityLayer.APPLICATION
    weight: DensityWeight = DensityWeight.DEMAND_KVA
    applications: ApplicationFilter = EVERY_APPLICATION
    extent: Extent | None = None
    study_area: StudyArea | None = None
    cells_max: int = MAX_CELLS


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerDensity:
    """A surface, the points that it was made of, and the grid to draw with it, all in its CRS."""

    question: DensityQuestion
    surface: DensitySurface
    points: LayerPoints
    grid_lines: Polylines
    grid_version: int

    @property
    def places(self) -> Floats:
        """Places that were counted, shape (n, 2)."""
        points = self.points
        xy_m: Floats = np.column_stack((points.x_m, points.y_m))[points.is_known]
        return xy_m

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of the surface must know."""
        surface, noun = self.surface, self.points.noun
        warnings = list(self.points.warnings)
        if surface.point_count:
            warnings.extend(surface.bandwidth.warnings)
        elif len(self.points) == 0:
            warnings.append(f"there are no {noun} of this kind: there is no data")
        else:
            warnings.append(f"none of the {noun} lies inside: the whole surface is no data")
        if surface.outside_count:
            warnings.append(
                f"{surface.outside_count:,} {noun} lie outside the area and are not in it"
            )
        return tuple(warnings)


def layer_density(
    connection: Connection, question: DensityQuestion, *, progress: Progress | None = None
) -> LayerDensity:
    """Density of a layer in the working CRS of the grid that serves.

    Where nothing is there to count, the surface covers the grid and is no data everywhere.

    Raises
    ------
    NoGridError
        If nothing has been loaded yet: the grid names the working CRS.
    InputError
        If layer and weight, cell size, bandwidth or area cannot be used.
    """
    tell = progress or untold
    tell("reading", 0, 3)
    version = active_version(connection)
    grid_lines = read_grid_lines(connection, version.version_id)
    points = read_layer(
        connection,
        version,
        layer=question.layer,
        weight=question.weight,
        applications=question.applications,
    )
    known = points.is_known
    x_m, y_m = points.x_m[known], points.y_m[known]
    tell("bandwidth", 1, 3)
    bandwidth = _bandwidth(x_m, y_m, question)
    extent = question.extent or (None if len(x_m) else _extent_of(grid_lines))
    bounds = _bounds(question, bandwidth, extent, np.column_stack((x_m, y_m)))
    check_cell_limit(bounds, question.cell_m, question.cells_max)
    _check_reach(bounds, bandwidth, question)
    tell("surface", 2, 3)
    draw = adaptive_surface if question.is_adaptive else density_surface
    surface = draw(
        x_m,
        y_m,
        points.weight[known],
        cell_m=question.cell_m,
        bandwidth=bandwidth,
        srid=version.working_srid,
        weight_unit=question.weight.unit,
        extent=extent,
        study_area=question.study_area,
    )
    tell("surface", 3, 3)
    return LayerDensity(
        question=question,
        surface=surface,
        points=points,
        grid_lines=grid_lines,
        grid_version=version.version_id,
    )


def save_density(
    density: LayerDensity,
    path: Path,
    *,
    title: str = "",
    source: str = "",
    on: date | None = None,
    language: Language = Language.ENGLISH,
) -> None:
    """Write a density; the ending says how, and a picture is in a language.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    check_density_ending(path)
    labels = density_labels(density, title, source, on, language)
    write_density(density.surface, path, labels)


def density_labels(
    density: LayerDensity,
    title: str = "",
    source: str = "",
    on: date | None = None,
    language: Language = Language.ENGLISH,
) -> PictureLabels:
    """What is said about a density on a picture or a map."""
    question, places = density.question, density.places
    return PictureLabels(
        title=title or density_title(question.layer, question.weight),
        subtitle=describe_points(question.layer, question.applications),
        source=source,
        notes=density.warnings,
        on=on,
        lines=density.grid_lines if len(density.grid_lines) else None,
        # more dots than this hide what they are to explain
        places=places if 0 < len(places) <= PLACES_SHOWN else None,
        places_name=density.points.noun.removesuffix("s"),
        language=language,
    )


def measure_name(weight: DensityWeight) -> str:
    """What is summed, in words."""
    return _SUMMED[weight]


def layer_name(layer: DensityLayer) -> str:
    """What a layer is called in a title."""
    return _TITLES[layer]


def density_title(layer: DensityLayer, weight: DensityWeight) -> str:
    """Title of a density of a layer."""
    return f"{_TITLES[layer]}: {_MEASURES[weight]}"


def describe_points(layer: DensityLayer, chosen: ApplicationFilter) -> str:
    """Which points these are, in a line."""
    if layer is not DensityLayer.APPLICATION:
        return "of the grid that serves"
    file, statuses, period = "", chosen.statuses, ""
    if chosen.given is not None:
        file = f"applications of the file {chosen.given.name}"
        statuses = (ApplicationStatus.RECEIVED,)
    if chosen.applied_from or chosen.applied_until:
        first, last = chosen.applied_from or "the beginning", chosen.applied_until or "today"
        period = f"applied for from {first} to {last}"
    kinds = ", ".join(chosen.kinds) or "all kinds"
    classes = ", ".join(chosen.customer_classes)
    return " · ".join(filter(None, (file, kinds, classes, ", ".join(statuses), period)))


def _bandwidth(x_m: Floats, y_m: Floats, question: DensityQuestion) -> Bandwidth:
    """Bandwidth as given, or by its method from the places alone."""
    if question.bandwidth_m is not None:
        return given_bandwidth(question.bandwidth_m)
    alike, method = np.ones(len(x_m)), question.bandwidth_method
    if method is BandwidthMethod.GIVEN:
        raise InputError("the bandwidth is to be given, and is not: give a number of metres")
    if method in _RULES:
        return rule_bandwidth(x_m, y_m, alike, cell_m=question.cell_m, method=method)
    return cross_validated_bandwidth(x_m, y_m, alike, cell_m=question.cell_m)


def check_cell_limit(
    bounds: tuple[float, float, float, float], cell_m: float, cells_max: int
) -> None:
    """Refuse more cells than the asker may have, before any is made.

    Raises
    ------
    InputError
        Naming a size that would do.
    """
    check_cell_size(cell_m)
    west, south, east, north = bounds
    count = (east - west) / cell_m * ((north - south) / cell_m)
    if count > cells_max:
        enough_m = math.sqrt((east - west) * (north - south) / cells_max)
        raise InputError(
            f"cells of {cell_m:g} m are about {count:,.0f} here, at most {cells_max:,} are drawn: "
            f"take cells of {math.ceil(enough_m)} m or more, or a smaller area"
        )


def _check_reach(
    bounds: tuple[float, float, float, float], bandwidth: Bandwidth, question: DensityQuestion
) -> None:
    """Refuse a kernel that reaches far beyond a window: it is blurred there too, cell by cell."""
    if question.study_area is not None or question.extent is None:
        return
    reach_m = REACH_SIGMAS * bandwidth.bandwidth_m
    west, south, east, north = bounds
    count = (east - west + 2 * reach_m) / question.cell_m
    count *= (north - south + 2 * reach_m) / question.cell_m
    if count > PADDED_MAX * question.cells_max:
        raise InputError(
            f"a bandwidth of {bandwidth.bandwidth_m:g} m reaches {reach_m:g} m around the area, "
            f"which are about {count:,.0f} cells of {question.cell_m:g} m, at most "
            f"{PADDED_MAX * question.cells_max:,} are computed: take larger cells or a smaller "
            "bandwidth"
        )


def _bounds(
    question: DensityQuestion, bandwidth: Bandwidth, extent: Extent | None, places: Floats
) -> tuple[float, float, float, float]:
    """Rectangle that the surface will cover, about."""
    if question.study_area is not None:
        return question.study_area.bounds
    if extent is not None:
        return extent.x_min_m, extent.y_min_m, extent.x_max_m, extent.y_max_m
    if len(places) == 0:
        return 0.0, 0.0, question.cell_m, question.cell_m
    reach_m = REACH_SIGMAS * bandwidth.bandwidth_m
    west, south = (places.min(axis=0) - reach_m).tolist()
    east, north = (places.max(axis=0) + reach_m).tolist()
    return west, south, east, north


def _extent_of(lines: Polylines) -> Extent | None:
    """Rectangle around lines, if there are any."""
    if len(lines.xy_m) == 0:
        return None
    (x_min_m, y_min_m), (x_max_m, y_max_m) = lines.xy_m.min(axis=0), lines.xy_m.max(axis=0)
    return Extent(
        x_min_m=float(x_min_m),
        y_min_m=float(y_min_m),
        x_max_m=float(x_max_m),
        y_max_m=float(y_max_m),
    )
