"""The use case "capacity gap": where today's applications and those to come use up the grid."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.screening.capacity import Direction
from gisplan.errors import InputError
from gisplan.export.electrical_table import ElectricalAnswer, write_answer
from gisplan.export.written import written_whole
from gisplan.ingest.land_use import read_land_use
from gisplan.model.application_table import build_application_table, join_tables
from gisplan.planning.capacity_gap import capacity_gap
from gisplan.planning.land_limits import land_limits
from gisplan.planning.outlook import NO_QUARTERS, build_outlook, build_quarters, month_name
from gisplan.planning.supply_cells import LEVELS, build_supply_cells, place_applications
from gisplan.services.capacity_gap_columns import area_table, element_table
from gisplan.services.electrical import Progress, answer_facts, lost_notes, opened_state

if TYPE_CHECKING:
    from pathlib import Path

    from gisplan.density.back_test import BackTestRow
    from gisplan.export.electrical_table import ElementTable
    from gisplan.export.feature import Value
    from gisplan.model.application import Application
    from gisplan.planning.outlook import ForecastPart, Outlook, Quarters
    from gisplan.planning.state import PlanningState
    from gisplan.services.plan import Planner

AREA_LEVELS = LEVELS[:2]
MONTHS_A_YEAR = 12
A_YEAR = np.array([MONTHS_A_YEAR])
LONGEST_MONTHS = 360
ABOUT_HEADROOM = (
    "Headroom is what one more customer could ask for behind an element, counted in full at every "
    "level, on top of everything promised; single low-voltage mains are not asked"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GapQuestion:
    """Which headroom, until which month (year * 12 + month - 1), by transformer or by feeder.

    ``applications`` are counted as received beside the stored ones; one of the same reference
    stands for the stored one. Without ``until_month`` the catalogue says how far to look.
    ``land_use`` is a file of areas with the load density that they saturate at.
    """

    direction: Direction = Direction.LOAD
    level: str = LEVELS[0]
    until_month: int | None = None
    applications: tuple[Application, ...] = ()
    land_use: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GapAnswer:
    """Tables of supply areas, transformers, feeders and substations, and the back-tests.

    Each row of ``back_tests`` names the group of cells that it is about.
    """

    tables: ElectricalAnswer
    back_tests: tuple[tuple[str, BackTestRow], ...]

    @property
    def areas(self) -> ElementTable:
        """The supply areas."""
        return self.tables.tables[0]

    def as_json(self) -> str:
        """Return one JSON object; every table is a list under the kind of its elements."""
        document = json.loads(self.tables.as_json())
        rows = [
            {"cells": group, **{name: _rounded(value) for name, value in asdict(row).items()}}
            for group, row in self.back_tests
        ]
        return json.dumps({**document, "back_tests": rows}, ensure_ascii=False, allow_nan=False)


def _rounded(value: Value) -> Value:
    return round(value, 6) if isinstance(value, float) else value


def parse_month(text: str) -> int:
    """Read a month as in 2029-12.

    Raises
    ------
    InputError
        If it is none.
    """
    year, _, month = text.partition("-")
    if not (year.isdecimal() and len(year) == 4 and month.isdecimal() and 1 <= int(month) <= 12):
        raise InputError(f"month {text!r}; expected year and month, as in 2029-12")
    return int(year) * MONTHS_A_YEAR + int(month) - 1


def check_level(level: str) -> None:
    """Refuse a level of which no areas are drawn.

    Raises
    ------
    InputError
        Naming those that there are.
    """
    if level not in AREA_LEVELS:
        raise InputError(f"level {level!r}; expected one of {', '.join(AREA_LEVELS)}")


def capacity_gap_of_grid(
    planner: Planner, question: GapQuestion, *, progress: Progress
) -> GapAnswer:
    """Return what every supply area will ask for, what the grid can give, and when it runs out.

    Raises
    ------
    InputError
        If level or month cannot be used.
    NoGridError
        If nothing has been loaded yet.
    """
    check_level(question.level)
    state = opened_state(planner, progress)
    progress("placing applications", 0, 1)
    outlook = _outlook(planner, state, question)
    quarters = _quarters(outlook, question)
    progress("testing forecasts", 0, 1)
    parts = outlook.forecast(planner.forecasts) if len(quarters) else ()
    progress("capacity gap", 0, 1)
    gap = capacity_gap(state, outlook, parts, quarters)
    progress("supply areas", 0, 1)
    tables = (
        area_table(state, outlook.cells, gap, quarters, LEVELS.index(question.level)),
        *(
            element_table(state, outlook.cells, gap, quarters, level)
            for level in range(len(LEVELS))
        ),
    )
    return GapAnswer(
        tables=ElectricalAnswer(
            facts=answer_facts(state) | _facts(question, outlook, quarters, tables[0]),
            notes=lost_notes(state) + _notes(outlook, parts),
            tables=tables,
        ),
        back_tests=tuple((part.group, row) for part in parts for row in part.choice.rows),
    )


def write_gap(answer: GapAnswer, path: Path) -> None:
    """Write the tables of an answer as CSV, JSON, GeoPackage or GeoJSON, by ending."""
    if path.suffix.lower() != ".json":
        write_answer(answer.tables, path)
        return
    with written_whole(path) as partial:
        partial.write_text(answer.as_json(), encoding="utf-8")


def _outlook(planner: Planner, state: PlanningState, question: GapQuestion) -> Outlook:
    stored = planner.applications()
    given = build_application_table(question.applications, status="received")
    others = stored.take(~np.isin(stored.reference, given.reference))
    table = join_tables(others, given)
    cells = build_supply_cells(state.region)
    outlook = build_outlook(
        table,
        place_applications(state.region, cells, table),
        cells,
        held=state.held,
        catalogue=state.region.catalogue,
        direction=question.direction,
    )
    if question.land_use is None:
        return outlook
    land = read_land_use(question.land_use, srid=state.region.snapshot.grid.working_srid)
    return replace(outlook, land=land_limits(state, cells, land))


def _quarters(outlook: Outlook, question: GapQuestion) -> Quarters:
    """Return the quarters ahead, none where no application has a date."""
    month = outlook.newest_month
    if month is None:
        return NO_QUARTERS
    horizon = int(outlook.catalogue.value("density.forecast_horizon_months"))
    until = month + horizon if question.until_month is None else question.until_month
    if not month < until <= month + LONGEST_MONTHS:
        raise InputError(
            f"until {month_name(until)}: the newest application is of {month_name(month)}; "
            f"expected a later month, at most {LONGEST_MONTHS // MONTHS_A_YEAR} years on"
        )
    return build_quarters(month, until)


def _facts(
    question: GapQuestion, outlook: Outlook, quarters: Quarters, areas: ElementTable
) -> dict[str, Value]:
    month = outlook.newest_month
    runs_out = areas.columns["runs_out"]
    return {
        "direction": str(question.direction),
        "level": question.level,
        "counted_from": None if month is None else month_name(month),
        "until": quarters.name(len(quarters)) if len(quarters) else None,
        "application_count": int(outlook.is_counted.sum()),
        "open_count": int(outlook.is_open.sum()),
        "unplaced_count": int((outlook.is_open & (outlook.placed.cell < 0)).sum()),
        "dated_count": len(outlook.dated),
        "applications": outlook.table.fingerprint(),
        "area_count": len(areas),
        "runs_out_count": int(((runs_out != "") & areas.columns["is_known"]).sum()),
        "unknown_count": int((~areas.columns["is_known"]).sum()),
    }


def _notes(outlook: Outlook, parts: tuple[ForecastPart, ...]) -> tuple[str, ...]:
    """Return what a reader of the answer must know."""
    notes = [ABOUT_HEADROOM]
    built = [
        f"{outlook.catalogue.value(rule):.0%} of what is {status}"
        for status, rule in (
            ("received", "density.realisation_rate.received"),
            ("planned", "density.realisation_rate.planned"),
        )
    ]
    notes.append(f"Counted as built: {' and '.join(built)} (unverified values of the catalogue)")
    dated, counted = (
        len(outlook.dated),
        int((outlook.is_counted & (outlook.placed.cell >= 0)).sum()),
    )
    for part in parts:
        strayed = float(np.sqrt(part.choice.drift.after(A_YEAR)[0]))
        notes.append(f"At {part.group} {part.choice.reason}")
        notes.append(
            f"At {part.group} all cells together strayed by {strayed:.0%} beyond chance a year "
            "ahead in back-tests, which the interval counts"
            if part.choice.rows
            else f"At {part.group} nothing could be tested: the interval takes the level to stay"
        )
    if not parts:
        notes.append("No application has a date: nothing is forecast, only today is answered")
    elif dated < outlook.catalogue.value("density.forecast_applications_min"):
        notes.append(f"The forecast rests on {dated} applications: its interval is wide")
    if parts and counted > dated:
        notes.append(f"{counted - dated} of {counted} applications have no date, so no part in it")
    if outlook.land is not None:
        known, full = np.isfinite(outlook.land.limit_kva), outlook.is_full
        notes.append(
            f"At low voltage growth bends under the limit of the land in {known.sum()} areas; "
            f"{full.sum()} of them have reached theirs and are told no growth"
        )
    unplaced = int((outlook.is_counted & (outlook.placed.cell < 0)).sum())
    if unplaced:
        notes.append(f"{unplaced} applications lie where nothing supplies and are in no area")
    return tuple(notes)


def first_to_run_out(answer: GapAnswer) -> list[tuple[str, dict[str, Value]]]:
    """Return the elements of all levels that run out, with their kind: soonest first.

    Of those in one season the one with the most asked of what it can give comes first.
    """
    found = [
        (table.element_kind, row)
        for table in answer.tables.tables[1:]
        for row in table.rows()
        if row["is_known"] and row["runs_out"]
    ]

    def order(one: tuple[str, dict[str, Value]]) -> tuple[float, float, str, str]:
        kind, row = one
        wanted = float(row["asked_kva"] or 0) + float(row["growth_kva"] or 0)
        room = float(row["headroom_kva"] or 0)
        return float(row["season"] or 0), room / wanted if wanted else 1.0, kind, str(row["name"])

    return sorted(found, key=order)
