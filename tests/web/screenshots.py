"""Pictures of the page for the documentation: ``python -m tests.web.screenshots``.

They show the database that serves, with the sample region where nothing has been loaded yet.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page

from api.app import create_app
from gisplan.ingest.applications import read_applications
from gisplan.services.load import load_grid
from gisplan.settings import load_settings
from gisplan.store.applications import save_application
from gisplan.store.connection import connect
from gisplan.store.database import prepare_database
from gisplan.store.tiles import find_active_version
from tests.web.browser import (
    click_place,
    open_browser,
    serving,
    show,
    visit,
    wait_for_answer,
    wait_for_map,
    wait_until,
)

SAMPLE = Path(__file__).parents[2] / "data" / "grid"
HOUSE, STATION = (7.8793381, 48.4596464), (7.8777316, 48.4572215)
CORNER = (7.8785, 48.4585)
COMPILING_S = 300.0
SMALL, LARGE = {"width": 1280, "height": 800}, {"width": 1920, "height": 1080}


def main() -> None:
    """Write the pictures into the output folder."""
    settings = load_settings()
    _provide_grid(prepare_database(settings))
    folder = settings.output_folder / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    with serving(create_app(settings)) as address, open_browser() as browser:
        _ask_once(address)
        for name, page in _pictures(browser, address):
            page.screenshot(path=folder / f"{name}.png")
            sys.stdout.write(f"{folder / name}.png\n")


def _provide_grid(url: str) -> None:
    with connect(url) as connection:
        is_empty = find_active_version(connection) is None
        connection.commit()  # a load begins with no open transaction
        if is_empty:
            load_grid(SAMPLE, None, connection=connection)
            for one in read_applications(SAMPLE / "applications.csv"):
                save_application(connection, one)


def _ask_once(address: str) -> None:
    """Ask what needs most kernels: where nothing is compiled yet, that outlasts any patience."""
    asked = {
        "reference": "kernels",
        "kind": "load",
        "customer_class": "commercial",
        "importance": "second",
        "demand_kva": 100,
        "lon": HOUSE[0],
        "lat": HOUSE[1],
    }
    httpx.post(f"{address}api/v1/options", json=asked, timeout=COMPILING_S).raise_for_status()


def _pictures(browser: Browser, address: str) -> Iterator[tuple[str, Page]]:
    with visit(browser, address, viewport=SMALL) as visited:
        page = visited.page
        yield "overview", page
        show(page, HOUSE, 14.6)
        yield "town", page
        _ask(page, "heat_pump", 9)
        yield "heat_pump", page
        _ask(page, "industrial", 630)
        yield "large_customer", page
        page.click("#option-2")
        wait_until(lambda: page.query_selector("#profile svg"), "the voltage profile")
        _bring(page, "option")
        yield "option", page
        page.click("#backfeed summary")
        _bring(page, "backfeed")
        yield "backfeed", page
        _bring(page, "findings")
        yield "findings", page
        _inspect(page)
        yield "transformer", page
        page.click("#close")
        page.select_option("#field-importance", "second")
        _ask(page, "commercial", 100)
        yield "several_sources", page
        _draw_route(page)
        yield "route", page
        _lay_costs(page)
        yield "cost_layer", page
        yield from _densities(page)
    with visit(browser, address, viewport=LARGE, locale="zh-CN") as visited:
        _ask(visited.page, "industrial", 630)
        yield "chinese", visited.page
        visited.page.click("#backfeed summary")
        _bring(visited.page, "option")
        yield "chinese_option", visited.page
        visited.page.click("#tab-density")
        _compute(visited.page, "gap")
        yield "chinese_gap", visited.page
    page = browser.new_page(viewport=SMALL)
    page.goto(f"{address}docs")
    wait_until(lambda: page.query_selector(".opblock"), "the description of the API")
    yield "docs", page
    page.goto(f"{address}api/v1/cost-map.html?demand_kva=100")
    wait_until(lambda: page.query_selector(".leaflet-image-layer"), "the cost map")
    page.wait_for_timeout(2000)  # the canvas tells nobody when it is drawn
    yield "cost_map", page


def _ask(page: Page, customer_class: str, demand_kva: float) -> None:
    page.select_option("#field-customer_class", customer_class)
    page.fill("#field-demand_kva", str(demand_kva))
    show(page, HOUSE, 16.5)
    click_place(page, HOUSE)
    wait_until(lambda: not page.query_selector("#busy"), "the answer")
    wait_for_answer(page)
    wait_until(lambda: page.query_selector("#profile svg"), "the voltage profile")
    page.mouse.move(5, 5)


def _draw_route(page: Page) -> None:
    page.click("#tab-route")
    show(page, ((HOUSE[0] + STATION[0]) / 2, (HOUSE[1] + STATION[1]) / 2), 16.5)
    for place in (HOUSE, CORNER, STATION):
        click_place(page, place)
        page.wait_for_timeout(400)  # two clicks at once would end the line
    page.keyboard.press("Enter")
    wait_until(lambda: page.query_selector("#route, #problem"), "the route")
    wait_for_map(page)
    page.mouse.move(5, 5)


def _lay_costs(page: Page) -> None:
    page.click("#tab-cost")
    show(page, HOUSE, 14.5)
    page.click("#cost-ask")
    wait_until(lambda: page.query_selector("#cost-legend, #problem"), "the cost map")
    wait_for_map(page)
    click_place(page, HOUSE)
    wait_until(lambda: page.query_selector("#cost-place, #problem"), "the cost of the place")
    wait_for_map(page)
    page.mouse.move(5, 5)


def _densities(page: Page) -> Iterator[tuple[str, Page]]:
    page.click("#tab-density")
    for product, name in (("density", "density"), ("hotspots", "hot_spots"), ("gap", "gap")):
        _compute(page, product)
        yield name, page


def _compute(page: Page, product: str) -> None:
    page.select_option("#density-product", product)
    show(page, STATION, 13.8)
    page.click("#density-ask")
    wait_until(lambda: not page.query_selector("#density-progress"), "the layer")
    wait_for_map(page)
    click_place(page, STATION)
    wait_until(lambda: page.query_selector("#density-place, #problem"), "the figures")
    wait_for_map(page)
    page.mouse.move(5, 5)


def _bring(page: Page, name: str) -> None:
    page.evaluate("(name) => document.getElementById(name).scrollIntoView()", name)


def _inspect(page: Page) -> None:
    show(page, STATION, 16)
    click_place(page, STATION)
    wait_until(lambda: page.query_selector("#element"), "the transformer")
    page.evaluate("document.getElementById('panel').scrollTo(0, 0)")
    wait_for_map(page)


if __name__ == "__main__":
    main()
