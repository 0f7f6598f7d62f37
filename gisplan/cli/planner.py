"""The planner with its database, opened for one command."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from gisplan.cli.compiling import told_compilation
from gisplan.services.plan import Planner
from gisplan.settings import load_settings
from gisplan.store.connection import open_pool
from gisplan.store.database import prepare_database

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def opened_planner() -> Iterator[Planner]:
    """Give a planner on the configured database; close its connections afterwards."""
    settings = load_settings()
    with told_compilation(), open_pool(prepare_database(settings), size_max=2) as pool:
        yield Planner(
            pool=pool,
            cache_root=settings.home / "cache",
            catalogue_override=settings.catalogue,
        )
