"""Cost rasters from land use, streets and obstacles."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from gisplan.errors import InputError
from gisplan.model.grid import Floats, Integers
from gisplan.routing.terrain.burn_kernel import burn_lines, burn_polygons
from gisplan.routing.terrain.raster import (
    FORBIDDEN,
    LARGEST_CELLS,
    LARGEST_COST,
    CostRaster,
)

Shapes = npt.NDArray[np.object_]
NAMED_MAX = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """Square cells over a rectangle of the working CRS.

    Parameters
    ----------
    x_min_m, y_max_m : north-west corner
    rows, columns : numbers of cells of side ``cell_m``
    srid : EPSG code of the metric CRS
    """

    x_min_m: float
    y_max_m: float
    rows: int
    columns: int
    cell_m: float
    srid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Areas or lines with a figure each.

    Parameters
    ----------
    shape : object (features,), shapely polygons or lines in the working CRS
    value : float64 (features,), cents a metre, or a factor on them; infinity forbids
    name : what messages call them, by default "feature 0" and so on
    """

    shape: Shapes
    value: Floats
    name: tuple[str, ...] = ()


NOTHING = Features(shape=np.zeros(0, dtype=object), value=np.zeros(0))


def extent_around(bounds: tuple[float, float, float, float], cell_m: float, srid: int) -> Extent:
    """Return whole cells that cover west, south, east, north; corners at multiples of the cell.

    Raises
    ------
    InputError
        If the bounds are empty or not finite, or would take too many cells.
    """
    west, south, east, north = bounds
    if not (all(map(math.isfinite, bounds)) and west < east and south < north and cell_m > 0):
        raise InputError(
            f"bounds {bounds} with cells of {cell_m} m; expected west < east, south < north and "
            "cells above 0 m"
        )
    left, top = math.floor(west / cell_m), math.ceil(north / cell_m)
    columns, rows = math.ceil(east / cell_m) - left, top - math.floor(south / cell_m)
    if rows * columns > LARGEST_CELLS:
        raise InputError(
            f"{rows:,} x {columns:,} cells of {cell_m} m; expected at most {LARGEST_CELLS:,}: take "
            "larger cells or a smaller area"
        )
    return Extent(
        x_min_m=left * cell_m,
        y_max_m=top * cell_m,
        rows=rows,
        columns=columns,
        cell_m=cell_m,
        srid=srid,
    )


def rasterise(
    extent: Extent,
    *,
    ground_cents_per_m: float,
    land_use: Features = NOTHING,
    streets: Features = NOTHING,
    obstacles: Features = NOTHING,
) -> CostRaster:
    """Return the cost of a metre on each cell.

    Land use counts by the middles of cells, later areas over earlier ones; streets lie on all cells
    that they touch, the cheapest where several do; a finite factor of an obstacle multiplies the
    cost at the middles inside, the largest where several overlap. Whatever has the figure infinity
    forbids every cell that it touches, over all else.

    Parameters
    ----------
    ground_cents_per_m : cost where no land use is given; infinity forbids what is not known
    land_use, streets : areas and lines with their cents a metre
    obstacles : areas with a factor

    Raises
    ------
    InputError
        If a shape cannot be used (named, with the reason), or a figure is negative or NaN.
    """
    for features, kind in ((land_use, "land use"), (streets, "street"), (obstacles, "obstacle")):
        _check_values(features, kind)
    _check_values(
        Features(shape=np.zeros(1, object), value=np.array([ground_cents_per_m])), "ground"
    )
    cost = np.full((extent.rows, extent.columns), ground_cents_per_m)
    _burn_areas(cost, extent, _finite(land_use), "land use", with_touched=False)
    _burn_streets(cost, extent, streets)
    factor = np.ones_like(cost)
    order = np.argsort(obstacles.value, kind="stable")
    _burn_areas(factor, extent, _finite(_taken(obstacles, order)), "obstacle", with_touched=False)
    cost *= factor
    for features, kind in ((land_use, "land use"), (obstacles, "obstacle")):
        shut = np.flatnonzero(np.isinf(features.value))
        _burn_areas(cost, extent, _taken(features, shut), kind, with_touched=True)
    return CostRaster(
        cost_cents_per_m=whole_raster_costs(cost),
        x_min_m=extent.x_min_m,
        y_max_m=extent.y_max_m,
        cell_m=extent.cell_m,
        srid=extent.srid,
    )


def whole_raster_costs(cost: Floats) -> npt.NDArray[np.int32]:
    """Return costs in whole cents, ``FORBIDDEN`` where they are infinite or too large to pay."""
    whole = np.full(cost.shape, FORBIDDEN, dtype=np.int32)
    is_open = cost <= LARGEST_COST
    whole[is_open] = np.rint(cost[is_open])
    return whole


def _burn_streets(cost: Floats, extent: Extent, streets: Features) -> None:
    lines = _taken(streets, np.argsort(-streets.value, kind="stable"))
    _check_shapes(lines, "street", _LINES)
    parts, of_line = shapely.get_parts(lines.shape, return_index=True)
    value = lines.value[of_line]
    uv, of_part = shapely.get_coordinates(parts, return_index=True)
    offset = np.searchsorted(of_part, np.arange(len(parts) + 1)).astype(np.int64)
    burn_lines(cost, _in_cells(uv, extent), offset, value)


def _burn_areas(
    cells: Floats, extent: Extent, areas: Features, kind: str, *, with_touched: bool
) -> None:
    if not len(areas.shape):
        return
    polygons, of_area = _valid_polygons(areas, kind)
    rings, of_polygon = shapely.get_rings(polygons, return_index=True)
    uv, of_ring = shapely.get_coordinates(rings, return_index=True)
    burn_polygons(
        cells,
        np.zeros(cells.shape, dtype=np.uint8),
        _in_cells(uv, extent),
        np.searchsorted(of_ring, np.arange(len(rings) + 1)).astype(np.int64),
        np.searchsorted(of_polygon, np.arange(len(polygons) + 1)).astype(np.int64),
        areas.value[of_area],
        with_touched,
    )


_LINES = {shapely.GeometryType.LINESTRING, shapely.GeometryType.MULTILINESTRING}
_AREAS = {shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON}


def _valid_polygons(areas: Features, kind: str) -> tuple[Shapes, Integers]:
    """Return the polygons of areas, self-crossing ones made valid, and the area of each."""
    _check_shapes(areas, kind, _AREAS)
    shape = areas.shape.copy()
    broken = np.flatnonzero(~shapely.is_valid(shape))
    shape[broken] = shapely.make_valid(shape[broken])
    flat = broken[shapely.area(shape[broken]) == 0]
    if len(flat):
        reason = shapely.is_valid_reason(areas.shape[flat[0]])
        raise InputError(
            f"{kind} {_named(areas, flat)} encloses no area ({reason}); expected a polygon"
        )
    if (shapely.get_type_id(shape) == shapely.GeometryType.POLYGON).all():
        return shape, np.arange(len(shape))
    parts, of_area = shapely.get_parts(shape, return_index=True)
    deeper, of_part = shapely.get_parts(parts, return_index=True)  # of geometry collections
    is_area = shapely.get_type_id(deeper) == shapely.GeometryType.POLYGON
    return deeper[is_area], of_area[of_part][is_area]


def _in_cells(xy_m: Floats, extent: Extent) -> Floats:
    u = (xy_m[:, 0] - extent.x_min_m) / extent.cell_m
    v = (extent.y_max_m - xy_m[:, 1]) / extent.cell_m
    return np.column_stack([u, v])


def _taken(features: Features, rows: Integers) -> Features:
    names = tuple(features.name[row] for row in rows) if features.name else ()
    if not names:
        names = tuple(f"feature {row}" for row in rows.tolist()) if len(rows) < 1000 else ()
    return Features(shape=features.shape[rows], value=features.value[rows], name=names)


def _finite(features: Features) -> Features:
    return _taken(features, np.flatnonzero(np.isfinite(features.value)))


def _named(features: Features, rows: Integers) -> str:
    names = [features.name[row] if features.name else f"feature {row}" for row in rows[:NAMED_MAX]]
    more = f" and {len(rows) - NAMED_MAX} more" if len(rows) > NAMED_MAX else ""
    return ", ".join(names) + more


def _check_shapes(features: Features, kind: str, types: set[shapely.GeometryType]) -> None:
    wrong = np.flatnonzero(~np.isin(shapely.get_type_id(features.shape), [int(t) for t in types]))
    if len(wrong):
        found = features.shape[wrong[0]]
        expected = "lines" if kind == "street" else "polygons"
        raise InputError(
            f"{kind} {_named(features, wrong)} is {getattr(found, 'geom_type', found)}; "
            f"expected {expected}"
        )
    bounds = shapely.bounds(features.shape)
    wrong = np.flatnonzero(~np.isfinite(bounds).all(axis=1))
    if len(wrong):
        raise InputError(
            f"{kind} {_named(features, wrong)} is empty or has a coordinate that is no finite "
            "number; mend or leave it out"
        )


def _check_values(features: Features, kind: str) -> None:
    if features.value.shape != features.shape.shape:
        raise InputError(
            f"{kind}: {len(features.shape)} shapes and {features.value.shape} figures; expected "
            "one for each"
        )
    wrong = np.flatnonzero(~(features.value >= 0))
    if len(wrong):
        raise InputError(
            f"{kind} {_named(features, wrong)} has the figure {features.value[wrong[0]]}; expected "
            "0 or more, infinity where it is forbidden"
        )
