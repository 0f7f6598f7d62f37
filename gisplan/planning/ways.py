"""The cheapest way between two places that reach the corridors by landings, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.planning.candidates import starts_of
from gisplan.planning.civil import connector_costs, part_cost_cents
from gisplan.planning.route import EdgeParts, no_parts, way_parts
from gisplan.routing.search import Starts, Targets, start_search

if TYPE_CHECKING:
    from gisplan.model.grid import Floats, Integers
    from gisplan.planning.candidates import Ground
    from gisplan.planning.variants import Variant
    from gisplan.routing.cost_graph import CostGraph
    from gisplan.routing.search import Search
    from gisplan.routing.site import Connectors

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
    end_cents = connector_costs(ground.civil, variant, end).total_cents
    starts, pairs = _with_direct_ways(
        ground, variant, graph, start=start, end=end, end_cents=end_cents
    )
    edge, landing = np.repeat(end.edge, 2), np.repeat(np.arange(len(end)), 2)
    side = np.tile([FROM_END, TO_END], len(end))
    part = part_cost_cents(ground.civil, variant, edge, side, np.repeat(end.share, 2))
    cost = part + end_cents[landing]
    node = np.where(side == FROM_END, graph.edge_from[edge], graph.edge_to[edge])
    is_open = np.isfinite(cost) & (graph.edge_cost[edge] >= 0)
    targets = Targets.none(graph.node_count).with_places(
        node, landing, np.where(is_open, cost, -1).astype(np.int64)
    )
    with start_search(graph, starts, targets) as search:
        met = search.next_nodes(1)
        if len(met) == 0:
            return None
        return _way(ground, search, int(met[0]), start=start, end=end, pairs=pairs)


def _with_direct_ways(
    ground: Ground,
    variant: Variant,
    graph: CostGraph,
    *,
    start: Connectors,
    end: Connectors,
    end_cents: Floats,
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
    direct = part + own + end_cents[other]
    starts = Starts.at(
        np.concatenate([usual.node, graph.node_count + other]),
        np.concatenate([usual_cost, np.where(np.isfinite(direct), direct, -1).astype(np.int64)]),
        seed=np.concatenate([usual.seed, len(start) + np.arange(len(one))]),
    )
    return starts, np.column_stack([one, other])


def _way(
    ground: Ground,
    search: Search,
    place: int,
    *,
    start: Connectors,
    end: Connectors,
    pairs: Integers,
) -> Way:
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
