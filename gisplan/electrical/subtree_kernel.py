"""Kernel that gathers from the leaves up what hangs below each node of the supply tree.

Invariants
- ``order`` lists every supplied node after its parent; roots have parent -1.
- ``lowest``/``highest`` cover the node itself and all below; inf and -inf where none is judged.
- ``gain`` is at least 1: no node below falls by more than ``gain`` times the node's own drop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from gisplan.model.grid import Flags, Floats, Integers


@numba.njit(cache=True, nogil=True)
def summarise_subtrees(
    order: Integers, parent: Integers, voltage: Floats, is_judged: Flags, branch_gain: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return lowest and highest judged voltage and the largest gain of each subtree."""
    lowest = np.full(parent.size, np.inf)
    highest = np.full(parent.size, -np.inf)
    gain = np.ones(parent.size)
    for place in range(order.size - 1, -1, -1):
        node = order[place]
        if is_judged[node]:
            lowest[node] = min(lowest[node], voltage[node])
            highest[node] = max(highest[node], voltage[node])
        above = parent[node]
        if above >= 0:
            lowest[above] = min(lowest[above], lowest[node])
            highest[above] = max(highest[above], highest[node])
            gain[above] = max(gain[above], branch_gain[node] * gain[node])
    return lowest, highest, gain
