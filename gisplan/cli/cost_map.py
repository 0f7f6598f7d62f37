"""The command ``gisplan cost-map``: what connecting a demand costs from every place."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from gisplan.cli.answer import JsonOption
from gisplan.cli.electrical_answer import count_table, grid_around, table_of
from gisplan.cli.plan import open_console
from gisplan.cli.planner import opened_planner
from gisplan.cli.progress import shown_progress
from gisplan.electrical.screening.capacity import Direction
from gisplan.export.cost_map_file import (
    COST_MAP_ENDINGS,
    MAP_ENDING,
    check_cost_map_ending,
    needs_raster,
)
from gisplan.export.written import written_whole
from gisplan.services.cost_map import (
    DEFAULT_CELL_M,
    CostMapQuestion,
    check_cell_m,
    check_cost_map_question,
    cost_map_of_grid,
    raster_of,
    save_cost_map,
)
from gisplan.services.electrical import default_power_factor

if TYPE_CHECKING:
    from rich.console import Console

    from gisplan.cli.progress import Show
    from gisplan.model.grid import Floats
    from gisplan.services.cost_map import CostMapAnswer
    from gisplan.services.plan import Planner


def cost_map(
    demand_kva: Annotated[float, typer.Option(help="Apparent power asked for.")],
    power_factor: Annotated[
        float | None,
        typer.Option(help="By default 0.95 for load, 1 for generation.", show_default=False),
    ] = None,
    direction: Annotated[
        Direction, typer.Option(help="Load, or generation that feeds in.")
    ] = Direction.LOAD,
    customer_class: Annotated[
        str | None,
        typer.Option(help="Class that decides the coincidence upstream.", show_default=False),
    ] = None,
    cell_m: Annotated[float, typer.Option(help="Side of a cell in metres.")] = DEFAULT_CELL_M,
    out: Annotated[
        Path | None,
        typer.Option(help=f"File to write: {', '.join(COST_MAP_ENDINGS)}.", show_default=False),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell what connecting a demand costs from every place, and where it would end."""
    question = CostMapQuestion(
        demand_kva=demand_kva,
        power_factor=default_power_factor(direction) if power_factor is None else power_factor,
        direction=direction,
        customer_class=customer_class,
    )
    check_cost_map_question(question)
    check_cell_m(cell_m)
    if out is not None:
        check_cost_map_ending(out)
    with opened_planner() as planner, shown_progress() as progress:
        answer = cost_map_of_grid(planner, question, progress=progress)
        if out is not None:
            _write(planner, answer, out, cell_m, progress)
    if as_json:
        facts = {**answer.tables.facts, "file": None if out is None else str(out)}
        typer.echo(json.dumps({**facts, "notes": list(answer.tables.notes)}, ensure_ascii=False))
        return
    _summarise(answer, open_console(), out)


def _write(
    planner: Planner, answer: CostMapAnswer, out: Path, cell_m: float, progress: Show
) -> None:
    raster = raster_of(answer, cell_m, progress=progress) if needs_raster(out) else None
    progress(f"writing {out.name}", 0, 1)
    if raster is None or out.suffix.lower() != MAP_ENDING:
        save_cost_map(answer, raster, out, on=date.today())
        return
    # folium takes more than a second to import
    from maps.cost_map import render_cost_map  # noqa: PLC0415

    html = render_cost_map(answer.tables, raster, grid_around(planner.grid()))
    with written_whole(out) as partial:
        partial.write_text(html, encoding="utf-8")


def _summarise(answer: CostMapAnswer, console: Console, out: Path | None) -> None:
    facts = answer.tables.facts
    shown = table_of(
        f"Cost to connect {facts['demand_kva']:,.10g} kVA {facts['direction']} at "
        f"{facts['nominal_voltage_v']:,.0f} V in {facts['currency']}",
        "places",
        "number",
        "with a cost",
        "a tenth below",
        "median",
        "nine tenths below",
    )
    for table in answer.tables.tables[:-1]:
        cost = table.columns["cost"]
        known = np.sort(cost[np.isfinite(cost)])
        figures = [_figure(known, place) for place in (10, 50, 90)]
        shown.add_row(f"{table.element_kind}s", f"{len(cost):,}", f"{len(known):,}", *figures)
    console.print(shown)
    nodes = list(answer.tables.tables[0].rows())
    words = [str(row["reason"]).partition(";")[0] for row in nodes if row["cost"] is None]
    if words:
        console.print(count_table("Why not", "reason", words, unit="nodes"))
    console.print(
        f"{facts['feasible_count']:,} of {facts['access_point_count']:,} access points take it, "
        f"{facts['uncertain_count']:,} of them near a limit or on a loop",
        highlight=False,
    )
    for note in answer.tables.notes:
        console.print(f"- {note}", highlight=False)
    if out is not None:
        console.print(f"written to {out}", highlight=False)


def _figure(ascending: Floats, place: int) -> str:
    return f"{np.percentile(ascending, place):,.0f}" if len(ascending) else ""
