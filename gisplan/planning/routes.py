"""Questions about routes alone: the nearest access points, or the way to a place or a bus.

Priced as plans price them; the grid is not asked what it bears (``plan_connection`` does that).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.model.application import Application, ApplicationKind
from gisplan.model.option import Conductor, Route
from gisplan.model.route_answer import Independence, ProposedRoute, RouteAnswer
from gisplan.network.strands import line_shapes
from gisplan.planning.bends import unweighed_bends
from gisplan.planning.bill import bill_rows, cost_of
from gisplan.planning.candidates import Verdicts, find_candidates
from gisplan.planning.drawn_route import drawn_stretches
from gisplan.planning.offers import offers_of, option_of
from gisplan.planning.options import provenance
from gisplan.planning.priced import affordable
from gisplan.planning.route_findings import check_route
from gisplan.planning.site import examine_site
from gisplan.planning.told_route import build_route
from gisplan.planning.unreached import (
    few_reasons,
    no_cable_reasons,
)
from gisplan.planning.works_time import works_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gisplan.model.grid import Floats, Integers
    from gisplan.planning.access import Meetings
    from gisplan.planning.candidates import Ground
    from gisplan.planning.offers import Offer
    from gisplan.planning.route import Stretch
    from gisplan.planning.site import Site
    from gisplan.planning.state import PlanningState
    from gisplan.planning.variants import Variant
    from gisplan.routing.cost_graph import CostGraph
    from gisplan.routing.site import Connectors, Geometries

REFERENCE = "route"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteQuestion:
    """A place, what it needs, where it wants to go and by which way; places are lon, lat.

    Without ``to`` the ``count`` nearest access points are asked for; ``to_bus`` is the row of the
    bus that stands there, -1 where it is any place. ``avoid`` holds areas in the
    working CRS that no trench may enter; ``via`` are places that the route passes in this order.
    ``line`` is a way that somebody drew, to be checked and priced as it is.
    """

    at: tuple[float, float]
    demand_kva: float
    count: int = 1
    to: tuple[float, float] | None = None
    to_bus: int = -1
    independence: Independence | None = None
    avoid: Geometries = field(default_factory=lambda: np.zeros(0, dtype=object))
    via: tuple[tuple[float, float], ...] = ()
    line: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BayJudge:
    """A judge who refuses only access points without a bay: the question is about routes."""

    site: Site

    def judge(
        self,
        meetings: Meetings,
        variant: Variant,  # noqa: ARG002 (asked by the protocol)
        length_m: Floats,  # noqa: ARG002 (asked by the protocol)
    ) -> Verdicts:
        """Pass every meeting but those whose bays are known to be taken."""
        passes = self.site.judge.has_bay(meetings)
        return Verdicts(
            passes=passes,
            reason=np.where(passes, "", "no spare bay is left"),
            mendable=np.zeros(len(meetings), dtype=bool),
            too_long=np.zeros(len(meetings), dtype=bool),
        )

    def reach_m(self, variant: Variant) -> float:  # noqa: ARG002 (asked by the protocol)
        """Return infinity: no route is too long."""
        return np.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class AvoidingGraphs:
    """Priced corridors without some of their edges."""

    ground: Ground
    closed_edge: Integers

    def get(self, variant: Variant) -> CostGraph:
        """Return the graph at the prices of a cable, without the edges."""
        priced = self.ground.priced(variant)
        cost = np.where(priced.edge_cost < 0, np.inf, priced.edge_cost)
        cost[self.closed_edge] = np.inf
        return priced.with_costs(affordable(cost))


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSite:
    """The site of a question, on the ground that it leaves open."""

    site: Site
    ground: Ground
    question: RouteQuestion

    def landings(self, place: tuple[float, float]) -> Connectors:
        """Return how a place, lon and lat, reaches the corridors that are open.

        A bus that is an access point reaches them as plans have it.
        """
        region = self.site.region
        if place == self.question.to and self.question.to_bus >= 0:
            joins = region.ground.targets.ends.joins.of(self.question.to_bus)
            if len(joins):
                return self.open(joins)
        reach_m = region.catalogue.value("connector.max_length_m")
        xy_m = region.projection.to_metres(*place)
        return self.open(region.site_index.connectors(*xy_m, reach_m))

    def open(self, connectors: Connectors) -> Connectors:
        """Leave out connectors that enter an area to avoid."""
        return connectors.take(self._clear_rows(connectors))

    def without_avoided(self) -> Site:
        """Return the site without the ways from it that enter an area to avoid."""
        connectors, straight = self.site.connectors, self.site.straight
        return replace(
            self.site,
            connectors=self.open(connectors),
            straight=straight.take(self._clear_rows(straight.connectors)),
        )

    def _clear_rows(self, connectors: Connectors) -> Integers:
        """Return the rows of connectors that enter no area to avoid."""
        areas, clear = self.question.avoid, np.ones(len(connectors), dtype=bool)
        if len(areas) and len(connectors):
            lines = shapely.linestrings(np.stack([connectors.start_xy_m, connectors.xy_m], axis=1))
            hit, _ = shapely.STRtree(areas).query(np.asarray(lines), predicate="intersects")
            clear[hit] = False
        return np.flatnonzero(clear)


def route_site(question: RouteQuestion, state: PlanningState) -> RouteSite:
    """Place a question and close the edges that it avoids."""
    lon, lat = question.at
    application = Application(
        reference=REFERENCE,
        lon=lon,
        lat=lat,
        kind=ApplicationKind.LOAD,
        demand_kva=question.demand_kva,
    )
    site = examine_site(application, state)
    ground = site.region.ground
    if len(question.avoid):
        shapes = line_shapes(ground.corridors.shape)
        _, edge = shapely.STRtree(shapes).query(question.avoid, predicate="intersects")
        closed = np.unique(edge).astype(np.int64)
        ground = replace(
            ground,
            graphs=AvoidingGraphs(ground=ground, closed_edge=closed),
            targets=ground.targets.shut_by(question.avoid),
        )
    placed = RouteSite(site=site, ground=ground, question=question)
    return replace(placed, site=placed.without_avoided())


def answer_nearest(placed: RouteSite) -> RouteAnswer:
    """Return the access points that cost least to reach, best first."""
    site, wanted = placed.site, placed.question.count
    pool = find_candidates(
        placed.ground,
        site.variants,
        site.connectors,
        BayJudge(site=site),
        wanted=wanted,
        straight=site.straight,
    )
    offers = offers_of(site, pool.best()[:wanted])
    routes = tuple(proposed(site, offer, rank) for rank, offer in enumerate(offers, start=1))
    reasons = () if len(routes) == wanted else few_reasons(placed, pool)
    return answer(placed, routes, reasons=reasons)


def answer_drawn(placed: RouteSite) -> RouteAnswer:
    """Return a drawn line as a route: what it costs, and what stands in its way."""
    site, region = placed.site, placed.site.region
    if not site.variants:
        return answer(placed, (), reasons=no_cable_reasons(site))
    variant = site.variants[0]
    xy_m = np.array([region.projection.to_metres(*place) for place in placed.question.line])
    stretches, findings = drawn_stretches(region, variant, xy_m)
    route = to_place(site, variant, stretches)
    return answer(placed, (replace(route, findings=findings + route.findings),))


def to_place(
    site: Site, variant: Variant, stretches: Sequence[Stretch], *, weighs_bends: bool = False
) -> ProposedRoute:
    """Return stretches as a priced route that ends at a place.

    Its findings are those of any route. ``weighs_bends`` says whether it was chosen with its bends
    at their price.
    """
    region = site.region
    bill = bill_rows(
        region.catalogue,
        kind=None,
        voltage_level=variant.voltage_level,
        variant=variant,
        stretches=stretches,
    )
    away = stretches[-1].xy_m[-1] - stretches[0].xy_m[0]
    time = works_time(region, site.application, tuple(stretches))
    route = build_route(region, stretches, float(np.hypot(away[0], away[1])), time)
    bends = () if weighs_bends else unweighed_bends(region.catalogue, variant, stretches)
    return ProposedRoute(
        rank=1,
        access_point=None,
        route=route,
        conductor=_conductor(variant, route),
        cost=cost_of(bill, region.catalogue.currency),
        bill_of_materials=tuple(row.told() for row in bill),
        findings=check_route(region, variant.conductor, stretches, time, site.application) + bends,
    )


def _conductor(variant: Variant, route: Route) -> Conductor:
    return Conductor(
        conductor_id=variant.conductor.conductor_id,
        role=variant.role,
        section_mm2=variant.conductor.section_mm2,
        parallel_count=variant.parallel_count,
        length_m=round(route.length_m * variant.leg_count, 3),
        rated_current_a=variant.rated_current_a,
    )


def proposed(
    site: Site, offer: Offer, rank: int, *, source_group: str = "", shared_length_m: float = 0.0
) -> ProposedRoute:
    """Return an offer as a route: what it costs and what stands in its way, the grid not asked."""
    option = option_of(site, offer)
    if option.conductor is None:
        raise ValueError("a route has a cable")
    return ProposedRoute(
        rank=rank,
        access_point=option.access_point,
        route=option.route,
        conductor=option.conductor,
        cost=option.cost,
        bill_of_materials=option.bill_of_materials,
        findings=option.findings,
        source_group=source_group,
        shared_length_m=round(shared_length_m, 3),
    )


def answer(
    placed: RouteSite,
    routes: tuple[ProposedRoute, ...],
    *,
    reasons: tuple[str, ...] = (),
    shared_length_m: float = 0.0,
    total_cost: float | None = None,
    lower_bound: float | None = None,
    left_out: tuple[str, ...] = (),
) -> RouteAnswer:
    """Return routes with what holds of all of them."""
    site, question = placed.site, placed.question
    gap = None
    if total_cost is not None and lower_bound is not None:
        gap = 0.0 if total_cost <= lower_bound else (total_cost - lower_bound) / total_cost
    return RouteAnswer(
        site=question.at,
        demand_kva=question.demand_kva,
        voltage_level=site.mode.voltage_level,
        routes=routes,
        wanted=question.count,
        independence=question.independence,
        shared_length_m=round(shared_length_m, 3),
        total_cost=total_cost,
        lower_bound=lower_bound,
        gap=gap,
        reasons=reasons,
        left_out=left_out,
        is_judged=False,
        provenance=provenance(site.state),
    )
