"""A real Chromium against a real server, both on this machine only."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from gisplan.cli.serve import open_listener, page_address

CHROMIUM_VARIABLE = "GISPLAN_CHROMIUM"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--enable-unsafe-swiftshader",
]
PATIENCE_S = 60.0


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Serve the application in a thread; its address comes out."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none"))
    with open_listener("127.0.0.1", [0]) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            wait_until(lambda: server.started or not thread.is_alive())
            assert server.started, "the server did not start"
            yield page_address(listener)
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start the machine's Chromium; it draws WebGL in software."""
    path = os.environ.get(CHROMIUM_VARIABLE, CHROMIUM)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page, and what went wrong or astray on it."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    addresses: set[str] = field(default_factory=set)

    def watch(self) -> None:
        """Note every error of the page and every host that it asks."""
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._hear)
        self.page.on("request", self._follow)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def _follow(self, request: Request) -> None:
        host = urlsplit(request.url).netloc
        if host:  # blob: and data: have none
            self.addresses.add(host)


@contextmanager
def visit(browser: Browser, address: str, **context: Any) -> Iterator[Visit]:
    """Open the page on a window of its own and wait until the map is drawn."""
    page = browser.new_page(**{"viewport": {"width": 1280, "height": 800}, **context})
    opened = Visit(page=page)
    opened.watch()
    page.goto(address)
    wait_for_map(page)
    yield opened
    page.close()


def click_place(page: Page, place: tuple[float, float]) -> None:
    """Click on the map at a place."""
    locate = """(place) => {
        const { x, y } = gridMap.view.project(place);
        const { left, top } = document.getElementById("map").getBoundingClientRect();
        return [x + left, y + top];
    }"""
    page.mouse.click(*page.evaluate(locate, list(place)))


def wait_for_answer(page: Page) -> None:
    """Wait for an answer or a problem, and until the map shows it."""
    wait_until(lambda: page.query_selector("#verdict, #problem"), "the answer")
    wait_for_map(page)


def wait_until(condition: Callable[[], object], what: str = "the condition") -> None:
    """Ask again until it holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come within {PATIENCE_S:.0f} s"
        time.sleep(0.05)


def wait_for_map(page: Page) -> None:
    """Wait until all tiles in view are drawn; the page's policy forbids ``wait_for_function``."""
    wait_until(lambda: page.evaluate("window.gridMap?.isIdle === true"), "the map")
    page.wait_for_timeout(400)  # the last frame, and the move that may follow an answer
    wait_until(lambda: page.evaluate("window.gridMap.isIdle"), "the map")


def show(page: Page, place: tuple[float, float], zoom: float) -> None:
    """Move the map."""
    page.evaluate(
        "([lon, lat, zoom]) => gridMap.view.jumpTo({ center: [lon, lat], zoom })", [*place, zoom]
    )
    wait_for_map(page)
