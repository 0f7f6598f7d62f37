from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from gisplan.export.grid_features import build_grid_features
from maps.offline import find_loaded_addresses
from maps.plan_map import render_plan
from maps.plan_style import INFEASIBLE_COLOUR, RANK_COLOURS, SOURCE_COLOURS
from tests.grids import grid
from tests.plans import (
    SITE,
    example_option,
    example_plan,
    plan_with_sources,
    refused_plan,
    station_option,
)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page without a network; whatever it complains about fails the test."""
    context = browser.new_context(offline=True, viewport={"width": 1400, "height": 900})
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("requestfailed", lambda request: complaints.append(request.url))
    yield opened
    context.close()
    assert complaints == []


@pytest.fixture(scope="module")
def neighbourhood():
    town = grid("S-A 300", "A>B 630", "B-C 100", "S 20000V @417620,5367550")
    return build_grid_features(town, around=[SITE], margin_m=2000.0)


def show(page: Page, html: str, folder: Path) -> None:
    path = folder / "plan.html"
    path.write_text(html, encoding="utf-8")
    page.goto(path.as_uri())


def count(page: Page, selector: str) -> int:
    return page.locator(selector).count()


def test_map_opens_without_a_network_and_draws_everything(page, tmp_path, neighbourhood):
    assert len(neighbourhood["features"]) == 3
    show(page, render_plan(example_plan(), neighbourhood), tmp_path)
    # Two stretches of option 1 and one of option 2, a dot for each of the three access points.
    assert count(page, f'path[stroke="{RANK_COLOURS[0]}"]') == 2
    assert count(page, f'path[stroke="{RANK_COLOURS[1]}"]') == 1
    assert count(page, 'path[stroke="#ffffff"]') == 3
    assert count(page, ".folium-map .pin") == 3
    assert count(page, ".folium-map .site") == 1
    assert count(page, ".folium-map path") == 2 + 1 + 3 + 3


def test_click_on_a_row_opens_the_option(page, tmp_path):
    show(page, render_plan(example_plan(), None), tmp_path)
    page.click('#panel tr.option[data-rank="2"]')
    text = page.locator(".leaflet-popup-content").inner_text()
    assert "26\u2009900\u00a0EUR" in text
    assert "lower the tap by one" in text
    assert "largest unknown, smallest unknown" in text


def test_notes_unfold_when_they_are_chosen(page, tmp_path):
    show(page, render_plan(example_plan(), None), tmp_path)
    page.click('#panel tr.option[data-rank="2"]')
    popup = page.locator(".leaflet-popup-content")
    assert "limit 0.9" not in popup.inner_text()
    popup.locator("details.info summary").press("Enter")  # the map still moves under a mouse
    assert "limit 0.9\u00a0p.u., margin 0.0312\u00a0p.u." in popup.inner_text()


def test_names_are_text_never_markup_or_template(page, tmp_path):
    show(page, render_plan(example_plan(station_option(1)), None), tmp_path)
    page.click("#panel tr.option")
    assert "Station <Nord> & {{ Co }}" in page.locator("#panel").inner_text()
    assert "Station <Nord> & {{ Co }}" in page.locator(".leaflet-popup-content").inner_text()
    assert count(page, "nord") == 0


def test_script_in_a_name_does_not_run(page, tmp_path):
    evil = "</script><img src=x onerror=\"document.title='run'\">${alert(1)}"
    option = example_option()
    plan = example_plan(replace(option, access_point=replace(option.access_point, name=evil)))
    show(page, render_plan(plan, None), tmp_path)
    page.click("#panel tr.option")
    assert page.title() == "Connection plan S-0042"
    assert count(page, "img") == 0


def test_infeasible_route_is_grey_and_dashed_and_says_why(page, tmp_path):
    option = station_option(1)
    plan = example_plan(replace(option, feasible=False))
    show(page, render_plan(plan, None), tmp_path)
    assert count(page, f'path[stroke="{INFEASIBLE_COLOUR}"][stroke-dasharray]') == 1
    assert "not feasible: see findings" in page.locator("#panel").inner_text()
    assert "No feasible option" in page.locator("#panel").inner_text()


def test_options_that_share_a_place_share_a_pin(page, tmp_path):
    show(page, render_plan(example_plan(example_option(1), example_option(2)), None), tmp_path)
    assert page.locator(".folium-map .pin").inner_text() == "1, 2"


def test_plan_without_options_shows_the_site_and_the_reason(page, tmp_path):
    show(page, render_plan(refused_plan(), None), tmp_path)
    assert count(page, ".folium-map .site") == 1
    assert "no access point within 1500 m" in page.locator("#panel").inner_text()


def test_map_has_scale_attribution_and_legend(page, tmp_path, neighbourhood):
    html = render_plan(example_plan(), neighbourhood, attribution="data: made up")
    show(page, html, tmp_path)
    assert page.locator(".leaflet-control-scale").inner_text().endswith("m")
    assert page.locator(".leaflet-control-attribution").inner_text() == "data: made up"
    legend = page.locator(".legend").inner_text()
    assert "route of option 2" in legend
    assert "grid, medium voltage" in legend
    assert "high voltage" not in legend


def test_grid_is_named_at_the_pointer(page, tmp_path, neighbourhood):
    show(page, render_plan(example_plan(), neighbourhood), tmp_path)
    page.locator(".folium-map path").first.dispatch_event("mouseover")
    assert "B-C" in page.locator(".leaflet-tooltip").inner_text()


def test_nothing_is_loaded_from_anywhere(neighbourhood):
    assert find_loaded_addresses(render_plan(example_plan(), neighbourhood)) == ()


def test_same_plan_is_the_same_text(neighbourhood):
    first = render_plan(example_plan(), neighbourhood)
    assert first == render_plan(example_plan(), neighbourhood)


def test_sources_have_colours_of_their_own_and_shared_parts_are_broken(page, tmp_path):
    made = plan_with_sources()
    show(page, render_plan(made, None), tmp_path)
    first, second = (one.route.segments for one in made.supply_set.options)
    map_path = ".folium-map path[stroke="
    assert count(page, f'{map_path}"{SOURCE_COLOURS[0]}"]') == len(first)
    assert count(page, f'{map_path}"{SOURCE_COLOURS[1]}"]') == len(second)
    assert count(page, f'{map_path}"{SOURCE_COLOURS[1]}"][stroke-dasharray]') == 1
    panel = page.locator("#panel").inner_text()
    assert "Feasible with 2 independent sources" in panel
    assert "route of source A: mv/1 <b>" in panel
    assert "in the trench of another source" in panel


def test_click_on_a_source_opens_it(page, tmp_path):
    show(page, render_plan(plan_with_sources(), None), tmp_path)
    page.locator("#panel tr.source").nth(1).click()
    assert "fuse way of a cabinet" in page.locator(".leaflet-popup-content").inner_text()


def test_set_that_does_not_hold_is_the_verdict(page, tmp_path):
    made = plan_with_sources()
    refused = replace(
        made, supply_set=replace(made.supply_set, feasible=False, options=(), supplied_by=())
    )
    show(page, render_plan(refused, None), tmp_path)
    assert "No set of sources that holds" in page.locator("#panel").inner_text()
