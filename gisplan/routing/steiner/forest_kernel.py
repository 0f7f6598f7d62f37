# ruff: noqa: PLR0917  (kernels take their arrays by position)
"""Kernel of the cheapest ways from one node to all others."""

from __future__ import annotations

import numba
import numpy as np

from gisplan.routing.steiner.heap_kernel import FAR, Int32s, Int64s, lower, take


@numba.njit(cache=True, nogil=True)
def cost_from(
    offset: Int32s,
    arc_edge: Int32s,
    edge_from: Int32s,
    edge_to: Int32s,
    edge_cost: Int64s,
    start: int,
) -> Int64s:
    """Return the cost of the cheapest way to every node, ``FAR`` where there is none.

    Edges that cost less than nothing are not used.
    """
    count = offset.size - 1
    heap, place = np.empty((count, 2), np.int64), np.full(count, -1, np.int32)
    label = np.full(count, FAR, np.int64)
    size = lower(heap, place, label, 0, start, 0)
    while size > 0:
        node = take(heap, place, size)
        size -= 1
        for p in range(offset[node], offset[node + 1]):
            edge = arc_edge[p]
            other = edge_from[edge] + edge_to[edge] - node
            cost = label[node] + edge_cost[edge]
            if edge_cost[edge] >= 0 and cost < label[other]:
                size = lower(heap, place, label, size, other, cost)
    return label
