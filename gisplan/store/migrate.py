"""Migrations: numbered SQL files, each run once in a transaction of its own.

A file that has run is never edited: its checksum is kept in the database and compared.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

import psycopg

from gisplan.errors import SchemaError
from gisplan.store.connection import connect

_SERVER_VERSION_MIN = 140000
_POSTGIS_VERSION_MIN = (3, 1)
_LOCK_KEY = 0x67697370  # any number that only migrations use

_CREATE_TABLE = """
create table if not exists public.gisplan_migration (
    number      integer primary key,
    name        text not null,
    checksum    text not null,
    applied_at  timestamptz not null default now()
)
"""
_FIND_TABLE = "select to_regclass('public.gisplan_migration') is not null"
_LIST_APPLIED = "select number, name, checksum from public.gisplan_migration order by number"
_RECORD = """
insert into public.gisplan_migration (number, name, checksum)
values (%(number)s, %(name)s, %(checksum)s)
"""
_FIND_POSTGIS_VERSION = """
select coalesce(installed_version, default_version)
from pg_available_extensions where name = 'postgis'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One numbered step from an older schema to the next."""

    number: int
    name: str
    statements: str

    @property
    def checksum(self) -> str:
        """SHA-256 of its text."""
        return hashlib.sha256(self.statements.encode()).hexdigest()


def load_migrations() -> tuple[Migration, ...]:
    """Read the migrations of this version of the code, in order.

    Raises
    ------
    SchemaError
        A gap or a repetition in their numbers.
    """
    folder = resources.files("gisplan.store") / "migrations"
    found = []
    for file in folder.iterdir():
        if match := re.fullmatch(r"(\d+)_(\w+)\.sql", file.name):
            statements = file.read_text(encoding="utf-8")
            found.append(Migration(number=int(match[1]), name=match[2], statements=statements))
    migrations = tuple(sorted(found, key=lambda one: one.number))
    numbers = [one.number for one in migrations]
    if numbers != list(range(1, len(numbers) + 1)):
        raise SchemaError(f"migrations are numbered {numbers}, expected 1, 2, 3 without a gap")
    return migrations


def migrate(url: str, migrations: Sequence[Migration] | None = None) -> tuple[int, ...]:
    """Bring a database to this version of the code and return the numbers of what was run.

    Raises
    ------
    SchemaError
        The database is newer than the code or was changed, or its server is too old.
    StoreError
        A migration failed; nothing of it stays, what ran before it does.
    """
    wanted = load_migrations() if migrations is None else tuple(migrations)
    with connect(url, autocommit=True) as connection:
        if _is_current(connection, wanted):
            return ()
        _check_server(connection)
        connection.execute("select pg_advisory_lock(%(key)s)", {"key": _LOCK_KEY})
        connection.execute(_CREATE_TABLE)
        pending = _find_pending(connection, wanted)
        for migration in pending:
            _apply(connection, migration)
        return tuple(migration.number for migration in pending)


def find_schema_number(url: str) -> int:
    """Return the number of the newest migration that a database has, 0 where it has none."""
    with connect(url) as connection:
        return max((number for number, _, _ in _list_applied(connection)), default=0)


def _is_current(connection: psycopg.Connection, wanted: Sequence[Migration]) -> bool:
    return not _find_pending(connection, wanted)


def _find_pending(
    connection: psycopg.Connection, wanted: Sequence[Migration]
) -> tuple[Migration, ...]:
    """Return what the database lacks after comparing what it has."""
    applied = _list_applied(connection)
    if len(applied) > len(wanted):
        number, name, _ = applied[-1]
        raise SchemaError(
            f"the database has migration {number} ({name}), this code ends at {len(wanted)}; "
            "run a newer gisplan or restore an older backup"
        )
    for migration, (number, name, checksum) in zip(wanted, applied, strict=False):
        if (number, checksum) != (migration.number, migration.checksum):
            raise SchemaError(
                f"migration {number} ({name}) ran with another text than this code has "
                f"({migration.name}); run the gisplan that made the database, or load it anew"
            )
    return tuple(wanted[len(applied) :])


def _list_applied(connection: psycopg.Connection) -> list[tuple[int, str, str]]:
    found = connection.execute(_FIND_TABLE).fetchone()
    if found is None or not found[0]:
        return []
    return [(row[0], row[1], row[2]) for row in connection.execute(_LIST_APPLIED)]


def _check_server(connection: psycopg.Connection) -> None:
    server_version = connection.info.server_version
    if server_version < _SERVER_VERSION_MIN:
        raise SchemaError(
            f"the server is PostgreSQL {server_version // 10000}, expected "
            f"{_SERVER_VERSION_MIN // 10000} or newer"
        )
    row = connection.execute(_FIND_POSTGIS_VERSION).fetchone()
    postgis_version = "none" if row is None else str(row[0])
    if _read_version(postgis_version) < _POSTGIS_VERSION_MIN:
        raise SchemaError(
            f"the server offers PostGIS {postgis_version}, expected "
            f"{'.'.join(map(str, _POSTGIS_VERSION_MIN))} or newer; install it on the server"
        )


def _read_version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:2])


def _apply(connection: psycopg.Connection, migration: Migration) -> None:
    record = {"number": migration.number, "name": migration.name, "checksum": migration.checksum}
    with connection.transaction():
        # One string without parameters: the driver then accepts several statements.
        connection.execute(migration.statements.encode())
        connection.execute(_RECORD, record)
