"""Routes that may leave a street, cross open ground and join another, in one search.

The ground is what a user gives (``terrain_ground``). The search itself makes the way from the site:
over the raster, or straight to a corridor at the price of the cells between.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.planning.access import KINDS
from gisplan.planning.access_ends import NO_JOIN
from gisplan.planning.bends import unweighed_bends
from gisplan.planning.civil import crossing_edges
from gisplan.planning.offers import Offer
from gisplan.planning.route import ended
from gisplan.planning.route_findings import check_route
from gisplan.planning.routes import answer, proposed, to_place
from gisplan.planning.terrain.ends import (
    access_aims,
    end_of,
    end_rows,
    offers_in_sight,
    street_ends,
)
from gisplan.planning.terrain.ground import build_field
from gisplan.planning.terrain.overhead import (
    build_overhead,
    least_cents_per_m,
    overhead_field,
    overhead_findings,
    overhead_stretches,
    overhead_variants,
)
from gisplan.planning.terrain.places import no_way_reason, place_reason
from gisplan.planning.terrain.straight_links import straight_links
from gisplan.planning.terrain.stretches import (
    TOLERANCE_M,
    PricedWindow,
    terrain_stretches,
)
from gisplan.planning.unreached import SAME_PLACE_M, no_cable_reasons, same_place_reason
from gisplan.planning.works_time import works_time
from gisplan.routing.cost_graph import build_cost_graph
from gisplan.routing.terrain.aims import Aims
from gisplan.routing.terrain.smoothing import smooth_course
from gisplan.routing.terrain.streets import Streets, Tolls, build_streets, field_stops
from gisplan.routing.terrain.ways import WaysWanted, search_ways

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gisplan.model.grid import Floats, Integers
    from gisplan.model.route_answer import ProposedRoute, RouteAnswer
    from gisplan.planning.route import Stretch
    from gisplan.planning.routes import RouteSite
    from gisplan.planning.terrain.ground import Field, Terrain
    from gisplan.planning.terrain.overhead import Overhead
    from gisplan.planning.variants import Variant
    from gisplan.routing.terrain.parts import TerrainWay
    from gisplan.routing.terrain.ways import WaysFound

NO_STREETS = build_streets(
    build_cost_graph(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)),
    np.zeros(1, np.int64),
    np.zeros((0, 2)),
)
LEAST_WAYS = 4
MOST_WAYS = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class TerrainSite:
    """The site of a question on open ground; ``to_m`` is where it leads, if to a place.

    ``overhead`` says how lines are built, ``None`` where cables are laid.
    """

    placed: RouteSite
    field: Field
    to_m: Floats | None
    variants: tuple[Variant, ...]
    overhead: Overhead | None


def answer_terrain(placed: RouteSite, terrain: Terrain, *, overhead: bool = False) -> RouteAnswer:
    """Return the cheapest ways over streets and open ground, to a place or to access points.

    Parameters
    ----------
    overhead : as overhead lines over the open ground alone, instead of cables

    Raises
    ------
    InputError
        If an area of the ground cannot be used.
    """
    region, to = placed.site.region, placed.question.to
    to_m = None if to is None else np.array(region.projection.to_metres(*to))
    places = np.array([placed.site.xy_m, *([] if to_m is None else [to_m])])
    field = build_field(region, terrain, places, placed.question.avoid)
    site, hung = placed.site, None
    variants = overhead_variants(site) if overhead else site.variants
    if not variants:
        return answer(placed, (), reasons=no_cable_reasons(replace(site, variants=())))
    if overhead:
        hung = build_overhead(site, field.civil.opened.land_use.shape)
        per_m = least_cents_per_m(hung, region.catalogue, variants[0])
        field = replace(field, civil=overhead_field(field.civil, hung, per_m))
    for name, xy_m in zip(("the site", "the place asked for"), places, strict=False):
        reason = place_reason(region, field, name, xy_m)
        if reason:
            return answer(placed, (), reasons=(reason,))
    here = TerrainSite(placed=placed, field=field, to_m=to_m, variants=variants, overhead=hung)
    return _to_access_points(here) if to_m is None else _to_place(here)


def _to_place(here: TerrainSite) -> RouteAnswer:
    placed, site = here.placed, here.placed.site
    to = placed.question.to
    if to is not None and (same := same_place_reason(placed, to)):
        return answer(placed, (), reasons=(same,))
    variant = here.variants[0]
    found = search_ways(_wanted(here, variant, Aims(), 1))
    if not found.ways:
        return answer(placed, (), reasons=(no_way_reason(here.field),))
    laid = _laid(here, variant, found, found.ways[0], None)
    if isinstance(laid, str):
        return answer(placed, (), reasons=(laid,))
    stretches = tuple(laid)
    time = works_time(site.region, site.application, stretches)
    findings = (
        *check_route(site.region, variant.conductor, stretches, time, site.application),
        *unweighed_bends(site.region.catalogue, variant, stretches),
    )
    route = replace(to_place(site, variant, stretches), findings=findings)
    return answer(placed, (_with_overhead(here, route, stretches),))


def _with_overhead(
    here: TerrainSite, route: ProposedRoute, stretches: tuple[Stretch, ...]
) -> ProposedRoute:
    """Return a route with the findings of an overhead line, if it is one."""
    if here.overhead is None:
        return route
    own = overhead_findings(here.placed.site.region, here.overhead, stretches)
    return replace(route, findings=route.findings + own)


def _to_access_points(here: TerrainSite) -> RouteAnswer:
    """Return the access points that cost least, each with its cheapest cable."""
    placed, wanted = here.placed, here.placed.question.count
    best: dict[tuple[int, int], _Found] = {}
    blocked: dict[str, None] = {}
    for variant in _undominated(here.variants):
        if here.overhead is None:
            _keep_best(best, (_in_sight(offer) for offer in offers_in_sight(placed.site, variant)))
        ways, refused = _search_variant(here, variant, best, wanted)
        blocked |= dict.fromkeys(refused)
        _keep_best(best, ways)
    chosen = sorted(best.values(), key=lambda one: one.order)[:wanted]
    routes: tuple[ProposedRoute, ...] = tuple(
        _with_overhead(here, proposed(placed.site, one.offer, rank), one.offer.stretches)
        for rank, one in enumerate(chosen, start=1)
    )
    over = "streets and " if here.overhead is None else ""
    few = (
        f"{len(routes)} of {wanted} access points wanted can be reached over {over}the ground of "
        f"{here.field.name}"
    )
    hopeless = () if routes or blocked else (no_way_reason(here.field),)
    reasons = (*hopeless, *blocked, few)
    return answer(placed, routes, reasons=() if len(routes) == wanted else reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """An access point with its way; ``searched_cents`` is what it costs on the raster."""

    offer: Offer
    total_cents: int
    searched_cents: float

    @property
    def element(self) -> tuple[int, int]:
        return self.offer.line, self.offer.bus

    @property
    def order(self) -> tuple[int, float, int, int]:
        return self.total_cents, self.offer.length_m, *self.element


def _keep_best(best: dict[tuple[int, int], _Found], found: Iterable[_Found]) -> None:
    """Take over what is better than the best of its element that is known."""
    for one in found:
        known = best.get(one.element)
        if known is None or one.order < known.order:
            best[one.element] = one


def _in_sight(offer: Offer) -> _Found:
    return _Found(offer=offer, total_cents=offer.cost_cents, searched_cents=offer.cost_cents)


def _undominated(variants: tuple[Variant, ...]) -> Iterator[Variant]:
    """Return the cables, cheapest first, that no cheaper one of the same role always beats."""
    least: dict[str, int] = {}
    for variant in variants:
        if variant.system_count < least.get(variant.role, variant.system_count + 1):
            least[variant.role] = variant.system_count
            yield variant


def _search_variant(
    here: TerrainSite, variant: Variant, best: dict[tuple[int, int], _Found], wanted: int
) -> tuple[list[_Found], list[str]]:
    """Return access points until none further out can be among the best, and why some fail."""
    site, targets = here.placed.site, here.placed.ground.targets
    rows = end_rows(site, targets, variant)
    ends = street_ends(site, targets, variant, rows)
    aims = access_aims(site, variant, here.field.civil.cell_m, ends)
    if here.overhead is not None:
        aims = Aims(xy_m=aims.xy_m, xy_group=aims.xy_group)
    if not len(aims):
        return [], []
    count = max(2 * wanted, LEAST_WAYS)
    while True:
        bound = _bound(best.values(), wanted) - variant.least_equipment_cents
        if bound <= 0:
            return [], []
        asked = _wanted(here, variant, aims, count)
        limit = None if np.isinf(bound) else int(bound) + 1
        found = search_ways(replace(asked, bound_cents=limit))
        joins = targets.ends.rows.join[rows]
        laid = [_found(here, variant, found, way, joins) for way in found.ways]
        ways = [one for one in laid if isinstance(one, _Found)]
        refused = [one for one in laid if isinstance(one, str)]
        if len(laid) < count or count >= MOST_WAYS:
            return ways, refused
        enough = _bound([*best.values(), *ways], wanted)
        if found.ways[-1].cost_cents + variant.least_equipment_cents >= enough:
            return ways, refused
        count *= 4


def _bound(found: Iterable[_Found], wanted: int) -> float:
    """Return the cost on the raster of the last of the best elements, infinity while too few."""
    least: dict[tuple[int, int], float] = {}
    for one in found:
        least[one.element] = min(one.searched_cents, least.get(one.element, np.inf))
    costs = sorted(least.values())
    return costs[wanted - 1] if len(costs) >= wanted else np.inf


def _found(
    here: TerrainSite, variant: Variant, found: WaysFound, way: TerrainWay, joins: Integers
) -> _Found | str:
    """Return a way as an offer, or why none can follow it; ``joins`` are those of the ends."""
    site, ground = here.placed.site, here.placed.ground
    join = int(joins[way.end]) if way.end >= 0 else NO_JOIN
    line, bus, offset_m, end_m = end_of(site, way.target, way.xy_m[-1])
    access = site.region.ground.access
    code = int(access.line_kind[line] if line >= 0 else access.bus_kind[bus])
    is_off = join < 0 and np.hypot(*(end_m - way.xy_m[-1])) > SAME_PLACE_M
    laid = _laid(here, variant, found, way, end_m if is_off else None)
    if isinstance(laid, str):
        return laid
    if join >= 0:
        laid = ended(ground.civil, variant, laid, ground.targets.ends.joins.connectors, join)
    stretches = tuple(laid)
    offer = Offer(
        kind=KINDS[code],
        line=line,
        bus=bus,
        offset_m=offset_m,
        variant=variant,
        stretches=stretches,
        reason="",
    )
    beside_cents = offer.cost_cents - sum(stretch.cost_cents for stretch in stretches)
    return _Found(
        offer=offer,
        total_cents=offer.cost_cents,
        searched_cents=way.cost_cents + beside_cents,
    )


def _laid(
    here: TerrainSite, variant: Variant, found: WaysFound, way: TerrainWay, end_m: Floats | None
) -> list[Stretch] | str:
    """Return a way as stretches, or why no line can follow it.

    ``end_m`` is where it ends if that is not where the search did.
    """
    region = here.placed.site.region
    if here.overhead is not None:
        xy_m = way.xy_m if end_m is None else np.vstack([way.xy_m, end_m])
        course = smooth_course(xy_m, found.raster, tolerance_m=TOLERANCE_M)
        return overhead_stretches(here.overhead, region.catalogue, variant, course)
    window = PricedWindow(whole=found.raster, civil=here.field.civil.cut(found.window))
    return terrain_stretches(region, here.field, variant, way, window, end_m=end_m)


def _wanted(here: TerrainSite, variant: Variant, aims: Aims, count: int) -> WaysWanted:
    """Return the question to the library: stops, straight links to corridors, what to lead to."""
    placed, field = here.placed, here.field
    places = [np.array(placed.site.xy_m)]
    if here.to_m is not None:
        places.append(here.to_m)
        aims = Aims(stop=np.array([1]), stop_group=np.array([0]))
    alone = WaysWanted(
        source=field.civil,
        streets=NO_STREETS,
        stops=field_stops(np.array(places)),
        start=np.array([0]),
        start_cents=np.array([0]),
        aims=aims,
        wanted=count,
    )
    if here.overhead is not None:
        return alone
    source, streets = field.civil.with_cable(variant.cable_per_m), _streets(placed, variant)
    stops, links = straight_links(placed, source, streets, np.array(places))
    return replace(
        alone, source=source, streets=streets, stops=stops, links=links, hurdles=field.hurdles
    )


def _streets(placed: RouteSite, variant: Variant) -> Streets:
    """Return the corridors at the prices of a cable; crossings are paid where they are."""
    corridors, civil = placed.ground.corridors, placed.ground.civil
    priced = civil.crossing_cents > 0
    return build_streets(
        placed.ground.priced(variant),
        corridors.shape.offset,
        corridors.shape.xy_m,
        tolls=Tolls(
            edge=crossing_edges(corridors)[priced],
            share=corridors.crossing_share[priced],
            cents=civil.crossing_cents[priced].astype(np.float64),
        ),
    )
