# ruff: noqa: PLR0917  (kernels take arrays by position)
"""Kernel that sends a unit along the path found and splits nodes that nobody else may use.

Invariants
- A node is split when flow first runs through it, and stays split until the query is over.
- A unit that is taken stays taken: later paths may move it to another target row only.
"""

from __future__ import annotations

from gisplan.routing.disjoint.flow_overlay_kernel import Net, Overlay, head_of, tail_of
from gisplan.routing.disjoint.flow_state_kernel import (
    IS_MIXED,
    IS_OPEN,
    IS_SPLIT,
    IS_START,
    USED,
    Ask,
    Space,
    Starts,
    base_of,
    know,
    remark,
)
from gisplan.routing.uncounted_kernel import merged


@merged
def add_flow(net: Net, over: Overlay, space: Space, part: int, way: int) -> None:
    """Add a unit to a part in a direction."""
    space.flow[part] += way
    if not space.listed[part]:
        space.listed[part] = 1
        space.used[space.fill[USED]] = part
        space.fill[USED] += 1
    remark(space, tail_of(net, part), IS_MIXED)
    remark(space, head_of(net, over, part), IS_MIXED)


@merged
def pass_node(space: Space, ask: Ask, joint: int) -> None:
    """Split a node that the first unit runs through, if no other may."""
    if not ask.node_disjoint or space.mark[joint] & (IS_OPEN | IS_SPLIT):
        return
    space.usage[joint] = 1
    remark(space, joint, IS_SPLIT | IS_MIXED)
    know(space, joint + base_of(ask), space.label[joint, 2], space.label[joint, 3])


@merged
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
