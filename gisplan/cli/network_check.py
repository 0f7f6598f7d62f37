"""The command ``gisplan network-check``: where the corridors are broken."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gisplan.cli.answer import JsonOption
from gisplan.cli.compiling import told_compilation
from gisplan.cli.electrical_answer import is_map, table_of
from gisplan.cli.plan import open_console
from gisplan.cli.progress import shown_progress
from gisplan.errors import InputError
from gisplan.export.electrical_table import TABLE_ENDINGS, write_answer
from gisplan.export.written import written_whole
from gisplan.network.network_report import CheckSettings
from gisplan.services.network_check import check_corridors
from gisplan.settings import load_settings
from gisplan.store.connection import connect
from gisplan.store.database import prepare_database

if TYPE_CHECKING:
    from rich.console import Console

    from gisplan.export.electrical_table import ElectricalAnswer

PICTURE_ENDING = ".png"
ENDINGS = (*TABLE_ENDINGS, ".html", PICTURE_ENDING)
SHOWN_MAX = 20
DISTANCE_MAX_M = 1000.0


def network_check(
    out: Annotated[
        Path | None,
        typer.Option(
            help="File to write: .html, a map; .png, a picture; .gpkg, .geojson, .csv or .json.",
            show_default=False,
        ),
    ] = None,
    near_miss_m: Annotated[
        float, typer.Option(help="Tell an end that comes this near to another corridor.")
    ] = CheckSettings().near_miss_m,
    as_json: JsonOption = False,
) -> None:
    """Tell where the corridors are broken: parts, gaps, near misses, access points off them."""
    check_ending(out)
    settings = CheckSettings(near_miss_m=check_distance(near_miss_m))
    config = load_settings()
    with (
        told_compilation(),
        connect(prepare_database(config)) as connection,
        shown_progress() as progress,
    ):
        answer = check_corridors(connection, config.home / "cache", settings)
        if out is not None:
            progress(f"writing {out.name}", 0, 0)
            write_report(answer, out)
    if as_json:
        typer.echo(answer.as_json())
        return
    console = open_console()
    _summarise(answer, console)
    if out is not None:
        console.print(f"{out} shows it", highlight=False)


def check_ending(out: Path | None) -> None:
    """Refuse a file of no known ending before anything is read.

    Raises
    ------
    InputError
        Naming the endings that there are.
    """
    if out is not None and out.suffix.lower() not in ENDINGS:
        raise InputError(f"{out} ends in {out.suffix!r}; expected one of {', '.join(ENDINGS)}")


def check_distance(near_miss_m: float) -> float:
    """Return a distance that can be searched.

    Raises
    ------
    InputError
        If it is not positive, or so far that nothing would be near.
    """
    if not 0 < near_miss_m <= DISTANCE_MAX_M:
        raise InputError(
            f"--near-miss-m is {near_miss_m:g}; expected more than 0 and at most "
            f"{DISTANCE_MAX_M:g} m"
        )
    return near_miss_m


def write_report(answer: ElectricalAnswer, path: Path) -> None:
    """Write an answer as the ending of the file says."""
    if is_map(path):
        # folium takes more than a second to import
        from maps.network_map import render_network  # noqa: PLC0415

        with written_whole(path) as partial:
            partial.write_text(render_network(answer), encoding="utf-8")
    elif path.suffix.lower() == PICTURE_ENDING:
        # matplotlib takes long too
        from gisplan.export.network_picture import write_network_png  # noqa: PLC0415

        write_network_png(answer, path)
    else:
        write_answer(answer, path)


def _summarise(answer: ElectricalAnswer, console: Console) -> None:
    parts, faults, _ = answer.tables
    facts = answer.facts
    verdict = "broken" if facts["is_broken"] else "in one piece"
    shown = table_of(
        f"{len(parts):,} part(s), {float(facts['length_m'] or 0) / 1000:,.1f} km of corridors: "
        f"{verdict}, {facts['warning_count']:,} warnings, {facts['note_count']:,} notes",
        "part",
        "length m",
        "edges",
        "access points",
        "customers",
    )
    for row in list(parts.rows())[:SHOWN_MAX]:
        figures = ("length_m", "edge_count", "access_count", "customer_count")
        shown.add_row(str(row["part"]), *(f"{row[name]:,}" for name in figures))
    console.print(shown)
    warnings = [row for row in faults.rows() if row["severity"] == "warning"]
    for row in warnings[:SHOWN_MAX]:
        console.print(f"warning: {row['kind']}: {row['element']}: {row['text']}", highlight=False)
    if len(warnings) > SHOWN_MAX:
        console.print(f"and {len(warnings) - SHOWN_MAX:,} more warnings; --out shows them all")
    for name, value in facts.items():
        if name.endswith("_count") and name not in {"part_count", "warning_count", "note_count"}:
            console.print(f"{name.removesuffix('_count').replace('_', ' ')}: {value:,}")
    for note in answer.notes:
        console.print(f"- {note}", highlight=False)
