"""Steiner trees against brute force, the exact method, and what must hold for any tree."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.errors import InputError
from gisplan.routing.cost_graph import build_cost_graph
from gisplan.routing.steiner.exact import find_exact_tree
from gisplan.routing.steiner.tree import SteinerTree, find_steiner_tree
from tests.unit.routing.steiner.random_graphs import (
    Case,
    brute_force_cost,
    cases,
    random_network,
    simple_graph,
)

SEVERAL = settings(max_examples=150, deadline=None)


def joined_by(case: Case, tree: SteinerTree) -> list[int]:
    return sorted(set(case.terminals) - set(tree.unreached.tolist()))


def is_tree_of(case: Case, tree: SteinerTree, terminals: list[int]) -> bool:
    graph = nx.Graph([case.edges[edge][:2] for edge in tree.edges])
    graph.add_nodes_from(terminals)
    return nx.is_tree(graph) and len(graph.edges) == len(tree.edges)


@SEVERAL
@given(cases(), st.integers(0, 40))
def test_a_tree_joins_the_terminals_and_its_bound_holds(case: Case, rounds: int) -> None:
    tree = find_steiner_tree(case.graph(), np.array(case.terminals), rounds=rounds)
    terminals = joined_by(case, tree)
    best = brute_force_cost(case, terminals)
    assert is_tree_of(case, tree, terminals)
    assert tree.cost == sum(case.edges[edge][2] for edge in tree.edges)
    assert tree.lower_bound <= best <= tree.cost


@SEVERAL
@given(cases())
def test_the_exact_tree_is_the_cheapest(case: Case) -> None:
    tree = find_exact_tree(case.graph(), np.array(case.terminals))
    terminals = joined_by(case, tree)
    assert is_tree_of(case, tree, terminals)
    assert tree.cost == tree.lower_bound == brute_force_cost(case, terminals)


@pytest.mark.parametrize("seed", range(12))
def test_enough_rounds_prove_the_cheapest_tree(seed: int) -> None:
    case = random_network(seed, 60, 60)
    exact = find_exact_tree(case.graph(), np.array(case.terminals))
    tree = find_steiner_tree(case.graph(), np.array(case.terminals), rounds=2000)
    assert tree.is_proven
    assert tree.cost == exact.cost


@pytest.mark.parametrize("seed", range(5))
def test_more_rounds_never_make_it_worse(seed: int) -> None:
    case = random_network(seed, 300, 250)
    trees = [
        find_steiner_tree(case.graph(), np.array(case.terminals), rounds=rounds)
        for rounds in (1, 4, 16)
    ]
    costs, bounds = [tree.cost for tree in trees], [tree.lower_bound for tree in trees]
    assert costs == sorted(costs, reverse=True)
    assert bounds == sorted(bounds)


@pytest.mark.parametrize("seed", range(6))
def test_a_tree_costs_at_least_the_longest_way_and_at_most_the_tree_of_ways(seed: int) -> None:
    case = random_network(seed, 80, 60)
    tree = find_steiner_tree(case.graph(), np.array(case.terminals))
    ways = dict(nx.all_pairs_dijkstra_path_length(simple_graph(case)))
    closure = nx.Graph()
    for a in case.terminals:
        for b in case.terminals:
            closure.add_edge(a, b, weight=ways[a][b])
    assert tree.cost >= max(ways[a][b] for a in case.terminals for b in case.terminals)
    assert tree.cost <= nx.minimum_spanning_tree(closure).size("weight")


@pytest.mark.parametrize("seed", range(6))
def test_a_terminal_more_never_cheapens_the_best_tree(seed: int) -> None:
    case = random_network(seed, 60, 40)
    costs = [
        find_exact_tree(case.graph(), np.array(case.terminals[:count])).cost
        for count in range(1, 9)
    ]
    assert costs == sorted(costs)


@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_edges_and_terminals_does_not_matter(seed: int) -> None:
    case = random_network(seed, 200, 200)
    rng = np.random.default_rng(seed)
    shuffled = Case(
        node_count=case.node_count,
        edges=[case.edges[i] for i in rng.permutation(len(case.edges))],
        terminals=case.terminals[::-1],
    )
    one, two = (
        find_steiner_tree(c.graph(), np.array(c.terminals), rounds=3) for c in (case, shuffled)
    )
    assert (one.cost, one.lower_bound) == (two.cost, two.lower_bound)


def test_the_same_question_gives_the_same_edges() -> None:
    case = random_network(1, 200, 200)
    one, two = (find_steiner_tree(case.graph(), np.array(case.terminals)) for _ in range(2))
    assert one.edges.tolist() == two.edges.tolist()


def test_the_middle_of_a_star_is_found() -> None:
    # three terminals on a ring of side 10, the middle 5 from each: 15 instead of 20
    graph = build_cost_graph(
        np.array([0, 1, 2, 0, 1, 2]), np.array([1, 2, 0, 3, 3, 3]), np.array([10, 10, 10, 5, 5, 5])
    )
    tree = find_steiner_tree(graph, np.array([0, 1, 2]))
    assert (tree.edges.tolist(), tree.cost, tree.is_proven) == ([3, 4, 5], 15, True)


def test_terminals_that_hang_together_with_fewer_others_are_named() -> None:
    graph = build_cost_graph(
        np.array([0, 1, 3]), np.array([1, 2, 4]), np.array([1, 1, np.inf]), node_count=6
    )
    tree = find_steiner_tree(graph, np.array([5, 4, 3, 2, 0]))
    assert (tree.edges.tolist(), tree.unreached.tolist()) == ([0, 1], [3, 4, 5])


def test_one_terminal_or_none_needs_nothing() -> None:
    graph = random_network(0, 20, 5).graph()
    for terminals in ([], [7], [7, 7]):
        tree = find_steiner_tree(graph, np.array(terminals, dtype=np.int64))
        assert (len(tree.edges), tree.cost, tree.gap_ratio, tree.is_proven) == (0, 0, 0.0, True)


def test_costs_near_the_largest_are_summed_without_loss() -> None:
    case = random_network(3, 40, 20)
    edges = [(a, b, 2**31 - 1 - cost) for a, b, cost in case.edges]
    large = Case(node_count=case.node_count, edges=edges, terminals=case.terminals)
    tree = find_steiner_tree(large.graph(), np.array(large.terminals), rounds=500)
    assert tree.cost == find_exact_tree(large.graph(), np.array(large.terminals)).cost


@pytest.mark.parametrize("node", [-1, 20])
def test_a_terminal_that_is_no_node_is_refused(node: int) -> None:
    graph = random_network(0, 20, 5).graph()
    with pytest.raises(InputError, match=f"terminal 1 is node {node}"):
        find_steiner_tree(graph, np.array([0, node]))


def test_terminals_that_are_no_whole_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="whole number"):
        find_steiner_tree(random_network(0, 20, 5).graph(), np.array([0.0, np.nan]))


def test_too_many_terminals_for_the_exact_method_are_refused() -> None:
    case = random_network(0, 40, 120)
    with pytest.raises(InputError, match="use find_steiner_tree"):
        find_exact_tree(case.graph(), np.arange(30))
