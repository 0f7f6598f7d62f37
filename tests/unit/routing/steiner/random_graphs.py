"""Small random graphs, and the cheapest tree by trying every set of nodes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, combinations

import networkx as nx
import numpy as np
from hypothesis import strategies as st

from gisplan.routing.cost_graph import CostGraph, build_cost_graph


@dataclass(frozen=True, kw_only=True)
class Case:
    node_count: int
    edges: list[tuple[int, int, int]]
    terminals: list[int]

    def graph(self) -> CostGraph:
        rows = np.array(self.edges, dtype=np.int64).reshape(-1, 3)
        return build_cost_graph(rows[:, 0], rows[:, 1], rows[:, 2], node_count=self.node_count)


@st.composite
def cases(draw: st.DrawFn, most_nodes: int = 9) -> Case:
    node_count = draw(st.integers(1, most_nodes))
    node = st.integers(0, node_count - 1)
    cost = st.integers(0, draw(st.sampled_from([1, 5, 1000])))
    return Case(
        node_count=node_count,
        edges=draw(st.lists(st.tuples(node, node, cost), max_size=24)),
        terminals=draw(st.lists(node, min_size=1, max_size=6, unique=True)),
    )


def simple_graph(case: Case) -> nx.Graph:
    graph = nx.Graph()
    graph.add_nodes_from(range(case.node_count))
    for a, b, cost in case.edges:
        if a != b and (not graph.has_edge(a, b) or graph[a][b]["weight"] > cost):
            graph.add_edge(a, b, weight=cost)
    return graph


def brute_force_cost(case: Case, terminals: list[int]) -> int:
    """Return the least cost of a tree that joins terminals which hang together."""
    graph = simple_graph(case)
    others = [node for node in range(case.node_count) if node not in terminals]
    chosen = chain.from_iterable(combinations(others, size) for size in range(len(others) + 1))
    parts = (graph.subgraph([*terminals, *more]) for more in chosen)
    return min(
        nx.minimum_spanning_tree(part).size("weight") for part in parts if nx.is_connected(part)
    )


def random_network(seed: int, node_count: int, edge_count: int) -> Case:
    """A connected graph: a random tree and random other edges."""
    rng = np.random.default_rng(seed)
    tree = [(int(rng.integers(node)), node) for node in range(1, node_count)]
    more = [tuple(rng.integers(0, node_count, 2).tolist()) for _ in range(edge_count)]
    pairs = [*tree, *more]
    return Case(
        node_count=node_count,
        edges=[(a, b, int(rng.integers(1, 100))) for a, b in pairs],
        terminals=rng.choice(node_count, 8, replace=False).tolist(),
    )
