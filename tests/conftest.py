"""One private cluster for the whole test run, never the user's; a fresh database for every test.

The cluster is made in a temporary folder by the process that leads the run, shared by its workers,
and is stopped and removed at the end. Tests see no setting of the person who runs them.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from playwright.sync_api import Browser

from gisplan.settings import Settings, load_settings
from gisplan.store.cluster import ensure_running, find_data_version, stop
from gisplan.store.cluster_place import Cluster, open_cluster
from gisplan.store.connection import connect
from gisplan.store.database import create_database, drop_database
from gisplan.store.migrate import migrate
from gisplan.store.provision import provide_installation
from tests.web.browser import open_browser

_HOME_VARIABLE = "GISPLAN_HOME"
_BINDIR_VARIABLE = "GISPLAN_PG_BINDIR"
_HOME_PREFIX = "gisplan-test-"
_home_key = pytest.StashKey[Path]()
_counter = itertools.count()

# how long an example takes says nothing here: the first one compiles kernels
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_configure(config: pytest.Config) -> None:
    """Give the run a home of its own; workers inherit it through the environment."""
    if hasattr(config, "workerinput"):
        return
    os.environ.pop("DATABASE_URL", None)
    # A server that was unpacked for the user is used where it is, not unpacked again.
    os.environ[_BINDIR_VARIABLE] = str(provide_installation(load_settings(), None).bin_folder)
    _remove_abandoned_homes()
    home = Path(tempfile.mkdtemp(prefix=f"{_HOME_PREFIX}{os.getpid()}-"))
    home.chmod(0o755)
    config.stash[_home_key] = home
    os.environ[_HOME_VARIABLE] = str(home)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started, if it was this process that made its home."""
    if _home_key in config.stash:
        _remove_home(config.stash[_home_key])


def _remove_abandoned_homes() -> None:
    """Remove what a killed run left: its leader's process id is part of the name."""
    for home in Path(tempfile.gettempdir()).glob(f"{_HOME_PREFIX}*-*"):
        pid = home.name.removeprefix(_HOME_PREFIX).split("-")[0]
        if home.stat().st_uid == os.geteuid() and not _is_process_alive(int(pid)):
            _remove_home(home)


def _is_process_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _remove_home(home: Path) -> None:
    settings = Settings(home=home)
    cluster = open_cluster(settings)
    if find_data_version(cluster) is not None:
        stop(cluster, settings)
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def settings() -> Settings:
    """The settings of the test run: a temporary home, no server of the user."""
    return load_settings()


@pytest.fixture(scope="session")
def cluster(settings: Settings) -> Cluster:
    """The running cluster of the test run."""
    found = open_cluster(settings)
    ensure_running(found, settings)
    with connect(found.url("postgres"), autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"alter system set {setting} = off")
        connection.execute("select pg_reload_conf()")
    return found


def _name_database() -> str:
    return f"gisplan_test_{os.getpid()}_{next(_counter)}"


@pytest.fixture(scope="session")
def template_database(cluster: Cluster) -> Iterator[str]:
    """The name of a migrated database that others are copied from."""
    name = _name_database()
    create_database(cluster.url("postgres"), name)
    migrate(cluster.url(name))
    yield name
    drop_database(cluster.url("postgres"), name)


@pytest.fixture
def database_url(cluster: Cluster, template_database: str) -> Iterator[str]:
    """The address of a migrated database without rows, for one test."""
    name = _name_database()
    create_database(cluster.url("postgres"), name, template=template_database)
    yield cluster.url(name)
    drop_database(cluster.url("postgres"), name)


@pytest.fixture
def database_url_empty(cluster: Cluster) -> Iterator[str]:
    """The address of a database that was never migrated, for one test."""
    name = _name_database()
    create_database(cluster.url("postgres"), name)
    yield cluster.url(name)
    drop_database(cluster.url("postgres"), name)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's Chromium, one for all tests of a process: two of them exclude each other."""
    with open_browser() as opened:
        yield opened
