# ruff: noqa: PLR0917  (kernels take their arrays by position)
"""Kernel: from single nodes to the cheapest start that a way of limited length leads to.

Invariants
- ``label[n]`` is the least cost found so far and ``length_m[n]`` the length of that very way; a
  node leaves the heap once with its final label, stale entries are dropped.
- ``pending`` counts queued nodes whose present way is short enough: beyond the last of them every
  way is too long, because ways only get longer.
- What a search touched is reset before the next one; nothing is cleared.
- Equal totals keep the start that was met first: costs, then node numbers.
"""

from __future__ import annotations

from heapq import heappop, heappush

import numba
import numpy as np
import numpy.typing as npt

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Float64s = npt.NDArray[np.float64]

UNREACHED = np.int64(1) << 60


@numba.njit(cache=True, nogil=True)
def search_starts(  # noqa: PLR0912
    arc_offset: Int32s,
    arc: Int32s,
    arc_edge: Int32s,
    edge_length_m: Float64s,
    start_cost: Int64s,
    start_length_m: Float64s,
    reach_m: float,
    drum_m: float,
    joint_cost: int,
    asked: Int64s,
    bound: Int64s,
) -> tuple[Int64s, Int64s, Float64s]:
    """Return total, node and way of the cheapest start of each asked node below its bound.

    ``start_cost`` (nodes,) is ``UNREACHED`` where nothing starts, ``start_length_m`` (nodes,) is
    what lies before it. A way longer than ``reach_m`` does not count; each full ``drum_m`` of it
    costs a joint. Unreached: total ``UNREACHED``.
    """
    node_count = arc_offset.size - 1
    label = np.full(node_count, UNREACHED)
    length_m = np.zeros(node_count)
    total = np.full(asked.size, UNREACHED)
    found = np.full(asked.size, np.int64(-1))
    way_m = np.zeros(asked.size)
    least_start = start_cost.min() if node_count else UNREACHED
    touched = [np.int64(0)]
    for row in range(asked.size):
        source, best = asked[row], bound[row]
        for node in touched:
            label[node] = UNREACHED
        touched.clear()
        touched.append(source)
        label[source], length_m[source] = 0, 0.0
        heap = [(np.int64(0), np.int64(source))]
        pending = 1
        while len(heap) > 0 and pending > 0:
            key, node = heappop(heap)
            if key != label[node]:
                continue
            if key + least_start >= best:
                break
            if length_m[node] <= reach_m:
                pending -= 1
                whole_m = length_m[node] + start_length_m[node]
                if start_cost[node] < UNREACHED and whole_m <= reach_m:
                    joints = max(np.ceil(whole_m / drum_m - 1e-9) - 1.0, 0.0)
                    cost = key + start_cost[node] + np.int64(joints) * joint_cost
                    if cost < best:
                        best = cost
                        total[row], found[row], way_m[row] = cost, node, whole_m
            for place in range(arc_offset[node], arc_offset[node + 1]):
                step = arc[place, 1]
                head = np.int64(arc[place, 0])
                cost = key + step
                if step < 0 or cost >= label[head]:
                    continue
                if label[head] == UNREACHED:
                    touched.append(head)
                elif length_m[head] <= reach_m:
                    pending -= 1
                label[head] = cost
                length_m[head] = length_m[node] + edge_length_m[arc_edge[place]]
                if length_m[head] <= reach_m:
                    pending += 1
                heappush(heap, (cost, head))
    return total, found, way_m
