"""What planning knows of one grid version and catalogue, prepared once for many applications."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.errors import OutsideAreaError
from gisplan.model.projection import Projection
from gisplan.network.strands import LINKS, forbidden_areas, line_shapes, place_points
from gisplan.planning.access import KINDS, LEVEL_KINDS, build_access_table
from gisplan.planning.candidates import Ground
from gisplan.planning.variants import edge_classes
from gisplan.routing.graph import SearchGraph
from gisplan.routing.site import SiteIndex

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gisplan.model.grid import Floats, Grid, Integers, Texts
    from gisplan.network.snapshot import CorridorGraph, Snapshot
    from gisplan.planning.access import AccessTable
    from gisplan.rules.catalogue import Catalogue

MARGIN_M = 5000.0  # a place further outside the grid's bounds than this is a mistake


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


def build_region(snapshot: Snapshot, catalogue: Catalogue) -> Region:
    """Prepare a snapshot for planning."""
    grid, corridors = snapshot.grid, snapshot.corridors
    access = build_access_table(grid, corridors)
    return Region(
        snapshot=snapshot,
        catalogue=catalogue,
        projection=Projection(srid=grid.working_srid),
        ground=Ground(
            corridors=corridors,
            access=access,
            graph=search_graph(corridors),
            line_shapes=line_shapes(grid.lines.shape),
        ),
        site_index=SiteIndex.build(
            line_shapes(corridors.shape),
            forbidden_areas(grid),
            landable=~np.isin(corridors.corridor_id, LINKS)[corridors.edge_corridor],
        ),
        bus_row=_rows(grid.buses.bus_id),
        line_row=_rows(grid.lines.line_id),
        access_places={level: _access_places(grid, access, level) for level in LEVEL_KINDS},
    )


def search_graph(corridors: CorridorGraph) -> SearchGraph:
    """Return the corridors as the arrays that the search works on."""
    return SearchGraph(
        arc_offset=corridors.arc_offset,
        arc_node=corridors.arc_node,
        arc_edge=corridors.arc_edge,
        edge_from=corridors.edge_from,
        edge_to=corridors.edge_to,
        edge_length_m=corridors.edge_length_m,
        edge_class=edge_classes(corridors),
    )


def site_metres(region: Region, lon: float, lat: float) -> tuple[float, float]:
    """Return a place in the working CRS.

    Raises
    ------
    OutsideAreaError
        If it lies more than 5 km outside the bounds of the grid.
    """
    x_m, y_m = region.projection.to_metres(lon, lat)
    buses = region.snapshot.grid.buses
    low = np.array([buses.x_m.min(), buses.y_m.min()]) - MARGIN_M
    high = np.array([buses.x_m.max(), buses.y_m.max()]) + MARGIN_M
    if not (low[0] <= x_m <= high[0] and low[1] <= y_m <= high[1]):
        west_south, east_north = region.projection.to_lon_lat(np.array([low, high]))
        raise OutsideAreaError(
            f"the place {lon}, {lat} lies outside the loaded region, which spans longitude "
            f"{west_south[0]:.3f} to {east_north[0]:.3f} and latitude {west_south[1]:.3f} to "
            f"{east_north[1]:.3f}; give longitude first, or load the grid of that place"
        )
    return x_m, y_m


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
