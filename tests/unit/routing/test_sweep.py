"""The sweep against scipy and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from benchmarks.street_graph import spread_nodes, street_graph
from gisplan.errors import InputError
from gisplan.routing.cost_graph import build_cost_graph
from gisplan.routing.sweep import UNREACHED, sweep
from tests.unit.routing.plain_search import Edges, graph_of, plain_costs, random_edges


def test_every_node_belongs_to_its_cheapest_start() -> None:
    # 0 --5-- 1 --5-- 2 --5-- 3   4
    graph = graph_of([(0, 1, 5), (1, 2, 5), (2, 3, 5)], 5)
    found = sweep(graph, np.array([3, 0]), np.array([0, 2]))
    assert found.cost_cents.tolist() == [2, 7, 5, 0, UNREACHED]
    assert found.start.tolist() == [1, 1, 0, 0, -1]
    assert found.via.tolist() == [-1, 0, 2, -1, -1]


def test_start_that_another_undercuts_is_only_passed() -> None:
    graph = graph_of([(0, 1, 5)], 2)
    found = sweep(graph, np.array([0, 1, 1]), np.array([0, 9, -1]))
    assert (found.cost_cents.tolist(), found.start.tolist()) == ([0, 5], [0, 0])


def test_sweep_without_starts_reaches_nothing() -> None:
    found = sweep(graph_of([(0, 1, 5)], 2), np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert found.cost_cents.tolist() == [UNREACHED, UNREACHED]


def test_start_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match="start 1 stands at node 2"):
        sweep(graph_of([(0, 1, 5)], 2), np.array([0, 2]), np.array([0, 0]))


@settings(max_examples=100, deadline=None)
@given(random_edges(), st.lists(st.integers(0, 50), min_size=1, max_size=6))
def test_costs_equal_a_plain_search_and_ways_end_at_their_start(
    instance: tuple[Edges, int], costs: list[int]
) -> None:
    edges, node_count = instance
    graph = graph_of(edges, node_count)
    at = {node % node_count: cost for node, cost in enumerate(costs)}
    found = sweep(graph, np.array(list(at)), np.array(list(at.values())))
    expected = plain_costs(edges, at)
    for node in range(node_count):
        assert found.cost_cents[node] == expected.get(node, UNREACHED)
        here, cost = node, 0
        while found.via[here] >= 0:
            edge = found.via[here]
            cost += int(graph.edge_cost[edge])
            here = int(graph.edge_from[edge] + graph.edge_to[edge]) - here
        if node in expected:
            assert here == list(at)[found.start[node]]
            assert cost + at[here] == found.cost_cents[node]


def test_streets_equal_scipy() -> None:
    streets = street_graph(30_000, 2)
    graph = build_cost_graph(streets.edge_from, streets.edge_to, streets.cost_cents)
    count = graph.node_count
    starts = np.flatnonzero(spread_nodes(count, 70, 3))
    found = sweep(graph, starts, np.zeros(len(starts), dtype=np.int64))
    weights = coo_array(
        (streets.cost_cents.astype(float), (streets.edge_from, streets.edge_to)),
        shape=(count, count),
    )
    expected = dijkstra(weights.tocsr(), directed=False, indices=starts, min_only=True)
    assert np.array_equal(found.cost_cents, expected.astype(np.int64))
