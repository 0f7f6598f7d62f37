"""Corridors priced for one cable: made when a cable is first searched, kept for the next."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from gisplan.planning.civil import edge_costs_cents
from gisplan.routing.cost_graph import LARGEST_COST, build_cost_graph

if TYPE_CHECKING:
    from gisplan.model.grid import Floats
    from gisplan.network.snapshot import CorridorGraph
    from gisplan.planning.civil import CivilWorks
    from gisplan.planning.variants import Variant
    from gisplan.routing.cost_graph import CostGraph

KEPT_MAX = 32
CableKey = tuple[str, int, float, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedGraphs:
    """The corridors as a graph, and the same graph at the prices of the cables asked last."""

    graph: CostGraph
    civil: CivilWorks
    _kept: OrderedDict[CableKey, CostGraph] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def get(self, variant: Variant) -> CostGraph:
        """Return the graph at the prices of a cable."""
        key = (
            variant.conductor.conductor_id,
            variant.system_count,
            variant.cable_per_m,
            variant.is_overhead,
        )
        with self._lock:
            priced = self._kept.pop(key, None) or self._price(variant)
            self._kept[key] = priced
            while len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)
        return priced

    def _price(self, variant: Variant) -> CostGraph:
        return self.graph.with_costs(affordable(edge_costs_cents(self.civil, variant)))


def build_priced_graphs(corridors: CorridorGraph, civil: CivilWorks) -> PricedGraphs:
    """Lay the corridors out as a graph that any cable can be priced on."""
    graph = build_cost_graph(
        corridors.edge_from,
        corridors.edge_to,
        np.zeros(len(corridors.edge_from)),
        node_count=len(corridors.node_x_m),
    )
    return PricedGraphs(graph=graph, civil=civil)


def affordable(edge_cost_cents: Floats) -> Floats:
    """Return costs with those as forbidden that no single edge can have, above 21 million."""
    cost: Floats = np.where(edge_cost_cents > LARGEST_COST, np.inf, edge_cost_cents)
    return cost
