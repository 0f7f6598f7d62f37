# ruff: noqa: PLR0917  (kernels take arrays by position and branch by kind of state)
"""Kernels of one query: starts laid out, units sent one by one, routes, proof, reset.

Invariants
- The first unit needs no search where bounds are known: it follows the hops. The bound is then
  tightened to min(to any other unit, to its own unit plus what moving the first route away costs
  at least), which is consistent and tight along the first route.
- Everything that a query changes in ``Overlay`` and ``Space`` is changed back at its end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np

from gisplan.model.grid import Integers
from gisplan.routing.flow_bound_kernel import NOWHERE, REACHED
from gisplan.routing.flow_jit_kernel import uncounted, whole
from gisplan.routing.flow_kernel import (
    BANNED,
    BEYOND,
    IS_MIXED,
    IS_OPEN,
    IS_TARGET,
    KNOWN,
    LEAST,
    MARKED,
    NEVER,
    PRICED,
    UNKNOWN,
    USED,
    Ask,
    Guide,
    Rows,
    Space,
    Starts,
    add_flow,
    augment,
    forget_labels,
    know,
    lower_bound,
    pass_node,
    place_bound,
    raise_potentials,
    remark,
    search,
)
from gisplan.routing.flow_overlay_kernel import (
    Net,
    Overlay,
    cost_of,
    length_of,
    put_in,
    slots_of,
    span,
    step,
    take_out,
)
from gisplan.routing.flow_proof_kernel import CUT_TARGET, find_cut, prove
from gisplan.routing.layout_kernel import Int32s

if TYPE_CHECKING:
    from gisplan.model.grid import Floats


class StartPlaces(NamedTuple):
    """Start rows as given: node, or edge with share and costs from both of its ends."""

    node: Int32s
    edge: Int32s
    share: Floats
    part_cost: Integers
    cost: Integers
    exit: Int32s


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
def find_routes(
    net: Net,
    over: Overlay,
    rows: Rows,
    bound: Int32s,
    given: StartPlaces,
    first_row: int,
    row_count: int,
    banned: Int32s,
    space: Space,
    ask: Ask,
    wanted: int,
    first_place: int,
) -> Found:
    """Return the cheapest ``wanted`` routes from some start rows, or as many as there are."""
    _lay_out_starts(net, over, space, given, first_row, row_count, first_place)
    starts = Starts(
        space.start[:row_count], space.start_exit[:row_count], space.start_cost[:row_count]
    )
    _ban(net, over, space, banned)
    proof = np.zeros(8, np.int64)
    source = proof[6:]
    guide = Guide(bound, whole(-1), whole(0))
    found, row, limit = 0, -1, wanted
    if len(bound) > 0:
        if _nothing_within_reach(net, over, starts, guide):
            limit = 0
        elif ask.exits == 0 and len(banned) == 0:
            row = _best_start(net, over, starts, guide)
    if row >= 0:
        unit, extra = _tightened(net, over, starts, guide, row)
        guide = Guide(bound, unit, extra)
        found = 1 if unit >= 0 else 0
    _set_potentials(net, over, starts, space, ask, guide, source)
    if found == 1:
        _follow_hops(net, over, rows, starts, space, ask, guide, row)
    shared = ask.sharing == PRICED
    cut = np.empty((0, 2), np.int32)
    last_cut = cut
    if (
        found == 1
        and wanted > 1
        and _nothing_within_reach(net, over, starts, Guide(bound, guide.first_unit, BEYOND))
    ):
        cut = np.full((1, 2), CUT_TARGET, np.int32)
        cut[0, 1] = space.taken[guide.first_unit]
        last_cut, limit, shared = cut, 1, ask.sharing != NEVER
    while found < limit:
        goal = search(net, over, rows, starts, space, ask, guide, source, shared)
        if goal >= 0:
            raise_potentials(space, goal, source)
            augment(net, over, starts, space, ask, goal)
            forget_labels(space)
            found += 1
            continue
        last_cut = find_cut(net, over, rows, starts, space, ask)
        forget_labels(space)
        if not shared:
            cut = last_cut
        if shared or ask.sharing != LEAST:
            break
        shared = True
    prove(net, over, rows, starts, space, ask, source, found, proof)
    proof[4], proof[5] = found, shared
    answer = _trace(net, over, rows, starts, space, found, cut, last_cut, proof)
    _reset(net, over, space, row_count, first_place)
    return answer


@uncounted
def _lay_out_starts(
    net: Net,
    over: Overlay,
    space: Space,
    given: StartPlaces,
    first_row: int,
    row_count: int,
    first_place: int,
) -> None:
    """Copy start rows to the working memory and put those in mid-edge into the graph."""
    nodes, state = len(net.arc_offset) - 1, space.start
    for row in range(row_count):
        there = first_row + row
        state[row] = given.node[there]
        if state[row] < 0:
            edge, place = given.edge[there], first_place + row
            first, last = given.part_cost[there, 0], given.part_cost[there, 1]
            put_in(net, over, place, edge, given.share[there], first, last)
            state[row] = nodes + place
            remark(space, net.edge_from[edge], IS_MIXED)
            remark(space, net.edge_to[edge], IS_MIXED)
        remark(space, state[row], IS_OPEN)
        space.start_exit[row], space.start_cost[row] = given.exit[there], given.cost[there]
        space.begun[row] = 0
    space.begun[row_count:] = -1


@uncounted
def _ban(net: Net, over: Overlay, space: Space, banned: Int32s) -> None:
    for edge in banned:
        part, place = whole(edge), whole(over.cut[edge, 0])
        while True:
            space.flow[part] = BANNED
            if not space.listed[part]:
                space.listed[part] = 1
                space.used[space.fill[USED]] = part
                space.fill[USED] += 1
            if place < 0:
                break
            part, place = len(net.edge_from) + place, whole(over.link[place, 2])
        remark(space, net.edge_from[edge], IS_MIXED)
        remark(space, net.edge_to[edge], IS_MIXED)


@uncounted
def _to_go(net: Net, over: Overlay, guide: Guide, state: int) -> int:
    if state >= len(guide.bound):
        return place_bound(net, over, guide, state)
    return lower_bound(guide, state)


@uncounted
def _best_start(net: Net, over: Overlay, starts: Starts, guide: Guide) -> int:
    """Return the start row of the cheapest route, -1 where no bound says it exactly."""
    best, least = -1, BEYOND
    for row in range(len(starts.state)):
        to_go = _to_go(net, over, guide, starts.state[row])
        if to_go < REACHED and starts.cost[row] + to_go < least:
            best, least = row, starts.cost[row] + to_go
    return best


@uncounted
def _nothing_within_reach(net: Net, over: Overlay, starts: Starts, guide: Guide) -> bool:
    """Tell whether no start reaches any unit, or none but the guide's first one."""
    for row in range(len(starts.state)):
        if _to_go(net, over, guide, starts.state[row]) < NOWHERE:
            return False
    return True


@uncounted
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


@uncounted
def _tightened(net: Net, over: Overlay, starts: Starts, guide: Guide, row: int) -> tuple[int, int]:
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
    to_go = _to_go(net, over, guide, start)
    extra = _to_go(net, over, others, start) - to_go
    for other in range(len(starts.state)):
        dearer = starts.cost[other] - starts.cost[row] - to_go
        extra = min(extra, dearer + _to_go(net, over, others, starts.state[other]))
    while True:
        here = lower_bound(others, state) - lower_bound(guide, state)
        extra = min(extra, here)
        way = _next(net, over, guide, state)
        if way < 0:
            return unit, extra
        state, _, _, _ = step(net, over, state, way)
        if state >= len(guide.bound):
            return whole(-1), whole(0)


@uncounted
def _set_potentials(
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
        to_go = _to_go(net, over, guide, state)
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


@uncounted
def _follow_hops(
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
            know(space, state, 0, -_to_go(net, over, guide, state))
        way = _next(net, over, plain, state)
        if way < 0:
            space.taken[rows.unit[-2 - way]] = -2 - way
            pass_node(space, ask, state)
            return
        head, _, part, direction = step(net, over, state, way)
        add_flow(net, over, space, part, direction)
        pass_node(space, ask, state)
        state = head


@numba.njit(cache=True, nogil=True)
def _trace(
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


@uncounted
def _count_steps(space: Space) -> int:
    """Return how many steps the routes have, circles included."""
    most = 0
    for i in range(space.fill[USED]):
        if space.flow[space.used[i]] != BANNED:
            most += abs(space.flow[space.used[i]])
    return most


@uncounted
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


@uncounted
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


@uncounted
def _flow_out(net: Net, over: Overlay, space: Space, state: int) -> tuple[int, int, int]:
    """Take a unit of flow out of a state; return head, part and direction."""
    first, last = slots_of(net, state)
    for slot in range(first, last):
        head, _, part, way = step(net, over, state, slot)
        if space.flow[part] != BANNED and space.flow[part] * way > 0:
            space.flow[part] -= way
            return head, part, way
    return -1, -1, 0  # flow is conserved: cannot be


@uncounted
def _reset(net: Net, over: Overlay, space: Space, row_count: int, first_place: int) -> None:
    for i in range(space.fill[USED]):
        space.flow[space.used[i]] = 0
        space.listed[space.used[i]] = 0
    for i in range(space.fill[KNOWN]):
        space.label[space.known[i], 2] = UNKNOWN
    for i in range(space.fill[MARKED] - 1, -1, -1):
        joint = space.marked[i]
        space.mark[joint] = space.mark_was[i]
        space.usage[joint] = 0
    for row in range(row_count - 1, -1, -1):
        if space.start[row] >= len(net.arc_offset) - 1:
            take_out(over, first_place + row)
    space.fill[:] = 0
