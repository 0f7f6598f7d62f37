"""Where the search of a site begins: its landings, and ways from there along one edge."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.planning.civil import connector_costs, part_cost_cents
from gisplan.routing.search import Starts

if TYPE_CHECKING:
    from gisplan.model.grid import Floats
    from gisplan.planning.candidates import Ground
    from gisplan.planning.variants import Variant
    from gisplan.routing.cost_graph import CostGraph
    from gisplan.routing.site import Connectors


def starts_of(ground: Ground, connectors: Connectors, variant: Variant) -> Starts:
    """Return where a search begins: both ends of the edge of each of the site's landings.

    The start of a landing's first end stands in row 2 x landing, that of its last in the next; one
    that the cable may not reach has a negative cost.
    """
    seed = np.repeat(np.arange(len(connectors)), 2)
    end = np.tile([0.0, 1.0], len(connectors))
    edge, share = connectors.edge[seed], connectors.share[seed]
    corridors = ground.corridors
    cost = connector_cents(ground, connectors, variant)[seed] + part_cost_cents(
        ground.civil, variant, edge, share, end
    )
    return Starts.at(
        np.where(end > 0, corridors.edge_to[edge], corridors.edge_from[edge]),
        np.where(np.isfinite(cost), cost, -1).astype(np.int64),
        length_m=connectors.length_m[seed] + corridors.edge_length_m[edge] * np.abs(end - share),
        seed=seed,
    )


def site_starts(
    ground: Ground, variant: Variant, graph: CostGraph, connectors: Connectors
) -> Starts:
    """Return the starts at nodes, and those from a landing to what lies beside the same edge.

    These follow in the order of the pairs of ``AccessEnds.on_edges``.
    """
    usual, ends = _open_starts(ground, variant, graph, connectors), ground.targets.ends
    landing, row = ends.on_edges(connectors.edge)
    if len(row) == 0:
        return usual
    share = connectors.share[landing]
    cost = ground.targets.part_cents(variant, row, share)
    cost += connector_cents(ground, connectors, variant)[landing]
    is_open = ends.leads_to(variant)[row] & np.isfinite(cost)
    is_open &= graph.edge_cost[connectors.edge[landing]] >= 0
    return Starts.at(
        np.concatenate([usual.node, graph.node_count + ends.place[row]]),
        np.concatenate([usual.cost_cents, np.where(is_open, cost, -1).astype(np.int64)]),
        length_m=np.concatenate(
            [
                usual.length_m,
                connectors.length_m[landing] + ends.length_m(ground.corridors, row, share),
            ]
        ),
        seed=np.concatenate([usual.seed, landing]),
    )


def _open_starts(
    ground: Ground, variant: Variant, graph: CostGraph, connectors: Connectors
) -> Starts:
    """Return the usual starts but for those along an edge that the graph does not leave open."""
    usual = starts_of(ground, connectors, variant)
    runs_along = usual.length_m > connectors.length_m[usual.seed]
    is_shut = runs_along & (graph.edge_cost[connectors.edge[usual.seed]] < 0)
    return replace(usual, cost_cents=np.where(is_shut, -1, usual.cost_cents))


def connector_cents(ground: Ground, connectors: Connectors, variant: Variant) -> Floats:
    """Return what the connectors of a site cost, shape (connectors,)."""
    return connector_costs(ground.civil, variant, connectors).total_cents
