"""The use case "where could a cable lie": ways to access points, to a place, to several sources."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.errors import InputError
from gisplan.ingest.terrain import read_terrain
from gisplan.planning.place_routes import answer_alternatives, answer_to_place
from gisplan.planning.region import check_areas, refuse_areas_outside, site_metres
from gisplan.planning.routes import (
    BayJudge,
    RouteQuestion,
    answer,
    answer_drawn,
    answer_nearest,
    proposed,
    route_site,
)
from gisplan.planning.sources.source_search import find_source_set
from gisplan.planning.terrain.ground import LandUse
from gisplan.planning.terrain.routes import answer_terrain
from gisplan.planning.unreached import no_source_reasons
from gisplan.services.electrical import find_buses

if TYPE_CHECKING:
    from pathlib import Path

    from gisplan.model.grid import Floats
    from gisplan.model.route_answer import RouteAnswer
    from gisplan.planning.region import Region
    from gisplan.planning.routes import RouteSite
    from gisplan.planning.sources.source_search import SourceSet
    from gisplan.planning.state import PlanningState
    from gisplan.routing.site import Geometries
    from gisplan.routing.terrain.raster import CostRaster
    from gisplan.services.plan import Planner

MOST_ROUTES = 50
MOST_KVA = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRequest:
    """A question about routes as a user puts it: ``avoid`` in lon/lat, ``to_bus`` an id or name.

    ``terrain`` is a file of open ground that routes may cross, ``overhead`` as overhead lines.
    """

    question: RouteQuestion
    to_bus: str | None = None
    is_disjoint: bool = False
    node_disjoint: bool = False
    terrain: Path | None = None
    overhead: bool = False


def propose_routes(planner: Planner, request: RouteRequest) -> RouteAnswer:
    """Answer a question about routes on the grid version that serves.

    Raises
    ------
    InputError
        If parts of the question do not go together or are out of range.
    OutsideAreaError
        If a place lies outside the loaded region.
    UnknownElementError
        If the grid version has no such bus.
    """
    _check(request)
    state = planner.state()
    _check_places(request.question, state.region)
    question = _with_bus(request, state)
    placed = route_site(question, state)
    if request.terrain is not None:
        srid = state.region.snapshot.grid.working_srid
        ground = read_terrain(request.terrain, srid=srid)
        refuse_areas_outside(state.region, _extent(ground.ground), ground.name)
        return answer_terrain(placed, ground, overhead=request.overhead)
    if question.line:
        return answer_drawn(placed)
    if request.is_disjoint:
        return _answer_disjoint(placed, node_disjoint=request.node_disjoint)
    if question.to is None:
        return answer_nearest(placed)
    return answer_to_place(placed) if question.count == 1 else answer_alternatives(placed)


def metric_areas(planner: Planner, areas_lon_lat: Geometries) -> Geometries:
    """Return areas in the working CRS of the grid version that serves."""
    projection = planner.state().region.projection

    def move(lon_lat: Floats) -> Floats:
        return np.column_stack(projection.all_to_metres(lon_lat[:, 0], lon_lat[:, 1]))

    return np.asarray(shapely.transform(areas_lon_lat, move), dtype=object)


def _extent(ground: CostRaster | LandUse) -> Geometries:
    """Return the areas that ground has been given for."""
    if isinstance(ground, LandUse):
        return ground.shape
    rows, columns = ground.shape
    east_m = ground.x_min_m + columns * ground.cell_m
    south_m = ground.y_max_m - rows * ground.cell_m
    return np.array([shapely.box(ground.x_min_m, south_m, east_m, ground.y_max_m)], dtype=object)


def _check(request: RouteRequest) -> None:
    question = request.question
    if not 1 <= question.count <= MOST_ROUTES:
        raise InputError(f"{question.count} routes wanted; expected 1 to {MOST_ROUTES}")
    if not 0 < question.demand_kva <= MOST_KVA:
        raise InputError(
            f"demand is {question.demand_kva} kVA; expected more than 0 and at most {MOST_KVA:,.0f}"
        )
    ends = (question.to is not None) + (request.to_bus is not None)
    if ends > 1:
        raise InputError("give either a place or a bus to lead to, not both")
    if request.is_disjoint and (ends or question.via):
        raise InputError("routes to several sources choose their own ends: give no --to, no --via")
    if question.line and (ends or request.is_disjoint or question.via or len(question.avoid)):
        raise InputError("a drawn line is priced as it is: give no ends, sources, via or avoid")
    if request.overhead and request.terrain is None:
        raise InputError("--overhead needs the ground that it hangs over: give --terrain FILE")
    if request.terrain is not None and (request.is_disjoint or question.line or question.via):
        raise InputError("--terrain finds its own way: give no --disjoint, --line or --via")
    if request.terrain is not None and ends and question.count > 1:
        raise InputError("--terrain gives the one cheapest way to a place: give no --k")
    if question.via and question.count > 1:
        raise InputError("--via names the way: give no --k")
    if question.via and not ends:
        raise InputError("--via needs --to or --to-bus: without an end every place is on some way")


def _check_places(question: RouteQuestion, region: Region) -> None:
    """Refuse places and areas outside the loaded region."""
    for place in (question.at, *(() if question.to is None else (question.to,)), *question.via):
        site_metres(region, *place)
    if len(question.avoid):
        check_areas(region, question.avoid, "the areas to avoid")
    for place in question.line:
        site_metres(region, *place)


def _with_bus(request: RouteRequest, state: PlanningState) -> RouteQuestion:
    if request.to_bus is None:
        return request.question
    rows = find_buses(state, request.to_bus)
    buses, projection = state.region.snapshot.grid.buses, state.region.projection
    xy_m = np.column_stack([buses.x_m[rows[:1]], buses.y_m[rows[:1]]])
    return replace(request.question, to=projection.to_lon_lat(xy_m)[0], to_bus=int(rows[0]))


def _answer_disjoint(placed: RouteSite, *, node_disjoint: bool) -> RouteAnswer:
    question = placed.question
    if question.independence is None:
        raise InputError("several sources need a measure of independence")
    found = find_source_set(
        placed.site,
        placed.ground,
        BayJudge(site=placed.site),
        count=question.count,
        independence=question.independence,
        node_disjoint=node_disjoint,
    )
    routes = tuple(
        proposed(placed.site, offer, rank, source_group=name)
        for rank, (offer, name) in enumerate(
            zip(found.offers, found.group_names, strict=True), start=1
        )
    )
    return answer(
        placed,
        routes,
        reasons=_source_reasons(placed, found),
        left_out=found.left_out,
        shared_length_m=found.shared_length_m,
        total_cost=found.total_cents / 100 if routes else None,
        lower_bound=None if found.bound_cents is None else found.bound_cents / 100,
    )


def _source_reasons(placed: RouteSite, found: SourceSet) -> tuple[str, ...]:
    if not found.offers:
        return no_source_reasons(placed, found.reason)
    return (found.reason,) if found.reason else ()
