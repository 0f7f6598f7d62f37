"""Where applications use up the grid, through the API."""

from __future__ import annotations

import httpx
import pytest

from maps.offline import CONTENT_POLICY
from tests.web.tiny_grid import LAT, LON

URL = "/api/v1/capacity-gap"


def test_gap_is_told_for_every_area_and_element(reader: httpx.Client) -> None:
    found = reader.get(URL).json()
    assert found["level"] == "transformer"
    assert found["area_count"] == len(found["supply_area"]) == len(found["transformer"])
    assert all(one["is_known"] in {True, False} for one in found["supply_area"])


@pytest.mark.parametrize(
    ("ending", "media_type", "start"),
    [
        ("png", "image/png", b"\x89PNG"),
        ("html", "text/html; charset=utf-8", b"<!DOCTYPE html>"),
        ("geojson", "application/geo+json", b"{"),
        ("gpkg", "application/geopackage+sqlite3", b"SQLite"),
        ("csv", "text/csv; charset=utf-8", b"element_kind,"),
    ],
)
def test_gap_has_the_form_that_is_asked_for(
    reader: httpx.Client, ending: str, media_type: str, start: bytes
) -> None:
    answer = reader.get(f"{URL}.{ending}", params={"level": "feeder"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == media_type
    assert answer.content.lstrip().startswith(start)


def test_page_may_run_what_it_brings_and_load_nothing(reader: httpx.Client) -> None:
    assert reader.get(f"{URL}.html").headers["content-security-policy"] == CONTENT_POLICY


@pytest.mark.parametrize(
    "asked", [{"level": "house"}, {"direction": "up"}, {"until": "soon"}, {"until": "2029-13"}]
)
def test_bad_question_is_a_problem(reader: httpx.Client, asked: dict[str, str]) -> None:
    answer = reader.get(URL, params=asked)
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


def test_gap_knows_an_application_at_once(client: httpx.Client) -> None:
    asked = {"level": "feeder"}
    assert client.get(URL, params=asked).json()["open_count"] == 0
    given = {"reference": "A-1", "lon": LON, "lat": LAT, "kind": "load", "demand_kva": 9.0}
    assert client.post("/api/v1/applications", json=given).status_code < 300
    assert client.get(URL, params=asked).json()["open_count"] == 1
