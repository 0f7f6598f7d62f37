"""The cheapest tree that joins some nodes of a graph, with a bound that says how good it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.errors import InputError
from gisplan.routing.steiner.bounded_search import search_trees
from gisplan.routing.steiner.reduce_kernel import reach
from gisplan.routing.steiner.reduction import reduce_instance

if TYPE_CHECKING:
    from gisplan.model.grid import Integers
    from gisplan.routing.cost_graph import CostGraph
    from gisplan.routing.steiner.heap_kernel import Int32s, Int64s

ROUNDS = 12
SEED = 1
ROOM = 1 << 59
"""Sums of costs stay below this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SteinerTree:
    """A tree that joins terminals.

    Parameters
    ----------
    edges : int64 (edges of the tree,), rising
    cost : sum of the edges' costs
    lower_bound : no tree that joins the same terminals costs less
    unreached : int64, terminals that no open edges join to those of the tree, rising
    """

    edges: Integers
    cost: int
    lower_bound: int
    unreached: Integers

    @property
    def gap_ratio(self) -> float:
        """How much of the cost may be too much at most, 0 to 1."""
        return (self.cost - self.lower_bound) / self.cost if self.cost else 0.0

    @property
    def is_proven(self) -> bool:
        """Whether no tree is cheaper."""
        return self.cost == self.lower_bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Edges of a graph with 64-bit costs, laid out by node; a negative cost forbids an edge."""

    offset: Int32s
    arc_edge: Int32s
    edge_from: Int32s
    edge_to: Int32s
    edge_cost: Int64s

    @property
    def node_count(self) -> int:
        """Number of nodes."""
        return len(self.offset) - 1


def find_steiner_tree(
    graph: CostGraph, terminals: Integers, *, rounds: int = ROUNDS, seed: int = SEED
) -> SteinerTree:
    """Return a cheap tree that joins the terminals, and a lower bound on all such trees.

    Where the terminals do not hang together, the tree joins the largest group that does (of equal
    ones that with the smallest node) and the others are named as unreached. The same graph and
    terminals, in any order, give the same tree at the same cost.

    Parameters
    ----------
    terminals : int, nodes; repeated ones count once
    rounds
        Effort. 0 is the quickest: a grown tree improved once, with a bound of about half of its
        cost. Each round more is a dual ascent, which gives a bound and another tree: the first
        from one root, the next from others with perturbed costs; then parts of all trees are
        looked at apart, until the tree is proven the cheapest.
    seed
        Of the perturbations.

    Raises
    ------
    InputError
        If a terminal is no node of the graph.
    """
    nodes = checked_nodes(terminals, graph.node_count, "terminal")
    network = network_of(graph)
    joined, unreached = largest_group(network, nodes)
    tree = solve_network(network, joined, rounds=rounds, seed=seed)
    return replace(tree, unreached=unreached)


def network_of(graph: CostGraph) -> Network:
    """Return a graph as the kernels of this package read it."""
    return Network(
        offset=graph.arc_offset,
        arc_edge=graph.arc_edge,
        edge_from=graph.edge_from,
        edge_to=graph.edge_to,
        edge_cost=graph.edge_cost.astype(np.int64),
    )


def checked_nodes(nodes: Integers, node_count: int, what: str) -> Int32s:
    """Return nodes without repetition, rising.

    Raises
    ------
    InputError
        If one is no node of the graph.
    """
    given = np.asarray(nodes)
    if given.ndim != 1 or (len(given) and given.dtype.kind not in "iu"):
        raise InputError(
            f"{what}s have shape {given.shape} and type {given.dtype}; expected one whole number "
            "for each"
        )
    wrong = (given < 0) | (given >= node_count)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise InputError(f"{what} {row} is node {given[row]}; expected 0 to {node_count - 1}")
    return np.unique(given).astype(np.int32)


def groups_of(network: Network, nodes: Int32s) -> Integers:
    """Return for each node the number of the group that open edges join it to."""
    group = reach(
        network.offset,
        network.arc_edge,
        network.edge_from,
        network.edge_to,
        network.edge_cost,
        nodes,
    )
    return group[nodes].astype(np.int64)


def largest_group(network: Network, nodes: Int32s) -> tuple[Int32s, Integers]:
    """Return the nodes of the largest group that hangs together, and the others."""
    group = groups_of(network, nodes)
    in_largest = group == (np.argmax(np.bincount(group)) if len(nodes) else 0)
    return nodes[in_largest], nodes[~in_largest].astype(np.int64)


def solve_network(network: Network, nodes: Int32s, *, rounds: int, seed: int) -> SteinerTree:
    """Return a tree that joins nodes which hang together."""
    is_terminal = np.zeros(network.node_count, np.int32)
    is_terminal[nodes] = 1
    reduction = reduce_instance(
        offset=network.offset,
        arc_edge=network.arc_edge,
        edge_from=network.edge_from,
        edge_to=network.edge_to,
        edge_cost=network.edge_cost,
        is_terminal=is_terminal,
    )
    instance = reduction.instance
    # An edge counts as a little more than its cost, so that none is free and, of equally cheap
    # trees, that with fewer edges wins.
    hops = max(1, len(instance.offset) - 2)
    total = int(instance.edge_cost.sum()) + hops
    if total > ROOM:
        raise InputError(f"the costs of all edges sum up to {total}; expected {ROOM} at most")
    weight = min(hops + 1, ROOM // total)
    search, bound = search_trees(
        replace(instance, edge_cost=instance.edge_cost * weight + 1),
        step=weight if weight > hops else 1,
        rounds=rounds,
        seed=seed,
    )
    edges = reduction.edges_before(search.best_edges)
    cost = int(network.edge_cost[edges].sum())
    least = reduction.fixed_cost + max(0, -((hops - bound) // weight))
    return SteinerTree(
        edges=edges,
        cost=cost,
        lower_bound=cost if bound >= search.best_cost else min(cost, least),
        unreached=np.zeros(0, np.int64),
    )
