"""Routes to several sources that share no trench (双电源), over all access points at once.

One flow finds the cheapest set for one cable. Access points of different kinds take different
cables (a loop-in has two legs), so each role is asked alone and all together at the price of the
cheapest cable: the last bounds every mixture from below, the best set of all, repriced with its
own cables, is the answer, and the distance between both is its gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.model.route_answer import Independence
from gisplan.planning.access import KINDS, joined_meetings, meetings_at
from gisplan.planning.landing_ends import site_exits
from gisplan.planning.offers import Offer
from gisplan.planning.route import EdgeParts, laid_out
from gisplan.planning.source_groups import NO_GROUP, source_groups
from gisplan.routing.disjoint import find_disjoint_routes
from gisplan.routing.disjoint_ends import AccessPoints

if TYPE_CHECKING:
    from gisplan.model.grid import Floats, Integers
    from gisplan.planning.access import Meetings
    from gisplan.planning.candidates import Ground, Judge
    from gisplan.planning.site import Site
    from gisplan.planning.source_groups import SourceGroups
    from gisplan.planning.variants import Variant
    from gisplan.routing.cost_graph import CostGraph
    from gisplan.routing.disjoint_result import DisjointRoutes
    from gisplan.routing.disjoint_result import Route as FoundRoute


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSet:
    """Routes to different sources that belong together, by cost.

    ``group_names`` say what supplies each. ``bound_cents`` is a cost below which no such set
    exists, ``None`` where trenches are shared. ``reason`` is empty where all sources wanted were
    found and nothing is shared.
    """

    offers: tuple[Offer, ...]
    group_names: tuple[str, ...]
    total_cents: int
    bound_cents: int | None
    shared_length_m: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ends:
    """Where routes may end, one row an access point and node, and the cable that leads there."""

    meetings: Meetings
    variant: tuple[Variant, ...]
    cost_cents: Integers
    group: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What one question to the flow gave."""

    found: DisjointRoutes
    ends: _Ends
    landing: Integers


def find_source_set(
    site: Site,
    ground: Ground,
    judge: Judge,
    *,
    count: int,
    independence: Independence,
    node_disjoint: bool = False,
) -> SourceSet:
    """Return the cheapest routes to ``count`` sources that are independent as asked.

    Parameters
    ----------
    judge
        Tells which access points may be used; asked with the straight length to each.
    """
    groups = source_groups(site.region.snapshot, independence)
    cheapest = {variant.role: variant for variant in reversed(site.variants)}
    sets: list[tuple[Variant, ...]] = [(variant,) for variant in cheapest.values()]
    if len(sets) > 1:
        sets.append(tuple(cheapest.values()))
    ends = [_ends(site, ground, judge, groups, variants) for variants in sets]
    if len(site.connectors) == 0 or ends[-1] is None:
        return _nothing("no access point whose source is known can be reached from the site")
    asked = [
        _ask(site, ground, one, count=count, node_disjoint=node_disjoint)
        for one in ends
        if one is not None
    ]
    laid = [(one, _offers(site, ground, one)) for one in asked]
    best, offers = min(laid, key=lambda pair: _order(pair[0].found, pair[1]))
    is_whole = best.found.is_disjoint
    return SourceSet(
        offers=offers,
        group_names=tuple(_group_name(groups, best.ends, one) for one in best.found.routes),
        total_cents=sum(map(_cents, offers)),
        bound_cents=asked[-1].found.total_cents if is_whole else None,
        shared_length_m=best.found.shared.length_m,
        reason=_reason(best.found, independence),
    )


def _ask(site: Site, ground: Ground, ends: _Ends, *, count: int, node_disjoint: bool) -> _Asked:
    """Ask at the price of the cheapest cable, so that every mixture costs at least as much."""
    cable = min(ends.variant, key=lambda variant: variant.cable_per_m)
    graph = _one_edge_a_trench(ground.priced(cable), ground.corridors.edge_place)
    starts, landing = site_exits(ground, cable, graph, site.connectors)
    meetings = ends.meetings
    lines = len(site.region.snapshot.grid.lines.line_id)
    point = np.where(meetings.line >= 0, meetings.line, lines + meetings.bus)
    targets = AccessPoints.at_nodes(meetings.node, ends.cost_cents, point, ends.group)
    found = find_disjoint_routes(
        graph,
        starts,
        targets,
        edge_length_m=ground.corridors.edge_length_m,
        count=count,
        node_disjoint=node_disjoint,
    )
    return _Asked(found=found, ends=ends, landing=landing)


def _ends(
    site: Site,
    ground: Ground,
    judge: Judge,
    groups: SourceGroups,
    variants: tuple[Variant, ...],
) -> _Ends | None:
    """Return all access points that the judge lets pass and whose source is known."""
    corridors = ground.corridors
    nodes = np.flatnonzero(np.diff(corridors.node_meeting_offset))
    met: list[tuple[Meetings, Variant]] = []
    for variant in variants:
        some = meetings_at(corridors, ground.access, variant.kinds, nodes, np.zeros_like(nodes))
        group = np.where(some.line >= 0, groups.line[some.line], groups.bus[some.bus])
        some = some.take(group != NO_GROUP)
        if len(some):
            verdicts = judge.judge(some, variant, _straight_m(site, ground, some))
            met.append((some.take(np.flatnonzero(verdicts.passes)), variant))
    rows = [(some, variant) for some, variant in met if len(some)]
    if not rows:
        return None
    whole = joined_meetings([some for some, _ in rows])
    cost = [variant.beside_route_cents(some.kind, np.zeros(len(some))) for some, variant in rows]
    return _Ends(
        meetings=whole,
        variant=tuple(variant for some, variant in rows for _ in range(len(some))),
        cost_cents=np.concatenate(cost),
        group=np.where(whole.line >= 0, groups.line[whole.line], groups.bus[whole.bus]),
    )


def _straight_m(site: Site, ground: Ground, met: Meetings) -> Floats:
    corridors = ground.corridors
    distance: Floats = np.hypot(
        corridors.node_x_m[met.node] - site.xy_m[0], corridors.node_y_m[met.node] - site.xy_m[1]
    )
    return distance


def _one_edge_a_trench(graph: CostGraph, edge_place: Integers) -> CostGraph:
    """Keep the cheapest of the edges that lie side by side: two routes there share their trench."""
    cost = np.where(graph.edge_cost < 0, np.inf, graph.edge_cost)
    order = np.lexsort((np.arange(len(cost)), cost, edge_place))
    _, first = np.unique(edge_place[order], return_index=True)
    kept = np.zeros(len(cost), dtype=bool)
    kept[order[first]] = True
    return graph.with_costs(np.where(kept, cost, np.inf))


def _offers(site: Site, ground: Ground, asked: _Asked) -> tuple[Offer, ...]:
    """Return routes as offers, each laid out and priced with its own cable."""
    return tuple(_offer(site, ground, asked, route) for route in asked.found.routes)


def _offer(site: Site, ground: Ground, asked: _Asked, route: FoundRoute) -> Offer:
    meetings, row = asked.ends.meetings, route.target
    variant, kind = asked.ends.variant[row], int(meetings.kind[row])
    landing = int(asked.landing[route.start])
    parts = EdgeParts(edge=route.edge, share_from=route.share_from, share_to=route.share_to)
    return Offer(
        kind=KINDS[kind],
        line=int(meetings.line[row]),
        bus=int(meetings.bus[row]),
        offset_m=float(meetings.offset_m[row]),
        variant=variant,
        stretches=tuple(laid_out(ground.civil, variant, site.connectors, landing, parts)),
        reason="",
    )


def _cents(offer: Offer) -> int:
    """Return what an offer costs, route, equipment and joints."""
    if offer.variant is None:
        return 0
    kind = np.array([KINDS.index(offer.kind)])
    beside = offer.variant.beside_route_cents(kind, np.array([offer.length_m]))
    return sum(stretch.cost_cents for stretch in offer.stretches) + int(beside[0])


def _order(found: DisjointRoutes, offers: tuple[Offer, ...]) -> tuple[int, int, int]:
    """Most sources first, then the fewest shared metres, then the cost."""
    return -len(found.routes), found.proof.shared_mm, sum(map(_cents, offers))


def _group_name(groups: SourceGroups, ends: _Ends, route: FoundRoute) -> str:
    return groups.names[int(ends.group[route.target])]


def _reason(found: DisjointRoutes, independence: Independence) -> str:
    """Say what holds further sources back, or what must be shared."""
    what = str(independence).replace("_", " ")
    if found.missing_cut is not None:
        return (
            f"{len(found.routes)} of {found.wanted} sources can be reached: the access points "
            f"within reach do not differ in {what} beyond that"
        )
    if len(found.shared):
        return (
            f"no {found.wanted} routes without a shared trench exist: at least "
            f"{found.shared.length_m:.1f} m are shared"
        )
    return ""


def _nothing(reason: str) -> SourceSet:
    return SourceSet(
        offers=(),
        group_names=(),
        total_cents=0,
        bound_cents=None,
        shared_length_m=0.0,
        reason=reason,
    )
