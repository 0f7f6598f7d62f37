"""Kernel that reads a finished search out for every node.

Invariants
- ``start[n]`` is ``UNKNOWN`` until the start whose way ends at node n is found; ways have no
  circles, so following them ends at a start.
"""

from __future__ import annotations

import numba
import numpy as np

from gisplan.routing.street_heap_kernel import (
    BEFORE,
    LABEL,
    STATE,
    UNREACHED,
    VIA,
    Arcs,
    Int32s,
    Int64s,
    Memory,
)

NOTHING, UNKNOWN = -1, -2


@numba.njit(cache=True, nogil=True)
def read_out(arcs: Arcs, memory: Memory) -> tuple[Int64s, Int32s, Int32s]:
    """Return cost, start and edge of arrival of every node."""
    node_count = len(arcs.offset) - 1
    record, link, arc_edge = memory.record, memory.link, arcs.arc_edge
    cost = np.empty(node_count, np.int64)
    start = np.full(node_count, UNKNOWN, np.int32)
    via = np.full(node_count, NOTHING, np.int32)
    for node in range(node_count):
        cost[node] = record[node, LABEL]
        if cost[node] == UNREACHED:
            start[node] = NOTHING
        elif link[node, VIA] < 0:
            start[node] = -1 - link[node, VIA]
        else:
            via[node] = arc_edge[link[node, VIA]]
    for node in range(node_count):
        here = node
        while start[here] == UNKNOWN:
            here = link[here, STATE] >> BEFORE
        winner = start[here]
        here = node
        while start[here] == UNKNOWN:
            start[here] = winner
            here = link[here, STATE] >> BEFORE
    return cost, start, via
