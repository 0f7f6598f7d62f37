"""Kernel that gathers what hangs below each node of the supply tree, and beside it.

Where the voltage of a node moves, all that hangs off it moves along; ``gain`` says by how much for
one unit at the node. Everything below draws constant power or is a constant admittance, so turning
all its voltages changes nothing: it answers to the magnitude of the node's voltage alone. Gains
therefore multiply along the way, and seen from any node above, those of a subtree have one common
factor. So the element that the least movement brings to its limit, the one with the least room over
gain, is the same from everywhere above, to first order in the movement (loops below aside).

Seven extremes are kept that way or as minima: the lowest and the highest voltage of a bus (voltage,
minus voltage), and by room over gain the room to the own floor and ceiling of each bus, for what is
near a demand and for what is far from it, and the room of each branch to its own ceiling, in parts
of its rating, as are its gains. A room that is used up counts as the smallest change that is told
apart. The eighth is minus the largest gain of all.

Invariants
- ``order`` lists every supplied node after its parent; roots have parent -1.
- ``value[w]`` covers w and all below; inf where nothing is judged. ``beside[w]`` covers what is
  left of the parent of w without w and what hangs below it: the parent itself and its other
  branches; gains count from the parent. Neither covers the branch that feeds its uppermost node.
- Gains of rooms are above zero: what does not follow its node never reaches its limit with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np

if TYPE_CHECKING:
    from gisplan.model.grid import Flags, Floats, Integers

LOW, HIGH, NEAR_BELOW, NEAR_ABOVE, FAR_BELOW, FAR_ABOVE, LOADED, MOST = range(8)
EXTREMES = 8
MOVED_PU = 1e-6
"""Smaller changes are the solver's; the proof does not see them either."""


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


@numba.njit(cache=True, nogil=True, inline="always")
def comes_first(field: int, v: float, g: float, other: float, other_gain: float) -> bool:
    """Say whether an extreme comes before another one; rooms do that the lesser movement uses."""
    if NEAR_BELOW <= field <= LOADED:
        return max(v, MOVED_PU) * other_gain < max(other, MOVED_PU) * g
    return v < other


@numba.njit(cache=True, nogil=True)
def summarise_subtrees(  # noqa: PLR0912, PLR0917
    order: Integers,
    parent: Integers,
    voltage: Floats,
    is_part: Flags,
    is_judged: Flags,
    low_limit: float,
    high_limit: float,
    floor: Floats,
    ceiling: Floats,
    loaded: Floats,
    rise: Floats,
    growth: Floats,
    found: Extremes,
) -> None:
    """Fill in extremes, their gains and nodes, below each node and beside it.

    ``is_part`` marks the nodes whose branches count, ``is_judged`` those of them whose voltage
    does: near a demand by the limits, far from it by ``floor`` and ``ceiling``. ``loaded`` is the
    voltage below which the branch of a node would be overloaded, ``rise`` by how much its
    loading rises for a small fall of that voltage, over the share by which it falls. ``growth``
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
            v = voltage[w]
            value[w, LOW], value[w, HIGH] = v, -v
            value[w, NEAR_BELOW], value[w, NEAR_ABOVE] = v - low_limit, high_limit - v
            value[w, FAR_BELOW], value[w, FAR_ABOVE] = v - floor[w], ceiling[w] - v
            node[w, :LOADED] = w
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
            if field == LOADED and is_part[w]:
                own = rise[w] / voltage[w]
                room = own * (voltage[w] - loaded[w])
                if comes_first(field, room, own, v, g):
                    v, g, at = room, own, w
            if v == np.inf:
                continue
            g *= k
            if field == MOST:
                v *= k
            if comes_first(field, v, g, value[p, field], gain[p, field]):
                second[p, field], second_gain[p, field] = value[p, field], gain[p, field]
                second_node[p, field] = node[p, field]
                value[p, field], gain[p, field], node[p, field] = v, g, at
                best_child[p, field] = w
            elif comes_first(field, v, g, second[p, field], second_gain[p, field]):
                second[p, field], second_gain[p, field] = v, g
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
