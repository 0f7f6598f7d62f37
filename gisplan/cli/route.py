"""The command ``gisplan route``: where a cable could lie, and what that costs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from gisplan.cli.answer import JsonOption
from gisplan.cli.plan import open_console
from gisplan.cli.planner import opened_planner
from gisplan.cli.progress import shown_progress
from gisplan.errors import InputError
from gisplan.export.route_file import check_route_ending, routes_to_json, write_routes
from gisplan.export.written import written_whole
from gisplan.ingest.drawings import read_areas, read_line
from gisplan.model.option import Severity
from gisplan.model.route_answer import Independence
from gisplan.planning.routes import RouteQuestion
from gisplan.services.route import RouteRequest, metric_areas, propose_routes

if TYPE_CHECKING:
    from rich.console import Console

    from gisplan.model.grid import Grid
    from gisplan.model.route_answer import ProposedRoute, RouteAnswer

DEFAULT_KVA = 100.0
DEFAULT_COUNT = 5
MAP_ENDING = ".html"
TOLD_LEFT_OUT = 5


def route(
    at: Annotated[
        str | None,
        typer.Option(metavar="LON,LAT", help="Where the cable begins.", show_default=False),
    ] = None,
    demand_kva: Annotated[
        float, typer.Option(help="Decides voltage level and cable.")
    ] = DEFAULT_KVA,
    k: Annotated[
        int | None,
        typer.Option(
            "--k",
            help="How many: access points (by default 5), or ways to a place that differ.",
            show_default=False,
        ),
    ] = None,
    to: Annotated[
        str | None, typer.Option(metavar="LON,LAT", help="Lead to this place.", show_default=False)
    ] = None,
    to_bus: Annotated[
        str | None, typer.Option(help="Lead to this bus, by id or name.", show_default=False)
    ] = None,
    disjoint: Annotated[
        int | None,
        typer.Option(help="Routes to so many sources that share no trench.", show_default=False),
    ] = None,
    independence: Annotated[
        Independence, typer.Option(help="What the sources must not have in common.")
    ] = Independence.FEEDER,
    node_disjoint: Annotated[
        bool, typer.Option("--node-disjoint", help="They share no joint or manhole either.")
    ] = False,
    avoid: Annotated[
        Path | None, typer.Option(help="Areas that no trench may enter.", show_default=False)
    ] = None,
    via: Annotated[
        list[str] | None,
        typer.Option(metavar="LON,LAT", help="Pass this place; again for more, in order."),
    ] = None,
    line: Annotated[
        Path | None, typer.Option(help="Check and price this drawn line.", show_default=False)
    ] = None,
    terrain: Annotated[
        Path | None,
        typer.Option(
            help="Open ground to cross: a GeoTIFF of trench cost a metre, or land-use polygons.",
            show_default=False,
        ),
    ] = None,
    overhead: Annotated[
        bool, typer.Option("--overhead", help="Over the terrain as an overhead line on poles.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="File ending in .html (map), .json, .geojson, .gpkg or .dxf."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Propose cable paths: to access points, to a place or bus, to several sources.

    Priced as plans price them; the grid is not asked what it bears: `gisplan plan` does that.
    """
    if out is not None and out.suffix.lower() != MAP_ENDING:
        check_route_ending(out)
    drawn = () if line is None else read_line(line)
    question = RouteQuestion(
        at=_begin(at, drawn),
        demand_kva=demand_kva,
        count=1 if drawn else _count(k, to or to_bus, disjoint),
        to=None if to is None else _place("--to", to),
        independence=None if disjoint is None else independence,
        via=tuple(_place("--via", one) for one in via or ()),
        line=drawn,
    )
    areas = None if avoid is None else read_areas(avoid)
    with opened_planner() as planner, shown_progress() as progress:
        if areas is not None:
            question = replace(question, avoid=metric_areas(planner, areas))
        progress("searching", 0, 0)
        answer = propose_routes(
            planner,
            RouteRequest(
                question=question,
                to_bus=to_bus,
                is_disjoint=disjoint is not None,
                node_disjoint=node_disjoint,
                terrain=terrain,
                overhead=overhead,
            ),
        )
        if out is not None:
            progress(f"writing {out.name}", 0, 0)
            _write(answer, out, planner.grid())
    if as_json:
        typer.echo(routes_to_json(answer))
    else:
        _show(answer, open_console())


def _write(answer: RouteAnswer, out: Path, grid: Grid) -> None:
    """Write routes as a map in one file, or as data."""
    if out.suffix.lower() != MAP_ENDING:
        write_routes(answer, out, working_srid=grid.working_srid)
        return
    # folium takes more than a second to import
    from gisplan.export.grid_features import build_grid_features  # noqa: PLC0415
    from maps.route_map import render_routes  # noqa: PLC0415

    ends = [one.access_point for one in answer.routes if one.access_point is not None]
    around = [answer.site, *((end.lon, end.lat) for end in ends)]
    page = render_routes(answer, build_grid_features(grid, around=around))
    with written_whole(out) as partial:
        partial.write_text(page, encoding="utf-8")


def _begin(at: str | None, drawn: tuple[tuple[float, float], ...]) -> tuple[float, float]:
    """Return where the cable begins: as told, or where the drawn line does."""
    if (at is None) == (not drawn):
        raise InputError("give either --at LON,LAT or --line FILE, which begins where it is drawn")
    return drawn[0] if at is None else _place("--at", at)


def _place(option: str, text: str) -> tuple[float, float]:
    parts = text.split(",")
    try:
        lon, lat = (float(part) for part in parts)
    except ValueError as error:
        raise InputError(
            f"{option} is {text!r}; expected longitude and latitude, as in 7.88,48.47"
        ) from error
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise InputError(f"{option} is {text!r}; expected degrees, longitude first")
    return lon, lat


def _count(k: int | None, end: str | None, disjoint: int | None) -> int:
    """Return how many routes are asked for."""
    if disjoint is not None:
        if k is not None:
            raise InputError("--k and --disjoint both say how many routes; give one of them")
        return disjoint
    if end is not None and k is None:
        return 1
    return DEFAULT_COUNT if k is None else k


def _show(answer: RouteAnswer, console: Console) -> None:
    table = Table(title=_title(answer))
    for heading in ("", "leads to", "supplied by"):
        table.add_column(heading)
    for heading in ("m", "straight m", "crossings", "cable", "days", "cost"):
        table.add_column(heading, justify="right")
    for one in answer.routes:
        table.add_row(*_cells(one))
    console.print(table if answer.routes else f"{_title(answer)}: no route")
    for one in answer.routes:
        for finding in one.findings:
            if finding.severity in {Severity.VIOLATION, Severity.WARNING}:
                console.print(f"{one.rank}: {finding.text}")
    for reason in answer.reasons:
        console.print(reason)
    for text in answer.left_out[:TOLD_LEFT_OUT]:
        console.print(f"left out: {text}")
    if len(answer.left_out) > TOLD_LEFT_OUT:
        console.print(f"left out: {len(answer.left_out) - TOLD_LEFT_OUT} more; --json tells them")


def _title(answer: RouteAnswer) -> str:
    lon, lat = answer.site
    title = f"{answer.demand_kva:g} kVA at {lon:.6f}, {lat:.6f} ({answer.voltage_level})"
    if answer.total_cost is None or not answer.routes:
        return title
    currency = answer.routes[0].cost.currency
    proof = "" if answer.gap is None else f", at most {answer.gap:.2%} above the optimum"
    return (
        f"{title}: {answer.total_cost:,.2f} {currency} together, {answer.shared_length_m:.1f} m "
        f"shared{proof}"
    )


def _cells(one: ProposedRoute) -> tuple[str, ...]:
    point, way = one.access_point, one.route
    crossings = sum(len(segment.crossings) for segment in way.segments)
    return (
        str(one.rank),
        "the place asked for"
        if point is None
        else f"{point.kind.value}: {point.name} ({point.element_id})",
        one.source_group,
        f"{way.length_m:,.1f}",
        f"{way.straight_line_m:,.1f}",
        str(crossings),
        f"{one.conductor.parallel_count} x {one.conductor.conductor_id}",
        "?" if way.lead_time_days is None else f"{way.lead_time_days:.0f}",
        f"{one.cost.total:,.2f} {one.cost.currency}",
    )
