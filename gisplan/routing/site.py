"""From a site to the corridors near it: straight connectors that cross no forbidden area."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

if TYPE_CHECKING:
    from gisplan.model.grid import Flags, Floats, Integers

Geometries = npt.NDArray[np.object_]

CANDIDATES = 64  # nearest edges and landings that are looked at
TOUCH_M = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Connectors:
    """Landings on corridors, nearest first: edge, share along it, length and place of each."""

    edge: Integers
    share: Floats
    length_m: Floats
    xy_m: Floats

    def __len__(self) -> int:
        return len(self.edge)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteIndex:
    """Corridor edges and forbidden areas by place; built once for a snapshot."""

    edges: Geometries
    edge_row: Integers
    edge_tree: shapely.STRtree
    forbidden: Geometries
    forbidden_tree: shapely.STRtree

    @classmethod
    def build(
        cls, edges: Geometries, forbidden: Geometries, *, landable: Flags | None = None
    ) -> SiteIndex:
        """Return the index of corridor edges (line strings) and forbidden polygons.

        ``landable`` marks the edges that a connector may lead to; all of them by default.
        """
        row = np.arange(len(edges)) if landable is None else np.flatnonzero(landable)
        return cls(
            edges=edges[row],
            edge_row=row.astype(np.int64),
            edge_tree=shapely.STRtree(edges[row]),
            forbidden=forbidden,
            forbidden_tree=shapely.STRtree(forbidden),
        )

    def nearest_corridor_m(self, x_m: float, y_m: float) -> float:
        """Return the distance to the nearest corridor in metres, infinity if there is none."""
        _, distance = self.edge_tree.query_nearest(
            shapely.Point(x_m, y_m), return_distance=True, all_matches=False
        )
        return float(distance[0]) if len(distance) else float("inf")

    def connectors(self, x_m: float, y_m: float, reach_m: float) -> Connectors:
        """Return clear straight connectors of at most ``reach_m`` from a site to corridors.

        A site inside a forbidden area (its own house) may leave that area, and no other.
        """
        site = shapely.Point(x_m, y_m)
        edge, share = self._landings(site, reach_m)
        xy = shapely.get_coordinates(
            shapely.line_interpolate_point(self.edges[edge], share, normalized=True)
        )
        length_m = np.hypot(xy[:, 0] - x_m, xy[:, 1] - y_m)
        order = np.lexsort((share, edge, length_m))
        order = order[length_m[order] <= reach_m][:CANDIDATES]
        clear = self._clear(site, xy[order])
        chosen = order[clear]
        return Connectors(
            edge=self.edge_row[edge[chosen]],
            share=share[chosen],
            length_m=length_m[chosen],
            xy_m=xy[chosen],
        )

    def _landings(self, site: shapely.Point, reach_m: float) -> tuple[Integers, Floats]:
        """Return the foot of the perpendicular on the nearest edges, and their two ends."""
        near = np.sort(self.edge_tree.query(site, predicate="dwithin", distance=reach_m))
        distance = shapely.distance(site, self.edges[near])
        near = near[np.argsort(distance, kind="stable")[:CANDIDATES]]
        foot = shapely.line_locate_point(self.edges[near], site, normalized=True)
        edge = np.concatenate([near, near, near]).astype(np.int64)
        share = np.concatenate([foot, np.zeros(len(near)), np.ones(len(near))])
        return edge, share

    def _clear(self, site: shapely.Point, xy: Floats) -> npt.NDArray[np.bool_]:
        start = np.repeat(shapely.get_coordinates(site), len(xy), axis=0)
        lines = np.asarray(shapely.linestrings(np.stack([start, xy], axis=1)), dtype=object)
        clear = np.ones(len(xy), dtype=bool)
        own = set(self.forbidden_tree.query(site, predicate="intersects").tolist())
        hit, area = self.forbidden_tree.query(lines, predicate="intersects")
        foreign = np.array([item not in own for item in area.tolist()], dtype=bool)
        hit, area = hit[foreign], area[foreign]
        inside = shapely.length(shapely.intersection(lines[hit], self.forbidden[area])) > TOUCH_M
        clear[hit[inside]] = False
        return clear
