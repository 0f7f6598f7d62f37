# ruff: noqa: PLR0917, PLR0912  (kernels take arrays by position and branch by kind of state)
"""Kernel of one shortest augmenting path: labels until a free unit is reached, then potentials.

Invariants
- An edge carries ``flow`` units, positive from its first to its last node. Cancelling opposed
  units never costs more, so one signed number stands for both directions of an undirected edge,
  and the residual graph of a part with flow holds only the way against it (at minus the cost of
  its last unit) and, where trenches may be shared, one more unit along it.
- Reduced costs ``c + potential(tail) - potential(head)`` are not negative: labels are final when
  they leave the heap. The potential of the sink stays 0.
"""

from __future__ import annotations

from gisplan.model.grid import Integers
from gisplan.routing.disjoint.flow_heap_kernel import drop_first
from gisplan.routing.disjoint.flow_overlay_kernel import Net, Overlay, slots_of, step
from gisplan.routing.disjoint.flow_state_kernel import (
    BANNED,
    BEYOND,
    HEAPED,
    IS_MIXED,
    IS_SPLIT,
    IS_START,
    IS_TARGET,
    TOUCHED,
    UNKNOWN,
    Ask,
    Guide,
    Rows,
    Space,
    Starts,
    base_of,
    marginal,
    node_marginal,
    relax,
    way_out,
)
from gisplan.routing.uncounted_kernel import merged, uncounted, whole


@merged
def search(
    net: Net,
    over: Overlay,
    rows: Rows,
    starts: Starts,
    space: Space,
    ask: Ask,
    guide: Guide,
    source: Integers,
    shared: bool,
) -> int:
    """Label states until a free unit is reached; return it, or -1 when nothing is left."""
    joints, base = ask.joints, base_of(ask)
    label, arc, heap_state = space.label, net.arc, space.heap_state
    _begin(starts, space, ask, guide, source)
    while space.fill[HEAPED] > 0:
        metres, cost, state = space.key[0, 0], space.key[0, 1], heap_state[0]
        drop_first(space.key, heap_state, space.fill)
        if label[state, 0] != metres or label[state, 1] != cost:
            continue
        joint = state if state < base else state - base
        metres += label[state, 2]
        cost += label[state, 3]
        if joint >= joints:
            if joint < joints + ask.units:
                row = space.taken[joint - joints]
                if row < 0:
                    return whole(state)
                out = way_out(space, base, rows.state[row])
                relax(space, guide, joints, out, metres, cost - rows.cost[row], state, -2 - row)
            else:
                _leave_exit(starts, space, guide, joints, state, metres, cost, ask)
            continue
        mark = space.mark[joint]
        is_node = joint < len(net.arc_offset) - 1
        if mark & (IS_MIXED | IS_SPLIT | IS_START) or not is_node:
            _leave_mixed(
                net, over, starts, space, ask, guide, state, joint, metres, cost, shared, mark
            )
        else:
            for slot in range(net.arc_offset[joint], net.arc_offset[joint + 1]):
                head, more = arc[slot, 0], arc[slot, 1]
                if more < 0:
                    continue
                if label[head, 2] != UNKNOWN:
                    to_go = metres - label[head, 2]
                    old = label[head, 0]
                    if to_go > old or (
                        to_go == old and cost + more - label[head, 3] >= label[head, 1]
                    ):
                        continue
                relax(space, guide, joints, head, metres, cost + more, state, net.arc_edge[slot])
        if mark & IS_TARGET and (state >= base or not mark & IS_SPLIT):
            row = rows.first[joint]
            while row >= 0:
                if space.taken[rows.unit[row]] != row:
                    unit = joints + rows.unit[row]
                    ahead = cost + rows.cost[row]
                    relax(space, guide, joints, unit, metres, ahead, state, -2 - row)
                row = rows.next[row]
    return -1


@merged
def _begin(starts: Starts, space: Space, ask: Ask, guide: Guide, source: Integers) -> None:
    """Lay out the starts: places that anybody may leave, and exits that nobody has used."""
    first_exit = ask.joints + ask.units
    for row in range(len(starts.state)):
        item = starts.exit[row]
        cost = source[1] + starts.cost[row]
        if item < 0:
            relax(space, guide, ask.joints, starts.state[row], source[0], cost, -1, -2 - row)
        elif space.begun[len(starts.state) + item] < 0:
            relax(space, guide, ask.joints, first_exit + item, source[0], source[1], -1, -1)


@uncounted
def _leave_exit(
    starts: Starts,
    space: Space,
    guide: Guide,
    joints: int,
    state: int,
    metres: int,
    cost: int,
    ask: Ask,
) -> None:
    item = state - joints - ask.units
    for row in range(len(starts.state)):
        if starts.exit[row] == item and space.begun[len(starts.state) + item] != row:
            ahead = cost + starts.cost[row]
            relax(space, guide, joints, starts.state[row], metres, ahead, state, -2 - row)


@uncounted
def _leave_mixed(
    net: Net,
    over: Overlay,
    starts: Starts,
    space: Space,
    ask: Ask,
    guide: Guide,
    state: int,
    joint: int,
    metres: int,
    cost: int,
    shared: bool,
    mark: int,
) -> None:
    """Leave a state at which flow, a place in mid-edge or a banned part may be."""
    base, joints = base_of(ask), ask.joints
    is_split = mark & IS_SPLIT != 0
    is_in = not is_split or state < base
    is_out = not is_split or state >= base
    if is_split:
        usage = space.usage[joint]
        if is_in and (usage == 0 or shared):
            more_m, more = node_marginal(ask, usage + 1)
            relax(space, guide, joints, joint + base, metres + more_m, cost + more, state, -1)
        elif is_out and usage > 0:
            less_m, less = node_marginal(ask, usage)
            relax(space, guide, joints, joint, metres - less_m, cost - less, state, -1)
    if is_in and mark & IS_START:
        for row in range(len(starts.state)):
            item = starts.exit[row]
            if item < 0 or starts.state[row] != joint:
                continue
            if space.begun[len(starts.state) + item] == row:
                back = cost - starts.cost[row]
                exit_state = joints + ask.units + item
                relax(space, guide, joints, exit_state, metres, back, state, -2 - row)
    first, last = slots_of(net, joint)
    for slot in range(first, last):
        head, more, part, way = step(net, over, joint, slot)
        flow = space.flow[part]
        if more < 0 or flow == BANNED:
            continue
        if flow == 0:
            if is_out:
                relax(space, guide, joints, head, metres, cost + more, state, part)
        elif flow * way > 0:
            if is_out and shared:
                more_m, dearer = marginal(net, over, ask, part, abs(flow) + 1)
                relax(space, guide, joints, head, metres + more_m, cost + dearer, state, part)
        elif is_in:
            less_m, less = 0, more
            if abs(flow) > 1:
                less_m, less = marginal(net, over, ask, part, abs(flow))
            out = way_out(space, base, head)
            relax(space, guide, joints, out, metres - less_m, cost - less, state, part)


@merged
def forget_labels(space: Space) -> None:
    """Forget distances; potentials stay."""
    for i in range(space.fill[TOUCHED]):
        state = space.touched[i]
        space.label[state, 0], space.label[state, 1] = BEYOND, 0
    space.fill[TOUCHED] = 0
    space.fill[HEAPED] = 0


@merged
def raise_potentials(space: Space, goal: int, source: Integers) -> None:
    """Move potentials by the distances found, so that the goal keeps its own."""
    label = space.label
    metres, cost = label[goal, 0], label[goal, 1]
    for i in range(space.fill[TOUCHED]):
        state = space.touched[i]
        if label[state, 0] < metres or (label[state, 0] == metres and label[state, 1] < cost):
            label[state, 2] += label[state, 0] - metres
            label[state, 3] += label[state, 1] - cost
    source[0] -= metres
    source[1] -= cost
