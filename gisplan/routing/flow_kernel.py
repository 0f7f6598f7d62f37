# ruff: noqa: PLR0917, PLR0912  (kernels take arrays by position and branch by kind of state)
"""Kernels of the successive shortest paths: search, potentials, flow.

States, in this order: nodes, places in mid-edge, units of the targets, exits (units of the starts),
and, where nodes are shared by nobody, a second copy of all of them: the way out of a node whose own
number is then the way in.

Invariants
- An edge carries ``flow`` units, positive from its first to its last node. Cancelling opposed
  units never costs more, so one signed number stands for both directions of an undirected edge,
  and the residual graph of a part with flow holds only the way against it (at minus the cost of
  its last unit) and, where trenches may be shared, one more unit along it.
- Costs are pairs (shared metres, cost), compared in that order; sharing makes every further unit
  dearer, so the cost of a part is convex and shortest augmenting paths stay optimal.
- Reduced costs ``c + potential(tail) - potential(head)`` are not negative: labels are final when
  they leave the heap. The potential of the sink stays 0.
- A state gets its potential when it is first touched (minus its lower bound of the cost to go, 0
  without bounds); what a query has touched is listed and nothing else is reset.
- A node is split when flow first runs through it, and stays split until the query is over.
- A unit that is taken stays taken: later paths may move it to another target row only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gisplan.model.grid import Codes, Integers
from gisplan.routing.flow_bound_kernel import NOWHERE
from gisplan.routing.flow_heap_kernel import drop_first, push
from gisplan.routing.flow_jit_kernel import uncounted, whole
from gisplan.routing.flow_overlay_kernel import (
    Net,
    Overlay,
    cost_of,
    head_of,
    length_of,
    slots_of,
    step,
    tail_of,
)
from gisplan.routing.layout_kernel import Int32s

if TYPE_CHECKING:
    from gisplan.model.grid import Floats

if TYPE_CHECKING:
    pass

BEYOND = 1 << 61
UNKNOWN = 1 << 62
BANNED = 100  # flow of a part that may not be used
NODE_BITS = 20  # a millimetre shared weighs more than a million nodes shared
IS_MIXED, IS_TARGET, IS_SPLIT, IS_OPEN, IS_START = 1, 2, 4, 8, 16
HEAPED, TOUCHED, KNOWN, MARKED, USED = 0, 1, 2, 3, 4  # places of ``Space.fill``
NEVER, LEAST, PRICED = 0, 1, 2


class Rows(NamedTuple):
    """Target rows: the first of each state, then of each row its state, the next row, its unit."""

    first: Int32s
    state: Int32s
    next: Int32s
    unit: Int32s
    cost: Integers


class Starts(NamedTuple):
    """Start rows: state and exit (-1: as many routes as wanted), cost of beginning there."""

    state: Int32s
    exit: Int32s
    cost: Integers


class Space(NamedTuple):
    """Working memory; only what a query touched is reset after it.

    ``label`` int64 (states, 4) holds distance and potential, each as (metres, cost); ``link``
    int32 (states, 2) the state before and by what it was left: a part, -1 for none,
    ``-2 - row`` for a start or target row.
    """

    label: Integers
    link: Int32s
    mark: Codes
    usage: Int32s
    flow: Int32s
    listed: Codes
    taken: Int32s
    begun: Int32s
    key: Integers
    heap_state: Int32s
    touched: Int32s
    known: Int32s
    marked: Int32s
    mark_was: Codes
    used: Int32s
    start: Int32s
    start_exit: Int32s
    start_cost: Integers
    step: Int32s
    share: Floats
    fill: Integers


class Ask(NamedTuple):
    """What is asked: sharing of trenches, what it costs, and how states are numbered."""

    sharing: int
    price_per_m: float
    price_per_node: int
    node_disjoint: int
    joints: int  # number of nodes and places
    units: int
    exits: int


class Guide(NamedTuple):
    """Lower bounds of the cost to go, where known, once unit ``first_unit`` costs ``extra`` more.

    ``first_unit`` is -1 while no route stands.
    """

    bound: Int32s
    first_unit: int
    extra: int


@uncounted
def base_of(ask: Ask) -> int:
    """Return the number of states without the copies of split nodes."""
    return ask.joints + ask.units + ask.exits


@uncounted
def lower_bound(guide: Guide, state: int) -> int:
    """Return the least cost to go from a state as the guide knows it."""
    if state >= len(guide.bound):
        return 0
    if guide.bound[state, 2] == guide.first_unit:
        dearer = whole(guide.bound[state, 0]) + guide.extra
        return whole(min(guide.bound[state, 1], dearer))
    return whole(guide.bound[state, 0])


@uncounted
def place_bound(net: Net, over: Overlay, guide: Guide, state: int) -> int:
    """Return the least cost to go from a place of a start, over what lies beside it."""
    best = NOWHERE
    for slot in range(2):
        here, so_far, is_open = state, 0, True
        while is_open and here >= len(guide.bound):
            head, cost, _, _ = step(net, over, here, slot)
            is_open = cost >= 0
            so_far += cost
            here = head
        if is_open:
            best = min(best, so_far + lower_bound(guide, here))
    return best


@uncounted
def know(space: Space, state: int, metres: int, cost: int) -> None:
    """Give a state its potential and list it for the reset."""
    space.label[state, 2], space.label[state, 3] = metres, cost
    space.known[space.fill[KNOWN]] = state
    space.fill[KNOWN] += 1


@uncounted
def remark(space: Space, joint: int, bits: int) -> None:
    """Add bits to the mark of a node or place and remember what it was."""
    old = space.mark[joint]
    if old | bits == old:
        return
    space.marked[space.fill[MARKED]] = joint
    space.mark_was[space.fill[MARKED]] = old
    space.fill[MARKED] += 1
    space.mark[joint] = old | bits


@uncounted
def relax(
    space: Space,
    guide: Guide,
    joints: int,
    state: int,
    metres: int,
    cost: int,
    parent: int,
    by: int,
) -> None:
    """Lower the label of a state; metres and cost still lack the potential of the state."""
    label = space.label
    if label[state, 2] == UNKNOWN:
        below = lower_bound(guide, state) if state < joints else 0
        know(space, state, 0, -below)
    metres -= label[state, 2]
    cost -= label[state, 3]
    old = label[state, 0]
    if metres > old or (metres == old and cost >= label[state, 1]):
        return
    if old == BEYOND:
        space.touched[space.fill[TOUCHED]] = state
        space.fill[TOUCHED] += 1
    label[state, 0], label[state, 1] = metres, cost
    space.link[state, 0], space.link[state, 1] = parent, by
    push(space.key, space.heap_state, space.fill, metres, cost, state)


@uncounted
def marginal(net: Net, over: Overlay, ask: Ask, part: int, unit: int) -> tuple[int, int]:
    """Return metres and cost of one unit (1, 2, ...) on a part."""
    cost = cost_of(net, over, part)
    if unit < 2:
        return 0, cost
    if ask.sharing == PRICED:
        return 0, cost + round(length_of(net, over, part) * ask.price_per_m)
    return max(1, round(length_of(net, over, part) * 1000.0)) << NODE_BITS, cost


@uncounted
def node_marginal(ask: Ask, unit: int) -> tuple[int, int]:
    """Return the cost of one unit (1, 2, ...) through a node that nobody should share."""
    if unit < 2:
        return 0, 0
    return (0, ask.price_per_node) if ask.sharing == PRICED else (1, 0)


@uncounted
def way_out(space: Space, base: int, joint: int) -> int:
    """Return the state from which a node is left."""
    return joint + base if space.mark[joint] & IS_SPLIT else joint


@uncounted
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


@uncounted
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


@uncounted
def forget_labels(space: Space) -> None:
    """Forget distances; potentials stay."""
    for i in range(space.fill[TOUCHED]):
        state = space.touched[i]
        space.label[state, 0], space.label[state, 1] = BEYOND, 0
    space.fill[TOUCHED] = 0
    space.fill[HEAPED] = 0


@uncounted
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


@uncounted
def add_flow(net: Net, over: Overlay, space: Space, part: int, way: int) -> None:
    """Add a unit to a part in a direction."""
    space.flow[part] += way
    if not space.listed[part]:
        space.listed[part] = 1
        space.used[space.fill[USED]] = part
        space.fill[USED] += 1
    remark(space, tail_of(net, part), IS_MIXED)
    remark(space, head_of(net, over, part), IS_MIXED)


@uncounted
def pass_node(space: Space, ask: Ask, joint: int) -> None:
    """Split a node that the first unit runs through, if no other may."""
    if not ask.node_disjoint or space.mark[joint] & (IS_OPEN | IS_SPLIT):
        return
    space.usage[joint] = 1
    remark(space, joint, IS_SPLIT | IS_MIXED)
    know(space, joint + base_of(ask), space.label[joint, 2], space.label[joint, 3])


@uncounted
def augment(net: Net, over: Overlay, starts: Starts, space: Space, ask: Ask, goal: int) -> None:
    """Send one unit along the path that the last search found, from the goal back."""
    joints, base = ask.joints, base_of(ask)
    state, was_split = goal, False
    while True:
        parent, by = space.link[state, 0], space.link[state, 1]
        joint = state if state < base else state - base
        if joints <= joint < joints + ask.units:
            space.taken[joint - joints] = -2 - by
        was_split = joint < joints and space.mark[joint] & IS_SPLIT != 0
        if parent < 0:
            if joint < joints:
                space.begun[-2 - by] += 1
                if not was_split:
                    pass_node(space, ask, joint)
            break
        before = parent if parent < base else parent - base
        if joint < joints and before < joints:
            if joint == before:
                space.usage[joint] += 1 if state >= base else -1
            else:
                way = 1 if tail_of(net, by) == before else -1
                add_flow(net, over, space, by, way)
        elif joint < joints and before >= joints + ask.units:
            space.begun[len(starts.state) + before - joints - ask.units] = -2 - by
            remark(space, joint, IS_START)
        if joint < joints and not was_split:
            pass_node(space, ask, joint)
        state = parent
