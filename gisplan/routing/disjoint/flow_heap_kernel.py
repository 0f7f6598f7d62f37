# ruff: noqa: PLR0917  (kernels take their arrays by position)
"""A 4-ary heap of (metres, cost, state), least first; equal keys come out by state number.

Invariants
- ``size[0]`` entries are in use; the children of entry i are 4 i + 1 to 4 i + 4.
- The order is total, so what comes out does not depend on the order in which it went in.
- Keys are pairs: shared metres (in units of the flow kernel) before cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gisplan.routing.layout_kernel import Int32s
from gisplan.routing.uncounted_kernel import merged

if TYPE_CHECKING:
    from gisplan.model.grid import Integers


@merged
def push(key: Integers, state: Int32s, size: Integers, metres: int, cost: int, item: int) -> None:
    """Add an entry."""
    i = size[0]
    size[0] += 1
    while i > 0:
        above = (i - 1) >> 2
        if _precedes(key[above, 0], key[above, 1], state[above], metres, cost, item):
            break
        key[i, 0], key[i, 1], state[i] = key[above, 0], key[above, 1], state[above]
        i = above
    key[i, 0], key[i, 1], state[i] = metres, cost, item


@merged
def drop_first(key: Integers, state: Int32s, size: Integers) -> None:
    """Remove the least entry, which stands at the front."""
    size[0] -= 1
    count = size[0]
    metres, cost, item = key[count, 0], key[count, 1], state[count]
    i = 0
    while True:
        least = 4 * i + 1
        if least >= count:
            break
        for other in range(least + 1, min(least + 4, count)):
            if _precedes(
                key[other, 0],
                key[other, 1],
                state[other],
                key[least, 0],
                key[least, 1],
                state[least],
            ):
                least = other
        if not _precedes(key[least, 0], key[least, 1], state[least], metres, cost, item):
            break
        key[i, 0], key[i, 1], state[i] = key[least, 0], key[least, 1], state[least]
        i = least
    key[i, 0], key[i, 1], state[i] = metres, cost, item


@merged
def _precedes(metres: int, cost: int, state: int, metres_2: int, cost_2: int, state_2: int) -> bool:
    if metres != metres_2:
        return metres < metres_2
    if cost != cost_2:
        return cost < cost_2
    return state < state_2
