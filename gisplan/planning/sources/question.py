"""A question to the flow: the cheapest routes to several sources, at the least price of its cables.

Routes of one set may take different cables, and one graph has one price for each edge. So an edge
costs what the cheapest cable of the question costs there, and so do landings. An access point that
no cheap cable serves pays the difference beside its route, over the length that no route to it
undercuts. Then no set of routes with these cables costs less than the answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.planning.civil import connector_costs, part_cost_cents
from gisplan.planning.landing_ends import site_exits
from gisplan.routing.disjoint.routes import find_disjoint_routes
from gisplan.routing.places import AccessPoints, Exits

if TYPE_CHECKING:
    from gisplan.model.grid import Flags, Floats, Integers
    from gisplan.planning.candidates import Ground
    from gisplan.planning.sources.ends import SourceEnds
    from gisplan.planning.variants import Variant
    from gisplan.routing.cost_graph import CostGraph
    from gisplan.routing.disjoint.result import DisjointRoutes
    from gisplan.routing.site import Connectors

NOT_PASSED = np.iinfo(np.int64).max
ROUNDING_CENTS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Some cables, the corridors at their least prices, where the site is left and where it ends.

    ``end_cents`` (rows,) is what an access point costs at the least beside its route along
    corridors, ``NOT_PASSED`` where none of the cables serves it. ``edge`` (rows,) is the edge of
    each access point that stands on one, ``part_cost`` (rows, 2) what leads there from both ends.
    ``landing`` (exits,) is the landing of each
    exit. ``rounding_cents`` is by how much the flow may count too much, because parts of an edge
    are rounded each for itself.
    """

    end_cents: Integers
    edge: Integers
    part_cost: Floats
    graph: CostGraph
    exits: Exits
    landing: Integers
    rounding_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the flow found: routes, the access point (row of the ends) and landing of each."""

    routes: DisjointRoutes
    row: tuple[int, ...]
    landing: tuple[int, ...]


def build_questions(ground: Ground, landings: Connectors, ends: SourceEnds) -> tuple[Question, ...]:
    """Return what is asked: all cables at once, which bounds every set, each role, each cable.

    The first question is that of all cables. Cables that are the cheapest nowhere are not asked
    alone. Nothing is asked where no access point takes a cable or no landing is open.
    """
    used = np.flatnonzero(ends.passes.any(axis=0)).tolist()
    by_role: dict[str, list[int]] = {}
    for column in used:
        by_role.setdefault(ends.variants[column].role, []).append(column)
    first = {
        int(column) for columns in by_role.values() for column in _cheapest(ends.passes, columns)
    }
    asked = [tuple(used), *map(tuple, by_role.values()), *((column,) for column in sorted(first))]
    built = (_question(ground, landings, ends, one) for one in dict.fromkeys(asked) if one)
    return tuple(one for one in built if one is not None)


def ask(
    question: Question,
    ground: Ground,
    ends: SourceEnds,
    allowed: Flags,
    *,
    count: int,
    node_disjoint: bool,
) -> Found | None:
    """Return the cheapest routes to allowed access points (rows,); ``None`` where none is left."""
    cost = question.end_cents
    rows = np.flatnonzero(allowed & (cost < NOT_PASSED))
    if len(rows) == 0:
        return None
    targets = AccessPoints(
        node=ends.node[rows],
        edge=question.edge[rows],
        share=ends.share[rows],
        part_cost=question.part_cost[rows],
        cost_cents=cost[rows],
        point=ends.point[rows],
        group=ends.group[rows],
    )
    routes = find_disjoint_routes(
        question.graph,
        question.exits,
        targets,
        edge_length_m=ground.corridors.edge_length_m,
        count=count,
        node_disjoint=node_disjoint,
    )
    return Found(
        routes=routes,
        row=tuple(int(rows[one.target]) for one in routes.routes),
        landing=tuple(int(question.landing[one.start]) for one in routes.routes),
    )


def cheapest_edges(cost: Floats, edge_place: Integers) -> Integers:
    """Return the cheapest of the edges that lie side by side, one for every place, shape (places,).

    Two routes there would share their trench, whatever corridors they are drawn in.
    """
    order = np.lexsort((np.arange(len(cost)), cost, edge_place))
    _, first = np.unique(edge_place[order], return_index=True)
    cheapest: Integers = order[first]
    return cheapest


def edge_costs(graph: CostGraph) -> Floats:
    """Return the cost of every edge, infinity where it may not be used."""
    cost: Floats = np.where(graph.edge_cost < 0, np.inf, graph.edge_cost)
    return cost


def on_edges(landings: Connectors, edge_of_place: Integers, edge_place: Integers) -> Connectors:
    """Return landings moved to that edge of their place which is used there."""
    return replace(landings, edge=edge_of_place[edge_place[landings.edge]])


def _cheapest(passes: Flags, columns: list[int]) -> Integers:
    """Return the cables that are the cheapest to pass at some access point."""
    some = passes[:, columns]
    first = some.argmax(axis=1)[some.any(axis=1)]
    cheapest: Integers = np.array(columns)[np.unique(first)]
    return cheapest


def _front(variants: tuple[Variant, ...], columns: tuple[int, ...]) -> list[Variant]:
    """Return the cables that may be the cheapest along some edge.

    What an edge costs grows with the price of the cables and, in ducts, with their number.
    """
    front: list[Variant] = []
    some = (variants[column] for column in columns)
    for one in sorted(some, key=lambda v: (v.cable_per_m, v.system_count)):
        if not any(_is_never_dearer(other, one) for other in front):
            front.append(one)
    return front


def _is_never_dearer(other: Variant, one: Variant) -> bool:
    return (
        other.is_overhead == one.is_overhead
        and other.cable_per_m <= one.cable_per_m
        and other.system_count <= one.system_count
    )


def _question(
    ground: Ground, landings: Connectors, ends: SourceEnds, columns: tuple[int, ...]
) -> Question | None:
    front, place = _front(ends.variants, columns), ground.corridors.edge_place
    priced = [ground.priced(variant) for variant in front]
    end_cents, is_split = _end_cents(ends, columns)
    passes = end_cents < NOT_PASSED
    end_cents[passes] += _least_join_cents(ground, front, ends)[passes]
    least = np.minimum.reduce([edge_costs(graph) for graph in priced])
    less_cents = ROUNDING_CENTS if is_split else 0
    least = np.maximum(least - less_cents, 0)
    kept = cheapest_edges(least, place)
    cost = np.full(len(least), np.inf)
    cost[kept] = least[kept]
    graph = priced[0].with_costs(cost)
    moved = on_edges(landings, kept, place)
    exits, landing = _least_exits(ground, front, graph, moved, less_cents)
    if len(landing) == 0:
        return None
    edge = np.where(ends.edge >= 0, kept[place[ends.edge]], -1)
    part_cost = _least_parts(ground, front, graph, edge, ends.share, less_cents=less_cents)
    return Question(
        end_cents=end_cents,
        edge=edge,
        part_cost=part_cost,
        graph=graph,
        exits=exits,
        landing=landing,
        rounding_cents=_rounding_cents(
            graph,
            np.concatenate([exits.edge, edge[edge >= 0]]),
            np.concatenate([exits.part_cost, part_cost[edge >= 0]]),
        ),
    )


def _end_cents(ends: SourceEnds, columns: tuple[int, ...]) -> tuple[Integers, bool]:
    """Return what access points cost at the least beside their routes, and whether lengths count.

    Whole cents a part: an edge of the dearer cable may be rounded down and of the cheaper one up,
    so a cent of every edge is left out where lengths count, and one of connector and landing each.
    """
    cost = np.full(len(ends.point), NOT_PASSED)
    is_split = False
    for column in columns:
        passes = ends.passes[:, column]
        dearer_per_m = _dearer_per_m(ends.variants, column, columns)
        own = ends.beside_cents[passes, column]
        if dearer_per_m > 0:
            is_split = True
            more = np.floor(ends.least_length_m[passes] * dearer_per_m * 100)
            own = own + np.maximum(more - 2 * ROUNDING_CENTS, 0).astype(np.int64)
        cost[passes] = np.minimum(cost[passes], own)
    return cost, is_split


def _dearer_per_m(variants: tuple[Variant, ...], column: int, columns: tuple[int, ...]) -> float:
    """Return by how much a cable is dearer along every edge than the least price there."""
    one = variants[column]
    never_more = [
        other.cable_per_m
        for other in (variants[number] for number in columns)
        if other.is_overhead == one.is_overhead and other.system_count <= one.system_count
    ]
    return max(one.cable_per_m - min(never_more), 0.0)


def _least_exits(
    ground: Ground,
    front: list[Variant],
    graph: CostGraph,
    landings: Connectors,
    less_cents: int,
) -> tuple[Exits, Integers]:
    """Return where a site is left, each part of an edge at the least price of the cables."""
    part = np.full((len(landings), 2), np.inf)
    own = np.full(len(landings), np.inf)
    for variant in front:
        exits, rows = site_exits(ground, variant, graph, landings)
        np.minimum.at(part, rows, np.maximum(exits.part_cost - less_cents, 0))
        np.minimum.at(own, rows, exits.cost_cents)
    open_rows = np.flatnonzero(np.isfinite(own) & np.isfinite(part).any(axis=1))
    kept = landings.take(open_rows)
    cost_cents = own[open_rows].astype(np.int64)
    return Exits.on_edges(kept.edge, kept.share, part[open_rows], cost_cents=cost_cents), open_rows


def _least_join_cents(ground: Ground, front: list[Variant], ends: SourceEnds) -> Integers:
    """Return what the connectors to access points cost at the least, 0 where there is none."""
    cents = np.zeros(len(ends.join), dtype=np.int64)
    joined = np.flatnonzero(ends.join >= 0)
    connectors = ground.targets.ends.joins.connectors.take(ends.join[joined])
    costs = [connector_costs(ground.civil, variant, connectors).total_cents for variant in front]
    cents[joined] = np.min(costs, axis=0)
    return cents


def _least_parts(
    ground: Ground,
    front: list[Variant],
    graph: CostGraph,
    edge: Integers,
    share: Floats,
    *,
    less_cents: int,
) -> Floats:
    """Return the least cost of both parts of edges at places on them, infinity where shut."""
    part = np.full((len(edge), 2), np.inf)
    rows = np.flatnonzero(edge >= 0)
    rows = rows[graph.edge_cost[edge[rows]] >= 0]
    for variant in front:
        for side, end in enumerate((0.0, 1.0)):
            cost = part_cost_cents(
                ground.civil, variant, edge[rows], share[rows], np.full(len(rows), end)
            )
            least = np.minimum(part[rows, side], np.maximum(cost - less_cents, 0))
            part[rows, side] = least
    return part


def _rounding_cents(graph: CostGraph, edges: Integers, part_cost: Floats) -> int:
    """Return the most that the parts of edges with places can add up to beyond what is paid.

    The flow lets the parts of an edge cost together no less than the edge and than the parts at
    any other place on it.
    """
    edge, of = np.unique(edges, return_inverse=True)
    whole = graph.edge_cost[edge].astype(np.float64)
    most, least = whole.copy(), whole.copy()
    sums = part_cost.sum(axis=1)
    known = np.isfinite(sums)
    np.maximum.at(most, of[known], sums[known])
    np.minimum.at(least, of[known], sums[known])
    return int((most - least).sum())
