"""The command ``gisplan screen``: one demand asked of every bus, or of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gisplan.cli.answer import JsonOption, print_answer
from gisplan.cli.electrical_answer import (
    MapOutOption,
    by_voltage,
    check_out,
    count_table,
    figure,
    give_answer,
    grid_around,
    is_map,
    limiting_text,
    numbers,
    table_of,
)
from gisplan.cli.planner import opened_planner
from gisplan.cli.progress import shown_progress
from gisplan.electrical.screening.capacity import Direction
from gisplan.planning.bus_screening import DemandQuestion, check_question
from gisplan.services.electrical import default_power_factor, screen_grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from gisplan.cli.electrical_answer import Row
    from gisplan.export.electrical_table import ElectricalAnswer
    from gisplan.export.feature import Value

FEW_ROWS = 3
OVERLOADED = {"line", "transformer"}


def screen(
    demand_kva: Annotated[float, typer.Option(help="Apparent power asked for, balanced.")],
    power_factor: Annotated[
        float | None,
        typer.Option(help="By default 0.95 for load, 1 for generation.", show_default=False),
    ] = None,
    direction: Annotated[
        Direction, typer.Option(help="Load, or generation that feeds in.")
    ] = Direction.LOAD,
    bus: Annotated[
        str | None, typer.Option(help="Only this bus, by id or name.", show_default=False)
    ] = None,
    out: MapOutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell for each bus whether a demand fits, and what it does to the grid."""
    question = DemandQuestion(
        demand_kva=demand_kva,
        power_factor=default_power_factor(direction) if power_factor is None else power_factor,
        direction=direction,
    )
    check_question(question)
    check_out(out, has_map=True)
    with opened_planner() as planner, shown_progress() as progress:
        answer = screen_grid(planner, question, bus=bus, progress=progress)
        grid = planner.grid() if is_map(out) else None

    def draw(answer: ElectricalAnswer) -> str:
        # folium takes more than a second to import
        from maps.element_map import render_screening  # noqa: PLC0415

        return render_screening(answer, None if grid is None else grid_around(grid))

    give_answer(answer, out=out, as_json=as_json, summarise=_summarise, draw=draw)


def _summarise(answer: ElectricalAnswer, console: Console) -> None:
    (table,) = answer.tables
    rows = list(table.rows())
    if len(rows) <= FEW_ROWS:
        for row in rows:
            print_answer({name: _worded(value) for name, value in row.items()}, as_json=False)
    else:
        _summarise_many(answer, rows, console)


def _worded(value: Value) -> Value:
    """Return yes and no as words, and nothing where a text is empty."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return None if value == "" else value


def _summarise_many(answer: ElectricalAnswer, rows: Sequence[Row], console: Console) -> None:
    facts = answer.facts
    shown = table_of(
        f"{facts['demand_kva']:,.10g} kVA {facts['direction']}, power factor "
        f"{facts['power_factor']:g}: {facts['feasible_count']:,} of {facts['bus_count']:,} buses "
        f"feasible; AC power flow decided {facts['ac_count']:,}",
        "level",
        "buses",
        "feasible",
        "U min p.u.",
        "U max p.u.",
        "loading",
        "Ik max kA",
        "Ik min kA",
    )
    for level, some in by_voltage(rows):
        shown.add_row(
            level,
            f"{len(some):,}",
            f"{sum(bool(row['feasible']) for row in some):,}",
            figure(numbers(some, "voltage_min_pu"), 0, ".4f"),
            figure(numbers(some, "voltage_max_pu"), 1, ".4f"),
            figure(numbers(some, "loading_max_ratio"), 1, ".0%"),
            figure(numbers(some, "short_circuit_max_ka"), 1, ".2f"),
            figure(numbers(some, "short_circuit_min_ka"), 0, ".3f"),
        )
    console.print(shown)
    refused = [row for row in rows if not row["feasible"]]
    if refused:
        console.print(count_table("Why not", "limit", [str(row["limited_by"]) for row in refused]))
        overloads = [row for row in refused if OVERLOADED & set(str(row["limited_by"]).split(", "))]
        if overloads:
            named = [limiting_text(row) for row in overloads]
            console.print(count_table("Highest loading where not", "element", named))
