"""What connecting costs from places off the corridors: cells of a raster, buildings, any point.

A place reaches the corridors by one straight connector, as a site does in ``plan``: at the foot of
the perpendicular on an edge, at its ends, or where it meets a main, no further than the catalogue's
longest connector and through no forbidden area but the one that the place stands in. From there the
labels of the corridor nodes go on, for each cable with its own connector price, and drop and joints
are asked of the whole length. A station that the place sees is reached straight.

A main is joined between two places where the demand fits at both (the nodes at the ends of an edge,
or next to a station); where it fits at one of them only, it is joined there. Labels of nodes are
one way a cable, and one station is reached from within an edge, so a cost is one that can be had,
never below the least.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.planning.cost_map.layers import NONE
from gisplan.planning.cost_map.node_costs import CostReason
from gisplan.planning.cost_map.straight_costs import seen_stations, straight_costs
from gisplan.routing.landings import (
    Edges,
    LandingIndex,
    Tariffs,
    build_areas,
    build_landing_index,
    floor_cents,
)
from gisplan.routing.sweep import UNREACHED

if TYPE_CHECKING:
    from gisplan.model.grid import Codes, Flags, Floats, Integers
    from gisplan.planning.candidates import Ground
    from gisplan.planning.cost_map.layers import Along, Labels, Layer
    from gisplan.planning.cost_map.node_costs import CostMap
    from gisplan.planning.cost_map.straight_costs import SeenStations
    from gisplan.routing.landings import Landings


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCosts:
    """What connecting costs from each of several places off the corridors, shape (places,).

    ``access`` is the row of the winner in ``CostMapAccess``, or of what would be cheapest where
    ``reason`` (a ``CostReason``) says that there is no cost; -1 for none. ``variant`` is the row of
    the cable, ``length_m`` its whole way, connector included.
    """

    cost_cents: Integers
    access: Integers
    variant: Integers
    length_m: Floats
    reason: Codes

    @property
    def is_reached(self) -> Flags:
        """Whether there is a cost."""
        reached: Flags = self.reason == CostReason.REACHED
        return reached


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """Tariffs of a landing, and behind each tariff its cable and its access points.

    ``node_access`` (tariffs, nodes) and ``edge_access`` (tariffs, edges) are rows of
    ``CostMapAccess``, -1 for none.
    """

    tariffs: Tariffs
    variant: Integers
    node_access: Integers
    edge_access: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePricing:
    """What is needed to ask for many places of one map, prepared once.

    ``held`` is what the demand may use, ``bound`` the same without drop and joints, ``free`` every
    access point whatever it takes.
    """

    answer: CostMap
    index: LandingIndex
    reach_m: float
    held: Offered
    bound: Offered
    free: Offered


def prepare_sites(answer: CostMap) -> SitePricing:
    """Prepare a map for places off the corridors."""
    region, edges = answer.state.region, _edges(answer.ground)
    areas = build_areas(region.site_index.forbidden, region.site_index.leavable)
    landable = np.zeros(len(edges.start), dtype=bool)
    landable[region.site_index.edge_row] = True
    held = [way for row, layer in enumerate(answer.layers) for way in _held(layer, row)]
    bound = [_unlimited(layer, row) for row, layer in enumerate(answer.layers)]
    free = [_unlimited(layer, row) for row, layer in enumerate(answer.unlimited)]
    return SitePricing(
        answer=answer,
        index=build_landing_index(edges, landable, areas, answer.ground.civil.crossable.between),
        reach_m=region.catalogue.value("connector.max_length_m"),
        held=_offered(answer, edges, held),
        bound=_offered(answer, edges, bound),
        free=_offered(answer, edges, free),
    )


def site_costs(pricing: SitePricing, xy_m: Floats) -> SiteCosts:
    """Return what connecting costs from places of shape (places, 2) in the working CRS."""
    best, seen = _land(pricing, pricing.held, xy_m), _seen(pricing, xy_m)
    straight = straight_costs(pricing.answer, seen, len(xy_m), is_limited=True)
    is_straight = straight.cents < best.cents
    left = np.flatnonzero((best.tariff < 0) & ~is_straight)
    instead = _land(pricing, pricing.free, xy_m[left])
    access = np.where(is_straight, straight.access, _access(pricing.held, best))
    access[left] = _access(pricing.free, instead)
    variant = np.where(best.tariff >= 0, pricing.held.variant[best.tariff], NONE)
    reason = np.full(len(xy_m), CostReason.REACHED, dtype=np.uint8)
    reason[left] = _reasons(pricing, xy_m[left], instead)
    return SiteCosts(
        cost_cents=np.minimum(best.cents, straight.cents),
        access=access,
        variant=np.where(is_straight, straight.variant, variant),
        length_m=np.where(is_straight, straight.length_m, best.length_m),
        reason=reason,
    )


def site_bounds(pricing: SitePricing, xy_m: Floats) -> Integers:
    """Return what no connection from places of shape (places, 2) can cost less than.

    Where it is the cost itself, the cost is the least; ``UNREACHED`` where nothing is reached.
    """
    straight = straight_costs(pricing.answer, _seen(pricing, xy_m), len(xy_m), is_limited=False)
    return np.minimum(_land(pricing, pricing.bound, xy_m).cents, straight.cents)


def _seen(pricing: SitePricing, xy_m: Floats) -> SeenStations:
    return seen_stations(pricing.answer, pricing.index.areas, xy_m, pricing.reach_m)


def _land(pricing: SitePricing, offered: Offered, xy_m: Floats) -> Landings:
    return pricing.index.cheapest(xy_m, offered.tariffs, pricing.reach_m)


def _access(offered: Offered, landed: Landings) -> Integers:
    """Return the access point behind each landing, -1 where there is none."""
    tariff, node, edge = (np.maximum(n, 0) for n in (landed.tariff, landed.node, landed.edge))
    on_way = np.where(
        landed.node >= 0, offered.node_access[tariff, node], offered.edge_access[tariff, edge]
    )
    access: Integers = np.where(landed.tariff >= 0, on_way, NONE)
    return access


def _reasons(pricing: SitePricing, xy_m: Floats, free: Landings) -> Codes:
    """Return why places have no cost, by the access point that would be cheapest for each."""
    nodes, corridors = pricing.answer.nodes, pricing.answer.ground.corridors
    reason = np.full(len(xy_m), CostReason.NO_CORRIDOR, dtype=np.uint8)
    if (nodes.reason == CostReason.NOT_CONNECTED).any():
        tree = pricing.answer.state.region.site_index.edge_tree
        points = np.asarray(shapely.points(xy_m), dtype=object)
        near, _ = tree.query(points, predicate="dwithin", distance=pricing.reach_m)
        reason[near] = CostReason.NOT_CONNECTED
    landed = np.flatnonzero(free.tariff >= 0)
    node = np.where(free.node >= 0, free.node, corridors.edge_from[free.edge])[landed]
    has_feasible = nodes.bound_cents[node] < UNREACHED
    reason[landed] = np.where(has_feasible, CostReason.DROP_TOO_LARGE, CostReason.NOTHING_FEASIBLE)
    return reason


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """Labels of one cable as a tariff: without joints, which the whole length decides."""

    layer: Layer
    variant: int
    node_cents: Integers
    labels: Labels
    is_limited: bool

    @property
    def along(self) -> Along:
        """What is reached from within edges; a bound of it where nothing is limited."""
        return self.layer.along if self.is_limited else self.layer.along_least


def _held(layer: Layer, variant: int) -> list[_Way]:
    """Return the labels of a layer that hold; those of the further search where there are any."""
    cable, further = layer.variant, layer.further
    is_held = layer.held.cost_cents < UNREACHED
    ways = [(layer.held, np.where(is_held, layer.bound_cents, UNREACHED))]
    if (further.cost_cents < UNREACHED).any():
        joints = cable.joint_count(further.length_m) * cable.joint_cents
        is_there = further.cost_cents < UNREACHED
        ways.append((further, np.where(is_there, further.cost_cents - joints, UNREACHED)))
    return [
        _Way(layer=layer, variant=variant, node_cents=cents, labels=labels, is_limited=True)
        for labels, cents in ways
    ]


def _unlimited(layer: Layer, variant: int) -> _Way:
    """Return the labels of a sweep, whatever the drop and without any joint: a lower bound."""
    return _Way(
        layer=layer,
        variant=variant,
        node_cents=layer.bound_cents,
        labels=layer.swept,
        is_limited=False,
    )


def _offered(answer: CostMap, edges: Edges, ways: list[_Way]) -> Offered:
    ground, cables = answer.ground, [way.layer.variant for way in ways]
    joined = np.array([way.along.cents for way in ways])
    node_cents = np.array([way.node_cents for way in ways])
    is_limited = np.array([way.is_limited for way in ways])
    joint_cents = np.array([cable.joint_cents * cable.system_count for cable in cables])
    tariffs = Tariffs(
        node_cents=node_cents,
        node_length_m=np.array([way.labels.length_m for way in ways]),
        edge_cents=np.array([_edge_cents(ground, way.layer) for way in ways]),
        joined_cents=joined,
        joined_from=np.array([way.along.share_from for way in ways]),
        joined_to=np.array([way.along.share_to for way in ways]),
        joined_length_m=np.array([way.along.length_m for way in ways]),
        connector_cents_per_m=np.array(
            [(ground.civil.connector_per_m + cable.cable_per_m) * 100 for cable in cables]
        ),
        limit_m=np.where(is_limited, [way.layer.reach_m for way in ways], np.inf),
        drum_m=np.array([cable.drum_length_m / (1 + cable.spare_length_ratio) for cable in cables]),
        joint_cents=np.where(is_limited, joint_cents, 0),
        floor_cents=floor_cents(edges, node_cents, joined),
        crossing_cents=np.asarray(ground.civil.crossing_cents, dtype=np.int64),
    )
    return Offered(
        tariffs=tariffs,
        variant=np.array([way.variant for way in ways]),
        node_access=np.array([way.labels.access for way in ways]),
        edge_access=np.array([way.along.access for way in ways]),
    )


def _edge_cents(ground: Ground, layer: Layer) -> Floats:
    """Return what each edge costs without its crossings, -1 where the cable may not lie."""
    cost = layer.graph.edge_cost.astype(np.float64)
    return np.where(cost >= 0, cost - ground.civil.edge_crossing_cents, -1.0)


def _edges(ground: Ground) -> Edges:
    corridors = ground.corridors
    return Edges(
        start=np.ascontiguousarray(corridors.edge_from, dtype=np.int64),
        end=np.ascontiguousarray(corridors.edge_to, dtype=np.int64),
        length_m=np.ascontiguousarray(corridors.edge_length_m),
        offset=np.ascontiguousarray(corridors.shape.offset),
        xy_m=np.ascontiguousarray(corridors.shape.xy_m),
        crossing_offset=np.ascontiguousarray(corridors.edge_crossing_offset),
        crossing_share=np.ascontiguousarray(corridors.crossing_share),
        roadside=np.ascontiguousarray(corridors.edge_roadside),
    )
