"""A density surface as a picture for a report: legend with units, scale bar, title, date."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gisplan.export.classed_picture import PictureLabels, draw_classed, write_picture
from gisplan.export.classed_raster import classed_surface
from gisplan.model.density import Extent

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

    from gisplan.model.density import DensitySurface

_VISIBLE_PART_OF_PEAK = 1e-3


def write_density_png(surface: DensitySurface, path: Path, labels: PictureLabels) -> None:
    """Draw the surface into a PNG file; the same surface and labels give the same bytes.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    write_picture(draw_density(surface, labels), path, labels.title)


def draw_density(surface: DensitySurface, labels: PictureLabels) -> Figure:
    """Draw the surface on a figure of its own."""
    return draw_classed(classed_surface(surface), visible_part(surface), how_made(surface), labels)


def visible_part(surface: DensitySurface) -> Extent:
    """Part of the raster to show: all of a study area or window, else where there is something."""
    values = surface.values
    if np.isnan(values).any() or not np.any(values > 0.0):
        return surface.extent
    seen = values >= _VISIBLE_PART_OF_PEAK * values.max()
    rows = np.flatnonzero(seen.any(axis=1))
    columns = np.flatnonzero(seen.any(axis=0))
    cell_m = surface.cell_m
    return Extent(
        x_min_m=surface.x_min_m + cell_m * int(columns[0]),
        x_max_m=surface.x_min_m + cell_m * (int(columns[-1]) + 1),
        y_min_m=surface.y_max_m - cell_m * (int(rows[-1]) + 1),
        y_max_m=surface.y_max_m - cell_m * int(rows[0]),
    )


def how_made(surface: DensitySurface) -> str:
    """How the surface was made."""
    total = f"{surface.total:,.0f}".replace(",", "\u2009")
    unit = "" if surface.total_unit == "1" else f" {surface.total_unit}"
    points = f"{surface.point_count:,}".replace(",", "\u2009")
    bandwidth = surface.bandwidth
    adapted = ""
    if bandwidth.range_m is not None:
        adapted = f", adapted from {bandwidth.range_m[0]:.0f} to {bandwidth.range_m[1]:.0f} m"
    return (
        f"{points} points, {total}{unit} in total · Gaussian kernel, bandwidth "
        f"{bandwidth.bandwidth_m:.0f} m ({bandwidth.method.value}){adapted} · "
        f"cells of {surface.cell_m:g} m · EPSG:{surface.srid}"
    )
