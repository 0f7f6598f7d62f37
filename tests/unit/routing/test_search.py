"""The kernel against hand-made graphs, networkx and itself."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.routing.graph import SearchGraph
from gisplan.routing.search import Seeds, start_search

PRICE = np.array([1.0, 3.0, np.inf])


def build_graph(edges: list[tuple[int, int, float, int]], node_count: int) -> SearchGraph:
    """Edges are (from, to, length_m, class)."""
    tail = np.array([e[0] for e in edges] + [e[1] for e in edges], dtype=np.int64)
    head = np.array([e[1] for e in edges] + [e[0] for e in edges], dtype=np.int64)
    edge = np.tile(np.arange(len(edges), dtype=np.int64), 2)
    order = np.lexsort((head, tail))
    return SearchGraph(
        arc_offset=np.searchsorted(tail[order], np.arange(node_count + 1)).astype(np.int64),
        arc_node=head[order],
        arc_edge=edge[order],
        edge_from=np.array([e[0] for e in edges], dtype=np.int64),
        edge_to=np.array([e[1] for e in edges], dtype=np.int64),
        edge_length_m=np.array([e[2] for e in edges], dtype=float),
        edge_class=np.array([e[3] for e in edges], dtype=np.uint8),
    )


def one_seed(edge: int, share: float, cost_cents: int = 0) -> Seeds:
    return Seeds(
        edge=np.array([edge]),
        share=np.array([share]),
        length_m=np.array([0.0]),
        cost_cents=np.array([cost_cents]),
    )


def targets(node_count: int, *nodes: int) -> np.ndarray:
    flags = np.zeros(node_count, dtype=np.uint8)
    flags[list(nodes)] = 1
    return flags


# 0 --10-- 1 --10-- 2 --10-- 3
CHAIN = [(0, 1, 10.0, 0), (1, 2, 10.0, 0), (2, 3, 10.0, 0)]


def test_targets_come_in_order_of_cost() -> None:
    graph = build_graph(CHAIN, 4)
    with graph.workspace(1) as space:
        search = start_search(
            graph,
            space,
            seeds=one_seed(1, 0.25, 500),
            price_per_m=PRICE,
            is_target=targets(4, 0, 1, 2, 3),
        )
        nodes = search.next_nodes(10)
        assert nodes.tolist() == [1, 2, 0, 3]
        # 5 for the connector, 2.5 m to node 1, 7.5 m to node 2, ten more to the ends
        assert search.cost_cents(nodes).tolist() == [750, 1250, 1750, 2250]
        assert search.length_m(nodes).tolist() == [2.5, 7.5, 12.5, 17.5]


def test_a_search_resumes_where_it_stopped() -> None:
    graph = build_graph(CHAIN, 4)
    with graph.workspace(1) as space:
        search = start_search(
            graph,
            space,
            seeds=one_seed(0, 0.0),
            price_per_m=PRICE,
            is_target=targets(4, 0, 1, 2, 3),
        )
        found = [search.next_nodes(1).tolist() for _ in range(5)]
    assert found == [[0], [1], [2], [3], []]


def test_nothing_at_or_above_the_bound_is_met() -> None:
    graph = build_graph(CHAIN, 4)
    with graph.workspace(1) as space:
        search = start_search(
            graph,
            space,
            seeds=one_seed(0, 0.0),
            price_per_m=PRICE,
            is_target=targets(4, 2, 3),
        )
        assert search.next_nodes(5, bound_cents=2000).tolist() == []
        assert search.next_nodes(5, bound_cents=2001).tolist() == [2]


def test_forbidden_class_is_never_crossed() -> None:
    graph = build_graph([(0, 1, 1.0, 2), (0, 2, 50.0, 0), (2, 1, 50.0, 0)], 3)
    with graph.workspace(1) as space:
        search = start_search(
            graph, space, seeds=one_seed(1, 0.0), price_per_m=PRICE, is_target=targets(3, 1)
        )
        assert search.cost_cents(search.next_nodes(1)).tolist() == [10000]


def test_site_that_lands_on_forbidden_ground_reaches_nothing() -> None:
    graph = build_graph([(0, 1, 1.0, 2)], 2)
    with graph.workspace(1) as space:
        search = start_search(
            graph, space, seeds=one_seed(0, 0.5), price_per_m=PRICE, is_target=targets(2, 0, 1)
        )
        assert len(search.next_nodes(5)) == 0


def test_path_names_its_seed_and_its_edges_in_order() -> None:
    graph = build_graph(CHAIN, 4)
    with graph.workspace(1) as space:
        search = start_search(
            graph, space, seeds=one_seed(0, 0.5), price_per_m=PRICE, is_target=targets(4, 3)
        )
        search.next_nodes(1)
        path = search.path_to(3)
    assert (path.seed, path.first_node, path.edges.tolist()) == (0, 1, [1, 2])
    assert path.cost_cents == 2500


def test_equal_costs_are_met_in_the_order_of_their_numbers() -> None:
    graph = build_graph([(0, 3, 5.0, 0), (0, 2, 5.0, 0), (0, 1, 5.0, 0)], 4)
    with graph.workspace(1) as space:
        search = start_search(
            graph, space, seeds=one_seed(0, 0.0), price_per_m=PRICE, is_target=targets(4, 1, 2, 3)
        )
        assert search.next_nodes(9).tolist() == [1, 2, 3]


def test_a_finished_search_leaves_no_trace_in_its_memory() -> None:
    graph = build_graph(CHAIN, 4)
    results = []
    for _ in range(3):
        with graph.workspace(1) as space:
            search = start_search(
                graph, space, seeds=one_seed(2, 1.0), price_per_m=PRICE, is_target=targets(4, 0)
            )
            results.append(search.cost_cents(search.next_nodes(1)).tolist())
    assert results == [[3000]] * 3


def test_two_searches_at_once_do_not_disturb_each_other() -> None:
    graph = build_graph(CHAIN, 4)
    with graph.workspace(1) as one, graph.workspace(1) as two:
        flags = targets(4, 0, 3)
        left = start_search(graph, one, seeds=one_seed(0, 0.0), price_per_m=PRICE, is_target=flags)
        right = start_search(graph, two, seeds=one_seed(2, 1.0), price_per_m=PRICE, is_target=flags)
        assert left.next_nodes(1).tolist() == [0]
        assert right.next_nodes(1).tolist() == [3]
        assert left.next_nodes(1).tolist() == [3]


@st.composite
def random_graphs(draw: st.DrawFn) -> tuple[list[tuple[int, int, float, int]], int]:
    node_count = draw(st.integers(2, 12))
    pair = st.tuples(st.integers(0, node_count - 1), st.integers(0, node_count - 1))
    pairs = draw(st.lists(pair.filter(lambda p: p[0] != p[1]), min_size=1, max_size=30))
    lengths = st.floats(0.0, 500.0, allow_nan=False)
    return [(a, b, draw(lengths), draw(st.integers(0, 2))) for a, b in pairs], node_count


@settings(max_examples=150, deadline=None)
@given(random_graphs(), st.floats(0.0, 1.0))
def test_costs_equal_networkx_on_random_graphs(
    instance: tuple[list[tuple[int, int, float, int]], int], share: float
) -> None:
    edges, node_count = instance
    graph = build_graph(edges, node_count)
    oracle = nx.MultiGraph()
    oracle.add_nodes_from(range(node_count))
    cents = [100.0, 300.0]
    for a, b, length, kind in edges:
        if kind < 2:
            oracle.add_edge(a, b, weight=int(length * cents[kind] + 0.5))
    a, b, length, kind = edges[0]
    if kind < 2:
        oracle.add_edge("site", a, weight=int(length * share * cents[kind] + 0.5))
        oracle.add_edge("site", b, weight=int(length * (1.0 - share) * cents[kind] + 0.5))
    else:
        oracle.add_node("site")
    expected = nx.single_source_dijkstra_path_length(oracle, "site")
    expected.pop("site")
    with graph.workspace(1) as space:
        search = start_search(
            graph,
            space,
            seeds=one_seed(0, share),
            price_per_m=PRICE,
            is_target=np.ones(node_count, dtype=np.uint8),
        )
        nodes = search.next_nodes(node_count + 1)
        costs = search.cost_cents(nodes).tolist()
        paths = [search.path_to(int(node)) for node in nodes]
    assert dict(zip(nodes.tolist(), costs, strict=True)) == expected
    assert costs == sorted(costs)
    assert [path.cost_cents for path in paths] == costs


@pytest.mark.parametrize("bad", [np.nan, -1.0, np.inf])
def test_price_that_is_no_price_forbids_its_class(bad: float) -> None:
    graph = build_graph(CHAIN, 4)
    with graph.workspace(1) as space:
        search = start_search(
            graph,
            space,
            seeds=one_seed(0, 0.0),
            price_per_m=np.array([bad]),
            is_target=targets(4, 0, 1, 2, 3),
        )
        assert len(search.next_nodes(5)) == 0
