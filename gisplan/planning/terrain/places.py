"""Why a place on open ground cannot be used, and the nearest one that can."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gisplan.routing.terrain.raster import find_nearest_free_cell

if TYPE_CHECKING:
    from gisplan.model.grid import Floats
    from gisplan.planning.region import Region
    from gisplan.planning.terrain.ground import Field
    from gisplan.routing.terrain.raster import CostRaster, Window

FIRST_REACH_CELLS = 64


def place_reason(region: Region, field: Field, name: str, xy_m: Floats) -> str:
    """Say why no way over the ground can begin or end at a place; empty where one can."""
    source = field.civil
    window = source.window_around((xy_m[0], xy_m[1], xy_m[0], xy_m[1]))
    raster = source.cut(window)
    cell = int(raster.cells_of(xy_m[:1], xy_m[1:])[0])
    if cell >= 0 and raster.cost_cents_per_m.reshape(-1)[cell] >= 0:
        return ""
    what = "lies beyond" if cell < 0 else "lies on ground that is forbidden in"
    return f"{name} {what} {field.name} or the loaded grid{_way_out(region, field, xy_m)}"


def no_way_reason(field: Field) -> str:
    """Say that streets and ground lead nowhere."""
    return (
        f"no way leads there over streets and the ground of {field.name}: what is forbidden shuts "
        "it in; allow more ground, or avoid less"
    )


def _way_out(region: Region, field: Field, xy_m: Floats) -> str:
    """Name the nearest place where a way may begin."""
    raster, cell = _nearest_free(field, xy_m)
    if cell < 0:
        return "; all of the ground is forbidden: give ground that has a price"
    place = raster.middles_of(np.array([cell]))
    ((lon, lat),) = region.projection.to_lon_lat(place)
    away_m = float(np.hypot(*(place[0] - xy_m)))
    return f". The nearest place that can be used is {away_m:.0f} m away at {lon:.6f}, {lat:.6f}"


def _nearest_free(field: Field, xy_m: Floats) -> tuple[CostRaster, int]:
    """Return the nearest free cell of windows that grow, -1 where all are forbidden."""
    source, reach = field.civil, FIRST_REACH_CELLS
    while True:
        half_m = reach * source.cell_m
        window: Window = source.window_around(
            (xy_m[0] - half_m, xy_m[1] - half_m, xy_m[0] + half_m, xy_m[1] + half_m)
        )
        raster = source.cut(window)
        cell = find_nearest_free_cell(raster, float(xy_m[0]), float(xy_m[1]))
        if window == source.whole:
            return raster, cell
        if cell >= 0:
            away = np.hypot(*(raster.middles_of(np.array([cell]))[0] - xy_m))
            if away <= half_m:
                return raster, cell
        reach *= 4
