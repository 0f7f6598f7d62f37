"""Names come from outside: on every map they are words, in a browser that would run them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from gisplan.export.electrical_table import ElectricalAnswer
from gisplan.export.feature import FeatureCollection
from gisplan.services.capacity_gap import GapAnswer
from maps.capacity_gap_map import render_gap
from maps.element_map import render_capacity, render_power_flow, render_screening
from maps.network_map import render_network
from maps.plan_map import render_plan
from maps.shared_trench_map import render_shared_trenches
from tests.networks import broken_town
from tests.plans import example_plan, plan_with_sources
from tests.unit.export.test_capacity_gap_picture import answer_of
from tests.unit.maps.test_element_map import capacity_answer, flow_answer, screening_answer
from tests.unit.shared_trench_answers import example_answer

HOSTILE = (
    "<img src=x onerror=alert(1)>\"'</script><script>alert(2)</script>{{7*7}}{% raw %}\\u003c` "
    "url(http://example.org/x) @import y;"
)
NAMES = {"name", "element_id", "limiting_name", "limiting_id", "corridor", "element", "other"}
PLAIN = {"reference", "conductor_id", "text", "reason", "owner", "clause", *NAMES}

OPEN_ALL = """() => {
    const map = window[Object.keys(window).find((name) => name.startsWith("map_"))];
    map.eachLayer((layer) => {
        if (layer.openTooltip && layer.getTooltip()) layer.openTooltip();
        if (layer.openPopup && layer.getPopup()) layer.openPopup();
    });
    return document.querySelectorAll("img[src=x]").length;
}"""


def renamed(answer: ElectricalAnswer) -> ElectricalAnswer:
    """The answer with hostile names in all its tables."""
    tables = tuple(
        dataclasses.replace(
            table,
            columns={
                name: np.full(len(table), HOSTILE) if _is_name(name) else values
                for name, values in table.columns.items()
            },
        )
        for table in answer.tables
    )
    return dataclasses.replace(answer, tables=tables, notes=(HOSTILE,))


def _is_name(column: str) -> bool:
    return column in NAMES or column.endswith(("_name", "_id"))


def hostile(value: Any) -> Any:
    """Any record of the model with hostile texts where names and words stand."""
    if isinstance(value, tuple):
        return tuple(map(hostile, value))
    if not dataclasses.is_dataclass(value):
        return value
    changed = {}
    for field in dataclasses.fields(value):
        part = getattr(value, field.name)
        is_text = isinstance(part, str) and not isinstance(part, Enum)
        changed[field.name] = HOSTILE if is_text and field.name in PLAIN else hostile(part)
    return dataclasses.replace(value, **changed)


def grid_of_hostile_names() -> FeatureCollection:
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "LineString", "coordinates": [(7.88, 48.45), (7.89, 48.46)]},
                "properties": {"name": HOSTILE, "conductor": HOSTILE, "nominal_voltage_v": 400.0},
            }
        ],
    }


RENDERED: dict[str, Callable[[], str]] = {
    "capacity": lambda: render_capacity(renamed(capacity_answer()), grid_of_hostile_names()),
    "screening": lambda: render_screening(renamed(screening_answer()), None),
    "power flow": lambda: render_power_flow(renamed(flow_answer())),
    "network": lambda: render_network(renamed(broken_town())),
    "gap": lambda: render_gap(GapAnswer(tables=renamed(answer_of(3)), back_tests=()), None),
    "plan": lambda: render_plan(hostile(example_plan()), grid_of_hostile_names()),
    "sources": lambda: render_plan(hostile(plan_with_sources()), None),
    "trenches": lambda: render_shared_trenches(hostile(example_answer()), None),
}


@pytest.fixture
def alarms(browser: Browser) -> Iterator[tuple[Page, list[str]]]:
    """A page without a network, and what ran or failed on it that should not."""
    context = browser.new_context(offline=True)
    page = context.new_page()
    heard: list[str] = []
    page.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("requestfailed", lambda request: heard.append(request.url))
    yield page, heard
    context.close()


@pytest.mark.parametrize("name", RENDERED)
def test_hostile_name_is_words_on_the_map_and_runs_nothing(
    name: str, alarms: tuple[Page, list[str]], tmp_path: Path
) -> None:
    page, heard = alarms
    (tmp_path / "map.html").write_text(RENDERED[name](), encoding="utf-8")
    page.goto((tmp_path / "map.html").as_uri())
    assert page.evaluate(OPEN_ALL) == 0
    page.wait_for_timeout(100)
    assert heard == []
    assert "alert(1)" in page.inner_text("body")
