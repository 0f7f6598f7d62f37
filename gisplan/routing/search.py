"""One search from a site over corridors: access points come out in order of cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.routing.graph import price_cents_per_m
from gisplan.routing.kernel import edge_cost_cents, lower_label, meet

if TYPE_CHECKING:
    from gisplan.model.grid import Codes, Floats, Integers
    from gisplan.routing.graph import SearchGraph, Workspace

NO_BOUND_CENTS = int(np.int64(1) << 59)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeds:
    """Where the site reaches the corridors: an edge, the share of its length, the way so far.

    Arrays of shape (seeds,); ``share`` runs from 0 at the edge's first node to 1 at its last;
    ``length_m`` and ``cost_cents`` are those of the connector that leads there.
    """

    edge: Integers
    share: Floats
    length_m: Floats
    cost_cents: Integers

    def __len__(self) -> int:
        return len(self.edge)


@dataclass(frozen=True, slots=True, kw_only=True)
class CorridorPath:
    """A way from a seed to a node: whole edges in order, after the part of the seed's edge.

    ``first_node`` is where the seed's edge is left; ``edges`` follow from there.
    """

    seed: int
    first_node: int
    edges: Integers
    cost_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CorridorSearch:
    """A running search; ``next_nodes`` resumes it, ``path_to`` explains a node that was met."""

    graph: SearchGraph
    space: Workspace
    seeds: Seeds
    price_cents: Floats
    is_target: Codes

    def next_nodes(self, limit: int, bound_cents: int = NO_BOUND_CENTS) -> Integers:
        """Return the next target nodes in order of cost, none that costs the bound or more.

        Fewer than ``limit`` nodes mean that nothing below the bound is left.
        """
        met = np.empty(limit, dtype=np.int64)
        graph, space = self.graph, self.space
        found = meet(
            graph.arc_offset,
            graph.arc_node,
            graph.arc_edge,
            graph.edge_length_m,
            graph.edge_class,
            self.price_cents,
            self.is_target,
            space.label_cents,
            space.length_m,
            space.via,
            space.touched,
            space.heap_key,
            space.heap_node,
            space.count,
            bound_cents,
            met,
        )
        return met[:found]

    def cost_cents(self, nodes: Integers) -> Integers:
        """Return the cost of nodes that were met."""
        cost: Integers = self.space.label_cents[nodes]
        return cost

    def length_m(self, nodes: Integers) -> Floats:
        """Return the length of the way to nodes that were met, in metres."""
        length: Floats = self.space.length_m[nodes]
        return length

    def path_to(self, node: int) -> CorridorPath:
        """Return the cheapest way to a node that was met."""
        graph, via = self.graph, self.space.via
        edges: list[int] = []
        here = node
        while (edge := int(via[here])) >= 0:
            edges.append(edge)
            here = int(graph.edge_from[edge] + graph.edge_to[edge]) - here
        return CorridorPath(
            seed=-2 - edge,
            first_node=here,
            edges=np.array(edges[::-1], dtype=np.int64),
            cost_cents=int(self.space.label_cents[node]),
        )


def start_search(
    graph: SearchGraph,
    space: Workspace,
    *,
    seeds: Seeds,
    price_per_m: Floats,
    is_target: Codes,
) -> CorridorSearch:
    """Return a search whose seeds are laid out and nothing else is done.

    Parameters
    ----------
    price_per_m : float64 (classes,), money a metre by edge class; infinity forbids a class
    is_target : uint8 (nodes,), nonzero where ``next_nodes`` shall stop and tell
    """
    price_cents = price_cents_per_m(price_per_m)
    for seed in range(len(seeds)):
        edge = int(seeds.edge[seed])
        price = float(price_cents[graph.edge_class[edge]])
        if price < 0:
            continue
        length_m, share = float(graph.edge_length_m[edge]), float(seeds.share[seed])
        ends = ((graph.edge_from[edge], share), (graph.edge_to[edge], 1.0 - share))
        for node, part in ends:
            cost = int(seeds.cost_cents[seed]) + edge_cost_cents(length_m * part, price)
            lower_label(
                space.label_cents,
                space.length_m,
                space.via,
                space.touched,
                space.heap_key,
                space.heap_node,
                space.count,
                node,
                cost,
                float(seeds.length_m[seed]) + length_m * part,
                -2 - seed,
            )
    return CorridorSearch(
        graph=graph, space=space, seeds=seeds, price_cents=price_cents, is_target=is_target
    )
