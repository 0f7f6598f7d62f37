"""The page in a real browser on the sample town: nothing is faked, nothing leaves the machine."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.web.browser import (
    Visit,
    click_place,
    show,
    visit,
    wait_for_answer,
    wait_for_map,
    wait_until,
)

HOUSE = (7.8793381, 48.4596464)
STATION, STATION_ID = (7.8777316, 48.4572215), "lv/3"
HOUSE_WEST = (7.8785, 48.4596)
GAS_MAIN = (7.87609, 48.46004)  # along a street, no cable near
BEYOND_HOUSE_WEST = (7.87833, 48.45959)
EAST = ((0.0007, -0.0001), (0.0011, -0.0001), (0.0011, -0.00018), (0.0007, -0.00018))
PARIS = (2.35, 48.85)


@pytest.fixture(scope="module")
def opened(browser, sample):
    with visit(browser, str(sample.base_url)) as visited:
        yield visited


@pytest.fixture
def page(opened: Visit, sample) -> Page:
    opened.page.goto(str(sample.base_url))
    wait_for_map(opened.page)
    return opened.page


def count_drawn(page: Page, layer: str) -> int:
    find = "(layer) => gridMap.view.queryRenderedFeatures({ layers: [layer] }).length"
    return page.evaluate(find, layer)


def ask_at(page: Page, place: tuple[float, float], demand_kva: float = 9) -> None:
    page.fill("#field-demand_kva", str(demand_kva))
    show(page, place, 17)
    click_place(page, place)
    wait_for_answer(page)


def ask_by_form(page: Page, place: tuple[float, float]) -> None:
    page.fill("#field-lon", str(place[0]))
    page.fill("#field-lat", str(place[1]))
    page.focus("#field-lat")
    page.keyboard.press("Enter")
    wait_for_answer(page)


def test_map_shows_the_grid_of_the_town(page):
    show(page, HOUSE, 16)
    assert count_drawn(page, "line-low") > 50
    assert count_drawn(page, "obstacle") > 50
    assert "Schutterwald" in page.inner_text("#panel")


def test_click_on_a_house_gives_options_with_findings_and_routes(page):
    ask_at(page, HOUSE)
    assert "Can be connected" in page.inner_text("#verdict")
    rows = page.query_selector_all("#options tbody tr:not(.why)")
    assert len(rows) >= 3
    assert count_drawn(page, "site") == 1
    assert count_drawn(page, "route") >= 1
    assert page.query_selector("#findings li")


def ask_large(page: Page) -> None:
    page.select_option("#field-customer_class", "industrial")
    ask_at(page, HOUSE, 630)
    wait_until(lambda: page.query_selector("#profile svg"), "the voltage profile")


def test_option_shows_its_key_figures_and_verdicts(page):
    ask_large(page)
    text = page.inner_text("#option")
    for told in ("feasible", "N-1:", "Limiting element", "kA", "L1-L2-L3"):
        assert told in text
    assert "holds in the load band" in text or "depends on the existing load" in text
    assert page.query_selector(".badge.good")


def test_voltage_profile_is_drawn_from_source_to_customer(page):
    ask_at(page, HOUSE)
    wait_until(lambda: page.query_selector("#profile svg"), "the voltage profile")
    dots = page.query_selector_all("#profile circle")
    assert len(dots) >= 6
    assert "p.u." in dots[-1].text_content()
    label = page.get_attribute("#profile svg", "aria-label")
    assert label.startswith("Voltage from source to customer · highest load")
    named = page.inner_text("#profile")
    assert all(part in named for part in ("HV/MV", "MV/LV", "LV main", "beyond the limit"))


def test_refused_option_shows_where_its_voltage_breaks_the_limit(page):
    page.select_option("#field-customer_class", "commercial")
    ask_at(page, HOUSE, 100)
    page.click("#option-5")
    wait_until(lambda: page.query_selector("#profile circle.broken"), "the broken limit")


def test_answer_that_comes_later_does_not_scroll_the_panel(page):
    ask_large(page)
    page.click("#option-2")
    page.evaluate("document.getElementById('findings').scrollIntoView()")
    before = page.evaluate("document.getElementById('panel').scrollTop")
    wait_until(lambda: page.query_selector("#profile svg"), "the voltage profile")
    assert abs(page.evaluate("document.getElementById('panel').scrollTop") - before) < 60


def test_backfeed_states_unfold_with_what_was_before(page):
    ask_large(page)
    assert not page.is_visible("#backfeed table")
    page.click("#backfeed summary")
    assert page.is_visible("#backfeed table")
    rows = page.query_selector_all("#backfeed tbody tr")
    assert len(rows) >= 3
    assert "before" in rows[0].inner_text()
    assert rows[0].query_selector(".mark").inner_text() in {"yes", "no", "not proven"}


def test_findings_are_grouped_and_notes_are_folded(page):
    ask_at(page, HOUSE)
    groups = page.query_selector_all("#findings details")
    assert [group.get_attribute("class") for group in groups] == ["group survey", "group info"]
    assert [group.get_attribute("open") is not None for group in groups] == [True, False]
    assert page.query_selector("#findings .confidence.unverified")


def test_single_phase_customer_sees_the_voltage_of_its_phase(page):
    page.select_option("#field-phases", "phases_1")
    ask_at(page, HOUSE, 4)
    wait_until(lambda: page.query_selector("#profile svg"), "the voltage profile")
    phase = page.inner_text("#profile figcaption").rpartition(" ")[2]
    assert phase in {"L1", "L2", "L3"}


def test_electrical_answer_is_in_chinese_on_the_chinese_page(page):
    ask_large(page)
    page.click("#language")
    page.click("#backfeed summary")
    text = page.inner_text("#option")
    for told in (
        "受限设备",
        "短路电流",
        "转供状态",
        "电源至客户的电压",
        "首端断开",
    ):
        assert told in text
    assert "负荷偏差内成立" in text or "取决于现有负荷" in text
    assert "主变" in page.inner_text("#profile")


def test_nothing_is_cut_off_at_the_side(page):
    ask_large(page)
    for _ in range(2):
        page.click("#language")
        cut = "(node) => node.scrollWidth > node.clientWidth"
        assert not page.eval_on_selector("#panel", cut)
        assert not page.eval_on_selector("#options", "(node) => node.offsetWidth > 398")


def test_option_that_is_pointed_at_comes_to_the_front(page):
    ask_at(page, HOUSE)
    page.hover("#option-2")
    wanted = page.evaluate("JSON.stringify(gridMap.view.getFilter('route-highlight'))")
    assert '["==",["get","key"],"option-2"]' in wanted


def test_question_is_asked_and_option_chosen_without_a_mouse(page):
    ask_by_form(page, HOUSE)
    page.focus("#option-2")
    page.keyboard.press("Enter")
    assert page.get_attribute("#option-2", "aria-pressed") == "true"
    assert page.evaluate("document.activeElement.id") == "option-2"


def draw(page: Page, *places: tuple[float, float]) -> None:
    """Click places one by one, as slowly as hands do, so that no two make a double click."""
    for place in places:
        click_place(page, place)
        page.wait_for_timeout(350)


def wait_for_route(page: Page) -> None:
    wait_until(lambda: page.query_selector("#route, #problem"), "the route")
    wait_for_map(page)


def test_sources_that_belong_together_are_shown_and_drawn_each_in_its_colour(page):
    page.select_option("#field-customer_class", "commercial")
    page.select_option("#field-importance", "second")
    ask_at(page, HOUSE, 100)
    text = page.inner_text("#supply-set")
    assert all(told in text for told in ("Sources that belong together", "EUR", "S1", "S2"))
    drawn = "gridMap.view.queryRenderedFeatures({ layers: ['access-point'] })"
    states = page.evaluate(f"{drawn}.map((each) => each.properties.state)")
    assert {"source-1", "source-2"} <= set(states)
    page.click("#source-2")
    assert "Source S2" in page.inner_text("#option h2")


def test_line_drawn_by_hand_is_checked_and_priced(page):
    page.click("#tab-route")
    show(page, HOUSE, 17)
    draw(page, HOUSE, BEYOND_HOUSE_WEST)
    page.keyboard.press("Enter")
    wait_for_route(page)
    text = page.inner_text("#route")
    assert all(told in text for told in ("EUR", "Civil works", "runs", "through building"))
    assert page.query_selector("#route .verdict.no")
    draw(page, HOUSE)
    assert count_drawn(page, "vertex") == 1
    page.keyboard.press("Escape")
    wait_until(lambda: count_drawn(page, "vertex") == 0, "the line that was given up")


def test_option_is_corrected_by_an_area_to_avoid_and_the_answer_comes_back(page):
    ask_large(page)
    show(page, HOUSE, 17)
    page.click("#correct")
    wait_for_route(page)
    before = page.inner_text("#route strong")
    page.click("#tool-avoid")
    around = [(HOUSE[0] + east, HOUSE[1] + north) for east, north in EAST]
    draw(page, *around)
    page.keyboard.press("Enter")
    wait_until(lambda: "Must avoid 1" in page.inner_text(".chips"), "the area")
    wait_until(lambda: page.query_selector("#route") and not page.query_selector("#busy"))
    assert page.inner_text("#route strong") != before
    page.click("#tab-connect")
    wait_for_map(page)
    assert count_drawn(page, "access-point") >= 3


def test_route_is_drawn_without_a_mouse(page):
    show(page, HOUSE, 17)
    page.focus("#tab-connect")
    page.keyboard.press("ArrowRight")
    page.focus("#add-point")
    page.keyboard.press("Enter")
    show(page, HOUSE_WEST, 17)
    page.keyboard.press("Enter")
    page.focus("#finish")
    page.keyboard.press("Enter")
    wait_for_route(page)
    assert "EUR" in page.inner_text("#route")


def test_cost_map_is_laid_on_the_ground_and_a_click_tells_the_cost(page):
    page.click("#tab-cost")
    show(page, HOUSE, 15)
    page.click("#cost-ask")
    wait_until(lambda: page.query_selector("#cost-legend, #problem"), "the cost map")
    assert all(told in page.inner_text("#cost-legend") for told in ("EUR", "400 V", "unknown"))
    wait_for_map(page)
    click_place(page, HOUSE)
    wait_until(lambda: page.query_selector("#cost-place, #problem"), "the cost of the place")
    text = page.inner_text("#cost-place")
    assert all(told in text for told in ("EUR", "Access point", "Limiting element"))
    page.click("#legend summary")
    page.uncheck("#layer-cost_map")
    assert page.evaluate("gridMap.view.getLayoutProperty('cost', 'visibility')") == "none"


def test_layer_is_switched_on_and_its_elements_tell_their_data(page):
    page.click("#tab-data")
    assert "Schutterwald" in page.inner_text("#about-data")
    show(page, GAS_MAIN, 18)
    click_place(page, GAS_MAIN)
    wait_until(lambda: page.query_selector("#element"), "the corridor")
    assert all(told in page.inner_text("#element") for told in ("Corridor", "surface"))
    assert count_drawn(page, "barrier-main") == 0
    page.click("#legend summary")
    page.check("#layer-crossed_mains")
    wait_for_map(page)
    assert count_drawn(page, "barrier-main") > 0
    click_place(page, GAS_MAIN)
    wait_until(lambda: "Gas main" in page.inner_text("#element"), "the gas main")


def test_place_outside_the_region_is_answered_with_the_reason(page):
    ask_by_form(page, PARIS)
    assert "outside" in page.inner_text("#problem, #verdict").lower()


def test_plan_is_saved_under_its_reference_and_shown_on_the_map(page, sample):
    ask_at(page, HOUSE)
    page.fill("#reference", "PAGE-1")
    page.click("#reserve")
    wait_until(lambda: page.query_selector("#saved"), "the saved plan")
    plan_id = int(re.findall(r": (\d+)", page.inner_text("#saved"))[0])
    stored = sample.get(f"/api/v1/plans/{plan_id}").json()
    assert stored["plan"]["application"]["reference"] == "PAGE-1"
    assert sample.get(f"/api/v1/plans/{plan_id}.html").text.startswith("<!DOCTYPE html>")


def test_transformer_takes_a_measured_peak(page, sample):
    show(page, STATION, 17)
    click_place(page, STATION)
    wait_until(lambda: page.query_selector("#peak-kva"), "the transformer")
    assert "T_idx_35" in page.inner_text("#element h2")
    page.fill("#peak-kva", "512.5")
    page.click("#record")
    wait_until(lambda: page.query_selector("#element .note"), "the note")
    shown = sample.get(f"/api/v1/elements/transformer/{STATION_ID}").json()["attributes"]
    assert shown["measured_peak_kva"] == 512.5
    assert shown["measured_on"] == date.today().isoformat()


def test_what_is_saved_is_what_was_answered_and_not_what_the_form_says_by_now(page, sample):
    ask_at(page, HOUSE)
    assert "9 kVA" in page.inner_text("#verdict")
    page.fill("#field-demand_kva", "4000")
    page.fill("#field-lat", "48.5")
    page.fill("#reference", "PAGE-2")
    page.click("#save")
    wait_until(lambda: page.query_selector("#saved"), "the saved plan")
    plan_id = int(re.findall(r": (\d+)", page.inner_text("#saved"))[0])
    stored = sample.get(f"/api/v1/plans/{plan_id}").json()["plan"]["application"]
    assert stored["demand_kva"] == 9
    assert stored["lat"] == pytest.approx(HOUSE[1], abs=1e-4)


def test_route_that_is_left_while_it_is_sought_leaves_no_sign_of_waiting(page):
    page.click("#tab-route")
    page.route("**/api/v1/route", lambda _: None)  # an answer that never comes
    page.click("#tool-from")
    show(page, HOUSE, 17)
    draw(page, HOUSE, HOUSE_WEST)
    wait_until(lambda: page.query_selector("#busy"), "the sign of waiting")
    page.click("#tab-data")
    page.click("#tab-route")
    assert page.query_selector("#busy") is None
    page.click("#find-route")
    assert page.query_selector("#busy")
    page.click("#remove-0")
    assert page.query_selector("#busy, #problem") is None
    page.unroute("**/api/v1/route")


def test_answer_goes_with_what_it_was_asked_of(page):
    page.click("#tab-route")
    page.click("#tool-from")
    show(page, HOUSE, 17)
    draw(page, HOUSE, HOUSE_WEST)
    wait_for_route(page)
    assert count_drawn(page, "route") > 0
    page.click("#remove-1")
    wait_for_map(page)
    assert page.query_selector("#route, #problem") is None
    assert count_drawn(page, "route") == 0


def test_answer_that_comes_under_another_tab_does_not_take_its_map(page):
    waiting = []

    def keep(route) -> None:
        waiting.append(route)

    page.route("**/api/v1/options", keep)
    show(page, HOUSE, 17)
    click_place(page, HOUSE)
    wait_until(lambda: page.is_visible("#busy") and waiting, "the question")
    page.click("#tab-route")
    show(page, STATION, 18)
    before = page.evaluate("gridMap.middle")
    waiting[0].continue_()
    page.unroute("**/api/v1/options")
    page.wait_for_timeout(1500)
    assert count_drawn(page, "site") == 0
    assert page.evaluate("gridMap.middle") == before
    page.click("#tab-connect")
    wait_for_answer(page)
    assert count_drawn(page, "site") == 1


def test_what_is_typed_while_the_page_is_drawn_anew_stays_in_its_order(page):
    page.click("#tab-cost")
    page.fill("#cost-demand", "1")
    page.focus("#cost-demand")
    for digit in "25":
        page.keyboard.type(digit)
        page.evaluate("document.getElementById('cost-class').dispatchEvent(new Event('change'))")
        page.evaluate("document.getElementById('language').click()")
    assert page.input_value("#cost-demand") == "125"


def test_what_is_unfolded_stays_so_when_the_language_changes(page):
    ask_large(page)
    page.click("#bill summary")
    page.click("#findings-info summary")
    page.click("#language")
    assert page.is_visible("#bill table")
    assert page.is_visible("#findings-info ul")


def test_place_where_several_options_end_is_marked_once_with_all_their_ranks(page):
    page.select_option("#field-customer_class", "commercial")
    ask_at(page, HOUSE, 100)
    drawn = """gridMap.view.getStyle().sources.plan.data.features
        .filter((each) => each.properties.feature === "access_point")"""
    places = page.evaluate(f"{drawn}.map((each) => each.geometry.coordinates.join(' '))")
    labels = page.evaluate(f"{drawn}.map((each) => each.properties.label)")
    assert len(set(places)) == len(places)
    ranks = sorted(int(rank) for label in labels for rank in label.split(","))
    rows = page.query_selector_all("#options tbody tr:not(.why)")
    assert ranks == list(range(1, len(rows) + 1))


def test_language_can_be_changed_and_keeps_the_answer(page):
    ask_at(page, HOUSE)
    page.click("#language")
    assert "接入方案" in page.inner_text("#options")
    assert page.get_attribute("html", "lang") == "zh-CN"


def test_language_follows_the_browser(browser, sample):
    with visit(browser, str(sample.base_url), locale="zh-CN") as visited:
        assert "用户接入方案规划" in visited.page.inner_text("#panel")


def test_page_without_a_grid_says_what_is_missing(browser, empty_client):
    page = browser.new_page()
    page.goto(str(empty_client.base_url))
    wait_until(lambda: page.query_selector("#problem"), "the problem")
    assert "gisplan load" in page.inner_text("#problem")
    page.close()


def test_docs_are_drawn(opened, sample):
    opened.page.goto(str(sample.base_url.join("/docs")))
    wait_until(lambda: "/api/v1/options" in opened.page.inner_text("#docs"), "the docs")


def test_page_never_complains_and_asks_nobody_else(opened, sample):
    # Last of this file: it sums up what all the tests above have seen.
    refused = "the server responded with a status of 422"  # the place in Paris
    assert [each for each in opened.complaints if refused not in each] == []
    assert opened.addresses == {urlsplit(str(sample.base_url)).netloc}
