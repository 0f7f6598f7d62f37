"""One search over a cost graph: targets come out in order of cost, batch by batch, with their ways.

A search begins at ``Starts`` (nodes with the cost so far; a place in the middle of an edge is two
starts, one for each end of the edge) and meets ``Targets`` (nodes, and places in the middle of
edges, which the graph need not know). It touches no more of the graph than it must, whatever the
graph's size, and can be resumed.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.errors import InputError
from gisplan.routing.cost_graph import LARGEST_COST
from gisplan.routing.street_heap_kernel import HAS_PLACES, LABEL, NODE_TARGET, VIA, TargetArrays
from gisplan.routing.street_kernel import find_stray, lay_start, next_targets
from gisplan.routing.way_kernel import walk_back, way_lengths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gisplan.model.grid import Codes, Flags, Floats, Integers
    from gisplan.routing.cost_graph import CostGraph
    from gisplan.routing.street_heap_kernel import Int32s, Int64s, Memory

NO_BOUND = int(np.int64(1) << 59)
LARGEST_START = NO_BOUND >> 1
LARGEST_PLACE = 1 << 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Starts:
    """Where a search begins: nodes, what each costs and how long the way there is already.

    Arrays of shape (starts,). ``seed`` tells what a start stands for, because a place in the middle
    of an edge is two starts; a way names the seed that it comes from.
    """

    node: Int64s
    cost_cents: Int64s
    length_m: Floats
    seed: Integers

    def __len__(self) -> int:
        return len(self.node)

    @classmethod
    def at(
        cls,
        node: Integers,
        cost_cents: Integers | None = None,
        *,
        length_m: Floats | None = None,
        seed: Integers | None = None,
    ) -> Starts:
        """Return starts; they cost nothing, have no length and are their own seeds by default.

        A negative cost is no start: its row is left out of the search and keeps its number.

        Raises
        ------
        InputError
            If the arrays differ in length or a cost is too large.
        """
        at = _whole("start's node", node)
        count = len(at)
        cost = np.zeros(count, np.int64) if cost_cents is None else _whole("start", cost_cents)
        length = np.zeros(count) if length_m is None else np.array(length_m, np.float64)
        own = np.arange(count) if seed is None else _whole("start's seed", seed)
        if not count == len(cost) == len(length) == len(own):
            raise InputError(
                f"starts have {count} nodes, {len(cost)} costs, {len(length)} lengths and "
                f"{len(own)} seeds; expected one of each for every start"
            )
        if cost_cents is not None:
            _check_most("start", cost, LARGEST_START)
        return cls(node=at, cost_cents=cost, length_m=length, seed=own)


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What a search looks for: nodes, and places that hang at one or two nodes.

    A place has the number ``node_count`` + its row wherever a search tells what it met, and may be
    a start's node too (the part of an edge between a start and a place on the same edge). Make
    targets once and use them for many searches.
    """

    arrays: TargetArrays
    place_count: int
    place_row: Int32s

    @classmethod
    def none(cls, node_count: int) -> Targets:
        """Return no targets at all."""
        return cls.at_nodes(np.zeros(node_count, np.uint8))

    @classmethod
    def at_nodes(cls, is_target: Codes | Flags) -> Targets:
        """Return the nodes that are flagged, an array of shape (nodes,)."""
        flag = (np.asarray(is_target) != 0).astype(np.uint8) * np.uint8(NODE_TARGET)
        nothing = np.zeros(0, dtype=np.int32)
        return cls(
            arrays=TargetArrays(flag, nothing, nothing, nothing),
            place_count=0,
            place_row=nothing,
        )

    def with_places(self, node: Integers, place: Integers, cost_cents: Integers) -> Targets:
        """Return these targets and places, each joined to a node by a row of the arrays.

        Parameters
        ----------
        node, place, cost_cents : int (rows,)
            The node that the place hangs at, the number of the place from 0, and what lies between.
            A place in the middle of an edge has two rows; a negative cost is no way there.

        Raises
        ------
        InputError
            If the arrays differ in length, or a number or cost is out of range.
        """
        if not len(node) == len(place) == len(cost_cents):
            raise InputError(
                f"places have {len(node)} nodes, {len(place)} numbers and {len(cost_cents)} costs; "
                "expected one of each for every row"
            )
        if self.place_count:
            raise InputError("these targets have places already; give all places at once")
        if len(place) and int(np.max(place)) > LARGEST_PLACE:
            raise InputError(
                f"the number of a place is {np.max(place)}; expected at most {LARGEST_PLACE}"
            )
        for name, values in (("place", place), ("place's node", node)):
            if len(values) and int(np.min(values)) < 0:
                raise InputError(f"the number of a {name} is {np.min(values)}; expected 0 or more")
        if len(node) and int(np.max(node)) >= len(self.arrays.flag):
            raise InputError(
                f"a place hangs at node {np.max(node)}; expected 0 to {len(self.arrays.flag) - 1}"
            )
        _check_most("place", _whole("place", cost_cents), LARGEST_COST)
        kept = np.flatnonzero(np.asarray(cost_cents) >= 0)
        row = kept[np.argsort(np.asarray(node)[kept], kind="stable")]
        at = np.asarray(node)[row].astype(np.int32)
        flag = self.arrays.flag.copy()
        flag[at] |= HAS_PLACES
        offset = np.searchsorted(at, np.arange(len(flag) + 1)).astype(np.int32)
        number = np.asarray(place)[row].astype(np.int32)
        cost = np.asarray(cost_cents)[row].astype(np.int32)
        return Targets(
            arrays=TargetArrays(flag, offset, number, cost),
            place_count=int(np.max(place)) + 1 if len(place) else 0,
            place_row=row.astype(np.int32),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CorridorPath:
    """A way from a seed to a node or place: whole edges in order from ``first_node`` on."""

    seed: int
    first_node: int
    edges: Integers
    cost_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A running search; ``next_nodes`` resumes it, ``path_to`` explains a target that was met."""

    graph: CostGraph
    memory: Memory
    starts: Starts
    targets: Targets

    def next_nodes(self, limit: int, bound_cents: int = NO_BOUND) -> Integers:
        """Return the next targets in order of cost, none that costs the bound or more.

        Equal costs come in the order of their numbers, places after nodes. Fewer than ``limit``
        mean that nothing below the bound is left.
        """
        met = next_batch(self.graph, self.memory, self.targets, limit=limit, bound=bound_cents)
        return met.astype(np.int64)

    def cost_cents(self, nodes: Integers) -> Integers:
        """Return the cost of targets that were met."""
        cost: Integers = self.memory.record[nodes, LABEL]
        return cost

    def length_m(self, nodes: Integers, edge_length_m: Floats) -> Floats:
        """Return the length of the ways to targets that were met, in metres.

        That is the length of their start and of whole edges; what lies between the last node and a
        place in the middle of an edge is the caller's to add.
        """
        at = np.array(nodes, dtype=np.int64)
        return way_lengths(self.graph.arcs, edge_length_m, self.starts.length_m, self.memory, at)

    def path_to(self, node: int) -> CorridorPath:
        """Return the cheapest way to a target that was met."""
        start, edges = walk_back(self.graph.arcs, self.memory, node)
        return CorridorPath(
            seed=int(self.starts.seed[start]),
            first_node=int(self.starts.node[start]),
            edges=edges.astype(np.int64),
            cost_cents=int(self.memory.record[node, LABEL]),
        )

    def last_row(self, place: int) -> int:
        """Return by which row of ``with_places`` the way arrives at a place; -1 at a start."""
        row = int(self.memory.link[place, VIA])
        return int(self.targets.place_row[row]) if row >= 0 else -1


@contextmanager
def start_search(graph: CostGraph, starts: Starts, targets: Targets) -> Iterator[Search]:
    """Lend a search whose starts are laid out and nothing else is done.

    Raises
    ------
    InputError
        If a start stands at a node or place that is not there, or the targets are those of a graph
        with another number of nodes.
    """
    with graph.workspaces.lend(graph.node_count + targets.place_count) as memory:
        place_starts(graph, memory, starts, targets)
        yield Search(graph=graph, memory=memory, starts=starts, targets=targets)


def place_starts(graph: CostGraph, memory: Memory, starts: Starts, targets: Targets) -> None:
    """Begin a search in clear memory; see ``start_search``."""
    check_targets(targets, graph.node_count)
    check_start_nodes(starts, graph.node_count + targets.place_count)
    lay_start(memory, graph.bucket_shift, starts.node, starts.cost_cents, 0, len(starts))


def check_targets(targets: Targets, node_count: int) -> None:
    """Raise where targets are those of a graph with another number of nodes."""
    if len(targets.arrays.flag) != node_count:
        raise InputError(
            f"targets are given for {len(targets.arrays.flag)} nodes; expected one flag for each "
            f"of the graph's {node_count}"
        )


def check_start_nodes(starts: Starts, node_count: int) -> None:
    """Raise where a start stands at a node that is not there."""
    stray = find_stray(starts.node, node_count)
    if stray >= 0:
        raise stray_start(starts, stray, node_count)


def stray_start(starts: Starts, row: int, node_count: int) -> InputError:
    """Return what to say of a start that stands at a node that is not there."""
    return InputError(
        f"start {row} stands at node {starts.node[row]}; expected 0 to {node_count - 1}"
    )


def next_batch(
    graph: CostGraph, memory: Memory, targets: Targets, *, limit: int, bound: int
) -> Int32s:
    """Return up to ``limit`` further targets that cost less than ``bound``."""
    met = np.empty(limit, dtype=np.int32)
    found = next_targets(
        graph.arcs, targets.arrays, memory, graph.bucket_shift, min(bound, NO_BOUND), met
    )
    return met[:found]


def _whole(what: str, values: Integers) -> Int64s:
    given = np.asarray(values)
    if given.dtype.kind not in "iu" and given.size:
        raise InputError(f"{what}s are {given.dtype} numbers; expected whole ones")
    # a copy of its own, because kernels are compiled anew for views and for read-only arrays
    return np.array(given, dtype=np.int64, ndmin=1)


def _check_most(what: str, cost: Int64s, most: int) -> None:
    if len(cost) and int(cost.max()) > most:
        row = int(np.argmax(cost))
        raise InputError(f"{what} {row} costs {cost[row]}; expected at most {most}")
