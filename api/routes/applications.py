"""Applications as customers made them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.schemas import ApplicationPage, ApplicationRecord, ApplicationRequest
from api.state import Database
from gisplan.store import applications as store
from gisplan.store.applications import StoredApplication

router = APIRouter(prefix="/applications", tags=["applications"])
Number = Annotated[int, Path(ge=1, lt=1 << 63)]


@router.post("", status_code=201)
def create_application(
    connection: Database, request: ApplicationRequest, response: Response
) -> ApplicationRecord:
    """Store an application; one of the same reference is brought up to date."""
    store.refuse_change_of_held(connection, request.to_application())
    application_id = store.save_application(connection, request.to_application())
    response.headers["location"] = f"/api/v1/applications/{application_id}"
    return _record(store.get_application(connection, application_id))


@router.get("")
def list_applications(
    connection: Database,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    after: Annotated[int, Query(ge=0, lt=1 << 63)] = 0,
) -> ApplicationPage:
    """One page of applications, in the order of their numbers."""
    found = store.list_applications(connection, limit=limit, after=after)
    next_after = found[-1].application_id if len(found) == limit else None
    return ApplicationPage(applications=[_record(each) for each in found], next_after=next_after)


@router.get("/{application_id}")
def read_application(connection: Database, application_id: Number) -> ApplicationRecord:
    """One application."""
    return _record(store.get_application(connection, application_id))


def _record(stored: StoredApplication) -> ApplicationRecord:
    return ApplicationRecord(
        application_id=stored.application_id,
        status=stored.status,
        application=stored.application,
    )
