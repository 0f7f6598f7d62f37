"""Load a grid: from any vector source to the version that serves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from gisplan.errors import GridRefusedError, MappingError
from gisplan.ingest.fingerprint import compute_fingerprint
from gisplan.ingest.grid_reader import ReadGrid, read_grid
from gisplan.ingest.issue_file import check_issue_path, save_issues
from gisplan.ingest.mapping_file import LoadRequest, open_request
from gisplan.ingest.suggestion import describe_choice
from gisplan.ingest.topology_check import check_topology
from gisplan.model.issue import Issue, IssueSeverity
from gisplan.model.issue_rules import ISSUE_RULES, Severities
from gisplan.rules.catalogue import load_catalogue
from gisplan.store.grid_writer import (
    GRID_TABLES,
    StoredVersion,
    VersionFacts,
    activate_version,
    analyze_staging,
    clear_staging,
    copy_rows,
    count_rows,
    find_version,
    staging_reserved,
    store_version,
)
from gisplan.store.validation import read_topology, validate_staging

if TYPE_CHECKING:
    from pathlib import Path

    from psycopg import Connection

Progress = Callable[[str, int, int], None]
"""Told what is being done, how many steps of it are done, and how many there are."""

ERRORS_SHOWN_MAX = 5


class LoadOutcome(StrEnum):
    """What a load came to."""

    LOADED = "loaded"
    REACTIVATED = "reactivated"
    ALREADY_ACTIVE = "already_active"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """What a caller may ask of a load beside its source.

    ``severity`` raises or lowers rules, over what the mapping says. With ``issues_file`` a source
    that was loaded before is read and judged again, since its issues are not stored.
    """

    profile: str = "eu"
    working_crs: str | None = None
    severity: Mapping[str, IssueSeverity] = field(default_factory=dict)
    issues_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """The version that serves now; ``issues`` is empty where nothing was judged again."""

    version_id: int
    outcome: LoadOutcome
    source_name: str
    profile: str
    working_srid: int
    fingerprint: str
    row_counts: Mapping[str, int]
    warning_count: int
    issues: tuple[Issue, ...]
    source_note: str = ""

    @property
    def issue_counts(self) -> dict[str, int]:
        """Number of issues of each rule, in the order of the rules."""
        counted = Counter(issue.rule for issue in self.issues)
        return {rule: counted[rule] for rule in ISSUE_RULES if counted[rule]}


def ignore_progress(_doing: str, _done: int, _total: int) -> None:
    """Take progress and do nothing with it."""


def load_grid(
    source: Path,
    mapping: Path | None,
    *,
    connection: Connection,
    options: LoadOptions | None = None,
    progress: Progress = ignore_progress,
) -> LoadResult:
    """Load a source and make it the version that serves.

    The same source, mapping and profile are one version, however often they are loaded. The
    connection must not be inside a transaction.

    Raises
    ------
    InputError
        A source or mapping that cannot be used (``SourceError``, ``MappingError``).
    GridRefusedError
        The grid has issues of severity error; the version that served still serves.
    ConflictError
        Another load is under way.
    """
    task = _prepare(source, mapping, options or LoadOptions())
    with staging_reserved(connection):
        known = find_version(connection, task.fingerprint)
        if known is not None and not task.must_judge:
            return _reuse(connection, task, known)
        grid, issues = _read_and_judge(connection, task, progress)
        if task.options.issues_file is not None:
            save_issues(task.options.issues_file, issues, srid=grid.working_srid)
        _refuse_errors(task, issues)
        if known is not None:
            result = _reuse(connection, task, known)
        else:
            progress("storing", 0, 1)
            result = _store(connection, task, grid.working_srid, issues)
            progress("storing", 1, 1)
        clear_staging(connection)
    return replace(result, issues=issues)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """One load: what is asked, and what follows from it before anything is read."""

    request: LoadRequest
    options: LoadOptions
    severities: Severities
    fingerprint: str

    @property
    def must_judge(self) -> bool:
        """Whether issues are wanted even of a version that was judged when it was loaded."""
        return self.options.issues_file is not None or bool(self.options.severity)


def _prepare(source: Path, mapping: Path | None, options: LoadOptions) -> _Task:
    request = open_request(source, mapping)
    if options.issues_file is not None:
        check_issue_path(options.issues_file)
    return _Task(
        request=request,
        options=options,
        severities=_merge_severities(request, options.severity),
        fingerprint=compute_fingerprint(
            request,
            profile=options.profile,
            working_crs=options.working_crs,
            lowered=_lowered(options.severity),
        ),
    )


def _lowered(changed: Mapping[str, IssueSeverity]) -> list[str]:
    """Return the rules that are errors by themselves and no more by what is changed."""
    return [
        rule
        for rule, severity in changed.items()
        if ISSUE_RULES[rule].severity is IssueSeverity.ERROR is not severity
    ]


def _merge_severities(request: LoadRequest, changed: Mapping[str, IssueSeverity]) -> Severities:
    for rule in changed:
        if rule not in ISSUE_RULES:
            raise MappingError(f"{rule!r} is no rule; {describe_choice(rule, ISSUE_RULES)}")
    return Severities(changed={**request.mapping.severity, **changed})


def _read_and_judge(
    connection: Connection, task: _Task, progress: Progress
) -> tuple[ReadGrid, tuple[Issue, ...]]:
    """Read, stage and validate; every issue comes back with the severity that it has here."""
    severities = task.severities
    grid = read_grid(
        task.request,
        catalogue_conductors=load_catalogue(task.options.profile).conductor_types,
        severities=severities,
        working_crs=task.options.working_crs,
        progress=progress,
    )
    _stage(connection, grid, progress)
    relational = validate_staging(
        connection,
        severities=severities,
        known_conductor_types=grid.known_conductor_types,
        told=lambda done, total: progress("validating", done, total),
    )
    topological = check_topology(read_topology(connection), radial_below_v=grid.radial_below_v)
    found = [*grid.issues, *relational, *topological]
    return grid, tuple(replace(issue, severity=severities.of(issue.rule)) for issue in found)


def _stage(connection: Connection, grid: ReadGrid, progress: Progress) -> None:
    clear_staging(connection)
    for number, name in enumerate(GRID_TABLES):
        progress(f"staging {name}", number, len(GRID_TABLES))
        table = grid.tables[name]
        copy_rows(connection, name, table.columns, geometry=table.geometry, srid=grid.working_srid)
    analyze_staging(connection)
    progress("staging", len(GRID_TABLES), len(GRID_TABLES))


def _refuse_errors(task: _Task, issues: tuple[Issue, ...]) -> None:
    errors = [issue for issue in issues if issue.severity is IssueSeverity.ERROR]
    if not errors:
        return
    shown = "\n".join(f"  {issue}" for issue in errors[:ERRORS_SHOWN_MAX])
    more = len(errors) - ERRORS_SHOWN_MAX
    rest = f"\n  and {more} more" if more > 0 else ""
    raise GridRefusedError(
        f"{task.request.name} was not loaded, {len(errors)} errors:\n{shown}{rest}\n"
        "Correct the source or the mapping; --issues FILE.gpkg writes every issue with its place,"
        " --severity RULE=warning lowers a rule",
        issues,
    )


def _store(
    connection: Connection, task: _Task, working_srid: int, issues: tuple[Issue, ...]
) -> LoadResult:
    warning_count = sum(issue.severity is IssueSeverity.WARNING for issue in issues)
    facts = VersionFacts(
        fingerprint=task.fingerprint,
        source_name=task.request.name,
        working_srid=working_srid,
        profile=task.options.profile,
        warning_count=warning_count,
    )
    return store_facts(connection, facts)


def store_facts(connection: Connection, facts: VersionFacts) -> LoadResult:
    """Make what is staged the version that serves."""
    stored = StoredVersion(
        version_id=store_version(connection, facts),
        is_active=True,
        working_srid=facts.working_srid,
        warning_count=facts.warning_count,
    )
    return build_result(
        connection,
        stored,
        LoadOutcome.LOADED,
        source_name=facts.source_name,
        profile=facts.profile,
        fingerprint=facts.fingerprint,
    )


def _reuse(connection: Connection, task: _Task, known: StoredVersion) -> LoadResult:
    outcome = serve_again(connection, known)
    return build_result(
        connection,
        known,
        outcome,
        source_name=task.request.name,
        profile=task.options.profile,
        fingerprint=task.fingerprint,
    )


def serve_again(connection: Connection, known: StoredVersion) -> LoadOutcome:
    """Let a version that was loaded before serve, if it does not yet."""
    if known.is_active:
        return LoadOutcome.ALREADY_ACTIVE
    activate_version(connection, known.version_id)
    return LoadOutcome.REACTIVATED


def build_result(
    connection: Connection,
    stored: StoredVersion,
    outcome: LoadOutcome,
    *,
    source_name: str,
    profile: str,
    fingerprint: str,
) -> LoadResult:
    """Tell what a load came to, without issues."""
    return LoadResult(
        version_id=stored.version_id,
        outcome=outcome,
        source_name=source_name,
        profile=profile,
        working_srid=stored.working_srid,
        fingerprint=fingerprint,
        row_counts=count_rows(connection, stored.version_id),
        warning_count=stored.warning_count,
        issues=(),
    )
