"""The command ``gisplan hosting-capacity``: how much more every bus takes, and what limits it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gisplan.cli.answer import JsonOption
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
from gisplan.planning.bus_screening import check_power_factor
from gisplan.services.electrical import CapacityQuestion, capacity_of_grid, default_power_factor

if TYPE_CHECKING:
    from rich.console import Console

    from gisplan.export.electrical_table import ElectricalAnswer


def hosting_capacity(
    direction: Annotated[
        Direction,
        typer.Option(help="Load (available capacity), or generation (hosting capacity)."),
    ],
    power_factor: Annotated[
        float | None,
        typer.Option(help="By default 0.95 for load, 1 for generation.", show_default=False),
    ] = None,
    out: MapOutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell how much more load or generation each bus takes."""
    question = CapacityQuestion(
        direction=direction,
        power_factor=default_power_factor(direction) if power_factor is None else power_factor,
    )
    check_power_factor(question.power_factor)
    check_out(out, has_map=True)
    with opened_planner() as planner, shown_progress() as progress:
        answer = capacity_of_grid(planner, question, progress=progress)
        grid = planner.grid() if is_map(out) else None

    def draw(answer: ElectricalAnswer) -> str:
        # folium takes more than a second to import
        from maps.element_map import render_capacity  # noqa: PLC0415

        return render_capacity(answer, None if grid is None else grid_around(grid))

    give_answer(answer, out=out, as_json=as_json, summarise=_summarise, draw=draw)


def _summarise(answer: ElectricalAnswer, console: Console) -> None:
    (table,) = answer.tables
    rows, facts = list(table.rows()), answer.facts
    shown = table_of(
        f"Capacity for {facts['direction']} at power factor {facts['power_factor']:g}: "
        f"{facts['known_count']:,} of {facts['bus_count']:,} buses known",
        "level",
        "buses",
        "known",
        "lowest kVA",
        "tenth kVA",
        "median kVA",
        "highest kVA",
    )
    for level, some in by_voltage(rows):
        kva = numbers(some, "capacity_kva")
        figures = [figure(kva, place, ",.0f") for place in (0, 0.1, 0.5, 1)]
        shown.add_row(level, f"{len(some):,}", f"{len(kva):,}", *figures)
    console.print(shown)
    console.print(count_table("What limits", "reason", [str(row["reason"]) for row in rows]))
    named = [limiting_text(row) for row in rows if row["limiting_id"]]
    console.print(count_table("Limiting elements", "element", named))
