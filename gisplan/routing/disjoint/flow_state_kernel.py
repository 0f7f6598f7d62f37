# ruff: noqa: PLR0917  (kernels take arrays by position)
"""States of the successive shortest paths: how they are numbered, marked, labelled and relaxed.

States, in this order: nodes, places in mid-edge, units of the targets, exits (units of the starts),
and, where nodes are shared by nobody, a second copy of all of them: the way out of a node whose own
number is then the way in.

Invariants
- Costs are pairs (shared metres, cost), compared in that order; sharing makes every further unit
  dearer, so the cost of a part is convex and shortest augmenting paths stay optimal.
- A state gets its potential when it is first touched (minus its lower bound of the cost to go, 0
  without bounds); what a query has touched is listed and nothing else is reset.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gisplan.model.grid import Codes, Integers
from gisplan.routing.disjoint.flow_bound_kernel import NOWHERE
from gisplan.routing.disjoint.flow_heap_kernel import push
from gisplan.routing.disjoint.flow_overlay_kernel import Net, Overlay, cost_of, length_of, step
from gisplan.routing.layout_kernel import Int32s
from gisplan.routing.uncounted_kernel import merged, whole

if TYPE_CHECKING:
    from gisplan.model.grid import Floats

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


@merged
def base_of(ask: Ask) -> int:
    """Return the number of states without the copies of split nodes."""
    return ask.joints + ask.units + ask.exits


@merged
def lower_bound(guide: Guide, state: int) -> int:
    """Return the least cost to go from a state as the guide knows it."""
    if state >= len(guide.bound):
        return 0
    if guide.bound[state, 2] == guide.first_unit:
        dearer = whole(guide.bound[state, 0]) + guide.extra
        return whole(min(guide.bound[state, 1], dearer))
    return whole(guide.bound[state, 0])


@merged
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


@merged
def know(space: Space, state: int, metres: int, cost: int) -> None:
    """Give a state its potential and list it for the reset."""
    space.label[state, 2], space.label[state, 3] = metres, cost
    space.known[space.fill[KNOWN]] = state
    space.fill[KNOWN] += 1


@merged
def remark(space: Space, joint: int, bits: int) -> None:
    """Add bits to the mark of a node or place and remember what it was."""
    old = space.mark[joint]
    if old | bits == old:
        return
    space.marked[space.fill[MARKED]] = joint
    space.mark_was[space.fill[MARKED]] = old
    space.fill[MARKED] += 1
    space.mark[joint] = old | bits


@merged
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


@merged
def marginal(net: Net, over: Overlay, ask: Ask, part: int, unit: int) -> tuple[int, int]:
    """Return metres and cost of one unit (1, 2, ...) on a part."""
    cost = cost_of(net, over, part)
    if unit < 2:
        return 0, cost
    if ask.sharing == PRICED:
        return 0, cost + round(length_of(net, over, part) * ask.price_per_m)
    return max(1, round(length_of(net, over, part) * 1000.0)) << NODE_BITS, cost


@merged
def node_marginal(ask: Ask, unit: int) -> tuple[int, int]:
    """Return the cost of one unit (1, 2, ...) through a node that nobody should share."""
    if unit < 2:
        return 0, 0
    return (0, ask.price_per_node) if ask.sharing == PRICED else (1, 0)


@merged
def way_out(space: Space, base: int, joint: int) -> int:
    """Return the state from which a node is left."""
    return joint + base if space.mark[joint] & IS_SPLIT else joint
