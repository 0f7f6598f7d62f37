"""Where a cable could lie and what that costs, the grid not asked; drawn lines too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from fastapi import APIRouter

from api.route_schemas import RouteBody
from api.state import RunningService
from gisplan.model.route_answer import RouteAnswer
from gisplan.planning.region import site_metres
from gisplan.planning.routes import RouteQuestion
from gisplan.services.route import RouteRequest, metric_areas, propose_routes

if TYPE_CHECKING:
    from gisplan.planning.region import Region
    from gisplan.routing.site import Geometries

router = APIRouter(tags=["routes"])


@router.post("/route")
def find_routes(service: RunningService, body: RouteBody) -> RouteAnswer:
    """Ways to access points, to a place or bus, or to several sources; or a drawn line, priced.

    Priced as plans price them; the grid is not asked what it bears. Nothing is stored.
    """
    _check_corners(body, service.planner.state().region)
    areas = _areas(body)
    question = RouteQuestion(
        at=body.begin,
        demand_kva=body.demand_kva,
        count=body.count,
        to=body.to,
        independence=body.independence if body.is_disjoint else None,
        avoid=metric_areas(service.planner, areas) if len(areas) else areas,
        via=tuple(body.via),
        line=tuple(body.line),
    )
    request = RouteRequest(
        question=question,
        to_bus=body.to_bus,
        is_disjoint=body.is_disjoint,
        node_disjoint=body.node_disjoint,
    )
    return propose_routes(service.planner, request)


def _check_corners(body: RouteBody, region: Region) -> None:
    """Refuse areas to avoid that reach beyond the loaded region."""
    for corner in (corner for ring in body.avoid for corner in ring):
        site_metres(region, *corner)


def _areas(body: RouteBody) -> Geometries:
    """Return the areas to avoid in lon/lat; those that cross themselves are made valid."""
    if not body.avoid:
        return np.zeros(0, dtype=object)
    areas: Geometries = np.array([shapely.Polygon(ring) for ring in body.avoid], dtype=object)
    return np.asarray(shapely.make_valid(areas))
