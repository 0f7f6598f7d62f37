"""The cheapest start within a limited way, against every simple way by networkx."""

from __future__ import annotations

import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.routing.cost_graph import CostGraph, build_cost_graph
from gisplan.routing.reach_kernel import UNREACHED, LengthRules, StartRows, search_starts

NODES = 7
EDGE = st.tuples(
    st.integers(0, NODES - 1), st.integers(0, NODES - 1), st.integers(0, 9000), st.integers(0, 50)
)
START = st.tuples(st.integers(0, NODES - 1), st.integers(0, 9000), st.integers(0, 20))
Starts = list[tuple[int, int, int]]


def joints(length_m: float) -> int:
    return max(int(np.ceil(length_m / 30.0 - 1e-9)) - 1, 0) * 5000


def rows_of(starts: Starts) -> StartRows:
    node, cost, length_m = (np.array(column) for column in zip(*sorted(starts), strict=True))
    return StartRows(np.searchsorted(node, np.arange(NODES + 1)), cost, length_m.astype(float))


def least_costs(graph: CostGraph, starts: Starts) -> np.ndarray:
    """What no way from each node to a start costs less than."""
    network = nx.Graph()
    network.add_nodes_from(range(NODES))
    ends = graph.edge_from.tolist(), graph.edge_to.tolist(), graph.edge_cost.tolist()
    for one, other, cost in sorted(zip(*ends, strict=True), key=lambda edge: -edge[2]):
        network.add_edge(one, other, cost=cost)
    for node, price, _ in sorted(starts, reverse=True):
        network.add_edge("start", node, cost=price)
    cost = nx.single_source_dijkstra_path_length(network, "start", weight="cost")
    return np.array([cost.get(node, UNREACHED) for node in range(NODES)], dtype=np.int64)


@settings(max_examples=100)
@given(
    edges=st.lists(EDGE, min_size=1, max_size=12),
    starts=st.lists(START, min_size=1, max_size=5),
    reach_m=st.integers(0, 120),
    bound=st.sampled_from([6000, 10**7]),
)
def test_cheapest_start_in_reach_equals_enumeration(
    edges: list[tuple[int, int, int, int]], starts: Starts, reach_m: int, bound: int
) -> None:
    tail, head, cost, length = (np.array(column) for column in zip(*edges, strict=True))
    graph = build_cost_graph(tail, head, cost, node_count=NODES)
    total, row, way_m = search_starts(
        graph.arcs,
        length.astype(float),
        rows_of(starts),
        least_costs(graph, starts),
        LengthRules(float(reach_m), 30.0, 5000),
        np.arange(NODES),
        np.full(NODES, bound),
    )
    network = nx.MultiGraph()
    network.add_nodes_from(range(NODES))
    for one in edges:
        network.add_edge(one[0], one[1], cost=one[2], length=one[3])
    for source in range(NODES):
        found = []
        for end, price, before_m in starts:
            ways = [()] if end == source else nx.all_simple_edge_paths(network, source, end)
            for way in ways:
                steps = [network.edges[step] for step in way]
                metres = before_m + sum(step["length"] for step in steps)
                if metres <= reach_m:
                    found.append(price + sum(step["cost"] for step in steps) + joints(metres))
        least = min(found, default=UNREACHED)
        expected = least if least < bound else UNREACHED
        assert total[source] == expected
        assert (row[source] >= 0) == (expected < UNREACHED)
        assert way_m[source] <= reach_m


def test_dearer_way_is_taken_where_the_cheapest_is_too_long() -> None:
    graph = build_cost_graph(np.array([0, 0, 1]), np.array([2, 1, 2]), np.array([9.0, 3.0, 3.0]))
    asked, bound = np.array([0]), np.full(1, UNREACHED)
    length_m, starts = np.array([10.0, 8.0, 8.0]), rows_of([(2, 1, 2)])
    least = least_costs(graph, [(2, 1, 2)])
    for reach_m, expected in ((18.0, (7, 18.0)), (17.0, (10, 12.0)), (11.0, (UNREACHED, 0.0))):
        total, _, way_m = search_starts(
            graph.arcs, length_m, starts, least, LengthRules(reach_m, 1e9, 0), asked, bound
        )
        assert (total[0], way_m[0]) == expected


def test_way_over_a_forbidden_edge_does_not_count() -> None:
    graph = build_cost_graph(np.array([0, 1]), np.array([1, 2]), np.array([5.0, np.inf]))
    total, row, _ = search_starts(
        graph.arcs,
        np.ones(2),
        StartRows(np.array([0, 0, 0, 1]), np.array([7]), np.zeros(1)),
        np.array([0, 0, 7]),
        LengthRules(np.inf, 1e9, 0),
        np.array([0, 2]),
        np.full(2, UNREACHED),
    )
    assert total.tolist() == [UNREACHED, 7]
    assert row.tolist() == [-1, 0]
