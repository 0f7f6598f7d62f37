# ruff: noqa: PLR0917  (kernels take arrays by position)
"""Kernel of one query: starts laid out, units sent one by one, routes, proof, reset.

Invariants
- Everything that a query changes in ``Overlay`` and ``Space`` is changed back at its end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np

from gisplan.model.grid import Integers
from gisplan.routing.disjoint.flow_augment_kernel import augment
from gisplan.routing.disjoint.flow_guide_kernel import (
    best_start,
    follow_hops,
    nothing_within_reach,
    set_potentials,
    tightened,
)
from gisplan.routing.disjoint.flow_overlay_kernel import Net, Overlay, put_in, take_out
from gisplan.routing.disjoint.flow_proof_kernel import CUT_TARGET, find_cut, prove
from gisplan.routing.disjoint.flow_search_kernel import forget_labels, raise_potentials, search
from gisplan.routing.disjoint.flow_state_kernel import (
    BANNED,
    BEYOND,
    IS_MIXED,
    IS_OPEN,
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
    remark,
)
from gisplan.routing.disjoint.flow_trace_kernel import Found, trace
from gisplan.routing.layout_kernel import Int32s
from gisplan.routing.uncounted_kernel import merged, whole

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
        if nothing_within_reach(net, over, starts, guide):
            limit = 0
        elif ask.exits == 0 and len(banned) == 0:
            row = best_start(net, over, starts, guide)
    if row >= 0:
        unit, extra = tightened(net, over, starts, guide, row)
        guide = Guide(bound, unit, extra)
        found = 1 if unit >= 0 else 0
    set_potentials(net, over, starts, space, ask, guide, source)
    if found == 1:
        follow_hops(net, over, rows, starts, space, ask, guide, row)
    shared = ask.sharing == PRICED
    cut = np.empty((0, 2), np.int32)
    last_cut = cut
    if (
        found == 1
        and wanted > 1
        and nothing_within_reach(net, over, starts, Guide(bound, guide.first_unit, BEYOND))
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
    answer = trace(net, over, rows, starts, space, found, cut, last_cut, proof)
    _reset(net, over, space, row_count, first_place)
    return answer


@merged
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


@merged
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


@merged
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
