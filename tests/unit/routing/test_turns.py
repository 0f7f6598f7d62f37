"""Ways that pay for their bends, against brute force over states."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.errors import InputError
from gisplan.routing.bend_graph import (
    BendGraph,
    BendPrices,
    build_bend_graph,
    straight_headings_deg,
)
from gisplan.routing.cost_graph import CostGraph
from gisplan.routing.search import CorridorPath, Starts, Targets
from gisplan.routing.turns import (
    ANY,
    BendStarts,
    build_bend_targets,
    find_nearest_with_bends,
    start_bend_search,
)
from tests.unit.routing.plain_search import Edges, graph_of, random_edges

PRICES = BendPrices(over_deg=np.array([30.0, 100.0]), cost_cents=np.array([50, 200]))
FREE = BendPrices(over_deg=np.zeros(0), cost_cents=np.zeros(0, dtype=np.int64))


def bent(edges: Edges, xy: list[tuple[float, float]], prices: BendPrices = PRICES) -> BendGraph:
    graph = graph_of(edges, len(xy))
    x_m, y_m = np.array(xy, dtype=float).T
    return build_bend_graph(graph, *straight_headings_deg(graph, x_m, y_m), prices)


def begin(node: int, cost: int = 0, state: int = ANY, heading: float = np.nan) -> BendStarts:
    return BendStarts(
        starts=Starts.at(np.array([node]), np.array([cost])),
        state=np.array([state]),
        heading_deg=np.array([heading]),
    )


def nearest(
    bends: BendGraph, start: int, targets: list[int], k: int = 9
) -> tuple[tuple[int, CorridorPath], ...]:
    return find_nearest_with_bends(bends, begin(start), np.array(targets), k)


# 3 --10-- 4 --10-- 5      from 0 to 5: up first or last is one bend, in the middle two
# |10      |9       |10
# 0 --10-- 1 --10-- 2
BLOCKS: Edges = [(0, 1, 10), (1, 2, 10), (3, 4, 10), (4, 5, 10), (0, 3, 10), (1, 4, 9), (2, 5, 10)]
PLACES = [(0.0, 0.0), (10.0, 0.0), (20.0, 0.0), (0.0, 10.0), (10.0, 10.0), (20.0, 10.0)]


def test_way_with_fewer_bends_wins_where_they_cost_more_than_it_is_longer() -> None:
    ((_, way),) = nearest(bent(BLOCKS, PLACES), 0, [5])
    assert (way.edges.tolist(), way.cost_cents) == ([0, 1, 6], 30 + 50)
    ((_, free),) = nearest(bent(BLOCKS, PLACES, FREE), 0, [5])
    assert (free.edges.tolist(), free.cost_cents) == ([0, 5, 3], 29)


def test_way_that_arrives_by_an_edge_pays_for_leaving_it() -> None:
    ways = find_nearest_with_bends(
        bent(BLOCKS, PLACES), begin(1, cost=5, state=0), np.array([4, 2, 0]), 3
    )
    assert [(node, way.cost_cents) for node, way in ways] == [(2, 15), (4, 64), (0, 184)]
    # straight back is no way: round the western block instead
    assert ways[2][1].edges.tolist() == [5, 2, 4]


def test_way_that_arrives_with_a_heading_pays_for_leaving_it() -> None:
    ways = find_nearest_with_bends(
        bent(BLOCKS, PLACES), begin(1, cost=5, heading=90.0), np.array([4, 2]), 2
    )
    assert [(node, way.cost_cents) for node, way in ways] == [(4, 14), (2, 65)]


def test_target_at_the_start_costs_nothing_more() -> None:
    ways = nearest(bent(BLOCKS, PLACES), 0, [0, 1], k=2)
    assert [(node, way.cost_cents, way.edges.tolist()) for node, way in ways] == [
        (0, 0, []),
        (1, 10, [0]),
    ]


def test_start_that_is_none_is_left_out() -> None:
    starts = BendStarts(
        starts=Starts.at(np.array([0, 2]), np.array([-1, -1])),
        state=np.array([ANY, 2]),
        heading_deg=np.array([np.nan, np.nan]),
    )
    assert find_nearest_with_bends(bent(BLOCKS, PLACES), starts, np.array([0, 5]), 2) == ()


# a place 3 along the edge 4-5, joined from both its ends; a bend where the way turns into it
@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (begin(3), (10 + 3, [2], 0)),
        (begin(1), (9 + 3 + 50, [5], 0)),
        (begin(5), (7, [], 1)),
        (begin(5, heading=90.0), (7 + 50, [], 1)),
        (begin(6, cost=4), (4, [], -1)),
    ],
)
def test_place_in_an_edge_is_reached_by_its_cheaper_end(
    start: BendStarts, expected: tuple[int, list[int], int]
) -> None:
    bends = bent(BLOCKS, PLACES)
    targets = Targets.none(6).with_places(np.array([4, 5]), np.array([0, 0]), np.array([3, 7]))
    joined = build_bend_targets(bends, targets, np.array([0.0, 180.0]))
    with start_bend_search(bends, start, joined) as search:
        assert search.next_nodes(5).tolist() == [6]
        path = search.path_to(6)
        assert (path.cost_cents, path.edges.tolist(), search.last_row(6)) == expected
        assert search.length_m(np.array([6]), np.arange(7.0)).tolist() == [sum(expected[1])]


def brute_force(bends: BendGraph, heading: np.ndarray, start: int) -> dict[int, int]:
    """Least cost with bends to every node, on a graph of states that networkx searches."""
    graph, states = bends.graph, nx.DiGraph()
    ends = {}
    for edge in range(graph.edge_count):
        if graph.edge_cost[edge] < 0:
            continue
        tail, head = int(graph.edge_from[edge]), int(graph.edge_to[edge])
        ends[edge, 0] = (tail, head, heading[edge])
        ends[edge, 1] = (head, tail, heading[edge] + 180)
    for one, (tail, head, angle) in ends.items():
        if tail == start:
            states.add_edge("start", one, weight=int(graph.edge_cost[one[0]]))
        for other, (begin, _, leaving) in ends.items():
            if begin != head or other[0] == one[0]:
                continue
            turn = abs((leaving - angle + 180) % 360 - 180)
            price = 0 if turn < 30 else 50 if turn < 100 else 200
            states.add_edge(one, other, weight=int(graph.edge_cost[other[0]]) + price)
    states.add_node("start")
    cost = nx.single_source_dijkstra_path_length(states, "start")
    best = {start: 0}
    for state, least in cost.items():
        if state != "start":
            node = ends[state][1]
            best[node] = min(least, best.get(node, least))
    return best


@settings(max_examples=100, deadline=None)
@given(random_edges(largest=7), st.data())
def test_costs_equal_brute_force(instance: tuple[Edges, int], data: st.DataObject) -> None:
    edges, node_count = instance
    edges = [(a, b, min(cost, 10_000) if cost != np.inf else cost) for a, b, cost in edges]
    steps = st.integers(-180, 180)
    heading = np.array(data.draw(st.lists(steps, min_size=len(edges), max_size=len(edges))), float)
    bends = build_bend_graph(graph_of(edges, node_count), heading, heading, PRICES)
    ways = nearest(bends, 0, list(range(node_count)), node_count)
    found = {node: way.cost_cents for node, way in ways}
    assert found == brute_force(bends, heading, 0)
    for node, way in ways:
        assert joins(bends.graph, 0, way.edges.tolist(), node)


def joins(graph: CostGraph, start: int, edges: list[int], end: int) -> bool:
    here = start
    for edge in edges:
        if here not in {graph.edge_from[edge], graph.edge_to[edge]}:
            return False
        here = int(graph.edge_from[edge] + graph.edge_to[edge]) - here
    return here == end


@pytest.mark.parametrize(
    ("over", "cost"), [([30.0, 20.0], [1, 2]), ([200.0], [1]), ([30.0], [-1]), ([30.0], [])]
)
def test_prices_that_are_none_are_refused(over: list[float], cost: list[int]) -> None:
    with pytest.raises(InputError, match="rising angles"):
        BendPrices(over_deg=np.array(over), cost_cents=np.array(cost))


def test_heading_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="headings"):
        build_bend_graph(graph_of([(0, 1, 5)], 2), np.array([np.nan]), np.array([0.0]), PRICES)


def test_start_or_target_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match="start"):
        nearest(bent(BLOCKS, PLACES), 9, [0])
    with pytest.raises(InputError, match="target"):
        nearest(bent(BLOCKS, PLACES), 0, [9])
