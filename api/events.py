"""Something slow as server-sent events: its progress, at the end its answer or a problem."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from threading import Event
from typing import TYPE_CHECKING, Any

import structlog
from fastapi.responses import StreamingResponse

from api.errors import DEFECT, status_of
from gisplan.errors import GisplanError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from pydantic import BaseModel

    from gisplan.services.electrical import Progress

EVENTS = "text/event-stream"
log = structlog.get_logger()
FOLLOWED: dict[int | str, dict[str, Any]] = {
    200: {"content": {EVENTS: {}}, "description": "progress, then done or problem"}
}


class GivenUp(Exception):  # noqa: N818 - nobody waits any more; it is no error
    """Whoever asked has gone."""


def follow(work: Callable[[Progress], BaseModel]) -> StreamingResponse:
    """Answer with ``progress`` (doing, done, total), at the end with ``done`` or ``problem``.

    ``done`` holds what ``work`` returns, ``problem`` title, status and detail. The work gives up
    at its next step when nobody listens.
    """
    return StreamingResponse(_events(work), media_type=EVENTS)


async def _events(work: Callable[[Progress], BaseModel]) -> AsyncIterator[str]:
    """Yield what a thread tells while it computes."""
    loop, told, gone = asyncio.get_running_loop(), asyncio.Queue[str | None](), Event()

    def progress(doing: str, done: int, total: int) -> None:
        if gone.is_set():
            raise GivenUp
        step = {"doing": doing, "done": done, "total": total}
        loop.call_soon_threadsafe(told.put_nowait, _event("progress", json.dumps(step)))

    def answer() -> str:
        try:
            return _event("done", work(progress).model_dump_json())
        except GivenUp:
            return ""
        except GisplanError as error:
            return _problem(status_of(error), str(error))
        except Exception:
            # the head has long been sent: whoever waits would see the answer break off
            log.exception("followed work failed")
            return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, DEFECT)

    working = asyncio.create_task(asyncio.to_thread(answer))
    working.add_done_callback(lambda _: told.put_nowait(None))
    try:
        while (text := await told.get()) is not None:
            yield text
        yield working.result()
    finally:
        gone.set()


def _problem(status: HTTPStatus, detail: str) -> str:
    told = {"title": status.phrase, "status": status, "detail": detail}
    return _event("problem", json.dumps(told))


def _event(name: str, data: str) -> str:
    return f"event: {name}\ndata: {data}\n\n"
