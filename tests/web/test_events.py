"""What is followed as events always ends with an answer or a problem."""

from __future__ import annotations

import json
import time
from functools import partial
from threading import Event

import httpx
from fastapi import FastAPI
from pydantic import BaseModel

from api.events import follow
from gisplan.errors import InputError
from gisplan.services.electrical import Progress
from tests.web.browser import serving, wait_until

stopped = Event()


class Told(BaseModel):
    """An answer."""

    text: str


def answer(progress: Progress) -> Told:
    progress("reading", 1, 2)
    return Told(text="two\nlines")


def refuse(_: Progress) -> Told:
    raise InputError("demand is 0 kVA; expected more")


def break_down(_: Progress) -> Told:
    raise ZeroDivisionError


def never_end(progress: Progress) -> Told:
    try:
        while True:
            progress("waiting", 0, 1)
            time.sleep(0.01)
    finally:
        stopped.set()


def build_app() -> FastAPI:
    app = FastAPI()
    for work in (answer, refuse, break_down, never_end):
        app.add_api_route(f"/{work.__name__}", partial(follow, work), response_model=None)
    return app


def last_event(client: httpx.Client, name: str) -> tuple[str, dict[str, object]]:
    *_, event, empty = client.get(f"/{name}").text.split("\n\n")
    assert empty == ""
    kind, data = event.split("\n")
    return kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def test_followed_work_ends_with_its_answer_or_a_problem() -> None:
    with serving(build_app()) as address, httpx.Client(base_url=address, trust_env=False) as client:
        assert last_event(client, "answer") == ("done", {"text": "two\nlines"})
        kind, told = last_event(client, "refuse")
        assert (kind, told["status"]) == ("problem", 422)
        assert told["detail"] == "demand is 0 kVA; expected more"
        kind, told = last_event(client, "break_down")
        assert (kind, told["status"]) == ("problem", 500)
        assert "the log says more" in str(told["detail"])


def test_work_stops_when_nobody_listens_any_more() -> None:
    with serving(build_app()) as address, httpx.Client(base_url=address, trust_env=False) as client:
        with client.stream("GET", "/never_end") as response:
            next(response.iter_lines())
        wait_until(stopped.is_set, "the end of the work")
