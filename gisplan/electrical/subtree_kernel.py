"""Kernel that gathers what hangs below each node of the supply tree, and beside it.

Four extremes matter where the voltage of a node moves: the lowest and the highest voltage below,
and the smallest room to the own floor and to the own ceiling of each bus. All are kept as minima:
voltage, minus voltage, room below, room above. Each comes with its ``gain``: by how much the
voltage of that bus moves for one unit at the node. The fifth is minus the largest gain of all.

Invariants
- ``order`` lists every supplied node after its parent; roots have parent -1.
- ``value[w]`` covers w and all below; inf where nothing is judged. ``beside[w]`` covers what is
  left of the parent of w without w and what hangs below it: the parent itself and its other
  branches; gains count from the parent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from gisplan.model.grid import Flags, Floats, Integers

LOW, HIGH, ROOM_BELOW, ROOM_ABOVE, MOST = range(5)
EXTREMES = 5


@numba.njit(cache=True, nogil=True)
def summarise_subtrees(  # noqa: PLR0912, PLR0917
    order: Integers,
    parent: Integers,
    voltage: Floats,
    is_judged: Flags,
    floor: Floats,
    ceiling: Floats,
    growth: Floats,
    value: Floats,
    gain: Floats,
    extreme_node: Integers,
    beside: Floats,
    beside_gain: Floats,
    beside_node: Integers,
) -> None:
    """Fill in extremes, their gains and nodes, below each node and beside it.

    ``growth`` says how much the voltage of a node moves for one unit at its parent. Nodes are -1
    where none is judged.
    """
    value[:], gain[:], extreme_node[:] = np.inf, 1.0, -1
    beside[:], beside_gain[:], beside_node[:] = np.inf, 1.0, -1
    second, second_gain = beside.copy(), beside_gain.copy()
    second_node, best_child = beside_node.copy(), beside_node.copy()
    for w in order:
        if is_judged[w]:
            value[w, LOW], value[w, HIGH] = voltage[w], -voltage[w]
            value[w, ROOM_BELOW] = voltage[w] - floor[w]
            value[w, ROOM_ABOVE] = ceiling[w] - voltage[w]
            value[w, MOST] = -1.0
            extreme_node[w, :] = w
    for place in range(order.size - 1, -1, -1):
        w = order[place]
        p = parent[w]
        if p < 0:
            continue
        k = growth[w]
        for field in range(EXTREMES):
            v = value[w, field]
            if v == np.inf:
                continue
            g = k * gain[w, field]
            if field == MOST:
                v = k * v
            if v < value[p, field]:
                second[p, field], second_gain[p, field] = value[p, field], gain[p, field]
                second_node[p, field] = extreme_node[p, field]
                value[p, field], gain[p, field] = v, g
                best_child[p, field] = w
                extreme_node[p, field] = extreme_node[w, field]
            elif v < second[p, field]:
                second[p, field], second_gain[p, field] = v, g
                second_node[p, field] = extreme_node[w, field]
    for w in order:
        p = parent[w]
        if p < 0:
            continue
        for field in range(EXTREMES):
            if best_child[p, field] == w:
                beside[w, field], beside_gain[w, field] = second[p, field], second_gain[p, field]
                beside_node[w, field] = second_node[p, field]
            else:
                beside[w, field], beside_gain[w, field] = value[p, field], gain[p, field]
                beside_node[w, field] = extreme_node[p, field]
