from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from api.app import create_app
from gisplan.settings import Settings
from tests.web.browser import serving
from tests.web.tiny_grid import insert_tiny_grid


@pytest.fixture
def web_settings(settings: Settings, database_url: str) -> Settings:
    """Settings of a service on a fresh database."""
    return settings.model_copy(update={"database_url": database_url})


@pytest.fixture
def empty_client(web_settings: Settings) -> Iterator[httpx.Client]:
    """A client of a service without a grid."""
    with (
        serving(create_app(web_settings)) as address,
        httpx.Client(base_url=address, trust_env=False, timeout=120) as client,
    ):
        yield client


@pytest.fixture
def client(empty_client: httpx.Client, database_url: str) -> httpx.Client:
    """A client of a service with the tiny grid."""
    insert_tiny_grid(database_url)
    return empty_client
