"""Several applications planned together: one trench for many cables."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.schemas import WhatIfRequest
from api.state import RunningService
from gisplan.model.shared_trench import SharedTrenchAnswer
from gisplan.services.shared_trench import MOST_APPLICATIONS, share_trenches

router = APIRouter(tags=["plans"])


class SharedTrenchRequest(BaseModel):
    """Applications to plan together, each with a reference of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    applications: Annotated[list[WhatIfRequest], Field(min_length=2, max_length=MOST_APPLICATIONS)]


@router.post("/shared-trench")
def find_shared_trenches(
    service: RunningService, request: SharedTrenchRequest
) -> SharedTrenchAnswer:
    """Who shares which trench, what that spares and who stays by itself; nothing is stored."""
    applications = [one.to_application() for one in request.applications]
    return share_trenches(service.planner, applications)
