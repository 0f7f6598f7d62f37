"""The search against hand-made graphs, a plain twin, scipy and itself."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from benchmarks.street_graph import spread_nodes, street_graph
from gisplan.errors import InputError
from gisplan.routing.cost_graph import CostGraph, build_cost_graph
from gisplan.routing.search import NO_BOUND, Search, Starts, Targets, start_search
from gisplan.routing.street_heap_kernel import TOUCHED
from tests.unit.routing.plain_search import Edges, graph_of, plain_costs, random_edges

# 0 --1000-- 1 --1000-- 2 --1000-- 3
CHAIN: Edges = [(0, 1, 1000), (1, 2, 1000), (2, 3, 1000)]
LENGTH_M = np.array([10.0, 10.0, 10.0])


def all_nodes(count: int) -> Targets:
    return Targets.at_nodes(np.ones(count, dtype=np.uint8))


def nodes(count: int, *chosen: int) -> Targets:
    return Targets.at_nodes(np.isin(np.arange(count), chosen))


def met_by(search: Search, limit: int = 1000) -> dict[int, int]:
    met = search.next_nodes(limit)
    return dict(zip(met.tolist(), search.cost_cents(met).tolist(), strict=True))


def cost_of_way(graph: CostGraph, search: Search, node: int) -> int:
    """Cost of a way, after a check that its edges join."""
    path = search.path_to(node)
    here, cost = path.first_node, 0
    for edge in path.edges.tolist():
        assert here in {graph.edge_from[edge], graph.edge_to[edge]}
        here = int(graph.edge_from[edge] + graph.edge_to[edge]) - here
        cost += int(graph.edge_cost[edge])
    assert here == node
    return cost


def test_targets_come_in_order_of_cost() -> None:
    graph = graph_of(CHAIN, 4)
    # a site a quarter along the second edge, 5 m from it
    starts = Starts.at(
        np.array([1, 2]), np.array([750, 1250]), length_m=np.array([7.5, 12.5]), seed=[0, 0]
    )
    with start_search(graph, starts, all_nodes(4)) as search:
        met = search.next_nodes(10)
        assert met.tolist() == [1, 2, 0, 3]
        assert search.cost_cents(met).tolist() == [750, 1250, 1750, 2250]
        assert search.length_m(met, LENGTH_M).tolist() == [7.5, 12.5, 17.5, 22.5]


def test_search_resumes_where_it_stopped() -> None:
    with start_search(graph_of(CHAIN, 4), Starts.at([0]), all_nodes(4)) as search:
        assert [search.next_nodes(1).tolist() for _ in range(5)] == [[0], [1], [2], [3], []]


def test_nothing_at_or_above_the_bound_is_met() -> None:
    with start_search(graph_of(CHAIN, 4), Starts.at([0]), nodes(4, 2, 3)) as search:
        assert search.next_nodes(5, bound_cents=2000).tolist() == []
        assert search.next_nodes(5, bound_cents=2001).tolist() == [2]
        assert search.next_nodes(5, bound_cents=2001).tolist() == []
        assert search.next_nodes(5).tolist() == [3]


def test_forbidden_edge_is_never_crossed() -> None:
    graph = graph_of([(0, 1, np.inf), (0, 2, 50), (2, 1, 50)], 3)
    with start_search(graph, Starts.at([0]), nodes(3, 1)) as search:
        assert met_by(search) == {1: 100}


def test_start_with_a_negative_cost_is_none() -> None:
    starts = Starts.at(np.array([0, 3]), np.array([-1, 7]))
    with start_search(graph_of(CHAIN, 4), starts, all_nodes(4)) as search:
        assert met_by(search) == {3: 7, 2: 1007, 1: 2007, 0: 3007}
        assert search.path_to(0).seed == 1


@pytest.mark.parametrize("starts", [Starts.at([0], np.array([-1])), Starts.at([])])
def test_search_without_a_start_meets_nothing(starts: Starts) -> None:
    with start_search(graph_of(CHAIN, 4), starts, all_nodes(4)) as search:
        assert search.next_nodes(5).tolist() == []


def test_path_names_its_seed_and_its_edges_in_order() -> None:
    starts = Starts.at(np.array([0, 1]), np.array([500, 500]), seed=np.array([7, 7]))
    with start_search(graph_of(CHAIN, 4), starts, nodes(4, 3)) as search:
        search.next_nodes(1)
        path = search.path_to(3)
    assert (path.seed, path.first_node, path.edges.tolist()) == (7, 1, [1, 2])
    assert path.cost_cents == 2500


def test_equal_costs_are_met_in_the_order_of_their_numbers() -> None:
    graph = graph_of([(0, node, 5) for node in range(99, 0, -1)], 100)
    with start_search(graph, Starts.at([0]), all_nodes(100)) as search:
        found = [search.next_nodes(size).tolist() for size in (1, 9, 90)]
    assert np.concatenate(found).tolist() == list(range(100))


def test_node_behind_a_free_edge_keeps_its_place_among_equals() -> None:
    graph = graph_of([(0, 2, 5), (2, 1, 0), (0, 3, 5)], 4)
    with start_search(graph, Starts.at([0]), nodes(4, 1, 2, 3)) as search:
        assert search.next_nodes(9).tolist() == [1, 2, 3]


def test_of_equal_ways_the_lowest_edge_counts() -> None:
    graph = graph_of([(2, 3, 5), (1, 3, 5), (0, 1, 5), (0, 2, 5), (0, 2, 5)], 4)
    with start_search(graph, Starts.at([0]), nodes(4, 3)) as search:
        search.next_nodes(1)
        assert search.path_to(3).edges.tolist() == [3, 0]


def test_finished_search_leaves_no_trace_in_its_memory() -> None:
    graph = graph_of(CHAIN, 4)
    for bound in (1, 1500, NO_BOUND):
        with start_search(graph, Starts.at([0]), all_nodes(4)) as search:
            search.next_nodes(2, bound)
        with start_search(graph, Starts.at([3]), nodes(4, 0)) as search:
            assert met_by(search) == {0: 3000}


def test_two_searches_at_once_do_not_disturb_each_other() -> None:
    graph, flags = graph_of(CHAIN, 4), nodes(4, 0, 3)
    with (
        start_search(graph, Starts.at([0]), flags) as left,
        start_search(graph, Starts.at([3]), flags) as right,
    ):
        assert left.next_nodes(1).tolist() == [0]
        assert right.next_nodes(1).tolist() == [3]
        assert left.next_nodes(1).tolist() == [3]


def test_place_in_the_middle_of_an_edge_is_met_from_its_cheaper_end() -> None:
    # a place a quarter along the last edge of the chain, and one beside node 0
    targets = nodes(4, 3).with_places(
        np.array([2, 3, 0]), np.array([0, 0, 1]), np.array([250, 750, 40])
    )
    with start_search(graph_of(CHAIN, 4), Starts.at([0]), targets) as search:
        met = search.next_nodes(9)
        assert met.tolist() == [5, 4, 3]
        assert search.cost_cents(met).tolist() == [40, 2250, 3000]
        assert [search.last_row(place) for place in (4, 5)] == [0, 2]
        assert search.path_to(4).edges.tolist() == [0, 1]
        assert search.length_m(met, LENGTH_M).tolist() == [0.0, 20.0, 30.0]


def test_start_on_the_edge_of_a_place_may_reach_it_directly() -> None:
    targets = nodes(4).with_places(np.array([2, 3]), np.array([0, 0]), np.array([250, 750]))
    starts = Starts.at(np.array([2, 3, 4]), np.array([500, 500, 10]))
    with start_search(graph_of(CHAIN, 4), starts, targets) as search:
        assert met_by(search) == {4: 10}
        assert search.last_row(4) == -1
        assert search.path_to(4).first_node == 4


def test_place_that_no_way_leads_to_is_not_met() -> None:
    targets = nodes(4).with_places(np.array([2]), np.array([0]), np.array([-1]))
    with start_search(graph_of(CHAIN, 4), Starts.at([0]), targets) as search:
        assert search.next_nodes(1).tolist() == []


@settings(max_examples=150, deadline=None)
@given(random_edges(), st.lists(st.integers(0, 2000), min_size=1, max_size=3))
def test_costs_and_ways_equal_a_plain_search(
    instance: tuple[Edges, int], start_costs: list[int]
) -> None:
    edges, node_count = instance
    graph = graph_of(edges, node_count)
    at = {node % node_count: cost for node, cost in enumerate(start_costs)}
    starts = Starts.at(np.array(list(at)), np.array(list(at.values())))
    with start_search(graph, starts, all_nodes(node_count)) as search:
        met = search.next_nodes(node_count + 1)
        costs = search.cost_cents(met).tolist()
        found = dict(zip(met.tolist(), costs, strict=True))
        assert found == plain_costs(edges, at)
        assert [(c, n) for n, c in found.items()] == sorted((c, n) for n, c in found.items())
        for node, cost in found.items():
            path = search.path_to(node)
            assert cost == at[path.first_node] + cost_of_way(graph, search, node)


@settings(max_examples=60, deadline=None)
@given(random_edges(), st.lists(st.integers(1, 4), min_size=12, max_size=12), st.integers(0, 3000))
def test_search_in_pieces_equals_one_in_one_go(
    instance: tuple[Edges, int], limits: list[int], bound: int
) -> None:
    edges, node_count = instance
    graph = graph_of(edges, node_count)
    with start_search(graph, Starts.at([0]), all_nodes(node_count)) as search:
        whole = search.next_nodes(100).tolist()
        ways = [search.path_to(node).edges.tolist() for node in whole]
    with start_search(graph, Starts.at([0]), all_nodes(node_count)) as search:
        pieces = search.next_nodes(3, bound).tolist()
        for limit in limits:
            pieces += search.next_nodes(limit).tolist()
        assert pieces == whole
        assert [search.path_to(node).edges.tolist() for node in whole] == ways


@settings(max_examples=60, deadline=None)
@given(random_edges(), st.randoms(use_true_random=False))
def test_other_numbers_and_another_order_do_not_change_costs(
    instance: tuple[Edges, int], random: object
) -> None:
    edges, node_count = instance
    number = list(range(node_count))
    random.shuffle(number)  # type: ignore[attr-defined]
    other = [(number[b], number[a], cost) for a, b, cost in edges]
    random.shuffle(other)  # type: ignore[attr-defined]
    with start_search(graph_of(edges, node_count), Starts.at([0]), all_nodes(node_count)) as search:
        first = met_by(search)
    starts = Starts.at([number[0]])
    with start_search(graph_of(other, node_count), starts, all_nodes(node_count)) as search:
        second = met_by(search)
    assert {number[node]: cost for node, cost in first.items()} == second


STREETS = street_graph(20_000, 7)
COST_SCALES = {
    "streets": STREETS.cost_cents,
    "a third of them free": np.where(np.arange(20_000) % 3 == 0, 0, STREETS.cost_cents),
    "a third of them near-free": np.where(
        np.arange(20_000) % 3 == 0, np.arange(20_000) % 11, STREETS.cost_cents
    ),
    "some a thousand times as dear": np.where(
        np.arange(20_000) % 13 == 0, 500 * STREETS.cost_cents, STREETS.cost_cents
    ),
    "all free": np.zeros(20_000),
    "all alike": np.full(20_000, 3),
}


@pytest.mark.parametrize("scale", sorted(COST_SCALES))
@pytest.mark.parametrize("shift", [None, 0, 30])
def test_street_costs_equal_scipy_whatever_the_buckets(scale: str, shift: int | None) -> None:
    costs = COST_SCALES[scale]
    graph = build_cost_graph(STREETS.edge_from, STREETS.edge_to, costs)
    if shift is not None:
        graph = CostGraph(
            arc_offset=graph.arc_offset,
            arc=graph.arc,
            arc_edge=graph.arc_edge,
            edge_from=graph.edge_from,
            edge_to=graph.edge_to,
            edge_cost=graph.edge_cost,
            bucket_shift=shift,
        )
    count = graph.node_count
    with start_search(graph, Starts.at([5]), all_nodes(count)) as search:
        met = search.next_nodes(count)
        found = np.full(count, -1)
        found[met] = search.cost_cents(met)
        assert np.array_equal(np.lexsort((met, found[met])), np.arange(count))
    # scipy takes a zero for no edge: one part in 2**20 stands for free
    weights = coo_array(
        (np.maximum(costs, 2.0**-20), (STREETS.edge_from, STREETS.edge_to)), shape=(count, count)
    )
    expected = np.floor(dijkstra(weights.tocsr(), directed=False, indices=5) + 2.0**-6)
    assert np.array_equal(found, expected)


def test_threads_find_what_one_finds() -> None:
    graph = build_cost_graph(STREETS.edge_from, STREETS.edge_to, STREETS.cost_cents)
    targets = Targets.at_nodes(spread_nodes(graph.node_count, 50, 1))

    def ask(node: int) -> list[int]:
        with start_search(graph, Starts.at([node]), targets) as search:
            return [*search.next_nodes(3).tolist(), *search.next_nodes(3).tolist()]

    asked = list(range(0, graph.node_count, 211))
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, asked)) == [ask(node) for node in asked]


def test_graph_goes_to_other_processes_without_its_memory() -> None:
    graph = pickle.loads(pickle.dumps(graph_of(CHAIN, 4)))
    with start_search(graph, Starts.at([0]), nodes(4, 3)) as search:
        assert met_by(search) == {3: 3000}


@pytest.mark.parametrize("node", [-1, 4])
def test_start_that_is_not_there_is_refused(node: int) -> None:
    with (
        pytest.raises(InputError, match=f"start 0 stands at node {node}; expected 0 to 3"),
        start_search(graph_of(CHAIN, 4), Starts.at([node]), all_nodes(4)),
    ):
        pass


def test_targets_of_another_graph_are_refused() -> None:
    with (
        pytest.raises(InputError, match="5 nodes"),
        start_search(graph_of(CHAIN, 4), Starts.at([0]), all_nodes(5)),
    ):
        pass


def test_starts_of_different_length_are_refused() -> None:
    with pytest.raises(InputError, match="2 nodes, 1 costs"):
        Starts.at([0, 1], np.array([3]))


@pytest.mark.parametrize(
    ("cost", "complaint"), [(np.array([0.5]), "whole"), (np.array([1 << 59]), "at most")]
)
def test_start_cost_that_is_none_is_refused(cost: np.ndarray, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        Starts.at([0], cost)


@pytest.mark.parametrize(
    ("node", "place", "complaint"), [(9, 0, "hangs at node 9"), (-1, 0, "is -1"), (0, -1, "is -1")]
)
def test_place_that_hangs_nowhere_is_refused(node: int, place: int, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        all_nodes(4).with_places(np.array([node]), np.array([place]), np.array([1]))


@pytest.mark.parametrize(
    ("node", "place", "cost", "complaint"),
    [
        ([1, 2], [0], [1, 1], "2 nodes, 1 numbers and 2 costs"),
        ([1], [0], [1, 2], "1 nodes, 1 numbers and 2 costs"),
        ([1], [1 << 40], [1], "at most"),
    ],
)
def test_places_that_do_not_fit_together_are_refused(
    node: list[int], place: list[int], cost: list[int], complaint: str
) -> None:
    with pytest.raises(InputError, match=complaint):
        all_nodes(4).with_places(np.array(node), np.array(place), np.array(cost))


def test_places_are_given_all_at_once() -> None:
    one = np.array([0])
    with pytest.raises(InputError, match="have places already"):
        all_nodes(4).with_places(one, one, one).with_places(one, one, one)


def test_a_long_road_without_junctions_is_not_walked_beyond_the_target() -> None:
    road = [(node, node + 1, 1000) for node in range(500)]
    graph = graph_of(road, 501)
    with start_search(graph, Starts.at(np.array([0])), nodes(501, 3)) as search:
        assert met_by(search, 1) == {3: 3000}
        assert search.memory.tally[TOUCHED] < 20


def test_targets_at_bends_and_dead_ends_are_met() -> None:
    # 1 is a bend, 2 a junction, 3 and 4 dead ends
    graph = graph_of([(0, 1, 10), (1, 2, 10), (2, 3, 5), (2, 4, 7)], 5)
    with start_search(graph, Starts.at(np.array([0])), nodes(5, 1, 3, 4)) as search:
        assert met_by(search) == {1: 10, 3: 25, 4: 27}
        assert search.path_to(4).edges.tolist() == [0, 1, 3]
