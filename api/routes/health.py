"""Whether the process lives, and whether it can plan."""

from __future__ import annotations

from fastapi import APIRouter

from api.schemas import Health
from api.state import Database
from gisplan.store.tiles import get_grid_summary

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live")
def report_live() -> Health:
    """The process answers."""
    return Health(status="ok")


@router.get("/ready")
def report_ready(connection: Database) -> Health:
    """The database answers and a grid has been loaded; a problem (503) says what is missing."""
    return Health(status="ok", grid_version=get_grid_summary(connection).version_id)
