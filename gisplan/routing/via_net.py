"""A priced graph with working memory for trees of cheapest ways between places on it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Self

import numpy as np

from gisplan.routing.disjoint.flow import net_of
from gisplan.routing.disjoint.flow_overlay_kernel import (
    Net,
    Overlay,
    cost_of,
    length_of,
    put_in,
    span,
    tail_of,
    take_out,
)
from gisplan.routing.disjoint.result import Route
from gisplan.routing.disjoint.routes import edges_to_avoid
from gisplan.routing.places import whole_part_costs
from gisplan.routing.via_kernel import SETTLED, UNSEEN, Dues, Tree, enter, forget, grow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gisplan.model.grid import Floats, Integers
    from gisplan.routing.cost_graph import CostGraph
    from gisplan.routing.layout_kernel import Int32s
    from gisplan.routing.places import Places

LEAST_ROOM = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """States at which a way begins or ends, and what that costs, by row."""

    state: Integers
    cost_cents: Integers


@dataclass(slots=True, kw_only=True)
class WaySpace:
    """Working memory of one query; ``settle`` gives it back as it was.

    States are nodes, then places; ``used`` places have been put in so far.
    """

    net: Net
    over: Overlay
    dues: Dues
    trees: tuple[Tree, Tree, Tree]
    seen: Int32s
    room: int
    placed: list[int]
    barred: list[int]
    routed: list[int]

    def put_in(self, places: Places) -> Ends:
        """Put places into the graph for this query."""
        part_cost = whole_part_costs(places)
        state = places.node.astype(np.int64)
        for row in np.flatnonzero(state < 0).tolist():
            place = len(self.placed)
            edge, share = int(places.edge[row]), float(places.share[row])
            first, last = part_cost[row].tolist()
            put_in(self.net, self.over, place, edge, share, first, last)
            self.placed.append(place)
            state[row] = len(self.net.arc_offset) - 1 + place
        return Ends(state=state, cost_cents=places.cost_cents.astype(np.int64))

    def parts_of(self, edge: int) -> list[int]:
        """Return the parts of an edge in order."""
        parts, place = [edge], int(self.over.cut[edge, 0])
        while place >= 0:
            parts.append(len(self.net.edge_from) + place)
            place = int(self.over.link[place, 2])
        return parts

    def bar(self, edges: Integers) -> None:
        """Forbid edges with all their parts; all places must be in by then."""
        parts = [part for edge in edges.tolist() for part in self.parts_of(edge)]
        self.dues.banned[parts] = 1
        self.barred.extend(parts)

    def mark(self, parts: Integers, route: int) -> None:
        """Note that a route lies in parts."""
        self.dues.used[parts] |= 1 << route
        self.routed.extend(parts.tolist())

    def seed(self, tree: Tree, ends: Ends) -> None:
        """Begin a tree anew; its seeds are the rows of the ends."""
        forget(tree)
        pairs = zip(ends.state.tolist(), ends.cost_cents.tolist(), strict=True)
        for row, (state, cost) in enumerate(pairs):
            enter(tree, state, cost, -1, -2 - row)

    def grow(self, tree: Tree, goals: Ends, *, factor: float = 0.0, stretch: float = 1.0) -> int:
        """Grow a tree to ``stretch`` times the least cost to a goal; return that cost."""
        state = goals.state.astype(np.int32)
        cost = goals.cost_cents
        return grow(self.net, self.over, self.dues, factor, tree, state, cost, stretch, False)

    def reach(self, tree: Tree, states: Integers) -> None:
        """Grow a tree until all of some states are settled, or nothing is left."""
        state = np.unique(states).astype(np.int32)
        cost = np.zeros(len(state), np.int64)
        grow(self.net, self.over, self.dues, 0.0, tree, state, cost, 1.0, True)

    def way_to(self, tree: Tree, state: int) -> tuple[int, list[int], list[int]]:
        """Return the seed row, the states and the parts of the way to a settled state."""
        states, parts = [state], []
        while tree.via[state, 0] >= 0:
            parts.append(int(tree.via[state, 1]))
            state = int(tree.via[state, 0])
            states.append(state)
        return -2 - int(tree.via[state, 1]), states[::-1], parts[::-1]

    def route(
        self, start: int, target: int, states: list[int], parts: list[int], end_cost: int
    ) -> Route:
        """Return a route by its states and parts; ``end_cost`` is what both ends cost."""
        spans = [span(self.net, self.over, part) for part in parts]
        ahead = [
            tail_of(self.net, part) == state for part, state in zip(parts, states, strict=False)
        ]
        share = [(a, b) if way else (b, a) for (_, a, b), way in zip(spans, ahead, strict=True)]
        return Route(
            start=start,
            target=target,
            edge=np.array([edge for edge, _, _ in spans], np.int64),
            share_from=np.array([a for a, _ in share], np.float64),
            share_to=np.array([b for _, b in share], np.float64),
            cost_cents=end_cost + sum(int(cost_of(self.net, self.over, p)) for p in parts),
            length_m=sum(float(length_of(self.net, self.over, p)) for p in parts),
        )

    def settle(self) -> None:
        """Forget everything that the query did."""
        for tree in self.trees:
            forget(tree)
        self.dues.banned[self.barred] = 0
        self.dues.used[self.routed] = 0
        for place in self.placed[::-1]:
            take_out(self.over, place)
        self.placed, self.barred, self.routed = [], [], []


@dataclass(frozen=True, slots=True, kw_only=True)
class WayNet:
    """A priced graph, ready for queries of several threads that never change it."""

    graph: CostGraph
    net: Net
    _free: SimpleQueue[WaySpace] = field(default_factory=SimpleQueue)

    @classmethod
    def build(cls, graph: CostGraph, edge_length_m: Floats) -> Self:
        """Return a net.

        Raises
        ------
        InputError
            If a length is none.
        """
        return cls(graph=graph, net=net_of(graph, edge_length_m))

    @contextmanager
    def workspace(self, place_count: int) -> Iterator[WaySpace]:
        """Lend working memory with room for so many places in mid-edge."""
        space = self._take(place_count)
        yield space  # after an error the memory is not what it was: it is dropped
        space.settle()
        self._free.put(space)

    def edges_to_avoid(self, edges: Integers) -> Integers:
        """Return edges to avoid, all of which the graph holds."""
        return edges_to_avoid(edges, self.graph).astype(np.int64)

    def _take(self, place_count: int) -> WaySpace:
        try:
            space = self._free.get_nowait()
        except Empty:
            return _new_space(self.net, max(place_count, LEAST_ROOM))
        return space if space.room >= place_count else _new_space(self.net, place_count)


def settled_count(tree: Tree) -> int:
    """Return how many states a tree has settled."""
    return int(tree.fill[SETTLED])


def _new_space(net: Net, room: int) -> WaySpace:
    nodes, edges = len(net.arc_offset) - 1, len(net.edge_from)
    return WaySpace(
        net=net,
        over=Overlay(
            cut=np.full((edges, 2), -1, np.int32),
            link=np.full((room, 3), -1, np.int32),
            share=np.zeros(room),
            cost=np.zeros((room, 2), np.int64),
        ),
        dues=Dues(banned=np.zeros(edges + room, np.uint8), used=np.zeros(edges + room, np.int32)),
        trees=(
            _new_tree(nodes, edges, room),
            _new_tree(nodes, edges, room),
            _new_tree(nodes, edges, room),
        ),
        seen=np.zeros(nodes + room, np.int32),
        room=room,
        placed=[],
        barred=[],
        routed=[],
    )


def _new_tree(nodes: int, edges: int, room: int) -> Tree:
    states, arcs = nodes + room, 2 * (edges + room) + nodes + room
    return Tree(
        label=np.full(states, UNSEEN, np.int64),
        via=np.empty((states, 2), np.int32),
        rank=np.full(states, -1, np.int32),
        touched=np.empty(states, np.int32),
        order=np.empty(states, np.int32),
        key=np.empty((arcs, 2), np.int64),
        heap_state=np.empty(arcs, np.int32),
        fill=np.zeros(4, np.int64),
    )
