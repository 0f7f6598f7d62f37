# ruff: noqa: PLR0912, PLR0915, PLR0917  (kernels are long and take their arrays by position)
"""Kernel that takes out of a graph what decides itself: dead ends, bends, parallel edges.

Invariants
- A cheapest tree of the reduced graph, taken back to the edges it stands for, together with the
  fixed edges is a cheapest tree of the given graph.
- Edges ``given..`` are made here: each stands for its two ``part`` edges, joined at a bend.
- ``slot[offset[n]:offset[n + 1]]`` holds the living edges of node n; -1 is an empty slot.
- Nodes are looked at in the order of their numbers, so equal graphs are reduced equally.
"""

from __future__ import annotations

import numba
import numpy as np

from gisplan.routing.steiner.heap_kernel import Int32s, Int64s
from gisplan.routing.uncounted_kernel import uncounted, whole


@numba.njit(cache=True, nogil=True)
def reach(
    offset: Int32s,
    arc_edge: Int32s,
    edge_from: Int32s,
    edge_to: Int32s,
    edge_cost: Int64s,
    nodes: Int32s,
) -> Int32s:
    """Return of every node the group that open edges join it to, -1 where none of ``nodes`` is.

    Groups are numbered in the order in which ``nodes`` name them first.
    """
    group = np.full(offset.size - 1, -1, np.int32)
    stack = np.empty(group.size, np.int32)
    label = 0
    for start in nodes:
        if group[start] >= 0:
            continue
        stack[0], size, group[start] = start, 1, label
        while size > 0:
            size -= 1
            node = stack[size]
            for p in range(offset[node], offset[node + 1]):
                edge = arc_edge[p]
                other = edge_from[edge] + edge_to[edge] - node
                if edge_cost[edge] >= 0 and group[other] < 0:
                    group[other] = label
                    stack[size] = other
                    size += 1
        label += 1
    return group


@uncounted
def _drop(
    edge: int, end: Int32s, place: Int32s, slot: Int32s, degree: Int32s, alive: Int32s
) -> None:
    for side in range(2):
        slot[place[edge, side]] = -1
        degree[end[edge, side]] -= 1
    alive[edge] = 0


@uncounted
def _living(node: int, offset: Int32s, slot: Int32s, start: int) -> int:
    for p in range(start, offset[node + 1]):
        if slot[p] >= 0:
            return whole(p)
    return whole(-1)


@numba.njit(cache=True, nogil=True)
def reduce_graph(
    offset: Int32s,
    arc_edge: Int32s,
    edge_from: Int32s,
    edge_to: Int32s,
    edge_cost: Int64s,
    is_terminal: Int32s,
) -> tuple[Int32s, Int64s, Int32s, Int32s, Int32s]:
    """Reduce a graph; ``is_terminal`` (1 or 0) is changed to the terminals of the reduced graph.

    Edges with a negative cost are left out. Returns ends (edges + nodes, 2), costs, parts
    (edges + nodes, 2; -1 for a given edge) and the flag of living edges, and the fixed edges: those
    that every tree needs.
    """
    given, count = edge_from.size, offset.size - 1
    end = np.empty((given + count, 2), np.int32)
    cost = np.empty(given + count, np.int64)
    part = np.full((given + count, 2), -1, np.int32)
    place = np.full((given + count, 2), -1, np.int32)
    alive = np.zeros(given + count, np.int32)
    slot = np.full(arc_edge.size, -1, np.int32)
    degree = np.zeros(count, np.int32)
    queued = np.ones(count, np.uint8)
    stack = np.empty(count, np.int32)
    fixed = np.empty(count, np.int32)
    terminal_count, fixed_count, made = 0, 0, given
    for node in range(count):
        terminal_count += is_terminal[node]
        stack[count - 1 - node] = node
        for p in range(offset[node], offset[node + 1]):
            edge = arc_edge[p]
            if edge_cost[edge] < 0 or edge_from[edge] == edge_to[edge]:
                continue
            side = 0 if edge_from[edge] == node else 1
            end[edge, side] = node
            cost[edge] = edge_cost[edge]
            place[edge, side] = p
            slot[p] = edge
            alive[edge] = 1
            degree[node] += 1
    # parallel edges: the cheapest stays, the first of equal ones
    cheapest = np.full(count, -1, np.int32)
    for node in range(count):
        for p in range(offset[node], offset[node + 1]):
            edge = slot[p]
            if edge < 0:
                continue
            other = end[edge, 0] + end[edge, 1] - node
            before = cheapest[other]
            if before >= 0:
                if cost[before] < cost[edge] or (cost[before] == cost[edge] and before < edge):
                    _drop(edge, end, place, slot, degree, alive)
                    continue
                _drop(before, end, place, slot, degree, alive)
            cheapest[other] = edge
        for p in range(offset[node], offset[node + 1]):
            if slot[p] >= 0:
                cheapest[end[slot[p], 0] + end[slot[p], 1] - node] = -1
    size = count
    while size > 0:
        size -= 1
        node = stack[size]
        queued[node] = 0
        if degree[node] == 0 or degree[node] > 2:
            continue
        p = _living(node, offset, slot, offset[node])
        edge = slot[p]
        a = end[edge, 0] + end[edge, 1] - node
        woken = a
        if degree[node] == 1:
            if is_terminal[node] == 1:
                if terminal_count == 1:
                    continue
                fixed[fixed_count] = edge
                fixed_count += 1
                is_terminal[node] = 0
                if is_terminal[a] == 1:
                    terminal_count -= 1
                is_terminal[a] = 1
            _drop(edge, end, place, slot, degree, alive)
        elif is_terminal[node] == 1:
            continue
        else:
            q = _living(node, offset, slot, p + 1)
            second = slot[q]
            b = end[second, 0] + end[second, 1] - node
            # the new edge takes the far slots of the two that it stands for
            side_a = 0 if end[edge, 0] == a else 1
            side_b = 0 if end[second, 0] == b else 1
            joined = made
            made += 1
            end[joined, 0], end[joined, 1] = a, b
            cost[joined] = cost[edge] + cost[second]
            part[joined, 0], part[joined, 1] = edge, second
            place[joined, 0], place[joined, 1] = place[edge, side_a], place[second, side_b]
            slot[place[joined, 0]] = joined
            slot[place[joined, 1]] = joined
            slot[p], slot[q] = -1, -1
            alive[edge], alive[second], alive[joined] = 0, 0, 1
            degree[node] = 0
            near = a if offset[a + 1] - offset[a] <= offset[b + 1] - offset[b] else b
            for r in range(offset[near], offset[near + 1]):
                other = slot[r]
                if other < 0 or other == joined or end[other, 0] + end[other, 1] != a + b:
                    continue
                _drop(
                    joined if cost[other] <= cost[joined] else other,
                    end,
                    place,
                    slot,
                    degree,
                    alive,
                )
                break
            if queued[b] == 0:
                queued[b] = 1
                stack[size] = b
                size += 1
        if queued[woken] == 0:
            queued[woken] = 1
            stack[size] = woken
            size += 1
    return end[:made], cost[:made], part[:made], alive[:made], fixed[:fixed_count]


@numba.njit(cache=True, nogil=True)
def compact(
    node_count: int, end: Int32s, cost: Int64s, alive: Int32s, is_terminal: Int32s
) -> tuple[Int32s, Int32s, Int32s, Int32s, Int64s, Int32s]:
    """Return the living part with new numbers, its edges in the order of their ends.

    Returns the old number of each node, offsets, heads, the edge of each arc, and of each edge its
    cost and its old number.
    """
    new = np.full(node_count, -1, np.int32)
    for edge in range(alive.size):
        if alive[edge] == 1:
            new[end[edge, 0]] = 0
            new[end[edge, 1]] = 0
    kept = 0
    old = np.empty(node_count, np.int32)
    for node in range(node_count):
        if new[node] == 0 or is_terminal[node] == 1:
            new[node] = kept
            old[kept] = node
            kept += 1
    offset = np.zeros(kept + 1, np.int32)
    living = 0
    for edge in range(alive.size):
        if alive[edge] == 1:
            offset[new[end[edge, 0]] + 1] += 1
            offset[new[end[edge, 1]] + 1] += 1
            living += 1
    for node in range(kept):
        offset[node + 1] += offset[node]
    at = offset[:-1].copy()
    head = np.empty(2 * living, np.int32)
    arc_edge = np.empty(2 * living, np.int32)
    for edge in range(alive.size):
        if alive[edge] == 0:
            continue
        for side in range(2):
            node, other = new[end[edge, side]], new[end[edge, 1 - side]]
            p = at[node]  # arcs of a node stand in the order of their heads
            at[node] += 1
            while p > offset[node] and head[p - 1] > other:
                head[p], arc_edge[p] = head[p - 1], arc_edge[p - 1]
                p -= 1
            head[p], arc_edge[p] = other, edge
    edge_cost = np.empty(living, np.int64)
    old_edge = np.empty(living, np.int32)
    renumbered = np.full(alive.size, -1, np.int32)
    found = 0
    for node in range(kept):
        for p in range(offset[node], offset[node + 1]):
            edge = arc_edge[p]
            if head[p] > node:
                renumbered[edge] = found
                edge_cost[found], old_edge[found] = cost[edge], edge
                found += 1
    for p in range(arc_edge.size):
        arc_edge[p] = renumbered[arc_edge[p]]
    return old[:kept], offset, head, arc_edge, edge_cost, old_edge
