"""Map tiles, and what the map asks about the grid: its extent, the attributes of one element."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from psycopg.rows import class_row, dict_row

from gisplan.errors import InputError, NoGridError, UnknownElementError
from gisplan.store.sql import query, refused_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg import Connection

MAXIMUM_ZOOM = 16
Attribute = str | int | float | bool | None


class TileLayer(StrEnum):
    """Layers of the map."""

    BUS = "bus"
    LINE = "line"
    TRANSFORMER = "transformer"
    CORRIDOR = "corridor"
    OBSTACLE = "obstacle"
    BARRIER = "barrier"
    APPLICATION = "application"
    OPTION = "option"

    @property
    def belongs_to_version(self) -> bool:
        """Whether a tile stays the same as long as the grid version does."""
        return self not in {TileLayer.APPLICATION, TileLayer.OPTION}


class ElementKind(StrEnum):
    """Kinds of element that the map can be asked about."""

    BUS = "bus"
    LINE = "line"
    TRANSFORMER = "transformer"
    CORRIDOR = "corridor"
    OBSTACLE = "obstacle"
    BARRIER = "barrier"


TILE_QUERIES = {
    TileLayer.BUS: "tile_bus",
    TileLayer.LINE: "tile_line",
    TileLayer.TRANSFORMER: "tile_transformer",
    TileLayer.CORRIDOR: "tile_corridor",
    TileLayer.OBSTACLE: "tile_obstacle",
    TileLayer.BARRIER: "tile_barrier",
    TileLayer.APPLICATION: "tile_application",
    TileLayer.OPTION: "tile_option",
}
ELEMENT_QUERIES = {
    ElementKind.BUS: "tile_element_bus",
    ElementKind.LINE: "tile_element_line",
    ElementKind.TRANSFORMER: "tile_element_transformer",
    ElementKind.CORRIDOR: "tile_element_corridor",
    ElementKind.OBSTACLE: "tile_element_obstacle",
    ElementKind.BARRIER: "tile_element_barrier",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GridSummary:
    """The active grid version in one row; bounds are lon/lat.

    ``layers`` names the tables that are somebody else's data, each with the note of its source and
    the digest of what was read; all others come from ``source_name``.
    """

    version_id: int
    fingerprint: str
    source_name: str
    profile: str
    working_srid: int
    warning_count: int
    loaded_at: str
    west: float
    south: float
    east: float
    north: float
    bus_count: int
    line_count: int
    transformer_count: int
    load_count: int
    corridor_count: int
    obstacle_count: int
    barrier_count: int
    application_count: int
    source_note: str
    layers: dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TileShapes:
    """Shapes of one layer of a tile, in Web Mercator (EPSG:3857) as well-known binary.

    Each has a number, which the features of the tile bear, and properties as a JSON object.
    """

    layer: str
    numbers: Sequence[int]
    wkb: Sequence[bytes]
    properties: Sequence[str]


def find_active_version(connection: Connection) -> int | None:
    """Number of the version that serves, if one has been loaded."""
    row = connection.execute(query("tile_active_version")).fetchone()
    return None if row is None else int(row[0])


def get_grid_summary(connection: Connection) -> GridSummary:
    """Read what the active version holds and where it lies.

    Raises
    ------
    NoGridError
        If nothing has been loaded.
    """
    with connection.cursor(row_factory=class_row(GridSummary)) as cursor:
        summary = cursor.execute(query("tile_grid")).fetchone()
    if summary is None:
        raise NoGridError("no grid has been loaded; load one with: gisplan load SOURCE")
    return summary


def get_tile(
    connection: Connection, layer: TileLayer, *, zoom: int, column: int, row: int
) -> bytes:
    """One map tile (Mapbox Vector Tile); empty where nothing is to be shown.

    Raises
    ------
    InputError
        If there is no such tile in the pyramid.
    """
    check_tile(zoom, column, row)
    values = {"zoom": zoom, "column": column, "row": row}
    return bytes(connection.execute(query(TILE_QUERIES[layer]), values).fetchall()[0][0])


def check_tile(zoom: int, column: int, row: int) -> None:
    """Refuse a tile that is not in the pyramid.

    Raises
    ------
    InputError
        Naming what there is.
    """
    side = 1 << zoom if 0 <= zoom <= MAXIMUM_ZOOM else 0
    if not (0 <= column < side and 0 <= row < side):
        message = (
            f"tile {zoom}/{column}/{row} does not exist; zoom is 0 to {MAXIMUM_ZOOM}, "
            "column and row are 0 to 2^zoom - 1"
        )
        raise InputError(message)


def encode_tile(
    connection: Connection, shapes: TileShapes, *, zoom: int, column: int, row: int
) -> bytes:
    """Shapes in one map tile (Mapbox Vector Tile), cut off a little beyond its edge."""
    values = {
        "layer": shapes.layer,
        "numbers": list(shapes.numbers),
        "shapes": list(shapes.wkb),
        "properties": list(shapes.properties),
        "zoom": zoom,
        "column": column,
        "row": row,
    }
    return bytes(connection.execute(query("tile_of_shapes"), values).fetchall()[0][0])


def get_element(connection: Connection, kind: ElementKind, element_id: str) -> dict[str, Attribute]:
    """Attributes of one element of the active version, named as their columns are.

    Raises
    ------
    UnknownElementError
        If the active version has no such element.
    """
    with refused_values("reading an element"), connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(query(ELEMENT_QUERIES[kind]), {"element_id": element_id}).fetchone()
    if row is None:
        raise UnknownElementError(f"{kind} {element_id} is not in the active grid version")
    return row
