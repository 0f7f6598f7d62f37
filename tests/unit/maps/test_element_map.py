"""Maps of the electrical answers: every element drawn in its class, named and told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import shapely
from playwright.sync_api import Browser, Page

from gisplan.export.electrical_table import Column, ElectricalAnswer, ElementTable
from gisplan.export.grid_features import build_grid_features
from maps.element_classes import (
    capacity_class,
    capacity_classes,
    loading_class,
    loading_classes,
    verdict_class,
    verdict_classes,
    voltage_class,
    voltage_classes,
)
from maps.element_map import render_capacity, render_power_flow, render_screening
from maps.offline import find_loaded_addresses
from tests.grids import grid
from tests.plans import SITE

EAST_M, NORTH_M = 417700.0, 5367600.0
NAN = np.nan


def texts(*values: str) -> Column:
    return np.array(values)


def numbers(*values: float) -> Column:
    return np.array(values)


def points(count: int) -> np.ndarray:  # type: ignore[type-arg]
    x_m = EAST_M + 100.0 * np.arange(count)
    return shapely.points(x_m, np.full(count, NORTH_M))


def table(kind: str, count: int, columns: dict[str, Column]) -> ElementTable:
    shape = points(count)
    if kind == "line":
        ends = shapely.get_coordinates(shape)
        shape = np.array([shapely.LineString([end, end + 50.0]) for end in ends], object)
    return ElementTable(element_kind=kind, columns=columns, shape=shape, srid=25832)


def answer(*tables: ElementTable, notes: tuple[str, ...] = (), **facts: object) -> ElectricalAnswer:
    shared = {"grid_version": 7, "ledger_sequence": 3, "profile": "eu"}
    return ElectricalAnswer(facts={**shared, **facts}, notes=notes, tables=tables)  # type: ignore[dict-item]


def capacity_answer(**more: object) -> ElectricalAnswer:
    buses = table(
        "bus",
        3,
        {
            "bus_id": texts("A", "B", "C"),
            "name": texts("Nord", "<b>Süd</b>", "C"),
            "nominal_voltage_v": numbers(20_000.0, 400.0, 400.0),
            "capacity_kva": numbers(3210.0, 4.2, NAN),
            "limited_by": texts("voltage_low", "loading", "needs_ac"),
            "reason": texts("a voltage", "an element", "unknown: the bus hangs on a loop"),
            "limiting_kind": texts("bus", "transformer", ""),
            "limiting_id": texts("B", "TB", ""),
            "limiting_name": texts("<b>Süd</b>", "Station", ""),
            "base_value": numbers(0.94, 0.97, NAN),
            "limit_value": numbers(0.9, 1.0, NAN),
        },
    )
    facts = {"direction": "load", "power_factor": 0.95, "known_count": 2, "bus_count": 3}
    return answer(buses, **{**facts, **more})


def screening_answer() -> ElectricalAnswer:
    buses = table(
        "bus",
        2,
        {
            "bus_id": texts("A", "B"),
            "name": texts("Nord", ""),
            "nominal_voltage_v": numbers(20_000.0, 400.0),
            "feasible": np.array([True, False]),
            "method": texts("screening", "ac_power_flow"),
            "limited_by": texts("", "line, voltage_low"),
            "reasons": texts("", "a line would be loaded above its rated current"),
            "voltage_pu": numbers(1.0, 0.91),
            "voltage_min_pu": numbers(0.95, 0.89),
            "voltage_max_pu": numbers(1.01, 1.01),
            "loading_max_ratio": numbers(0.7, 1.2),
            "limiting_kind": texts("transformer", "line"),
            "limiting_id": texts("T", "L"),
            "limiting_name": texts("T", "Main 7"),
            "short_circuit_max_ka": numbers(4.4, 6.1),
            "short_circuit_min_ka": numbers(NAN, 2.0),
        },
    )
    facts = {"direction": "load", "power_factor": 0.95, "demand_kva": 100.0}
    return answer(buses, **facts, feasible_count=1, bus_count=2)


def flow_answer() -> ElectricalAnswer:
    shared = {"name": texts("x", "y"), "nominal_voltage_v": numbers(20_000.0, 400.0)}
    cases = {"loading_load_ratio": numbers(0.98, NAN), "loading_feed_in_ratio": numbers(0.2, NAN)}
    return answer(
        table(
            "bus",
            2,
            {
                "bus_id": texts("A", "B"),
                **shared,
                "voltage_load_pu": numbers(0.95, NAN),
                "voltage_feed_in_pu": numbers(1.02, NAN),
                "transformer_id": texts("T", ""),
            },
        ),
        table(
            "line",
            2,
            {"line_id": texts("L", "M"), **shared, "rated_current_a": numbers(270, NAN), **cases},
        ),
        table(
            "transformer",
            2,
            {
                "transformer_id": texts("T", "U"),
                **shared,
                "rated_power_kva": numbers(400, 630),
                **cases,
            },
        ),
    )


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page without a network; whatever it complains about fails the test."""
    context = browser.new_context(offline=True, viewport={"width": 1400, "height": 900})
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []


def show(page: Page, html: str, folder: Path) -> None:
    (folder / "map.html").write_text(html, encoding="utf-8")
    page.goto((folder / "map.html").as_uri())


DRAWN = """() => {
    const map = window[Object.keys(window).find((name) => name.startsWith("map_"))];
    const found = [];
    map.eachLayer((layer) => { if (layer.feature) found.push(layer); });
    return found.map((layer) =>
        [layer.options.fillColor, layer.options.color, String(layer.feature.properties.text)]);
}"""


@pytest.mark.parametrize(
    ("kva", "label"),
    [
        (0.0, "nothing, or less than 1 kVA"),
        (9.9, "1 to 10 kVA"),
        (10.0, "10 to 30 kVA"),
        (1e6, "2,000 kVA and more"),
        (None, "unknown: on a loop, or without supply"),
    ],
)
def test_capacity_falls_into_its_class(kva: float | None, label: str) -> None:
    row = {"capacity_kva": kva, "limited_by": "loading"}
    assert capacity_classes()[capacity_class(row)].label == label


def test_capacity_that_nothing_limits_is_in_the_highest_class_and_not_unknown() -> None:
    row = {"capacity_kva": None, "limited_by": "none"}
    assert capacity_classes()[capacity_class(row)].label == "2,000 kVA and more"


@pytest.mark.parametrize(
    ("load", "feed_in", "label"),
    [
        (0.96, 1.01, "0.95 to 0.97 p.u."),
        (0.99, 1.08, "1.07 to 1.10 p.u."),
        (0.89, None, "below 0.90 p.u."),
        (None, None, "without supply"),
    ],
)
def test_voltage_is_that_of_the_case_further_from_nominal(
    load: float | None, feed_in: float | None, label: str
) -> None:
    row = {"voltage_load_pu": load, "voltage_feed_in_pu": feed_in}
    assert voltage_classes()[voltage_class(row)].label == label


@pytest.mark.parametrize(
    ("load", "feed_in", "label"),
    [
        (0.1, 0.85, "80% to 90%"),
        (1.0, None, "100% and more"),
        (0.1, 0.2, "below 25%"),
        (None, None, "unknown rating, or out"),
    ],
)
def test_loading_is_the_higher_of_both_cases(
    load: float | None, feed_in: float | None, label: str
) -> None:
    row = {"loading_load_ratio": load, "loading_feed_in_ratio": feed_in}
    assert loading_classes()[loading_class(row)].label == label


@pytest.mark.parametrize(
    ("feasible", "limited_by", "label"),
    [
        (True, "", "the demand fits"),
        (False, "line, voltage_low", "a line overloaded"),
        (False, "no_solution", "other reasons"),
    ],
)
def test_refusal_is_that_of_the_first_limit(feasible: bool, limited_by: str, label: str) -> None:
    row = {"feasible": feasible, "limited_by": limited_by}
    assert verdict_classes()[verdict_class(row)].label == label


def test_colours_of_a_legend_are_told_apart() -> None:
    for classes in (capacity_classes(), loading_classes(), verdict_classes()):
        colours = [one.colour for one in classes]
        assert len(set(colours)) == len(colours)


def test_capacity_map_draws_every_bus_in_its_colour(page: Page, tmp_path: Path) -> None:
    show(page, render_capacity(capacity_answer(), None), tmp_path)
    classes = capacity_classes()
    drawn = {text: fill for fill, _, text in page.evaluate(DRAWN)}
    assert drawn == {
        "Nord (A) · 3\u2009210\u00a0kVA": classes[7].colour,
        "&lt;b&gt;Süd&lt;/b&gt; (B) · 4.2\u00a0kVA": classes[1].colour,
        "C · unknown": classes[8].colour,
    }


def test_panel_counts_the_classes_that_there_are(page: Page, tmp_path: Path) -> None:
    html = render_capacity(capacity_answer(), None)
    show(page, html, tmp_path)
    panel = page.locator("#panel").inner_text()
    assert "Available capacity by bus" in panel
    assert "2 of 3 buses are known" in panel
    assert "1 to 10 kVA\t1" in panel
    assert "10 to 30 kVA" not in panel
    assert "grid version 7" in panel


def test_click_on_a_bus_names_what_limits_it(page: Page, tmp_path: Path) -> None:
    show(page, render_capacity(capacity_answer(), None), tmp_path)
    page.evaluate(
        """() => {
            const map = window[Object.keys(window).find((name) => name.startsWith("map_"))];
            map.eachLayer((layer) => {
                const at = layer.getLatLng?.();
                if (layer.feature?.properties.text.includes("(B)")) {
                    layer.fire("click", { latlng: at }, true);
                }
            });
        }"""
    )
    text = page.locator(".leaflet-popup-content").inner_text()
    assert "<b>Süd</b> (B)" in text  # a name is text, never markup
    assert "transformer TB (Station)" in text
    assert "97.0% today, limit 100.0%" in text


def test_voltage_levels_can_be_switched_off(page: Page, tmp_path: Path) -> None:
    show(page, render_capacity(capacity_answer(), None), tmp_path)
    page.locator(".leaflet-control-layers label", has_text="400").click()
    assert len(page.evaluate(DRAWN)) == 1


def test_lines_of_the_grid_lie_below_and_its_stations_are_left_out(
    page: Page, tmp_path: Path
) -> None:
    town = grid("S-A 300", "A>B 630", "B-C 100", "S 20000V @417620,5367550")
    around = build_grid_features(town, around=[SITE], margin_m=2000.0)
    show(page, render_capacity(capacity_answer(), around), tmp_path)
    assert len(page.evaluate(DRAWN)) == 3 + 2


def test_generation_is_called_hosting_capacity() -> None:
    assert "Hosting capacity by bus" in render_capacity(
        capacity_answer(direction="generation"), None
    )


def test_notes_are_shown_up_to_a_few() -> None:
    html = render_capacity(
        ElectricalAnswer(
            facts=capacity_answer().facts,
            notes=tuple(f"note {n}" for n in range(11)),
            tables=capacity_answer().tables,
        ),
        None,
    )
    assert "<li>note 7</li><li>and 3 more</li>" in html
    assert "note 8" not in html


def test_screening_map_tells_verdict_reason_and_short_circuit(page: Page, tmp_path: Path) -> None:
    html = render_screening(screening_answer(), None)
    show(page, html, tmp_path)
    assert "Where 100 kVA load fits" in page.locator("#panel").inner_text()
    colours = {text: fill for fill, _, text in page.evaluate(DRAWN)}
    assert colours["Nord (A) · fits"] != colours["B · does not fit"]
    assert "kA, smallest unknown" in html
    assert "120.0% of line L (Main 7)" in html


def test_power_flow_map_draws_lines_buses_and_transformers(page: Page, tmp_path: Path) -> None:
    show(page, render_power_flow(flow_answer()), tmp_path)
    found = page.evaluate(DRAWN)
    assert len(found) == 6
    by_text = {text: (fill, edge) for fill, edge, text in found}
    loaded = loading_classes()[1].colour
    assert by_text["x (L) · 98.0% / 20.0%"][1] == loaded
    assert by_text["x (T) · 98.0% / 20.0%"] == ("#ffffff", loaded)
    assert by_text["y (B) · unknown / unknown"][0] == voltage_classes()[-1].colour


@pytest.mark.parametrize(
    "html",
    [
        render_capacity(capacity_answer(), None),
        render_screening(screening_answer(), None),
        render_power_flow(flow_answer()),
    ],
)
def test_nothing_is_loaded_from_anywhere(html: str) -> None:
    assert find_loaded_addresses(html) == ()


def test_same_answer_is_the_same_text() -> None:
    assert render_capacity(capacity_answer(), None) == render_capacity(capacity_answer(), None)
