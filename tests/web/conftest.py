from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from gisplan.services.load import load_grid
from gisplan.settings import Settings
from gisplan.store.cluster import Cluster
from gisplan.store.connection import connect
from gisplan.store.database import create_database, drop_database
from tests.web.browser import serving
from tests.web.tiny_grid import insert_tiny_grid

SAMPLE = Path(__file__).parents[2] / "data" / "grid"


@contextmanager
def open_client(settings: Settings, url: str) -> Iterator[httpx.Client]:
    """A client of a service of its own on a database."""
    app = create_app(settings.model_copy(update={"database_url": url}))
    with (
        serving(app) as address,
        httpx.Client(base_url=address, trust_env=False, timeout=120) as client,
    ):
        yield client


@pytest.fixture
def empty_client(settings: Settings, database_url: str) -> Iterator[httpx.Client]:
    """A client of a service without a grid."""
    with open_client(settings, database_url) as client:
        yield client


@pytest.fixture
def client(empty_client: httpx.Client, database_url: str) -> httpx.Client:
    """A client of a service with the tiny grid, for a test that writes."""
    insert_tiny_grid(database_url)
    return empty_client


@pytest.fixture(scope="module")
def module_database(
    cluster: Cluster, template_database: str, request: pytest.FixtureRequest
) -> Iterator[str]:
    """Address of a migrated database that the tests of one module share."""
    name = f"{template_database}_{request.module.__name__.rpartition('.')[2]}"
    create_database(cluster.url("postgres"), name, template=template_database)
    yield cluster.url(name)
    drop_database(cluster.url("postgres"), name)


@pytest.fixture(scope="module")
def reader(settings: Settings, module_database: str) -> Iterator[httpx.Client]:
    """A client of a service with the tiny grid, shared by tests that write nothing."""
    insert_tiny_grid(module_database)
    with open_client(settings, module_database) as client:
        yield client


@pytest.fixture(scope="module")
def sample(settings: Settings, module_database: str) -> Iterator[httpx.Client]:
    """A client of a service with the sample town, shared by the tests of a module."""
    with connect(module_database, autocommit=True) as connection:
        load_grid(SAMPLE, None, connection=connection)
    with open_client(settings, module_database) as client:
        yield client
