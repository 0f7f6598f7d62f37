"""Kernel that lays edges out as arcs in compressed sparse rows, by counting."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

Int32s = npt.NDArray[np.int32]


@numba.njit(cache=True, nogil=True)
def lay_out(
    tail: Int32s, head: Int32s, cost: Int32s, node_count: int
) -> tuple[Int32s, Int32s, Int32s]:
    """Return offsets, arcs and their edges; arcs of a node stand in the order of edges."""
    offset = np.zeros(node_count + 1, np.int32)
    for edge in range(tail.size):
        offset[tail[edge] + 1] += 1
        offset[head[edge] + 1] += 1
    for node in range(node_count):
        offset[node + 1] += offset[node]
    place = offset[:-1].copy()
    arc = np.empty((2 * tail.size, 2), np.int32)
    arc_edge = np.empty(2 * tail.size, np.int32)
    for edge in range(tail.size):
        a, b = tail[edge], head[edge]
        for start, end in ((a, b), (b, a)):
            at = place[start]
            arc[at, 0], arc[at, 1], arc_edge[at] = end, cost[edge], edge
            place[start] = at + 1
    return offset, arc, arc_edge
