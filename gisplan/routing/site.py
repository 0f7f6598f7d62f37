"""From a site to the corridors near it: straight connectors that cross no forbidden area.

A site is a point, or a parcel, which may be left at every place of its boundary: each corridor
near it gives exits of its own. Corridors are landed on at the foot of the perpendicular and at
their ends; an edge is split in thought only.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

if TYPE_CHECKING:
    from gisplan.model.grid import Flags, Floats, Integers

Geometries = npt.NDArray[np.object_]
Ground = shapely.Point | shapely.Polygon
"""What a cable starts from: a point, or a parcel."""

EDGES_AT_ONCE = 48  # nearest edges that are looked at together
ENOUGH = 48  # clear landings beyond which further edges are not looked at
TOUCH_M = 0.05
WALL_M = 0.5  # a service that ends this close to a wall ends at it


class Trouble(StrEnum):
    """Why no connector leads from a site to a corridor."""

    NONE = "none"
    IN_AREA = "in_area"
    OUT_OF_REACH = "out_of_reach"
    SHUT_IN = "shut_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What stands in the way of a site; ``area`` is the forbidden one that holds it, or -1.

    ``nearest_m`` is the distance to the nearest corridor in metres, infinite where there is none.
    """

    trouble: Trouble
    area: int
    nearest_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WayOut:
    """A place near a site that can be connected, and its distance from the site in metres."""

    x_m: float
    y_m: float
    distance_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Connectors:
    """Landings on corridors, nearest first: edge, share along it, length and place of each.

    ``start_xy_m`` is where each leaves the site: the point itself, or an exit of the parcel.
    """

    edge: Integers
    share: Floats
    length_m: Floats
    xy_m: Floats
    start_xy_m: Floats

    def __len__(self) -> int:
        return len(self.edge)

    def take(self, rows: Integers) -> Connectors:
        """Return some of the landings."""
        return Connectors(
            edge=self.edge[rows],
            share=self.share[rows],
            length_m=self.length_m[rows],
            xy_m=self.xy_m[rows],
            start_xy_m=self.start_xy_m[rows],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteIndex:
    """Corridor edges and forbidden areas by place; built once for a snapshot.

    ``leavable`` marks the forbidden areas that a cable may come out of: houses, not lakes.
    """

    edges: Geometries
    edge_row: Integers
    edge_tree: shapely.STRtree
    forbidden: Geometries
    forbidden_tree: shapely.STRtree
    leavable: Flags

    @classmethod
    def build(
        cls,
        edges: Geometries,
        forbidden: Geometries,
        *,
        landable: Flags | None = None,
        leavable: Flags | None = None,
    ) -> SiteIndex:
        """Return the index of corridor edges (line strings) and forbidden polygons.

        ``landable`` marks the edges that a connector may lead to, ``leavable`` the areas that one
        may come out of; all of them by default.
        """
        row = np.arange(len(edges)) if landable is None else np.flatnonzero(landable)
        return cls(
            edges=edges[row],
            edge_row=row.astype(np.int64),
            edge_tree=shapely.STRtree(edges[row]),
            forbidden=forbidden,
            forbidden_tree=shapely.STRtree(forbidden),
            leavable=np.ones(len(forbidden), dtype=bool) if leavable is None else leavable,
        )

    @property
    def has_forbidden(self) -> bool:
        """Tell whether any forbidden area is known."""
        return len(self.forbidden) > 0

    def only(self, edges: Integers) -> SiteIndex:
        """Return the same index with fewer edges to land on, given by their rows."""
        kept = np.isin(self.edge_row, edges)
        return SiteIndex(
            edges=self.edges[kept],
            edge_row=self.edge_row[kept],
            edge_tree=shapely.STRtree(self.edges[kept]),
            forbidden=self.forbidden,
            forbidden_tree=self.forbidden_tree,
            leavable=self.leavable,
        )

    def in_same_area(
        self, site_xy_m: tuple[float, float], x_m: Floats, y_m: Floats
    ) -> npt.NDArray[np.bool_]:
        """Tell which places stand in (or at the wall of) a house that holds the site."""
        same = np.zeros(len(x_m), dtype=bool)
        for area in self._own_areas(shapely.Point(site_xy_m)).tolist():
            grown = shapely.buffer(self.forbidden[area], WALL_M)
            same |= shapely.intersects_xy(grown, x_m, y_m)
        return same

    def nearest_corridor_m(self, x_m: float, y_m: float) -> float:
        """Return the distance to the nearest corridor in metres, infinity if there is none."""
        return self._nearest_m(shapely.Point(x_m, y_m))

    def connectors(
        self, x_m: float, y_m: float, reach_m: float, *, parcel: shapely.Polygon | None = None
    ) -> Connectors:
        """Return clear straight connectors of at most ``reach_m`` from a site to corridors.

        A site inside a forbidden area (its own house) may leave that area, and no other. From a
        parcel a connector begins where its boundary is nearest to the landing; what is forbidden on
        the parcel itself may be left.
        """
        site: Ground = shapely.Point(x_m, y_m) if parcel is None else parcel
        near = np.sort(self.edge_tree.query(site, predicate="dwithin", distance=reach_m))
        near = near[np.argsort(shapely.distance(site, self.edges[near]), kind="stable")]
        own = self._own_areas(site)
        found: list[Connectors] = []
        for start in range(0, len(near), EDGES_AT_ONCE):
            edges = near[start : start + EDGES_AT_ONCE].astype(np.int64)
            found.append(self._clear_landings(site, edges, reach_m, own))
            if sum(map(len, found)) >= ENOUGH:
                break
        return _nearest_first(found)

    def diagnose(
        self, x_m: float, y_m: float, reach_m: float, *, parcel: shapely.Polygon | None = None
    ) -> Diagnosis:
        """Tell why a site has no connector; ``Trouble.NONE`` where it has one."""
        site: Ground = shapely.Point(x_m, y_m) if parcel is None else parcel
        nearest_m = self._nearest_m(site)
        area = self._foreign_area(site)
        if len(self.connectors(x_m, y_m, reach_m, parcel=parcel)):
            trouble = Trouble.NONE
        elif area >= 0:
            trouble = Trouble.IN_AREA
        else:
            trouble = Trouble.OUT_OF_REACH if nearest_m > reach_m else Trouble.SHUT_IN
        return Diagnosis(trouble=trouble, area=area, nearest_m=nearest_m)

    def find_way_out(self, x_m: float, y_m: float, reach_m: float) -> WayOut | None:
        """Return a place near a site from where a connector leads to a corridor.

        It lies on the straight line from the site to its nearest corridor, as near to the site as
        reach and forbidden areas let it; without forbidden areas no place is nearer. ``None`` where
        there is no corridor at all.
        """
        site = shapely.Point(x_m, y_m)
        if not len(self.edges):
            return None
        edge = int(self.edge_tree.query_nearest(site, all_matches=True).min())
        corridor = shapely.get_point(shapely.shortest_line(self.edges[edge], site), 0)
        back = shapely.LineString([corridor, site])
        length_m = min(self._clear_m(back, corridor), reach_m, back.length)
        place = back.interpolate(max(length_m - TOUCH_M, 0.0))
        return WayOut(x_m=place.x, y_m=place.y, distance_m=float(shapely.distance(place, site)))

    def _clear_m(self, line: shapely.LineString, start: shapely.Point) -> float:
        """Return how far one gets along a line before it enters a forbidden area."""
        met = self.forbidden[self.forbidden_tree.query(line, predicate="intersects")]
        inside = shapely.intersection(line, met)
        inside = inside[shapely.length(inside) > TOUCH_M]
        return float(shapely.distance(start, inside).min(initial=np.inf))

    def _nearest_m(self, site: Ground) -> float:
        _, distance = self.edge_tree.query_nearest(site, return_distance=True, all_matches=False)
        return float(distance[0]) if len(distance) else float("inf")

    def _own_areas(self, site: Ground) -> Integers:
        """Return the forbidden areas that a site may leave: those around it, or on its parcel."""
        areas = np.sort(self.forbidden_tree.query(site, predicate="intersects"))
        areas = areas[self.leavable[areas]]
        if isinstance(site, shapely.Polygon):
            inner = shapely.point_on_surface(self.forbidden[areas])
            areas = areas[shapely.intersects(inner, site)]
        return areas.astype(np.int64)

    def _foreign_area(self, site: Ground) -> int:
        """Return the first forbidden area that holds all of a site and cannot be left, or -1."""
        areas = np.sort(self.forbidden_tree.query(site, predicate="within"))
        areas = np.setdiff1d(areas, self._own_areas(site))
        return int(areas[0]) if len(areas) else -1

    def _clear_landings(
        self, site: Ground, edges: Integers, reach_m: float, own: Integers
    ) -> Connectors:
        """Land at the foot of the perpendicular on each edge and at its ends, where it is clear."""
        shapes = self.edges[edges]
        foot = shapely.line_locate_point(shapes, _feet(site, shapes), normalized=True)
        edge = np.concatenate([edges, edges, edges])
        share = np.concatenate([foot, np.zeros(len(edges)), np.ones(len(edges))])
        xy = shapely.get_coordinates(
            shapely.line_interpolate_point(self.edges[edge], share, normalized=True)
        )
        start = _exits(site, xy)
        length_m = np.hypot(*(xy - start).T)
        kept = np.flatnonzero(length_m <= reach_m)
        kept = kept[self._clear(start[kept], xy[kept], own)]
        return Connectors(
            edge=self.edge_row[edge[kept]],
            share=share[kept],
            length_m=length_m[kept],
            xy_m=xy[kept],
            start_xy_m=start[kept],
        )

    def _clear(self, start: Floats, xy: Floats, own: Integers) -> npt.NDArray[np.bool_]:
        lines = np.asarray(shapely.linestrings(np.stack([start, xy], axis=1)), dtype=object)
        clear = np.ones(len(xy), dtype=bool)
        hit, area = self.forbidden_tree.query(lines, predicate="intersects")
        foreign = ~np.isin(area, own)
        hit, area = hit[foreign], area[foreign]
        inside = shapely.length(shapely.intersection(lines[hit], self.forbidden[area])) > TOUCH_M
        # a connector without length stands in a foreign area or beside it
        inside |= (shapely.length(lines[hit]) <= TOUCH_M) & shapely.contains_properly(
            self.forbidden[area], shapely.points(xy[hit])
        )
        clear[hit[inside]] = False
        return clear


def _feet(site: Ground, shapes: Geometries) -> Ground | Geometries:
    """Return the place by which to find the foot of the perpendicular on each of several lines."""
    if isinstance(site, shapely.Point):
        return site
    feet: Geometries = np.asarray(shapely.get_point(shapely.shortest_line(site, shapes), -1))
    return feet


def _exits(site: Ground, xy: Floats) -> Floats:
    """Return where a cable to each of several places leaves a site, shape (places, 2)."""
    if isinstance(site, shapely.Point):
        return np.tile([site.x, site.y], (len(xy), 1))
    ways = shapely.shortest_line(site, shapely.points(xy))
    exits: Floats = shapely.get_coordinates(shapely.get_point(ways, 0))
    return exits


def _nearest_first(found: list[Connectors]) -> Connectors:
    edge = np.concatenate([np.zeros(0, dtype=np.int64), *(part.edge for part in found)])
    share = np.concatenate([np.zeros(0), *(part.share for part in found)])
    length_m = np.concatenate([np.zeros(0), *(part.length_m for part in found)])
    xy_m = np.concatenate([np.zeros((0, 2)), *(part.xy_m for part in found)])
    start_xy_m = np.concatenate([np.zeros((0, 2)), *(part.start_xy_m for part in found)])
    order = np.lexsort((share, edge, length_m))
    return Connectors(
        edge=edge[order],
        share=share[order],
        length_m=length_m[order],
        xy_m=xy_m[order],
        start_xy_m=start_xy_m[order],
    )
