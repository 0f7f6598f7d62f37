# ruff: noqa: PLR0917  (kernels take arrays by position)
"""Kernels that use lower bounds of the cost to go: the first route for free, the others led.

Invariants
- The first unit needs no search where bounds are known: it follows the hops. The bound is then
  tightened to min(to any other unit, to its own unit plus what moving the first route away costs
  at least), which is consistent and tight along the first route.
"""

from __future__ import annotations

from gisplan.model.grid import Integers
from gisplan.routing.disjoint.flow_augment_kernel import add_flow, pass_node
from gisplan.routing.disjoint.flow_bound_kernel import NOWHERE, REACHED
from gisplan.routing.disjoint.flow_overlay_kernel import Net, Overlay, step
from gisplan.routing.disjoint.flow_state_kernel import (
    BEYOND,
    UNKNOWN,
    Ask,
    Guide,
    Rows,
    Space,
    Starts,
    know,
    lower_bound,
    place_bound,
)
from gisplan.routing.uncounted_kernel import merged, whole


@merged
def cost_to_go(net: Net, over: Overlay, guide: Guide, state: int) -> int:
    """Return the least cost to go from any state, the place of a start included."""
    if state >= len(guide.bound):
        return place_bound(net, over, guide, state)
    return lower_bound(guide, state)


@merged
def best_start(net: Net, over: Overlay, starts: Starts, guide: Guide) -> int:
    """Return the start row of the cheapest route, -1 where no bound says it exactly."""
    best, least = -1, BEYOND
    for row in range(len(starts.state)):
        to_go = cost_to_go(net, over, guide, starts.state[row])
        if to_go < REACHED and starts.cost[row] + to_go < least:
            best, least = row, starts.cost[row] + to_go
    return best


@merged
def nothing_within_reach(net: Net, over: Overlay, starts: Starts, guide: Guide) -> bool:
    """Tell whether no start reaches any unit, or none but the guide's first one."""
    for row in range(len(starts.state)):
        if cost_to_go(net, over, guide, starts.state[row]) < NOWHERE:
            return False
    return True


@merged
def _next(net: Net, over: Overlay, guide: Guide, state: int) -> int:
    """Return the slot (or ``-2 - row``) that leads to the nearest access point."""
    if state < len(guide.bound):
        return whole(guide.bound[state, 3])
    best, least = 0, BEYOND
    for slot in range(2):
        here, so_far, is_open = state, 0, True
        while is_open and here >= len(guide.bound):
            head, cost, _, _ = step(net, over, here, slot)
            is_open = cost >= 0
            so_far += cost
            here = head
        if is_open and so_far + lower_bound(guide, here) < least:
            best, least = slot, so_far + lower_bound(guide, here)
    return best


@merged
def tightened(net: Net, over: Overlay, starts: Starts, guide: Guide, row: int) -> tuple[int, int]:
    """Return the first unit and what the guide may add, after a route from a start row to it.

    The unit is -1 where the hops lead over the place of a start, because the parts of a cut
    edge may cost more than the edge for which the hops were found.
    """
    start = whole(starts.state[row])
    state = start
    while state >= len(guide.bound):
        state, _, _, _ = step(net, over, state, _next(net, over, guide, state))
    unit = whole(guide.bound[state, 2])
    others = Guide(guide.bound, unit, BEYOND)
    to_go = cost_to_go(net, over, guide, start)
    extra = cost_to_go(net, over, others, start) - to_go
    for other in range(len(starts.state)):
        dearer = starts.cost[other] - starts.cost[row] - to_go
        extra = min(extra, dearer + cost_to_go(net, over, others, starts.state[other]))
    while True:
        here = lower_bound(others, state) - lower_bound(guide, state)
        extra = min(extra, here)
        way = _next(net, over, guide, state)
        if way < 0:
            return unit, extra
        state, _, _, _ = step(net, over, state, way)
        if state >= len(guide.bound):
            return whole(-1), whole(0)


@merged
def set_potentials(
    net: Net,
    over: Overlay,
    starts: Starts,
    space: Space,
    ask: Ask,
    guide: Guide,
    source: Integers,
) -> None:
    """Give source, exits and places of starts the potentials that the guide demands."""
    if len(guide.bound) == 0:
        return
    least = BEYOND
    for row in range(len(starts.state)):
        state, item = starts.state[row], starts.exit[row]
        to_go = cost_to_go(net, over, guide, state)
        if state >= len(guide.bound) and space.label[state, 2] == UNKNOWN:
            know(space, state, 0, -to_go)
        least = min(least, starts.cost[row] + to_go)
        if item >= 0:
            exit_state = ask.joints + ask.units + item
            if space.label[exit_state, 2] == UNKNOWN:
                know(space, exit_state, 0, -(starts.cost[row] + to_go))
            elif -space.label[exit_state, 3] > starts.cost[row] + to_go:
                space.label[exit_state, 3] = -(starts.cost[row] + to_go)
    if guide.first_unit >= 0:
        know(space, ask.joints + guide.first_unit, 0, -guide.extra)
    source[1] = -least


@merged
def follow_hops(
    net: Net,
    over: Overlay,
    rows: Rows,
    starts: Starts,
    space: Space,
    ask: Ask,
    guide: Guide,
    row: int,
) -> None:
    """Send the first unit along the hops."""
    state = whole(starts.state[row])
    space.begun[row] += 1
    plain = Guide(guide.bound, whole(-1), whole(0))
    while True:
        if space.label[state, 2] == UNKNOWN:
            know(space, state, 0, -cost_to_go(net, over, guide, state))
        way = _next(net, over, plain, state)
        if way < 0:
            space.taken[rows.unit[-2 - way]] = -2 - way
            pass_node(space, ask, state)
            return
        head, _, part, direction = step(net, over, state, way)
        add_flow(net, over, space, part, direction)
        pass_node(space, ask, state)
        state = head
