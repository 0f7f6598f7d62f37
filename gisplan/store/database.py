"""Databases as wholes: made, renamed, dropped, and made ready for work."""

from __future__ import annotations

from psycopg.sql import SQL, Identifier

from gisplan.settings import Settings
from gisplan.store.cluster import ensure_running
from gisplan.store.cluster_place import open_cluster
from gisplan.store.connection import connect, parse_address
from gisplan.store.migrate import migrate

DATABASE = "gisplan"
_CREATION_LOCK_KEY = 0x67697364  # any number that only creation uses


def prepare_database(settings: Settings) -> str:
    """Return the address of the database that serves, started, made and migrated as needed.

    Raises
    ------
    ClusterError
        No server is named and the private cluster cannot be started.
    StoreError
        The database cannot be reached or migrated.
    """
    if settings.database_url is None:
        url = _prepare_private_database(settings)
    else:
        url = settings.database_url
        parse_address(url)
    migrate(url)
    return url


def create_database(server_url: str, name: str, *, template: str = "template0") -> None:
    """Create a database as a copy of a template."""
    statement = SQL("create database {} template {}").format(Identifier(name), Identifier(template))
    with connect(server_url, autocommit=True) as connection:
        connection.execute(statement)


def drop_database(server_url: str, name: str) -> None:
    """Drop a database if it exists, ending whatever still uses it."""
    statement = SQL("drop database if exists {} with (force)").format(Identifier(name))
    with connect(server_url, autocommit=True) as connection:
        connection.execute(statement)


def has_database(server_url: str, name: str) -> bool:
    """Return whether a server has a database of that name."""
    with connect(server_url) as connection:
        found = connection.execute(
            "select 1 from pg_database where datname = %(name)s", {"name": name}
        )
        return found.fetchone() is not None


def _prepare_private_database(settings: Settings) -> str:
    cluster = open_cluster(settings)
    ensure_running(cluster, settings)
    server_url = cluster.url("postgres")
    with connect(server_url, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%(key)s)", {"key": _CREATION_LOCK_KEY})
        if not has_database(server_url, DATABASE):
            create_database(server_url, DATABASE)
    return cluster.url(DATABASE)
