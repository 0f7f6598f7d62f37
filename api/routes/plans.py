"""What-if questions, and plans that are kept."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response
from fastapi.responses import HTMLResponse
from psycopg import Connection

from api.schemas import PlanRecord, PlanRequest, ProfileRequest, WhatIfRequest
from api.state import Database, RunningService
from gisplan.errors import UnknownElementError
from gisplan.export.feature import FeatureCollection
from gisplan.export.grid_features import build_grid_features
from gisplan.export.plan_document import all_options, plan_from_json, plan_to_geojson
from gisplan.model.grid import Grid
from gisplan.model.option import Plan
from gisplan.services.voltage_profile import VoltageProfiles
from gisplan.store.applications import get_plan
from gisplan.store.connection import borrow
from maps.plan_map import render_plan

router = APIRouter(tags=["plans"])
Number = Annotated[int, Path(ge=1, lt=1 << 63)]
GEOJSON = "application/geo+json"
MAP_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:; sandbox allow-scripts; frame-ancestors 'none'"
)


@router.post("/options")
def find_options(service: RunningService, request: WhatIfRequest) -> Plan:
    """What would be offered; nothing is stored."""
    return service.planner.propose(request.to_application())


@router.post("/options/voltage-profile")
def find_voltage_profile(service: RunningService, request: ProfileRequest) -> VoltageProfiles:
    """The voltages from the source to the customer with one of the options answered, and before.

    Solved as the grid stands now, with everything that is held.
    """
    return service.planner.profiles(request.application.to_application(), request.option)


@router.post("/plans", status_code=201)
def create_plan(service: RunningService, request: PlanRequest, response: Response) -> PlanRecord:
    """Plan an application and store the plan; ``reserve`` holds the capacity of its sources."""
    stored = service.planner.plan(request.to_application(), reserve=request.reserve)
    response.headers["location"] = f"/api/v1/plans/{stored.plan_id}"
    with borrow(service.pool) as connection:
        return _read(connection, stored.plan_id)


@router.get(
    "/plans/{plan_id}.geojson",
    response_class=Response,
    responses={200: {"content": {GEOJSON: {}}}},
)
def read_plan_features(connection: Database, plan_id: Number) -> Response:
    """The site, access points and routes of a stored plan."""
    return Response(plan_to_geojson(_read(connection, plan_id).plan), media_type=GEOJSON)


@router.get("/plans/{plan_id}.html", response_class=HTMLResponse)
def read_plan_map(service: RunningService, plan_id: Number) -> HTMLResponse:
    """A stored plan on the grid around it, as one self-contained map."""
    with borrow(service.pool) as connection:
        plan = _read(connection, plan_id).plan
    html = render_plan(plan, _surroundings(service.planner.grid(), plan))
    return HTMLResponse(html, headers={"content-security-policy": MAP_POLICY})


@router.get("/plans/{plan_id}/options/{rank}/voltage-profile")
def read_voltage_profile(service: RunningService, plan_id: Number, rank: Number) -> VoltageProfiles:
    """The voltages from the source to the customer with an option of a stored plan, and before.

    Solved as the grid stands now, with everything that is held.
    """
    with borrow(service.pool) as connection:
        plan = _read(connection, plan_id).plan
    option = next((one for one in plan.options if one.rank == rank), None)
    if option is None:
        raise UnknownElementError(f"plan {plan_id} has {len(plan.options)} options, none is {rank}")
    return service.planner.profiles(plan.application, option)


@router.get("/plans/{plan_id}")
def read_plan(connection: Database, plan_id: Number) -> PlanRecord:
    """A stored plan."""
    return _read(connection, plan_id)


def _surroundings(grid: Grid, plan: Plan) -> FeatureCollection | None:
    """The grid near a plan, if the version that it was made on still serves."""
    if grid.version_id != plan.provenance.grid_version:
        return None
    ends = [option.access_point for option in all_options(plan)]
    around = [(end.lon, end.lat) for end in ends]
    around.append((plan.application.lon, plan.application.lat))
    return build_grid_features(grid, around=around)


def _read(connection: Connection, plan_id: int) -> PlanRecord:
    stored = get_plan(connection, plan_id)
    return PlanRecord(
        plan_id=stored.plan_id,
        application_id=stored.application_id,
        created_at=stored.created_at,
        plan=plan_from_json(stored.document.encode()),
    )
