"""The command ``gisplan shared-trench``: several applications at once, one trench for many."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from gisplan.cli.answer import JsonOption
from gisplan.cli.plan import open_console
from gisplan.cli.planner import opened_planner
from gisplan.cli.progress import shown_progress
from gisplan.errors import InputError
from gisplan.export.shared_trench_file import (
    check_shared_trench_ending,
    shared_trenches_to_json,
    write_shared_trenches,
)
from gisplan.ingest.applications import read_applications
from gisplan.services.shared_trench import check_applications, share_trenches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from gisplan.model.application import Application
    from gisplan.model.grid import Grid
    from gisplan.model.shared_trench import JointConnection, SharedTrenchAnswer

MAP_ENDING = ".html"
PAIRS_SHOWN = 6


def shared_trench(
    file: Annotated[Path, typer.Argument(help="Applications as CSV or GeoJSON.")],
    only: Annotated[
        str | None,
        typer.Option(
            metavar="REF,REF", help="Take only these references of the list.", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="File ending in .html (map), .json, .geojson or .gpkg."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Plan several applications together: where one trench serves many.

    Every connection is proven with all others held; nothing is stored.
    """
    if out is not None and out.suffix.lower() != MAP_ENDING:
        check_shared_trench_ending(out)
    applications = _wanted(read_applications(file), only)
    check_applications(applications)
    with opened_planner() as planner:
        with shown_progress() as show:
            answer = share_trenches(planner, applications, show)
        if out is not None:
            _write(answer, out, planner.grid())
    if as_json:
        typer.echo(shared_trenches_to_json(answer))
    else:
        _print(answer, open_console())


def _wanted(applications: Sequence[Application], only: str | None) -> tuple[Application, ...]:
    if only is None:
        return tuple(applications)
    names = [name.strip() for name in only.split(",") if name.strip()]
    unknown = sorted(set(names) - {application.reference for application in applications})
    if unknown:
        raise InputError(f"--only names {', '.join(unknown)}, which the list does not hold")
    return tuple(one for one in applications if one.reference in names)


def _write(answer: SharedTrenchAnswer, out: Path, grid: Grid) -> None:
    """Write the answer as a map in one file, or as data."""
    if out.suffix.lower() != MAP_ENDING:
        write_shared_trenches(answer, out)
        return
    # folium takes more than a second to import
    from gisplan.export.grid_features import build_grid_features  # noqa: PLC0415
    from gisplan.export.written import written_whole  # noqa: PLC0415
    from maps.shared_trench_map import places_of, render_shared_trenches  # noqa: PLC0415

    page = render_shared_trenches(answer, build_grid_features(grid, around=places_of(answer)))
    with written_whole(out) as partial:
        partial.write_text(page, encoding="utf-8")


def _print(answer: SharedTrenchAnswer, console: Console) -> None:
    table = Table(title=_title(answer), title_justify="left")
    for heading in ("application", "access point", "cable"):
        table.add_column(heading)
    for heading in ("m", "of it shared", "cost", "by itself"):
        table.add_column(heading, justify="right")
    for one in answer.connections:
        table.add_row(*_cells(one))
    console.print(table)
    for line in (*_summary(answer), *_reasons(answer), *answer.notes):
        console.print(line, highlight=False)


def _title(answer: SharedTrenchAnswer) -> str:
    sharing = sum(bool(one.shared_with) for one in answer.connections)
    return (
        f"{len(answer.connections)} applications, {sharing} share {answer.shared_length_m:,.1f} m "
        f"of trench: {answer.total_cost:,.2f} {answer.currency} together, "
        f"{answer.saving:,.2f} less than one after another"
    )


def _cells(one: JointConnection) -> tuple[str, ...]:
    option = one.option
    if option is None:
        return (one.reference, "none", "", "", "", "", _money(one.alone_cost))
    point, cable = option.access_point, option.conductor
    return (
        one.reference,
        f"{point.kind.replace('_', ' ')} {point.name} ({point.element_id})",
        f"{cable.parallel_count} x {cable.conductor_id}" if cable else "existing",
        f"{option.route.length_m:,.1f}",
        f"{one.shared_length_m:,.1f}",
        _money(one.cost),
        _money(one.alone_cost),
    )


def _money(amount: float | None) -> str:
    return "" if amount is None else f"{amount:,.2f}"


def _summary(answer: SharedTrenchAnswer) -> tuple[str, ...]:
    currency = answer.currency
    lines = [
        f"One after another {answer.separate_cost:,.2f} {currency}, together "
        f"{answer.total_cost:,.2f}; no joint plan costs less than {answer.lower_bound:,.2f} "
        f"(gap {answer.gap:.1%})"
    ]
    longest = sorted(answer.pairs, key=lambda pair: (-pair.length_m, pair.references))
    if longest:
        told = [f"{' and '.join(one.references)} {one.length_m:,.1f} m" for one in longest]
        more = "" if len(told) <= PAIRS_SHOWN else f", and {len(told) - PAIRS_SHOWN} more pairs"
        lines.append(f"Shared by pairs: {', '.join(told[:PAIRS_SHOWN])}{more}")
    return tuple(lines)


def _reasons(answer: SharedTrenchAnswer) -> tuple[str, ...]:
    return tuple(f"{one.reference}: {one.reason}" for one in answer.connections if one.reason)
