"""Synthetic footprints of the houses: the source knows a point only.

Every house gets a rectangle along its street that holds the point, no main and no other house.
"""

from __future__ import annotations

from itertools import product

import geopandas as gpd
import numpy as np
import shapely
from region import SRID, Region, Shapes

from gisplan.model.grid import Floats

HOUSE_LENGTH_M, HOUSE_WIDTH_M = 12.0, 10.0
# What a wall keeps, where there is room, from mains and from the middle between two houses.
SETBACK_M = 1.5


def derive_buildings(region: Region) -> gpd.GeoDataFrame:
    """Put a footprint around every house, along the nearest main, clear of mains and neighbours."""
    houses = region.customers.geometry.to_numpy()
    mains = region.mains
    tree = shapely.STRtree(mains)
    room = _room_of_houses(houses, mains, tree)
    street = mains[tree.nearest(houses)]
    shapes = [_footprint(*house) for house in zip(houses, street, room, strict=True)]
    columns = {
        "building_id": [name.removeprefix("HH_") for name in region.customers["name"]],
        "lv_bus": region.customers["bus"].to_numpy(),
        "obstacle_kind": "building",
        "footprint_area_m2": np.round(shapely.area(shapes), 1),
        "synthetic": True,
        "derived_from": "house point, turned along the nearest main; not a surveyed building",
    }
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=SRID)


def _room_of_houses(houses: Shapes, mains: Shapes, tree: shapely.STRtree) -> list[shapely.Geometry]:
    """Polygon around each house that is nearer to it than to any other and clear of mains.

    Cells of a Voronoi diagram do not overlap, so neither do footprints, in whatever order they
    are placed.
    """
    points = shapely.MultiPoint(houses)
    cells = np.array(shapely.voronoi_polygons(points, extend_to=points.buffer(100)).geoms)
    at, cell_of = shapely.STRtree(cells).query(houses, predicate="intersects")
    cell = cells[cell_of[np.argsort(at, kind="stable")]]
    room = []
    for house, own in zip(houses, cell, strict=True):
        near = mains[tree.query(house.buffer(20.0), predicate="intersects")]
        clearance_m = min(SETBACK_M, 0.5 * min(shapely.distance(house, near), default=SETBACK_M))
        margin_m = min(SETBACK_M / 2, 0.5 * house.distance(own.exterior))
        free = own.buffer(-margin_m).difference(shapely.union_all(near).buffer(clearance_m))
        room.append(next(part for part in shapely.get_parts(free) if part.intersects(house)))
    return room


def _footprint(
    house: shapely.Point, street: shapely.LineString, room: shapely.Geometry
) -> shapely.Polygon:
    """Largest rectangle of a set of sizes and shifts that holds the house and fits its room."""
    along = _direction(house, street)
    across = np.array([-along[1], along[0]])
    shifts = sorted(product((0.0, 0.2, -0.2, 0.4, -0.4, 0.49, -0.49), repeat=2), key=_shift_size)
    corners = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
    shapely.prepare(room)
    for scale in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05):
        size = scale * np.array([HOUSE_LENGTH_M, HOUSE_WIDTH_M])
        local = (corners[None] + np.array(shifts)[:, None]) * size
        xy = np.array([house.x, house.y]) + local @ np.array([along, across])
        candidates = shapely.polygons(np.round(xy, 3))
        fitting = np.flatnonzero(shapely.covers(room, candidates))
        if len(fitting):
            largest: shapely.Polygon = candidates[fitting[0]]
            return largest
    raise ValueError(f"no footprint fits the house at {house.x:.1f}, {house.y:.1f}")


def _shift_size(shift: tuple[float, ...]) -> tuple[float, float, float]:
    return abs(shift[0]) + abs(shift[1]), shift[0], shift[1]


def _direction(house: shapely.Point, street: shapely.LineString) -> Floats:
    """Unit vector of the street's segment that is nearest to the house."""
    xy = shapely.get_coordinates(street)
    segments = shapely.linestrings(np.stack([xy[:-1], xy[1:]], axis=1))
    nearest = int(np.argmin(shapely.distance(segments, house)))
    step = xy[nearest + 1] - xy[nearest]
    unit: Floats = step / np.hypot(*step)
    return unit
