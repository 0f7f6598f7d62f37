"""The command ``gisplan powerflow``: the base state of the grid that serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gisplan.cli.answer import JsonOption
from gisplan.cli.electrical_answer import (
    SHOWN_MAX,
    MapOutOption,
    by_voltage,
    check_out,
    figure,
    give_answer,
    numbers,
    table_of,
)
from gisplan.cli.planner import opened_planner
from gisplan.cli.progress import shown_progress
from gisplan.services.electrical import power_flow

if TYPE_CHECKING:
    from rich.console import Console

    from gisplan.export.electrical_table import ElectricalAnswer

CASES = (("load", "highest load"), ("feed_in", "highest feed-in"))


def powerflow(out: MapOutOption = None, as_json: JsonOption = False) -> None:
    """Tell voltages and loadings as the grid stands, with all that is promised."""
    check_out(out, has_map=True)
    with opened_planner() as planner, shown_progress() as progress:
        answer = power_flow(planner, progress=progress)
    give_answer(answer, out=out, as_json=as_json, summarise=_summarise, draw=_draw)


def _draw(answer: ElectricalAnswer) -> str:
    # folium takes more than a second to import
    from maps.element_map import render_power_flow  # noqa: PLC0415

    return render_power_flow(answer)


def _summarise(answer: ElectricalAnswer, console: Console) -> None:
    buses, *branches = answer.tables
    shown = table_of("Voltages", "case and level", "buses", "supplied", "U min p.u.", "U max p.u.")
    for case, words in CASES:
        for level, rows in by_voltage(buses.rows()):
            found = numbers(rows, f"voltage_{case}_pu")
            ends = (figure(found, 0, ".4f"), figure(found, 1, ".4f"))
            shown.add_row(f"{words}, {level}", f"{len(rows):,}", f"{len(found):,}", *ends)
    console.print(shown)
    shown = table_of("Highest loadings", "element", *(words for _, words in CASES))
    loaded = [
        (f"{table.element_kind} {row[f'{table.element_kind}_id']} ({row['name']})", row)
        for table in branches
        for row in table.rows()
    ]
    names = [f"loading_{case}_ratio" for case, _ in CASES]
    loaded.sort(key=lambda one: -max(float(one[1][name] or 0) for name in names))
    for element, row in loaded[:SHOWN_MAX]:
        shown.add_row(element, *(figure(numbers([row], name), 0, ".1%") for name in names))
    console.print(shown)
