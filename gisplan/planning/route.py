"""From the edges of a path to the route that a planner reads: stretches of one corridor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely
import shapely.ops

from gisplan.model.grid import CorridorKind, Surface
from gisplan.planning.civil import (
    DIRECT_BURIAL,
    TINY_M,
    WORKS,
    civil_per_m,
    connector_civil_per_m,
    connector_costs,
    connector_crossed,
    part_costs,
    parts_crossed,
)
from gisplan.planning.crossable import NOTHING_CROSSED, Crossed
from gisplan.routing.site import MetGround

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gisplan.model.grid import Floats, Integers
    from gisplan.network.snapshot import CorridorGraph
    from gisplan.planning.access_ends import AccessEnds, EndRows
    from gisplan.planning.candidates import Candidate
    from gisplan.planning.civil import CivilWorks, PartCosts
    from gisplan.planning.variants import Variant
    from gisplan.routing.search import CorridorPath
    from gisplan.routing.site import Connectors

CONNECTOR = "connector"
OFF_CORRIDOR = "off corridors"
UNDUG = ("free_duct", "open_trench", "overhead_span")


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeParts:
    """Parts of corridor edges in the order of a way, each run from a share to a share (parts,)."""

    edge: Integers
    share_from: Floats
    share_to: Floats

    def __len__(self) -> int:
        return len(self.edge)

    def followed_by(self, other: EdgeParts) -> EdgeParts:
        """Return these parts and then others."""
        return EdgeParts(
            edge=np.concatenate([self.edge, other.edge]),
            share_from=np.concatenate([self.share_from, other.share_from]),
            share_to=np.concatenate([self.share_to, other.share_to]),
        )


def no_parts() -> EdgeParts:
    """Return parts of no edge: what a connector runs along."""
    nothing = np.zeros(0)
    return EdgeParts(edge=np.zeros(0, dtype=np.int64), share_from=nothing, share_to=nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of a route in the working CRS, of one corridor, surface, laying and price a metre.

    ``edge`` is a corridor edge that it lies on, or that a connector lands on; -1 where none is.
    ``is_shared`` marks a trench that another route of the same set pays for; ``crossed`` is what
    the stretch crosses at a price. ``price_source`` says whose the price a metre is where it is not
    the catalogue's; ``poles`` are the kinds of the poles that a span is charged with.
    """

    corridor: str
    surface: str
    laying: str
    length_m: float
    civil_per_m: float
    civil_cents: int
    cable_cents: int
    crossing_cents: int
    edge: int
    parts: EdgeParts
    xy_m: Floats
    is_shared: bool = False
    crossed: Crossed = NOTHING_CROSSED
    price_source: str = ""
    poles: tuple[str, ...] = ()

    @property
    def is_dug(self) -> bool:
        """Tell whether the ground is opened for it."""
        return self.laying not in UNDUG

    @property
    def cost_cents(self) -> int:
        """Civil works, cable and crossings."""
        return self.civil_cents + self.cable_cents + self.crossing_cents

    @property
    def _alike(self) -> tuple[str, str, str, float, bool, str]:
        """What stretches that are told as one have in common."""
        ground = self.corridor, self.surface, self.laying
        return *ground, self.civil_per_m, self.is_shared, self.price_source

    def joins(self, other: Stretch) -> bool:
        """Tell whether the next stretch is more of the same; each connector has an own ground."""
        return self._alike == other._alike and self.corridor != CONNECTOR

    def extended(self, other: Stretch) -> Stretch:
        """Return this stretch followed by another."""
        return replace(
            self,
            length_m=self.length_m + other.length_m,
            civil_cents=self.civil_cents + other.civil_cents,
            cable_cents=self.cable_cents + other.cable_cents,
            crossing_cents=self.crossing_cents + other.crossing_cents,
            parts=self.parts.followed_by(other.parts),
            crossed=self.crossed.followed_by(other.crossed),
            xy_m=np.concatenate([self.xy_m, other.xy_m[1:]]),
        )


def route_stretches(
    civil: CivilWorks,
    ends: AccessEnds,
    connectors: Connectors,
    candidate: Candidate,
) -> list[Stretch]:
    """Return the stretches of a candidate's way, from the site to the access point."""
    path, end, rows = candidate.path, candidate.end, ends.rows
    if end >= 0 and path.first_node >= len(civil.corridors.node_x_m):
        share = float(connectors.share[path.seed])
        parts = _end_part(rows, end, share)  # along the landing's own edge
    else:
        parts = way_parts(civil.corridors, connectors, path)
        if end >= 0:
            parts = parts.followed_by(_end_part(rows, end, float(rows.node_share[end])))
    variant = candidate.variant
    stretches = laid_out(civil, variant, connectors, candidate.path.seed, parts)
    if end < 0 or rows.join[end] < 0:
        return stretches
    return ended(civil, variant, stretches, ends.joins.connectors, int(rows.join[end]))


def laid_out(
    civil: CivilWorks, variant: Variant, connectors: Connectors, seed: int, parts: EdgeParts
) -> list[Stretch]:
    """Return the stretches of a way: from the site to a landing, then along parts of edges."""
    first = connector_stretch(civil, variant, connectors, seed)
    stretches = [first, *stretches_along(civil, variant, parts)]
    long = [stretch for stretch in stretches if stretch.length_m > 0]
    return merged_stretches(long or stretches[:1])


def connector_stretch(
    civil: CivilWorks, variant: Variant, connectors: Connectors, seed: int
) -> Stretch:
    """Return the straight way from the site to one of its landings.

    Its surface is that of the greater part of the ground; its price counts every part.
    """
    one = connectors.take(np.array([seed]))
    is_rough = bool(2 * one.met.rough_m[0] > one.length_m[0])
    return _stretch(
        connector_costs(civil, variant, one),
        0,
        corridor=CONNECTOR,
        surface=Surface.OPEN_GROUND if is_rough else Surface.VERGE,
        works=int(DIRECT_BURIAL),
        length_m=float(one.length_m[0]),
        civil_per_m=float(connector_civil_per_m(civil, one)[0]),
        edge=int(one.edge[0]),
        parts=no_parts(),
        xy_m=np.array([one.start_xy_m[0], one.xy_m[0]]),
        crossed=connector_crossed(civil, one, 0),
    )


def ground_stretch(civil: CivilWorks, variant: Variant, xy_m: Floats) -> Stretch:
    """Return a trench over open ground along vertices of shape (vertices, 2), crossings included.

    What it crosses and dearer areas below it are priced as under a connector.
    """
    between = civil.crossable.between
    met = MetGround.on_ways(between, np.array([0, len(xy_m)]), xy_m)
    plain = free_stretch(variant, xy_m, civil_per_m=civil.rough_per_m)
    factor = 1.0 + float(met.added_m[0]) / max(plain.length_m, TINY_M)
    return replace(
        free_stretch(variant, xy_m, civil_per_m=civil.rough_per_m * factor),
        crossing_cents=int(met.cents(between.lines.cents)[0]),
        crossed=civil.crossable.what.take(met.crossed(0)),
    )


def ended(
    civil: CivilWorks,
    variant: Variant,
    stretches: Sequence[Stretch],
    connectors: Connectors,
    row: int,
) -> list[Stretch]:
    """Return stretches that end at a place, by one of its connectors to the corridors."""
    last = connector_stretch(civil, variant, connectors, row)
    if last.length_m == 0:
        return list(stretches)
    whole = [*stretches, replace(last, xy_m=last.xy_m[::-1])]
    return merged_stretches([one for one in whole if one.length_m > 0])


def free_stretch(variant: Variant, xy_m: Floats, *, civil_per_m: float) -> Stretch:
    """Return a trench over open ground along vertices of shape (vertices, 2), without crossings."""
    steps = np.diff(xy_m, axis=0)
    length_m = float(np.hypot(steps[:, 0], steps[:, 1]).sum())
    cable_cents = round(length_m * variant.cable_per_m * 100)
    return Stretch(
        corridor=OFF_CORRIDOR,
        surface=Surface.OPEN_GROUND.name.lower(),
        laying=WORKS[DIRECT_BURIAL],
        length_m=length_m,
        civil_per_m=civil_per_m,
        civil_cents=round(length_m * (civil_per_m + variant.cable_per_m) * 100) - cable_cents,
        cable_cents=cable_cents,
        crossing_cents=0,
        edge=-1,
        parts=no_parts(),
        xy_m=xy_m,
    )


def _end_part(ends: EndRows, end: int, share_from: float) -> EdgeParts:
    """Return the part of an edge up to where a way leaves it."""
    return EdgeParts(
        edge=ends.edge[end : end + 1],
        share_from=np.array([share_from]),
        share_to=ends.share[end : end + 1],
    )


def way_parts(corridors: CorridorGraph, connectors: Connectors, path: CorridorPath) -> EdgeParts:
    """Return the part of the landing edge up to where it is left, then whole edges."""
    if path.first_node < 0:
        return no_parts()
    landing, share = int(connectors.edge[path.seed]), float(connectors.share[path.seed])
    forward = int(corridors.edge_to[landing]) == path.first_node
    if int(corridors.edge_from[landing]) == path.first_node:
        # an edge that returns to its own node is left at its nearer end
        forward = forward and share > 0.5
    starts, here = [share], path.first_node
    ends = [1.0 if forward else 0.0]
    for edge in path.edges.tolist():
        forward = int(corridors.edge_from[edge]) == here
        starts.append(0.0 if forward else 1.0)
        ends.append(1.0 if forward else 0.0)
        here = int(corridors.edge_from[edge] + corridors.edge_to[edge]) - here
    return EdgeParts(
        edge=np.concatenate([[landing], path.edges]).astype(np.int64),
        share_from=np.array(starts),
        share_to=np.array(ends),
    )


def stretches_along(civil: CivilWorks, variant: Variant, parts: EdgeParts) -> list[Stretch]:
    """Return one stretch for each part of an edge."""
    corridors, edges = civil.corridors, parts.edge
    costs = part_costs(civil, variant, edges, parts.share_from, parts.share_to)
    per_m = civil_per_m(civil, variant, edges)
    length_m = corridors.edge_length_m[edges] * np.abs(parts.share_to - parts.share_from)
    return [
        _stretch(
            costs,
            row,
            corridor=corridor_name(corridors, int(edges[row])),
            surface=Surface(int(corridors.edge_surface[edges[row]])),
            works=int(civil.works[edges[row]]),
            length_m=float(length_m[row]),
            civil_per_m=float(per_m[row]),
            edge=int(edges[row]),
            parts=EdgeParts(
                edge=edges[row : row + 1],
                share_from=parts.share_from[row : row + 1],
                share_to=parts.share_to[row : row + 1],
            ),
            xy_m=edge_piece(corridors, parts, row),
            crossed=parts_crossed(
                civil,
                edges[row : row + 1],
                parts.share_from[row : row + 1],
                parts.share_to[row : row + 1],
            ),
        )
        for row in range(len(parts))
    ]


def corridor_name(corridors: CorridorGraph, edge: int) -> str:
    """Return the corridor of an edge by its kind and id."""
    kind = CorridorKind(int(corridors.edge_kind[edge])).name.lower()
    return f"{kind}: {corridors.corridor_id[corridors.edge_corridor[edge]]}"


def edge_piece(corridors: CorridorGraph, parts: EdgeParts, row: int) -> Floats:
    """Return the vertices of one of several parts of edges, in the direction of the way."""
    xy = corridors.shape.row(int(parts.edge[row]))
    start, end = float(parts.share_from[row]), float(parts.share_to[row])
    if {start, end} == {0.0, 1.0}:
        return np.asarray(xy if start < end else xy[::-1])
    piece = shapely.ops.substring(shapely.LineString(xy), start, end, normalized=True)
    coordinates: Floats = shapely.get_coordinates(piece)
    return coordinates


def _stretch(
    costs: PartCosts,
    row: int,
    *,
    corridor: str,
    surface: Surface,
    works: int,
    length_m: float,
    civil_per_m: float,
    edge: int,
    parts: EdgeParts,
    xy_m: Floats,
    crossed: Crossed,
) -> Stretch:
    return Stretch(
        corridor=corridor,
        surface=surface.name.lower(),
        laying=WORKS[works],
        length_m=length_m,
        civil_per_m=civil_per_m,
        civil_cents=int(costs.civil_cents[row]),
        cable_cents=int(costs.cable_cents[row]),
        crossing_cents=int(costs.crossing_cents[row]),
        edge=edge,
        parts=parts,
        xy_m=xy_m,
        crossed=crossed,
    )


def merged_stretches(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Return stretches with those that follow each other and are alike as one."""
    merged: list[Stretch] = []
    for stretch in stretches:
        if merged and merged[-1].joins(stretch):
            merged[-1] = merged[-1].extended(stretch)
        else:
            merged.append(stretch)
    return merged
