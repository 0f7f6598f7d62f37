"""What a metre of trench off the corridors costs: ground that a user gives, over a loaded grid.

Buildings and other forbidden areas of the grid are forbidden whatever the user gives; only the
house that a cable comes out of stays open. Land use is priced by the catalogue, a raster by itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.model.grid import BarrierKind, Surface
from gisplan.network.strands import (
    CorridorSettings,
    area_shapes,
    forbidden_areas,
    forbidden_rows,
    line_shapes,
    opened_factors,
)
from gisplan.planning.crossable import (
    NO_PRICE,
    barrier_groups,
    crossing_code_of_kind,
    crossing_price_cents,
)
from gisplan.planning.region import HOUSE
from gisplan.routing.terrain.hurdles import Hurdles
from gisplan.routing.terrain.raster import LARGEST_COST, CostRaster
from gisplan.routing.terrain.rasterise import (
    Extent,
    Features,
    extent_around,
    whole_raster_costs,
)
from gisplan.routing.terrain.sources import GivenRaster, RasterSource, ShapedGround

if TYPE_CHECKING:
    from gisplan.model.grid import Floats, Integers
    from gisplan.planning.region import Region
    from gisplan.routing.site import Geometries
    from gisplan.routing.terrain.raster import Window
    from gisplan.routing.terrain.sources import Box

CENTS = 100
CELL_M = 2.0
CELLS_MAX = 25_000_000
"""Land use is burnt into cells of 2 m, of more where that would take more than so many cells."""
MARGIN_M = 500.0
"""Land use counts so far around what is drawn and asked."""
DEAREST_CENTS_PER_M = LARGEST_COST // 2
"""Dearer ground is forbidden, with or without a cable: the other half is room for the cable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LandUse:
    """Areas in the working CRS with a price of a trench each; later areas lie over earlier ones.

    Parameters
    ----------
    shape : object (areas,), shapely polygons
    cost_per_m : float64 (areas,), money; NaN where the surface says it, infinity forbids
    surface : of each area, a class of the catalogue; empty where it has a price of its own
    name : what messages call each area
    """

    shape: Geometries
    cost_per_m: Floats
    surface: tuple[str, ...]
    name: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terrain:
    """Open ground as a user gives it, and what to call it: a raster of prices, or land use."""

    name: str
    ground: CostRaster | LandUse


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedField:
    """What a metre costs in the field, for one cable: works of a base, cable, what is forbidden.

    ``opened`` are areas where a metre costs ``opened_cents`` if the base forbids it.
    """

    base: RasterSource
    shut: ShapedGround
    opened: ShapedGround
    opened_cents: float
    cable_cents_per_m: float = 0.0

    @property
    def cheapest_cents_per_m(self) -> float:
        """No cell costs less."""
        least = float(self.base.cheapest_cents_per_m)
        if len(self.opened.land_use.shape):
            least = min(least, self.opened_cents)
        return max(least + self.cable_cents_per_m - 0.5, 0.0)

    @property
    def cell_m(self) -> float:
        """Side of a cell."""
        return self.base.cell_m

    @property
    def whole(self) -> Window:
        """All cells."""
        return self.base.whole

    def cut(self, window: Window) -> CostRaster:
        """Return the costs of a part."""
        given = self.base.cut(window)
        cost = given.cost_cents_per_m.astype(np.float64)
        cost[(cost < 0) | (cost > DEAREST_CENTS_PER_M)] = np.inf
        if len(self.opened.land_use.shape):
            is_own = self.opened.cut(window).cost_cents_per_m >= 0
            cost[is_own & np.isinf(cost)] = self.opened_cents
        cost[self.shut.cut(window).cost_cents_per_m < 0] = np.inf
        return replace(given, cost_cents_per_m=whole_raster_costs(cost + self.cable_cents_per_m))

    def window_around(self, box_m: Box) -> Window:
        """Return the cells of a box, as far as there are any."""
        return self.base.window_around(box_m)

    def with_cable(self, cable_per_m: float) -> PricedField:
        """Return the same field at the price of a cable, money a metre."""
        return replace(self, cable_cents_per_m=cable_per_m * CENTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Open ground around a question: what trenches cost, what is crossed, whose prices these are.

    ``hurdle_barrier`` are the rows of the grid's barriers that the hurdles are.
    """

    name: str
    civil: PricedField
    hurdles: Hurdles
    land_use: LandUse | None
    others: shapely.STRtree | None

    def surface_at(self, xy_m: Floats) -> tuple[str, bool]:
        """Return the surface at a place, and whether the catalogue has priced it."""
        if self.land_use is None or self.others is None:
            return Surface.OPEN_GROUND.name.lower(), False
        found = self.others.query(shapely.Point(xy_m), predicate="intersects")
        if not len(found):
            return Surface.OPEN_GROUND.name.lower(), True
        area = int(found.max())
        surface = self.land_use.surface[area]
        return surface or Surface.OPEN_GROUND.name.lower(), bool(surface)


def build_field(region: Region, terrain: Terrain, places_m: Floats, avoid: Geometries) -> Field:
    """Price the open ground of a question.

    Parameters
    ----------
    places_m : float64 (places, 2), where cables begin and end
    avoid : areas in the working CRS that no trench may enter

    Raises
    ------
    InputError
        If an area cannot be used, or the ground takes too many cells.
    """
    given = terrain.ground
    extent = _extent(region, given, places_m)
    base: RasterSource = (
        GivenRaster(raster=given)
        if isinstance(given, CostRaster)
        else _shaped(region, given, extent)
    )
    forbidden = forbidden_areas(region.snapshot.grid)
    own = _own_houses(region, places_m)
    shut = np.concatenate([np.delete(forbidden, own), polygons_of(avoid)])
    return Field(
        name=terrain.name,
        civil=PricedField(
            base=base,
            shut=_mask(extent, shut),
            opened=ShapedGround(
                extent=extent,
                ground_cents_per_m=math.inf,
                land_use=Features(shape=forbidden[own], value=np.ones(len(own))),
            ),
            opened_cents=region.ground.civil.connector_per_m * CENTS,
        ),
        hurdles=_hurdles(region),
        land_use=given if isinstance(given, LandUse) else None,
        others=shapely.STRtree(given.shape) if isinstance(given, LandUse) else None,
    )


def _mask(extent: Extent, shut: Geometries) -> ShapedGround:
    """Return ground that costs nothing, forbidden where shapes touch it."""
    obstacles = Features(shape=shut, value=np.full(len(shut), np.inf))
    return ShapedGround(extent=extent, ground_cents_per_m=0.0, obstacles=obstacles)


def polygons_of(areas: Geometries) -> Geometries:
    """Return the polygons of areas that may be collections of several."""
    parts = shapely.get_parts(shapely.get_parts(areas))
    polygons: Geometries = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    return polygons


def _extent(region: Region, given: CostRaster | LandUse, places_m: Floats) -> Extent:
    srid = region.snapshot.grid.working_srid
    if isinstance(given, CostRaster):
        rows, columns = given.shape
        return Extent(
            x_min_m=given.x_min_m,
            y_max_m=given.y_max_m,
            rows=rows,
            columns=columns,
            cell_m=given.cell_m,
            srid=srid,
        )
    drawn = shapely.total_bounds(given.shape)
    low = np.vstack([drawn[None, :2], places_m]).min(axis=0) - MARGIN_M
    high = np.vstack([drawn[None, 2:], places_m]).max(axis=0) + MARGIN_M
    west, south, east, north = (float(value) for value in (*low, *high))
    least_m = math.sqrt((east - west) * (north - south) / CELLS_MAX)
    cell_m = max(CELL_M, math.ceil(2 * least_m) / 2)
    return extent_around((west, south, east, north), cell_m, srid)


def _shaped(region: Region, given: LandUse, extent: Extent) -> ShapedGround:
    """Return land use at the prices of the catalogue; what is not drawn is open ground."""
    catalogue, obstacles = region.catalogue, region.snapshot.grid.obstacles
    by_surface = {one.name.lower(): catalogue.civil_cost_per_m(one) for one in Surface}
    price = given.cost_per_m.copy()
    for row in np.flatnonzero(np.isnan(price)):
        price[row] = by_surface[given.surface[row]]
    factor = opened_factors(obstacles)
    dear = np.flatnonzero(np.isfinite(factor) & (factor > 1))
    return ShapedGround(
        extent=extent,
        ground_cents_per_m=catalogue.civil_cost_per_m(Surface.OPEN_GROUND) * CENTS,
        land_use=Features(shape=given.shape, value=price * CENTS, name=given.name),
        obstacles=Features(shape=area_shapes(obstacles.shape, dear), value=factor[dear]),
    )


def _own_houses(region: Region, places_m: Floats) -> Integers:
    """Return the forbidden areas that a cable may come out of: houses that hold a place."""
    kind = region.snapshot.grid.obstacles.kind[forbidden_rows(region.snapshot.grid)]
    places = shapely.points(places_m)
    _, area = region.site_index.forbidden_tree.query(places, predicate="intersects")
    own: Integers = np.unique(area[kind[area] == HOUSE]).astype(np.int64)
    return own


def _hurdles(region: Region) -> Hurdles:
    """Return roads, rails and waters at the catalogue's price of a crossing.

    Where a corridor runs along a road the way joins that corridor, so there is no wall.
    """
    barriers = region.snapshot.grid.barriers
    code = crossing_code_of_kind()[barriers.kind]
    rows = np.flatnonzero(code != NO_PRICE)
    lines = line_shapes(barriers.shape)[rows]
    is_road = barriers.kind[rows] == BarrierKind.ROAD
    lines[is_road] = _off_corridors(lines[is_road], line_shapes(region.snapshot.corridors.shape))
    parts, of_line = shapely.get_parts(lines, return_index=True)
    cents = crossing_price_cents(region.catalogue)[code[rows]]
    return Hurdles(
        shape=parts,
        cents=cents[of_line].astype(np.float64),
        group=barrier_groups(barriers, rows)[of_line],
    )


def _off_corridors(roads: Geometries, corridors: Geometries) -> Geometries:
    """Return roads without what has a corridor along it."""
    along_m = CorridorSettings().within_road_m
    road, edge = shapely.STRtree(corridors).query(roads, predicate="dwithin", distance=along_m)
    off = roads.copy()
    for row in np.unique(road):
        near = shapely.union_all(shapely.buffer(corridors[edge[road == row]], along_m))
        off[row] = shapely.difference(roads[row], near)
    return off
