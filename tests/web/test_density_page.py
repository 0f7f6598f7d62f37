"""Density and the capacity gap on the page, in a real browser, with the sample's applications."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import mapbox_vector_tile
import pytest
from PIL import Image
from playwright.sync_api import Page

from gisplan.export.capacity_gap_classes import CLASSES
from gisplan.ingest.applications import read_applications
from gisplan.store.applications import save_application
from gisplan.store.connection import connect
from tests.web.browser import (
    Visit,
    click_place,
    show,
    visit,
    wait_for_answer,
    wait_for_map,
    wait_until,
)
from tests.web.conftest import SAMPLE

HOUSE, STATION = (7.8793381, 48.4596464), (7.8777316, 48.4572215)


@pytest.fixture(scope="module")
def opened(browser, sample: httpx.Client, module_database: str) -> Iterator[Visit]:
    with connect(module_database) as connection:
        for one in read_applications(SAMPLE / "applications.csv"):
            save_application(connection, one)
    with visit(browser, str(sample.base_url)) as visited:
        yield visited


@pytest.fixture
def page(opened: Visit, sample: httpx.Client) -> Page:
    opened.page.goto(str(sample.base_url))
    wait_for_map(opened.page)
    return opened.page


def compute(page: Page, **chosen: str) -> None:
    page.click("#tab-density")
    for name, value in chosen.items():
        page.select_option(f"#{name.replace('_', '-')}", value)
    show(page, HOUSE, 14.5)
    page.click("#density-ask")
    wait_until(lambda: not page.query_selector("#density-progress"), "the layer")
    wait_for_map(page)


def look(page: Page, place: tuple[float, float]) -> str:
    click_place(page, place)
    wait_until(lambda: page.query_selector("#density-place, #problem"), "the figures")
    return page.inner_text("#density-place")


def address_of_tiles(page: Page) -> str:
    return page.evaluate("gridMap.view.getStyle().sources.density.tiles[0]")


def legend_colours(page: Page) -> set[str]:
    find = """[...document.querySelectorAll('#density-legend .swatch')]
        .map((one) => one.style.backgroundColor.match(/\\d+/g).join())"""
    return set(page.evaluate(find))


def colours_of(content: bytes) -> set[str]:
    with Image.open(io.BytesIO(content)) as picture:
        pixels = picture.convert("RGBA").getcolors(1 << 16) or []
    return {",".join(map(str, colour[:3])) for _, colour in pixels if colour[3]}


@pytest.mark.parametrize("product", ["density", "hotspots"])
def test_legend_has_the_colours_of_the_tiles(page, sample, product):
    compute(page, density_product=product)
    tile = address_of_tiles(page).format(z=12, x=2137, y=1415)
    drawn = colours_of(sample.get(tile).raise_for_status().content)
    assert drawn
    assert drawn <= legend_colours(page)


def test_place_tells_its_density_in_its_unit_and_grey_where_nothing_is_known(page):
    compute(page)
    told = look(page, HOUSE)
    assert "kVA/km²" in told
    assert "no data" in page.inner_text("#density-legend")
    compute(page, density_product="hotspots")
    told = look(page, HOUSE)
    assert all(name in told for name in ("Gi*", "p, corrected", "kVA"))


def test_gap_colours_a_transformer_by_its_season_and_tells_its_figures(page, sample):
    compute(page, density_product="gap")
    show(page, STATION, 16)
    told = look(page, STATION)
    known = sample.get("/api/v1/capacity-gap").json()["transformer"]
    (here,) = [one for one in known if one["transformer_id"] == "lv/3"]
    assert f"{here['headroom_kva']:,.1f} kVA" in told
    assert here["name"] in told
    assert "unknown: on a loop, or without supply" in page.inner_text("#density-legend")


def test_gap_layer_counts_the_areas_of_each_class(sample: httpx.Client) -> None:
    *steps, done = [
        part for part in sample.get("/api/v1/capacity-gap/layer").text.split("\n\n") if part
    ]
    assert all(step.startswith("event: progress\n") for step in steps)
    layer = json.loads(done.removeprefix("event: done\ndata: "))
    assert sum(one["areas"] for one in layer["classes"]) == layer["facts"]["area_count"]
    assert [(one["text"], one["colour"]) for one in layer["classes"]] == list(CLASSES)


def test_tiles_of_a_gap_have_the_classes_of_every_area_and_transformer(sample: httpx.Client):
    found = sample.get("/api/v1/capacity-gap").json()
    asked = sample.get("/api/v1/capacity-gap/tiles/6/33/22.mvt").raise_for_status()
    tile = mapbox_vector_tile.decode(asked.content)
    colours = {colour for _, colour in CLASSES}
    for kind in ("supply_area", "transformer"):
        shown = [one["properties"] for one in tile[kind]["features"]]
        assert {one["name"] for one in shown} <= {one["name"] for one in found[kind]}
        assert {one["colour"] for one in shown} <= colours
    assert len(tile["transformer"]["features"]) == len(found["transformer"])


def test_files_of_what_is_shown_can_be_downloaded(page, sample):
    for product, endings in (("density", "tif png gpkg csv"), ("gap", "png gpkg geojson csv")):
        compute(page, density_product=product)
        links = page.query_selector_all("#density-files a")
        addresses = [link.get_attribute("href") for link in links]
        assert [urlsplit(one).path.rpartition(".")[2] for one in addresses] == endings.split()
    assert sample.get(addresses[-1]).text.startswith("element_kind,")


def test_what_is_given_up_leaves_no_layer_and_no_complaint(page):
    page.click("#tab-density")
    page.route("**/capacity-gap/layer?*", lambda _: None)  # an answer that never comes
    page.select_option("#density-product", "gap")
    page.click("#density-ask")
    wait_until(lambda: page.query_selector("#density-cancel"), "the way to give up")
    page.click("#density-cancel")
    assert page.query_selector("#density-progress, #problem, #busy") is None
    assert page.is_enabled("#density-ask")
    page.unroute("**/capacity-gap/layer?*")


def test_plan_tells_its_class_neighbours_gap_and_the_confidence_of_the_rules(page):
    show(page, HOUSE, 17)
    click_place(page, HOUSE)
    wait_for_answer(page)
    page.click("#surroundings > summary")
    told = page.inner_text("#surroundings")
    for name in ("Recommendation", "Load-density class", "within 300 m", "Transformer", "kVA"):
        assert name in told
    page.click("#surroundings details summary")
    rules = page.inner_text("#surroundings .findings")
    assert "density.nearby_applications_min" in rules
    assert "unverified" in rules
    page.click("#language")
    assert "供电分区等级" in page.inner_text("#surroundings")


def test_tiles_of_one_asking_stay_as_their_legend_when_applications_change(page, sample):
    compute(page, density_product="density", density_weight="count")
    tile = address_of_tiles(page)
    assert int(parse_qs(urlsplit(tile).query)["asking"][0]) > 0
    asked = tile.partition("?")[2]
    before = sample.get(f"/api/v1/density/legend?{asked}").json()
    body = {"reference": "NEW", "kind": "load", "demand_kva": 9, "lon": HOUSE[0], "lat": HOUSE[1]}
    sample.post("/api/v1/applications", json=body).raise_for_status()
    assert sample.get(f"/api/v1/density/legend?{asked}").json() == before
    newer = asked.replace("asking=", "asking=1")
    assert sample.get(f"/api/v1/density/legend?{newer}").json() != before


def test_page_never_complains_and_asks_nobody_else(opened, sample):
    # Last of this file: it sums up what all the tests above have seen.
    assert opened.complaints == []
    assert opened.addresses == {urlsplit(str(sample.base_url)).netloc}
