"""Connections to PostGIS; what the driver raises becomes an error of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors as driver_errors
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool, PoolTimeout

from gisplan.errors import ConflictError, InputError, StoreError

_CONNECT_TIMEOUT_S = 10
_CONFLICTS = (
    driver_errors.SerializationFailure,
    driver_errors.DeadlockDetected,
    driver_errors.LockNotAvailable,
    driver_errors.UniqueViolation,
    driver_errors.ObjectInUse,
)


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn errors of the driver into errors of ours.

    Raises
    ------
    ConflictError
        Somebody else changed, holds or already made the same thing.
    StoreError
        Anything else that the database refused or lost.
    """
    try:
        yield
    except _CONFLICTS as error:
        raise ConflictError(_describe(error)) from error
    except PoolTimeout as error:
        raise StoreError(f"no database connection became free: {error}") from error
    except psycopg.Error as error:
        raise StoreError(_describe(error)) from error


@contextmanager
def connect(url: str, *, autocommit: bool = False) -> Iterator[psycopg.Connection]:
    """Give one connection; its transaction is committed at the end or undone by an error.

    Raises
    ------
    StoreError
        The database cannot be reached or refused something.
    """
    with translated_errors():
        connection = psycopg.connect(
            url,
            autocommit=autocommit,
            connect_timeout=_CONNECT_TIMEOUT_S,
            application_name="gisplan",
        )
        with connection:
            yield connection


@contextmanager
def open_pool(url: str, *, size_max: int = 8) -> Iterator[ConnectionPool]:
    """Give a pool of connections that is closed at the end; take from it with `borrow`.

    Raises
    ------
    StoreError
        The database cannot be reached.
    """
    pool = ConnectionPool(
        url,
        kwargs={"application_name": "gisplan", "connect_timeout": _CONNECT_TIMEOUT_S},
        min_size=1,
        max_size=size_max,
        timeout=_CONNECT_TIMEOUT_S,
        open=False,
    )
    with translated_errors():
        pool.open(wait=True, timeout=_CONNECT_TIMEOUT_S)
    with pool:
        yield pool


@contextmanager
def borrow(pool: ConnectionPool) -> Iterator[psycopg.Connection]:
    """Give a connection of the pool; its transaction is committed or undone as in `connect`.

    Raises
    ------
    StoreError
        No connection became free, or the database refused something.
    """
    with translated_errors():
        connection = _take_living(pool)
        try:
            with connection:
                yield connection
        finally:
            pool.putconn(connection)


def _take_living(pool: ConnectionPool) -> psycopg.Connection:
    """Take a connection that answers; after a restart of the server many may be dead at once.

    The pool's own check waits longer after every dead one, ten seconds for a handful; here dead
    ones are handed back and replaced without waiting.
    """
    for _ in range(pool.max_size):
        connection: psycopg.Connection = pool.getconn()
        try:
            ConnectionPool.check_connection(connection)
        except psycopg.OperationalError:
            pool.putconn(connection)
        else:
            return connection
    return pool.getconn()


def parse_address(url: str) -> dict[str, str]:
    """Return the parts of a database's address: host, dbname and whatever else it names.

    Raises
    ------
    InputError
        It is no address, or names no database.
    """
    try:
        parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except psycopg.ProgrammingError:
        parts = {}
    if "dbname" not in parts:
        raise InputError(
            "DATABASE_URL is no address of a database; expected postgresql, a colon, two slashes "
            "and then user:password@host:port/database"
        )
    return parts


def _describe(error: psycopg.Error) -> str:
    diagnostic = error.diag
    parts = [diagnostic.message_primary or str(error).strip() or type(error).__name__]
    if diagnostic.message_detail:
        parts.append(diagnostic.message_detail)
    if diagnostic.message_hint:
        parts.append(diagnostic.message_hint)
    return "database: " + "; ".join(parts)
