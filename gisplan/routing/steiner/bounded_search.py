"""Rounds of dual ascent, guided trees, edges that drop out, and branching until it is proven."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from gisplan.routing.steiner.ascent_kernel import ascend, needless
from gisplan.routing.steiner.grow_kernel import grow, span
from gisplan.routing.steiner.heap_kernel import FAR
from gisplan.routing.steiner.improve_kernel import PIECES, improve
from gisplan.routing.steiner.reduction import Instance, Reduction, without_edges

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gisplan.model.grid import Integers
    from gisplan.routing.steiner.heap_kernel import Int32s, Int64s

PASSES = 12
STRIDE = 7919
"""Step from root to root; a prime, so that all terminals have their turn."""
PATIENCE = 4
"""Rounds in which nothing drops out before branching begins."""
WORTH_IT = 0.02
"""Share of edges that must drop out before the instance is reduced anew."""
PERTURBED = 0.25
"""Costs are moved by up to this share, to grow another tree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of all trees: an instance, how it came from the first one, its fixed cost and bound.

    The trees of the first instance that are better than what was known when the part was made and
    that belong to the part are trees of ``instance`` plus ``fixed_cost``.
    """

    instance: Instance
    way_back: tuple[Reduction, ...] = ()
    fixed_cost: int = 0
    bound: int = 0

    def followed_by(self, reduction: Reduction, bound: int) -> Part:
        """Return the part that a reduction of this one's instance leaves."""
        return Part(
            instance=reduction.instance,
            way_back=(*self.way_back, reduction),
            fixed_cost=self.fixed_cost + reduction.fixed_cost,
            bound=bound,
        )

    def edges_in_first(self, edges: Integers) -> Integers:
        """Return edges of the first instance that stand for edges of this one."""
        for reduction in reversed(self.way_back):
            edges = reduction.edges_before(edges)
        return edges


@dataclass(slots=True, kw_only=True)
class Search:
    """The best tree so far, and how many rounds may still be made.

    ``step`` is the least by which two trees of unequal cost differ.
    """

    step: int
    rounds_left: int
    best_cost: int = int(FAR)
    best_edges: Integers = field(default_factory=lambda: np.zeros(0, np.int64))
    rounds: int = 0

    @property
    def target(self) -> int:
        """Largest cost, in the instance's costs, that is better by a whole unit."""
        return self.best_cost // self.step * self.step - 1

    def offer(self, part: Part, used: Int32s) -> None:
        """Keep a tree if it is cheaper than the best one."""
        cost = int(part.instance.edge_cost @ used) + part.fixed_cost
        if cost < self.best_cost:
            self.best_cost = cost
            self.best_edges = part.edges_in_first(np.flatnonzero(used))


def search_trees(first: Instance, *, step: int, rounds: int, seed: int) -> tuple[Search, int]:
    """Return the best tree found in so many rounds, and a bound on all trees.

    Parameters
    ----------
    first
        Costs are positive; the terminals hang together.
    step
        Costs of trees are compared in whole steps, rounded down.
    rounds
        Number of dual ascents; with none, the bound is about half of the cost.
    """
    search = Search(step=step, rounds_left=rounds)
    part, idle = Part(instance=first), 0
    if rounds <= 0:
        return search, _quick_tree(search, part)
    rng = np.random.default_rng(seed)
    while search.rounds_left > 0 and idle < PATIENCE:
        left = _round(search, part, rng)
        if left is None:
            return search, search.best_cost
        idle = idle + 1 if left.instance is part.instance else 0
        part = left
    bound = _branch(search, part, rng)
    return search, min(bound, search.best_cost)


def _quick_tree(search: Search, part: Part) -> int:
    """Offer a grown tree with its key paths improved once; return what growing promises.

    The grown tree of k terminals costs at most 2 - 2 / k times as much as the cheapest.
    """
    instance, arc_cost = part.instance, part.instance.arc_cost
    terminals, used = instance.terminals, np.zeros(len(instance.edge_cost), np.int32)
    cost = 0
    if len(terminals) > 1:
        root = int(terminals[0])
        grow(*instance.graph, arc_cost, instance.is_terminal, root, used)
        cost = int(instance.edge_cost @ used)
        span(*instance.graph, arc_cost, instance.is_terminal, root, used)
        improve(*instance.graph, arc_cost, instance.is_terminal, used, 1, 2)
    search.offer(part, used)
    return -(-cost * len(terminals) // max(1, 2 * len(terminals) - 2))


def _round(search: Search, part: Part, rng: np.random.Generator) -> Part | None:
    """Make an ascent, trees and a reduction; return None where nothing better is left."""
    instance = part.instance
    terminals = instance.terminals
    if len(terminals) < 2:
        search.offer(part, np.zeros(len(instance.edge_cost), np.int32))
        return None
    root = int(terminals[search.rounds * STRIDE % len(terminals)])
    if len(terminals) == len(instance.is_terminal):  # a spanning tree: the cheapest is known
        spanning = _tree(instance, root, instance.arc_cost)
        if spanning is not None:
            search.offer(part, spanning)
        return None
    known = np.zeros(len(instance.edge_cost), np.int32)
    if search.rounds:
        perturbed = _tree(instance, root, _perturbed_cost(instance, rng))
        if perturbed is None:
            return None
        search.offer(part, perturbed)
        known = perturbed
    search.rounds += 1
    search.rounds_left -= 1
    rest = instance.arc_cost
    bound = ascend(*instance.graph, instance.is_terminal, root, known, rest)
    guided = _tree(instance, root, _tight_cost(instance, rest))
    if guided is None:
        return None
    search.offer(part, guided)
    return _remainder(search, part, root, rest, bound)


def _remainder(search: Search, part: Part, root: int, rest: Int64s, bound: int) -> Part | None:
    """Return the part without the edges that no better tree has, None where there is none."""
    total = max(part.bound, bound + part.fixed_cost)
    if total > search.target:
        return None
    if search.rounds_left <= 0:
        return replace(part, bound=total)
    instance = part.instance
    is_dropped = np.empty(len(instance.edge_cost), np.int32)
    allowed = search.target - part.fixed_cost - bound
    dropped = needless(*instance.graph, instance.is_terminal, root, rest, allowed, is_dropped)
    if dropped < WORTH_IT * len(is_dropped):
        return replace(part, bound=total)
    return part.followed_by(without_edges(instance, is_dropped == 1), total)


def _tight_cost(instance: Instance, rest: Int64s) -> Int64s:
    """Return the costs of the edges without a rest in one direction; others are forbidden."""
    is_tight = np.zeros(len(instance.edge_cost), bool)
    is_tight[instance.arc_edge[rest == 0]] = True
    return np.where(is_tight[instance.arc_edge], instance.arc_cost, -1)


def _perturbed_cost(instance: Instance, rng: np.random.Generator) -> Int64s:
    factor = rng.uniform(1 - PERTURBED, 1 + PERTURBED, len(instance.edge_cost))
    cost = np.maximum(1, instance.edge_cost * factor).astype(np.int64)
    return cost[instance.arc_edge]


def _tree(instance: Instance, root: int, grown_by: Int64s) -> Int32s | None:
    """Grow a tree by some costs and improve it by the true ones; None where there is no tree."""
    used = np.zeros(len(instance.edge_cost), np.int32)
    if grow(*instance.graph, grown_by, instance.is_terminal, root, used):
        return None
    arc_cost = instance.arc_cost
    span(*instance.graph, arc_cost, instance.is_terminal, root, used)
    improve(*instance.graph, arc_cost, instance.is_terminal, used, PASSES, PIECES)
    return used


def _branch(search: Search, first: Part, rng: np.random.Generator) -> int:
    """Split the part with the least bound in two, again and again; return the least bound left."""
    number = count()
    heap = [(first.bound, next(number), first)]
    while heap:
        bound, _, part = heap[0]
        if bound > search.target:
            return search.best_cost
        if search.rounds_left <= 0:
            return bound
        heapq.heappop(heap)
        for child in _children(part):
            left = _round(search, child, rng)
            if left is not None:
                heapq.heappush(heap, (left.bound, next(number), left))
    return search.best_cost


def _children(part: Part) -> Iterator[Part]:
    """Yield two parts: a node with most edges is in the tree, or it is not."""
    instance = part.instance
    degree = np.diff(instance.offset) * (1 - instance.is_terminal)
    node = int(np.argmax(degree))
    with_node = instance.is_terminal.copy()
    with_node[node] = 1
    none = np.zeros(len(instance.edge_cost), bool)
    at_node = none.copy()
    at_node[instance.arc_edge[instance.offset[node] : instance.offset[node + 1]]] = True
    joined = replace(instance, is_terminal=with_node)
    yield part.followed_by(without_edges(joined, none), part.bound)
    yield part.followed_by(without_edges(instance, at_node), part.bound)
