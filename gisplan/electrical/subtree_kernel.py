"""Kernel that gathers from the leaves up what hangs below each node of the supply tree.

Invariants
- ``order`` lists every supplied node after its parent; roots have parent -1.
- ``lowest``/``highest`` cover the node itself and all below; inf and -inf where none is judged.
- ``gain`` is at least 1 and of first order: for small drops no node below falls by more than
  ``gain`` times the node's own drop.
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
) -> tuple[Floats, Floats, Floats, Integers, Integers]:
    """Return lowest and highest judged voltage and largest gain of each subtree.

    Last come the nodes of both extremes; -1 where nothing below is judged.
    """
    lowest = np.full(parent.size, np.inf)
    highest = np.full(parent.size, -np.inf)
    gain = np.ones(parent.size)
    lowest_node = np.full(parent.size, -1, dtype=np.int64)
    highest_node = lowest_node.copy()
    for place in range(order.size - 1, -1, -1):
        node = order[place]
        if is_judged[node] and voltage[node] <= lowest[node]:
            lowest[node], lowest_node[node] = voltage[node], node
        if is_judged[node] and voltage[node] >= highest[node]:
            highest[node], highest_node[node] = voltage[node], node
        above = parent[node]
        if above < 0:
            continue
        if lowest[node] < lowest[above]:
            lowest[above], lowest_node[above] = lowest[node], lowest_node[node]
        if highest[node] > highest[above]:
            highest[above], highest_node[above] = highest[node], highest_node[node]
        gain[above] = max(gain[above], branch_gain[node] * gain[node])
    return lowest, highest, gain, lowest_node, highest_node
