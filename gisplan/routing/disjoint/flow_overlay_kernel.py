# ruff: noqa: PLR0917  (kernels take their arrays by position)
"""Kernels that walk a graph in which places stand in the middle of edges.

Invariants
- States 0 to nodes - 1 are the nodes of the graph, ``nodes + v`` is place v in the middle of an
  edge. The graph itself is never changed.
- The places of an edge form a chain from its first to its last node: ``cut[edge]`` holds the first
  and the last of them, -1 where the edge is whole; ``link[v]`` holds the edge, the place before
  and the place behind, -1 at the ends.
- Part ``edge`` runs from the edge's first node to the first place (or to the last node), part
  ``edges + v`` from place v to what is behind it. A part is walked in direction +1 or -1.
- The parts of an edge together cost no less than the edge, so that distances of the whole graph
  stay lower bounds when a place is put in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gisplan.routing.cost_graph import FORBIDDEN
from gisplan.routing.layout_kernel import Int32s
from gisplan.routing.uncounted_kernel import merged, uncounted, whole

if TYPE_CHECKING:
    from gisplan.model.grid import Floats, Integers


class Net(NamedTuple):
    """The arrays of a ``CostGraph`` and the length of its edges in metres."""

    arc_offset: Int32s
    arc: Int32s
    arc_edge: Int32s
    edge_from: Int32s
    edge_to: Int32s
    edge_cost: Int32s
    edge_length_m: Floats


class Overlay(NamedTuple):
    """Places in the middle of edges.

    ``cut`` int32 (edges, 2); ``link`` int32 (places, 3); ``share`` float64 (places,) from the
    edge's first node; ``cost`` int64 (places, 2) from the first and from the last node.
    """

    cut: Int32s
    link: Int32s
    share: Floats
    cost: Integers


@merged
def slots_of(net: Net, state: int) -> tuple[int, int]:
    """Return the range of slots by which a state is left."""
    if state >= len(net.arc_offset) - 1:
        return 0, 2
    return net.arc_offset[state], net.arc_offset[state + 1]


@merged
def step(net: Net, over: Overlay, state: int, slot: int) -> tuple[int, int, int, int]:
    """Return head, cost, part and direction of one way out of a state."""
    nodes = len(net.arc_offset) - 1
    if state >= nodes:
        return _step_from_place(net, over, state - nodes, slot)
    edge = net.arc_edge[slot]
    head = net.arc[slot, 0]
    forward = net.edge_from[edge] == state
    if forward and head == state and slot > net.arc_offset[state]:
        forward = net.arc_edge[slot - 1] != edge  # the second arc of a loop runs backwards
    first = over.cut[edge, 0]
    if first < 0:
        return head, net.arc[slot, 1], edge, (1 if forward else -1)
    if forward:
        return nodes + first, over.cost[first, 0], edge, 1
    last = over.cut[edge, 1]
    return nodes + last, over.cost[last, 1], len(net.edge_from) + last, -1


@uncounted
def _step_from_place(net: Net, over: Overlay, here: int, slot: int) -> tuple[int, int, int, int]:
    nodes, edges = len(net.arc_offset) - 1, len(net.edge_from)
    edge, before, behind = over.link[here, 0], over.link[here, 1], over.link[here, 2]
    if slot == 0:
        if before < 0:
            return net.edge_from[edge], over.cost[here, 0], edge, -1
        return nodes + before, between(over, before, here), edges + before, -1
    if behind < 0:
        return net.edge_to[edge], over.cost[here, 1], edges + here, 1
    return nodes + behind, between(over, here, behind), edges + here, 1


@uncounted
def between(over: Overlay, before: int, behind: int) -> int:
    """Return the cost from one place to the next one on the same edge."""
    if over.cost[before, 0] >= 0 and over.cost[behind, 0] >= 0:
        return whole(max(0, over.cost[behind, 0] - over.cost[before, 0]))
    if over.cost[before, 1] >= 0 and over.cost[behind, 1] >= 0:
        return whole(max(0, over.cost[before, 1] - over.cost[behind, 1]))
    return FORBIDDEN


@merged
def tail_of(net: Net, part: int) -> int:
    """Return the state at which a part begins."""
    edges = len(net.edge_from)
    return whole(net.edge_from[part] if part < edges else len(net.arc_offset) - 1 + part - edges)


@merged
def head_of(net: Net, over: Overlay, part: int) -> int:
    """Return the state at which a part ends."""
    nodes, edges = len(net.arc_offset) - 1, len(net.edge_from)
    if part < edges:
        first = over.cut[part, 0]
        return whole(net.edge_to[part] if first < 0 else nodes + first)
    edge, behind = over.link[part - edges, 0], over.link[part - edges, 2]
    return whole(net.edge_to[edge] if behind < 0 else nodes + behind)


@merged
def span(net: Net, over: Overlay, part: int) -> tuple[int, float, float]:
    """Return the edge of a part and the shares at which it begins and ends."""
    edges = len(net.edge_from)
    if part < edges:
        first = over.cut[part, 0]
        return part, 0.0, (1.0 if first < 0 else over.share[first])
    place = part - edges
    behind = over.link[place, 2]
    end = 1.0 if behind < 0 else over.share[behind]
    return over.link[place, 0], over.share[place], end


@merged
def length_of(net: Net, over: Overlay, part: int) -> float:
    """Return the length of a part in metres."""
    edge, start, end = span(net, over, part)
    length_m: float = (end - start) * net.edge_length_m[edge]
    return length_m


@merged
def cost_of(net: Net, over: Overlay, part: int) -> int:
    """Return the cost of a part."""
    edges = len(net.edge_from)
    if part < edges:
        first = over.cut[part, 0]
        return whole(net.edge_cost[part] if first < 0 else over.cost[first, 0])
    place = part - edges
    behind = over.link[place, 2]
    return whole(over.cost[place, 1] if behind < 0 else between(over, place, behind))


@uncounted
def put_in(
    net: Net, over: Overlay, place: int, edge: int, share: float, from_first: int, from_last: int
) -> None:
    """Put a place into the chain of its edge, behind those of the same share."""
    before, behind = -1, over.cut[edge, 0]
    while behind >= 0 and over.share[behind] <= share:
        before, behind = behind, over.link[behind, 2]
    over.link[place, 0], over.link[place, 1], over.link[place, 2] = edge, before, behind
    over.share[place] = share
    rest = net.edge_cost[edge] - from_first
    if before >= 0:
        rest = over.cost[before, 1] - max(0, from_first - over.cost[before, 0])
    over.cost[place, 0] = from_first
    over.cost[place, 1] = max(from_last, rest) if from_last >= 0 and from_first >= 0 else from_last
    if before < 0:
        over.cut[edge, 0] = place
    else:
        over.link[before, 2] = place
    if behind < 0:
        over.cut[edge, 1] = place
    else:
        over.link[behind, 1] = place


@uncounted
def take_out(over: Overlay, place: int) -> None:
    """Take a place out of the chain of its edge."""
    edge, before, behind = over.link[place, 0], over.link[place, 1], over.link[place, 2]
    if before < 0:
        over.cut[edge, 0] = behind
    else:
        over.link[before, 2] = behind
    if behind < 0:
        over.cut[edge, 1] = before
    else:
        over.link[behind, 1] = before
