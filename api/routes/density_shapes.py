"""Density in cells and along corridors: as files by ending, as vector tiles, and their legend."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from api.density_areas import KeptAreas
from api.density_layer import DensityLegend
from api.density_questions import AlongCorridors, AskedCells, CellSums
from api.density_tiles import shown_cells, shown_corridors
from api.events import FOLLOWED, follow
from api.routes.density import MEDIA_TYPES, Asking, Tile, file_answer, page_answer
from api.routes.tiles import MEDIA_TYPE
from api.state import Database, RunningService, Service
from gisplan.export.density_phrases import Language
from gisplan.services.corridor_density import CorridorDensityQuestion, density_of_corridors
from gisplan.services.density_cells import layer_cells
from gisplan.services.electrical import untold
from gisplan.services.shape_file import (
    cells_labels,
    corridor_labels,
    save_cells,
    save_corridors,
)
from gisplan.settings import load_settings
from gisplan.store.connection import borrow
from gisplan.store.density_points import read_grid_lines
from gisplan.store.grid_reader import active_version
from gisplan.store.tiles import check_tile, encode_tile
from maps.corridor_density import render_corridor_density
from maps.density_map import render_cells

if TYPE_CHECKING:
    from psycopg import Connection

    from api.density_tiles import ShownShapes
    from gisplan.services.density_cells import CellsQuestion
    from gisplan.services.electrical import Progress

router = APIRouter(prefix="/density", tags=["density"])
SENT = {
    "required": True,
    "content": {
        name: {"schema": {"type": "string", "format": "binary"}}
        for name in (MEDIA_TYPES["geojson"], MEDIA_TYPES["gpkg"], MEDIA_TYPES["fgb"])
    },
}
TILE_FOUND: dict[int | str, dict[str, Any]] = {200: {"content": {MEDIA_TYPE: {}}}}


class CellFile(StrEnum):
    """Endings of files of cells."""

    GPKG = "gpkg"
    GEOJSON = "geojson"
    FGB = "fgb"
    CSV = "csv"
    PNG = "png"
    HTML = "html"


class CorridorFile(StrEnum):
    """Endings of files of pieces of corridor."""

    GPKG = "gpkg"
    GEOJSON = "geojson"
    FGB = "fgb"
    CSV = "csv"
    JSON = "json"
    PNG = "png"
    HTML = "html"


async def read_sent(request: Request) -> bytes:
    """What was sent, as it is; its size is limited before."""
    return await request.body()


Sent = Annotated[bytes, Depends(read_sent)]


@router.get("/cells.{ending}", response_class=Response)
def read_density_cells(
    service: RunningService,
    ending: CellFile,
    connection: Database,
    asked: CellSums,
    language: Language = Language.ENGLISH,
) -> Response:
    """Sums of a layer in squares, hexagons, H3 cells, or polygons that were sent before."""
    question = asked.question(connection, service.areas)
    return _cells_file(connection, question, ending, language)


@router.post("/cells.{ending}", response_class=Response, openapi_extra={"requestBody": SENT})
def read_density_in_areas(  # noqa: PLR0917 (one a parameter)
    service: RunningService,
    ending: CellFile,
    connection: Database,
    asked: CellSums,
    sent: Sent,
    language: Language = Language.ENGLISH,
) -> Response:
    """Sums of a layer in polygons: a GeoJSON FeatureCollection, a GeoPackage or a FlatGeobuf."""
    named = asked.named(_keep(service, connection, sent).areas)
    question = named.question(connection, service.areas)
    return _cells_file(connection, question, ending, language)


@router.post("/areas", openapi_extra={"requestBody": SENT})
def keep_areas(service: RunningService, connection: Database, sent: Sent) -> KeptAreas:
    """Keep polygons for a while; ``areas`` names them in questions about cells and their tiles."""
    return _keep(service, connection, sent)


@router.get("/cells/legend")
def read_cells_legend(
    service: RunningService, asked: CellSums, asking: Asking = 0
) -> DensityLegend:
    """What the classes of the tiles of cells mean."""
    return _kept_cells(service, asked, asking).legend


@router.get("/cells/layer", response_class=StreamingResponse, responses=FOLLOWED)
def follow_cells(service: RunningService, asked: CellSums, asking: Asking = 0) -> StreamingResponse:
    """Sum in cells while telling how far it is; ``done`` is the legend. Hang up to give up."""

    def work(progress: Progress) -> DensityLegend:
        return _kept_cells(service, asked, asking, progress).legend

    return follow(work)


@router.get("/cells/tiles/{zoom}/{column}/{row}.mvt", response_class=Response, responses=TILE_FOUND)
def read_cells_tile(
    service: RunningService, asked: CellSums, tile: Tile, asking: Asking = 0
) -> Response:
    """Cells in one vector tile, with their figures and the number of their class."""
    return vector_tile(service, _kept_cells(service, asked, asking), tile)


@router.get("/corridors.{ending}", response_class=Response)
def read_density_of_corridors(
    service: RunningService,
    ending: CorridorFile,
    connection: Database,
    question: AlongCorridors,
    language: Language = Language.ENGLISH,
) -> Response:
    """Density of a layer along the corridors, piece by piece."""
    answer = density_of_corridors(connection, service.planner.cache_root, question)
    today = date.today()
    if ending is CorridorFile.HTML:
        return page_answer(render_corridor_density(answer, on=today))
    labels = corridor_labels(question, on=today, language=language)
    return file_answer(ending, lambda path: save_corridors(answer, path, labels))


@router.get("/corridors/legend")
def read_corridors_legend(
    service: RunningService, question: AlongCorridors, asking: Asking = 0
) -> DensityLegend:
    """What the classes of the tiles of corridors mean."""
    return _kept_corridors(service, question, asking).legend


@router.get("/corridors/layer", response_class=StreamingResponse, responses=FOLLOWED)
def follow_corridors(
    service: RunningService, question: AlongCorridors, asking: Asking = 0
) -> StreamingResponse:
    """Compute along corridors while telling how far it is; ``done`` is the legend."""

    def work(progress: Progress) -> DensityLegend:
        return _kept_corridors(service, question, asking, progress).legend

    return follow(work)


@router.get(
    "/corridors/tiles/{zoom}/{column}/{row}.mvt", response_class=Response, responses=TILE_FOUND
)
def read_corridors_tile(
    service: RunningService, question: AlongCorridors, tile: Tile, asking: Asking = 0
) -> Response:
    """Pieces of corridor in one vector tile, with their density and the number of their class."""
    return vector_tile(service, _kept_corridors(service, question, asking), tile)


def vector_tile(service: Service, shown: ShownShapes, tile: tuple[int, int, int]) -> Response:
    """All layers of one tile; the bytes of several layers follow each other."""
    zoom, column, row = tile
    check_tile(zoom, column, row)
    layers = [one.in_tile(zoom, column, row) for one in shown.layers]
    with borrow(service.pool) as connection:
        parts = [
            encode_tile(connection, one, zoom=zoom, column=column, row=row)
            for one in layers
            if one.numbers
        ]
    return Response(b"".join(parts), media_type=MEDIA_TYPE, headers={"cache-control": "no-cache"})


def _keep(service: Service, connection: Connection, sent: bytes) -> KeptAreas:
    return service.areas.keep(sent, srid=active_version(connection).working_srid)


def _cells_file(
    connection: Connection, question: CellsQuestion, ending: CellFile, language: Language
) -> Response:
    answer = layer_cells(connection, question, catalogue_override=load_settings().catalogue)
    lines = read_grid_lines(connection, active_version(connection).version_id)
    today = date.today()
    if ending is CellFile.HTML:
        return page_answer(render_cells(answer, lines, on=today))
    labels = cells_labels(question, lines, on=today, language=language)
    return file_answer(ending, lambda path: save_cells(answer, path, labels))


def _kept_cells(
    service: Service, asked: AskedCells, asking: int, progress: Progress = untold
) -> ShownShapes:
    """Return cells as a layer; no connection is held while another one is made."""
    with borrow(service.pool) as connection:
        version_id = active_version(connection).version_id
        question = asked.question(connection, service.areas)

    def make() -> ShownShapes:
        catalogue = load_settings().catalogue
        with borrow(service.pool) as connection:
            return shown_cells(
                layer_cells(connection, question, catalogue_override=catalogue, progress=progress)
            )

    return service.shapes.get((version_id, asked), asking, make, progress)


def _kept_corridors(
    service: Service, question: CorridorDensityQuestion, asking: int, progress: Progress = untold
) -> ShownShapes:
    """Return pieces of corridor as a layer; no connection is held while another one is made."""
    with borrow(service.pool) as connection:
        version_id = active_version(connection).version_id

    def make() -> ShownShapes:
        cache_root = service.planner.cache_root
        with borrow(service.pool) as connection:
            return shown_corridors(
                density_of_corridors(connection, cache_root, question, progress=progress)
            )

    return service.shapes.get((version_id, question), asking, make, progress)
