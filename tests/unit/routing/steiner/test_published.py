"""Published instances with known optima: unit hypercubes, hard for every bound.

SteinLib's series hc: nodes are the corners of a hypercube, edges cost 1, terminals are the corners
with an even number of ones (Rosseti and others, New benchmark instances for the Steiner problem in
graphs, 2001). hc6u costs 39.
"""

import numpy as np
import pytest

from gisplan.ingest.steinlib import SteinLibInstance, parse_steinlib
from gisplan.routing.steiner.exact import find_exact_tree
from gisplan.routing.steiner.tree import find_steiner_tree


def hypercube(dimension: int) -> SteinLibInstance:
    corners = range(1 << dimension)
    pairs = [(a, a ^ (1 << bit)) for a in corners for bit in range(dimension)]
    edges = [f"E {a + 1} {b + 1} 1" for a, b in pairs if a < b]
    terminals = [f"T {a + 1}" for a in corners if a.bit_count() % 2 == 0]
    lines = [
        "33D32945 STP File, STP Format Version 1.0",
        "SECTION Graph",
        f"Nodes {len(corners)}",
        f"Edges {len(edges)}",
        *edges,
        "END",
        "SECTION Terminals",
        f"Terminals {len(terminals)}",
        *terminals,
        "END",
        "EOF",
    ]
    return parse_steinlib("\n".join(lines))


def test_branching_proves_a_hypercube_that_no_bound_does() -> None:
    cube = hypercube(4)
    exact = find_exact_tree(cube.graph, cube.terminals)
    tree = find_steiner_tree(cube.graph, cube.terminals, rounds=300)
    assert (exact.cost, tree.cost, tree.lower_bound) == (10, 10, 10)


def test_branching_that_is_cut_short_leaves_a_bound_that_holds() -> None:
    cube = hypercube(5)
    trees = [
        find_steiner_tree(cube.graph, cube.terminals, rounds=rounds) for rounds in (12, 40, 400)
    ]
    assert [tree.cost for tree in trees] == [20, 20, 20]
    assert trees[0].lower_bound <= trees[1].lower_bound <= 20
    assert trees[2].is_proven
    assert trees[0].gap_ratio == pytest.approx((20 - trees[0].lower_bound) / 20)


def test_the_published_optimum_of_hc6u_is_found() -> None:
    cube = hypercube(6)
    assert (len(cube.graph.edge_cost), len(cube.terminals)) == (192, 32)
    tree = find_steiner_tree(cube.graph, cube.terminals, rounds=30)
    assert tree.cost == 39
    assert tree.lower_bound <= 39


def test_perturbed_costs_of_a_hypercube_are_proven_by_branching() -> None:
    cube = hypercube(4)
    rng = np.random.default_rng(2)
    for _ in range(10):
        graph = cube.graph.with_costs(rng.integers(100, 111, len(cube.graph.edge_cost)))
        tree = find_steiner_tree(graph, cube.terminals, rounds=500)
        assert tree.is_proven
        assert tree.cost == find_exact_tree(graph, cube.terminals).cost
