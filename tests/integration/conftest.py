"""The sample region in a database, and the command line as a function."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from psycopg_pool import ConnectionPool

from gisplan import cli
from gisplan.cli.compiling import TOLD
from gisplan.services.load import load_grid
from gisplan.services.plan import Planner
from gisplan.store.cluster import Cluster
from gisplan.store.connection import connect, open_pool
from gisplan.store.database import create_database, drop_database

SAMPLE = Path(__file__).parents[2] / "data" / "grid"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def gisplan(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Run one command; return its status and what it wrote to both outputs.

    That kernels are compiled first is left out: only the first run on a machine says so.
    """

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["gisplan", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        written = capsys.readouterr()
        return int(end.value.code or 0), written.out, written.err.replace(f"{TOLD}\n", "")

    return run


@pytest.fixture(scope="session")
def sample_template(cluster: Cluster, template_database: str) -> Iterator[str]:
    """Name of a database that holds the sample region."""
    name = f"{template_database}_sample"
    create_database(cluster.url("postgres"), name, template=template_database)
    with connect(cluster.url(name)) as connection:
        load_grid(SAMPLE, None, connection=connection)
    yield name
    drop_database(cluster.url("postgres"), name)


@pytest.fixture
def sample_url(
    cluster: Cluster, sample_template: str, request: pytest.FixtureRequest
) -> Iterator[str]:
    """Address of a database with the sample region, for one test."""
    name = f"{sample_template}_{abs(hash(request.node.nodeid)) % 10**8}"
    create_database(cluster.url("postgres"), name, template=sample_template)
    yield cluster.url(name)
    drop_database(cluster.url("postgres"), name)


@pytest.fixture
def sample_pool(sample_url: str) -> Iterator[ConnectionPool]:
    """Connections to a database with the sample region."""
    with open_pool(sample_url) as pool:
        yield pool


@pytest.fixture
def planner(sample_pool: ConnectionPool, tmp_path_factory: pytest.TempPathFactory) -> Planner:
    """A planner on the sample region; the compiled network is shared between tests."""
    cache_root = tmp_path_factory.getbasetemp() / "snapshots"
    return Planner(pool=sample_pool, cache_root=cache_root)
