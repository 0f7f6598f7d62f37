"""Single tables of a version from elsewhere: the rest of the active version stays as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier

from gisplan.errors import NoGridError
from gisplan.store.connection import translated_errors
from gisplan.store.grid_writer import GRID_TABLES
from gisplan.store.sql import query

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from psycopg import Connection

NOT_KEPT = frozenset({"version_id", "geom_3857"})  # given anew to every version
Layers = dict[str, dict[str, str]]
"""For each table from elsewhere: ``digest`` of its source and the ``note`` that goes with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseVersion:
    """The version that serves: what tables from elsewhere are joined to.

    ``west`` to ``north`` are metres in the working CRS, around all buses.
    """

    version_id: int
    fingerprint: str
    source_name: str
    working_srid: int
    profile: str
    layers: Layers
    base_fingerprint: str
    base_warning_count: int
    west: float
    south: float
    east: float
    north: float


def read_base(connection: Connection) -> BaseVersion:
    """Read the version that serves.

    Raises
    ------
    NoGridError
        If nothing has been loaded yet.
    """
    with (
        translated_errors(),
        connection.transaction(),
        connection.cursor(row_factory=class_row(BaseVersion)) as cursor,
    ):
        base = cursor.execute(query("load_base_version")).fetchone()
    if base is None:
        raise NoGridError(
            "no grid has been loaded yet that corridors could be joined to; load one first"
        )
    return base


def stage_kept_tables(connection: Connection, version_id: int, replaced: Collection[str]) -> None:
    """Copy all tables of a version but those that are replaced into the staging area."""
    with translated_errors(), connection.transaction():
        for table in GRID_TABLES:
            if table not in replaced:
                _stage_table(connection, version_id, table)


def _stage_table(connection: Connection, version_id: int, table: str) -> None:
    known: Mapping[str, str] = dict(
        connection.execute(query("load_column_types"), {"table": table}).fetchall()
    )
    names = SQL(", ").join(Identifier(name) for name in known if name not in NOT_KEPT)
    statement = SQL("insert into {} ({}) select {} from {} where version_id = %(version_id)s")
    target, source = Identifier("staging", table), Identifier("grid", table)
    connection.execute(statement.format(target, names, names, source), {"version_id": version_id})
