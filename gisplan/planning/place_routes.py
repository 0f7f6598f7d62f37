"""Routes from a site to a place: along corridors, by way of others, or straight to what it sees."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.planning.landing_ends import place_ends, site_exits
from gisplan.planning.route import (
    EdgeParts,
    connector_stretch,
    laid_out,
    merged_stretches,
)
from gisplan.planning.routes import answer, to_place
from gisplan.planning.unreached import (
    SAME_PLACE_M,
    no_cable_reasons,
    no_way_reason,
    same_place_reason,
)
from gisplan.planning.ways import Way, find_bent_way, find_way
from gisplan.routing.alternatives import find_alternatives
from gisplan.routing.drawn_lanes import held_stretches
from gisplan.routing.site import MetGround

if TYPE_CHECKING:
    from gisplan.model.route_answer import ProposedRoute, RouteAnswer
    from gisplan.planning.candidates import Ground
    from gisplan.planning.region import Region
    from gisplan.planning.route import Stretch
    from gisplan.planning.routes import RouteSite
    from gisplan.planning.variants import Variant
    from gisplan.routing.site import Connectors


def answer_to_place(placed: RouteSite) -> RouteAnswer:
    """Return the cheapest way to a place, by way of others if need be."""
    site, question = placed.site, placed.question
    if question.to is None or not site.variants:
        return answer(placed, (), reasons=no_cable_reasons(site))
    if question.via:
        route, reason = _by_corridors(placed, site.variants[0], (*question.via, question.to))
        return answer(placed, () if route is None else (route,), reasons=reason)
    if same := same_place_reason(placed, question.to):
        return answer(placed, (), reasons=(same,))
    straight = _straight(placed, site.variants[0])
    route, reason = _by_corridors(placed, site.variants[0], (question.to,))
    if route is None or (straight is not None and straight.cost.total <= route.cost.total):
        route = straight
    return answer(
        placed, () if route is None else (route,), reasons=reason if route is None else ()
    )


def _straight(placed: RouteSite, variant: Variant) -> ProposedRoute | None:
    """Return the straight way to the place asked for, priced as a connector, if it is clear.

    Where a corridor goes along with it, it is that corridor's ground and no straight way.
    """
    region, to = placed.site.region, placed.question.to
    if to is None:
        return None
    reach_m = region.catalogue.value("connector.max_length_m")
    to_m = region.projection.to_metres(*to)
    seen = placed.site.straight
    way = seen.connectors.take(np.flatnonzero(seen.bus == placed.question.to_bus))
    if len(way) == 0 and not _goes_along(region, shapely.LineString([placed.site.xy_m, to_m])):
        way = placed.open(region.site_index.straight_way(placed.site.xy_m, to_m, reach_m))
    if len(way) == 0:
        return None
    stretch = connector_stretch(region.ground.civil, variant, way, 0)
    return to_place(placed.site, variant, [stretch], weighs_bends=True)


def _goes_along(region: Region, line: shapely.LineString) -> bool:
    """Tell whether corridors go along with a line for more than a few metres."""
    tolerance_m, index = region.catalogue.value("route.drawn_tolerance_m"), region.site_index
    near = index.edge_tree.query(line, predicate="dwithin", distance=tolerance_m)
    held_m = held_stretches(line, index.edges[np.sort(near)], tolerance_m)
    return float(np.diff(held_m, axis=1).sum()) > 2 * tolerance_m


def _by_corridors(
    placed: RouteSite, variant: Variant, stops: tuple[tuple[float, float], ...]
) -> tuple[ProposedRoute | None, tuple[str, ...]]:
    """Return the cheapest way from stop to stop along corridors, or why there is none."""
    site, ground = placed.site, placed.ground
    here, weighs_bends = site.connectors, len(stops) == 1
    find = find_bent_way if weighs_bends else find_way
    stretches: list[Stretch] = []
    for number, stop in enumerate(stops, start=1):
        there = placed.landings(stop)
        is_last = number == len(stops)
        if not is_last:
            there = _on_corridor(there)
        way = find(ground, variant, ground.priced(variant), here, there)
        if way is None:
            return None, (no_way_reason(placed, here, there, stop),)
        stretches += _leg(ground, variant, way, here=here, there=there, closes=is_last)
        here = there.take(np.array([way.end]))
    return to_place(site, variant, merged_stretches(stretches), weighs_bends=weighs_bends), ()


def answer_alternatives(placed: RouteSite) -> RouteAnswer:
    """Return several ways to a place that differ, the cheapest first."""
    site, question = placed.site, placed.question
    if question.to is None or not site.variants:
        return answer(placed, (), reasons=no_cable_reasons(site))
    if same := same_place_reason(placed, question.to):
        return answer(placed, (), reasons=(same,))
    variant, there = site.variants[0], placed.landings(question.to)
    routes = _with_straight(
        _alternatives(placed, variant, there),
        _straight(placed, variant),
        count=question.count,
        stretch=site.region.catalogue.value("route.alternative_max_stretch"),
    )
    if not routes:
        return answer(
            placed, (), reasons=(no_way_reason(placed, site.connectors, there, question.to),)
        )
    most = site.region.catalogue.value("route.alternative_max_shared_ratio")
    few = f"{len(routes)} of {question.count} ways found that share at most {most:.0%} of their way"
    reasons = () if len(routes) == question.count else (few,)
    return answer(placed, routes, reasons=reasons)


def _with_straight(
    routes: list[ProposedRoute], straight: ProposedRoute | None, *, count: int, stretch: float
) -> tuple[ProposedRoute, ...]:
    """Return routes with the straight way at its rank; it shares nothing with any of them."""
    if straight is None:
        return tuple(routes)
    dearer = (n for n, one in enumerate(routes) if one.cost.total >= straight.cost.total)
    at = next(dearer, len(routes))
    routes = [*routes[:at], straight, *routes[at:]]
    most = stretch * routes[0].cost.total
    kept = [one for one in routes if one.cost.total <= most][:count]
    return tuple(replace(one, rank=rank) for rank, one in enumerate(kept, start=1))


def _alternatives(placed: RouteSite, variant: Variant, there: Connectors) -> list[ProposedRoute]:
    """Return ways along corridors to the landings of a place that differ, the cheapest first."""
    site, ground, graph = placed.site, placed.ground, placed.ground.priced(variant)
    starts, here_rows = site_exits(ground, variant, graph, site.connectors)
    ends, there_rows = place_ends(ground, variant, graph, there)
    if len(starts) == 0 or len(ends) == 0:
        return []
    catalogue = site.region.catalogue
    found = find_alternatives(
        graph,
        starts,
        ends,
        edge_length_m=ground.corridors.edge_length_m,
        count=placed.question.count,
        max_shared_ratio=catalogue.value("route.alternative_max_shared_ratio"),
        max_stretch=catalogue.value("route.alternative_max_stretch"),
    )
    routes = []
    for row, way in enumerate(found.routes):
        leg = _leg(
            ground,
            variant,
            Way(
                start=int(here_rows[way.start]),
                end=int(there_rows[way.target]),
                parts=EdgeParts(edge=way.edge, share_from=way.share_from, share_to=way.share_to),
                cost_cents=way.cost_cents,
            ),
            here=site.connectors,
            there=there,
            closes=True,
        )
        shared_m = float(found.shared_m[row, :row].max(initial=0.0))
        one = to_place(site, variant, merged_stretches(leg))
        routes.append(replace(one, rank=row + 1, shared_length_m=round(shared_m, 3)))
    return routes


def _on_corridor(landings: Connectors) -> Connectors:
    """Return the nearest landing as a place on its corridor: a route passes by, not in and out."""
    nearest = landings.take(np.arange(min(1, len(landings))))
    return replace(
        nearest,
        length_m=np.zeros(len(nearest)),
        start_xy_m=nearest.xy_m,
        met=MetGround.nothing(len(nearest)),
    )


def _leg(
    ground: Ground,
    variant: Variant,
    way: Way,
    *,
    here: Connectors,
    there: Connectors,
    closes: bool,
) -> tuple[Stretch, ...]:
    stretches = laid_out(ground.civil, variant, here, way.start, way.parts)
    if not closes or there.length_m[way.end] < SAME_PLACE_M:
        return tuple(stretches)
    last = connector_stretch(ground.civil, variant, there, way.end)
    return (*stretches, replace(last, xy_m=last.xy_m[::-1]))
