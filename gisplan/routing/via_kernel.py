# ruff: noqa: PLR0917  (kernels take their arrays by position)
"""Kernel that grows one tree of cheapest ways over a graph with places in mid-edge.

Invariants
- ``label`` is the least cost so far, final once the state stands in ``order``; states are settled
  in the order (cost, number), so ties are broken the same way every time.
- ``via`` holds the state before and the part that led here; ``-1, -2 - row`` at a seed.
- A part that is banned is never walked; a part that routes lie in (one bit of ``used`` each) costs
  ``factor`` more of its cost for each of them (0 where nothing is penalised).
- No part is shorter than a millimetre, so that ways of no length differ too.
- ``touched`` lists every state with a label, so that a tree is forgotten in the time it took.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gisplan.model.grid import Codes, Integers
from gisplan.routing.disjoint.flow_heap_kernel import drop_first, push
from gisplan.routing.disjoint.flow_overlay_kernel import Net, Overlay, length_of, slots_of, step
from gisplan.routing.layout_kernel import Int32s
from gisplan.routing.uncounted_kernel import uncounted, whole

if TYPE_CHECKING:
    from gisplan.model.grid import Floats

UNSEEN = 1 << 60
HEAPED, TOUCHED, SETTLED = 0, 1, 2  # places of ``Tree.fill``


class Tree(NamedTuple):
    """Memory of one tree, one entry a state; ``rank`` is the place in ``order`` once settled."""

    label: Integers
    via: Int32s
    rank: Int32s
    touched: Int32s
    order: Int32s
    key: Integers
    heap_state: Int32s
    fill: Integers


class Dues(NamedTuple):
    """What parts may not be used, and how many routes lie in them already."""

    banned: Codes
    used: Int32s


@uncounted
def forget(tree: Tree) -> None:
    """Forget a tree in time proportional to what it touched."""
    for i in range(tree.fill[TOUCHED]):
        tree.label[tree.touched[i]] = UNSEEN
        tree.rank[tree.touched[i]] = -1
    tree.fill[:] = 0


@uncounted
def enter(tree: Tree, state: int, cost: int, before: int, by: int) -> None:
    """Lower the label of a state, if it is lower."""
    old = tree.label[state]
    if cost >= old:
        return
    if old == UNSEEN:
        tree.touched[tree.fill[TOUCHED]] = state
        tree.fill[TOUCHED] += 1
    tree.label[state] = cost
    tree.via[state, 0], tree.via[state, 1] = before, by
    push(tree.key, tree.heap_state, tree.fill, 0, cost, state)


@uncounted
def grow(
    net: Net,
    over: Overlay,
    dues: Dues,
    factor: float,
    tree: Tree,
    goals: Int32s,
    goal_cost: Integers,
    stretch: float,
    wants_all: bool,
) -> int:
    """Settle states from the seeds that were entered; return the least cost to a goal.

    It stops when all goals are settled, if they are all wanted; else beyond ``stretch`` times the
    least cost to a goal, which counts what ending there costs.
    """
    best, left = UNSEEN, len(goals)
    while tree.fill[HEAPED] > 0:
        cost, state = tree.key[0, 1], whole(tree.heap_state[0])
        if best < UNSEEN and not wants_all and cost > best * stretch:
            break
        drop_first(tree.key, tree.heap_state, tree.fill)
        if cost != tree.label[state] or tree.rank[state] >= 0:
            continue
        tree.rank[state] = tree.fill[SETTLED]
        tree.order[tree.fill[SETTLED]] = state
        tree.fill[SETTLED] += 1
        for goal in range(len(goals)):
            if goals[goal] == state:
                best = min(best, cost + goal_cost[goal])
                left -= 1
        if wants_all and left == 0:
            break
        first, last = slots_of(net, state)
        for slot in range(first, last):
            head, more, part, _ = step(net, over, state, slot)
            if more < 0 or dues.banned[part]:
                continue
            if factor > 0 and dues.used[part] > 0:
                more += whole(np.ceil(more * factor * routes_in(dues, part))) + 1
            enter(tree, head, cost + more, state, part)
    return best


@uncounted
def routes_in(dues: Dues, part: int) -> int:
    """Return how many routes lie in a part."""
    bits, count = dues.used[part], 0
    while bits > 0:
        count += bits & 1
        bits >>= 1
    return count


@uncounted
def metres_of(net: Net, over: Overlay, part: int) -> float:
    """Return the length of a part, a millimetre at least."""
    return max(length_of(net, over, part), 0.001)


@uncounted
def lengths(
    net: Net, over: Overlay, dues: Dues, tree: Tree, route: int, way_m: Floats, column: int
) -> None:
    """Fill, by rank, the metres of the way to each settled state, or those in a route (from 0)."""
    for rank in range(tree.fill[SETTLED]):
        state = tree.order[rank]
        before, part = tree.via[state, 0], tree.via[state, 1]
        if before < 0:
            way_m[rank, column] = 0.0
            continue
        way_m[rank, column] = way_m[tree.rank[before], column]
        if route < 0 or (dues.used[part] >> route) & 1:
            way_m[rank, column] += metres_of(net, over, part)
