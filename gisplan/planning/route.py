"""From the edges of a path to the route that a planner reads: stretches of one surface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
import shapely.ops

from gisplan.model.grid import CorridorKind, Surface
from gisplan.model.option import Route, RouteSegment
from gisplan.planning.candidates import seeds_of
from gisplan.routing.kernel import edge_cost_cents

if TYPE_CHECKING:
    from gisplan.model.grid import Floats
    from gisplan.model.projection import Projection
    from gisplan.network.snapshot import CorridorGraph
    from gisplan.planning.candidates import Candidate
    from gisplan.planning.variants import Variant
    from gisplan.routing.site import Connectors

LAYING = "direct_burial"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of a route in the working CRS; its cost is civil works and cable."""

    corridor: str
    surface: str
    length_m: float
    cost_cents: int
    xy_m: Floats

    def joins(self, other: Stretch) -> bool:
        """Tell whether the next stretch is more of the same."""
        return self.corridor == other.corridor and self.surface == other.surface

    def extended(self, other: Stretch) -> Stretch:
        """Return this stretch followed by another."""
        return Stretch(
            corridor=self.corridor,
            surface=self.surface,
            length_m=self.length_m + other.length_m,
            cost_cents=self.cost_cents + other.cost_cents,
            xy_m=np.concatenate([self.xy_m, other.xy_m[1:]]),
        )


def route_stretches(
    corridors: CorridorGraph,
    connectors: Connectors,
    candidate: Candidate,
    site_xy_m: tuple[float, float],
) -> list[Stretch]:
    """Return the stretches of a candidate's way, from the site to the access point."""
    seed = candidate.path.seed
    stretches = [_connector(connectors, candidate.variant, seed, site_xy_m)]
    if candidate.path.first_node >= 0:
        stretches.append(_landing_part(corridors, connectors, candidate))
        here = candidate.path.first_node
        for edge in candidate.path.edges.tolist():
            stretches.append(_whole_edge(corridors, candidate.variant, edge, here))
            here = int(corridors.edge_from[edge] + corridors.edge_to[edge]) - here
    long = [stretch for stretch in stretches if stretch.length_m > 0]
    return _merged(long or stretches[:1])


def build_route(stretches: list[Stretch], projection: Projection, straight_line_m: float) -> Route:
    """Return stretches as a route in lon/lat."""
    return Route(
        length_m=round(sum(stretch.length_m for stretch in stretches), 3),
        straight_line_m=round(straight_line_m, 3),
        segments=tuple(
            RouteSegment(
                length_m=round(stretch.length_m, 3),
                corridor=stretch.corridor,
                surface=stretch.surface,
                laying=LAYING,
                cost=stretch.cost_cents / 100,
                coordinates=projection.to_lon_lat(stretch.xy_m),
            )
            for stretch in stretches
        ),
    )


def _connector(
    connectors: Connectors, variant: Variant, seed: int, site_xy_m: tuple[float, float]
) -> Stretch:
    return Stretch(
        corridor="connector",
        surface=Surface.VERGE.name.lower(),
        length_m=float(connectors.length_m[seed]),
        cost_cents=int(seeds_of(connectors, variant).cost_cents[seed]),
        xy_m=np.array([site_xy_m, connectors.xy_m[seed]]),
    )


def _landing_part(
    corridors: CorridorGraph, connectors: Connectors, candidate: Candidate
) -> Stretch:
    """Return the part of the edge between the site's landing and the node where it is left."""
    seed = candidate.path.seed
    edge, share = int(connectors.edge[seed]), float(connectors.share[seed])
    forward = int(corridors.edge_to[edge]) == candidate.path.first_node
    if int(corridors.edge_from[edge]) == candidate.path.first_node:
        # an edge that returns to its own node is left at its nearer end
        forward = forward and share > 0.5
    part = 1.0 - share if forward else share
    line = shapely.LineString(corridors.shape.row(edge))
    piece = shapely.ops.substring(line, share, 1.0 if forward else 0.0, normalized=True)
    return _stretch(
        corridors,
        candidate.variant,
        edge,
        length_m=float(corridors.edge_length_m[edge]) * part,
        xy_m=shapely.get_coordinates(piece),
    )


def _whole_edge(corridors: CorridorGraph, variant: Variant, edge: int, start: int) -> Stretch:
    xy = corridors.shape.row(edge)
    forward = int(corridors.edge_from[edge]) == start
    return _stretch(
        corridors,
        variant,
        edge,
        length_m=float(corridors.edge_length_m[edge]),
        xy_m=np.asarray(xy if forward else xy[::-1]),
    )


def _stretch(
    corridors: CorridorGraph, variant: Variant, edge: int, *, length_m: float, xy_m: Floats
) -> Stretch:
    kind, surface = int(corridors.edge_kind[edge]), int(corridors.edge_surface[edge])
    price_cents = float(variant.price_per_m[kind * len(Surface) + surface]) * 100
    name = CorridorKind(kind).name.lower()
    return Stretch(
        corridor=f"{name}: {corridors.corridor_id[corridors.edge_corridor[edge]]}",
        surface=Surface(surface).name.lower(),
        length_m=length_m,
        cost_cents=int(edge_cost_cents(length_m, price_cents)),
        xy_m=xy_m,
    )


def _merged(stretches: list[Stretch]) -> list[Stretch]:
    merged: list[Stretch] = []
    for stretch in stretches:
        if merged and merged[-1].joins(stretch):
            merged[-1] = merged[-1].extended(stretch)
        else:
            merged.append(stretch)
    return merged
