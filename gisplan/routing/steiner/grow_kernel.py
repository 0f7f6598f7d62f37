# ruff: noqa: PLR0912, PLR0917  (kernels are long and take their arrays by position)
"""Kernel of the shortest-path heuristic: a tree grows to its nearest terminal, again and again.

Method: one search runs outward from the tree. When it takes a terminal, the way to it joins the
tree, its nodes enter the search again at no cost, and everything else goes on with the labels that
it has, which are still ways.

Invariants
- A node's label is the cost of a way from the tree as it stood when the label was written; once a
  bucket is empty, labels in it are the cost from the tree as it is.
- Arcs that cost less than nothing are not used.

References
----------
H. Takahashi, A. Matsuyama, An approximate solution for the Steiner problem in graphs, 1980.
"""

from __future__ import annotations

import numba
import numpy as np

from gisplan.routing.steiner.bucket_kernel import (
    CURRENT,
    SIZE,
    Buckets,
    draw,
    new_buckets,
    put,
    width_bits,
)
from gisplan.routing.steiner.heap_kernel import FAR, Bytes, Int32s, Int64s, lower, take
from gisplan.routing.uncounted_kernel import uncounted, whole

MET = 2
"""Mark of a terminal that waits for its bucket to be empty, in which another may be nearer."""


@numba.njit(cache=True, nogil=True)
def grow(
    offset: Int32s,
    head: Int32s,
    arc_edge: Int32s,
    arc_cost: Int64s,
    is_terminal: Int32s,
    root: int,
    used: Int32s,
) -> int:
    """Write 1 to ``used`` of the tree's edges; return how many terminals it does not reach."""
    count = offset.size - 1
    used[:] = 0
    return _grow(
        offset,
        head,
        arc_edge,
        arc_cost,
        is_terminal,
        root,
        used,
        new_buckets(count),
        np.full(count, FAR, np.int64),
        np.full((count, 2), -1, np.int32),
        np.zeros(count, np.uint8),
        np.empty(count, np.int32),
    )


@uncounted
def _grow(
    offset: Int32s,
    head: Int32s,
    arc_edge: Int32s,
    arc_cost: Int64s,
    is_terminal: Int32s,
    root: int,
    used: Int32s,
    buckets: Buckets,
    label: Int64s,
    before: Int32s,
    in_tree: Bytes,
    met: Int32s,
) -> int:
    """Do what ``grow`` does in memory of its own; ``before`` holds the node before and the edge."""
    bits, left = width_bits(arc_cost), whole(-is_terminal[root])
    for node in range(is_terminal.size):
        left += is_terminal[node]
    in_tree[root], label[root] = 1, 0
    put(buckets, root, 0)
    while buckets.state[SIZE] > 0 and left > 0:
        met_count = 0
        while True:
            node = draw(buckets)
            if node < 0:
                break
            cost = label[node]
            if cost >> bits != buckets.state[CURRENT]:
                put(buckets, node, cost >> bits)
                continue
            if is_terminal[node] == 1 and in_tree[node] == 0:
                in_tree[node] = MET
                met[met_count] = node
                met_count += 1
                continue
            for p in range(offset[node], offset[node + 1]):
                other, ahead = head[p], cost + arc_cost[p]
                if arc_cost[p] >= 0 and ahead < label[other]:
                    before[other, 0], before[other, 1] = node, arc_edge[p]
                    label[other] = ahead
                    if in_tree[other] != MET:
                        put(buckets, other, ahead >> bits)
        buckets.state[CURRENT] += 1
        if met_count == 0:
            continue
        nearest = met[0]
        for i in range(met_count):
            node = met[i]
            in_tree[node] = 0
            put(buckets, node, label[node] >> bits)
            if label[node] < label[nearest] or (label[node] == label[nearest] and node < nearest):
                nearest = node
        left -= 1
        step = nearest
        while in_tree[step] == 0:
            in_tree[step] = 1
            used[before[step, 1]] = 1
            label[step] = 0
            put(buckets, step, 0)
            step = before[step, 0]
    return left


@numba.njit(cache=True, nogil=True)
def span(
    offset: Int32s,
    head: Int32s,
    arc_edge: Int32s,
    arc_cost: Int64s,
    is_terminal: Int32s,
    root: int,
    used: Int32s,
) -> int:
    """Replace a tree by the cheapest one on its nodes without idle ends; return its cost."""
    count = offset.size - 1
    inside = np.zeros(count, np.uint8)
    inside[root] = 1
    for node in range(count):
        for p in range(offset[node], offset[node + 1]):
            if used[arc_edge[p]] == 1:
                inside[node] = 1
    heap, place = np.empty((count, 2), np.int64), np.full(count, -1, np.int32)
    label = np.full(count, FAR, np.int64)
    before, before_edge = np.full(count, -1, np.int32), np.full(count, -1, np.int32)
    order, degree = np.empty(count, np.int32), np.zeros(count, np.int32)
    taken = 0
    size = lower(heap, place, label, 0, root, 0)
    while size > 0:
        node = take(heap, place, size)
        size -= 1
        inside[node] = 2
        order[taken] = node
        taken += 1
        for p in range(offset[node], offset[node + 1]):
            other = head[p]
            if inside[other] == 1 and 0 <= arc_cost[p] < label[other]:
                before[other], before_edge[other] = node, arc_edge[p]
                size = lower(heap, place, label, size, other, arc_cost[p])
    used[:] = 0
    total = 0
    for i in range(1, taken):
        degree[before[order[i]]] += 1
    for i in range(taken - 1, 0, -1):
        node = order[i]
        if degree[node] == 0 and is_terminal[node] == 0:
            degree[before[node]] -= 1
        else:
            used[before_edge[node]] = 1
            total += label[node]
    return int(total)
