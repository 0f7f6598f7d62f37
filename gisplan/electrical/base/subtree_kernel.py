"""Kernel that gathers what hangs below each node of the supply tree, and beside it.

Where the voltage of a node moves, all that hangs off it moves along. Five extremes matter there:
the lowest and the highest voltage of a bus, the smallest room to the own floor and to the own
ceiling of each bus, and the smallest fall that loads a branch beyond its own ceiling. All are kept
as minima: voltage, minus voltage, rooms. Each comes with its ``gain``: by how much the voltage of
that node moves for one unit at this one. The sixth is minus the largest gain of all.

Invariants
- ``order`` lists every supplied node after its parent; roots have parent -1.
- ``value[w]`` covers w and all below; inf where nothing is judged. ``beside[w]`` covers what is
  left of the parent of w without w and what hangs below it: the parent itself and its other
  branches; gains count from the parent. Neither covers the branch that feeds its uppermost node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np

if TYPE_CHECKING:
    from gisplan.model.grid import Flags, Floats, Integers

LOW, HIGH, ROOM_BELOW, ROOM_ABOVE, ROOM_LOADED, MOST = range(6)
EXTREMES = 6


class Extremes(NamedTuple):
    """Extremes below each node and beside it, shape (nodes, extremes); nodes -1 where none."""

    value: Floats
    gain: Floats
    node: Integers
    beside: Floats
    beside_gain: Floats
    beside_node: Integers


def no_extremes(shape: tuple[int, ...]) -> Extremes:
    """Room for extremes of any shape, not filled in."""
    return Extremes(
        value=np.empty(shape),
        gain=np.empty(shape),
        node=np.empty(shape, np.int64),
        beside=np.empty(shape),
        beside_gain=np.empty(shape),
        beside_node=np.empty(shape, np.int64),
    )


@numba.njit(cache=True, nogil=True)
def summarise_subtrees(  # noqa: PLR0912, PLR0917
    order: Integers,
    parent: Integers,
    voltage: Floats,
    is_part: Flags,
    is_judged: Flags,
    floor: Floats,
    ceiling: Floats,
    loaded: Floats,
    growth: Floats,
    found: Extremes,
) -> None:
    """Fill in extremes, their gains and nodes, below each node and beside it.

    ``is_part`` marks the nodes whose branches count, ``is_judged`` those of them whose voltage
    does. ``loaded`` is the voltage below which the branch of a node would be overloaded. ``growth``
    says how much the voltage of a node moves for one unit at its parent.
    """
    value, gain, node = found.value, found.gain, found.node
    beside, beside_gain, beside_node = found.beside, found.beside_gain, found.beside_node
    value[:], gain[:], node[:] = np.inf, 1.0, -1
    beside[:], beside_gain[:], beside_node[:] = np.inf, 1.0, -1
    second, second_gain = beside.copy(), beside_gain.copy()
    second_node, best_child = beside_node.copy(), beside_node.copy()
    for w in order:
        if is_judged[w]:
            value[w, LOW], value[w, HIGH] = voltage[w], -voltage[w]
            value[w, ROOM_BELOW] = voltage[w] - floor[w]
            value[w, ROOM_ABOVE] = ceiling[w] - voltage[w]
            node[w, :ROOM_LOADED] = w
        if is_part[w]:
            value[w, MOST] = -1.0
            node[w, MOST] = w
    for place in range(order.size - 1, -1, -1):
        w = order[place]
        p = parent[w]
        # nothing of the part hangs here
        if p < 0 or value[w, MOST] == np.inf:
            continue
        k = growth[w]
        for field in range(EXTREMES):
            v, g, at = value[w, field], gain[w, field], node[w, field]
            if field == ROOM_LOADED and is_part[w] and voltage[w] - loaded[w] < v:
                v, g, at = voltage[w] - loaded[w], 1.0, w
            if v == np.inf:
                continue
            if field == MOST:
                v *= k
            if v < value[p, field]:
                second[p, field], second_gain[p, field] = value[p, field], gain[p, field]
                second_node[p, field] = node[p, field]
                value[p, field], gain[p, field], node[p, field] = v, k * g, at
                best_child[p, field] = w
            elif v < second[p, field]:
                second[p, field], second_gain[p, field] = v, k * g
                second_node[p, field] = at
    for w in order:
        p = parent[w]
        if p < 0 or value[p, MOST] == np.inf:
            continue
        for field in range(EXTREMES):
            if best_child[p, field] == w:
                beside[w, field], beside_gain[w, field] = second[p, field], second_gain[p, field]
                beside_node[w, field] = second_node[p, field]
            else:
                beside[w, field], beside_gain[w, field] = value[p, field], gain[p, field]
                beside_node[w, field] = node[p, field]
