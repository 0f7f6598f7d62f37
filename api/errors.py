"""The only place that knows HTTP statuses: errors become problem details.

References
----------
M. Nottingham, E. Wilde, S. Dalal: Problem Details for HTTP APIs, RFC 9457, 2023.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from gisplan import errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import FastAPI, Request

STATUS_OF_ERROR: dict[type[errors.GisplanError], HTTPStatus] = {
    errors.OutsideAreaError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.UnknownElementError: HTTPStatus.NOT_FOUND,
    errors.GridRefusedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.NoGridError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.ConflictError: HTTPStatus.CONFLICT,
    errors.SchemaError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.StoreError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.ClusterError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.GisplanError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
PROBLEM_MEDIA_TYPE = "application/problem+json"
DEFECT = "the service met a defect of its own; the log says more"
log = structlog.get_logger()


class FieldProblem(BaseModel):
    """One field that is wrong; ``pointer`` names it as a JSON pointer (RFC 6901)."""

    pointer: str
    detail: str


class Problem(BaseModel):
    """Problem details; ``errors`` lists every field that is wrong, not only the first."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[FieldProblem] = []


def add_error_handlers(app: FastAPI) -> None:
    """Let the application answer every error with problem details."""
    app.add_exception_handler(errors.GisplanError, _answer_own_error)
    app.add_exception_handler(RequestValidationError, _answer_invalid_request)
    app.add_exception_handler(HTTPException, _answer_http_error)
    app.add_exception_handler(Exception, _answer_defect)


def build_problem(
    status: HTTPStatus,
    *,
    detail: str,
    instance: str,
    name: str = "",
    fields: Sequence[FieldProblem] = (),
) -> JSONResponse:
    """Response with problem details; without a ``name`` the status names the problem."""
    problem = Problem(
        type=f"urn:gisplan:problem:{name}" if name else "about:blank",
        title=name.replace("-", " ").capitalize() if name else status.phrase,
        status=status,
        detail=detail,
        instance=instance,
        errors=list(fields),
    )
    return JSONResponse(problem.model_dump(), status, media_type=PROBLEM_MEDIA_TYPE)


def status_of(error: errors.GisplanError) -> HTTPStatus:
    """Status of the nearest class in the table."""
    return next(STATUS_OF_ERROR[kind] for kind in type(error).__mro__ if kind in STATUS_OF_ERROR)


async def _answer_own_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, errors.GisplanError)  # noqa: S101 - what this handler is registered for
    status = status_of(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error(
            "request failed", path=request.url.path, error=repr(error), cause=repr(error.__cause__)
        )
    name = _dashed(type(error).__name__.removesuffix("Error"))
    return build_problem(status, detail=str(error), instance=request.url.path, name=name)


async def _answer_invalid_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    fields = [
        FieldProblem(pointer="/" + "/".join(map(str, each["loc"])), detail=_plain(each["msg"]))
        for each in error.errors()
    ]
    return build_problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        detail="; ".join(f"{field.pointer}: {field.detail}" for field in fields),
        instance=request.url.path,
        name="invalid-request",
        fields=fields,
    )


async def _answer_http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101
    status = HTTPStatus(error.status_code)
    problem = build_problem(status, detail=str(error.detail), instance=request.url.path)
    problem.headers.update(error.headers or {})
    return problem


async def _answer_defect(request: Request, _: Exception) -> JSONResponse:
    # The server logs the traceback itself: it gets the error once this answer has left.
    return build_problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail=DEFECT, instance=request.url.path)


def _plain(message: str) -> str:
    """Say what our own checks found without the word that pydantic puts before it."""
    return message.removeprefix("Value error, ")


def _dashed(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
