# ruff: noqa: PLR0912, PLR0917  (kernels are long and take their arrays by position)
"""Kernel of the exact method for few terminals: the cheapest trees of all sets of terminals.

Method: the cheapest tree of a set that ends at a node either splits there into the trees of two
smaller sets, or comes along an edge from a node where the same set's tree ends.

Invariants
- ``cost[s, n]`` is the cost of the cheapest tree that joins the terminals of set s and node n.
- ``choice[s, n]`` is the arc (tail to n) that the tree comes along, or -2 less one of the two sets
  that it splits into, or -1 where it is the terminal itself.

References
----------
S. E. Dreyfus, R. A. Wagner, The Steiner problem in graphs, 1971.
R. E. Erickson, C. L. Monma, A. F. Veinott, Send-and-split method for minimum-concave-cost network
flows, 1987.
"""

from __future__ import annotations

import numba
import numpy as np

from gisplan.routing.steiner.heap_kernel import FAR, Int32s, Int64s, lower, take


@numba.njit(cache=True, nogil=True)
def join_all(
    offset: Int32s,
    head: Int32s,
    arc_edge: Int32s,
    arc_cost: Int64s,
    terminals: Int32s,
    used: Int32s,
) -> int:
    """Write 1 to ``used`` of a cheapest tree's edges; return its cost, ``FAR`` if there is none."""
    count, sets = offset.size - 1, 1 << (terminals.size - 1)
    cost = np.full((sets, count), FAR, np.int64)
    choice = np.full((sets, count), -1, np.int64)
    heap, place = np.empty((count, 2), np.int64), np.full(count, -1, np.int32)
    tail = np.empty(head.size, np.int32)
    for node in range(count):
        tail[offset[node] : offset[node + 1]] = node
    for i in range(terminals.size - 1):
        cost[1 << i, terminals[i]] = 0
    for chosen in range(1, sets):
        label, way = cost[chosen], choice[chosen]
        sub = (chosen - 1) & chosen
        while sub > chosen - sub:  # each split once
            rest = chosen ^ sub
            for node in range(count):
                both = cost[sub, node] + cost[rest, node]
                if both < label[node]:
                    label[node], way[node] = both, -2 - sub
            sub = (sub - 1) & chosen
        size = 0
        for node in range(count):
            if label[node] < FAR:
                size = lower(heap, place, label, size, node, label[node])
        while size > 0:
            node = take(heap, place, size)
            size -= 1
            for p in range(offset[node], offset[node + 1]):
                if label[node] + arc_cost[p] < label[head[p]]:
                    way[head[p]] = p
                    size = lower(heap, place, label, size, head[p], label[node] + arc_cost[p])
    used[:] = 0
    last = terminals[terminals.size - 1]
    if cost[sets - 1, last] >= FAR:
        return int(FAR)
    stack = np.empty((2 * terminals.size, 2), np.int64)
    stack[0, 0], stack[0, 1], size = sets - 1, last, 1
    while size > 0:
        size -= 1
        chosen, node = stack[size, 0], stack[size, 1]
        way_here = choice[chosen, node]
        while way_here >= 0:
            used[arc_edge[way_here]] = 1
            node = tail[way_here]
            way_here = choice[chosen, node]
        if way_here < -1:
            sub = -2 - way_here
            stack[size, 0], stack[size, 1] = sub, node
            stack[size + 1, 0], stack[size + 1, 1] = chosen ^ sub, node
            size += 2
    return int(cost[sets - 1, last])
