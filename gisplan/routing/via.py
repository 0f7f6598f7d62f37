"""Corrections by the planner: a route that passes what it must and avoids what it must not.

Method
------
Stops are passed in the order given or in the cheapest one. Between two stops the cheapest way is
laid, found by one tree from each end of each stop; an edge that must be passed may be passed in
either direction. For the order given the best directions follow by dynamic programming, for the
best order by the dynamic program over sets of stops, which is exact and therefore for few stops.

A route is a way along the graph and may come back over an edge: into a dead end where a stop
stands, and out again. The cable lies there twice and is paid twice; such parts are named.

A correction restricts the routes there are, so the cost never falls by one.

References
----------
M. Held, R. M. Karp, "A dynamic programming approach to sequencing problems", Journal of the Society
for Industrial and Applied Mathematics 10 (1962).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.errors import InputError
from gisplan.routing.disjoint.flow_overlay_kernel import cost_of, head_of, length_of, span, tail_of
from gisplan.routing.disjoint.result import NOTHING_SHARED, SharedParts
from gisplan.routing.disjoint.routes import NO_EDGES
from gisplan.routing.places import (
    Places,
    check_places,
)
from gisplan.routing.via_kernel import UNSEEN
from gisplan.routing.via_net import Ends, WayNet, WaySpace
from gisplan.routing.via_stops import CorrectedRoute, Hindrance, Obstruction, Order, Stops

if TYPE_CHECKING:
    from gisplan.model.grid import Floats, Integers
    from gisplan.routing.cost_graph import CostGraph
    from gisplan.routing.places import AccessPoints, Exits

MOST_STOPS = 40
MOST_IN_ANY_ORDER = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ways:
    """Cheapest ways between the ends of stops; a stop has two modes, the directions of an edge.

    ``enter`` and ``leave`` (stops, 2) states; ``within`` (stops, 2) cost of the edge passed;
    ``first`` (stops, 2) cost from the starts; ``leg`` (stops, 2, stops, 2) from leaving one to
    entering another; ``last`` (stops, 2) from leaving to the best target. ``direct`` is the cost
    from the starts to the best target where there are no stops.
    """

    enter: Integers
    leave: Integers
    within: Integers
    first: Integers
    leg: Integers
    last: Integers
    direct: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Query:
    net: WayNet
    starts: Exits
    targets: AccessPoints
    stops: Stops

    @property
    def place_count(self) -> int:
        return len(self.starts) + len(self.targets) + len(self.stops)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """A query whose places are in the graph."""

    space: WaySpace
    stops: Stops
    starts: Ends
    targets: Ends

    def reach(self, ends: Ends, states: Integers) -> None:
        """Grow the first tree from some ends until all of some states are settled."""
        tree = self.space.trees[0]
        self.space.seed(tree, ends)
        self.space.reach(tree, states)


@dataclass(slots=True, kw_only=True)
class _Laid:
    """Legs laid so far: seed row of each, states that are left, parts."""

    seeds: list[int]
    states: list[int]
    parts: list[int]


_Done = tuple[int, int, int]
"""Stops passed (a bit each), the last of them, and its direction."""


def route_via(
    graph: CostGraph,
    starts: Exits,
    targets: AccessPoints,
    stops: Stops,
    *,
    edge_length_m: Floats,
    order: Order = Order.GIVEN,
    avoid_edges: Integers = NO_EDGES,
) -> CorrectedRoute:
    """Return the cheapest route from a site over all stops to any of the targets.

    Parameters
    ----------
    targets
        Places at any of which the route may end; points and groups are not asked for.
    stops
        What must be passed: at most 40 in the order given, at most 8 in the best order. None at
        all gives the cheapest route.
    avoid_edges : int (avoided,), edges that may not be used, whole or in part

    Raises
    ------
    InputError
        If something given is none.
    """
    net = WayNet.build(graph, edge_length_m)
    return route_via_on(net, starts, targets, stops, order=order, avoid_edges=avoid_edges)


def route_via_on(
    net: WayNet,
    starts: Exits,
    targets: AccessPoints,
    stops: Stops,
    *,
    order: Order = Order.GIVEN,
    avoid_edges: Integers = NO_EDGES,
) -> CorrectedRoute:
    """Return what ``route_via`` does, on a net that is kept for many queries."""
    check_places(starts, net.graph, "starts")
    check_places(targets, net.graph, "targets")
    most = MOST_STOPS if order is Order.GIVEN else MOST_IN_ANY_ORDER
    if len(stops) > most:
        raise InputError(f"{len(stops)} stops; expected at most {most} in the {order.value} order")
    if len(stops):
        check_places(stops, net.graph, "stops")
    avoided = net.edges_to_avoid(avoid_edges)
    query = _Query(net=net, starts=starts, targets=targets, stops=stops)
    answer = _find(query, order, avoided)
    if answer.obstruction is None or len(avoided) == 0:
        return answer
    freely = _find(query, order, avoided[:0])
    obstruction = Obstruction(
        hindrance=answer.obstruction.hindrance,
        stops=answer.obstruction.stops,
        by_avoiding=freely.obstruction is None,
    )
    return _none(obstruction)


def _find(query: _Query, order: Order, avoided: Integers) -> CorrectedRoute:
    with query.net.workspace(query.place_count) as space:
        targets, starts = space.put_in(query.targets), space.put_in(query.starts)
        stop_state = _put_in_stops(space, query.stops)
        space.bar(avoided)
        task = _Task(space=space, stops=query.stops, starts=starts, targets=targets)
        ways = _ways(task, stop_state, order)
        plan = _plan(ways, order)
        if plan is None:
            return _none(_obstruction(task, ways))
        return _laid(task, ways, plan)


def _put_in_stops(space: WaySpace, stops: Stops) -> Integers:
    """Return the state of each stop that is a point, -1 where it is an edge."""
    state = np.full(len(stops), -1, np.int64)
    inside = np.flatnonzero(~stops.is_whole)
    places = Places(
        node=stops.node[inside],
        edge=stops.edge[inside],
        share=stops.share[inside],
        part_cost=stops.part_cost[inside],
        cost_cents=stops.cost_cents[inside],
    )
    state[inside] = space.put_in(places).state
    return state


def _ways(task: _Task, stop_state: Integers, order: Order) -> _Ways:
    """Grow a tree from the starts and one from each end of each stop."""
    space, stops, count = task.space, task.stops, len(stop_state)
    enter, leave, within = _modes(space, stops, stop_state)
    leg = np.full((count, 2, count, 2), UNSEEN)
    last = np.full((count, 2), UNSEEN)
    label = space.trees[0].label
    direct = UNSEEN
    wanted = enter if order is Order.BEST else enter[:1]
    task.reach(task.starts, wanted.reshape(-1) if count else task.targets.state)
    first = label[enter]
    if count == 0:
        direct = int((label[task.targets.state] + task.targets.cost_cents).min())
    for stop in range(count):
        onward = slice(None) if order is Order.BEST else slice(stop + 1, stop + 2)
        goals = enter[onward].reshape(-1)
        if order is Order.BEST or stop == count - 1:
            goals = np.concatenate([goals, task.targets.state])
        for mode in range(2 if stops.is_whole[stop] else 1):
            task.reach(_point(leave[stop, mode]), goals)
            leg[stop, mode, onward] = label[enter[onward]]
            last[stop, mode] = (label[task.targets.state] + task.targets.cost_cents).min()
    return _Ways(
        enter=enter, leave=leave, within=within, first=first, leg=leg, last=last, direct=direct
    )


def _point(state: int) -> Ends:
    return Ends(state=np.array([state], np.int64), cost_cents=np.zeros(1, np.int64))


def _modes(
    space: WaySpace, stops: Stops, stop_state: Integers
) -> tuple[Integers, Integers, Integers]:
    """Return where each stop is entered and left in both directions, and what passing costs."""
    enter = np.repeat(stop_state[:, None], 2, axis=1)
    leave = enter.copy()
    within = np.zeros((len(stops), 2), np.int64)
    within[~stops.is_whole, 1] = UNSEEN  # a point has one mode
    for stop in np.flatnonzero(stops.is_whole).tolist():
        edge = int(stops.edge[stop])
        ends = int(space.net.edge_from[edge]), int(space.net.edge_to[edge])
        enter[stop], leave[stop] = ends, ends[::-1]
        cost = [int(cost_of(space.net, space.over, part)) for part in space.parts_of(edge)]
        is_closed = min(cost) < 0 or space.dues.banned[edge]
        within[stop] = UNSEEN if is_closed else sum(cost)
    return enter, leave, within


def _plan(ways: _Ways, order: Order) -> list[tuple[int, int]] | None:
    """Return (stop, direction) in the cheapest order, ``None`` if there is no route."""
    count = len(ways.enter)
    if count == 0:
        return [] if ways.direct < UNSEEN else None
    cost: dict[_Done, int] = {}
    before: dict[_Done, _Done] = {}
    everything = (1 << count) - 1
    in_order = [(1 << passed) - 1 for passed in range(1, count + 1)]
    for done in in_order if order is Order.GIVEN else range(1, everything + 1):
        members = [stop for stop in range(count) if done >> stop & 1]
        for stop in members[-1:] if order is Order.GIVEN else members:
            for mode in range(2):
                _reach(ways, cost, before, (done, stop, mode))
    ends = [
        (so_far + int(ways.last[stop, mode]), stop, mode)
        for stop in range(count)
        for mode in range(2)
        if (so_far := cost.get((everything, stop, mode))) is not None
    ]
    if not ends or min(ends)[0] >= UNSEEN:
        return None
    return _back_from((everything, *min(ends)[1:]), before)


def _back_from(last: _Done, before: dict[_Done, _Done]) -> list[tuple[int, int]]:
    plan = [last[1:]]
    here = last
    while here in before:
        here = before[here]
        plan.append(here[1:])
    return plan[::-1]


def _reach(
    ways: _Ways,
    cost: dict[_Done, int],
    before: dict[_Done, _Done],
    here: _Done,
) -> None:
    """Enter the least cost of having passed some stops, one of them last, if there is one."""
    done, stop, mode = here
    rest = done & ~(1 << stop)
    within = int(ways.within[stop, mode])
    if rest == 0:
        total = int(ways.first[stop, mode]) + within
        if total < UNSEEN:
            cost[here] = total
        return
    found = [
        (so_far + int(ways.leg[other, way, stop, mode]) + within, other, way)
        for other in range(len(ways.enter))
        for way in range(2)
        if (so_far := cost.get((rest, other, way))) is not None
    ]
    if found and min(found)[0] < UNSEEN:
        cost[here] = min(found)[0]
        before[here] = (rest, *min(found)[1:])


def _laid(task: _Task, ways: _Ways, plan: list[tuple[int, int]]) -> CorrectedRoute:
    """Walk the plan and put the route together."""
    space, ends = task.space, task.starts
    way = _Laid(seeds=[], states=[], parts=[])
    step_at = []
    for stop, mode in plan:
        _lay_leg(task, way, ends, int(ways.enter[stop, mode]))
        if task.stops.is_whole[stop]:
            _lay_edge(space, way, int(task.stops.edge[stop]), mode)
        step_at.append(len(way.parts))
        ends = _point(ways.leave[stop, mode])
    task.reach(ends, task.targets.state)
    label = space.trees[0].label
    target = int(np.argmin(label[task.targets.state] + task.targets.cost_cents))
    last = int(task.targets.state[target])
    _lay_leg(task, way, ends, last)
    start = way.seeds[0]
    end_cost = int(task.starts.cost_cents[start] + task.targets.cost_cents[target])
    return CorrectedRoute(
        route=space.route(start, target, [*way.states, last], way.parts, end_cost),
        order=np.array([stop for stop, _ in plan], np.int64),
        step_at=np.array(step_at, np.int64),
        repeated=_repeated(space, way.parts),
        obstruction=None,
    )


def _lay_leg(task: _Task, way: _Laid, ends: Ends, last: int) -> None:
    task.reach(ends, np.array([last], np.int64))
    seed, states, parts = task.space.way_to(task.space.trees[0], last)
    way.seeds.append(seed)
    way.states.extend(states[:-1])
    way.parts.extend(parts)


def _lay_edge(space: WaySpace, way: _Laid, edge: int, mode: int) -> None:
    parts = space.parts_of(edge)
    states = [tail_of(space.net, part) for part in parts]
    if mode == 1:
        parts = parts[::-1]
        states = [head_of(space.net, space.over, part) for part in parts]
    way.states.extend(states)
    way.parts.extend(parts)


def _repeated(space: WaySpace, parts: list[int]) -> SharedParts:
    part, count = np.unique(np.array(parts, np.int64), return_counts=True)
    part, count = part[count > 1], count[count > 1]
    spans = [span(space.net, space.over, number) for number in part.tolist()]
    length = np.array([length_of(space.net, space.over, number) for number in part.tolist()])
    return SharedParts(
        edge=np.array([edge for edge, _, _ in spans], np.int64),
        share_from=np.array([start for _, start, _ in spans], np.float64),
        share_to=np.array([end for _, _, end in spans], np.float64),
        route_count=count.astype(np.int64),
        length_m=float((length * (count - 1)).sum()),
    )


def _obstruction(task: _Task, ways: _Ways) -> Obstruction:
    """Look at all that the site reaches, and say what is not there."""
    goals = np.concatenate([ways.enter.reshape(-1), task.targets.state])
    task.reach(task.starts, goals)
    label = task.space.trees[0].label
    is_reached = (label[ways.enter] + ways.within < UNSEEN).any(axis=1)
    missing = np.flatnonzero(~is_reached)
    hindrance = Hindrance.PARTS
    if len(missing):
        hindrance = Hindrance.STOPS
    elif (label[task.targets.state] >= UNSEEN).all():
        hindrance = Hindrance.TARGETS
    return Obstruction(hindrance=hindrance, stops=missing, by_avoiding=False)


def _none(obstruction: Obstruction) -> CorrectedRoute:
    nothing = np.zeros(0, np.int64)
    return CorrectedRoute(
        route=None,
        order=nothing,
        step_at=nothing,
        repeated=NOTHING_SHARED,
        obstruction=obstruction,
    )
