"""How electrical commands answer: a file, one JSON object, or a summary that fits a screen."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from gisplan.cli.plan import open_console
from gisplan.export.electrical_table import check_table_ending, write_answer
from gisplan.export.grid_features import build_whole_grid
from gisplan.export.written import written_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rich.console import Console

    from gisplan.export.electrical_table import ElectricalAnswer
    from gisplan.export.feature import FeatureCollection, Value
    from gisplan.model.grid import Grid

    Row = Mapping[str, Value]

OutOption = Annotated[
    Path | None,
    typer.Option(help="File to write: .csv, .json, .gpkg or .geojson.", show_default=False),
]
MapOutOption = Annotated[
    Path | None,
    typer.Option(
        help="File to write: .csv, .json, .gpkg, .geojson, or .html, a map.", show_default=False
    ),
]
MAP_ENDING = ".html"
SHOWN_MAX = 10


def check_out(out: Path | None, *, has_map: bool = False) -> None:
    """Refuse a file of no known ending before anything is computed.

    Raises
    ------
    InputError
        Naming the endings that there are.
    """
    if out is not None and not (has_map and is_map(out)):
        check_table_ending(out)


def is_map(out: Path | None) -> bool:
    """Tell whether a file is to be a map."""
    return out is not None and out.suffix.lower() == MAP_ENDING


def grid_around(grid: Grid) -> FeatureCollection:
    """Return the whole grid as features, for a map that shows where an element lies."""
    return build_whole_grid(grid)


def give_answer(
    answer: ElectricalAnswer,
    *,
    out: Path | None,
    as_json: bool,
    summarise: Callable[[ElectricalAnswer, Console], None],
    draw: Callable[[ElectricalAnswer], str] | None = None,
) -> None:
    """Write the file that was asked for; print JSON, or the summary and what to know of it."""
    if out is not None and draw is not None and is_map(out):
        with written_whole(out) as partial:
            partial.write_text(draw(answer), encoding="utf-8")
    elif out is not None:
        write_answer(answer, out)
    if as_json:
        typer.echo(answer.as_json())
        return
    console = open_console()
    summarise(answer, console)
    for note in answer.notes:
        console.print(f"- {note}", highlight=False)
    if out is not None:
        console.print(f"{sum(map(len, answer.tables)):,} rows in {out}", highlight=False)


def by_voltage(rows: Iterable[Row]) -> list[tuple[str, list[Row]]]:
    """Return rows grouped by nominal voltage, highest first."""
    groups: defaultdict[float, list[Row]] = defaultdict(list)
    for row in rows:
        groups[float(row["nominal_voltage_v"] or 0)].append(row)
    return [(f"{voltage:,.0f} V", groups[voltage]) for voltage in sorted(groups, reverse=True)]


def numbers(rows: Iterable[Row], name: str) -> list[float]:
    """Return the known numbers of a column, lowest first."""
    return sorted(float(row[name] or 0) for row in rows if row[name] is not None)


def table_of(title: str, *headings: str) -> Table:
    """Return an empty table, texts left and numbers right."""
    table = Table(title=title, title_justify="left")
    for n, heading in enumerate(headings):
        table.add_column(heading, justify="right" if n else "left")
    return table


def count_table(title: str, heading: str, words: Iterable[str], *, unit: str = "buses") -> Table:
    """Return how often each word stands there, the most frequent first."""
    table = table_of(title, heading, unit)
    counted = Counter(words).most_common()
    for word, count in counted[:SHOWN_MAX]:
        table.add_row(word, f"{count:,}")
    if len(counted) > SHOWN_MAX:
        rest = sum(count for _, count in counted[SHOWN_MAX:])
        table.add_row(f"{len(counted) - SHOWN_MAX} more", f"{rest:,}")
    return table


def limiting_text(row: Row) -> str:
    """Return the limiting element of a row with its name."""
    if not row["limiting_id"]:
        return ""
    name = row["limiting_name"]
    named = f" ({name})" if name and name != row["limiting_id"] else ""
    return f"{row['limiting_kind']} {row['limiting_id']}{named}"


def figure(values: Sequence[float], place: float, form: str) -> str:
    """Return the value at a place 0..1 of ascending numbers, empty where there is none."""
    return format(values[round(place * (len(values) - 1))], form) if values else ""
