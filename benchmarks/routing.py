"""Street search, disjoint routes, shared trenches and open terrain, each against its peers."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from benchmarks.report import Row

PARTS = ("streets", "disjoint", "steiner", "raster")


def rows() -> Iterator[Row]:
    """Rows of every part; each part is a benchmark of its own too."""
    for part in PARTS:
        yield from import_module(f"benchmarks.routing_{part}").rows()
