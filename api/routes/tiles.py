"""Vector tiles of the map."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Path, Response
from psycopg import Connection

from api.state import Database, RunningService
from api.tile_cache import TileCache, TileKey
from gisplan import __version__
from gisplan.store.tiles import MAXIMUM_ZOOM, TileLayer, find_active_version, get_tile

router = APIRouter(prefix="/tiles", tags=["map"])
LONG = "public, max-age=31536000, immutable"
MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
Zoom = Annotated[int, Path(ge=0, le=MAXIMUM_ZOOM)]
Place = Annotated[int, Path(ge=0, lt=1 << MAXIMUM_ZOOM)]


@router.get(
    "/{layer}/{zoom}/{column}/{row}.mvt",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {}}}, 304: {"description": "Not modified"}},
)
def read_tile(
    service: RunningService,
    connection: Database,
    layer: TileLayer,
    zoom: Zoom,
    column: Place,
    row: Place,
    v: int | None = None,
    if_none_match: Annotated[str, Header()] = "",
) -> Response:
    """One tile of one layer; ``v`` is the grid version, with which a tile may be kept for long."""
    version = find_active_version(connection) or 0
    lasting = layer.belongs_to_version
    headers = {"cache-control": LONG if lasting and v == version else "no-cache"}
    if lasting:
        headers["etag"] = f'"{__version__}-{version}"'
        if headers["etag"] in if_none_match:
            return Response(status_code=304, headers=headers)
    tile = _read(connection, service.tiles, (version, layer, zoom, column, row))
    return Response(tile, media_type=MEDIA_TYPE, headers=headers)


def _read(connection: Connection, cache: TileCache, key: TileKey) -> bytes:
    _, layer, zoom, column, row = key
    tile = cache.find(key) if layer.belongs_to_version else None
    if tile is None:
        tile = get_tile(connection, layer, zoom=zoom, column=column, row=row)
        if layer.belongs_to_version:
            cache.keep(key, tile)
    return tile
