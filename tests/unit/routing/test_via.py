"""Corrections: stops in an order or the best one, edges to avoid, reasons without a way."""

from __future__ import annotations

from itertools import permutations, product

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.errors import InputError
from gisplan.routing.cost_graph import build_cost_graph
from gisplan.routing.places import AccessPoints, Exits
from gisplan.routing.via import route_via, route_via_on
from gisplan.routing.via_net import WayNet
from gisplan.routing.via_stops import Hindrance, Order, Stops
from tests.unit.routing.route_oracle import Case, cases, cut_parts, is_connected

TOWN = build_cost_graph(
    np.array([0, 1, 2, 1, 3, 0]), np.array([1, 2, 3, 4, 5, 3]), np.array([5, 5, 5, 3, 1, 20])
)
TOWN_M = np.array([50.0, 50.0, 50.0, 30.0, 10.0, 200.0])
SITE, STATION = Exits.at_nodes(np.array([0])), AccessPoints.at_nodes(np.array([3]))
NOWHERE = Stops.at_nodes(np.zeros(0, np.int64))


def via(stops: Stops, **more):
    return route_via(TOWN, SITE, STATION, stops, edge_length_m=TOWN_M, **more)


def test_without_corrections_the_route_is_the_cheapest() -> None:
    answer = via(NOWHERE)
    assert answer.route is not None
    assert answer.route.edge.tolist() == [0, 1, 2]
    assert answer.route.cost_cents == 15
    assert answer.route.length_m == 150.0
    assert len(answer.repeated) == 0


def test_a_stop_in_a_dead_end_is_paid_in_and_out() -> None:
    answer = via(Stops.at_nodes(np.array([4])))
    assert answer.route is not None
    assert answer.route.edge.tolist() == [0, 3, 3, 1, 2]
    assert answer.route.cost_cents == 21
    assert answer.step_at.tolist() == [2]
    assert answer.repeated.edge.tolist() == [3]
    assert answer.repeated.length_m == 30.0


def test_an_edge_is_passed_in_the_cheaper_direction() -> None:
    answer = via(Stops.along_edges(np.array([5])))
    assert answer.route is not None
    assert answer.route.edge.tolist() == [5]
    back = route_via(
        TOWN,
        AccessPoints.at_nodes(np.array([3])),
        SITE,
        Stops.along_edges(np.array([5])),
        edge_length_m=TOWN_M,
    )
    assert back.route is not None
    assert (back.route.share_from.tolist(), back.route.share_to.tolist()) == ([1.0], [0.0])


def test_a_place_in_mid_edge_is_passed() -> None:
    answer = via(Stops.on_edges(np.array([5]), np.array([0.25]), np.array([[5.0, 15.0]])))
    assert answer.route is not None
    assert answer.route.edge.tolist() == [5, 5]
    assert answer.route.share_to.tolist() == [0.25, 1.0]
    assert answer.route.cost_cents == 20


def test_the_best_order_is_cheaper_than_a_bad_one() -> None:
    stops = Stops.at_nodes(np.array([2, 4, 1]))
    given_order, best = via(stops), via(stops, order=Order.BEST)
    assert given_order.route is not None
    assert best.route is not None
    assert (given_order.route.cost_cents, best.route.cost_cents) == (31, 21)
    assert best.order.tolist()[0] in {1, 2}


def test_avoided_edges_are_left_out() -> None:
    answer = via(NOWHERE, avoid_edges=np.array([1]))
    assert answer.route is not None
    assert answer.route.edge.tolist() == [5]


def test_what_is_avoided_is_named_as_the_reason() -> None:
    answer = via(NOWHERE, avoid_edges=np.array([1, 5]))
    assert answer.route is None
    assert answer.obstruction is not None
    assert answer.obstruction.hindrance is Hindrance.TARGETS
    assert answer.obstruction.by_avoiding


def test_stops_out_of_reach_are_named() -> None:
    graph = build_cost_graph(np.array([0, 2]), np.array([1, 3]), np.array([1, 1]), node_count=4)
    ends = Exits.at_nodes(np.array([0])), AccessPoints.at_nodes(np.array([1]))
    stops = Stops.at_nodes(np.array([1, 2, 3]))
    answer = route_via(graph, *ends, stops, edge_length_m=np.ones(2))
    assert answer.obstruction is not None
    assert answer.obstruction.hindrance is Hindrance.STOPS
    assert answer.obstruction.stops.tolist() == [1, 2]
    assert not answer.obstruction.by_avoiding


def test_an_avoided_edge_cannot_be_a_stop() -> None:
    answer = via(Stops.along_edges(np.array([1])), avoid_edges=np.array([1]))
    assert answer.obstruction is not None
    assert answer.obstruction.stops.tolist() == [0]
    assert answer.obstruction.by_avoiding


def test_site_and_stops_in_separate_parts_are_told_apart() -> None:
    graph = build_cost_graph(np.array([0, 2]), np.array([1, 3]), np.array([1, 1]), node_count=4)
    starts = Exits.at_nodes(np.array([0, 2]))
    answer = route_via(
        graph,
        starts,
        AccessPoints.at_nodes(np.array([1])),
        Stops.at_nodes(np.array([3])),
        edge_length_m=np.ones(2),
    )
    assert answer.obstruction is not None
    assert answer.obstruction.hindrance is Hindrance.PARTS


def test_too_many_stops_are_refused() -> None:
    with pytest.raises(InputError, match="9 stops"):
        via(Stops.at_nodes(np.zeros(9, np.int64)), order=Order.BEST)
    with pytest.raises(InputError, match="row 0 of the stops"):
        via(Stops.at_nodes(np.array([17])))
    with pytest.raises(InputError, match="edges to avoid"):
        via(NOWHERE, avoid_edges=np.array([6]))


def truth(case: Case, stops: Stops, places: list[int], avoid: set[int], order: Order) -> int | None:
    """Return the least cost over all orders and directions, by shortest paths between ends."""
    parts, starts, targets = cut_parts(case)
    graph = nx.Graph()
    graph.add_nodes_from(range(case.node_count + len(parts)))
    for part in parts:
        cost = np.inf if part.edge in avoid else part.cost
        if cost < graph.get_edge_data(part.tail, part.head, {"cost": np.inf})["cost"]:
            graph.add_edge(part.tail, part.head, cost=round(cost))
    far = dict(nx.all_pairs_dijkstra_path_length(graph, weight="cost"))
    ends = []
    for row, place in enumerate(places):
        if not stops.is_whole[row]:
            ends.append([(place, place, 0)])
            continue
        edge = int(stops.edge[row])
        cost = np.inf if edge in avoid else case.edge_cost[edge]
        a, b = case.edge_from[edge], case.edge_to[edge]
        ends.append([(a, b, cost), (b, a, cost)])
    orders = [range(len(ends))] if order is Order.GIVEN else permutations(range(len(ends)))
    best = np.inf
    for chosen in orders:
        for modes in product(*[ends[stop] for stop in chosen]):
            for (start, own), (target, more) in product(
                zip(starts, case.starts.cost_cents.tolist(), strict=True),
                zip(targets, case.targets.cost_cents.tolist(), strict=True),
            ):
                here, total = start, own + more
                for enter, leave, cost in modes:
                    total += far[here].get(enter, np.inf) + cost
                    here = leave
                best = min(best, total + far[here].get(target, np.inf))
    return None if best == np.inf else int(best)


@settings(max_examples=250, deadline=None)
@given(cases(), st.data())
def test_route_equals_the_best_order_of_shortest_legs(case: Case, data: st.DataObject) -> None:
    node = st.integers(0, case.node_count - 1)
    nodes = data.draw(st.lists(node, max_size=2))
    edge = st.integers(0, len(case.edge_cost) - 1)
    edges = data.draw(st.lists(edge, max_size=2))
    avoid = data.draw(st.sets(edge, max_size=2))
    order = data.draw(st.sampled_from(list(Order)))
    stops = Stops.at_nodes(np.array(nodes, np.int64)).followed_by(
        Stops.along_edges(np.array(edges, np.int64))
    )
    answer = route_via(
        case.graph,
        case.starts,
        case.targets,
        stops,
        edge_length_m=case.edge_length_m,
        order=order,
        avoid_edges=np.array(sorted(avoid), np.int64),
    )
    expected = truth(case, stops, [*nodes, *edges], avoid, order)
    assert (answer.route.cost_cents if answer.route else None) == expected
    assert (answer.route is None) == (answer.obstruction is not None)
    if answer.route is not None:
        assert is_connected(case, answer.route)
        assert not avoid & set(answer.route.edge.tolist())


@settings(max_examples=150, deadline=None)
@given(cases(), st.data())
def test_cost_never_falls_by_a_correction(case: Case, data: st.DataObject) -> None:
    net = WayNet.build(case.graph, case.edge_length_m)
    node = st.integers(0, case.node_count - 1)
    edge = st.integers(0, len(case.edge_cost) - 1)
    stops, avoid, order, least = NOWHERE, [], data.draw(st.sampled_from(list(Order))), -1
    for _ in range(3):
        answer = route_via_on(
            net,
            case.starts,
            case.targets,
            stops,
            order=order,
            avoid_edges=np.array(avoid, np.int64),
        )
        cost = answer.route.cost_cents if answer.route else 10**9
        assert cost >= least
        least = cost
        stops = stops.followed_by(Stops.at_nodes(np.array([data.draw(node)])))
        avoid.append(data.draw(edge))
