"""The cheapest way between two places that reach the corridors by landings, exactly.

Where bends have a price, ``find_bent_way`` weighs them too, for a way that begins and ends at its
two places; a way that others go on from is found without.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.planning.bends import bends_of, polylines
from gisplan.planning.bent_search import bent_starts, edge_pieces
from gisplan.planning.civil import connector_costs, part_cost_cents
from gisplan.planning.route import EdgeParts, no_parts, way_parts
from gisplan.planning.search_starts import starts_of
from gisplan.routing.search import Starts, Targets, start_search
from gisplan.routing.turns import build_bend_targets, start_bend_search

if TYPE_CHECKING:
    from gisplan.model.grid import Floats, Integers
    from gisplan.planning.bends import Bends
    from gisplan.planning.candidates import Ground
    from gisplan.planning.variants import Variant
    from gisplan.routing.cost_graph import CostGraph
    from gisplan.routing.search import Search
    from gisplan.routing.site import Connectors
    from gisplan.routing.turns import BendSearch

FROM_END, TO_END = 0.0, 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """From a landing of one place along parts of edges to a landing of another."""

    start: int
    end: int
    parts: EdgeParts
    cost_cents: int


def find_way(
    ground: Ground, variant: Variant, graph: CostGraph, start: Connectors, end: Connectors
) -> Way | None:
    """Return the cheapest way between two places, connectors included; ``None`` if there is none.

    Parameters
    ----------
    graph
        The corridors at the prices of the cable, perhaps without some edges.
    start, end
        Landings of both places.
    """
    if len(start) == 0 or len(end) == 0:
        return None
    starts, pairs = _with_direct_ways(ground, variant, graph, start=start, end=end)
    targets = _ends(graph, end, _end_cents(ground, variant, graph, end))
    with start_search(graph, starts, targets) as search:
        return _way(ground, search, start=start, end=end, pairs=pairs)


def find_bent_way(
    ground: Ground, variant: Variant, graph: CostGraph, start: Connectors, end: Connectors
) -> Way | None:
    """Return the cheapest way as ``find_way`` does, with its bends where they have a price."""
    if variant.bend_cents == 0 or len(start) == 0 or len(end) == 0:
        return find_way(ground, variant, graph, start, end)
    starts, pairs = _with_direct_ways(ground, variant, graph, start=start, end=end)
    one, other = pairs.T
    begun = bent_starts(
        ground.corridors,
        variant,
        start,
        starts,
        landing=np.concatenate([np.repeat(np.arange(len(start)), 2), one]),
        share=np.concatenate([np.tile([FROM_END, TO_END], len(start)), end.share[other]]),
        tails=[_last_leg(end, row) for row in other.tolist()],
    )
    last = _end_bends(ground, variant, end)
    cents = _end_cents(ground, variant, graph, end)
    cents = np.where(cents >= 0, cents + last.count * variant.bend_cents, -1)
    bends = ground.bends.get(ground.corridors, variant, graph)
    targets = build_bend_targets(bends, _ends(graph, end, cents), last.first_deg)
    with start_bend_search(bends, begun, targets) as search:
        return _way(ground, search, start=start, end=end, pairs=pairs)


def _end_cents(ground: Ground, variant: Variant, graph: CostGraph, end: Connectors) -> Integers:
    """Return what lies between both ends of each landing's edge and its place, -1 if shut."""
    edge, side = np.repeat(end.edge, 2), np.tile([FROM_END, TO_END], len(end))
    part = part_cost_cents(ground.civil, variant, edge, side, np.repeat(end.share, 2))
    cost = part + np.repeat(connector_costs(ground.civil, variant, end).total_cents, 2)
    is_open = np.isfinite(cost) & (graph.edge_cost[edge] >= 0)
    return np.where(is_open, cost, -1).astype(np.int64)


def _ends(graph: CostGraph, end: Connectors, cents: Integers) -> Targets:
    """Return landings as places that hang at both ends of their edges."""
    node = np.column_stack([graph.edge_from[end.edge], graph.edge_to[end.edge]]).reshape(-1)
    landing = np.repeat(np.arange(len(end)), 2)
    return Targets.none(graph.node_count).with_places(node.astype(np.int64), landing, cents)


def _end_bends(ground: Ground, variant: Variant, end: Connectors) -> Bends:
    """Return the bends from both ends of each landing's edge to its place."""
    edge, side = np.repeat(end.edge, 2), np.tile([FROM_END, TO_END], len(end))
    pieces = edge_pieces(ground.corridors, edge, side, np.repeat(end.share, 2))
    ways = [np.concatenate([piece, _last_leg(end, row // 2)]) for row, piece in enumerate(pieces)]
    return bends_of(polylines(ways), variant.bend_min_deg)


def _last_leg(end: Connectors, row: int) -> Floats:
    """Return a connector from its landing to its place, none where the place is the landing."""
    if end.length_m[row] == 0:
        return np.zeros((0, 2))
    leg: Floats = np.array([end.xy_m[row], end.start_xy_m[row]])
    return leg


def _with_direct_ways(
    ground: Ground,
    variant: Variant,
    graph: CostGraph,
    *,
    start: Connectors,
    end: Connectors,
) -> tuple[Starts, Integers]:
    """Return starts at nodes, then ways along one edge from landing to landing, and their pairs."""
    usual = starts_of(ground, start, variant)
    shut = graph.edge_cost[start.edge] < 0
    usual_cost = np.where(np.repeat(shut, 2), -1, usual.cost_cents)
    one, other = np.nonzero(start.edge[:, None] == end.edge[None, :])
    one, other = one[~shut[one]], other[~shut[one]]
    part = part_cost_cents(
        ground.civil, variant, start.edge[one], start.share[one], end.share[other]
    )
    own = connector_costs(ground.civil, variant, start.take(one)).total_cents
    direct = part + own + connector_costs(ground.civil, variant, end).total_cents[other]
    starts = Starts.at(
        np.concatenate([usual.node, graph.node_count + other]),
        np.concatenate([usual_cost, np.where(np.isfinite(direct), direct, -1).astype(np.int64)]),
        seed=np.concatenate([usual.seed, len(start) + np.arange(len(one))]),
    )
    return starts, np.column_stack([one, other])


def _way(
    ground: Ground,
    search: Search | BendSearch,
    *,
    start: Connectors,
    end: Connectors,
    pairs: Integers,
) -> Way | None:
    met = search.next_nodes(1)
    if len(met) == 0:
        return None
    place = int(met[0])
    path = search.path_to(place)
    landing = place - search.graph.node_count
    if path.seed >= len(start):
        first = int(pairs[path.seed - len(start), 0])
        parts = _part(int(end.edge[landing]), float(start.share[first]), float(end.share[landing]))
        return Way(start=first, end=landing, parts=parts, cost_cents=path.cost_cents)
    whole = way_parts(ground.corridors, start, path)
    side = TO_END if search.last_row(place) % 2 else FROM_END
    last = _part(int(end.edge[landing]), side, float(end.share[landing]))
    return Way(
        start=path.seed, end=landing, parts=whole.followed_by(last), cost_cents=path.cost_cents
    )


def _part(edge: int, share_from: float, share_to: float) -> EdgeParts:
    if share_from == share_to:
        return no_parts()
    return EdgeParts(
        edge=np.array([edge], dtype=np.int64),
        share_from=np.array([share_from]),
        share_to=np.array([share_to]),
    )
