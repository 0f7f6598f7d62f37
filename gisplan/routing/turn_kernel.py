# ruff: noqa: PLR0917  (kernels take their arrays by position)
"""Kernel that lays out which way can follow which, with the price of the bend between them.

Invariants
- State ``2 * edge`` is an edge run from its first node to its last, ``2 * edge + 1`` the other way.
- A step joins two states where the first ends and the second begins; its cost is that of the second
  edge and of the bend. No step leads along the edge that it came by: a cable does not turn back.
- Steps are written in the order of the states that they leave.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from gisplan.routing.street_heap_kernel import Arcs, Int32s, Int64s

Floats = npt.NDArray[np.float64]


@numba.njit(cache=True, nogil=True)
def bend_cost(turn_deg: float, over_deg: Floats, cost_cents: Int64s) -> int:
    """Return the cost of the last class whose angle is reached."""
    cost = 0
    for row in range(len(over_deg)):
        if turn_deg >= over_deg[row]:
            cost = cost_cents[row]
    return cost


@numba.njit(cache=True, nogil=True)
def lay_steps(
    arcs: Arcs,
    edge_from: Int32s,
    edge_to: Int32s,
    edge_cost: Int32s,
    leave_deg: Floats,
    arrive_deg: Floats,
    over_deg: Floats,
    cost_cents: Int64s,
) -> tuple[Int32s, Int32s, Int64s]:
    """Return the steps as tail state, head state and cost; a forbidden edge is never stepped on.

    ``leave_deg`` and ``arrive_deg`` (states,) are headings at the begin and the end of each state.
    """
    states = 2 * len(edge_from)
    room = 0
    for state in range(states):
        node = edge_to[state >> 1] if state & 1 == 0 else edge_from[state >> 1]
        room += arcs.offset[node + 1] - arcs.offset[node]
    tail, head = np.empty(2 * room, np.int32), np.empty(2 * room, np.int32)
    cost, size = np.empty(2 * room, np.int64), 0
    for state in range(states):
        edge = state >> 1
        node = edge_to[edge] if state & 1 == 0 else edge_from[edge]
        for row in range(arcs.offset[node], arcs.offset[node + 1]):
            following = arcs.arc_edge[row]
            if following == edge or edge_cost[following] < 0:
                continue
            if row > arcs.offset[node] and arcs.arc_edge[row - 1] == following:
                continue  # the other end of a loop, both ways of which are laid already
            for way in range(2):
                begin = edge_from[following] if way == 0 else edge_to[following]
                if begin != node:
                    continue
                turn = abs((leave_deg[2 * following + way] - arrive_deg[state] + 540) % 360 - 180)
                tail[size], head[size] = state, 2 * following + way
                cost[size] = edge_cost[following] + bend_cost(turn, over_deg, cost_cents)
                size += 1
    return tail[:size], head[:size], cost[:size]
