# ruff: noqa: PLR0917  (kernels take their arrays by position)
"""A heap of nodes by cost in which a node's cost can be lowered, and arcs seen from both ends.

Invariants
- ``heap[:size]`` is a 4-ary heap of rows (key, node): equal keys leave in the order of node
  numbers. It is read without looking at ``key``, whose entries lie far apart.
- ``place[node]`` is the node's position in the heap, or -1 where it is not in it.
- ``key[node]`` may change only through ``lower``, and only downwards, while the node is inside.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

FAR = np.int64(1) << 60
"""Key of a node that has not been reached."""


@numba.njit(cache=True, nogil=True, inline="always")
def lower(heap: Int64s, place: Int32s, key: Int64s, size: int, node: int, value: int) -> int:
    """Set the node's key to a lower value, take it in if it is not inside; return the size."""
    key[node] = value
    at = place[node]
    if at < 0:
        at = size
        size += 1
    while at > 0:
        above = (at - 1) >> 2
        other_key, other = heap[above, 0], heap[above, 1]
        if other_key < value or (other_key == value and other < node):
            break
        heap[at, 0], heap[at, 1] = other_key, other
        place[other] = at
        at = above
    heap[at, 0], heap[at, 1] = value, node
    place[node] = at
    return size


@numba.njit(cache=True, nogil=True, inline="always")
def take(heap: Int64s, place: Int32s, size: int) -> int:
    """Take the node with the least key out and return it; the heap then has one node less."""
    top = heap[0, 1]
    place[top] = -1
    size -= 1
    if size > 0:
        value, node = heap[size, 0], heap[size, 1]
        at = 0
        while True:
            best = 4 * at + 1
            if best >= size:
                break
            best_key, best_node = heap[best, 0], heap[best, 1]
            for below in range(best + 1, min(best + 4, size)):
                other_key, other = heap[below, 0], heap[below, 1]
                if other_key < best_key or (other_key == best_key and other < best_node):
                    best, best_key, best_node = below, other_key, other
            if value < best_key or (value == best_key and node < best_node):
                break
            heap[at, 0], heap[at, 1] = best_key, best_node
            place[best_node] = at
            at = best
        heap[at, 0], heap[at, 1] = value, node
        place[node] = at
    return int(top)


@numba.njit(cache=True, nogil=True)
def turn_round(offset: Int32s, head: Int32s, arc_edge: Int32s) -> tuple[Int32s, Int32s]:
    """Return the tail of every arc and the arc of the same edge that leads back."""
    tail, back = np.empty(head.size, np.int32), np.empty(head.size, np.int32)
    first = np.full(head.size // 2, -1, np.int32)
    for node in range(offset.size - 1):
        for p in range(offset[node], offset[node + 1]):
            tail[p] = node
            q = first[arc_edge[p]]
            if q < 0:
                first[arc_edge[p]] = p
            else:
                back[p], back[q] = q, p
    return tail, back
