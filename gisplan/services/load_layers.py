"""Load single tables from OpenStreetMap and join them to the grid that serves."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gisplan.errors import InputError
from gisplan.ingest.crs import Bounds
from gisplan.ingest.issue_file import check_issue_path, save_issues
from gisplan.ingest.osm import read_osm
from gisplan.ingest.osm_reader import check_file
from gisplan.ingest.osm_table import BARRIER, CORRIDOR, OBSTACLE, load_osm_table
from gisplan.model.application import OUTSIDE_MAX_M
from gisplan.model.issue import IssueSeverity
from gisplan.services.load import (
    LoadResult,
    Progress,
    build_result,
    ignore_progress,
    serve_again,
    store_facts,
)
from gisplan.store.grid_writer import (
    VersionFacts,
    analyze_staging,
    clear_staging,
    copy_rows,
    find_version,
    staging_reserved,
)
from gisplan.store.layer_join import read_base, stage_kept_tables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from psycopg import Connection

    from gisplan.ingest.osm import ReadOsm
    from gisplan.store.grid_writer import StoredVersion
    from gisplan.store.layer_join import BaseVersion, Layers

LAYER_TABLES = {"corridors": CORRIDOR, "obstacles": OBSTACLE, "barriers": BARRIER}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Join:
    """What is joined to which version, and what the outcome is known by."""

    source: Path
    tables: frozenset[str]
    digest: str
    base: BaseVersion

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the grid and the source of every table that is not its own."""
        digests = {table: layer["digest"] for table, layer in self.base.layers.items()}
        digests |= dict.fromkeys(self.tables, self.digest)
        whole = hashlib.sha256()
        for part in ("layers", self.base.base_fingerprint, *map(str, sorted(digests.items()))):
            whole.update(len(part.encode()).to_bytes(8) + part.encode())
        return whole.hexdigest()

    @property
    def window(self) -> Bounds:
        """The rectangle of the grid in its working CRS, and what lies around it."""
        return Bounds(
            west=self.base.west - OUTSIDE_MAX_M,
            south=self.base.south - OUTSIDE_MAX_M,
            east=self.base.east + OUTSIDE_MAX_M,
            north=self.base.north + OUTSIDE_MAX_M,
        )


def read_layer_names(text: str) -> frozenset[str]:
    """Return the tables that a list such as ``corridors,obstacles`` names.

    Raises
    ------
    InputError
        If one of them is none that can be joined.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in LAYER_TABLES]
    if unknown or not names:
        raise InputError(
            f"--as is {text!r}; expected some of {', '.join(LAYER_TABLES)}, separated by commas"
        )
    return frozenset(LAYER_TABLES[name] for name in names)


def load_layers(
    source: Path,
    tables: frozenset[str],
    *,
    connection: Connection,
    issues_file: Path | None = None,
    progress: Progress = ignore_progress,
) -> LoadResult:
    """Replace tables of the grid that serves by those of an OpenStreetMap file.

    A new version comes of it, whole or not at all; the same file on the same grid is one version.
    The connection must not be inside a transaction.

    Raises
    ------
    SourceError
        A file that cannot be read, or has nothing in the region of the grid.
    NoGridError
        Nothing has been loaded yet.
    ConflictError
        Another load is under way.
    """
    check_file(source)
    if issues_file is not None:
        check_issue_path(issues_file)
    with staging_reserved(connection):
        join = _Join(
            source=source, tables=tables, digest=_digest(source), base=read_base(connection)
        )
        known = find_version(connection, join.fingerprint)
        if known is not None and issues_file is None:
            return _reuse(connection, join, known)
        read = _read(join, progress)
        if issues_file is not None:
            save_issues(issues_file, read.issues, srid=join.base.working_srid)
        if known is not None:
            return replace(_reuse(connection, join, known), issues=read.issues)
        result = _store(connection, join, read, progress)
        clear_staging(connection)
    return result


def _digest(source: Path) -> str:
    """Return the SHA-256 of a file and of the table that says what its tags mean."""
    whole = hashlib.sha256(load_osm_table().text)
    with source.open("rb") as file:
        whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()


def _read(join: _Join, progress: Progress) -> ReadOsm:
    doing = f"reading {join.source.name}"[:22]
    return read_osm(
        join.source,
        targets=join.tables,
        working_srid=join.base.working_srid,
        window=join.window,
        told=lambda done: progress(doing, done, 0),
    )


def _store(connection: Connection, join: _Join, read: ReadOsm, progress: Progress) -> LoadResult:
    clear_staging(connection)
    progress("staging", 0, 2)
    stage_kept_tables(connection, join.base.version_id, join.tables)
    for name, table in read.tables.items():
        copy_rows(
            connection,
            name,
            table.columns,
            geometry=table.geometry,
            srid=join.base.working_srid,
        )
    analyze_staging(connection)
    progress("storing", 1, 2)
    layers: Layers = join.base.layers | {
        name: {"digest": join.digest, "note": read.note} for name in read.tables
    }
    warnings = sum(issue.severity is IssueSeverity.WARNING for issue in read.issues)
    facts = VersionFacts(
        fingerprint=join.fingerprint,
        source_name=join.base.source_name,
        working_srid=join.base.working_srid,
        profile=join.base.profile,
        warning_count=join.base.base_warning_count + warnings,
        source_note=source_note(layers),
        base_fingerprint=join.base.base_fingerprint,
        layers=layers,
    )
    result = store_facts(connection, facts)
    return replace(result, issues=read.issues, source_note=facts.source_note)


def _reuse(connection: Connection, join: _Join, known: StoredVersion) -> LoadResult:
    result = build_result(
        connection,
        known,
        serve_again(connection, known),
        source_name=join.base.source_name,
        profile=join.base.profile,
        fingerprint=join.fingerprint,
    )
    return replace(result, source_note=source_note(read_base(connection).layers))


def source_note(layers: Mapping[str, Mapping[str, str]]) -> str:
    """Say whose data the tables from elsewhere are."""
    tables: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(layers):
        tables[layers[name]["note"]].append(name)
    return "; ".join(f"{', '.join(names)}: {note}" for note, names in tables.items())
