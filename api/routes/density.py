"""Density of applications as a raster or a picture."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from psycopg import Connection

from api.state import Database
from gisplan.model.density import DensityWeight
from gisplan.services.density import DensityQuestion, save_application_density

router = APIRouter(tags=["density"])
GEOTIFF, PNG = "image/tiff; application=geotiff", "image/png"


def read_question(
    weight: DensityWeight = DensityWeight.DEMAND_KVA,
    cell_m: Annotated[float, Query(ge=5, le=1000, allow_inf_nan=False)] = 25,
    bandwidth_m: Annotated[float | None, Query(gt=0, le=10_000, allow_inf_nan=False)] = None,
) -> DensityQuestion:
    """What is to be shown, how finely, and how smoothly; the data find a missing bandwidth."""
    return DensityQuestion(weight=weight, cell_m=cell_m, bandwidth_m=bandwidth_m)


Question = Annotated[DensityQuestion, Depends(read_question)]


@router.get(
    "/density.tif", response_class=Response, responses={200: {"content": {"image/tiff": {}}}}
)
def read_density_raster(connection: Database, question: Question) -> Response:
    """A cloud-optimised GeoTIFF in the working CRS of the grid."""
    return Response(_draw(connection, question, "density.tif"), media_type=GEOTIFF)


@router.get("/density.png", response_class=Response, responses={200: {"content": {PNG: {}}}})
def read_density_picture(connection: Database, question: Question) -> Response:
    """A picture with legend, scale bar and title."""
    return Response(_draw(connection, question, "density.png"), media_type=PNG)


def _draw(connection: Connection, question: DensityQuestion, name: str) -> bytes:
    with TemporaryDirectory(prefix="gisplan-density-") as folder:
        path = Path(folder) / name
        save_application_density(connection, question, path)
        return path.read_bytes()
