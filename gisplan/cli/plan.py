"""The command ``gisplan plan``: one place, or a list of applications."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer
from rich.console import Console
from rich.progress import Progress

from gisplan.cli.answer import JsonOption
from gisplan.cli.documents import ENDINGS, write_plan
from gisplan.cli.plan_answer import print_held, print_plans
from gisplan.cli.planner import opened_planner
from gisplan.errors import InputError
from gisplan.export.plan_document import plan_to_json
from gisplan.ingest.applications import parse_application, read_applications
from gisplan.ingest.parcels import inner_place, read_parcel
from gisplan.model.application import ApplicationKind, Importance
from gisplan.planning.region import refuse_outside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gisplan.model.application import Application
    from gisplan.model.grid import Grid
    from gisplan.model.option import Plan
    from gisplan.services.plan import Planner

WHAT_IF = "what-if"
WIDE = 200


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
    parcel: Annotated[
        Path | None,
        typer.Option(help="File with the customer's parcel; the cable ends at its boundary."),
    ] = None,
    reference: Annotated[str, typer.Option(help="The utility's own number.")] = WHAT_IF,
    reserve: Annotated[
        bool,
        typer.Option("--reserve", help="Store each plan and hold the capacity of its sources."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the plan documents, or one file ending in .json or .html."),
    ] = None,
    all_findings: Annotated[
        bool,
        typer.Option("--all-findings", help="Tell every finding of every option, notes too."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Propose access points and cable paths, best first, each with its reasons."""
    ring = None if parcel is None else read_parcel(parcel)
    if ring is not None and at is None and file is None:
        at = ",".join(map(str, inner_place(ring)))
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
            "parcel": ring,
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
        print_plans(plans, console, all_findings=all_findings)
        if reserve:
            print_held(plans, console)


def _applications(
    file: Path | None, at: str | None, values: dict[str, object]
) -> Sequence[Application]:
    if file is not None and values["parcel"] is not None:
        raise InputError("--parcel belongs to one place; a FILE of applications names its parcels")
    if (file is None) == (at is None):
        raise InputError("give either a FILE of applications, or --at LON,LAT or --parcel FILE")
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
    """Plan applications in order; with ``reserve`` each sees the promises before it.

    Raises
    ------
    OutsideAreaError
        If some lie outside the loaded region; then none is planned.
    """
    refuse_outside(applications, planner.state().region)
    plans = []
    # where nobody looks the bar would leave an empty line
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
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
