"""A real Chromium against a real server, both on this machine only."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, sync_playwright

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
    with open_listener("127.0.0.1", 0) as listener:
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
    page.evaluate("([lon, lat, zoom]) => gridMap.jumpTo([lon, lat], zoom)", [*place, zoom])
    wait_for_map(page)
