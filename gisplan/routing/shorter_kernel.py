# ruff: noqa: PLR0917  (kernels take their arrays by position)
"""Kernel: the ways to targets of which none is both dearer and as long as another.

Invariants
- Labels leave the heap in order of cost, then length: a label counts only where it is shorter than
  every one that left at its node before, so one number a node, ``shortest_m``, tells.
- ``cheapest[n]`` is the cost of the first label at node n. One that costs ``slack`` more cannot be
  the beginning of a way that costs less than ``slack`` more than the cheapest way to its end.
- A label comes from ``before``, another label, by ``via``, an arc or the row of a place; at a
  start ``before`` is ``-1 - start``.
- Nothing is as large as the graph: memory grows with what is met.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from gisplan.routing.street_heap_kernel import (
    HAS_PLACES,
    NODE_TARGET,
    Arcs,
    Int64s,
    TargetArrays,
)

Floats = npt.NDArray[np.float64]
Label = tuple[np.int64, np.int64, np.int64]  # node, before, via
Reached = tuple[np.int64, float, np.int64]  # cost, length, label


class Begun(NamedTuple):
    """Starts as the kernel reads them; a negative cost is none."""

    node: Int64s
    cost: Int64s
    length_m: Floats


class Limits(NamedTuple):
    """Ways that matter: shorter than or as long as ``reach_m``, cheaper than ``bound``."""

    reach_m: float
    slack: int
    bound: int


class Traded(NamedTuple):
    """Ways in the order of their cost: target, cost, length, start and last row; their edges."""

    target: Int64s
    cost: Int64s
    length_m: Floats
    start: Int64s
    last_row: Int64s
    way_offset: Int64s
    way_edge: Int64s


@numba.njit(cache=True, nogil=True)
def trade_ways(  # noqa: PLR0912
    arcs: Arcs,
    edge_length_m: Floats,
    targets: TargetArrays,
    place_length_m: Floats,
    begun: Begun,
    limits: Limits,
) -> Traded:
    """Return every way to a target that is shorter than all cheaper ones, within the limits.

    ``place_length_m`` (rows,) is what lies between a node and its place. Ways that cost ``slack``
    or more above the cheapest one to their target may be left out.
    """
    node_count = len(arcs.offset) - 1
    labels = [(np.int64(0), np.int64(0), np.int64(0))]  # node, before, via
    labels.clear()
    heap = [(np.int64(0), 0.0, np.int64(0))]  # cost, length, label
    heap.clear()
    for start in range(len(begun.node)):
        cost, length_m = begun.cost[start], begun.length_m[start]
        if 0 <= cost < limits.bound and length_m <= limits.reach_m:
            labels.append((begun.node[start], np.int64(-1 - start), np.int64(-1)))
            heappush(heap, (cost, length_m, np.int64(len(labels) - 1)))
    cheapest, shortest_m = {np.int64(-1): np.int64(0)}, {np.int64(-1): 0.0}
    found = [(np.int64(0), 0.0, np.int64(0))]
    found.clear()
    while len(heap) > 0:
        cost, length_m, label = heappop(heap)
        node = labels[label][0]
        if node in cheapest:
            if length_m >= shortest_m[node] or cost - cheapest[node] >= limits.slack:
                continue
        else:
            cheapest[node] = cost
        shortest_m[node] = length_m
        if node >= node_count or targets.flag[node] & NODE_TARGET:
            found.append((cost, length_m, label))
        if node >= node_count:
            continue
        if targets.flag[node] & HAS_PLACES:
            for row in range(targets.offset[node], targets.offset[node + 1]):
                place = np.int64(node_count + targets.place[row])
                further, further_m = cost + targets.place_cost[row], length_m + place_length_m[row]
                if _matters(limits, shortest_m, place, further, further_m):
                    labels.append((place, label, np.int64(row)))
                    heappush(heap, (further, further_m, np.int64(len(labels) - 1)))
        for at in range(arcs.offset[node], arcs.offset[node + 1]):
            step, head = arcs.arc[at, 1], np.int64(arcs.arc[at, 0])
            further, further_m = cost + step, length_m + edge_length_m[arcs.arc_edge[at]]
            if step >= 0 and _matters(limits, shortest_m, head, further, further_m):
                labels.append((head, label, np.int64(at)))
                heappush(heap, (further, further_m, np.int64(len(labels) - 1)))
    return _told(arcs, labels, found)


@numba.njit(cache=True, nogil=True)
def _matters(
    limits: Limits, shortest_m: dict[np.int64, float], node: np.int64, cost: int, length_m: float
) -> bool:
    """Tell whether a label is within the limits and shorter than those that left at its node."""
    if cost >= limits.bound or length_m > limits.reach_m:
        return False
    return node not in shortest_m or length_m < shortest_m[node]


@numba.njit(cache=True, nogil=True)
def _told(arcs: Arcs, labels: list[Label], found: list[Reached]) -> Traded:
    """Return what was found as arrays, each way walked back to its start."""
    count, node_count = len(found), len(arcs.offset) - 1
    target, cost = np.empty(count, np.int64), np.empty(count, np.int64)
    length_m, start = np.empty(count), np.empty(count, np.int64)
    last_row, offset = np.full(count, -1, np.int64), np.zeros(count + 1, np.int64)
    for row in range(count):
        cost[row], length_m[row], label = found[row]
        target[row], before, via = labels[label]
        if target[row] >= node_count and before >= 0:
            last_row[row] = via
            _, before, via = labels[before]
        size = 0
        while before >= 0:
            size += 1
            _, before, via = labels[before]
        start[row], offset[row + 1] = -1 - before, offset[row] + size
    way_edge = np.empty(offset[-1], np.int64)
    for row in range(count):
        _, before, via = labels[found[row][2]]
        if last_row[row] >= 0:
            _, before, via = labels[before]
        at = offset[row + 1]
        while before >= 0:
            at -= 1
            way_edge[at] = arcs.arc_edge[via]
            _, before, via = labels[before]
    return Traded(target, cost, length_m, start, last_row, offset, way_edge)
