"""Shorthand of the tests: read a source with a mapping and look at what came out."""

from __future__ import annotations

from pathlib import Path

from gisplan.ingest.grid_reader import ReadGrid, read_grid
from gisplan.ingest.mapping_file import open_request
from gisplan.model.issue import Issue, IssueSeverity
from gisplan.model.issue_rules import Severities
from tests.small_source import MAPPING, Rows, write_mapping, write_source


def ignore(_doing: str, _done: int, _total: int) -> None:
    """Take progress."""


def read(
    source: Path,
    mapping: Path | None = None,
    *,
    severity: dict[str, IssueSeverity] | None = None,
    working_crs: str | None = None,
) -> ReadGrid:
    """Read a source as a load does, without the catalogue."""
    request = open_request(source, mapping)
    return read_grid(
        request,
        catalogue_conductors=(),
        severities=Severities(changed={**request.mapping.severity, **(severity or {})}),
        working_crs=working_crs,
        progress=ignore,
    )


def read_small(folder: Path, text: str = MAPPING, **layers: Rows) -> ReadGrid:
    """Read the small grid with some layers or another mapping."""
    return read(write_source(folder, **layers), write_mapping(folder, text))


def issues_of(grid: ReadGrid, rule: str) -> list[Issue]:
    """Issues of one rule."""
    return [issue for issue in grid.issues if issue.rule == rule]


def rules_of(grid: ReadGrid) -> list[str]:
    """Rules that were broken, each once."""
    return sorted({issue.rule for issue in grid.issues})
