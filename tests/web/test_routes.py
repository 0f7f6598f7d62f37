"""Ways that are asked for or drawn, through the API, on the street of the tiny grid."""

from __future__ import annotations

import httpx
import pytest
from pyproj import Transformer

from tests.web.tiny_grid import X_M, Y_M

URL = "/api/v1/route"
TO_LON_LAT = Transformer.from_crs(25832, 4326, always_xy=True)


def at(east_m: float, north_m: float = 0.0) -> list[float]:
    """A place by metres from the west end of the street."""
    return list(TO_LON_LAT.transform(X_M + east_m, Y_M + north_m))


def priced(reader: httpx.Client, **body: object) -> dict:
    response = reader.post(URL, json=body)
    assert response.status_code == 200, response.text
    (route,) = response.json()["routes"]
    return route


def test_line_drawn_along_a_street_is_priced_by_the_metre_of_its_surface(reader):
    whole, half = (priced(reader, line=[at(110), at(110 + m)]) for m in (80, 40))
    assert whole["route"]["length_m"] == pytest.approx(80, abs=0.2)
    assert whole["cost"]["total"] == pytest.approx(2 * half["cost"]["total"], rel=1e-3)
    (segment,) = whole["route"]["segments"]
    assert (segment["corridor"], segment["surface"]) == ("street: street 1", "asphalt")


def test_line_through_a_building_is_a_violation_that_names_it(reader):
    findings = priced(reader, line=[at(155, 2), at(155, 30)])["findings"]
    (forbidden,) = [one for one in findings if one["rule"] == "route.forbidden_area"]
    assert forbidden["severity"] == "violation"
    assert forbidden["element"] == "building house 1"
    assert forbidden["measured"] == pytest.approx(12, abs=0.1)  # the house is 12 m deep


def test_way_passes_the_place_that_it_must(reader):
    direct = priced(reader, at=at(40), to=at(120))["route"]["length_m"]
    around = priced(reader, at=at(40), to=at(120), via=[at(180)])["route"]["length_m"]
    assert around == pytest.approx(direct + 2 * 60, abs=0.5)


def test_way_that_must_avoid_the_only_street_does_not_exist(reader):
    ring = [at(70, -5), at(90, -5), at(90, 5), at(70, 5)]
    answer = reader.post(URL, json={"at": at(40), "to": at(120), "avoid": [ring]}).json()
    assert answer["routes"] == []
    assert answer["reasons"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "either at, where the cable begins, or a line"),
        ({"line": [at(0)]}, "a line of one point; expected two or more"),
        ({"at": at(0), "is_disjoint": True, "count": 9}, "9 sources wanted; expected 1 to 8"),
        ({"line": [at(0), at(0)]}, "draw one with an extent"),
        ({"line": [at(0), at(50)], "via": [at(9)]}, "a line is priced as it is"),
        ({"line": [at(0), [2.35, 48.85]]}, "outside the loaded region"),
        ({"line": [at(0), at(4000)] * 10}, "expected at most 50 km"),
        ({"line": [at(0)] * 1001}, "at most 1000 items"),
        ({"at": at(0), "via": [at(9)]}, "via needs an end"),
        ({"at": at(0), "to": at(50), "count": 99}, "less than or equal to 50"),
        ({"at": at(0), "to": at(50), "demand_kva": -1}, "greater than 0"),
        ({"at": [7.9], "to": at(50)}, "/body/at/1: Field required"),
        ({"at": at(0), "to": at(50), "avoid": [[at(0), at(9)]]}, "at least 3 items"),
        ({"at": at(0), "to": at(50), "avoid": [[[-180, -90], at(9), at(5)]]}, "outside the loaded"),
        ({"at": at(0), "to": at(50), "to_bus": "lv/2"}, "either to or to_bus, not both"),
        ({"at": at(0), "to": at(50), "is_disjoint": True}, "choose their own ends"),
    ],
)
def test_bad_question_is_refused_with_what_is_expected(reader, body, told):
    response = reader.post(URL, json=body)
    assert response.status_code == 422
    assert told in response.json()["detail"]


def test_bus_that_is_not_there_is_not_found(reader):
    response = reader.post(URL, json={"at": at(40), "to_bus": "nowhere"})
    assert (response.status_code, "nowhere" in response.json()["detail"]) == (404, True)
