# ruff: noqa: PLR0917, PLR0912  (kernels take arrays by position and branch by kind of state)
"""Kernels that prove an answer: a cut where no further route exists, a dual bound for the cost.

Invariants
- What cannot be reached in the residual graph is cut off from what can; the taken elements on that
  cut are as many as the units found, which proves that there are no more.
- The lower bound is the value of the dual solution that the potentials stand for; reduced costs
  below 0 stand at saturated elements only, and all of those carry flow.
"""

from __future__ import annotations

import numba
import numpy as np

from gisplan.model.grid import Integers
from gisplan.routing.disjoint.flow_overlay_kernel import Net, Overlay, head_of, span, tail_of
from gisplan.routing.disjoint.flow_state_kernel import (
    BANNED,
    BEYOND,
    KNOWN,
    USED,
    Ask,
    Rows,
    Space,
    Starts,
    base_of,
    marginal,
    node_marginal,
    way_out,
)
from gisplan.routing.layout_kernel import Int32s
from gisplan.routing.uncounted_kernel import merged, uncounted

CUT_EDGE, CUT_NODE, CUT_TARGET, CUT_EXIT = 0, 1, 2, 3


@numba.njit(cache=True, nogil=True)
def find_cut(net: Net, over: Overlay, rows: Rows, starts: Starts, space: Space, ask: Ask) -> Int32s:
    """Return what lies between the labelled states and the others, as (kind, number)."""
    cut = np.empty((space.fill[USED] + space.fill[KNOWN] + ask.exits, 2), np.int32)
    return cut[: _list_cut(net, over, rows, starts, space, ask, cut)].copy()


@uncounted
def _list_cut(
    net: Net, over: Overlay, rows: Rows, starts: Starts, space: Space, ask: Ask, cut: Int32s
) -> int:
    base, label, nodes = base_of(ask), space.label, len(net.arc_offset) - 1
    size = 0
    for i in range(space.fill[USED]):
        part = space.used[i]
        flow = space.flow[part]
        if not 0 < abs(flow) < BANNED:
            continue
        tail, head = tail_of(net, part), head_of(net, over, part)
        if flow < 0:
            tail, head = head, tail
        if label[way_out(space, base, tail), 0] != BEYOND and label[head, 0] == BEYOND:
            edge, _, _ = span(net, over, part)
            cut[size, 0], cut[size, 1] = CUT_EDGE, edge
            size += 1
    for i in range(space.fill[KNOWN]):
        state = space.known[i]
        if state >= base:
            joint = state - base
            if space.usage[joint] > 0 and label[joint, 0] != BEYOND and label[state, 0] == BEYOND:
                cut[size, 0], cut[size, 1] = CUT_NODE, joint
                if joint >= nodes:  # a place in mid-edge is named by its edge
                    cut[size, 0], cut[size, 1] = CUT_EDGE, over.link[joint - nodes, 0]
                size += 1
        elif ask.joints <= state < ask.joints + ask.units:
            row = space.taken[state - ask.joints]
            if row < 0:
                continue
            before = way_out(space, base, rows.state[row])
            if label[state, 0] != BEYOND or label[before, 0] != BEYOND:
                cut[size, 0], cut[size, 1] = CUT_TARGET, row
                size += 1
    for item in range(ask.exits):
        row = space.begun[len(starts.state) + item]
        if row >= 0:
            state = ask.joints + ask.units + item
            if label[state, 0] == BEYOND or label[starts.state[row], 0] == BEYOND:
                cut[size, 0], cut[size, 1] = CUT_EXIT, item
                size += 1
    return size


@uncounted
def _add_if_negative(proof: Integers, metres: int, cost: int) -> None:
    if metres < 0 or (metres == 0 and cost < 0):
        proof[2] += metres
        proof[3] += cost


@merged
def prove(
    net: Net,
    over: Overlay,
    rows: Rows,
    starts: Starts,
    space: Space,
    ask: Ask,
    source: Integers,
    found: int,
    proof: Integers,
) -> None:
    """Add up the flow and its dual bound: reduced costs below 0 stand at what is taken only."""
    base, label = base_of(ask), space.label
    proof[2], proof[3] = -found * source[0], -found * source[1]
    for i in range(space.fill[USED]):
        part = space.used[i]
        flow = space.flow[part]
        if not 0 < abs(flow) < BANNED:
            continue
        tail, head = tail_of(net, part), head_of(net, over, part)
        if flow < 0:
            tail, head = head, tail
        out = way_out(space, base, tail)
        for unit in range(1, abs(flow) + 1):
            metres, cost = marginal(net, over, ask, part, unit)
            proof[0] += metres
            proof[1] += cost
            metres += label[out, 2] - label[head, 2]
            cost += label[out, 3] - label[head, 3]
            _add_if_negative(proof, metres, cost)
    for i in range(space.fill[KNOWN]):
        state = space.known[i]
        if state >= base:
            joint = state - base
            for unit in range(1, space.usage[joint] + 1):
                metres, cost = node_marginal(ask, unit)
                proof[0] += metres
                proof[1] += cost
                metres += label[joint, 2] - label[state, 2]
                cost += label[joint, 3] - label[state, 3]
                _add_if_negative(proof, metres, cost)
        elif ask.joints <= state < ask.joints + ask.units:
            row = space.taken[state - ask.joints]
            if row < 0:
                continue
            proof[1] += rows.cost[row]
            out = way_out(space, base, rows.state[row])
            metres = label[out, 2] - label[state, 2]
            cost = label[out, 3] - label[state, 3] + rows.cost[row]
            _add_if_negative(proof, metres, cost)
            _add_if_negative(proof, label[state, 2], label[state, 3])
    for row in range(len(starts.state)):
        item = starts.exit[row]
        if item < 0:
            proof[1] += space.begun[row] * starts.cost[row]
        elif space.begun[len(starts.state) + item] == row:
            proof[1] += starts.cost[row]
            state, place = ask.joints + ask.units + item, starts.state[row]
            _add_if_negative(proof, source[0] - label[state, 2], source[1] - label[state, 3])
            metres = label[state, 2] - label[place, 2]
            cost = label[state, 3] - label[place, 3] + starts.cost[row]
            _add_if_negative(proof, metres, cost)
