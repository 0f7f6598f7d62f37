# ruff: noqa: PLR0912, PLR0915, PLR0917  (kernels are long and take their arrays by position)
"""Kernel of the dual ascent for trenches with cables in them: a lower bound on every joint plan.

Each application has a potential at every node, 0 at the root of all access points. Along an arc it
may rise by the application's own cable for nothing and beyond that at the expense of the arc's
civil works, which all applications share. The sum of the potentials where the applications stand
is the bound. Around each application the nodes are raised from which it is reached without any
room left, until the root is among them.

Invariants
- ``left[slot[p]]`` is the civil cost of the arc from ``head[p]`` to the node of p less the sum over
  all applications of what their potentials rise by more than their cable; it is never negative.
  The same holds for ``access_left`` and the arcs from the root. Both arcs of an edge have one slot
  where both directions are paid for once.
- Only arcs that an application may use hold its potentials down: not those out of a closed node but
  its own, nor into one without access points, nor from the root to points that do not admit it.
- A potential never exceeds what being left out costs.

References
----------
A. Balakrishnan, T. L. Magnanti, R. T. Wong, A dual-ascent procedure for large-scale uncapacitated
network design, 1989.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from gisplan.routing.steiner.heap_kernel import FAR, Bytes, Int32s, Int64s, lower, take
from gisplan.routing.steiner.trench_kernel import AccessArrays, GroundArrays


class BoundArrays(NamedTuple):
    """A dual solution: potentials (applications, nodes), what is left of arcs and access points.

    ``slot`` (arcs,) says where in ``left`` what is left of an arc stands.
    """

    potential: Int64s
    left: Int64s
    access_left: Int64s
    slot: Int32s


@numba.njit(cache=True, nogil=True, inline="always")
def may_use(ground: GroundArrays, access: AccessArrays, start: int, node: int, other: int) -> bool:
    """Tell whether a way that begins at ``start`` may go from a node to the other."""
    if ground.closed[node] != 0 and node != start:
        return False
    return bool(ground.closed[other] == 0 or access.first[other] < access.first[other + 1])


@numba.njit(cache=True, nogil=True)
def cable_potentials(ground: GroundArrays, access: AccessArrays, price: int, far: int) -> Int64s:
    """Return for each node the cheapest cable to an access point, trenches for nothing."""
    count = ground.offset.size - 1
    heap, place = np.empty((count, 2), np.int64), np.full(count, -1, np.int32)
    label = np.full(count, far, np.int64)
    size = 0
    for a in range(access.node.size):
        if access.connection[a] < label[access.node[a]]:
            size = lower(heap, place, label, size, access.node[a], access.connection[a])
    while size > 0:
        node = take(heap, place, size)
        size -= 1
        if ground.closed[node] != 0 and access.first[node] == access.first[node + 1]:
            continue
        for p in range(ground.offset[node], ground.offset[node + 1]):
            edge = ground.arc_edge[p]
            cost = label[node] + price * ground.length[edge]
            if ground.civil[edge] >= 0 and cost < label[ground.head[p]]:
                size = lower(heap, place, label, size, ground.head[p], cost)
    return label


@numba.njit(cache=True, nogil=True)
def nodes_within(ground: GroundArrays, starts: Int64s, price: int, limit: int) -> Int64s:
    """Return the nodes, rising, that a trench with one cable joins to a start for the limit."""
    count = ground.offset.size - 1
    heap, place = np.empty((count, 2), np.int64), np.full(count, -1, np.int32)
    label = np.full(count, FAR, np.int64)
    size = 0
    for start in starts:
        if label[start] > 0:
            size = lower(heap, place, label, size, start, 0)
    while size > 0:
        node = take(heap, place, size)
        size -= 1
        for p in range(ground.offset[node], ground.offset[node + 1]):
            edge = ground.arc_edge[p]
            cost = label[node] + ground.civil[edge] + price * ground.length[edge]
            if ground.civil[edge] >= 0 and cost < label[ground.head[p]] and cost <= limit:
                size = lower(heap, place, label, size, ground.head[p], cost)
    return np.flatnonzero(label < FAR)


@numba.njit(cache=True, nogil=True)
def release(
    ground: GroundArrays,
    access: AccessArrays,
    start: int,
    price: int,
    admits: Bytes,
    old: Int64s,
    new: Int64s,
    dual: BoundArrays,
) -> None:
    """Replace an application's potentials by others that cost the arcs nothing."""
    for node in range(old.size):
        for p in range(ground.offset[node], ground.offset[node + 1]):
            edge, other = ground.arc_edge[p], ground.head[p]
            if ground.civil[edge] >= 0 and may_use(ground, access, start, node, other):
                rise = old[node] - old[other] - price * ground.length[edge]
                dual.left[dual.slot[p]] += max(0, rise)
        for a in range(access.first[node], access.first[node + 1]):
            if admits[a] != 0:
                dual.access_left[a] += max(0, old[node] - access.connection[a])
    old[:] = new


@numba.njit(cache=True, nogil=True)
def raise_potentials(
    ground: GroundArrays,
    access: AccessArrays,
    back: Int32s,
    nodes: Int64s,
    prices: Int64s,
    own: Int64s,
    admits: Bytes,
    order: Int64s,
    dual: BoundArrays,
) -> None:
    """Raise the potentials of the applications in ``order`` as far as room is left, in place."""
    count = ground.offset.size - 1
    seen = np.full(count, -1, np.int32)
    inside, cut = np.empty(count, np.int32), np.empty(ground.head.size, np.int32)
    points = np.empty(access.node.size, np.int32)
    heap, place = np.empty((order.size, 2), np.int64), np.full(order.size, -1, np.int32)
    score = np.full(order.size, FAR, np.int64)
    size, turn = 0, 0
    for i in range(order.size):
        size = lower(heap, place, score, size, i, 0)
    while size > 0:
        i = take(heap, place, size)
        size -= 1
        k = order[i]
        turn += 1
        v, start, price = dual.potential[k], nodes[k], prices[k]
        seen[start] = turn
        inside[0] = start
        members, done, cut_count, point_count = 1, 0, 0, 0
        is_ended = False
        while True:
            while done < members:
                node = inside[done]
                done += 1
                for a in range(access.first[node], access.first[node + 1]):
                    if admits[k, a] == 0:
                        continue
                    points[point_count] = a
                    point_count += 1
                    if v[node] >= access.connection[a] and dual.access_left[a] == 0:
                        is_ended = True
                for p in range(ground.offset[node], ground.offset[node + 1]):
                    edge, other = ground.arc_edge[p], ground.head[p]
                    if ground.civil[edge] < 0 or seen[other] == turn:
                        continue
                    if not may_use(ground, access, start, node, other):
                        continue
                    slack = price * ground.length[edge] - (v[node] - v[other])
                    if slack <= 0 and dual.left[dual.slot[p]] == 0:
                        seen[other] = turn
                        inside[members] = other
                        members += 1
                    else:
                        cut[cut_count] = p
                        cut_count += 1
            if is_ended:
                break
            step = FAR if own[k] < 0 else own[k] - v[start]
            kept = 0
            for j in range(cut_count):
                p = cut[j]
                other = ground.head[p]
                if seen[other] == turn:
                    continue
                cut[kept] = p
                kept += 1
                edge = ground.arc_edge[p]
                node = ground.ends[edge] - other
                slack = price * ground.length[edge] - (v[node] - v[other])
                step = min(step, slack if slack > 0 else dual.left[dual.slot[p]])
            cut_count = kept
            for j in range(point_count):
                a = points[j]
                slack = access.connection[a] - v[access.node[a]]
                step = min(step, slack if slack > 0 else dual.access_left[a])
            if step <= 0 or step >= FAR:
                break  # as dear as being left out
            if size > 0 and 4 * (cut_count + point_count) > 5 * heap[0, 0] + 8:
                score[i] = FAR
                size = lower(heap, place, score, size, i, cut_count + point_count)
                break
            # potentials inside rise by the step; what arcs into the set and out of it then use
            for j in range(cut_count):
                p = cut[j]
                other = ground.head[p]
                edge = ground.arc_edge[p]
                node = ground.ends[edge] - other
                cable = price * ground.length[edge]
                if v[node] - v[other] >= cable:
                    dual.left[dual.slot[p]] -= step
                elif v[other] - v[node] > cable:
                    dual.left[dual.slot[back[p]]] += min(step, v[other] - v[node] - cable)
            for j in range(point_count):
                a = points[j]
                if v[access.node[a]] >= access.connection[a]:
                    dual.access_left[a] -= step
            for j in range(members):
                v[inside[j]] += step
            kept = 0
            for j in range(cut_count):
                p = cut[j]
                other = ground.head[p]
                edge = ground.arc_edge[p]
                node = ground.ends[edge] - other
                slack = price * ground.length[edge] - (v[node] - v[other])
                if slack <= 0 and dual.left[dual.slot[p]] == 0:
                    if seen[other] != turn:
                        seen[other] = turn
                        inside[members] = other
                        members += 1
                else:
                    cut[kept] = p
                    kept += 1
            cut_count = kept
            for j in range(point_count):
                a = points[j]
                if v[access.node[a]] >= access.connection[a] and dual.access_left[a] == 0:
                    is_ended = True
            if is_ended:
                break
