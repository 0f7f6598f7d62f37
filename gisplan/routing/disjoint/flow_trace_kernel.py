# ruff: noqa: PLR0917  (kernels take arrays by position)
"""Kernel that takes a flow apart into routes.

Invariants
- Flow is conserved, so every unit ends at a target row; circles that cost nothing are left out.
- Steps lie in the working memory where they fit: they are read before the next query.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np

from gisplan.model.grid import Integers
from gisplan.routing.disjoint.flow_overlay_kernel import (
    Net,
    Overlay,
    cost_of,
    length_of,
    slots_of,
    span,
    step,
)
from gisplan.routing.disjoint.flow_state_kernel import (
    BANNED,
    BEYOND,
    IS_TARGET,
    USED,
    Rows,
    Space,
    Starts,
)
from gisplan.routing.layout_kernel import Int32s
from gisplan.routing.uncounted_kernel import merged, whole

if TYPE_CHECKING:
    from gisplan.model.grid import Floats


class Found(NamedTuple):
    """Routes one after the other, the cuts that stop more of them, and the proof.

    ``route`` int64 (routes, 4) holds start row, target row, cost, and where its steps end;
    ``step`` int32 (steps, 2) part and edge, ``share`` float64 (steps, 2) where the edge is entered
    and left: both may lie in the working memory. ``proof`` holds the shared units and the cost of
    the flow, the same of the lower bound, the number of units and whether trenches were opened for
    sharing; what follows is of no use outside.
    """

    route: Integers
    length_m: Floats
    step: Int32s
    share: Floats
    cut: Int32s
    last_cut: Int32s
    proof: Integers


@numba.njit(cache=True, nogil=True)
def trace(
    net: Net,
    over: Overlay,
    rows: Rows,
    starts: Starts,
    space: Space,
    found: int,
    cut: Int32s,
    last_cut: Int32s,
    proof: Integers,
) -> Found:
    """Take the flow apart into routes."""
    steps, share, most = space.step, space.share, _count_steps(space)
    if most > len(steps):
        steps, share = np.empty((most, 2), np.int32), np.empty((most, 2))
    routes, length_m = np.empty((found, 4), np.int64), np.zeros(found)
    _trace_routes(net, over, rows, starts, space, steps, share, routes, length_m)
    return Found(routes, length_m, steps, share, cut, last_cut, proof)


@merged
def _count_steps(space: Space) -> int:
    """Return how many steps the routes have, circles included."""
    most = 0
    for i in range(space.fill[USED]):
        if space.flow[space.used[i]] != BANNED:
            most += abs(space.flow[space.used[i]])
    return most


@merged
def _trace_routes(
    net: Net,
    over: Overlay,
    rows: Rows,
    starts: Starts,
    space: Space,
    steps: Int32s,
    share: Floats,
    routes: Integers,
    length_m: Floats,
) -> None:
    """Follow each unit of flow; circles that cost nothing are left out."""
    passed = space.touched
    route, size = 0, 0
    for row in range(len(starts.state)):
        item = starts.exit[row]
        times = space.begun[row]
        if item >= 0:
            times = np.int32(space.begun[len(starts.state) + item] == row)
        for _ in range(times):
            first = size
            state = whole(starts.state[row])
            while True:
                if space.label[state, 0] != BEYOND:  # a circle: back to where it began
                    for i in range(space.label[state, 0] + 1, size):
                        space.label[passed[i - first], 0] = BEYOND
                    size = whole(space.label[state, 0])
                space.label[state, 0] = size
                passed[size - first] = state
                last = _end_here(rows, space, state)
                if last >= 0:
                    break
                state, part, way = _flow_out(net, over, space, state)
                edge, near, far = span(net, over, part)
                steps[size, 0], steps[size, 1] = part, edge
                share[size, 0], share[size, 1] = (near, far) if way > 0 else (far, near)
                size += 1
            for i in range(size - first + 1):
                space.label[passed[i], 0] = BEYOND
            cost = starts.cost[row] + rows.cost[last]
            for i in range(first, size):
                cost += cost_of(net, over, steps[i, 0])
                length_m[route] += length_of(net, over, steps[i, 0])
            routes[route, 0], routes[route, 1] = row, last
            routes[route, 2], routes[route, 3] = cost, size
            route += 1


@merged
def _end_here(rows: Rows, space: Space, state: int) -> int:
    """Return the target row at which a unit of flow ends in a state, -1 if none is left."""
    if not space.mark[state] & IS_TARGET:
        return -1
    row = rows.first[state]
    while row >= 0:
        if space.taken[rows.unit[row]] == row:
            space.taken[rows.unit[row]] = -1
            return whole(row)
        row = rows.next[row]
    return -1


@merged
def _flow_out(net: Net, over: Overlay, space: Space, state: int) -> tuple[int, int, int]:
    """Take a unit of flow out of a state; return head, part and direction."""
    first, last = slots_of(net, state)
    for slot in range(first, last):
        head, _, part, way = step(net, over, state, slot)
        if space.flow[part] != BANNED and space.flow[part] * way > 0:
            space.flow[part] -= way
            return head, part, way
    return -1, -1, 0  # flow is conserved: cannot be
