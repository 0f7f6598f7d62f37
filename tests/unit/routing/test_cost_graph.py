"""Graphs from edges: layout, rounding, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from gisplan.errors import InputError
from gisplan.routing.cost_graph import FORBIDDEN, CostGraph, build_cost_graph


def triangle(*costs: float) -> CostGraph:
    return build_cost_graph(np.array([0, 1, 2]), np.array([1, 2, 0]), np.array(costs))


def arcs_of(graph: CostGraph, node: int) -> list[tuple[int, int, int]]:
    rows = range(graph.arc_offset[node], graph.arc_offset[node + 1])
    return [(int(graph.arc[r, 0]), int(graph.arc[r, 1]), int(graph.arc_edge[r])) for r in rows]


def test_arcs_of_a_node_lead_to_its_neighbours() -> None:
    graph = triangle(5, 7, 9)
    assert graph.node_count == graph.edge_count == 3
    assert [arcs_of(graph, node) for node in range(3)] == [
        [(1, 5, 0), (2, 9, 2)],
        [(0, 5, 0), (2, 7, 1)],
        [(1, 7, 1), (0, 9, 2)],
    ]


def test_costs_are_rounded_and_infinity_forbids() -> None:
    assert triangle(1.6, np.inf, 0.0).edge_cost.tolist() == [2, FORBIDDEN, 0]


def test_other_costs_leave_the_graph_as_it_is() -> None:
    graph = triangle(5, 7, 9)
    assert arcs_of(graph.with_costs(np.array([1, 2, 3])), 2) == [(1, 2, 1), (0, 3, 2)]
    assert arcs_of(graph, 2) == [(1, 7, 1), (0, 9, 2)]


def test_parallel_edges_loops_and_lone_nodes_are_kept() -> None:
    graph = build_cost_graph(
        np.array([0, 0, 1]), np.array([1, 1, 1]), np.array([3, 2, 1]), node_count=3
    )
    assert arcs_of(graph, 0) == [(1, 3, 0), (1, 2, 1)]
    assert arcs_of(graph, 1) == [(0, 3, 0), (0, 2, 1), (1, 1, 2), (1, 1, 2)]
    assert arcs_of(graph, 2) == []


def test_no_edges_make_an_empty_graph() -> None:
    nothing = np.zeros(0, np.int64)
    assert build_cost_graph(nothing, nothing, nothing).node_count == 0


@pytest.mark.parametrize("cost", [np.nan, -1.0, -np.inf, 3e9])
def test_a_cost_that_is_none_is_refused_by_name(cost: float) -> None:
    with pytest.raises(InputError, match="edge 1 costs"):
        triangle(1, cost, 2)


@pytest.mark.parametrize("node", [-1, 2])
def test_a_node_that_is_not_there_is_refused(node: int) -> None:
    with pytest.raises(InputError, match="edge 0 joins nodes"):
        build_cost_graph(np.array([0]), np.array([node]), np.array([1]), node_count=2)


def test_arrays_of_different_length_are_refused() -> None:
    with pytest.raises(InputError, match="one length"):
        build_cost_graph(np.array([0]), np.array([0, 1]), np.array([1]))
    with pytest.raises(InputError, match="one for each"):
        build_cost_graph(np.array([0]), np.array([1]), np.array([1, 2]))


@pytest.mark.parametrize("node", [0.5, np.nan])
def test_nodes_that_are_no_whole_numbers_are_refused(node: float) -> None:
    with pytest.raises(InputError, match="edge_to holds float64 numbers; expected whole ones"):
        build_cost_graph(np.array([0]), np.array([node]), np.array([1]))


@pytest.mark.parametrize("count", [-1, 1 << 40])
def test_a_number_of_nodes_that_is_none_is_refused(count: int) -> None:
    nothing = np.zeros(0, np.int64)
    with pytest.raises(InputError, match=f"a graph of {count} nodes"):
        build_cost_graph(nothing, nothing, nothing, node_count=count)
