"""Density surfaces and hot spots as files by ending, as raster tiles, and their legend."""

from __future__ import annotations

import math
from datetime import date
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Query, Response
from fastapi import Path as PathPart
from fastapi.responses import StreamingResponse

from api.density_layer import (
    DensityHere,
    DensityLegend,
    DensityRule,
    density_rules,
    shown_density,
    shown_hot_spots,
)
from api.density_questions import AskedHotSpots, AskedSurface, HotSpotsAsked, Surface
from api.events import FOLLOWED, follow
from api.raster_cache import AGE_MAX_S
from api.state import Database, RunningService, Service
from gisplan.export.density_phrases import Language
from gisplan.services.density import layer_density, save_density
from gisplan.services.electrical import untold
from gisplan.services.hot_spots import layer_hot_spots, save_hot_spots
from gisplan.store.connection import borrow
from gisplan.store.grid_reader import active_version
from gisplan.store.tiles import MAXIMUM_ZOOM
from maps.density_map import (
    density_palette,
    metric_classes,
    render_density,
    render_hot_spots,
)
from maps.offline import CONTENT_POLICY
from maps.web_raster import palette_png, tile_classes

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.density_layer import ShownRaster
    from api.raster_cache import KeptRaster
    from gisplan.services.electrical import Progress

router = APIRouter(tags=["density"])
PNG = "image/png"
Place = Annotated[int, PathPart(ge=0, lt=1 << MAXIMUM_ZOOM)]
Zoom = Annotated[int, PathPart(ge=0, le=MAXIMUM_ZOOM)]


class DensityFile(StrEnum):
    """Endings of files that show a raster."""

    TIF = "tif"
    PNG = "png"
    GPKG = "gpkg"
    GEOJSON = "geojson"
    FGB = "fgb"
    CSV = "csv"
    HTML = "html"


MEDIA_TYPES = {
    "tif": "image/tiff; application=geotiff",
    "png": PNG,
    "gpkg": "application/geopackage+sqlite3",
    "geojson": "application/geo+json",
    "fgb": "application/flatgeobuf",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}


Asking = Annotated[
    int, Query(ge=0, lt=1 << 63, description="Number of an asking; its tiles stay alike.")
]
Lon = Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False)]
Lat = Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False)]


@router.get("/density.{ending}", response_class=Response)
def read_density(
    ending: DensityFile,
    connection: Database,
    asked: Surface,
    language: Language = Language.ENGLISH,
) -> Response:
    """Density of a layer as a surface; vector files hold its cells as squares."""
    found, today = layer_density(connection, asked.question(connection)), date.today()
    if ending is DensityFile.HTML:
        return page_answer(render_density(found, on=today))
    return file_answer(ending, lambda path: save_density(found, path, on=today, language=language))


@router.get("/hotspots.{ending}", response_class=Response)
def read_hot_spots(
    ending: DensityFile,
    connection: Database,
    asked: HotSpotsAsked,
    language: Language = Language.ENGLISH,
) -> Response:
    """Hot and cold spots of a layer."""
    found, today = layer_hot_spots(connection, asked.question(connection)), date.today()
    if ending is DensityFile.HTML:
        return page_answer(render_hot_spots(found, on=today))
    return file_answer(
        ending, lambda path: save_hot_spots(found, path, on=today, language=language)
    )


@router.get("/density/legend")
def read_density_legend(
    service: RunningService, asked: Surface, asking: Asking = 0
) -> DensityLegend:
    """What the colours of the tiles of a density mean."""
    return _kept_density(service, asked, asking).shown.legend


@router.get("/hotspots/legend")
def read_hot_spot_legend(
    service: RunningService, asked: HotSpotsAsked, asking: Asking = 0
) -> DensityLegend:
    """What the colours of the tiles of hot spots mean."""
    return _kept_hot_spots(service, asked, asking).shown.legend


@router.get("/density/layer", response_class=StreamingResponse, responses=FOLLOWED)
def follow_density(
    service: RunningService, asked: Surface, asking: Asking = 0
) -> StreamingResponse:
    """Compute a density while telling how far it is; ``done`` is the legend. Hang up to give up."""

    def work(progress: Progress) -> DensityLegend:
        return _kept_density(service, asked, asking, progress).shown.legend

    return follow(work)


@router.get("/hotspots/layer", response_class=StreamingResponse, responses=FOLLOWED)
def follow_hot_spots(
    service: RunningService, asked: HotSpotsAsked, asking: Asking = 0
) -> StreamingResponse:
    """Find hot spots while telling how far it is; ``done`` is the legend. Hang up to give up."""

    def work(progress: Progress) -> DensityLegend:
        return _kept_hot_spots(service, asked, asking, progress).shown.legend

    return follow(work)


@router.get("/density/place")
def read_density_at(
    service: RunningService,
    asked: Surface,
    lon: Lon,
    lat: Lat,
    asking: Asking = 0,
) -> DensityHere:
    """The density of a place and its class."""
    return _kept_density(service, asked, asking).shown.here(lon, lat)


@router.get("/hotspots/place")
def read_hot_spot_at(
    service: RunningService,
    asked: HotSpotsAsked,
    lon: Lon,
    lat: Lat,
    asking: Asking = 0,
) -> DensityHere:
    """Kind, sum, score and p-value of the cell of a place."""
    return _kept_hot_spots(service, asked, asking).shown.here(lon, lat)


@router.get("/density/rules")
def read_density_rules(service: RunningService) -> list[DensityRule]:
    """The rows of the catalogue that density and its part of a plan rest on."""
    return density_rules(service.planner.state().region.catalogue)


def read_tile(zoom: Zoom, column: Place, row: Place) -> tuple[int, int, int]:
    """Which tile of the pyramid."""
    return zoom, column, row


Tile = Annotated[tuple[int, int, int], Depends(read_tile)]


@router.get("/density/tiles/{zoom}/{column}/{row}.png", response_class=Response)
def read_density_tile(
    service: RunningService, asked: Surface, tile: Tile, asking: Asking = 0
) -> Response:
    """A tile of a density in Web Mercator; clear beyond the surface."""
    return _tile(service, _kept_density(service, asked, asking), tile)


@router.get("/hotspots/tiles/{zoom}/{column}/{row}.png", response_class=Response)
def read_hot_spot_tile(
    service: RunningService,
    asked: HotSpotsAsked,
    tile: Tile,
    asking: Asking = 0,
) -> Response:
    """A tile of hot spots in Web Mercator; clear beyond the study area's rectangle."""
    return _tile(service, _kept_hot_spots(service, asked, asking), tile)


def _kept_density(
    service: Service, asked: AskedSurface, asking: int, progress: Progress = untold
) -> KeptRaster:
    """Return the raster of a density; no connection is held while another one is made."""
    with borrow(service.pool) as connection:
        version_id = active_version(connection).version_id
        question = asked.question(connection)

    def build() -> ShownRaster:
        with borrow(service.pool) as connection:
            return shown_density(layer_density(connection, question, progress=progress))

    return service.rasters.raster(
        (version_id, question, asking), build, age_max_s=_age_max_s(asking), progress=progress
    )


def _kept_hot_spots(
    service: Service, asked: AskedHotSpots, asking: int, progress: Progress = untold
) -> KeptRaster:
    """Return the raster of hot spots; no connection is held while another one is made."""
    with borrow(service.pool) as connection:
        version_id = active_version(connection).version_id
        question = asked.question(connection)

    def build() -> ShownRaster:
        with borrow(service.pool) as connection:
            return shown_hot_spots(layer_hot_spots(connection, question, progress=progress))

    return service.rasters.raster(
        (version_id, question, asking), build, age_max_s=_age_max_s(asking), progress=progress
    )


def _age_max_s(asking: int) -> float:
    """Return how long a raster is good: that of one asking has to stay like its legend."""
    return math.inf if asking else AGE_MAX_S


def _tile(service: Service, kept: KeptRaster, tile: tuple[int, int, int]) -> Response:
    (zoom, column, row), raster = tile, kept.shown.raster

    def draw() -> bytes:
        classes = tile_classes(metric_classes(raster), zoom=zoom, column=column, row=row)
        return palette_png(classes, density_palette(raster))

    picture = service.rasters.tile(kept, tile, draw)
    return Response(picture, media_type=PNG, headers={"cache-control": "no-cache"})


def page_answer(html: str) -> Response:
    """A map in one file, which may run what it brings and load nothing."""
    headers = {"content-security-policy": CONTENT_POLICY}
    return Response(html, media_type="text/html", headers=headers)


def file_answer(ending: str, save: Callable[[Path], None]) -> Response:
    """What a function saves under a name of this ending."""
    with TemporaryDirectory(prefix="gisplan-density-") as folder:
        path = Path(folder) / f"density.{ending}"
        save(path)
        return Response(path.read_bytes(), media_type=MEDIA_TYPES[ending])
