# ruff: noqa: PLR0912, PLR0915, PLR0917  (kernels are long and take their arrays by position)
"""Kernel of the dual ascent: a lower bound on every tree, and what edges would cost above it.

Method: around each terminal that the root does not reach yet by arcs without a rest of their cost,
the set of nodes that do reach it is cut off from the root. Every tree buys an arc into that set, so
the bound rises by the least rest among these arcs, which all lose as much. The set with the
fewest arcs goes first, and sets that a known tree enters more than once go last: in a best bound
and a best tree each set that counts is entered once.

Invariants
- ``rest[p]`` is what is left of the cost of the arc that leads from ``head[p]`` to the node of p;
  it is never negative.
- The bound plus the cost of an arborescence in rests is the cost of that arborescence: so the
  bound is at most the cost of every tree.
- While a set is raised, the rest of an arc into it is ``ends_at`` less what the set has risen by;
  it is written back when the arc's tail joins the set and at the end.
- Equal scores are taken in the order of node numbers.

References
----------
R. T. Wong, A dual ascent approach for Steiner tree problems on a directed graph, 1984.
T. Pajor, E. Uchoa, R. F. Werneck, A robust and scalable algorithm for the Steiner problem in
graphs, 2018.
"""

from __future__ import annotations

import numba
import numpy as np

from gisplan.routing.steiner.heap_kernel import (
    FAR,
    Int32s,
    Int64s,
    lower,
    take,
    turn_round,
)

AGAIN = 10
"""What each further arc of the known tree into a set counts, in arcs."""


@numba.njit(cache=True, nogil=True)
def _entering_arcs(
    offset: Int32s, head: Int32s, arc_edge: Int32s, used: Int32s, root: int
) -> Int32s:
    """Return 1 for the arcs, seen from their heads, by which a tree leads away from the root."""
    entering = np.zeros(head.size, np.int32)
    stack = np.empty(offset.size, np.int32)
    via = np.full(offset.size - 1, -1, np.int32)
    stack[0], size = root, 1
    while size > 0:
        size -= 1
        node = stack[size]
        for p in range(offset[node], offset[node + 1]):
            if used[arc_edge[p]] == 0:
                continue
            if arc_edge[p] == via[node]:
                entering[p] = 1
            else:
                via[head[p]] = arc_edge[p]
                stack[size] = head[p]
                size += 1
    return entering


@numba.njit(cache=True, nogil=True)
def ascend(
    offset: Int32s,
    head: Int32s,
    arc_edge: Int32s,
    is_terminal: Int32s,
    root: int,
    known: Int32s,
    rest: Int64s,
) -> int:
    """Lower ``rest``, given as the costs of the arcs, in place; return the lower bound.

    ``known`` is 1 for the edges of a known tree, or 0 everywhere.
    """
    count = offset.size - 1
    back = turn_round(offset, head, arc_edge)[1]
    entering = _entering_arcs(offset, head, arc_edge, known, root)
    heap, place = np.empty((count, 2), np.int64), np.full(count, -1, np.int32)
    score = np.full(count, FAR, np.int64)
    is_active, seen = np.zeros(count, np.uint8), np.full(count, -1, np.int32)
    inside = np.empty(count, np.int32)
    cut, cut_place = np.empty((head.size, 2), np.int64), np.full(head.size, -1, np.int32)
    ends_at = np.empty(head.size, np.int64)
    size, bound = 0, 0
    for node in range(count):
        if is_terminal[node] == 1 and node != root:
            is_active[node] = 1
            size = lower(heap, place, score, size, node, offset[node + 1] - offset[node])
    is_active[root] = 1
    turn = 0
    while size > 0:
        terminal = take(heap, place, size)
        size -= 1
        is_active[terminal] = 0
        turn += 1
        seen[terminal] = turn
        inside[0] = terminal
        members, done, cut_size, cut_count, entered, risen = 1, 0, 0, 0, 0, 0
        is_met = False
        while True:
            # nodes that reach the terminal at no rest; arcs into them that have one
            while done < members and not is_met:
                node = inside[done]
                done += 1
                for p in range(offset[node], offset[node + 1]):
                    other = head[p]
                    if seen[other] == turn:
                        q = back[p]
                        if cut_place[q] >= 0:  # no longer leads into the set from without
                            rest[q] = ends_at[q] - risen
                            cut_count -= 1
                            entered -= entering[q]
                    elif rest[p] > 0:
                        cut_size = lower(cut, cut_place, ends_at, cut_size, p, rest[p] + risen)
                        cut_count += 1
                        entered += entering[p]
                    elif is_active[other] == 1:  # the root, or a terminal whose set is within
                        is_met = True
                        break
                    else:
                        seen[other] = turn
                        inside[members] = other
                        members += 1
            if is_met or cut_count == 0:
                break
            weight = cut_count + AGAIN * max(0, entered - 1)
            if size > 0 and 4 * weight > 5 * heap[0, 0]:
                score[terminal] = FAR
                is_active[terminal] = 1
                size = lower(heap, place, score, size, terminal, weight)
                break
            p = take(cut, cut_place, cut_size)
            cut_size -= 1
            while seen[head[p]] == turn:
                p = take(cut, cut_place, cut_size)
                cut_size -= 1
            bound += ends_at[p] - risen
            risen = ends_at[p]
            rest[p] = 0
            cut_count -= 1
            entered -= entering[p]
            other = head[p]
            if is_active[other] == 1:
                break
            seen[other] = turn
            inside[members] = other
            members += 1
        for i in range(cut_size):
            p = cut[i, 1]
            cut_place[p] = -1
            if seen[head[p]] != turn:
                rest[p] = ends_at[p] - risen
    return int(bound)


@numba.njit(cache=True, nogil=True)
def needless(
    offset: Int32s,
    head: Int32s,
    arc_edge: Int32s,
    is_terminal: Int32s,
    root: int,
    rest: Int64s,
    allowed: int,
    is_dropped: Int32s,
) -> int:
    """Mark the edges that no tree has whose cost is at most ``allowed`` above the bound.

    Such a tree would hold a way from the root over the edge to a terminal, which costs more in
    rests than allowed. Returns how many are marked.
    """
    count = offset.size - 1
    heap, place = np.empty((count, 2), np.int64), np.full(count, -1, np.int32)
    back = turn_round(offset, head, arc_edge)[1]
    outward, inward = np.full(count, FAR, np.int64), np.full(count, FAR, np.int64)
    size = lower(heap, place, outward, 0, root, 0)
    while size > 0:
        node = take(heap, place, size)
        size -= 1
        for p in range(offset[node], offset[node + 1]):
            cost = outward[node] + rest[back[p]]
            if cost < outward[head[p]] and cost <= allowed:
                size = lower(heap, place, outward, size, head[p], cost)
    for node in range(count):
        if is_terminal[node] == 1 and node != root:
            size = lower(heap, place, inward, size, node, 0)
    while size > 0:
        node = take(heap, place, size)
        size -= 1
        for p in range(offset[node], offset[node + 1]):
            cost = inward[node] + rest[p]
            if cost < inward[head[p]] and cost <= allowed:
                size = lower(heap, place, inward, size, head[p], cost)
    is_dropped[:] = 1
    kept = 0
    for node in range(count):
        for p in range(offset[node], offset[node + 1]):
            if outward[head[p]] + rest[p] + inward[node] <= allowed:
                kept += is_dropped[arc_edge[p]]
                is_dropped[arc_edge[p]] = 0
    return int(head.size // 2 - kept)
