"""A database of its own for a benchmark, on the server that serves the product."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg.conninfo import make_conninfo

from gisplan.settings import load_settings
from gisplan.store.cluster import ensure_running
from gisplan.store.cluster_place import open_cluster
from gisplan.store.database import create_database, drop_database
from gisplan.store.migrate import migrate


@contextmanager
def scratch_database() -> Iterator[str]:
    """Give the address of a migrated database without rows; it is dropped at the end."""
    server_url = _find_server()
    name = f"gisplan_benchmark_{os.getpid()}"
    create_database(server_url, name)
    try:
        url = make_conninfo(server_url, dbname=name)
        migrate(url)
        yield url
    finally:
        drop_database(server_url, name)


def _find_server() -> str:
    settings = load_settings()
    if settings.database_url is not None:
        return settings.database_url
    cluster = open_cluster(settings)
    ensure_running(cluster, settings)
    return cluster.url("postgres")
