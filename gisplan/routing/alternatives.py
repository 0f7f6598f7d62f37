"""Routes to one access point that differ: limited overlap, limited detour, shared metres told.

Method
------
The first route is the cheapest. Every further one is the cheapest simple route among those that
lead the cheapest way to some edge, over it, and the cheapest way on ("single via", here by edges
instead of nodes), that stay within ``max_stretch`` times the first one's cost and share at most
``max_shared_ratio`` of its metres and of theirs with every route before. Two trees, from the starts
and from the targets, give all of them at once; the metres shared add up along the trees, so they
are exact for each. Where no such route is left, the edges of the routes found are made dearer in
steps (penalty method) and at last forbidden; what is found must keep the same limits.

So the answer is never dearer than the stretch, never overlaps more than allowed, is the same every
time, and if it has fewer routes than wanted, no route within the stretch shares nothing with it.
A route that only a longer combination of detours would give may be missed. A start that stands at
the access point itself leads there without an edge, and is not asked for other ways.

References
----------
I. Abraham, D. Delling, A. V. Goldberg, R. F. Werneck, "Alternative routes in road networks", ACM
Journal of Experimental Algorithmics 18 (2013): single-via paths, limited sharing, stretch.
T. Chondrogiannis, P. Bouros, J. Gamper, U. Leser, D. B. Blumenthal, "Finding k-shortest paths with
limited overlap", VLDB Journal 29 (2020).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.errors import InputError
from gisplan.routing.alternatives_kernel import ROUNDING_M, first_simple, list_candidates
from gisplan.routing.disjoint.routes import NO_EDGES
from gisplan.routing.places import check_places
from gisplan.routing.via_kernel import UNSEEN, lengths, metres_of
from gisplan.routing.via_net import Ends, WayNet, WaySpace, settled_count

if TYPE_CHECKING:
    from gisplan.model.grid import Floats, Integers
    from gisplan.routing.cost_graph import CostGraph
    from gisplan.routing.disjoint.result import Route
    from gisplan.routing.places import AccessPoints, Exits
    from gisplan.routing.via_kernel import Tree

MOST_ALTERNATIVES = 24
PENALTIES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
FORBIDDING = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternatives:
    """Routes that differ, by cost; the first one is the cheapest of all.

    ``shared_m`` float64 (routes, routes) holds the metres that two of them share, and on its
    diagonal their lengths, no step shorter than a millimetre.
    """

    routes: tuple[Route, ...]
    shared_m: Floats

    def shared_ratio(self) -> Floats:
        """Return, for each route, the greatest share of its metres that another one uses too."""
        if not self.routes:
            return np.zeros(0)
        own_m = np.maximum(np.diagonal(self.shared_m), ROUNDING_M)
        others = self.shared_m - np.diag(np.diagonal(self.shared_m))
        ratio: Floats = others.max(axis=1) / own_m
        return ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limits:
    count: int
    max_shared_ratio: float
    max_stretch: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """Start row, target row, states and parts."""

    start: int
    target: int
    states: list[int]
    parts: list[int]


@dataclass(slots=True, kw_only=True)
class _Query:
    """One query: what is asked, and the ways chosen so far with their metres."""

    space: WaySpace
    starts: Ends
    targets: Ends
    limits: _Limits
    ways: list[_Way]
    way_m: Floats
    most_cost: int = 0


def find_alternatives(
    graph: CostGraph,
    starts: Exits,
    targets: AccessPoints,
    *,
    edge_length_m: Floats,
    count: int = 3,
    max_shared_ratio: float = 0.5,
    max_stretch: float = 1.5,
    avoid_edges: Integers = NO_EDGES,
) -> Alternatives:
    """Return up to ``count`` routes from a site to one access point that differ.

    Parameters
    ----------
    targets
        The places of the access point; a route may end at any of them. Points and groups are not
        asked for.
    max_shared_ratio
        Greatest share of a route's metres that any other route may use, 0 to below 1.
    max_stretch
        Greatest cost over that of the cheapest route, 1 or more.

    Raises
    ------
    InputError
        If something given is none.
    """
    net = WayNet.build(graph, edge_length_m)
    return alternatives_on(
        net,
        starts,
        targets,
        count=count,
        max_shared_ratio=max_shared_ratio,
        max_stretch=max_stretch,
        avoid_edges=avoid_edges,
    )


def alternatives_on(
    net: WayNet,
    starts: Exits,
    targets: AccessPoints,
    *,
    count: int = 3,
    max_shared_ratio: float = 0.5,
    max_stretch: float = 1.5,
    avoid_edges: Integers = NO_EDGES,
) -> Alternatives:
    """Return what ``find_alternatives`` does, on a net that is kept for many queries."""
    limits = _checked(count, max_shared_ratio, max_stretch)
    check_places(starts, net.graph, "starts")
    check_places(targets, net.graph, "targets")
    avoided = net.edges_to_avoid(avoid_edges)
    with net.workspace(len(starts) + len(targets)) as space:
        query = _Query(
            space=space,
            targets=space.put_in(targets),
            starts=space.put_in(starts),
            limits=limits,
            ways=[],
            way_m=np.zeros(count),
        )
        space.bar(avoided)
        _choose(query)
        routes = [_route_of(query, way) for way in query.ways]
        shared_m = _shared_m(space, [way.parts for way in query.ways])
    order = sorted(range(len(routes)), key=lambda row: (routes[row].cost_cents, row))
    return Alternatives(
        routes=tuple(routes[row] for row in order), shared_m=shared_m[np.ix_(order, order)]
    )


def _checked(count: int, max_shared_ratio: float, max_stretch: float) -> _Limits:
    if not 1 <= count <= MOST_ALTERNATIVES:
        raise InputError(f"{count} alternatives wanted; expected 1 to {MOST_ALTERNATIVES}")
    if not 0 <= max_shared_ratio < 1:
        raise InputError(f"shared ratio {max_shared_ratio}; expected 0 to below 1")
    if not 1 <= max_stretch <= 1e6:
        raise InputError(f"stretch {max_stretch}; expected 1 to 1,000,000")
    return _Limits(count=count, max_shared_ratio=max_shared_ratio, max_stretch=max_stretch)


def _choose(query: _Query) -> None:
    space, limits = query.space, query.limits
    out, back, _ = space.trees
    space.seed(out, query.starts)
    space.seed(back, query.targets)
    best = space.grow(out, query.targets, stretch=limits.max_stretch)
    space.grow(back, query.starts, stretch=limits.max_stretch)
    if best >= UNSEEN:
        return
    query.most_cost = min(int(best * limits.max_stretch), UNSEEN)
    out_m, back_m = _way_metres(query)
    way: _Way | None = _cheapest_way(query, out)
    while way is not None:
        _add(query, way)
        if len(query.ways) == limits.count:
            return
        _add_metres(query, out_m, back_m)
        way = _next_by_trees(query, out_m, back_m) or _next_by_penalty(query)


def _cheapest_way(query: _Query, tree: Tree) -> _Way:
    state = query.targets.state
    cost = np.where(tree.rank[state] >= 0, tree.label[state], UNSEEN)
    target = int(np.argmin(cost + query.targets.cost_cents))
    start, states, parts = query.space.way_to(tree, int(state[target]))
    return _Way(start=start, target=target, states=states, parts=parts)


def _way_metres(query: _Query) -> tuple[Floats, Floats]:
    """Return own metres by rank for both trees, with room for those shared with each route."""
    space = query.space
    arrays = []
    for tree in space.trees[:2]:
        way_m = np.zeros((settled_count(tree), query.limits.count + 1))
        lengths(space.net, space.over, space.dues, tree, -1, way_m, 0)
        arrays.append(way_m)
    return arrays[0], arrays[1]


def _add(query: _Query, way: _Way) -> None:
    row, space = len(query.ways), query.space
    query.way_m[row] = sum(metres_of(space.net, space.over, part) for part in way.parts)
    space.mark(np.array(way.parts, np.int64), row)
    query.ways.append(way)


def _add_metres(query: _Query, out_m: Floats, back_m: Floats) -> None:
    row, space = len(query.ways), query.space
    for tree, way_m in zip(space.trees, (out_m, back_m), strict=False):
        lengths(space.net, space.over, space.dues, tree, row - 1, way_m, row)


def _next_by_trees(query: _Query, out_m: Floats, back_m: Floats) -> _Way | None:
    """Return the cheapest simple way of both trees that keeps the limits."""
    space = query.space
    out, back, _ = space.trees
    found = np.empty((len(space.net.arc) + 2 * space.room, 4), np.int64)
    count = list_candidates(
        space.net,
        space.over,
        space.dues,
        out,
        back,
        out_m,
        back_m,
        len(query.ways),
        query.way_m,
        query.most_cost,
        query.limits.max_shared_ratio,
        found,
    )
    cost, part, rank, slot = found[:count].T
    order = np.lexsort((slot, rank, part, cost))
    steps = np.empty((len(space.seen) + 1, 2), np.int32)
    size = first_simple(space.net, space.over, out, back, found, order, steps, space.seen)
    if size < 0:
        return None
    return _Way(
        start=-2 - int(out.via[steps[0, 0], 1]),
        target=-2 - int(steps[size, 1]),
        states=steps[: size + 1, 0].tolist(),
        parts=steps[:size, 1].tolist(),
    )


def _next_by_penalty(query: _Query) -> _Way | None:
    """Return a route that keeps the limits where edges of earlier routes are dear or forbidden."""
    space, tree = query.space, query.space.trees[2]
    taken = np.array([part for way in query.ways for part in way.parts], np.int64)
    stands_there = np.isin(query.starts.state, query.targets.state)
    cost = np.where(stands_there, UNSEEN, query.starts.cost_cents)
    starts = Ends(state=query.starts.state, cost_cents=cost)
    for factor in (*PENALTIES, FORBIDDING):
        space.seed(tree, starts)
        held = space.dues.banned[taken]
        if factor == FORBIDDING:
            space.dues.banned[taken] = 1
        best = space.grow(tree, query.targets, factor=factor)
        space.dues.banned[taken] = held
        if best < UNSEEN:
            way = _cheapest_way(query, tree)
            if _keeps_limits(query, way):
                return way
    return None


def _keeps_limits(query: _Query, way: _Way) -> bool:
    if _route_of(query, way).cost_cents > query.most_cost:
        return False
    shared_m = _shared_m(query.space, [*(earlier.parts for earlier in query.ways), way.parts])
    own_m = np.diagonal(shared_m)
    limit_m = query.limits.max_shared_ratio * np.minimum(own_m[:-1], own_m[-1]) + ROUNDING_M
    return bool((shared_m[-1, :-1] <= limit_m).all())


def _route_of(query: _Query, way: _Way) -> Route:
    end_cost = query.starts.cost_cents[way.start] + query.targets.cost_cents[way.target]
    return query.space.route(way.start, way.target, way.states, way.parts, int(end_cost))


def _shared_m(space: WaySpace, ways: list[list[int]]) -> Floats:
    shared_m = np.zeros((len(ways), len(ways)))
    for row, parts in enumerate(ways):
        for column, others in enumerate(ways):
            both = sorted(set(parts) & set(others))
            shared_m[row, column] = sum(metres_of(space.net, space.over, part) for part in both)
    return shared_m
