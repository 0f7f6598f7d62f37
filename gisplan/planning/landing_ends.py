"""Landings of places as the ends of routes: where they leave the corridors, and at what cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gisplan.planning.civil import connector_costs, part_cost_cents
from gisplan.routing.places import AccessPoints, Exits

if TYPE_CHECKING:
    from gisplan.model.grid import Floats, Integers
    from gisplan.planning.candidates import Ground
    from gisplan.planning.variants import Variant
    from gisplan.routing.cost_graph import CostGraph
    from gisplan.routing.site import Connectors


def site_exits(
    ground: Ground, cable: Variant, graph: CostGraph, landings: Connectors
) -> tuple[Exits, Integers]:
    """Return where a site is left, by open edges, and the landing of each."""
    rows, part_cost, own = _open_landings(ground, cable, graph, landings)
    kept = landings.take(rows)
    return Exits.on_edges(kept.edge, kept.share, part_cost, cost_cents=own), rows


def place_ends(
    ground: Ground, cable: Variant, graph: CostGraph, landings: Connectors
) -> tuple[AccessPoints, Integers]:
    """Return where routes to a place may end, by open edges, and the landing of each."""
    rows, part_cost, own = _open_landings(ground, cable, graph, landings)
    kept = landings.take(rows)
    return AccessPoints.on_edges(kept.edge, kept.share, part_cost, cost_cents=own), rows


def _open_landings(
    ground: Ground, cable: Variant, graph: CostGraph, landings: Connectors
) -> tuple[Integers, Floats, Integers]:
    """Return rows of landings on open edges, costs of both parts of the edge, and connectors."""
    rows = np.flatnonzero(graph.edge_cost[landings.edge] >= 0)
    kept = landings.take(rows)
    own = connector_costs(ground.civil, cable, kept).total_cents
    first, last = np.zeros(len(kept)), np.ones(len(kept))
    parts = [
        part_cost_cents(ground.civil, cable, kept.edge, first, kept.share),
        part_cost_cents(ground.civil, cable, kept.edge, kept.share, last),
    ]
    return rows, np.column_stack(parts), own.astype(np.int64)
