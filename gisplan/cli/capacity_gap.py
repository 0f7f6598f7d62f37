"""The command ``gisplan capacity-gap``: where applications use up the grid, and when."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gisplan.cli.answer import JsonOption
from gisplan.cli.electrical_answer import grid_around, is_map, table_of
from gisplan.cli.layer_options import LanguageOption, warn_of_language
from gisplan.cli.plan import open_console
from gisplan.cli.planner import opened_planner
from gisplan.cli.progress import shown_progress
from gisplan.electrical.screening.capacity import Direction
from gisplan.errors import InputError
from gisplan.export.capacity_gap_picture import write_gap_png
from gisplan.export.density_phrases import Language
from gisplan.export.electrical_table import TABLE_ENDINGS
from gisplan.export.written import written_whole
from gisplan.ingest.applications import read_applications
from gisplan.services.capacity_gap import (
    GapQuestion,
    capacity_gap_of_grid,
    check_level,
    first_to_run_out,
    parse_month,
    write_gap,
)

if TYPE_CHECKING:
    from rich.console import Console

    from gisplan.export.feature import Value
    from gisplan.services.capacity_gap import GapAnswer
    from gisplan.services.plan import Planner

PICTURE_ENDING = ".png"
ENDINGS = (*TABLE_ENDINGS, PICTURE_ENDING, ".html")
FIRST_SHOWN = 10


def capacity_gap(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="File of applications that are counted as received, beside the stored ones.",
            show_default=False,
        ),
    ] = None,
    direction: Annotated[
        Direction, typer.Option(help="Load, or generation that feeds in.")
    ] = Direction.LOAD,
    level: Annotated[str, typer.Option(help="Areas by transformer, or by feeder.")] = "transformer",
    until: Annotated[
        str | None,
        typer.Option(
            help="Last month, as in 2029-12; by default five years on.", show_default=False
        ),
    ] = None,
    land_use: Annotated[
        Path | None,
        typer.Option(
            help="File of areas with saturation_mva_per_km2: growth bends under it.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help=f"File to write: {', '.join(ENDINGS)}.", show_default=False),
    ] = None,
    language: LanguageOption = Language.ENGLISH,
    as_json: JsonOption = False,
) -> None:
    """Tell what every supply area will ask for, what the grid can give, and when it runs out."""
    check_level(level)
    if out is not None:
        _check_ending(out)
    question = GapQuestion(
        direction=direction,
        level=level,
        until_month=None if until is None else parse_month(until),
        applications=() if file is None else tuple(read_applications(file)),
        land_use=land_use,
    )
    with opened_planner() as planner, shown_progress() as progress:
        answer = capacity_gap_of_grid(planner, question, progress=progress)
        if out is not None:
            progress(f"writing {out.name}", 0, 1)
            _write(planner, answer, out, language)
            warn_of_language(out, language)
    if as_json:
        typer.echo(answer.as_json())
        return
    _summarise(answer, open_console())
    if out is not None:
        typer.echo(f"{len(answer.areas):,} supply areas in {out}")


def _check_ending(out: Path) -> None:
    if out.suffix.lower() not in ENDINGS:
        raise InputError(f"{out.name}: expected a file that ends in one of {', '.join(ENDINGS)}")


def _write(planner: Planner, answer: GapAnswer, out: Path, language: Language) -> None:
    if out.suffix.lower() == PICTURE_ENDING:
        write_gap_png(answer.tables, out, on=date.today(), language=language)
    elif is_map(out):
        # folium takes more than a second to import
        from maps.capacity_gap_map import render_gap  # noqa: PLC0415

        with written_whole(out) as partial:
            partial.write_text(render_gap(answer, grid_around(planner.grid())), encoding="utf-8")
    else:
        write_gap(answer, out)


def _summarise(answer: GapAnswer, console: Console) -> None:
    facts = answer.tables.facts
    until = f", looked at until {facts['until']}" if facts["until"] else ""
    shown = table_of(
        f"First to run out of capacity for {facts['direction']}: {facts['open_count']:,} open "
        f"applications, counted from {facts['counted_from'] or 'today'}{until}",
        "element",
        "runs out",
        "between",
        "applications",
        "kVA asked",
        "kVA available",
        "kVA to come",
        "limited by",
    )
    for kind, row in first_to_run_out(answer)[:FIRST_SHOWN]:
        shown.add_row(
            f"{kind} {row['name']}",
            str(row["runs_out"]),
            f"{row['earliest']} and {row['latest'] or 'later'}",
            f"{row['asked_count']:,}",
            _kva(row["asked_kva"]),
            _kva(row["headroom_kva"]),
            _kva(row["growth_kva"]),
            str(row["limiting_name"]),
        )
    console.print(shown)
    console.print(_areas_text(answer), highlight=False)
    if answer.back_tests:
        _print_back_tests(answer, console)
    for note in answer.tables.notes:
        console.print(f"- {note}", highlight=False)


def _areas_text(answer: GapAnswer) -> str:
    facts = answer.tables.facts
    rows = list(answer.areas.rows())
    today = sum(row["runs_out"] == "today" for row in rows)
    return (
        f"Of {facts['area_count']:,} supply areas by {facts['level']} {today:,} ask for more than "
        f"there is today, {int(facts['runs_out_count'] or 0) - today:,} run out later, "
        f"{facts['unknown_count']:,} are unknown"
    )


def _print_back_tests(answer: GapAnswer, console: Console) -> None:
    shown = table_of(
        "Rolling back-tests, in applications a supply cell",
        "cells",
        "forecast",
        "months ahead",
        "origins",
        "mean abs. error",
        "pinball loss",
        "inside 80 %",
        "inside 95 %",
    )
    for group, one in answer.back_tests:
        shown.add_row(
            group,
            one.method,
            str(one.horizon_months),
            str(one.origins),
            f"{one.mean_absolute_error:.3f}",
            f"{one.pinball_loss:.4f}",
            f"{one.coverage_80:.1%}",
            f"{one.coverage_95:.1%}",
        )
    console.print(shown)


def _kva(value: Value) -> str:
    return "unknown" if value is None else f"{float(value):,.0f}"
