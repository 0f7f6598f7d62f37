"""Alternatives: limits, order, and what the answer promises, against all simple paths."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.errors import InputError
from gisplan.routing.alternatives import Alternatives, alternatives_on, find_alternatives
from gisplan.routing.cost_graph import CostGraph, build_cost_graph
from gisplan.routing.places import AccessPoints, Exits
from gisplan.routing.via_net import WayNet
from tests.unit.routing.route_oracle import Case, all_paths, cases, is_connected

LADDER = build_cost_graph(
    np.array([0, 1, 0, 2, 3, 1]), np.array([1, 5, 2, 3, 5, 3]), np.array([10, 10, 11, 11, 11, 2])
)
LADDER_M = np.array([10.0, 10.0, 11.0, 11.0, 11.0, 2.0])


def found(graph: CostGraph, length_m: np.ndarray, last: int, **limits: float) -> Alternatives:
    starts, targets = Exits.at_nodes(np.array([0])), AccessPoints.at_nodes(np.array([last]))
    return find_alternatives(graph, starts, targets, edge_length_m=length_m, **limits)


def edges_of(answer: Alternatives) -> list[list[int]]:
    return [route.edge.tolist() for route in answer.routes]


def test_second_route_leaves_the_first_one() -> None:
    answer = found(LADDER, LADDER_M, 5, count=2, max_shared_ratio=0.0, max_stretch=2.0)
    assert edges_of(answer) == [[0, 1], [2, 3, 4]]
    assert answer.shared_m.tolist() == [[20.0, 0.0], [0.0, 33.0]]
    assert answer.shared_ratio().tolist() == [0.0, 0.0]


def test_more_overlap_allows_a_cheaper_second_route() -> None:
    answer = found(LADDER, LADDER_M, 5, count=2, max_shared_ratio=0.5, max_stretch=2.0)
    assert edges_of(answer) == [[0, 1], [0, 5, 4]]
    assert answer.shared_m[0, 1] == 10.0
    assert answer.shared_ratio() == pytest.approx([0.5, 10 / 23])


def test_nothing_dearer_than_the_stretch_is_offered() -> None:
    assert len(found(LADDER, LADDER_M, 5, max_shared_ratio=0.0, max_stretch=1.6).routes) == 1
    assert len(found(LADDER, LADDER_M, 5, max_shared_ratio=0.0, max_stretch=1.65).routes) == 2


def test_no_way_gives_no_alternatives() -> None:
    graph = build_cost_graph(np.array([0]), np.array([1]), np.array([1]), node_count=3)
    answer = found(graph, np.array([1.0]), 2)
    assert answer.routes == ()
    assert answer.shared_ratio().tolist() == []


def test_site_at_its_access_point_needs_no_edge() -> None:
    answer = found(LADDER, LADDER_M, 0)
    assert edges_of(answer) == [[]]
    assert answer.routes[0].cost_cents == 0


def test_avoided_edges_are_not_used() -> None:
    starts, targets = Exits.at_nodes(np.array([0])), AccessPoints.at_nodes(np.array([5]))
    answer = find_alternatives(
        LADDER, starts, targets, edge_length_m=LADDER_M, avoid_edges=np.array([1])
    )
    assert edges_of(answer)[0] == [0, 5, 4]


def test_a_net_can_be_asked_again() -> None:
    net = WayNet.build(LADDER, LADDER_M)
    starts, targets = Exits.at_nodes(np.array([0])), AccessPoints.at_nodes(np.array([5]))
    asked = [alternatives_on(net, starts, targets, count=2) for _ in range(2)]
    assert edges_of(asked[0]) == edges_of(asked[1])


@pytest.mark.parametrize(
    ("limits", "match"),
    [
        ({"count": 0}, "0 alternatives"),
        ({"max_shared_ratio": 1.0}, "shared ratio 1.0"),
        ({"max_shared_ratio": float("nan")}, "shared ratio nan"),
        ({"max_stretch": 0.5}, "stretch 0.5"),
    ],
)
def test_limits_that_are_none_are_refused(limits: dict[str, float], match: str) -> None:
    with pytest.raises(InputError, match=match):
        found(LADDER, LADDER_M, 5, **limits)


@settings(max_examples=250, deadline=None)
@given(cases(), st.sampled_from([0.0, 0.3, 0.7]), st.sampled_from([1.0, 1.5, 4.0]))
def test_limits_hold_and_nothing_disjoint_is_missed(
    case: Case, ratio: float, stretch: float
) -> None:
    paths, parts = all_paths(case)
    answer = find_alternatives(
        case.graph,
        case.starts,
        case.targets,
        edge_length_m=case.edge_length_m,
        count=3,
        max_shared_ratio=ratio,
        max_stretch=stretch,
    )
    costs = [route.cost_cents for route in answer.routes]
    assert costs == sorted(costs)
    assert bool(costs) == bool(paths)
    if not paths:
        return
    best = min(path.cost for path in paths)
    assert costs[0] == best
    assert costs[-1] <= best * stretch
    assert {(r.start, r.target, r.cost_cents) for r in answer.routes} <= {
        (path.start, path.target, path.cost) for path in paths
    }
    assert all(is_connected(case, route) for route in answer.routes)
    own_m = np.maximum(np.diagonal(answer.shared_m), 1e-9)
    others = answer.shared_m - np.diag(np.diagonal(answer.shared_m))
    assert (others <= ratio * own_m[:, None] + 1e-5).all()
    if len(costs) < 3:
        used = [edges_used(route) for route in answer.routes]
        there = {path.start for path in paths if not path.parts}
        free = [path for path in paths if path.cost <= best * stretch]
        for path in (path for path in free if path.start not in there):
            mine = {(parts[part].edge, parts[part].share) for part in path.parts}
            assert any(mine & theirs for theirs in used)


def edges_used(route) -> set[tuple[int, float]]:
    ends = np.minimum(route.share_from, route.share_to)
    return set(zip(route.edge.tolist(), ends.tolist(), strict=True))


def single_via(graph: nx.Graph, last: int, ratio: float, stretch: float) -> list[int]:
    """Choose greedily among the simple ways over one edge, cheapest first."""
    out = nx.single_source_dijkstra(graph, 0, weight="cost")
    back = nx.single_source_dijkstra(graph, last, weight="cost")
    ways = {}
    for a, b in [*graph.edges, *((b, a) for a, b in graph.edges)]:
        nodes = [*out[1][a], *back[1][b][::-1]]
        if len(set(nodes)) == len(nodes):
            ways[tuple(nodes)] = out[0][a] + graph[a][b]["cost"] + back[0][b]
    chosen: list[set[frozenset[int]]] = []
    costs = []
    for nodes, cost in sorted(ways.items(), key=lambda item: item[1]):
        mine = {frozenset(pair) for pair in pairwise(nodes)}
        length = {edge: graph.edges[tuple(edge)]["length"] for edge in mine}
        total = sum(length.values())
        fits = all(
            sum(length[edge] for edge in mine & other)
            <= ratio * min(total, sum(graph.edges[tuple(e)]["length"] for e in other)) + 1e-6
            for other in chosen
        )
        if fits and cost <= stretch * out[0][last]:
            chosen.append(mine)
            costs.append(cost)
    return costs[:3]


@pytest.mark.parametrize("seed", range(12))
def test_routes_are_the_cheapest_single_via_ways(seed: int) -> None:
    rng = np.random.default_rng(seed)
    grid = nx.convert_node_labels_to_integers(nx.grid_2d_graph(5, 5))
    for _, _, data in grid.edges(data=True):
        data["cost"] = int(rng.integers(10**5, 10**6))
        data["length"] = data["cost"] / 100
    ends = np.array(list(grid.edges))
    cost = np.array([data["cost"] for _, _, data in grid.edges(data=True)])
    graph = build_cost_graph(ends[:, 0], ends[:, 1], cost)
    answer = found(graph, cost / 100, 24, count=3, max_shared_ratio=0.6, max_stretch=1.4)
    truth = single_via(grid, 24, 0.6, 1.4)
    assert [route.cost_cents for route in answer.routes][: len(truth)] == truth


def test_penalty_finds_what_no_single_detour_gives() -> None:
    """Two detours in a row around a straight way: each alone shares too much of it."""
    ends = np.array([[0, 1], [1, 2], [2, 3], [0, 4], [4, 1], [1, 5], [5, 2], [2, 6], [6, 3]])
    cost = np.array([10, 10, 10, 6, 6, 6, 6, 6, 6])
    graph = build_cost_graph(ends[:, 0], ends[:, 1], cost)
    answer = found(graph, cost.astype(float), 3, count=2, max_shared_ratio=0.0, max_stretch=1.3)
    assert edges_of(answer) == [[0, 1, 2], [3, 4, 5, 6, 7, 8]]


def test_largest_cost_and_stretch_stay_in_64_bits() -> None:
    starts = Exits.at_nodes(np.array([0]), np.array([(1 << 50) - 1]))
    targets = AccessPoints.at_nodes(np.array([5]))
    answer = find_alternatives(
        LADDER,
        starts,
        targets,
        edge_length_m=LADDER_M,
        count=2,
        max_shared_ratio=0.0,
        max_stretch=1e6,
    )
    assert edges_of(answer) == [[0, 1], [2, 3, 4]]
