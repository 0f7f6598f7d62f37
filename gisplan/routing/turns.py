"""Search where bends cost money: exact, over the ways along edges instead of over nodes.

A bend belongs to two edges and not to one, so the search runs over states: an edge and the
direction in which it is run. The state graph is three to four times as large as the street graph;
use it only where a bend has a price.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.errors import InputError
from gisplan.routing.cost_graph import CostGraph, bucket_shift, whole_costs
from gisplan.routing.nearest import find_nearest
from gisplan.routing.search import NO_BOUND, Starts, Targets
from gisplan.routing.turn_kernel import lay_steps

if TYPE_CHECKING:
    from gisplan.model.grid import Flags, Floats, Integers
    from gisplan.routing.nearest import Nearest
    from gisplan.routing.street_heap_kernel import Int32s

ANY = -1
"""Edge of a start that has no direction yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BendPrices:
    """Price of a bend by its angle: of several classes the last whose angle is reached.

    Parameters
    ----------
    over_deg : float64 (classes,), rising, 0 straight on to 180 back; below the first a bend is free
    cost_cents : int64 (classes,)
    """

    over_deg: Floats
    cost_cents: Integers

    def __post_init__(self) -> None:
        """Refuse classes that are none."""
        over, cost = np.asarray(self.over_deg), np.asarray(self.cost_cents)
        rising = bool(np.all(np.diff(over) > 0)) and bool(np.all((over >= 0) & (over <= 180)))
        if over.shape != cost.shape or not rising or np.any(cost < 0):
            raise InputError(
                f"bends over {over.tolist()} degrees cost {cost.tolist()}; expected rising angles "
                "from 0 to 180 and a cost of 0 or more for each"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class BendStarts:
    """Where a search begins: an edge that the way arrives by, or ``ANY`` for no direction yet.

    Arrays of shape (starts,); ``cost_cents`` is what the way to the node costs so far. Where the
    edge is a loop, ``node`` does not tell by which end it arrives, and its last end is meant.
    """

    node: Integers
    edge: Integers
    cost_cents: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class BendGraph:
    """A street graph with bends: its states, and the steps between them as a one-way graph.

    State ``2 * edge`` runs an edge forward, ``2 * edge + 1`` backward.
    """

    graph: CostGraph
    steps: CostGraph


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """Starts as states: the caller's row of each, and whether the state's edge is on the way."""

    starts: Starts
    owner: Integers
    is_on_way: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class BentWay:
    """A way to a target: whole edges in order from a start's node, and its cost with bends."""

    target: int
    cost_cents: int
    start: int
    edges: Int32s


def straight_headings_deg(graph: CostGraph, x_m: Floats, y_m: Floats) -> tuple[Floats, Floats]:
    """Return the heading of straight edges at their first and last node, each (edges,)."""
    east = np.asarray(x_m)[graph.edge_to] - np.asarray(x_m)[graph.edge_from]
    north = np.asarray(y_m)[graph.edge_to] - np.asarray(y_m)[graph.edge_from]
    heading: Floats = np.degrees(np.arctan2(north, east))
    return heading, heading


def build_bend_graph(
    graph: CostGraph, first_deg: Floats, last_deg: Floats, prices: BendPrices
) -> BendGraph:
    """Return a graph whose ways pay for their bends.

    Parameters
    ----------
    first_deg, last_deg : float64 (edges,)
        Heading of each edge where it leaves its first node and where it arrives at its last.

    Raises
    ------
    InputError
        If there is not one finite heading for each edge, or a bend and an edge cost too much.
    """
    ends = np.column_stack([first_deg, last_deg]).astype(np.float64)
    if ends.shape != (graph.edge_count, 2) or not np.isfinite(ends).all():
        raise InputError(
            f"headings have shape {ends.shape} or are not finite; expected two numbers in degrees "
            f"for each of {graph.edge_count} edges"
        )
    tail, head, cost = lay_steps(
        graph.arcs,
        graph.edge_from,
        graph.edge_to,
        graph.edge_cost,
        np.column_stack([ends[:, 0], ends[:, 1] + 180]).reshape(-1),
        np.column_stack([ends[:, 1], ends[:, 0] + 180]).reshape(-1),
        np.asarray(prices.over_deg, np.float64),
        np.asarray(prices.cost_cents, np.int64),
    )
    return BendGraph(
        graph=graph, steps=_one_way_graph(tail, head, whole_costs(cost, len(tail)), graph)
    )


def find_nearest_with_bends(
    bends: BendGraph,
    starts: BendStarts,
    target_node: Integers,
    k: int,
    *,
    bound_cents: int = NO_BOUND,
) -> tuple[BentWay, ...]:
    """Return the ways to the ``k`` target nodes that are cheapest to reach, bends included.

    Of equal costs the lower row of ``target_node`` comes first.

    Raises
    ------
    InputError
        If a start or a target is not in the graph.
    """
    wanted = np.asarray(target_node, dtype=np.int64)
    graph = bends.graph
    state, at = _arrivals(graph, wanted)
    targets = Targets.none(2 * graph.edge_count).with_places(
        state, at, np.zeros(len(state), dtype=np.int64)
    )
    begun = _begun(graph, starts, wanted)
    found = find_nearest(bends.steps, begun.starts, targets, k, bound_cents=bound_cents)
    return tuple(
        _bent_way(bends, begun, found, rank, int(wanted[target - 2 * graph.edge_count]))
        for rank, target in enumerate(found.target.tolist())
        if target >= 0
    )


def _one_way_graph(tail: Int32s, head: Int32s, cost: Int32s, graph: CostGraph) -> CostGraph:
    offset = np.searchsorted(tail, np.arange(2 * graph.edge_count + 1)).astype(np.int32)
    return CostGraph(
        arc_offset=offset,
        arc=np.column_stack([head, cost]),
        arc_edge=np.arange(len(tail), dtype=np.int32),
        edge_from=tail,
        edge_to=head,
        edge_cost=cost,
        bucket_shift=bucket_shift(cost),
    )


def _arrivals(graph: CostGraph, node: Integers) -> tuple[Integers, Integers]:
    """Return the states that end at each of the nodes, and the row of its node."""
    if len(node) and not 0 <= int(node.min()) <= int(node.max()) < graph.node_count:
        raise InputError(f"a target is not there; expected nodes 0 to {graph.node_count - 1}")
    state, row = _departures(graph, node)
    return state ^ 1, row


def _departures(graph: CostGraph, node: Integers) -> tuple[Integers, Integers]:
    """Return the states that begin at each of the nodes, and the row of its node."""
    first = graph.arc_offset[node].astype(np.int64)
    count = graph.arc_offset[node + 1] - first
    row = np.repeat(np.arange(len(node)), count)
    step = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    arc = first[row] + step
    edge = graph.arc_edge[arc].astype(np.int64)
    is_second = (step > 0) & (graph.arc_edge[np.maximum(arc - 1, 0)] == edge)
    is_backward = np.where(
        graph.edge_from[edge] == graph.edge_to[edge],
        is_second,
        graph.edge_from[edge] != node[row],
    )
    return 2 * edge + is_backward, row


def _begun(graph: CostGraph, starts: BendStarts, wanted: Integers) -> _Begun:
    """Return the states that begin at starts, those that arrive there, and targets met at once."""
    node = np.asarray(starts.node, dtype=np.int64)
    edge, cost = np.asarray(starts.edge, np.int64), np.asarray(starts.cost_cents, np.int64)
    if len(node) and not 0 <= int(node.min()) <= int(node.max()) < graph.node_count:
        raise InputError(f"a start is not there; expected nodes 0 to {graph.node_count - 1}")
    free = np.flatnonzero((edge == ANY) & (cost >= 0))
    led = np.flatnonzero((edge != ANY) & (cost >= 0))
    state, row = _departures(graph, node[free])
    step_cost = graph.edge_cost[state >> 1].astype(np.int64)
    paid = np.where(step_cost >= 0, cost[free][row] + step_cost, -1)
    arrived = 2 * edge[led] + (graph.edge_to[edge[led]] != node[led])
    here, target = np.nonzero(node[:, None] == wanted[None, :])
    return _Begun(
        starts=Starts.at(
            np.concatenate([state, arrived, 2 * graph.edge_count + target]),
            np.concatenate([paid, cost[led], cost[here]]),
        ),
        owner=np.concatenate([free[row], led, here]),
        is_on_way=np.arange(len(state) + len(led) + len(here)) < len(state),
    )


def _bent_way(bends: BendGraph, begun: _Begun, found: Nearest, rank: int, target: int) -> BentWay:
    start = int(found.start[rank])
    edges = bends.steps.edge_to[found.way(rank)] >> 1
    if begun.is_on_way[start]:
        edges = np.concatenate([begun.starts.node[start : start + 1] >> 1, edges])
    return BentWay(
        target=target,
        cost_cents=int(found.cost_cents[rank]),
        start=int(begun.owner[start]),
        edges=edges.astype(np.int32),
    )
