"""A graph with whole costs as plain arrays: what every search of this package works on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gisplan.errors import InputError
from gisplan.routing.layout_kernel import Int32s, lay_out
from gisplan.routing.street_heap_kernel import Arcs
from gisplan.routing.workspace import Workspaces

if TYPE_CHECKING:
    from gisplan.model.grid import Floats, Integers

FORBIDDEN = -1
"""Cost of an edge that may not be used."""
LARGEST_COST = int(np.iinfo(np.int32).max)
LARGEST_COUNT = 1 << 29
"""Of nodes, and of edges, whose arcs are twice as many; their sums fit 32 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostGraph:
    """Undirected graph in compressed sparse rows; costs are whole numbers, cents where money.

    Arcs of node n stand at ``arc_offset[n]:arc_offset[n + 1]``, each with head and cost side by
    side, because a search reads both at once. Parallel edges and loops are kept; nodes that are
    near each other should have near numbers (Hilbert order), which makes a search 3 to 7 times
    faster.

    Parameters
    ----------
    arc_offset : int32 (nodes + 1,)
    arc : int32 (2 * edges, 2), head and cost; the cost ``FORBIDDEN`` is never used
    arc_edge : int32 (2 * edges,)
    edge_from, edge_to, edge_cost : int32 (edges,)
    bucket_shift
        Costs that agree but for so many of their last bits are searched together; a matter of
        speed alone.
    workspaces
        Memory for searches, shared by all graphs of the same layout.
    """

    arc_offset: Int32s
    arc: Int32s
    arc_edge: Int32s
    edge_from: Int32s
    edge_to: Int32s
    edge_cost: Int32s
    bucket_shift: int = 0
    workspaces: Workspaces = field(default_factory=Workspaces, compare=False, repr=False)

    @property
    def node_count(self) -> int:
        """Number of nodes."""
        return len(self.arc_offset) - 1

    @property
    def edge_count(self) -> int:
        """Number of edges."""
        return len(self.edge_from)

    @property
    def arcs(self) -> Arcs:
        """What the kernels read of the graph."""
        return Arcs(self.arc_offset, self.arc, self.arc_edge)

    def with_costs(self, edge_cost: Integers | Floats) -> CostGraph:
        """Return the same graph with other costs; see ``build_cost_graph`` for what is refused."""
        cost = whole_costs(edge_cost, len(self.edge_from))
        arc = np.empty_like(self.arc)
        arc[:, 0] = self.arc[:, 0]
        arc[:, 1] = cost[self.arc_edge]
        return CostGraph(
            arc_offset=self.arc_offset,
            arc=arc,
            arc_edge=self.arc_edge,
            edge_from=self.edge_from,
            edge_to=self.edge_to,
            edge_cost=cost,
            bucket_shift=bucket_shift(cost),
            workspaces=self.workspaces,
        )


def build_cost_graph(
    edge_from: Integers,
    edge_to: Integers,
    edge_cost: Integers | Floats,
    *,
    node_count: int | None = None,
) -> CostGraph:
    """Return a graph from its edges.

    Parameters
    ----------
    edge_from, edge_to : int (edges,), nodes from 0
    edge_cost : (edges,), rounded to whole numbers; infinity forbids an edge
    node_count
        Number of nodes; by default one more than the largest that an edge names.

    Raises
    ------
    InputError
        If a cost is NaN, negative or beyond 32 bits, or an edge names a node that is not there.
    """
    tail, head = _nodes("edge_from", edge_from), _nodes("edge_to", edge_to)
    if tail.shape != head.shape or tail.ndim != 1:
        raise InputError(
            f"edge_from and edge_to have shapes {tail.shape} and {head.shape}; expected two "
            "arrays of one length"
        )
    last = int(max(tail.max(), head.max())) if len(tail) else -1
    count = last + 1 if node_count is None else node_count
    if not 0 <= count <= LARGEST_COUNT or len(tail) > LARGEST_COUNT:
        raise InputError(
            f"a graph of {count} nodes and {len(tail)} edges; expected 0 to {LARGEST_COUNT} of both"
        )
    _check_nodes(tail, head, count)
    cost = whole_costs(edge_cost, len(tail))
    start, end = tail.astype(np.int32), head.astype(np.int32)
    offset, arc, arc_edge = lay_out(start, end, cost, count)
    return CostGraph(
        arc_offset=offset,
        arc=arc,
        arc_edge=arc_edge,
        edge_from=start,
        edge_to=end,
        edge_cost=cost,
        bucket_shift=bucket_shift(cost),
    )


def whole_costs(edge_cost: Integers | Floats, edge_count: int) -> Int32s:
    """Return costs as whole 32-bit numbers, ``FORBIDDEN`` where infinite.

    Raises
    ------
    InputError
        If one is NaN, negative or too large, or there is not one for each edge.
    """
    given = np.asarray(edge_cost, dtype=np.float64)
    if given.shape != (edge_count,):
        raise InputError(f"costs have shape {given.shape}; expected one for each of {edge_count}")
    is_open = given != np.inf
    wrong = ~(given >= 0) | (is_open & (given > LARGEST_COST))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"edge {row} costs {given[row]}; expected a number from 0 to {LARGEST_COST}, or "
            "infinity where the edge may not be used"
        )
    cost: Int32s = np.full(edge_count, FORBIDDEN, dtype=np.int32)
    cost[is_open] = np.rint(given[is_open])
    return cost


def bucket_shift(cost: Int32s) -> int:
    """Return how many bits a bucket spans: about the mean cost of the edges that are not free."""
    count = int(np.count_nonzero(cost > 0))
    total = int(np.sum(cost, where=cost > 0, dtype=np.int64))
    return max(0, (total // max(count, 1)).bit_length() - 1)


def _nodes(name: str, given: Integers) -> Integers:
    """Return the numbers of nodes, all of them whole."""
    nodes = np.asarray(given)
    if nodes.size and nodes.dtype.kind not in "iu":
        raise InputError(f"{name} holds {nodes.dtype} numbers; expected whole ones")
    return nodes.astype(np.int64)


def _check_nodes(tail: Integers, head: Integers, count: int) -> None:
    wrong = (tail < 0) | (head < 0) | (tail >= count) | (head >= count)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"edge {row} joins nodes {tail[row]} and {head[row]}; expected 0 to {count - 1}"
        )
