"""The command ``gisplan load-report``: what the existing load of each element rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gisplan.cli.answer import JsonOption
from gisplan.cli.compiling import told_compilation
from gisplan.cli.electrical_answer import OutOption, check_out, give_answer, table_of
from gisplan.cli.progress import shown_progress
from gisplan.services.load_report import report_load
from gisplan.settings import load_settings
from gisplan.store.connection import connect
from gisplan.store.database import prepare_database

if TYPE_CHECKING:
    from rich.console import Console

    from gisplan.export.electrical_table import ElectricalAnswer, ElementTable
    from gisplan.export.feature import Value

SHOWN_MAX = 20
FIGURES = {
    "peak kVA": ("peak_kva", ",.1f"),
    "estimated kVA": ("estimated_kva", ",.1f"),
    "scaled kVA": ("scaled_kva", ",.1f"),
    "factor": ("factor", ".3f"),
    "residual kVA": ("residual_kva", ",.1f"),
    "coincidence": ("coincidence_ratio", ".3f"),
    "rated kVA": ("rated_kva", ",.0f"),
    "loading": ("loading_ratio", ".1%"),
    "customers": ("customers", ",d"),
}


def load_report(out: OutOption = None, as_json: JsonOption = False) -> None:
    """Tell what the load of each feeder and transformer rests on, and how well it fits."""
    check_out(out)
    settings = load_settings()
    with (
        told_compilation(),
        connect(prepare_database(settings)) as connection,
        shown_progress() as progress,
    ):
        progress("load of elements", 0, 0)
        answer = report_load(connection, settings.home / "cache", settings.catalogue)
    give_answer(answer, out=out, as_json=as_json, summarise=_summarise)


def _summarise(answer: ElectricalAnswer, console: Console) -> None:
    for table in answer.tables:
        _show(table, console)


def _show(table: ElementTable, console: Console) -> None:
    """Print the most loaded elements of a kind."""
    rows = sorted(table.rows(), key=lambda row: -float(row["loading_ratio"] or 0.0))
    rest = f", the {SHOWN_MAX} most loaded" if len(rows) > SHOWN_MAX else ""
    title = f"{len(rows):,} {table.element_kind}s{rest}"
    shown = table_of(title, table.element_kind, "provenance", "measured on", *FIGURES)
    for row in rows[:SHOWN_MAX]:
        named = row["name"] and row["name"] != row["element"]
        shown.add_row(
            f"{row['element']} ({row['name']})" if named else str(row["element"]),
            str(row["provenance"]),
            str(row["measured_on"]),
            *(_figure(row[name], form) for name, form in FIGURES.values()),
        )
    console.print(shown)


def _figure(value: Value, form: str) -> str:
    return "" if value is None else format(value, form)
