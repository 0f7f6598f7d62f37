"""A smaller graph with the same cheapest trees, and the way back to the edges given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.routing.steiner.reduce_kernel import compact, reduce_graph

if TYPE_CHECKING:
    from gisplan.model.grid import Flags, Integers
    from gisplan.routing.steiner.heap_kernel import Int32s, Int64s


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A graph in compressed sparse rows without loops and parallel edges, and its terminals.

    Parameters
    ----------
    offset : int32 (nodes + 1,)
    head, arc_edge : int32 (2 * edges,), arcs of a node in the order of their heads
    edge_cost : int64 (edges,), not negative
    is_terminal : int32 (nodes,), 1 or 0
    """

    offset: Int32s
    head: Int32s
    arc_edge: Int32s
    edge_cost: Int64s
    is_terminal: Int32s

    @property
    def graph(self) -> tuple[Int32s, Int32s, Int32s]:
        """Offsets, heads and edges of the arcs, as the kernels take them."""
        return self.offset, self.head, self.arc_edge

    @property
    def arc_cost(self) -> Int64s:
        """Cost of every arc."""
        return self.edge_cost[self.arc_edge]

    @property
    def terminals(self) -> Int32s:
        """Nodes that a tree must join, in the order of their numbers."""
        return np.flatnonzero(self.is_terminal).astype(np.int32)

    def edge_ends(self) -> tuple[Int32s, Int32s]:
        """Return the smaller and the larger node of every edge."""
        tail = np.repeat(np.arange(len(self.offset) - 1, dtype=np.int32), np.diff(self.offset))
        first = np.flatnonzero(tail < self.head)
        return tail[first], self.head[first]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduction:
    """A reduced instance and what its edges and the fixed ones stand for.

    ``old_edge`` (edges,) and ``fixed`` are rows of ``part`` (rows, 2): the two rows that a row is
    made of, or -1 where the row is an edge of the graph before.
    """

    instance: Instance
    old_node: Int32s
    old_edge: Int32s
    part: Int32s
    fixed: Int32s
    fixed_cost: int

    def edges_before(self, edges: Integers) -> Integers:
        """Return the edges of the graph before that stand for these, fixed ones included."""
        row = np.concatenate([self.old_edge[edges], self.fixed])
        found = []
        while len(row):
            is_given = self.part[row, 0] < 0
            found.append(row[is_given])
            row = self.part[row[~is_given]].reshape(-1)
        return np.sort(np.concatenate(found)).astype(np.int64) if found else row.astype(np.int64)


def reduce_instance(
    *,
    offset: Int32s,
    arc_edge: Int32s,
    edge_from: Int32s,
    edge_to: Int32s,
    edge_cost: Int64s,
    is_terminal: Int32s,
) -> Reduction:
    """Take out dead ends, bends and parallel edges, and fix what every tree needs."""
    left = is_terminal.copy()
    end, cost, part, alive, fixed = reduce_graph(
        offset, arc_edge, edge_from, edge_to, edge_cost, left
    )
    old_node, new_offset, head, new_arc_edge, new_cost, old_edge = compact(
        len(offset) - 1, end, cost, alive, left
    )
    return Reduction(
        instance=Instance(
            offset=new_offset,
            head=head,
            arc_edge=new_arc_edge,
            edge_cost=new_cost,
            is_terminal=left[old_node],
        ),
        old_node=old_node,
        old_edge=old_edge,
        part=part,
        fixed=fixed,
        fixed_cost=int(cost[fixed].sum()),
    )


def without_edges(instance: Instance, is_dropped: Flags) -> Reduction:
    """Return the reduction of an instance without some of its edges."""
    edge_from, edge_to = instance.edge_ends()
    return reduce_instance(
        offset=instance.offset,
        arc_edge=instance.arc_edge,
        edge_from=edge_from,
        edge_to=edge_to,
        edge_cost=np.where(is_dropped, -1, instance.edge_cost),
        is_terminal=instance.is_terminal,
    )
