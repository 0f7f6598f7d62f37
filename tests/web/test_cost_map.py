"""What connecting costs, through the API."""

from __future__ import annotations

import io
import json
from datetime import date

import httpx
import pytest
import rasterio

from maps.offline import CONTENT_POLICY
from tests.web.tiny_grid import LAT, LON

URL = "/api/v1/cost-map"
ASKED = {"demand_kva": 9, "cell_m": 10}


@pytest.mark.parametrize(
    ("ending", "media_type", "start"),
    [
        ("tif", "image/tiff; application=geotiff", b"II"),
        ("png", "image/png", b"\x89PNG"),
        ("html", "text/html; charset=utf-8", b"<!DOCTYPE html>"),
    ],
)
def test_cost_map_has_the_form_that_is_asked_for(
    reader: httpx.Client, ending: str, media_type: str, start: bytes
) -> None:
    answer = reader.get(f"{URL}.{ending}", params=ASKED)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == media_type
    assert answer.content.lstrip().startswith(start)


def test_raster_tells_of_which_day_it_is(reader: httpx.Client) -> None:
    content = reader.get(f"{URL}.tif", params=ASKED).content
    with rasterio.open(io.BytesIO(content)) as raster:
        assert raster.tags()["DATE"] == date.today().isoformat()


def test_place_beyond_the_region_is_refused_before_a_map_is_made(reader: httpx.Client) -> None:
    answer = reader.get(f"{URL}/place", params={**ASKED, "demand_kva": 9.75, "lon": 0, "lat": 0})
    assert answer.status_code == 422
    assert "outside" in answer.json()["detail"]


def test_page_may_run_what_it_brings_and_load_nothing(reader: httpx.Client) -> None:
    answer = reader.get(f"{URL}.html", params=ASKED)
    assert answer.headers["content-security-policy"] == CONTENT_POLICY


def test_features_tell_the_cost_of_every_node_and_building(reader: httpx.Client) -> None:
    features = reader.get(f"{URL}.geojson", params={"demand_kva": 9}).json()["features"]
    kinds = {one["properties"]["element_kind"] for one in features}
    assert {"node", "building", "access_point"} >= kinds > {"node"}
    nodes = [one["properties"] for one in features if "cost_at_least" in one["properties"]]
    assert all((one["cost"] is None) == bool(one["reason"]) for one in nodes)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"demand_kva": 0},
        {"demand_kva": "nan"},
        {"demand_kva": 1_000_000},
        {"demand_kva": 9, "power_factor": 1.5},
        {"demand_kva": 9, "cell_m": 0},
        {"demand_kva": 9, "direction": "up"},
    ],
)
def test_bad_question_is_a_problem(reader: httpx.Client, asked: dict[str, object]) -> None:
    answer = reader.get(f"{URL}.tif", params=asked)
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_without_a_grid_there_is_a_problem(empty_client: httpx.Client) -> None:
    answer = empty_client.get(f"{URL}.tif", params=ASKED)
    assert answer.status_code == 503
    assert "gisplan load" in answer.json()["detail"]


def events_of(client: httpx.Client, **asked: object) -> list[tuple[str, dict]]:
    """The events of a layer in their order."""
    answer = client.get(f"{URL}/layer", params=asked)
    assert answer.headers["content-type"].startswith("text/event-stream")
    parts = [part.split("\n") for part in answer.text.split("\n\n") if part]
    return [
        (name.removeprefix("event: "), json.loads(data.removeprefix("data: ")))
        for name, data in parts
    ]


def test_layer_tells_its_progress_and_ends_with_classes_in_the_currency(reader):
    *steps, (last, layer) = events_of(reader, demand_kva=11, cell_m=10)
    assert {name for name, _ in steps} == {"progress"}
    assert {"judging access points", "cells"} <= {step["doing"] for _, step in steps}
    assert (last, layer["currency"]) == ("done", "EUR")
    assert layer["west"] < LON < layer["east"]
    costs = [one for one in layer["classes"] if one["kind"] == "cost"]
    assert [one["high"] for one in costs[:-1]] == [one["low"] for one in costs[1:]]
    picture = reader.get(f"{URL}/layer.png", params={"demand_kva": 11, "cell_m": 10})
    assert picture.content.startswith(b"\x89PNG")


def test_map_that_was_asked_before_is_there_at_once_until_the_grid_changes(client):
    asked = {"demand_kva": 9, "cell_m": 10}
    assert len(events_of(client, **asked)) > 1
    assert [name for name, _ in events_of(client, **asked)] == ["done"]
    peak = {"peak_kva": 90, "measured_on": "2026-01-14"}
    client.put("/api/v1/transformers/T/1/peaks", json=peak).raise_for_status()
    assert len(events_of(client, **asked)) > 1


def test_whoever_hangs_up_does_not_keep_others_from_their_map(reader):
    asked = {"demand_kva": 12, "cell_m": 2}
    with reader.stream("GET", f"{URL}/layer", params=asked) as answer:
        next(answer.iter_lines())
    assert events_of(reader, demand_kva=12, cell_m=10)[-1][0] == "done"


def test_demand_that_nothing_supplies_ends_with_the_problem(reader):
    name, problem = events_of(reader, demand_kva=1_000_000)[-1]
    assert (name, problem["status"]) == ("problem", 422)
    assert problem["detail"]


def test_place_has_its_cost_winner_and_limit_or_the_reason_for_none(reader):
    here = reader.get(f"{URL}/place", params={**ASKED, "lon": LON, "lat": LAT}).json()
    assert (here["cost"] is None) == bool(here["reason"])
    far = reader.get(f"{URL}/place", params={**ASKED, "lon": LON, "lat": LAT + 0.02}).json()
    assert (far["cost"], far["access_id"]) == (None, "")
    assert "no corridor within reach" in far["reason"]


def test_place_outside_the_region_is_refused(reader):
    answer = reader.get(f"{URL}/place", params={**ASKED, "lon": 2.35, "lat": 48.85})
    assert (answer.status_code, "outside" in answer.json()["detail"]) == (422, True)
