"""The cost-to-connect map as a layer of the page: progress, picture, legend, one place."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from threading import Event
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from api.errors import status_of
from api.routes.cost_map import CellM, Question
from api.schemas import CostMapLayer
from api.state import RunningService, Service
from gisplan.errors import GisplanError
from gisplan.services.cost_map import DEFAULT_CELL_M, CostMapQuestion
from gisplan.services.cost_map_place import CostHere, cost_at

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from api.cost_map_cache import ReadyCostMap

router = APIRouter(prefix="/cost-map", tags=["cost map"])
PNG = "image/png"
EVENTS = "text/event-stream"


class GivenUp(Exception):  # noqa: N818 - nobody waits any more; it is no error
    """Whoever asked has gone."""


@router.get(
    "/layer",
    response_class=StreamingResponse,
    responses={200: {"content": {EVENTS: {}}, "description": "progress, then done or problem"}},
)
async def follow_cost_map(
    service: RunningService, question: Question, cell_m: CellM = DEFAULT_CELL_M
) -> StreamingResponse:
    """Compute a map while telling how far it is; hang up to give up.

    Server-sent events: ``progress`` (doing, done, total), at the end ``done`` (corners of the
    picture, classes, currency, notes) or ``problem`` (title, status, detail).
    """
    return StreamingResponse(_events(service, question, cell_m), media_type=EVENTS)


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
    return cost_at(_ready(service, question, cell_m).answer, lon, lat)


def _ready(service: Service, question: CostMapQuestion, cell_m: float) -> ReadyCostMap:
    return service.cost_maps.get(question, cell_m, lambda _doing, _done, _total: None)


async def _events(service: Service, question: CostMapQuestion, cell_m: float) -> AsyncIterator[str]:
    """Yield what a thread tells while it computes; it gives up when nobody listens."""
    loop, told, gone = asyncio.get_running_loop(), asyncio.Queue[str | None](), Event()

    def progress(doing: str, done: int, total: int) -> None:
        if gone.is_set():
            raise GivenUp
        step = {"doing": doing, "done": done, "total": total}
        loop.call_soon_threadsafe(told.put_nowait, _event("progress", json.dumps(step)))

    def work() -> str:
        try:
            return _done(service.cost_maps.get(question, cell_m, progress))
        except GivenUp:
            return ""
        except GisplanError as error:
            return _problem(error)

    working = asyncio.create_task(asyncio.to_thread(work))
    working.add_done_callback(lambda _: told.put_nowait(None))
    try:
        while (text := await told.get()) is not None:
            yield text
        yield working.result()
    finally:
        gone.set()


def _done(ready: ReadyCostMap) -> str:
    tables, overlay = ready.answer.tables, asdict(ready.overlay)
    layer = CostMapLayer(**overlay, facts=dict(tables.facts), notes=list(tables.notes))
    return _event("done", layer.model_dump_json())


def _problem(error: GisplanError) -> str:
    status = status_of(error)
    told = {"title": status.phrase, "status": status, "detail": str(error)}
    return _event("problem", json.dumps(told))


def _event(name: str, data: str) -> str:
    return f"event: {name}\ndata: {data}\n\n"
