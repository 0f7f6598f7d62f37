"""What serves the data, and in which state it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gisplan.settings import Settings
from gisplan.store.cluster import find_data_version, find_server_pid, is_answering
from gisplan.store.cluster_place import open_cluster
from gisplan.store.connection import connect, parse_address
from gisplan.store.database import DATABASE, has_database
from gisplan.store.migrate import find_schema_number

_DESCRIBE = """
select current_setting('server_version'), pg_database_size(current_database()),
       (select extversion from pg_extension where extname = 'postgis')
"""


class ServerState(StrEnum):
    """Whether a server serves, and whose it is."""

    ABSENT = "absent"
    STOPPED = "stopped"
    RUNNING = "running"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseStatus:
    """What is known without starting anything; ``None`` where it is not."""

    state: ServerState
    place: str
    database: str
    pid: int | None = None
    server_version: str | None = None
    postgis_version: str | None = None
    schema_number: int | None = None
    size_mb: float | None = None


def find_status(settings: Settings) -> DatabaseStatus:
    """Return the state of the database of these settings; start nothing.

    Raises
    ------
    StoreError
        The server that ``DATABASE_URL`` names cannot be reached.
    """
    if settings.database_url is not None:
        host = parse_address(settings.database_url).get("host", "local")
        return _describe(settings.database_url, ServerState.EXTERNAL, host, None)
    cluster = open_cluster(settings)
    place = str(cluster.socket_folder)
    if not is_answering(cluster):
        has_data = find_data_version(cluster) is not None
        state = ServerState.STOPPED if has_data else ServerState.ABSENT
        return DatabaseStatus(state=state, place=place, database=DATABASE)
    pid = find_server_pid(cluster)
    if not has_database(cluster.url("postgres"), DATABASE):
        return DatabaseStatus(state=ServerState.RUNNING, place=place, database=DATABASE, pid=pid)
    return _describe(cluster.url(DATABASE), ServerState.RUNNING, place, pid)


def _describe(url: str, state: ServerState, place: str, pid: int | None) -> DatabaseStatus:
    with connect(url) as connection:
        row = connection.execute(_DESCRIBE).fetchone()
        database = connection.info.dbname
    server_version, size_bytes, postgis_version = row or (None, 0, None)
    return DatabaseStatus(
        state=state,
        place=place,
        database=database,
        pid=pid,
        server_version=server_version,
        postgis_version=postgis_version,
        schema_number=find_schema_number(url),
        size_mb=round(size_bytes / 1e6, 1),
    )
