"""The command ``gisplan demo``: the whole way on the sample region, from file to page."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from gisplan.cli.plan import open_console, plan_all, safe_name, save_plans
from gisplan.cli.plan_answer import option_cells, print_plans, summary_table
from gisplan.cli.planner import opened_planner
from gisplan.cli.progress import shown_progress
from gisplan.errors import InputError
from gisplan.ingest.applications import read_applications
from gisplan.services.load import LoadOptions, load_grid
from gisplan.settings import load_settings
from gisplan.store.applications import forget_synthetic
from gisplan.store.connection import borrow, connect
from gisplan.store.database import prepare_database

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from gisplan.model.application import Application
    from gisplan.model.option import Plan
    from gisplan.services.plan import Planner

SAMPLE_FOLDER = Path("data/grid")
HEAT_PUMP, LARGE_CUSTOMER = "S-0001", "S-0006"
BOTTLENECK, HIGHER_PEAK_KVA = "T_idx_35", 410.0
BELOW_BOTTLENECK = ("S-0002", "S-0003", "S-0004")
SUMMARY_FIELDS = (
    "reference",
    "kind",
    "demand_kva",
    "feasible",
    "access_kind",
    "element",
    "route_length_m",
    "cost",
    "currency",
    "loading_max",
    "limiting_element",
    "reason",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where the demo writes and what it says."""

    out: Path
    console: Console

    def say(self, text: str) -> None:
        """Print a line of the story."""
        self.console.print(text, highlight=False)


def demo(
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Stop before serving.")] = False,
    sample: Annotated[Path, typer.Option(help="Folder of the sample region.")] = SAMPLE_FOLDER,
) -> None:
    """Load the sample region, plan its applications, draw density, serve the page."""
    if not (sample / "mapping.toml").exists():
        raise InputError(f"{sample} holds no mapping.toml; run the demo from the project's folder")
    stage = Stage(out=load_settings().output_folder / "demo", console=open_console())
    stage.out.mkdir(parents=True, exist_ok=True)
    _load(stage, sample)
    with opened_planner() as planner:
        _first_questions(stage, planner, sample)
        _measured_peak(stage, planner, sample)
        _heat_pumps_of_the_town(stage, planner, sample)
        _sample_applications(stage, planner, sample)
    _density(stage)
    stage.say("    the applications of step 5 stay reserved, so that the page shows them")
    stage.say(f"\nEverything lies in {stage.out}: summary.csv, plans, maps, density.")
    if not no_serve:
        from gisplan.cli.serve import serve  # noqa: PLC0415 (three seconds that nothing before needs)

        serve()


def _load(stage: Stage, sample: Path) -> None:
    stage.say("1/6 load the grid into PostGIS")
    with connect(prepare_database(load_settings())) as connection, shown_progress() as progress:
        result = load_grid(
            sample,
            None,
            connection=connection,
            options=LoadOptions(profile="eu"),
            progress=progress,
        )
        forgotten = forget_synthetic(connection)
    counts = ", ".join(f"{count:,} {table}" for table, count in result.row_counts.items())
    stage.say(f"    version {result.version_id} serves: {counts}; {result.warning_count} warnings")
    if forgotten:
        stage.say(f"    {forgotten} synthetic applications of an earlier run are forgotten")


def _application(sample: Path, reference: str) -> Application:
    applications = read_applications(sample / "applications.csv")
    return next(one for one in applications if one.reference == reference)


def _first_questions(stage: Stage, planner: Planner, sample: Path) -> None:
    stage.say("2/6 ask for one heat pump and for one large customer")
    for reference in (HEAT_PUMP, LARGE_CUSTOMER):
        plan = planner.propose(_application(sample, reference))
        print_plans([plan], stage.console)
        save_plans([plan], stage.out / f"{safe_name(reference)}.html", planner.grid())


def _sample_applications(stage: Stage, planner: Planner, sample: Path) -> None:
    applications = read_applications(sample / "applications.csv")
    stage.say(f"5/6 plan {len(applications)} applications in order, each holding its capacity")
    plans = plan_all(planner, applications, stage.console, reserve=True)
    save_plans(plans, stage.out / "plans", planner.grid())
    stage.console.print(summary_table(plans))
    save_summary(plans, stage.out / "summary.csv")


def _heat_pumps_of_the_town(stage: Stage, planner: Planner, sample: Path) -> None:
    applications = read_applications(sample / "heat_pumps.csv")
    stage.say(f"4/6 plan {len(applications):,} heat pumps, each seeing the promises before it")
    plans = plan_all(planner, applications, stage.console, reserve=True)
    save_summary(plans, stage.out / "heat_pumps.csv")
    stage.console.print(_heat_pump_table(plans))
    refused = next((plan for plan in plans if _first_refusal(plan)), None)
    if refused is not None:
        stage.say(f"    the first that its own service cannot take: {_first_refusal(refused)}")
        save_plans([refused], stage.out / "first_refusal.html", planner.grid())
    with borrow(planner.pool) as connection:
        forget_synthetic(connection)
    stage.say("    what they held is given back, so that the next step starts from the same grid")


def _first_refusal(plan: Plan) -> str:
    """Return why the site's own service was refused, empty where it was not."""
    for option in plan.options:
        if option.access_point.kind == "existing_service" and not option.feasible:
            texts = [f.text for f in option.findings if f.severity == "violation"]
            return f"{plan.application.reference}: {texts[0]}"
    return ""


def _heat_pump_table(plans: Sequence[Plan]) -> Table:
    outcome = Counter(
        plan.best.access_point.kind if plan.best else "refused with reasons" for plan in plans
    )
    remedied = sum(bool(plan.best and plan.best.remedies) for plan in plans)
    table = Table(title="Heat pumps of the whole town")
    table.add_column("answer")
    table.add_column("applications", justify="right")
    for answer, count in outcome.most_common():
        table.add_row(answer.replace("_", " "), str(count))
    table.add_row("of these with a tap change", str(remedied))
    return table


def _measured_peak(stage: Stage, planner: Planner, sample: Path) -> None:
    stage.say(f"3/6 ask as if {BOTTLENECK} had been measured at {HIGHER_PEAK_KVA:g} kVA")
    for reference in BELOW_BOTTLENECK:
        application = _application(sample, reference)
        before = planner.propose(application)
        after = planner.propose_with_peak(application, BOTTLENECK, HIGHER_PEAK_KVA)
        stage.say(f"    {reference} before: {_verdict(before)}")
        stage.say(f"    {reference} after:  {_verdict(after)}")


def _verdict(plan: Plan) -> str:
    best = plan.best
    if best is None:
        return f"no: {plan.reasons[0]}"
    cells = option_cells(best)
    return f"{cells[1]}, {cells[5]}, highest loading {cells[7]} at {cells[8]}"


def _density(stage: Stage) -> None:
    from gisplan.model.density import DensityWeight  # noqa: PLC0415 (matplotlib takes a second)
    from gisplan.services.density import (  # noqa: PLC0415
        DensityQuestion,
        layer_density,
        save_density,
    )

    stage.say("6/6 draw where applications gather")
    question = DensityQuestion(cell_m=25.0, weight=DensityWeight.DEMAND_KVA)
    with opened_planner() as planner, borrow(planner.pool) as connection:
        density = layer_density(connection, question)
    for name in ("density.tif", "density.png"):
        save_density(
            density,
            stage.out / name,
            source="synthetic applications; network (c) University of Kassel and Fraunhofer "
            "IEE, BSD-3; house ids (c) OpenStreetMap contributors, ODbL",
            on=date.today(),
        )


def save_summary(plans: Sequence[Plan], file: Path) -> None:
    """Write one row a plan: its best option, or the reason why there is none."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, SUMMARY_FIELDS)
        writer.writeheader()
        for plan in plans:
            writer.writerow(_summary_row(plan))


def _summary_row(plan: Plan) -> dict[str, object]:
    application, best = plan.application, plan.best
    row: dict[str, object] = {
        "reference": application.reference,
        "kind": application.kind,
        "demand_kva": application.demand_kva,
        "feasible": plan.feasible,
        "reason": "; ".join(plan.reasons),
    }
    if best is None:
        return row
    return row | {
        "access_kind": best.access_point.kind,
        "element": best.access_point.element_id,
        "route_length_m": best.route.length_m,
        "cost": best.cost.total,
        "currency": best.cost.currency,
        "loading_max": best.electrical.loading_max,
        "limiting_element": best.electrical.limiting_element,
    }
