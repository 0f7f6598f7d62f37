"""Nearest targets and ways, for one site and for many."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.errors import InputError
from gisplan.routing.nearest import find_nearest, find_nearest_many, find_way
from gisplan.routing.search import Starts, Targets, start_search
from tests.unit.routing.plain_search import Edges, graph_of, plain_costs, random_edges

CHAIN: Edges = [(0, 1, 1000), (1, 2, 1000), (2, 3, 1000)]


def nodes(count: int, *chosen: int) -> Targets:
    return Targets.at_nodes(np.isin(np.arange(count), chosen))


def test_nearest_of_one_site_come_with_costs_and_ways() -> None:
    found = find_nearest(graph_of(CHAIN, 4), Starts.at([0]), nodes(4, 0, 2, 3), 2)
    assert found.target.tolist() == [0, 2]
    assert found.cost_cents.tolist() == [0, 2000]
    assert found.start.tolist() == [0, 0]
    assert [found.way(slot).tolist() for slot in range(2)] == [[], [0, 1]]


def test_what_is_missing_is_marked() -> None:
    found = find_nearest(graph_of(CHAIN, 5), Starts.at([0]), nodes(5, 1, 4), 3, bound_cents=1001)
    assert found.target.tolist() == [1, -1, -1]
    assert found.cost_cents.tolist() == [1000, -1, -1]
    assert found.start.tolist() == [0, -1, -1]
    assert found.way(2).tolist() == []


def test_places_are_found_beside_nodes() -> None:
    targets = nodes(4, 3).with_places(np.array([1, 2]), np.array([0, 0]), np.array([100, 900]))
    found = find_nearest(graph_of(CHAIN, 4), Starts.at([3]), targets, 2)
    assert found.target.tolist() == [3, 4]
    assert found.cost_cents.tolist() == [0, 1900]
    assert found.way(1).tolist() == [2]


def test_sites_with_several_starts_or_none_are_told_apart() -> None:
    starts = Starts.at(np.array([3, 0, 1]), np.array([0, 5000, 1]))
    found = find_nearest_many(graph_of(CHAIN, 4), starts, np.array([0, 1, 1, 3]), nodes(4, 2), 1)
    assert found.target.tolist() == [[2], [-1], [2]]
    assert found.cost_cents.tolist() == [[1000], [-1], [1001]]
    assert found.start.tolist() == [[0], [-1], [2]]
    assert [found.way(slot).tolist() for slot in range(3)] == [[2], [], [1]]


def test_ways_tell_the_nodes_that_they_pass() -> None:
    starts = Starts.at(np.array([3, 0]))
    graph = graph_of(CHAIN, 5)
    found = find_nearest_many(graph, starts, np.array([0, 1, 2]), nodes(5, 0, 2, 4), 3)
    offset, passed = found.nodes(graph, starts)
    ways = [passed[offset[slot] : offset[slot + 1]].tolist() for slot in range(6)]
    assert ways == [[3, 2], [3, 2, 1, 0], [], [0], [0, 1, 2], []]


@settings(max_examples=60, deadline=None)
@given(random_edges(), st.integers(1, 4))
def test_many_sites_at_once_equal_one_after_another(instance: tuple[Edges, int], k: int) -> None:
    edges, node_count = instance
    graph = graph_of(edges, node_count)
    targets = nodes(node_count, *range(0, node_count, 2))
    sites = np.arange(node_count)[::-1]
    many = find_nearest_many(graph, Starts.at(sites), np.arange(node_count + 1), targets, k)
    for row, site in enumerate(sites.tolist()):
        one = find_nearest(graph, Starts.at([site]), targets, k)
        assert one.target.tolist() == many.target[row].tolist()
        assert one.cost_cents.tolist() == many.cost_cents[row].tolist()
        with start_search(graph, Starts.at([site]), targets) as search:
            met = search.next_nodes(k)
            ways = [search.path_to(int(node)).edges.tolist() for node in met]
        for rank, way in enumerate(ways):
            assert one.way(rank).tolist() == many.way(row * k + rank).tolist() == way
        expected = plain_costs(edges, {site: 0})
        least = sorted(c for node, c in expected.items() if node % 2 == 0)[:k]
        assert [c for c in one.cost_cents.tolist() if c >= 0] == least


def test_long_ways_of_many_sites_are_kept_whole() -> None:
    count = 300
    graph = graph_of([(node, node + 1, 1) for node in range(count)], count + 1)
    starts = Starts.at(np.arange(count + 1))
    found = find_nearest_many(graph, starts, np.arange(count + 2), nodes(count + 1, 0), 1)
    assert found.way(count).tolist() == list(range(count - 1, -1, -1))
    assert np.diff(found.way_offset).tolist() == list(range(count + 1))


def test_way_between_nodes_is_the_cheapest() -> None:
    graph = graph_of([(0, 1, 9), (0, 2, 3), (2, 1, 3), (3, 3, 1)], 4)
    way = find_way(graph, Starts.at([0]), 1)
    assert way is not None
    assert (way.edges.tolist(), way.cost_cents, way.first_node) == ([1, 2], 6, 0)
    assert find_way(graph, Starts.at([0]), 1, bound_cents=6) is None
    assert find_way(graph, Starts.at([0]), 3) is None
    same = find_way(graph, Starts.at([1]), 1)
    assert same is not None
    assert (same.edges.tolist(), same.cost_cents) == ([], 0)


@settings(max_examples=60, deadline=None)
@given(random_edges(), st.integers(0, 11))
def test_ways_cost_what_networkx_says(instance: tuple[Edges, int], node: int) -> None:
    edges, node_count = instance
    graph, end = graph_of(edges, node_count), node % node_count
    oracle = nx.MultiGraph()
    oracle.add_nodes_from(range(node_count))
    oracle.add_weighted_edges_from(edge for edge in edges if edge[2] != np.inf)
    way = find_way(graph, Starts.at([0]), end)
    if way is None:
        assert not nx.has_path(oracle, 0, end)
    else:
        assert way.cost_cents == nx.dijkstra_path_length(oracle, 0, end)
        assert way.cost_cents == graph.edge_cost[way.edges].sum()


@pytest.mark.parametrize("offset", [[], [0], [0, 2, 1], [1, 2], [[0, 2]]])
def test_offsets_that_do_not_fit_are_refused(offset: list[int]) -> None:
    with pytest.raises(InputError, match="start_offset"):
        find_nearest_many(
            graph_of(CHAIN, 4), Starts.at([0, 1]), np.array(offset, int), nodes(4, 1), 1
        )


@pytest.mark.parametrize("k", [0, -1, 1 << 30])
def test_number_of_targets_that_is_none_is_refused(k: int) -> None:
    with pytest.raises(InputError, match="targets are wanted"):
        find_nearest(graph_of(CHAIN, 4), Starts.at([0]), nodes(4, 1), k)


@pytest.mark.parametrize("node", [-1, 4])
def test_node_that_is_not_there_is_refused(node: int) -> None:
    with pytest.raises(InputError, match=f"node {node} is not there"):
        find_way(graph_of(CHAIN, 4), Starts.at([0]), node)
