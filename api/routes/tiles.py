"""Vector tiles of the map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Response
from psycopg import Connection

from api.state import Database, RunningService
from api.tile_cache import TileCache
from gisplan import __version__
from gisplan.store.tiles import MAXIMUM_ZOOM, TileLayer, find_active_version, get_tile

router = APIRouter(prefix="/tiles", tags=["map"])
LONG = "public, max-age=31536000, immutable"
MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
Place = Annotated[int, Path(ge=0, lt=1 << MAXIMUM_ZOOM)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TileAddress:
    """Which tile of the pyramid, of which layer."""

    layer: TileLayer
    zoom: Annotated[int, Path(ge=0, le=MAXIMUM_ZOOM)]
    column: Place
    row: Place


@router.get(
    "/{layer}/{zoom}/{column}/{row}.mvt",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {}}}, 304: {"description": "Not modified"}},
)
def read_tile(
    service: RunningService,
    connection: Database,
    address: Annotated[TileAddress, Depends()],
    v: int | None = None,
    if_none_match: Annotated[str, Header()] = "",
) -> Response:
    """One tile of one layer; ``v`` is the grid version, with which a tile may be kept for long."""
    version = find_active_version(connection) or 0
    lasting = address.layer.belongs_to_version
    headers = {"cache-control": LONG if lasting and v == version else "no-cache"}
    if lasting:
        headers["etag"] = f'"{__version__}-{version}"'
        if headers["etag"] in if_none_match:
            return Response(status_code=304, headers=headers)
    tile = _read(connection, service.tiles, version, address)
    return Response(tile, media_type=MEDIA_TYPE, headers=headers)


def _read(connection: Connection, cache: TileCache, version: int, address: TileAddress) -> bytes:
    layer, zoom, column, row = address.layer, address.zoom, address.column, address.row
    key = (version, layer, zoom, column, row)
    tile = cache.find(key) if layer.belongs_to_version else None
    if tile is None:
        tile = get_tile(connection, layer, zoom=zoom, column=column, row=row)
        if layer.belongs_to_version:
            cache.keep(key, tile)
    return tile
