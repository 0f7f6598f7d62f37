"""Search where bends cost money: exact, over the ways along edges instead of over nodes.

A bend belongs to two edges and not to one, so the search runs over states: an edge and the
direction in which it is run. The state graph is three to four times as large as the street graph;
use it only where a bend has a price. Whoever asks sees nodes and edges only::

    bends = build_bend_graph(graph, first_deg, last_deg, prices)
    with start_bend_search(bends, starts, build_bend_targets(bends, targets)) as search:
        nodes = search.next_nodes(3)

A way may pass a node twice where a smooth loop is cheaper than the bend that it saves.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.errors import InputError
from gisplan.routing.bend_graph import turn_deg
from gisplan.routing.search import NO_BOUND, CorridorPath, Starts, Targets, start_search
from gisplan.routing.street_heap_kernel import NODE_TARGET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gisplan.model.grid import Flags, Floats, Integers
    from gisplan.routing.bend_graph import BendGraph
    from gisplan.routing.cost_graph import CostGraph
    from gisplan.routing.search import Search

ANY = -1
"""State of a start that has come along no edge yet."""
NONE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class BendStarts:
    """Where a search begins, arrays of shape (starts,); bends on the way there are in its cost.

    Parameters
    ----------
    starts
        Nodes or places, as a plain search takes them.
    state : int (starts,)
        The state that the way arrives by, or ``ANY``.
    heading_deg : float64 (starts,)
        Where the state is ``ANY``, the heading of the way that leads there, NaN for none.
    """

    starts: Starts
    state: Integers
    heading_deg: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class BendTargets:
    """Targets of a street graph as targets of its states.

    Every node is a place of the state graph, numbered as in the street graph; the places of the
    street graph follow. ``is_node`` (nodes,) flags the nodes that are looked for. ``state_row``
    tells for each row of the states which row of ``Targets.with_places`` it stands for, -1 for a
    node. The other arrays (rows,) are what a place is joined to its node by: ``row`` of
    ``with_places``, and its heading there.
    """

    targets: Targets
    is_node: Flags
    state_row: Integers
    row: Integers
    node: Integers
    place: Integers
    cost_cents: Integers
    heading_deg: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """Starts of the state graph: the caller's row of each, its first edge and its last row."""

    starts: Starts
    owner: Integers
    edge: Integers
    row: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class BendSearch:
    """A running search that pays for bends; it tells of nodes and edges as ``Search`` does."""

    bends: BendGraph
    starts: Starts
    targets: BendTargets
    states: Search
    begun: _Begun

    @property
    def graph(self) -> CostGraph:
        """The street graph."""
        return self.bends.graph

    def next_nodes(self, limit: int, bound_cents: int = NO_BOUND) -> Integers:
        """Return the next targets in order of cost, none that costs the bound or more."""
        return self.states.next_nodes(limit, bound_cents) - self._first

    def cost_cents(self, nodes: Integers) -> Integers:
        """Return the cost of targets that were met."""
        return self.states.cost_cents(np.asarray(nodes) + self._first)

    def length_m(self, nodes: Integers, edge_length_m: Floats) -> Floats:
        """Return the length of starts and whole edges on the ways to targets that were met."""
        ways = [self._way(node) for node in nodes.tolist()]
        return np.array(
            [self.starts.length_m[start] + edge_length_m[edges].sum() for start, edges in ways],
            dtype=np.float64,
        )

    def path_to(self, node: int) -> CorridorPath:
        """Return the cheapest way to a target that was met."""
        start, edges = self._way(node)
        return CorridorPath(
            seed=int(self.starts.seed[start]),
            first_node=int(self.starts.node[start]),
            edges=edges,
            cost_cents=int(self.states.cost_cents(np.array([node + self._first]))[0]),
        )

    def last_row(self, place: int) -> int:
        """Return by which row of ``with_places`` the way arrives at a place; -1 at a start."""
        row = self.states.last_row(place + self._first)
        if row >= 0:
            return int(self.targets.state_row[row])
        return int(self.begun.row[self.states.path_to(place + self._first).seed])

    @property
    def _first(self) -> int:
        return 2 * self.graph.edge_count

    def _way(self, node: int) -> tuple[int, Integers]:
        """Return the caller's start of a way, and its edges."""
        path = self.states.path_to(node + self._first)
        edges: Integers = self.bends.steps.edge_to[path.edges].astype(np.int64) >> 1
        first = int(self.begun.edge[path.seed])
        if first != NONE:
            edges = np.concatenate([[first], edges])
        return int(self.begun.owner[path.seed]), edges


def build_bend_targets(
    bends: BendGraph, targets: Targets, heading_deg: Floats | None = None
) -> BendTargets:
    """Return targets of the street graph as a search with bends takes them.

    Parameters
    ----------
    heading_deg : float64 (rows,), optional
        Heading of what lies between a node and its place, for each row of ``with_places``; NaN or
        left out where there is no bend at the node.
    """
    graph, count = bends.graph, bends.graph.node_count
    is_node = (targets.arrays.flag & NODE_TARGET) != 0
    wanted = np.flatnonzero(is_node)
    row = targets.place_row.astype(np.int64)
    hanging = np.diff(targets.arrays.offset) if len(row) else np.zeros(count, dtype=np.int64)
    node = np.repeat(np.arange(count), hanging)
    heading = np.full(len(row), np.nan) if heading_deg is None else heading_deg[row]
    cost = targets.arrays.place_cost.astype(np.int64)
    leaving, at_node = _departures(graph, wanted)
    coming, at_row = _departures(graph, node)
    turn = turn_deg(bends.arrive_deg[coming ^ 1], heading[at_row])
    joined = Targets.none(2 * graph.edge_count).with_places(
        np.concatenate([leaving ^ 1, coming ^ 1]),
        np.concatenate([wanted[at_node], count + targets.arrays.place[at_row]]),
        np.concatenate([np.zeros(len(leaving), np.int64), cost[at_row] + bends.prices.of(turn)]),
    )
    return BendTargets(
        # places that hang at no node are counted too: a way may begin there
        targets=replace(joined, place_count=count + targets.place_count),
        is_node=is_node,
        state_row=np.concatenate([np.full(len(leaving), NONE), row[at_row]]),
        row=row,
        node=node,
        place=targets.arrays.place.astype(np.int64),
        cost_cents=cost,
        heading_deg=heading,
    )


@contextmanager
def start_bend_search(
    bends: BendGraph, starts: BendStarts, targets: BendTargets
) -> Iterator[BendSearch]:
    """Lend a search whose starts are laid out and nothing else is done.

    Raises
    ------
    InputError
        If a start is not there.
    """
    begun = _begun(bends, starts, targets)
    with start_search(bends.steps, begun.starts, targets.targets) as states:
        yield BendSearch(
            bends=bends, starts=starts.starts, targets=targets, states=states, begun=begun
        )


def find_nearest_with_bends(
    bends: BendGraph,
    starts: BendStarts,
    target_node: Integers,
    k: int,
    *,
    bound_cents: int = NO_BOUND,
) -> tuple[tuple[int, CorridorPath], ...]:
    """Return the ``k`` target nodes that are cheapest to reach, bends included, and the ways there.

    Of equal costs the lower node comes first.

    Raises
    ------
    InputError
        If a start or a target is not in the graph.
    """
    wanted, count = np.asarray(target_node, dtype=np.int64), bends.graph.node_count
    if len(wanted) and not 0 <= int(wanted.min()) <= int(wanted.max()) < count:
        raise InputError(f"a target is not there; expected nodes 0 to {count - 1}")
    targets = Targets.at_nodes(np.isin(np.arange(count), wanted))
    with start_bend_search(bends, starts, build_bend_targets(bends, targets)) as search:
        met = search.next_nodes(k, bound_cents).tolist()
        return tuple((node, search.path_to(node)) for node in met)


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


def _begun(bends: BendGraph, given: BendStarts, targets: BendTargets) -> _Begun:
    """Return starts as states, and what is met at once where a way begins."""
    graph, starts = bends.graph, given.starts
    node, cost, count = starts.node, starts.cost_cents, graph.node_count
    if len(node) and not 0 <= int(node.min()) <= int(node.max()) < targets.targets.place_count:
        raise InputError(f"a start is not there; expected nodes 0 to {count - 1}, or places")
    is_begin = cost >= 0
    placed = np.flatnonzero(is_begin & (node >= count))
    led = np.flatnonzero(is_begin & (node < count) & (given.state != ANY))
    free = np.flatnonzero(is_begin & (node < count) & (given.state == ANY))
    here = free[targets.is_node[node[free]]]
    state, at = _departures(graph, node[free])
    run = graph.edge_cost[state >> 1].astype(np.int64)
    bend = bends.prices.of(turn_deg(given.heading_deg[free][at], bends.leave_deg[state]))
    begin, end = np.nonzero(node[free][:, None] == targets.node[None, :])
    last = bends.prices.of(turn_deg(given.heading_deg[free][begin], targets.heading_deg[end]))
    first = 2 * graph.edge_count
    owner = np.concatenate([placed, led, here, free[at], free[begin]])
    nothing = np.full(len(placed) + len(led) + len(here), NONE)
    return _Begun(
        starts=Starts.at(
            np.concatenate(
                [
                    first + node[placed],
                    given.state[led],
                    first + node[here],
                    state,
                    first + count + targets.place[end],
                ]
            ),
            np.concatenate(
                [
                    cost[placed],
                    cost[led],
                    cost[here],
                    np.where(run >= 0, cost[free][at] + run + bend, -1),
                    cost[free][begin] + targets.cost_cents[end] + last,
                ]
            ),
        ),
        owner=owner,
        edge=np.concatenate([nothing, state >> 1, np.full(len(begin), NONE)]),
        row=np.concatenate([nothing, np.full(len(state), NONE), targets.row[end]]),
    )
