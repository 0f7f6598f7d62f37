# ruff: noqa: PLR0917, PLR0911  (a kernel takes arrays by position; a label has seven cases)
"""Kernel that finds, for every state at once, the nearest access point and the next nearest unit.

Invariants
- A label is (cost to go, unit), and labels are ordered by cost, then unit. A state keeps the two
  least labels of different units.
- Both are distances in the graph, so they are consistent potentials: across an edge they differ by
  no more than its cost. Cutting them off at ``REACHED`` keeps that true.
- ``hop`` leads along the way of the first label: a slot of the state, or ``-2 - row`` where a
  target row ends it. A hop is set when its label is lowered, by a state that is settled already,
  so hops never run in a circle.
"""

from __future__ import annotations

import numba
import numpy as np

from gisplan.model.grid import Integers
from gisplan.routing.disjoint.flow_heap_kernel import drop_first, push
from gisplan.routing.disjoint.flow_overlay_kernel import Net, Overlay, slots_of, step
from gisplan.routing.layout_kernel import Int32s

NOWHERE = (1 << 31) - 1
"""Cost to go from where no access point can be reached."""
REACHED = NOWHERE - 1
FAR = 1 << 60


@numba.njit(cache=True, nogil=True)
def bound_below(
    net: Net, over: Overlay, states: int, row_state: Int32s, row_unit: Int32s, row_cost: Integers
) -> Int32s:
    """Return int32 (states, 4): cost to the nearest unit and to the next one, unit, hop."""
    label = np.full((states, 2), FAR, np.int64)
    unit = np.full((states, 2), -1, np.int32)
    hop = np.full(states, -1, np.int32)
    room = 2 * len(net.arc) + 4 * len(over.share) + len(row_state) + 1
    key = np.empty((2 * room, 2), np.int64)
    heap_state = np.empty(2 * room, np.int32)
    size = np.zeros(1, np.int64)
    for row in range(len(row_state)):
        state = row_state[row]
        if _lower(label, unit, hop, state, row_cost[row], row_unit[row], -2 - row):
            push(key, heap_state, size, row_cost[row], row_unit[row], state)
    while size[0] > 0:
        cost, item, state = key[0, 0], key[0, 1], heap_state[0]
        drop_first(key, heap_state, size)
        rank = 0 if unit[state, 0] == item else 1
        if unit[state, rank] != item or label[state, rank] != cost:
            continue
        first, last = slots_of(net, state)
        for slot in range(first, last):
            head, more, _, _ = step(net, over, state, slot)
            if more < 0:
                continue
            back = _slot_back(net, over, head, state, slot)
            if _lower(label, unit, hop, head, cost + more, item, back):
                push(key, heap_state, size, cost + more, item, head)
    bound = np.empty((states, 4), np.int32)
    for state in range(states):
        for rank in range(2):
            far = label[state, rank] == FAR
            bound[state, rank] = NOWHERE if far else min(label[state, rank], REACHED)
        bound[state, 2] = unit[state, 0]
        bound[state, 3] = hop[state]
    return bound


@numba.njit(cache=True, nogil=True)
def _lower(
    label: Integers, unit: Int32s, hop: Int32s, state: int, cost: int, item: int, by: int
) -> bool:
    """Keep a label where it is among the two least of different units; tell whether it is."""
    if item == unit[state, 0]:
        if cost >= label[state, 0]:
            return False
        label[state, 0], hop[state] = cost, by
        return True
    if cost < label[state, 0] or (cost == label[state, 0] and item < unit[state, 0]):
        label[state, 1], unit[state, 1] = label[state, 0], unit[state, 0]
        label[state, 0], unit[state, 0], hop[state] = cost, item, by
        return True
    if item == unit[state, 1]:
        if cost >= label[state, 1]:
            return False
        label[state, 1] = cost
        return True
    if cost < label[state, 1] or (cost == label[state, 1] and item < unit[state, 1]):
        label[state, 1], unit[state, 1] = cost, item
        return True
    return False


@numba.njit(cache=True, nogil=True)
def _slot_back(net: Net, over: Overlay, head: int, state: int, slot: int) -> int:
    """Return the slot of ``head`` that leads back over the part by which it was reached."""
    _, _, part, way = step(net, over, state, slot)
    first, last = slots_of(net, head)
    for other in range(first, last):
        _, _, other_part, other_way = step(net, over, head, other)
        if other_part == part and other_way == -way:
            return other
    return -1  # a part of no edge: cannot be
