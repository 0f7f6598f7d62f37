"""Density of what the database holds, as a surface and as a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pyproj import Transformer

from gisplan.density.bandwidth import (
    cross_validated_bandwidth,
    given_bandwidth,
    scott_bandwidth,
)
from gisplan.density.surface import StudyArea, density_surface
from gisplan.export.density_file import check_density_ending, write_density
from gisplan.export.density_picture import PictureLabels
from gisplan.model.density import (
    ApplicationFilter,
    Bandwidth,
    BandwidthMethod,
    DensitySurface,
    DensityWeight,
    Extent,
)
from gisplan.model.grid import Floats, Polylines
from gisplan.store.density_points import read_application_points, read_grid_lines
from gisplan.store.grid_reader import active_version

if TYPE_CHECKING:
    from psycopg import Connection

_LON_LAT_SRID = 4326
_EVERYTHING = ApplicationFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class DensityQuestion:
    """What is to be shown, how finely, and how smoothly.

    Without ``bandwidth_m`` the method finds it, from the places alone: by weight, a few large
    customers would decide it for everybody. Without ``extent`` and ``study_area`` the surface
    reaches as far as any application does.
    """

    cell_m: float
    bandwidth_m: float | None = None
    bandwidth_method: BandwidthMethod = BandwidthMethod.CROSS_VALIDATION
    weight: DensityWeight = DensityWeight.DEMAND_KVA
    applications: ApplicationFilter = _EVERYTHING
    extent: Extent | None = None
    study_area: StudyArea | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationDensity:
    """A surface, and what is drawn with it: the places and the grid, in its CRS."""

    surface: DensitySurface
    places: Floats
    grid_lines: Polylines


def application_density(connection: Connection, question: DensityQuestion) -> ApplicationDensity:
    """Density of applications in the working CRS of the grid that serves.

    Where no application is chosen, the surface covers the grid and is no data everywhere.

    Raises
    ------
    NoGridError
        If nothing has been loaded yet: the grid names the working CRS.
    InputError
        If cell size, bandwidth or area cannot be used.
    """
    version = active_version(connection)
    grid_lines = read_grid_lines(connection, version.version_id)
    points = read_application_points(
        connection, weight=question.weight, chosen=question.applications
    )
    transformer = Transformer.from_crs(_LON_LAT_SRID, version.working_srid, always_xy=True)
    x_m, y_m = transformer.transform(points.lon, points.lat)
    surface = density_surface(
        x_m,
        y_m,
        points.weight,
        cell_m=question.cell_m,
        bandwidth=_bandwidth(x_m, y_m, question),
        srid=version.working_srid,
        weight_unit=question.weight.unit,
        extent=question.extent or (None if len(x_m) else _extent_of(grid_lines)),
        study_area=question.study_area,
    )
    return ApplicationDensity(
        surface=surface, places=np.column_stack((x_m, y_m)), grid_lines=grid_lines
    )


def save_application_density(
    connection: Connection,
    question: DensityQuestion,
    path: Path,
    *,
    title: str = "",
    source: str = "",
    on: date | None = None,
) -> DensitySurface:
    """Write the density of applications to a GeoTIFF or a PNG, by ending; the surface comes back.

    Raises
    ------
    NoGridError
        If nothing has been loaded yet.
    InputError
        If the question or the file cannot be used.
    """
    check_density_ending(path)
    density = application_density(connection, question)
    labels = PictureLabels(
        title=title or _TITLES[question.weight],
        subtitle=_describe(question.applications),
        source=source,
        on=on,
        lines=density.grid_lines if len(density.grid_lines) else None,
        places=density.places if len(density.places) else None,
    )
    write_density(density.surface, path, labels)
    return density.surface


def density_warnings(surface: DensitySurface) -> tuple[str, ...]:
    """What a reader of the surface must know."""
    warnings = list(surface.bandwidth.warnings)
    if surface.point_count == 0:
        warnings.append("no application lies inside: the whole surface is no data")
    if surface.outside_count:
        warnings.append(f"{surface.outside_count} applications lie outside and are not in it")
    return tuple(warnings)


_TITLES = {
    DensityWeight.DEMAND_KVA: "Applications: density of the demand asked for",
    DensityWeight.COUNT: "Applications: number per square kilometre",
}


def _bandwidth(x_m: Floats, y_m: Floats, question: DensityQuestion) -> Bandwidth:
    """Bandwidth as given, or by its method from the places alone."""
    if question.bandwidth_m is not None:
        return given_bandwidth(question.bandwidth_m)
    alike = np.ones(len(x_m))
    if question.bandwidth_method is BandwidthMethod.SCOTT:
        return scott_bandwidth(x_m, y_m, alike, cell_m=question.cell_m)
    return cross_validated_bandwidth(x_m, y_m, alike, cell_m=question.cell_m)


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


def _describe(chosen: ApplicationFilter) -> str:
    """Which applications these are, in a line."""
    kinds = ", ".join(chosen.kinds) or "all kinds"
    period = ""
    if chosen.applied_from or chosen.applied_until:
        first, last = chosen.applied_from or "the beginning", chosen.applied_until or "today"
        period = f"applied for from {first} to {last}"
    return " · ".join(filter(None, (kinds, ", ".join(chosen.statuses), period)))
