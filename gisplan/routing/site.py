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

EDGES_AT_ONCE = 48  # nearest edges that are looked at together
ENOUGH = 48  # clear landings beyond which further edges are not looked at
TOUCH_M = 0.05
WALL_M = 0.5  # a service that ends this close to a wall ends at it


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

    @property
    def has_forbidden(self) -> bool:
        """Tell whether any forbidden area is known."""
        return len(self.forbidden) > 0

    def in_same_area(
        self, site_xy_m: tuple[float, float], x_m: Floats, y_m: Floats
    ) -> npt.NDArray[np.bool_]:
        """Tell which places stand in (or at the wall of) a forbidden area that holds the site."""
        same = np.zeros(len(x_m), dtype=bool)
        for area in self.forbidden_tree.query(shapely.Point(site_xy_m), predicate="intersects"):
            grown = shapely.buffer(self.forbidden[area], WALL_M)
            same |= shapely.intersects_xy(grown, x_m, y_m)
        return same

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
        near = np.sort(self.edge_tree.query(site, predicate="dwithin", distance=reach_m))
        near = near[np.argsort(shapely.distance(site, self.edges[near]), kind="stable")]
        found: list[Connectors] = []
        for start in range(0, len(near), EDGES_AT_ONCE):
            edges = near[start : start + EDGES_AT_ONCE].astype(np.int64)
            found.append(self._clear_landings(site, edges, reach_m))
            if sum(map(len, found)) >= ENOUGH:
                break
        return _nearest_first(found)

    def _clear_landings(self, site: shapely.Point, edges: Integers, reach_m: float) -> Connectors:
        """Land at the foot of the perpendicular on each edge and at its ends, where it is clear."""
        foot = shapely.line_locate_point(self.edges[edges], site, normalized=True)
        edge = np.concatenate([edges, edges, edges])
        share = np.concatenate([foot, np.zeros(len(edges)), np.ones(len(edges))])
        xy = shapely.get_coordinates(
            shapely.line_interpolate_point(self.edges[edge], share, normalized=True)
        )
        length_m = np.hypot(xy[:, 0] - site.x, xy[:, 1] - site.y)
        kept = np.flatnonzero(length_m <= reach_m)
        kept = kept[self._clear(site, xy[kept])]
        return Connectors(
            edge=self.edge_row[edge[kept]],
            share=share[kept],
            length_m=length_m[kept],
            xy_m=xy[kept],
        )

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


def _nearest_first(found: list[Connectors]) -> Connectors:
    edge = np.concatenate([part.edge for part in found] or [np.zeros(0, dtype=np.int64)])
    share = np.concatenate([part.share for part in found] or [np.zeros(0)])
    length_m = np.concatenate([part.length_m for part in found] or [np.zeros(0)])
    xy_m = np.concatenate([part.xy_m for part in found] or [np.zeros((0, 2))])
    order = np.lexsort((share, edge, length_m))
    return Connectors(
        edge=edge[order], share=share[order], length_m=length_m[order], xy_m=xy_m[order]
    )
