"""A ring of buckets of nodes by cost: faster than a heap where the order within one is no matter.

Invariants
- A node waits in the bucket of its cost, ``cost >> shift``, or in an earlier one that passes it on
  when its turn comes; ``slot[node]`` says where, -1 where it does not wait.
- ``first[slot]`` begins a list in both directions: ``link[node]`` holds the node before and behind,
  -1 at the ends.
- ``state`` holds the bucket whose turn it is, and how many nodes wait.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from gisplan.routing.steiner.heap_kernel import Int32s, Int64s
from gisplan.routing.uncounted_kernel import uncounted

RING = 512
CURRENT, SIZE = 0, 1  # places of ``state``
NEAR, BEHIND = 0, 1  # columns of ``link``


class Buckets(NamedTuple):
    """See above."""

    first: Int32s
    slot: Int32s
    link: Int32s
    state: Int64s


@numba.njit(cache=True, nogil=True, inline="always")
def new_buckets(count: int) -> Buckets:
    """Return buckets without nodes, for so many nodes."""
    return Buckets(
        np.full(RING, -1, np.int32),
        np.full(count, -1, np.int32),
        np.empty((count, 2), np.int32),
        np.zeros(2, np.int64),
    )


@uncounted
def width_bits(arc_cost: Int64s) -> int:
    """Return how many bits of costs a bucket spans: about half of the mean cost of an arc."""
    total = np.int64(0)
    for p in range(arc_cost.size):
        total += max(arc_cost[p], 0) // max(arc_cost.size, 1)
    bits = 0
    while total >> (bits + 2) > 0:
        bits += 1
    return bits


@numba.njit(cache=True, nogil=True, inline="always")
def put(buckets: Buckets, node: int, bucket: int) -> None:
    """Let a node wait in a bucket, wherever it waited before."""
    first, link, state = buckets.first, buckets.link, buckets.state
    if state[SIZE] == 0 or bucket < state[CURRENT]:
        state[CURRENT] = bucket
    to = min(bucket, state[CURRENT] + RING - 1) & (RING - 1)
    was = buckets.slot[node]
    if was == to:
        return
    if was >= 0:
        near, behind = link[node, NEAR], link[node, BEHIND]
        if near >= 0:
            link[near, BEHIND] = behind
        else:
            first[was] = behind
        if behind >= 0:
            link[behind, NEAR] = near
        state[SIZE] -= 1
    behind = first[to]
    link[node, NEAR], link[node, BEHIND] = -1, behind
    if behind >= 0:
        link[behind, NEAR] = node
    first[to] = node
    buckets.slot[node] = to
    state[SIZE] += 1


@numba.njit(cache=True, nogil=True, inline="always")
def draw(buckets: Buckets) -> int:
    """Take a node out of the bucket whose turn it is; return -1 where none is left in it."""
    at = buckets.state[CURRENT] & (RING - 1)
    node = buckets.first[at]
    if node >= 0:
        behind = buckets.link[node, BEHIND]
        buckets.first[at] = behind
        if behind >= 0:
            buckets.link[behind, NEAR] = -1
        buckets.slot[node] = -1
        buckets.state[SIZE] -= 1
    return int(node)
