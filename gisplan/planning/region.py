"""What planning knows of one grid version and catalogue, prepared once for many applications."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.errors import InputError, OutsideAreaError
from gisplan.model.application import OUTSIDE_MAX_M
from gisplan.model.projection import Projection
from gisplan.network.strands import (
    LINKS,
    forbidden_areas,
    forbidden_rows,
    line_shapes,
    place_points,
)
from gisplan.planning.access import KINDS, LEVEL_KINDS, build_access_table
from gisplan.planning.access_ends import PricedTargets, build_access_ends
from gisplan.planning.bus_joins import build_bus_joins
from gisplan.planning.candidates import Ground
from gisplan.planning.civil import build_civil_works
from gisplan.planning.mains import MainIndex, build_main_index
from gisplan.planning.priced import build_priced_graphs
from gisplan.routing.site import SiteIndex

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gisplan.model.application import Application
    from gisplan.model.grid import Floats, Grid, Integers, Texts
    from gisplan.network.snapshot import Snapshot
    from gisplan.planning.access import AccessTable
    from gisplan.routing.site import Geometries
    from gisplan.rules.catalogue import Catalogue

HOUSE = "building"  # the one kind of forbidden area that a customer's cable comes out of
PARCEL_SLACK_M = 1.0  # a place this far outside its parcel is a matter of drawing
PLACES_TOLD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class NearestAccess:
    """An access element and its place nearest to a site; ``line`` or ``bus`` is -1."""

    line: int
    bus: int
    xy_m: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPlaces:
    """Access elements of one voltage level by place; ``line`` or ``bus`` of a row is -1."""

    tree: shapely.STRtree
    line: Integers
    bus: Integers

    def find_nearest(self, site_xy_m: tuple[float, float]) -> NearestAccess | None:
        """Return the nearest element, the first in the tables where several are as near."""
        site = shapely.Point(site_xy_m)
        found = self.tree.query_nearest(site, all_matches=True)
        if len(found) == 0:
            return None
        row = int(np.min(found))
        way = shapely.get_coordinates(shapely.shortest_line(site, self.tree.geometries[row]))
        return NearestAccess(line=int(self.line[row]), bus=int(self.bus[row]), xy_m=way[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A snapshot with its catalogue, its search graph and its indices by id and by place."""

    snapshot: Snapshot
    catalogue: Catalogue
    projection: Projection
    ground: Ground
    site_index: SiteIndex
    bus_row: Mapping[str, int]
    line_row: Mapping[str, int]
    access_places: Mapping[str, AccessPlaces]
    mains: MainIndex


def build_region(snapshot: Snapshot, catalogue: Catalogue) -> Region:
    """Prepare a snapshot for planning."""
    grid, corridors = snapshot.grid, snapshot.corridors
    access = build_access_table(grid, corridors, catalogue)
    civil = build_civil_works(corridors, grid, catalogue)
    site_index = SiteIndex.build(
        line_shapes(corridors.shape),
        forbidden_areas(grid),
        roadside=corridors.edge_roadside,
        landable=~np.isin(corridors.corridor_id, LINKS)[corridors.edge_corridor],
        leavable=grid.obstacles.kind[forbidden_rows(grid)] == HOUSE,
        between=civil.crossable.between,
    )
    joins = build_bus_joins(grid, access, site_index, catalogue.value("connector.max_length_m"))
    return Region(
        snapshot=snapshot,
        catalogue=catalogue,
        projection=Projection(srid=grid.working_srid),
        ground=Ground(
            corridors=corridors,
            civil=civil,
            access=access,
            graphs=build_priced_graphs(corridors, civil),
            targets=PricedTargets(
                civil=civil, access=access, ends=build_access_ends(grid, corridors, access, joins)
            ),
            line_shapes=line_shapes(grid.lines.shape),
        ),
        site_index=site_index,
        bus_row=_rows(grid.buses.bus_id),
        line_row=_rows(grid.lines.line_id),
        access_places={level: _access_places(grid, access, level) for level in LEVEL_KINDS},
        mains=build_main_index(grid.barriers),
    )


def site_metres(region: Region, lon: float, lat: float) -> tuple[float, float]:
    """Return a place in the working CRS.

    Raises
    ------
    OutsideAreaError
        If it lies more than 5 km outside the bounds of the grid.
    """
    x_m, y_m = region.projection.to_metres(lon, lat)
    if not _is_inside(region, x_m, y_m):
        raise OutsideAreaError(
            f"the place {lon}, {lat} lies outside the loaded region, which spans {_span(region)}; "
            f"{_way_inside(region, ((lon, lat),))}"
        )
    return x_m, y_m


def refuse_outside(applications: Sequence[Application], region: Region) -> None:
    """Refuse applications that lie outside the loaded region, all of them at once.

    Raises
    ------
    OutsideAreaError
        Naming the first of them, and how many there are.
    """
    places = {one.reference: (one.lon, one.lat) for one in applications}
    outside = {
        reference: place
        for reference, place in places.items()
        if not _is_inside(region, *region.projection.to_metres(*place))
    }
    if not outside:
        return
    told = [f"{name} at {lon}, {lat}" for name, (lon, lat) in outside.items()][:PLACES_TOLD]
    more = f" and {len(outside) - PLACES_TOLD} more" if len(outside) > PLACES_TOLD else ""
    raise OutsideAreaError(
        f"{len(outside)} of {len(applications)} applications outside the loaded region, which "
        f"spans {_span(region)}: {', '.join(told)}{more}; "
        f"{_way_inside(region, tuple(outside.values()))}"
    )


def check_areas(region: Region, areas: Geometries, name: str) -> None:
    """Refuse valid areas in the working CRS, told by a name, that would change nothing.

    Raises
    ------
    InputError
        If one encloses nothing.
    OutsideAreaError
        If none of them touches the loaded region.
    """
    corners, row_of = shapely.get_coordinates(areas, return_index=True)
    endless = np.zeros(len(areas), dtype=bool)
    endless[row_of[~np.isfinite(corners).all(axis=1)]] = True
    nothing = endless.copy()
    nothing[~endless] = ~(shapely.area(areas[~endless]) > 0)
    if nothing.any():
        row = int(np.flatnonzero(nothing)[0])
        what = "has a corner that is nowhere on earth" if endless[row] else "encloses nothing"
        raise InputError(
            f"{name}: area {row + 1} {what}; expected a polygon with an extent, in the CRS that "
            "its file names: draw it again"
        )
    refuse_areas_outside(region, areas, name)


def refuse_areas_outside(region: Region, areas: Geometries, name: str) -> None:
    """Refuse areas in the working CRS, perhaps crossing themselves, that all lie elsewhere.

    Raises
    ------
    OutsideAreaError
        If the bounds of none of them touch the loaded region.
    """
    (west, south), (east, north) = _bounds_m(region)
    box = shapely.bounds(areas)
    touches = (box[:, 0] <= east) & (box[:, 2] >= west)
    touches &= (box[:, 1] <= north) & (box[:, 3] >= south)
    if not touches.any():
        raise OutsideAreaError(
            f"{name}: all areas lie outside the loaded region, which spans {_span(region)}; is "
            "their CRS right, and does longitude come first?"
        )


def _bounds_m(region: Region) -> tuple[Floats, Floats]:
    """Return the south-western and north-eastern corner of the region in the working CRS."""
    buses = region.snapshot.grid.buses
    low = np.array([buses.x_m.min(), buses.y_m.min()]) - OUTSIDE_MAX_M
    high = np.array([buses.x_m.max(), buses.y_m.max()]) + OUTSIDE_MAX_M
    return low, high


def _is_inside(region: Region, x_m: float, y_m: float) -> bool:
    low, high = _bounds_m(region)
    return bool(low[0] <= x_m <= high[0] and low[1] <= y_m <= high[1])


def _way_inside(region: Region, places: Sequence[tuple[float, float]]) -> str:
    """Tell what to do about places (lon, lat) that lie outside."""
    exchanged = all(
        abs(lon) <= 90 and _is_inside(region, *region.projection.to_metres(lat, lon))
        for lon, lat in places
    )
    if exchanged:
        return "longitude and latitude are exchanged: give longitude first"
    return "give longitude first, or load the grid of that place"


def _span(region: Region) -> str:
    """Tell the bounds of the region in degrees."""
    west_south, east_north = region.projection.to_lon_lat(np.array(_bounds_m(region)))
    return (
        f"longitude {west_south[0]:.3f} to {east_north[0]:.3f} and latitude {west_south[1]:.3f} to "
        f"{east_north[1]:.3f}"
    )


def site_parcel(region: Region, application: Application) -> shapely.Polygon | None:
    """Return the customer's parcel in the working CRS, ``None`` where none is given.

    Raises
    ------
    InputError
        If the place of the application lies outside it.
    """
    if application.parcel is None:
        return None
    parcel = shapely.Polygon(
        [region.projection.to_metres(lon, lat) for lon, lat in application.parcel]
    )
    place = shapely.Point(region.projection.to_metres(application.lon, application.lat))
    away_m = float(shapely.distance(parcel, place))
    if not away_m <= PARCEL_SLACK_M:
        raise InputError(
            f"application {application.reference}: the place {application.lon}, {application.lat} "
            f"lies {away_m:.1f} m outside the parcel; give a place on it"
        )
    return parcel


def _access_places(grid: Grid, access: AccessTable, level: str) -> AccessPlaces:
    codes = [KINDS.index(kind) for kind in LEVEL_KINDS[level]]
    lines = np.flatnonzero(np.isin(access.line_kind, codes))
    buses = np.flatnonzero(np.isin(access.bus_kind, codes))
    places = place_points(np.column_stack([grid.buses.x_m[buses], grid.buses.y_m[buses]]))
    return AccessPlaces(
        tree=shapely.STRtree(np.concatenate([line_shapes(grid.lines.shape)[lines], places])),
        line=np.concatenate([lines, np.full(len(buses), -1)]),
        bus=np.concatenate([np.full(len(lines), -1), buses]),
    )


def _rows(ids: Texts) -> Mapping[str, int]:
    return {str(element_id): row for row, element_id in enumerate(ids)}
