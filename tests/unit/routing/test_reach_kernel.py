"""The cheapest start within a limited way, against every least-cost way by networkx."""

from __future__ import annotations

import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.routing.cost_graph import build_cost_graph
from gisplan.routing.reach_kernel import UNREACHED, search_starts

NODES = 9
EDGE = st.tuples(
    st.integers(0, NODES - 1),
    st.integers(0, NODES - 1),
    st.integers(1, 2**20),  # costs that hardly ever tie, so that the least-cost way is one
    st.integers(1, 50),
)


BEFORE_M = 5.0 * (np.arange(NODES) % 3)
"""What lies before each start."""


def joints(length_m: float) -> int:
    return max(int(np.ceil(length_m / 30.0 - 1e-9)) - 1, 0) * 5000


@settings(max_examples=60)
@given(
    edges=st.lists(EDGE, min_size=1, max_size=20),
    starts=st.dictionaries(st.integers(0, NODES - 1), st.integers(0, 10**6), min_size=1),
    reach_m=st.integers(0, 120),
    bound=st.sampled_from([5 * 10**5, 10**7]),
)
def test_cheapest_start_in_reach_equals_enumeration(
    edges: list[tuple[int, int, int, int]], starts: dict[int, int], reach_m: int, bound: int
) -> None:
    tail, head, cost, length = (np.array(column) for column in zip(*edges, strict=True))
    graph = build_cost_graph(tail, head, cost, node_count=NODES)
    start_cost = np.full(NODES, UNREACHED)
    start_cost[list(starts)] = list(starts.values())
    asked = np.arange(NODES)
    total, node, way_m = search_starts(
        graph.arc_offset,
        graph.arc,
        graph.arc_edge,
        length.astype(float),
        start_cost,
        BEFORE_M,
        float(reach_m),
        30.0,
        5000,
        asked,
        np.full(NODES, bound),
    )
    network = nx.MultiGraph()
    network.add_nodes_from(range(NODES))
    for one in edges:
        network.add_edge(one[0], one[1], cost=one[2], length=one[3])
    for source in range(NODES):
        costs, ways = nx.single_source_dijkstra(network, source, weight="cost")
        found = []
        for end, price in starts.items():
            if end not in costs:
                continue
            steps = zip(ways[end], ways[end][1:], strict=False)
            metres = BEFORE_M[end] + sum(
                min(network[a][b].values(), key=lambda e: e["cost"])["length"] for a, b in steps
            )
            if metres <= reach_m:
                found.append(costs[end] + price + joints(metres))
        least = min(found, default=UNREACHED)
        expected = least if least < bound else UNREACHED
        assert total[source] == expected
        assert (node[source] >= 0) == (expected < UNREACHED)
        assert way_m[source] <= reach_m


def test_way_over_a_forbidden_edge_does_not_count() -> None:
    graph = build_cost_graph(np.array([0, 1]), np.array([1, 2]), np.array([5.0, np.inf]))
    start_cost = np.array([UNREACHED, UNREACHED, np.int64(7)])
    total, node, _ = search_starts(
        graph.arc_offset,
        graph.arc,
        graph.arc_edge,
        np.ones(2),
        start_cost,
        np.zeros(3),
        np.inf,
        1e9,
        0,
        np.array([0, 2]),
        np.full(2, UNREACHED),
    )
    assert total.tolist() == [UNREACHED, 7]
    assert node.tolist() == [-1, 2]
