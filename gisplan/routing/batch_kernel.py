# ruff: noqa: PLR0917  (kernels take their arrays by position)
"""Kernel that runs one search after another and writes down what each met, with the ways.

Invariants
- Arrays come one by one, because handing over tuples of them takes longer than a short search.
- Every search starts from clear memory and leaves it clear.
- Ways are written in the order of the searches, each from its end, into one array that grows;
  where the way of slot s = query * k + rank lies in it says ``begin[s]`` and ``size[s]``.
"""

from __future__ import annotations

import numba
import numpy as np

from gisplan.routing.street_heap_kernel import (
    BEFORE,
    LABEL,
    STATE,
    VIA,
    Arcs,
    Bytes,
    Int32s,
    Int64s,
    Memory,
    TargetArrays,
)
from gisplan.routing.street_kernel import find_stray, forget, lay_start, next_targets
from gisplan.routing.uncounted_kernel import uncounted

FIRST_ROOM = 512


@numba.njit(cache=True, nogil=True)
def _enlarge(edges: Int32s, used: int, room: int) -> Int32s:
    """Return an array with room for more, its used part kept."""
    larger = np.empty(2 * len(edges) + room, np.int32)
    larger[:used] = edges[:used]
    return larger


@uncounted
def _write_way(
    link: Int32s, arc_edge: Int32s, last: int, edges: Int32s, used: int
) -> tuple[int, int]:
    """Write the edges of the way to a node, the last one first, as far as there is room.

    Returns where they would end and the row of the start.
    """
    here = last
    while link[here, VIA] >= 0:
        if used < len(edges):
            edges[used] = arc_edge[link[here, VIA]]
        used += 1
        here = link[here, STATE] >> BEFORE
    return used, -1 - link[here, VIA]


@numba.njit(cache=True, nogil=True)
def _gather(begin: Int64s, size: Int64s, edges: Int32s) -> tuple[Int64s, Int32s]:
    """Put ways into the order of their slots and turn them round; return offsets and edges."""
    offset = np.zeros(len(begin) + 1, np.int64)
    for slot in range(len(begin)):
        offset[slot + 1] = offset[slot] + size[slot]
    ordered = np.empty(offset[-1], np.int32)
    for slot in range(len(begin)):
        for i in range(size[slot]):
            ordered[offset[slot + 1] - 1 - i] = edges[begin[slot] + i]
    return offset, ordered


@numba.njit(cache=True, nogil=True)
def meet_many(
    arc_offset: Int32s,
    arc: Int32s,
    arc_edge: Int32s,
    target_flag: Bytes,
    place_offset: Int32s,
    place: Int32s,
    place_cost: Int32s,
    record: Int64s,
    link: Int32s,
    touched: Int32s,
    ready: Int32s,
    flag: Bytes,
    heap: Int32s,
    heap_at: Int32s,
    pool: Int32s,
    ring: Int32s,
    tally: Int64s,
    shift: int,
    start_offset: Int64s,
    start_node: Int64s,
    start_cost: Int64s,
    order: Int64s,
    k: int,
    bound: int,
    node_count: int,
) -> tuple[int, Int32s, Int64s, Int32s, Int64s, Int32s]:
    """Return targets, costs and starts of every query and rank, offsets and edges of the ways.

    ``order`` says in which order the queries are searched. Slots without a target hold -1. First
    comes the row of a start that is no node, in which case nothing is searched, or else -1.
    """
    arcs = Arcs(arc_offset, arc, arc_edge)
    targets = TargetArrays(target_flag, place_offset, place, place_cost)
    memory = Memory(record, link, touched, ready, flag, heap, heap_at, pool, ring, tally)
    stray = find_stray(start_node, node_count)
    slots = (len(start_offset) - 1) * k
    target, cost = np.full(slots, -1, np.int32), np.full(slots, -1, np.int64)
    start = np.full(slots, -1, np.int32)
    begin, size = np.zeros(slots, np.int64), np.zeros(slots, np.int64)
    edges, used, found = np.empty(FIRST_ROOM, np.int32), 0, np.empty(k, np.int32)
    for i in range(len(order) if stray < 0 else 0):
        query = order[i]
        first, last = start_offset[query], start_offset[query + 1]
        lay_start(memory, shift, start_node, start_cost, first, last)
        count = next_targets(arcs, targets, memory, shift, bound, found)
        for rank in range(count):
            slot, last = query * k + rank, found[rank]
            target[slot], cost[slot], begin[slot] = last, record[last, LABEL], used
            if last >= len(arc_offset) - 1 and link[last, VIA] >= 0:
                last = link[last, STATE] >> BEFORE
            end, start[slot] = _write_way(link, arc_edge, last, edges, used)
            if end > len(edges):
                edges = _enlarge(edges, used, end)
                _write_way(link, arc_edge, last, edges, used)
            size[slot], used = end - used, end
        forget(memory)
    offset, ordered = _gather(begin, size, edges)
    return stray, target, cost, start, offset, ordered
