"""Plain twins of the kernels: a binary heap over lists, slow and easy to read."""

from __future__ import annotations

import heapq

import numpy as np
from hypothesis import strategies as st

from gisplan.routing.cost_graph import CostGraph, build_cost_graph

Edges = list[tuple[int, int, float]]


def plain_costs(edges: Edges, starts: dict[int, int]) -> dict[int, int]:
    """Least cost from starts (node: cost so far) to every node that is reached."""
    beside: dict[int, list[tuple[int, int]]] = {}
    for tail, head, cost in edges:
        if cost != np.inf:
            beside.setdefault(tail, []).append((head, round(cost)))
            beside.setdefault(head, []).append((tail, round(cost)))
    waiting = [(cost, node) for node, cost in starts.items()]
    heapq.heapify(waiting)
    final: dict[int, int] = {}
    while waiting:
        cost, node = heapq.heappop(waiting)
        if node in final:
            continue
        final[node] = cost
        for head, step in beside.get(node, []):
            heapq.heappush(waiting, (cost + step, head))
    return final


def graph_of(edges: Edges, node_count: int) -> CostGraph:
    """The edges as a graph."""
    return build_cost_graph(
        np.array([e[0] for e in edges], dtype=np.int64),
        np.array([e[1] for e in edges], dtype=np.int64),
        np.array([e[2] for e in edges], dtype=float),
        node_count=node_count,
    )


COSTS = {
    "even": st.integers(1, 20),
    "free and dear": st.sampled_from([0, 0, 1, 2, 3, 1000, 2_000_000_000, np.inf]),
    "near-free": st.one_of(st.integers(0, 3), st.integers(100_000, 200_000)),
}


@st.composite
def random_edges(draw: st.DrawFn, *, largest: int = 12) -> tuple[Edges, int]:
    """Edges over few nodes: parallel ones, loops, free and forbidden ones, lone nodes."""
    node_count = draw(st.integers(2, largest))
    node = st.integers(0, node_count - 1)
    cost = draw(st.sampled_from(sorted(COSTS)))
    edges = draw(st.lists(st.tuples(node, node, COSTS[cost]), min_size=1, max_size=3 * largest))
    return edges, node_count
