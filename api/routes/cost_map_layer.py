"""The cost-to-connect map as a layer of the page: progress, picture, legend, one place."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from api.events import FOLLOWED, follow
from api.routes.cost_map import CellM, Question
from api.schemas import CostMapLayer
from api.state import RunningService, Service
from gisplan.planning.region import site_metres
from gisplan.services.cost_map import DEFAULT_CELL_M, CostMapQuestion
from gisplan.services.cost_map_place import CostHere, cost_at
from gisplan.services.electrical import untold

if TYPE_CHECKING:
    from api.cost_map_cache import ReadyCostMap

router = APIRouter(prefix="/cost-map", tags=["cost map"])
PNG = "image/png"


@router.get(
    "/layer",
    response_class=StreamingResponse,
    responses=FOLLOWED,
)
def follow_cost_map(
    service: RunningService, question: Question, cell_m: CellM = DEFAULT_CELL_M
) -> StreamingResponse:
    """Compute a map while telling how far it is; hang up to give up.

    Server-sent events: ``progress`` (doing, done, total), at the end ``done`` (corners of the
    picture, classes, currency, notes) or ``problem`` (title, status, detail).
    """
    return follow(lambda progress: _layer(service.cost_maps.get(question, cell_m, progress)))


@router.get("/layer.png", response_class=Response, responses={200: {"content": {PNG: {}}}})
def read_cost_layer(
    service: RunningService, question: Question, cell_m: CellM = DEFAULT_CELL_M
) -> Response:
    """The cells by class in Web Mercator, without legend."""
    return Response(_ready(service, question, cell_m).overlay.picture, media_type=PNG)


@router.get("/place")
def read_cost_at(
    service: RunningService,
    question: Question,
    lon: Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False)],
    lat: Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False)],
    cell_m: CellM = DEFAULT_CELL_M,
) -> CostHere:
    """What connecting the demand costs at a place, where it would end, and what limits it."""
    site_metres(service.planner.state().region, lon, lat)  # refused before a map is made for it
    return cost_at(_ready(service, question, cell_m).answer, lon, lat)


def _ready(service: Service, question: CostMapQuestion, cell_m: float) -> ReadyCostMap:
    return service.cost_maps.get(question, cell_m, untold)


def _layer(ready: ReadyCostMap) -> CostMapLayer:
    tables, overlay = ready.answer.tables, asdict(ready.overlay)
    return CostMapLayer(**overlay, facts=dict(tables.facts), notes=list(tables.notes))
