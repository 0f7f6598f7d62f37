"""Grid rows into the staging area, and the staging area into a version that serves.

Staging is committed before it is judged and the version is made in one transaction: whatever dies
at whatever moment, the version that served before still serves.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from psycopg.copy import QueuedLibpqWriter
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb

from gisplan.errors import ConflictError, InputError, StoreError
from gisplan.store.binary_rows import encode_chunks
from gisplan.store.connection import translated_errors
from gisplan.store.sql import query, refused_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    from psycopg import Connection

# In an order in which what is referred to stands first.
GRID_TABLES = (
    "substation",
    "bus",
    "line",
    "transformer",
    "switch",
    "source",
    "load",
    "generator",
    "corridor",
    "obstacle",
    "barrier",
)
_LOAD_LOCK_KEY = 0x67696C64  # any number that only loading uses


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionFacts:
    """What is recorded of a version beside its rows.

    Where single tables come from elsewhere, ``base_fingerprint`` is that of the grid that they were
    joined to, and ``layers`` holds digest and note of the source of each.
    """

    fingerprint: str
    source_name: str
    working_srid: int
    profile: str
    warning_count: int
    source_note: str = ""
    base_fingerprint: str | None = None
    layers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion:
    """A version that was loaded before."""

    version_id: int
    is_active: bool
    working_srid: int
    warning_count: int


@contextmanager
def staging_reserved(connection: Connection) -> Iterator[None]:
    """Keep the staging area to one load; the reservation ends with us or with our connection.

    Raises
    ------
    ConflictError
        Another load is under way.
    StoreError
        The connection is inside a transaction, which a load must begin and end itself.
    """
    if connection.info.transaction_status != TransactionStatus.IDLE:
        raise StoreError("a load needs a connection without an open transaction")
    with translated_errors(), connection.transaction():
        (reserved,) = connection.execute(
            query("load_reserve_staging"), {"key": _LOAD_LOCK_KEY}
        ).fetchone() or (False,)
    if not reserved:
        raise ConflictError("another load is under way; try again when it has ended")
    try:
        yield
    finally:
        if not connection.closed:
            with translated_errors(), connection.transaction():
                connection.execute(query("load_release_staging"), {"key": _LOAD_LOCK_KEY})


def clear_staging(connection: Connection) -> None:
    """Empty all staging tables, in a transaction of its own."""
    with translated_errors(), connection.transaction():
        connection.execute(query("load_clear_staging"))


def copy_rows(
    connection: Connection,
    table: str,
    columns: Mapping[str, np.ndarray],
    *,
    geometry: np.ndarray | None = None,
    srid: int,
) -> int:
    """Copy columns into one staging table; the number of rows comes back.

    Parameters
    ----------
    table
        One of ``GRID_TABLES``.
    columns
        Texts as objects with ``None`` for null; numbers and flags as floats with NaN for null.
    geometry
        Shapely objects for the column ``geom``.
    """
    if table not in GRID_TABLES:
        raise StoreError(
            f"{table} is no table of the grid; expected one of {', '.join(GRID_TABLES)}"
        )
    values = dict(columns) if geometry is None else {**columns, "geom": geometry}
    count = len(next(iter(values.values())))
    target = Identifier("staging", table)
    names = SQL(", ").join(map(Identifier, values))
    statement = SQL("copy {} ({}) from stdin (format binary)").format(target, names)
    with translated_errors(), connection.transaction(), connection.cursor() as cursor:
        kinds: dict[str, str] = dict(
            cursor.execute(query("load_column_types"), {"table": table}).fetchall()
        )
        typed = [(kinds[name], array) for name, array in values.items()]
        # a thread sends while the next chunk is encoded
        with cursor.copy(statement, writer=QueuedLibpqWriter(cursor)) as copy:
            for chunk in encode_chunks(typed, srid=srid):
                copy.write(chunk)
    return count


def analyze_staging(connection: Connection) -> None:
    """Count the staged rows for the query planner, which would otherwise expect none."""
    with translated_errors(), connection.transaction():
        connection.execute(query("load_analyze_staging"))


def find_version(connection: Connection, fingerprint: str) -> StoredVersion | None:
    """Find the version that the same source, mapping and profile gave before."""
    with (
        translated_errors(),
        connection.transaction(),
        connection.cursor(row_factory=dict_row) as cursor,
    ):
        row = cursor.execute(query("load_find_version"), {"fingerprint": fingerprint}).fetchone()
    return None if row is None else StoredVersion(**row)


def activate_version(connection: Connection, version_id: int) -> None:
    """Make a retired version the active one again."""
    with translated_errors(), connection.transaction():
        connection.execute(query("load_move_ledger"))
        connection.execute(query("load_retire_active"))
        connection.execute(query("load_activate_version"), {"version_id": version_id})


def store_version(connection: Connection, facts: VersionFacts) -> int:
    """Make what is staged the active version, whole or not at all; its number comes back.

    Raises
    ------
    InputError
        A staged row breaks a rule of the database.
    """
    doing = f"storing {facts.source_name}"
    with translated_errors(), refused_values(doing), connection.transaction():
        connection.execute(query("load_move_ledger"))
        connection.execute(query("load_retire_active"))
        row = connection.execute(
            query("load_insert_version"),
            {
                "fingerprint": facts.fingerprint,
                "source_name": facts.source_name,
                "working_srid": facts.working_srid,
                "profile": facts.profile,
                "warning_count": facts.warning_count,
                "source_note": facts.source_note,
                "base_fingerprint": facts.base_fingerprint,
                "layers": Jsonb({name: dict(one) for name, one in facts.layers.items()}),
            },
        ).fetchone()
        if row is None:
            raise StoreError(f"{doing}: the database gave the version no number")
        for table in GRID_TABLES:
            connection.execute(query(f"load_insert_{table}"), {"version_id": row[0]})
    with translated_errors(), connection.transaction():
        connection.execute(query("load_analyze_grid"))
    return int(row[0])


def count_rows(connection: Connection, version_id: int) -> dict[str, int]:
    """Count the rows of every table of one version."""
    with translated_errors(), connection.transaction():
        rows = connection.execute(query("load_count_rows"), {"version_id": version_id}).fetchall()
    counts = {str(table): int(count) for table, count in rows}
    if not counts.get("bus"):
        raise InputError(f"version {version_id} holds no buses; load the grid again")
    return counts
