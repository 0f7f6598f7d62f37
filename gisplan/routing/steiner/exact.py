"""The cheapest tree of few terminals, exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gisplan.errors import InputError
from gisplan.routing.steiner.exact_kernel import join_all
from gisplan.routing.steiner.reduction import reduce_instance
from gisplan.routing.steiner.tree import SteinerTree, checked_nodes, largest_group, network_of

if TYPE_CHECKING:
    from gisplan.model.grid import Integers
    from gisplan.routing.cost_graph import CostGraph

MOST_TERMINALS = 10
MOST_LABELS = 1 << 25
"""Sets of terminals times nodes, which decides the memory: about 16 bytes each."""


def find_exact_tree(graph: CostGraph, terminals: Integers) -> SteinerTree:
    """Return a cheapest tree that joins at most ten terminals.

    Time grows threefold with each terminal. Terminals that do not hang together are treated as
    by ``find_steiner_tree``.

    Raises
    ------
    InputError
        If a terminal is no node of the graph, or there are too many for the graph's size.
    """
    nodes = checked_nodes(terminals, graph.node_count, "terminal")
    network = network_of(graph)
    joined, unreached = largest_group(network, nodes)
    is_terminal = np.zeros(network.node_count, np.int32)
    is_terminal[joined] = 1
    reduction = reduce_instance(
        offset=network.offset,
        arc_edge=network.arc_edge,
        edge_from=network.edge_from,
        edge_to=network.edge_to,
        edge_cost=network.edge_cost,
        is_terminal=is_terminal,
    )
    instance = reduction.instance
    left = instance.terminals
    labels = len(instance.is_terminal) << max(0, len(left) - 1)
    if len(left) > MOST_TERMINALS or labels > MOST_LABELS:
        raise InputError(
            f"{len(left)} terminals in a graph of {len(instance.is_terminal)} nodes are too many "
            f"for the exact tree; expected {MOST_TERMINALS} at most; use find_steiner_tree"
        )
    used = np.zeros(len(instance.edge_cost), np.int32)
    if len(left) > 1:
        join_all(instance.offset, instance.head, instance.arc_edge, instance.arc_cost, left, used)
    edges = reduction.edges_before(np.flatnonzero(used))
    cost = int(network.edge_cost[edges].sum())
    return SteinerTree(edges=edges, cost=cost, lower_bound=cost, unreached=unreached)
