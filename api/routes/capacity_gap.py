"""Where applications use up the grid, and in which quarter."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse

from api.density_tiles import shown_gap
from api.events import FOLLOWED, follow
from api.gap_layer import GapLayer, gap_layer
from api.routes.density import MEDIA_TYPES, Asking, Tile
from api.routes.density_shapes import TILE_FOUND, vector_tile
from api.state import RunningService, Service
from gisplan.electrical.screening.capacity import Direction
from gisplan.export.capacity_gap_picture import write_gap_png
from gisplan.export.density_phrases import Language
from gisplan.export.grid_features import build_whole_grid
from gisplan.services.capacity_gap import (
    GapAnswer,
    GapQuestion,
    parse_month,
    write_gap,
)
from maps.capacity_gap_map import render_gap
from maps.offline import CONTENT_POLICY

if TYPE_CHECKING:
    from api.density_tiles import ShownShapes
    from gisplan.services.electrical import Progress

router = APIRouter(tags=["capacity gap"])
JSON, GEOJSON, PNG = "application/json", "application/geo+json", "image/png"
GPKG, CSV = MEDIA_TYPES["gpkg"], MEDIA_TYPES["csv"]


def read_question(
    direction: Direction = Direction.LOAD,
    level: Literal["transformer", "feeder"] = "transformer",
    until: Annotated[str | None, Query(pattern=r"^\d{4}-\d{2}$")] = None,
) -> GapQuestion:
    """Which headroom, in areas of which level, looked at until which month."""
    until_month = None if until is None else parse_month(until)
    return GapQuestion(direction=direction, level=level, until_month=until_month)


Question = Annotated[GapQuestion, Depends(read_question)]


@router.get("/capacity-gap", response_class=Response, responses={200: {"content": {JSON: {}}}})
def read_gap(service: RunningService, question: Question) -> Response:
    """Supply areas, transformers, feeders, substations, and how well forecasts would have told."""
    return Response(_answer(service, question).as_json(), media_type=JSON)


@router.get(
    "/capacity-gap.geojson", response_class=Response, responses={200: {"content": {GEOJSON: {}}}}
)
def read_gap_features(service: RunningService, question: Question) -> Response:
    """Supply areas and elements as features."""
    return Response(_file(service, question, "gap.geojson"), media_type=GEOJSON)


@router.get("/capacity-gap/layer", response_class=StreamingResponse, responses=FOLLOWED)
def follow_gap(service: RunningService, question: Question) -> StreamingResponse:
    """Compute a capacity gap while telling how far it is; hang up to give up.

    ``done`` holds the classes with the number of areas in each; tiles hold areas and elements.
    """

    def work(progress: Progress) -> GapLayer:
        return gap_layer(service.gaps.get(question, progress))

    return follow(work)


@router.get(
    "/capacity-gap/tiles/{zoom}/{column}/{row}.mvt", response_class=Response, responses=TILE_FOUND
)
def read_gap_tile(
    service: RunningService, question: Question, tile: Tile, asking: Asking = 0
) -> Response:
    """Supply areas and elements of their level in one vector tile, each with its class."""

    def make() -> ShownShapes:
        return shown_gap(_answer(service, question))

    shown = service.shapes.get(("capacity gap", question), asking, make, _untold)
    return vector_tile(service, shown, tile)


@router.get("/capacity-gap.png", response_class=Response, responses={200: {"content": {PNG: {}}}})
def read_gap_picture(
    service: RunningService, question: Question, language: Language = Language.ENGLISH
) -> Response:
    """A picture with legend and scale bar."""
    return Response(_file(service, question, "gap.png", language), media_type=PNG)


@router.get(
    "/capacity-gap.html", response_class=Response, responses={200: {"content": {"text/html": {}}}}
)
def read_gap_page(service: RunningService, question: Question) -> Response:
    """A map in one file."""
    grid = build_whole_grid(service.planner.grid())
    html = render_gap(_answer(service, question), grid)
    headers = {"content-security-policy": CONTENT_POLICY}
    return Response(html, media_type="text/html", headers=headers)


@router.get(
    "/capacity-gap.{ending}",
    response_class=Response,
    responses={200: {"content": {GPKG: {}, CSV: {}}}},
)
def read_gap_tables(
    service: RunningService, question: Question, ending: Literal["gpkg", "csv"]
) -> Response:
    """Supply areas and elements as a GeoPackage or as one table."""
    media_type = GPKG if ending == "gpkg" else CSV
    return Response(_file(service, question, f"gap.{ending}"), media_type=media_type)


def _file(
    service: Service, question: GapQuestion, name: str, language: Language = Language.ENGLISH
) -> bytes:
    answer = _answer(service, question)
    with TemporaryDirectory(prefix="gisplan-capacity-gap-") as folder:
        path = Path(folder) / name
        if path.suffix == ".png":
            write_gap_png(answer.tables, path, on=date.today(), language=language)
        else:
            write_gap(answer, path)
        return path.read_bytes()


def _answer(service: Service, question: GapQuestion) -> GapAnswer:
    return service.gaps.get(question, _untold)


def _untold(_doing: str, _done: int, _total: int) -> None:
    """Nobody watches a request's progress."""
