# ruff: noqa: PLR0917  (kernels take their arrays by position)
"""Kernel: from single nodes to the best start, where a way's length is limited and costs joints.

Invariants
- Labels leave the heap in order of cost, then length: a label counts only where it is shorter than
  every one that left at its node before. So each way that may be the best one, whatever its length
  costs or forbids, is met.
- ``least[n]`` is what no way from node n to a start costs less than, the start included: a label
  that comes to the best total with it leads to nothing better.
- What a search touched is reset before the next one; nothing is cleared.
- Equal totals keep the start that was met first: costs, lengths, node numbers, rows of starts.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from gisplan.routing.street_heap_kernel import Arcs, Int64s

Float64s = npt.NDArray[np.float64]

UNREACHED = np.int64(1) << 60


class StartRows(NamedTuple):
    """Where ways may end, node after node: those of node n at ``offset[n]:offset[n + 1]``.

    Each has its cost and the length that lies before it.
    """

    offset: Int64s
    cost: Int64s
    length_m: Float64s


class LengthRules(NamedTuple):
    """What a whole way's length decides: none above ``reach_m``, a joint for each full drum."""

    reach_m: float
    drum_m: float
    joint_cost: int


@numba.njit(cache=True, nogil=True)
def search_starts(
    arcs: Arcs,
    edge_length_m: Float64s,
    starts: StartRows,
    least: Int64s,
    rules: LengthRules,
    asked: Int64s,
    bound: Int64s,
) -> tuple[Int64s, Int64s, Float64s]:
    """Return total, row and way of the cheapest start of each asked node below its bound.

    Unreached: total ``UNREACHED``, row -1.
    """
    node_count = len(arcs.offset) - 1
    shortest_m = np.full(node_count, np.inf)
    total = np.full(asked.size, UNREACHED)
    found = np.full(asked.size, np.int64(-1))
    way_m = np.zeros(asked.size)
    touched = [np.int64(0)]
    for row in range(asked.size):
        best = bound[row]
        for node in touched:
            shortest_m[node] = np.inf
        touched.clear()
        heap = [(np.int64(0), 0.0, np.int64(asked[row]))]
        while len(heap) > 0:
            key, length_m, node = heappop(heap)
            if length_m >= shortest_m[node] or key + least[node] >= best:
                continue
            shortest_m[node] = length_m
            touched.append(node)
            for start in range(starts.offset[node], starts.offset[node + 1]):
                whole_m = length_m + starts.length_m[start]
                if whole_m > rules.reach_m:
                    continue
                joints = max(np.ceil(whole_m / rules.drum_m - 1e-9) - 1.0, 0.0)
                cost = key + starts.cost[start] + np.int64(joints) * rules.joint_cost
                if cost < best:
                    best = cost
                    total[row], found[row], way_m[row] = cost, start, whole_m
            for place in range(arcs.offset[node], arcs.offset[node + 1]):
                step = arcs.arc[place, 1]
                head = np.int64(arcs.arc[place, 0])
                further_m = length_m + edge_length_m[arcs.arc_edge[place]]
                if step < 0 or further_m > rules.reach_m or further_m >= shortest_m[head]:
                    continue
                if key + step + least[head] < best:
                    heappush(heap, (key + step, further_m, head))
    return total, found, way_m
