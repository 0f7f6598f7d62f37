"""The command ``gisplan load``: a grid from a file becomes the version that serves."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from gisplan.cli.answer import JsonOption
from gisplan.cli.progress import shown_progress
from gisplan.errors import GridRefusedError, InputError
from gisplan.ingest.osm_reader import is_osm
from gisplan.model.issue import IssueSeverity
from gisplan.services.load import LoadOptions, LoadResult, load_grid
from gisplan.services.load_layers import LAYER_TABLES, load_layers, read_layer_names
from gisplan.settings import load_settings
from gisplan.store.connection import connect
from gisplan.store.database import prepare_database

SourceArgument = Annotated[
    Path,
    typer.Argument(
        help="A vector source, a pandapower JSON, a mapping that names its own sources,"
        " a folder that holds a mapping.toml, or an .osm.pbf that is joined to the grid.",
        show_default=False,
    ),
]
MappingOption = Annotated[
    Path | None, typer.Option("--mapping", help="Column mapping (TOML) of the source.")
]
ProfileOption = Annotated[str, typer.Option("--profile", help="Rules and catalogue to judge by.")]
IssuesOption = Annotated[
    Path | None, typer.Option("--issues", help="Write every issue into this GeoPackage.")
]
SeverityOption = Annotated[
    list[str] | None,
    typer.Option("--severity", help="Raise or lower a rule: RULE=error, warning or note."),
]
AsOption = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="TABLES",
        help="Take corridors, obstacles or barriers (several by commas) from an OpenStreetMap file"
        " and join them to the grid that serves; by default all three.",
        show_default=False,
    ),
]
WorkingCrsOption = Annotated[
    str | None, typer.Option("--working-crs", help="Metric CRS to work in, as EPSG:25832.")
]


def load(  # the parameters of a command are its options
    source: SourceArgument,
    mapping: MappingOption = None,
    profile: ProfileOption = "eu",
    issues: IssuesOption = None,
    severity: SeverityOption = None,
    working_crs: WorkingCrsOption = None,
    as_layers: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Load a grid from SOURCE, judge it, and let it serve from now on."""
    if is_osm(source) or as_layers is not None:
        _refuse_grid_options(source, mapping, severity, working_crs)
        _load_layers(source, as_layers, issues, as_json=as_json)
        return
    options = LoadOptions(
        profile=profile,
        working_crs=working_crs,
        severity=read_severities(severity or []),
        issues_file=issues,
    )
    url = prepare_database(load_settings())
    try:
        with connect(url) as connection, shown_progress() as progress:
            result = load_grid(
                source, mapping, connection=connection, options=options, progress=progress
            )
    except GridRefusedError as error:
        if as_json:
            typer.echo(json.dumps(_describe_refusal(error), ensure_ascii=False))
        raise
    _print_result(result, as_json=as_json)


def _refuse_grid_options(
    source: Path, mapping: Path | None, severity: list[str] | None, working_crs: str | None
) -> None:
    """Refuse what means nothing for tables that are joined to the grid that serves."""
    if not is_osm(source):
        raise InputError(
            f"--as takes single tables from an .osm.pbf or .osm file; {source} is none. A mapping "
            "says what of other sources is a corridor"
        )
    given = {"--mapping": mapping, "--severity": severity, "--working-crs": working_crs}
    named = [name for name, value in given.items() if value]
    if named:
        raise InputError(
            f"{', '.join(named)} cannot be used with {source}: its tables join the grid that "
            "serves, in the CRS of that grid"
        )


def _load_layers(
    source: Path, as_layers: str | None, issues: Path | None, *, as_json: bool
) -> None:
    tables = read_layer_names(",".join(LAYER_TABLES) if as_layers is None else as_layers)
    url = prepare_database(load_settings())
    with connect(url) as connection, shown_progress() as progress:
        result = load_layers(
            source, tables, connection=connection, issues_file=issues, progress=progress
        )
    _print_result(result, as_json=as_json)


def read_severities(given: list[str]) -> dict[str, IssueSeverity]:
    """Read ``RULE=LEVEL`` pairs."""
    return dict(_read_severity(text) for text in given)


def _read_severity(text: str) -> tuple[str, IssueSeverity]:
    rule, _, level = text.partition("=")
    try:
        return rule.strip(), IssueSeverity(level.strip())
    except ValueError:
        levels = ", ".join(IssueSeverity)
        raise InputError(
            f"--severity {text}: expected RULE=LEVEL with one of the levels {levels}"
        ) from None


def _print_result(result: LoadResult, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(_describe_result(result), ensure_ascii=False))
        return
    typer.echo(
        f"version {result.version_id} of {result.source_name} serves"
        f" ({result.outcome.replace('_', ' ')}, profile {result.profile},"
        f" EPSG:{result.working_srid}, {result.warning_count} warnings)"
    )
    if result.source_note:
        typer.echo(result.source_note)
    _print_counts("rows", result.row_counts)
    _print_counts("issues", _label_counts(result))


def _label_counts(result: LoadResult) -> dict[str, int]:
    counted = Counter((issue.severity, issue.rule) for issue in result.issues)
    return {f"{severity} {rule}": counted[severity, rule] for severity, rule in sorted(counted)}


def _print_counts(title: str, counts: Mapping[str, int]) -> None:
    if counts:
        typer.echo(f"{title}:")
    width = max(map(len, counts), default=0)
    for name, count in counts.items():
        typer.echo(f"  {name:<{width}}  {count:>8}")


def _describe_result(result: LoadResult) -> dict[str, object]:
    return {
        "version_id": result.version_id,
        "outcome": str(result.outcome),
        "source_name": result.source_name,
        "source_note": result.source_note,
        "profile": result.profile,
        "working_srid": result.working_srid,
        "fingerprint": result.fingerprint,
        "row_counts": dict(result.row_counts),
        "warning_count": result.warning_count,
        "issue_counts": result.issue_counts,
    }


def _describe_refusal(error: GridRefusedError) -> dict[str, object]:
    return {
        "version_id": None,
        "outcome": "refused",
        "issue_counts": dict(sorted(Counter(issue.rule for issue in error.issues).items())),
        "errors": [str(i) for i in error.issues if i.severity is IssueSeverity.ERROR],
    }
