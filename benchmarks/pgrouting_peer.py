"""pgRouting beside the private PostGIS cluster, if the distribution's package can be had."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import getpid, sysconf
from pathlib import Path
from time import process_time

import numpy as np
import psycopg

from benchmarks.street_cases import WANTED, Town
from gisplan.errors import GisplanError
from gisplan.settings import Settings, load_settings
from gisplan.store.cluster import ensure_running, find_server, stop
from gisplan.store.cluster_place import Cluster, open_cluster
from gisplan.store.database import create_database, drop_database
from gisplan.store.debian_packages import PackageSource
from gisplan.store.programs import run_program

MARGIN_M = 400.0
NEAR = """
select agg_cost from pgr_dijkstraNear(
    format('select id, source, target, cost from street
            where place && st_makeenvelope(%%s, %%s, %%s, %%s)', {box}),
    %(site)s::bigint, %(targets)s::bigint[], directed => false, cap => {wanted})
where edge = -1 order by agg_cost
""".format(
    box="%(west)s::float8, %(south)s::float8, %(east)s::float8, %(north)s::float8", wanted=WANTED
)


class PgRoutingPeer:
    """A connection whose backend answers with the box of the answer told."""

    def __init__(self, connection: psycopg.Connection, town: Town) -> None:
        self.connection, self.town = connection, town
        self.pid = connection.info.backend_pid

    def prepare(self, site: int, told: np.ndarray) -> dict[str, object]:
        """Return a question: the site, the box of the answer's nodes and all targets in it."""
        streets = self.town.streets
        x_m, y_m = streets.x_m[[*told, site]], streets.y_m[[*told, site]]
        west, east = x_m.min() - MARGIN_M, x_m.max() + MARGIN_M
        south, north = y_m.min() - MARGIN_M, y_m.max() + MARGIN_M
        is_told = (streets.x_m > west) & (streets.x_m < east) & (self.town.is_target != 0)
        is_told &= (streets.y_m > south) & (streets.y_m < north)
        targets = np.flatnonzero(is_told).tolist()
        box = {"west": west, "south": south, "east": east, "north": north}
        return {**box, "site": site, "targets": targets}

    def ask(self, question: dict[str, object]) -> np.ndarray:
        """Return the costs of the 20 nearest."""
        rows = self.connection.execute(NEAR, question).fetchall()
        return np.array([row[0] for row in rows])

    def cpu_s(self, work: Callable[[], object]) -> float:
        """CPU seconds that the server's backend and we spend on some work."""
        before = self._spent() + process_time()
        work()
        return self._spent() + process_time() - before

    def _spent(self) -> float:
        words = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / sysconf("SC_CLK_TCK")


@contextmanager
def pgrouting(town: Town) -> Iterator[PgRoutingPeer | str]:
    """Give the peer with the town loaded, or why there is none; its server runs for that long."""
    settings = load_settings()
    own = settings.model_copy(
        update={"home": settings.home / "peers", "database_url": None, "private_packages": True}
    )
    try:
        cluster = open_cluster(own)
        _provide(cluster, own)
        ensure_running(cluster, own)
    except (GisplanError, OSError) as error:
        yield f"its package is not to be had: {error}"
        return
    name = f"pgrouting_{getpid()}"
    try:
        create_database(cluster.url("postgres"), name)
        with psycopg.connect(cluster.url(name), autocommit=True) as connection:
            connection.execute("create extension pgrouting cascade")
            _load(connection, town)
            yield PgRoutingPeer(connection, town)
    finally:
        drop_database(cluster.url("postgres"), name)
        stop(cluster, own)


def _load(connection: psycopg.Connection, town: Town) -> None:
    streets = town.streets
    connection.execute(
        "create table street (id bigint, source bigint, target bigint, cost float8, place geometry)"
    )
    with connection.cursor() as cursor, cursor.copy("copy street from stdin") as copy:
        for row in range(len(streets.edge_from)):
            a, b = int(streets.edge_from[row]), int(streets.edge_to[row])
            line = (
                f"LINESTRING({streets.x_m[a]} {streets.y_m[a]},{streets.x_m[b]} {streets.y_m[b]})"
            )
            copy.write_row((row, a, b, float(streets.cost_cents[row]), line))
    connection.execute("create index on street using gist (place)")
    connection.execute("analyze street")


def _provide(cluster: Cluster, settings: Settings) -> None:
    """Put pgRouting beside a server that was only unpacked."""
    server = find_server(cluster, settings)
    extension = Path("usr/share/postgresql") / str(server.major_version) / "extension"
    if not (server.prefix / extension / "pgrouting.control").exists():
        _unpack(server.prefix, server.major_version)


def _unpack(prefix: Path, version: int) -> None:
    package = f"postgresql-{version}-pgrouting"
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        archives = state / "archives"
        for partial in (state / "lists" / "partial", archives / "partial"):
            partial.mkdir(parents=True)
        source = PackageSource(state_folder=state)
        source.run("apt-get", "update")
        source.run("apt-get", "download", package, f"{package}-scripts", folder=archives)
        for archive in archives.glob("*.deb"):
            run_program(["dpkg-deb", "-x", archive, state / "tree"])
        for part in (f"usr/lib/postgresql/{version}/lib", f"usr/share/postgresql/{version}"):
            shutil.copytree(state / "tree" / part, prefix / part, dirs_exist_ok=True, symlinks=True)
