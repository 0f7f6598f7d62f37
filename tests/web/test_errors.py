from __future__ import annotations

import json

import pytest

from api.app import BODY_LIMIT_BYTES
from api.errors import STATUS_OF_ERROR, status_of
from gisplan import errors

ASKED = {"lon": 7.8944, "lat": 48.4554, "kind": "load", "demand_kva": 9}
PROBLEM = "application/problem+json"


def refuse(reader, **changes):
    response = reader.post(
        "/api/v1/options", content=json.dumps({**ASKED, **changes}), headers=JSON
    )
    assert response.headers["content-type"] == PROBLEM
    return response


JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("lat", 91),
        ("lat", -90.5),
        ("lon", 181),
        ("lon", float("nan")),
        ("lat", float("inf")),
        ("demand_kva", float("nan")),
        ("demand_kva", float("-inf")),
        ("demand_kva", 0),
        ("demand_kva", -5),
        ("demand_kva", 1e308),
        ("demand_kva", None),
        ("kind", "castle"),
        ("customer_class", "king"),
        ("importance", "utmost"),
        ("power_factor", 0),
        ("power_factor", 1.01),
        ("phases", 2),
        ("wanted_on", "tomorrow"),
        ("phase", "L4"),
        ("largest_motor_kw", 0),
        ("largest_step_kva", -1),
        ("steps_per_hour", 1e6),
        ("reference", "a\u0000b"),
        ("reference", ""),
        ("existing_bus_id", "x" * 201),
        ("demanded", 1),
    ],
)
def test_field_that_is_wrong_is_named(reader, field, value):
    response = refuse(reader, **{field: value})
    assert response.status_code == 422
    assert [each["pointer"] for each in response.json()["errors"]] == [f"/body/{field}"]


def test_all_wrong_fields_are_named_at_once(reader):
    problem = refuse(reader, lon=200, lat=100, kind="castle", demand_kva=-1).json()
    pointers = {each["pointer"] for each in problem["errors"]}
    assert pointers == {"/body/lon", "/body/lat", "/body/kind", "/body/demand_kva"}
    assert problem["type"] == "urn:gisplan:problem:invalid-request"
    assert (problem["status"], problem["instance"]) == (422, "/api/v1/options")


@pytest.mark.parametrize("body", [b"", b"{", b"[1, 2]", b"null", b'"x"', b"\xff\xfe"])
def test_body_that_is_no_application_is_refused(reader, body):
    response = reader.post("/api/v1/options", content=body, headers=JSON)
    assert (response.status_code, response.headers["content-type"]) == (422, PROBLEM)


def test_body_of_another_media_type_is_refused(reader):
    response = reader.post("/api/v1/options", content=json.dumps(ASKED))
    assert (response.status_code, response.headers["content-type"]) == (422, PROBLEM)


def test_body_declared_too_large_is_refused(reader):
    body = b" " * (BODY_LIMIT_BYTES + 1)
    response = reader.post("/api/v1/options", content=body, headers=JSON)
    assert (response.status_code, response.headers["content-type"]) == (413, PROBLEM)


def test_body_that_grows_too_large_is_refused(reader):
    chunks = (b" " * (1 << 16) for _ in range(BODY_LIMIT_BYTES // (1 << 16) + 1))
    response = reader.post("/api/v1/options", content=chunks, headers=JSON)
    assert response.status_code == 413
    assert response.json()["type"] == "urn:gisplan:problem:body-too-large"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/v1/plans/1", 404),
        ("GET", "/api/v1/plans/1.geojson", 404),
        ("GET", "/api/v1/plans/1.html", 404),
        ("GET", "/api/v1/plans/99999999999999999999", 422),
        ("GET", "/api/v1/plans/0", 422),
        ("GET", "/api/v1/applications/1", 404),
        ("GET", "/api/v1/applications?limit=0", 422),
        ("GET", "/api/v1/elements/bus/none", 404),
        ("GET", "/api/v1/elements/castle/none", 422),
        ("GET", "/api/v1/tiles/line/17/0/0.mvt", 422),
        ("GET", "/api/v1/tiles/line/2/4/0.mvt", 422),
        ("GET", "/api/v1/tiles/grid.line/2/1/0.mvt", 422),
        ("GET", "/api/v1/density.png?cell_m=nan", 422),
        ("GET", "/api/v1/density.tif?weight=height", 422),
        ("DELETE", "/api/v1/options", 405),
    ],
)
def test_request_that_cannot_be_answered_has_problem_details(reader, method, path, status):
    response = reader.request(method, path)
    assert (response.status_code, response.headers["content-type"]) == (status, PROBLEM)
    assert response.json()["status"] == status


INJECTIONS = [
    "T/1' or '1'='1",
    "T/1'; drop table grid.transformer; --",
    "T/1%00",
    "../../etc/passwd",
    "%(element_id)s",
    "<script>alert(1)</script>",
]


@pytest.mark.parametrize("element_id", INJECTIONS)
def test_id_is_a_value_and_never_a_statement(reader, element_id):
    response = reader.get(f"/api/v1/elements/transformer/{element_id}")
    assert response.status_code in {404, 422}
    assert reader.get("/api/v1/elements/transformer/T/1").status_code == 200


@pytest.mark.parametrize("transformer_id", INJECTIONS)
def test_peak_of_an_id_that_is_none_is_refused(reader, transformer_id):
    body = {"peak_kva": 300, "measured_on": "2026-01-14"}
    response = reader.put(f"/api/v1/transformers/{transformer_id}/peaks", json=body)
    assert response.status_code in {404, 405, 422}


def test_defect_tells_nothing_of_itself(reader, monkeypatch):
    def fail(*_):
        raise RuntimeError("secret")

    monkeypatch.setattr("api.routes.grid.get_grid_summary", fail)
    response = reader.get("/api/v1/grid")
    assert (response.status_code, response.headers["content-type"]) == (500, PROBLEM)
    assert "secret" not in response.text


def test_every_own_error_has_a_status():
    own = [each for each in vars(errors).values() if isinstance(each, type)]
    kinds = [each for each in own if issubclass(each, errors.GisplanError)]
    assert all(status_of(kind("x")) >= 400 for kind in kinds)
    assert set(STATUS_OF_ERROR) <= set(kinds)


def test_error_of_a_kind_without_own_row_takes_that_of_its_parent():
    assert status_of(errors.MappingError("x")) == STATUS_OF_ERROR[errors.InputError]
