"""The grid near a place as features in lon/lat, for maps that are drawn outside the database."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from gisplan.export.feature import Feature, FeatureCollection
from gisplan.model.grid import Grid, LineRole
from gisplan.model.option import LonLat
from gisplan.model.projection import Projection


def build_grid_features(
    grid: Grid, *, around: Sequence[LonLat], margin_m: float = 300.0
) -> FeatureCollection:
    """Lines and transformers that meet the rectangle around the places, widened by a margin.

    Lines carry ``element_id``, ``name``, ``nominal_voltage_v``, ``role`` and ``conductor``;
    transformers ``element_id``, ``name``, ``nominal_voltage_v`` (of the upper side) and
    ``rated_power_kva``. The order is that of the grid.
    """
    projection = Projection(srid=grid.working_srid)
    x_m, y_m = np.array([projection.to_metres(lon, lat) for lon, lat in around]).T
    window = shapely.box(
        x_m.min() - margin_m, y_m.min() - margin_m, x_m.max() + margin_m, y_m.max() + margin_m
    )
    features = [*_lines(grid, window), *_transformers(grid, window)]
    return {"type": "FeatureCollection", "features": features}


def build_whole_grid(grid: Grid) -> FeatureCollection:
    """Return the whole grid as features, for a map that shows where an element lies."""
    x_m, y_m = grid.buses.x_m, grid.buses.y_m
    corners = np.array([[x_m.min(), y_m.min()], [x_m.max(), y_m.max()]])
    return build_grid_features(grid, around=Projection(srid=grid.working_srid).to_lon_lat(corners))


def _lines(grid: Grid, window: shapely.Polygon) -> list[Feature]:
    """Features of the lines that meet the window."""
    lines = grid.lines
    owner = np.repeat(np.arange(len(lines.shape)), np.diff(lines.shape.offset))
    shapes = shapely.linestrings(lines.shape.xy_m, indices=owner)
    projection = Projection(srid=grid.working_srid)
    near = np.flatnonzero(shapely.intersects(shapes, window)).tolist()
    return [_line(grid, row, projection) for row in near]


def _line(grid: Grid, row: int, projection: Projection) -> Feature:
    """Feature of one line."""
    lines = grid.lines
    return {
        "type": "Feature",
        "geometry": {
            "type": "LineString",
            "coordinates": projection.to_lon_lat(lines.shape.row(row)),
        },
        "properties": {
            "element_kind": "line",
            "element_id": str(lines.line_id[row]),
            "name": str(lines.name[row]),
            "nominal_voltage_v": float(grid.buses.nominal_voltage_v[lines.from_bus[row]]),
            "role": LineRole(int(lines.role[row])).name.lower(),
            "conductor": str(lines.conductor_type[row]),
        },
    }


def _transformers(grid: Grid, window: shapely.Polygon) -> list[Feature]:
    """Features of the transformers in the window, at their upper bus."""
    transformers = grid.transformers
    x_m, y_m = grid.buses.x_m[transformers.hv_bus], grid.buses.y_m[transformers.hv_bus]
    projection = Projection(srid=grid.working_srid)
    features: list[Feature] = []
    for row in np.flatnonzero(shapely.intersects_xy(window, x_m, y_m)):
        (place,) = projection.to_lon_lat(np.array([[x_m[row], y_m[row]]]))
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": place},
                "properties": {
                    "element_kind": "transformer",
                    "element_id": str(transformers.transformer_id[row]),
                    "name": str(transformers.name[row]),
                    "nominal_voltage_v": float(transformers.hv_voltage_v[row]),
                    "rated_power_kva": float(transformers.rated_power_kva[row]),
                },
            }
        )
    return features
