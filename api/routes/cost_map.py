"""What connecting a demand costs from every place, as a raster, a picture, a map or features."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Query, Response

from api.density_questions import CELLS_MAX
from api.schemas import CustomerClassName
from api.state import RunningService, Service
from gisplan.electrical.screening.capacity import Direction
from gisplan.export.grid_features import build_whole_grid
from gisplan.services.cost_map import (
    CELL_MAX_M,
    CELL_MIN_M,
    DEFAULT_CELL_M,
    CostMapAnswer,
    CostMapQuestion,
    cost_map_of_grid,
    raster_of,
    save_cost_map,
)
from gisplan.services.electrical import default_power_factor, untold
from maps.cost_map import render_cost_map
from maps.offline import CONTENT_POLICY

if TYPE_CHECKING:
    from gisplan.export.cost_map_raster import CostRaster

router = APIRouter(tags=["cost map"])
GEOTIFF, PNG, GEOJSON = "image/tiff; application=geotiff", "image/png", "application/geo+json"
CellM = Annotated[float, Query(ge=CELL_MIN_M, le=CELL_MAX_M, allow_inf_nan=False)]


def read_question(
    demand_kva: Annotated[float, Query(gt=0, le=10_000_000, allow_inf_nan=False)],
    power_factor: Annotated[float | None, Query(gt=0, le=1, allow_inf_nan=False)] = None,
    direction: Direction = Direction.LOAD,
    customer_class: CustomerClassName | None = None,
) -> CostMapQuestion:
    """Which demand is asked of every place."""
    return CostMapQuestion(
        demand_kva=demand_kva,
        power_factor=default_power_factor(direction) if power_factor is None else power_factor,
        direction=direction,
        customer_class=customer_class,
    )


Question = Annotated[CostMapQuestion, Depends(read_question)]


@router.get(
    "/cost-map.tif", response_class=Response, responses={200: {"content": {"image/tiff": {}}}}
)
def read_cost_raster(
    service: RunningService, question: Question, cell_m: CellM = DEFAULT_CELL_M
) -> Response:
    """A cloud-optimised GeoTIFF: cost, number of the access point, why there is no cost."""
    return Response(_file(service, question, cell_m, "cost-map.tif"), media_type=GEOTIFF)


@router.get("/cost-map.png", response_class=Response, responses={200: {"content": {PNG: {}}}})
def read_cost_picture(
    service: RunningService, question: Question, cell_m: CellM = DEFAULT_CELL_M
) -> Response:
    """A picture with legend, scale bar and title."""
    return Response(_file(service, question, cell_m, "cost-map.png"), media_type=PNG)


@router.get(
    "/cost-map.geojson", response_class=Response, responses={200: {"content": {GEOJSON: {}}}}
)
def read_cost_features(service: RunningService, question: Question) -> Response:
    """Corridor nodes, buildings and access points with their figures."""
    return Response(_file(service, question, None, "cost-map.geojson"), media_type=GEOJSON)


@router.get(
    "/cost-map.html", response_class=Response, responses={200: {"content": {"text/html": {}}}}
)
def read_cost_page(
    service: RunningService, question: Question, cell_m: CellM = DEFAULT_CELL_M
) -> Response:
    """A map in one file, in English and Chinese."""
    answer = _answer(service, question)
    html = render_cost_map(
        answer.tables,
        _raster(answer, cell_m),
        build_whole_grid(service.planner.grid()),
    )
    headers = {"content-security-policy": CONTENT_POLICY}
    return Response(html, media_type="text/html", headers=headers)


def _file(service: Service, question: CostMapQuestion, cell_m: float | None, name: str) -> bytes:
    answer = _answer(service, question)
    raster = None if cell_m is None else _raster(answer, cell_m)
    with TemporaryDirectory(prefix="gisplan-cost-map-") as folder:
        path = Path(folder) / name
        save_cost_map(answer, raster, path, on=date.today())
        return path.read_bytes()


def _raster(answer: CostMapAnswer, cell_m: float) -> CostRaster:
    return raster_of(answer, cell_m, progress=untold, cells_max=CELLS_MAX)


def _answer(service: Service, question: CostMapQuestion) -> CostMapAnswer:
    return cost_map_of_grid(service.planner, question, progress=untold)
