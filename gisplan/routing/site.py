"""From a site to the corridors near it: straight connectors that cross no forbidden area.

A site is a point, or a parcel, which may be left at every place of its boundary: each corridor
near it gives exits of its own. Every corridor within reach is landed on, at the foot of the
perpendicular and at its ends; an edge is split in thought only. A connector knows what it crosses
at a price and the ground that it runs over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from gisplan.routing.crossed_kernel import meet_ways
from gisplan.routing.landing_kernel import TOUCH_M, clear_lines
from gisplan.routing.landings import build_areas, nothing_between
from gisplan.routing.site_landings import Landed, land

if TYPE_CHECKING:
    from gisplan.model.grid import Codes, Flags, Floats, Integers
    from gisplan.routing.landings import Areas, Between
    from gisplan.routing.site_landings import Ground

Geometries = npt.NDArray[np.object_]

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
class MetGround:
    """What connectors, or other ways off the corridors, cross, and the ground under them.

    Connector c crosses ``line[offset[c]:offset[c + 1]]``, rows of the lines that the index was
    built with. ``rough_m`` (connectors,) are its metres over rough ground, ``added_m`` what the
    factors of that ground add to them.
    """

    offset: Integers
    line: Integers
    rough_m: Floats
    added_m: Floats

    @classmethod
    def nothing(cls, count: int) -> MetGround:
        """Return plain ground without any crossing for so many connectors."""
        return cls(
            offset=np.zeros(count + 1, dtype=np.int64),
            line=np.zeros(0, dtype=np.int64),
            rough_m=np.zeros(count),
            added_m=np.zeros(count),
        )

    @classmethod
    def on_ways(cls, between: Between, way_offset: Integers, xy_m: Floats) -> MetGround:
        """Return what ways meet; the vertices of way w are ``way_offset[w]:way_offset[w + 1]``."""
        offset, line, ground = meet_ways(between, way_offset, xy_m)
        return cls(offset=offset, line=line, rough_m=ground[:, 0], added_m=ground[:, 1])

    def crossed(self, row: int) -> Integers:
        """Return the lines that a connector crosses."""
        return self.line[self.offset[row] : self.offset[row + 1]]

    def cents(self, line_cents: Integers) -> Integers:
        """Return what the crossings of every connector cost, at a price for each line."""
        before = np.concatenate([[0], np.cumsum(line_cents[self.line])]).astype(np.int64)
        total: Integers = np.diff(before[self.offset])
        return total

    def take(self, rows: Integers) -> MetGround:
        """Return this for some of the connectors."""
        count = np.diff(self.offset)[rows]
        offset = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
        step = np.arange(int(offset[-1])) - np.repeat(offset[:-1], count)
        return MetGround(
            offset=offset,
            line=self.line[np.repeat(self.offset[rows], count) + step],
            rough_m=self.rough_m[rows],
            added_m=self.added_m[rows],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Connectors:
    """Landings on corridors, nearest first: edge, share along it, length and place of each.

    ``start_xy_m`` is where each leaves the site: the point itself, or an exit of the parcel;
    ``met`` what it crosses and the ground under it.
    """

    edge: Integers
    share: Floats
    length_m: Floats
    xy_m: Floats
    start_xy_m: Floats
    met: MetGround

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
            met=self.met.take(rows),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteIndex:
    """Corridor edges and what lies between, by place; built once for a snapshot.

    ``roadside`` (codes of ``Roadside``) says who lands where beside roads.
    ``leavable`` marks the forbidden areas that a cable may come out of: houses, not lakes.
    ``between`` holds what connectors cross at a price and the ground that costs more.
    """

    edges: Geometries
    edge_row: Integers
    roadside: Codes
    edge_tree: shapely.STRtree
    forbidden: Geometries
    forbidden_tree: shapely.STRtree
    leavable: Flags
    walls: Areas
    between: Between

    @classmethod
    def build(
        cls,
        edges: Geometries,
        forbidden: Geometries,
        *,
        roadside: Codes | None = None,
        landable: Flags | None = None,
        leavable: Flags | None = None,
        between: Between | None = None,
    ) -> SiteIndex:
        """Return the index of corridor edges (line strings) and forbidden polygons.

        ``landable`` marks the edges that a connector may lead to, ``leavable`` the areas that one
        may come out of; all of them by default.
        """
        row = np.arange(len(edges)) if landable is None else np.flatnonzero(landable)
        return cls(
            edges=edges[row],
            edge_row=row.astype(np.int64),
            roadside=np.zeros(len(edges), np.uint8)[row] if roadside is None else roadside[row],
            edge_tree=shapely.STRtree(edges[row]),
            forbidden=forbidden,
            forbidden_tree=shapely.STRtree(forbidden),
            leavable=np.ones(len(forbidden), dtype=bool) if leavable is None else leavable,
            walls=build_areas(forbidden, np.zeros(len(forbidden), dtype=bool)),
            between=between or nothing_between(),
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
            roadside=self.roadside[kept],
            edge_tree=shapely.STRtree(self.edges[kept]),
            forbidden=self.forbidden,
            forbidden_tree=self.forbidden_tree,
            leavable=self.leavable,
            walls=self.walls,
            between=self.between,
        )

    def shut_by(self, areas: Geometries) -> SiteIndex:
        """Return the same index with further forbidden areas, which no cable may come out of.

        Areas of several parts, or collections, count by their polygons.
        """
        parts = shapely.get_parts(shapely.get_parts(areas))
        polygons = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
        forbidden = np.concatenate([self.forbidden, polygons])
        return replace(
            self,
            forbidden=forbidden,
            forbidden_tree=shapely.STRtree(forbidden),
            leavable=np.append(self.leavable, np.zeros(len(polygons), dtype=bool)),
            walls=build_areas(forbidden, np.zeros(len(forbidden), dtype=bool)),
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
        landed = land(site, self.edges, near.astype(np.int64), reach_m, roadside=self.roadside)
        return self._connectors(landed.take(self._clear(landed, self._own_areas(site))))[0]

    def connectors_of(self, xy_m: Floats, reach_m: float) -> tuple[Connectors, Integers]:
        """Return the connectors of several places, shape (places, 2), and the place of each.

        They are those of ``connectors``, but that a place may leave every area that holds it: the
        cables of what stands there lead out already.
        """
        points = np.asarray(shapely.points(xy_m), dtype=object)
        place, near = self.edge_tree.query(points, predicate="dwithin", distance=reach_m)
        order = np.lexsort((near, place))
        place, near = place[order].astype(np.int64), near[order].astype(np.int64)
        landed = land(points[place], self.edges, near, reach_m, place=place, roadside=self.roadside)
        held, area = self.forbidden_tree.query(points, predicate="intersects")
        clear = np.zeros(len(landed), dtype=bool)
        free = np.flatnonzero(~np.isin(landed.place, held))
        clear[free] = self._clear(landed.take(free), np.zeros(0, dtype=np.int64))
        for one in np.unique(held).tolist():
            rows = np.flatnonzero(landed.place == one)
            clear[rows] = self._clear(landed.take(rows), np.sort(area[held == one]))
        return self._connectors(landed.take(clear))

    def straight_way(
        self, one_m: tuple[float, float], other_m: tuple[float, float], reach_m: float
    ) -> Connectors:
        """Return the straight way between two places, none where it is too long or not clear.

        It lands on no edge (-1). Each place may leave a forbidden area of its own.
        """
        start, end, none = np.array([one_m]), np.array([other_m]), np.full(1, -1)
        own = np.union1d(*(self._own_areas(shapely.Point(place)) for place in (one_m, other_m)))
        landed = Landed(
            place=none,
            edge=none,
            share=np.zeros(1),
            length_m=np.hypot(*(end - start).T),
            xy_m=end,
            start_xy_m=start,
        )
        clear = self._clear(landed, own) & (landed.length_m <= reach_m)
        return Connectors(
            edge=none,
            share=landed.share,
            length_m=landed.length_m,
            xy_m=end,
            start_xy_m=start,
            met=MetGround.on_ways(self.between, np.array([0, 2]), np.concatenate([start, end])),
        ).take(np.flatnonzero(clear))

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

    def _connectors(self, landed: Landed) -> tuple[Connectors, Integers]:
        """Return clear landings as connectors, place by place, nearest first; and their places."""
        edge = self.edge_row[landed.edge]
        order = np.lexsort((landed.share, edge, landed.length_m, landed.place))
        landed, edge = landed.take(order), edge[order]
        ways = np.stack([landed.start_xy_m, landed.xy_m], axis=1).reshape(-1, 2)
        met = MetGround.on_ways(self.between, np.arange(0, len(ways) + 1, 2), ways)
        found = Connectors(
            edge=edge,
            share=landed.share,
            length_m=landed.length_m,
            xy_m=landed.xy_m,
            start_xy_m=landed.start_xy_m,
            met=met,
        )
        return found, landed.place

    def _clear(self, landed: Landed, own: Integers) -> Flags:
        """Tell which straight lines run through no area but one's own."""
        start, xy = landed.start_xy_m, landed.xy_m
        ends = np.column_stack([start, xy]).round(6)
        _, first, same = np.unique(
            np.ascontiguousarray(ends).view("c16").view("V32").reshape(-1),
            return_index=True,
            return_inverse=True,
        )
        seen = np.zeros(len(self.forbidden) + 1, dtype=np.int64)
        lines = clear_lines(self.walls, own, seen, start[first], xy[first])
        clear: Flags = lines[same.reshape(-1)]
        # a connector without length stands in a foreign area or beside it
        short = np.flatnonzero(clear & (np.hypot(*(xy - start).T) <= TOUCH_M))
        if len(short):
            points = np.asarray(shapely.points(xy[short]), dtype=object)
            hit, area = self.forbidden_tree.query(points, predicate="within")
            clear[short[hit[~np.isin(area, own)]]] = False
        return clear
