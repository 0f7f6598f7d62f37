"""Kernels of the topology that other modules use alone; networkx is the oracle."""

from __future__ import annotations

import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.network.tree_kernel import find_parts

ends = st.integers(0, 11)


@settings(deadline=None)  # the kernel is compiled at its first call
@given(st.lists(st.tuples(ends, ends), max_size=20))
def test_parts_are_named_by_their_first_bus(branches: list[tuple[int, int]]) -> None:
    first = np.array([a for a, _ in branches], np.int64)
    second = np.array([b for _, b in branches], np.int64)
    graph = nx.Graph()
    graph.add_nodes_from(range(12))
    graph.add_edges_from(branches)
    expected = np.empty(12, np.int64)
    for part in nx.connected_components(graph):
        expected[list(part)] = min(part)
    assert find_parts(first, second, 12).tolist() == expected.tolist()
