"""Memory of a search, and the heap in it for what the ring of buckets does not hold.

Invariants
- The heap has four branches and is ordered by label, then by number: ``heap[heap_at[n]] == n`` for
  every node n in it, so a node whose label is lowered moves up and is never in it twice.
- The last two bits of ``link[n, STATE]`` say where node n waits; the others, the node before it on
  its way, are left alone here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gisplan.routing.uncounted_kernel import uncounted

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

UNREACHED = np.int64(1) << 60
RING = 256
AGAIN_MAX = 32  # more nodes settled again in a bucket than this and half of all: order the rest

LABEL, REST = 0, 1  # columns of ``record``
VIA, STATE = 2, 3  # columns of ``link``, low and high half of REST
QUEUED, SETTLED, IN_HEAP = 0, 1, 2  # last two bits of a state
WHERE, BEFORE = 3, 2  # mask of these bits, and how far the node before stands to their left
NODE, AFTER = 0, 1  # columns of ``pool``
CURRENT, IN_RING, HEAP_SIZE, TOUCHED, GIVEN, READY, AGAIN, ORDERED, FREE, USED, AHEAD = range(11)
COUNTS = 11  # length of ``tally``, indexed by the line above
NODE_TARGET, HAS_PLACES = 1, 2  # bits of a target flag


class Arcs(NamedTuple):
    """A cost graph as the kernels read it."""

    offset: Int32s
    arc: Int32s
    arc_edge: Int32s


class TargetArrays(NamedTuple):
    """Targets as the kernels read them; places of node n stand at ``offset[n]:offset[n + 1]``."""

    flag: Bytes
    offset: Int32s
    place: Int32s
    place_cost: Int32s


class Memory(NamedTuple):
    """Memory of one search: ``record`` and ``link`` are two views of the same bytes.

    ``flag`` is all zero and for searches that look for a node of their own.
    """

    record: Int64s
    link: Int32s
    touched: Int32s
    ready: Int32s
    flag: Bytes
    heap: Int32s
    heap_at: Int32s
    pool: Int32s
    ring: Int32s
    tally: Int64s


@uncounted
def _rise(memory: Memory, at: int, node: int) -> None:
    """Move a node up the heap from a place that is free."""
    record, heap, heap_at = memory.record, memory.heap, memory.heap_at
    cost = record[node, LABEL]
    while at > 0:
        above = (at - 1) >> 2
        other = heap[above]
        other_cost = record[other, LABEL]
        if other_cost < cost or (other_cost == cost and other <= node):
            break
        heap[at] = other
        heap_at[other] = at
        at = above
    heap[at] = node
    heap_at[node] = at


@uncounted
def _sink(memory: Memory, at: int, node: int, size: int) -> None:
    """Move a node down the heap from a place that is free."""
    record, heap, heap_at = memory.record, memory.heap, memory.heap_at
    cost = record[node, LABEL]
    while True:
        below = 4 * at + 1
        if below >= size:
            break
        least = heap[below]
        least_cost = record[least, LABEL]
        for i in range(below + 1, min(below + 4, size)):
            other_cost = record[heap[i], LABEL]
            if other_cost < least_cost or (other_cost == least_cost and heap[i] < least):
                below, least, least_cost = i, heap[i], other_cost
        if cost < least_cost or (cost == least_cost and node < least):
            break
        heap[at] = least
        heap_at[least] = at
        at = below
    heap[at] = node
    heap_at[node] = at


@uncounted
def wait(memory: Memory, node: int, where: int) -> None:
    """Note where a node waits from now on."""
    memory.link[node, STATE] = (memory.link[node, STATE] & ~WHERE) | where


@uncounted
def push(memory: Memory, node: int) -> None:
    """Put a node into the heap, or move it up where its label has been lowered."""
    if memory.link[node, STATE] & WHERE == IN_HEAP:
        _rise(memory, memory.heap_at[node], node)
        return
    wait(memory, node, IN_HEAP)
    memory.tally[HEAP_SIZE] += 1
    _rise(memory, memory.tally[HEAP_SIZE] - 1, node)


@uncounted
def take(memory: Memory, node: int) -> None:
    """Take a node out of the heap, wherever it stands."""
    size = memory.tally[HEAP_SIZE] - 1
    memory.tally[HEAP_SIZE] = size
    at, last = memory.heap_at[node], memory.heap[size]
    wait(memory, node, SETTLED)
    if last == node:
        return
    above = memory.heap[(at - 1) >> 2] if at > 0 else last
    cost, above_cost = memory.record[last, LABEL], memory.record[above, LABEL]
    if at > 0 and (cost < above_cost or (cost == above_cost and last < above)):
        _rise(memory, at, last)
    else:
        _sink(memory, at, last, size)
