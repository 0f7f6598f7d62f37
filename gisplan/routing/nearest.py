"""The nearest targets and the ways there: of one site, of many sites, or between two nodes.

Everything works on plain arrays::

    graph = build_cost_graph(edge_from, edge_to, edge_cost)
    targets = Targets.at_nodes(is_target)
    found = find_nearest(graph, Starts.at([site]), targets, 5)
    found.target[0], found.cost_cents[0], found.way(0)

Costs are whole numbers of any unit. Make ``Targets`` once for many searches: a search takes time
for what it meets and not for the size of the graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.errors import InputError
from gisplan.routing.batch_kernel import meet_many
from gisplan.routing.search import (
    NO_BOUND,
    CorridorPath,
    Starts,
    Targets,
    check_start_nodes,
    check_targets,
    stray_start,
)
from gisplan.routing.street_heap_kernel import LABEL, NODE_TARGET, TargetArrays
from gisplan.routing.street_kernel import lay_start, next_targets
from gisplan.routing.way_kernel import walk_back, ways_as_nodes

if TYPE_CHECKING:
    from gisplan.model.grid import Integers
    from gisplan.routing.cost_graph import CostGraph
    from gisplan.routing.street_heap_kernel import Int32s, Int64s

LARGEST_K = 1 << 20
_ONE = np.zeros(1, dtype=np.int64)
_NO_PLACES = np.zeros(0, dtype=np.int32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """The nearest targets of one search or many, in order of cost; equal costs by their numbers.

    Parameters
    ----------
    target : int32 (..., k), node, or node count + place; -1 where no further target was met
    cost_cents : int64 (..., k), -1 likewise
    start : int32 (..., k), row of the start that the way comes from, -1 likewise
    way_offset : int64 (slots + 1,), where the edges of each slot's way stand, slots in C order
    way_edge : int32, edges of all ways in order from their starts
    """

    target: Int32s
    cost_cents: Int64s
    start: Int32s
    way_offset: Int64s
    way_edge: Int32s

    def way(self, slot: int) -> Int32s:
        """Return the edges of the way to a target, in order from its start."""
        return self.way_edge[self.way_offset[slot] : self.way_offset[slot + 1]]

    def nodes(self, graph: CostGraph, starts: Starts) -> tuple[Int64s, Int32s]:
        """Return the nodes that every way passes, first to last, as offsets (slots + 1,) and nodes.

        A slot without a target has none; of a start that stands at a place neither has its way.
        """
        row = self.start.reshape(-1)
        first = starts.node[np.maximum(row, 0)] if len(starts) else np.zeros_like(row)
        is_node = (row >= 0) & (first < graph.node_count)
        return ways_as_nodes(
            graph.edge_from,
            graph.edge_to,
            np.where(is_node, first, -1),
            self.way_offset,
            self.way_edge,
        )


def find_nearest(
    graph: CostGraph, starts: Starts, targets: Targets, k: int, *, bound_cents: int = NO_BOUND
) -> Nearest:
    """Return the ``k`` targets that are cheapest to reach from any of the starts, shape (k,).

    Parameters
    ----------
    bound_cents
        Nothing that costs this or more is looked for.

    Raises
    ------
    InputError
        If a start or a target is not in the graph, or ``k`` is not positive.
    """
    offset = np.array([0, len(starts)], dtype=np.int64)
    return _meet(graph, starts, offset, _ONE, targets, k=k, bound=bound_cents, shape=(k,))


def find_nearest_many(
    graph: CostGraph,
    starts: Starts,
    start_offset: Integers,
    targets: Targets,
    k: int,
    *,
    bound_cents: int = NO_BOUND,
) -> Nearest:
    """Return what ``find_nearest`` finds for each of many sites, shape (sites, k), in one go.

    Parameters
    ----------
    start_offset : int (sites + 1,)
        The starts of site i stand at ``start_offset[i]:start_offset[i + 1]``.

    Notes
    -----
    Sites are searched in the order of their nodes, which keeps what is near in the cache; the
    answer does not depend on it.
    """
    offset = np.array(start_offset, dtype=np.int64)
    if (
        offset.ndim != 1
        or len(offset) < 1
        or offset[0] != 0
        or offset[-1] != len(starts)
        or np.any(np.diff(offset) < 0)
    ):
        raise InputError(
            f"start_offset has shape {offset.shape}; expected offsets that rise from 0 to the "
            f"number of starts, {len(starts)}"
        )
    first = np.minimum(offset[:-1], max(len(starts) - 1, 0))
    near = starts.node[first] if len(starts) else np.zeros(len(first))
    order = np.argsort(near, kind="stable")
    return _meet(
        graph, starts, offset, order, targets, k=k, bound=bound_cents, shape=(len(offset) - 1, k)
    )


def find_way(
    graph: CostGraph, starts: Starts, node: int, *, bound_cents: int = NO_BOUND
) -> CorridorPath | None:
    """Return the cheapest way from any of the starts to a node, ``None`` where there is none.

    Raises
    ------
    InputError
        If a start or the node is not in the graph.
    """
    if not 0 <= node < graph.node_count:
        raise InputError(f"node {node} is not there; expected 0 to {graph.node_count - 1}")
    check_start_nodes(starts, graph.node_count)
    arcs, shift, met = graph.arcs, graph.bucket_shift, np.empty(1, dtype=np.int32)
    with graph.workspaces.lend(graph.node_count) as memory:
        wanted = TargetArrays(memory.flag, _NO_PLACES, _NO_PLACES, _NO_PLACES)
        memory.flag[node] = NODE_TARGET
        try:
            lay_start(memory, shift, starts.node, starts.cost_cents, 0, len(starts))
            found = next_targets(arcs, wanted, memory, shift, min(bound_cents, NO_BOUND), met)
        finally:
            memory.flag[node] = 0
        if found == 0:
            return None
        start, edges = walk_back(arcs, memory, node)
        cost = int(memory.record[node, LABEL])
    return CorridorPath(
        seed=int(starts.seed[start]),
        first_node=int(starts.node[start]),
        edges=edges.astype(np.int64),
        cost_cents=cost,
    )


def _meet(
    graph: CostGraph,
    starts: Starts,
    offset: Int64s,
    order: Int64s,
    targets: Targets,
    *,
    k: int,
    bound: int,
    shape: tuple[int, ...],
) -> Nearest:
    if not 0 < k <= LARGEST_K:
        raise InputError(f"{k} targets are wanted; expected 1 to {LARGEST_K}")
    check_targets(targets, graph.node_count)
    node_count = graph.node_count + targets.place_count
    memory = graph.workspaces.take(node_count)
    stray, target, cost, start, way_offset, way_edge = meet_many(
        graph.arc_offset,
        graph.arc,
        graph.arc_edge,
        *targets.arrays,
        *memory,  # type: ignore[arg-type]
        graph.bucket_shift,
        offset,
        starts.node,
        starts.cost_cents,
        order,
        k,
        min(bound, NO_BOUND),
        node_count,
    )
    graph.workspaces.give_back(memory)
    if stray >= 0:
        raise stray_start(starts, stray, node_count)
    return Nearest(
        target=target.reshape(shape),
        cost_cents=cost.reshape(shape),
        start=start.reshape(shape),
        way_offset=way_offset,
        way_edge=way_edge,
    )
