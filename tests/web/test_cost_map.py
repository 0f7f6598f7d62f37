"""What connecting costs, through the API."""

from __future__ import annotations

import httpx
import pytest

from maps.offline import CONTENT_POLICY

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
