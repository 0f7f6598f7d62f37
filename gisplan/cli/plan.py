"""The command ``gisplan plan``: one place, or a list of applications."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from gisplan.cli.answer import JsonOption
from gisplan.cli.documents import ENDINGS, write_plan
from gisplan.cli.planner import opened_planner
from gisplan.errors import InputError
from gisplan.export.plan_document import plan_to_json
from gisplan.ingest.applications import parse_application, read_applications
from gisplan.model.application import ApplicationKind, Importance
from gisplan.model.option import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gisplan.model.application import Application
    from gisplan.model.grid import Grid
    from gisplan.model.option import Option, Plan
    from gisplan.services.plan import Planner

WHAT_IF = "what-if"
WIDE = 200
WHY_WIDTH = 48


def plan(
    file: Annotated[
        Path | None, typer.Argument(help="Applications as CSV or GeoJSON, planned in order.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="LON,LAT", help="Plan one application at this place.")
    ] = None,
    demand_kva: Annotated[float | None, typer.Option(help="Contract capacity asked for.")] = None,
    kind: Annotated[ApplicationKind, typer.Option()] = ApplicationKind.LOAD,
    customer_class: Annotated[
        str | None, typer.Option(help="Coincidence class; by default that of the kind.")
    ] = None,
    importance: Annotated[Importance, typer.Option()] = Importance.ORDINARY,
    power_factor: Annotated[float, typer.Option()] = 0.95,
    largest_motor_kw: Annotated[
        float | None, typer.Option(help="Rated power of the largest motor that starts alone.")
    ] = None,
    largest_step_kva: Annotated[
        float | None, typer.Option(help="Largest sudden change of apparent power, as of a welder.")
    ] = None,
    steps_per_hour: Annotated[
        float | None, typer.Option(help="How often motor or step comes in an hour.")
    ] = None,
    phase: Annotated[
        str | None, typer.Option(help="L1, L2 or L3 of an existing single-phase customer.")
    ] = None,
    reference: Annotated[str, typer.Option(help="The utility's own number.")] = WHAT_IF,
    reserve: Annotated[
        bool, typer.Option("--reserve", help="Store each plan and hold its best option's capacity.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the plan documents, or one file ending in .json or .html."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Propose access points and cable paths, best first, each with its reasons."""
    applications = _applications(
        file,
        at,
        {
            "reference": reference,
            "demand_kva": demand_kva,
            "kind": kind,
            "customer_class": customer_class,
            "importance": importance,
            "power_factor": power_factor,
            "largest_motor_kw": largest_motor_kw,
            "largest_step_kva": largest_step_kva,
            "steps_per_hour": steps_per_hour,
            "phase": phase,
        },
    )
    if reserve and file is None and reference == WHAT_IF:
        raise InputError("--reserve holds capacity under a reference; give it by --reference")
    if out is not None:
        check_out(out, len(applications))
    console = open_console(stderr=as_json)
    with opened_planner() as planner:
        plans = plan_all(planner, applications, console, reserve=reserve)
        if out is not None:
            save_plans(plans, out, planner.grid())
    for made in plans if as_json else ():
        typer.echo(json.dumps(json.loads(plan_to_json(made)), ensure_ascii=False))
    if not as_json:
        print_plans(plans, console)


def _applications(
    file: Path | None, at: str | None, values: dict[str, object]
) -> Sequence[Application]:
    if (file is None) == (at is None):
        raise InputError("give either a FILE of applications or --at LON,LAT")
    if file is not None:
        return read_applications(file)
    if values["demand_kva"] is None:
        raise InputError("--at needs --demand-kva, the contract capacity asked for")
    parts = str(at).split(",")
    if len(parts) != 2:
        raise InputError(f"--at is {at!r}; expected longitude and latitude, as in 7.88,48.47")
    return (parse_application({**values, "lon": parts[0], "lat": parts[1]}),)


def open_console(*, stderr: bool = False) -> Console:
    """Return a console; where nobody looks, lines may be as wide as the tables want."""
    console = Console(stderr=stderr, markup=False)
    if console.is_terminal:
        return console
    return Console(stderr=stderr, markup=False, width=WIDE)


def plan_all(
    planner: Planner, applications: Sequence[Application], console: Console, *, reserve: bool
) -> tuple[Plan, ...]:
    """Plan applications in order; with ``reserve`` each sees the promises before it."""
    plans = []
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("planning", total=len(applications))
        for application in applications:
            if reserve:
                plans.append(planner.plan(application, reserve=True).plan)
            else:
                plans.append(planner.propose(application))
            progress.advance(task)
    return tuple(plans)


def check_out(out: Path, plan_count: int) -> None:
    """Refuse a target before anything is planned for it.

    Raises
    ------
    InputError
        If it is a file of no known ending, or one file for several plans.
    """
    if out.suffix and out.suffix not in ENDINGS:
        raise InputError(f"{out} ends in {out.suffix!r}; expected one of {', '.join(ENDINGS)}")
    if out.suffix and plan_count != 1:
        raise InputError(f"{out} is one file and there are {plan_count} plans; name a folder")


def save_plans(plans: Sequence[Plan], out: Path, grid: Grid) -> None:
    """Write plan documents: one file for one plan, else a folder with a file a plan."""
    check_out(out, len(plans))
    if out.suffix:
        write_plan(plans[0], out, grid)
        return
    for made in plans:
        write_plan(made, out / f"{safe_name(made.application.reference)}.json", grid)


def safe_name(reference: str) -> str:
    """Return a reference as a file name, different for different references."""
    return quote(reference, safe=" ")


def print_plans(plans: Sequence[Plan], console: Console) -> None:
    """Print one plan in full, several as a table of their best options."""
    if len(plans) == 1:
        _print_plan(plans[0], console)
    else:
        console.print(summary_table(plans))


def _print_plan(made: Plan, console: Console) -> None:
    table = Table(title=_headline(made), title_justify="left")
    for name in (
        "",
        "access point",
        "route m",
        "cable",
        "phases",
        "cost",
        "U min",
        "loading",
        "limited by",
    ):
        table.add_column(name)
    for option in made.options:
        table.add_row(*option_cells(option))
    console.print(table)
    for option in made.options:
        if option.backfeed:
            console.print(backfeed_table(option))
    for line in _reasons(made):
        console.print(f"- {line}", markup=False)


def option_cells(option: Option) -> tuple[str, ...]:
    """Return an option as the cells of a table row."""
    electrical, conductor, point = option.electrical, option.conductor, option.access_point
    return (
        str(option.rank) if option.feasible else "no",
        f"{point.kind.replace('_', ' ')} {point.name} ({point.element_id})",
        f"{option.route.length_m:.0f}",
        f"{conductor.parallel_count} x {conductor.conductor_id}" if conductor else "existing",
        option.phases,
        f"{option.cost.total:,.0f} {option.cost.currency}",
        "" if electrical.voltage_min_pu is None else f"{electrical.voltage_min_pu:.3f}",
        "" if electrical.loading_max is None else f"{electrical.loading_max:.0%}",
        electrical.limiting_name or electrical.limiting_element,
    )


def backfeed_table(option: Option) -> Table:
    """Return the backfeed states of an option as a table, each figure with what it was before."""
    table = Table(title=f"option {option.rank}: backfeed states", title_justify="left")
    for name in ("state", "loading", "before", "limited by", "U min", "before", "at bus", "dark"):
        table.add_column(name)
    table.add_column("holds")
    for state in option.backfeed:
        table.add_row(
            state.state,
            _share(state.loading_max),
            _share(state.loading_before),
            state.limiting_element,
            _per_unit(state.voltage_min_pu),
            _per_unit(state.voltage_min_before_pu),
            state.voltage_min_bus,
            str(state.unsupplied_buses),
            {True: "yes", False: "no", None: "not proven"}[state.holds],
        )
    return table


def _share(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.0%}"


def _per_unit(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _headline(made: Plan) -> str:
    application = made.application
    verdict = "feasible" if made.feasible else "not feasible"
    return (
        f"{application.reference}: {application.demand_kva:g} kVA {application.kind} at "
        f"{made.supply_voltage_v or 0:g} V: {verdict}"
    )


def _reasons(made: Plan) -> Iterable[str]:
    yield from made.reasons
    for option in made.options:
        for finding in option.findings:
            if finding.severity in {Severity.VIOLATION, Severity.WARNING}:
                yield f"option {option.rank}: {finding.text}"
    if made.baseline is not None:
        yield made.baseline.text


def summary_table(plans: Sequence[Plan]) -> Table:
    """Return several plans as a table: the best option of each, or the reason why there is none."""
    table = Table(title=f"{len(plans)} plans, {sum(p.feasible for p in plans)} feasible")
    for name in ("reference", "kVA", "kind", "access point", "route m", "cost", "loading", "why"):
        table.add_column(name, no_wrap=True)
    for made in plans:
        application, best = made.application, made.best
        cells = option_cells(best) if best else ("no", "none", *[""] * 7)
        why = cells[8] if best else "; ".join(made.reasons[:1])
        table.add_row(
            application.reference,
            f"{application.demand_kva:g}",
            application.kind,
            cells[1],
            cells[2],
            cells[5],
            cells[7],
            textwrap.shorten(why, WHY_WIDTH, placeholder="..."),
        )
    return table
