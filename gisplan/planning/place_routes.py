"""Routes from a site to a place: along corridors, by way of others, or straight to what it sees."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.planning.civil import connector_crossed
from gisplan.planning.drawn_route import drawn_stretches
from gisplan.planning.landing_ends import place_ends, site_exits
from gisplan.planning.route import (
    CONNECTOR,
    OFF_CORRIDOR,
    EdgeParts,
    connector_stretch,
    laid_out,
    merged_stretches,
)
from gisplan.planning.routes import answer, to_place
from gisplan.planning.unreached import no_cable_reasons, no_way_reason, same_place_reason
from gisplan.planning.ways import Way, find_bent_way, find_way
from gisplan.routing.alternatives import find_alternatives
from gisplan.routing.drawn import LENGTH_MAX_M
from gisplan.routing.drawn_lanes import PARALLEL_COS, held_stretches, segments_of
from gisplan.routing.drawn_stops import TOUCH_M
from gisplan.routing.site import MetGround

if TYPE_CHECKING:
    from gisplan.model.grid import Floats
    from gisplan.model.route_answer import ProposedRoute, RouteAnswer
    from gisplan.planning.candidates import Ground
    from gisplan.planning.crossable import Crossed
    from gisplan.planning.region import Region
    from gisplan.planning.route import Stretch
    from gisplan.planning.routes import RouteSite
    from gisplan.planning.variants import Variant
    from gisplan.routing.site import Connectors, Geometries

NO_BARRIER = -1
PIECE_M = 200.0  # corridors near a long line are looked for in boxes of such pieces


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
    route, reason = _by_corridors(placed, site.variants[0], (question.to,))
    ways = _straight(placed, site.variants[0]) + (() if route is None else (route,))
    if not ways:
        return answer(placed, (), reasons=reason)
    return answer(placed, (min(ways, key=_total),))


def _straight(placed: RouteSite, variant: Variant) -> tuple[ProposedRoute, ...]:
    """Return the straight way to the place asked for, as a connector and as a drawn line.

    Each only where it may be built.
    """
    if placed.question.to is None:
        return ()
    to_m = placed.site.region.projection.to_metres(*placed.question.to)
    line = shapely.LineString([placed.site.xy_m, to_m])
    return _as_connector(placed, variant, line) + _as_drawn(placed, variant, line)


def _as_connector(
    placed: RouteSite, variant: Variant, line: shapely.LineString
) -> tuple[ProposedRoute, ...]:
    """Return a straight way as a connector if it is clear and within reach.

    Where a corridor goes along with it, it is that corridor's ground and no connector.
    """
    region, seen = placed.site.region, placed.site.straight
    way = seen.connectors.take(np.flatnonzero(seen.bus == placed.question.to_bus))
    along_m = np.diff(_beside(region, line, PARALLEL_COS), axis=1).sum()
    if len(way) == 0 and along_m <= 2 * region.catalogue.value("route.drawn_tolerance_m"):
        way = _clear(placed, line, region.catalogue.value("connector.max_length_m"))
    if len(way) == 0:
        return ()
    stretch = connector_stretch(region.ground.civil, variant, way, 0)
    return (to_place(placed.site, variant, [stretch], weighs_bends=True),)


def _as_drawn(
    placed: RouteSite, variant: Variant, line: shapely.LineString
) -> tuple[ProposedRoute, ...]:
    """Return what a straight line means if it is drawn, where it is clear.

    From corridor to corridor it is no longer than a connector may be.
    """
    region = placed.site.region
    ends_m = np.concatenate([[0.0], _beside(region, line, 0.0).reshape(-1), [line.length]])
    off_m = (ends_m[1::2] - ends_m[::2]).max()
    is_one = TOUCH_M < line.length <= LENGTH_MAX_M
    if not is_one or off_m > region.catalogue.value("connector.max_length_m"):
        return ()
    clear = _clear(placed, line, np.inf)
    if len(clear) == 0:
        return ()
    stretches, findings = drawn_stretches(region, variant, shapely.get_coordinates(line))
    is_paid = _pays_for(stretches, connector_crossed(region.ground.civil, clear, 0))
    if findings or not stretches or not is_paid or _enters(stretches, placed.question.avoid):
        return ()
    return (to_place(placed.site, variant, stretches),)


def _pays_for(stretches: list[Stretch], crossed: Crossed) -> bool:
    """Tell whether stretches cross every barrier that the straight way crosses, streets apart."""
    paid = [one.crossed.barrier for one in stretches]
    return bool(np.isin(crossed.barrier, np.concatenate([[NO_BARRIER], *paid])).all())


def _enters(stretches: list[Stretch], areas: Geometries) -> bool:
    way = shapely.LineString(np.concatenate([one.xy_m for one in stretches]))
    return bool(shapely.intersects(areas, way).any())


def _clear(placed: RouteSite, line: shapely.LineString, reach_m: float) -> Connectors:
    """Return a straight way if it is clear and no longer than the reach."""
    index, ((x_m, y_m), (end_x_m, end_y_m)) = placed.site.region.site_index, line.coords
    return placed.open(index.straight_way((x_m, y_m), (end_x_m, end_y_m), reach_m))


def _beside(region: Region, line: shapely.LineString, parallel_cos: float) -> Floats:
    """Return where along a line it is near corridors at a small angle, shape (stretches, 2)."""
    tolerance_m, index = region.catalogue.value("route.drawn_tolerance_m"), region.site_index
    pieces, _ = segments_of(shapely.segmentize(line, PIECE_M))
    near = index.edge_tree.query(pieces, predicate="dwithin", distance=tolerance_m)[1]
    edges = index.edges[np.unique(near)]
    return held_stretches(line, edges, tolerance_m, parallel_cos=parallel_cos)


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
        _off_corridors(_straight(placed, variant)),
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


def _off_corridors(ways: tuple[ProposedRoute, ...]) -> ProposedRoute | None:
    """Return the cheapest of several ways that run along no corridor."""
    off = [
        way
        for way in ways
        if all(one.corridor in (CONNECTOR, OFF_CORRIDOR) for one in way.route.segments)
    ]
    return min(off, key=_total, default=None)


def _total(way: ProposedRoute) -> float:
    return way.cost.total


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
    if not closes or there.length_m[way.end] == 0:
        return tuple(stretches)
    last = connector_stretch(ground.civil, variant, there, way.end)
    return (*stretches, replace(last, xy_m=last.xy_m[::-1]))
