"""Plans through the API on the sample town: real planner, real database."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from gisplan.store.applications import read_reservations
from gisplan.store.connection import connect

HOUSE = {"lon": 7.8793381, "lat": 48.4596464}
HEAT_PUMP = {**HOUSE, "kind": "load", "demand_kva": 9, "customer_class": "heat_pump"}


def count_rows(url: str, table: str) -> int:
    # The table names are those of the lines below, never input.
    with connect(url) as connection:
        return connection.execute(f"select count(*) from planning.{table}").fetchall()[0][0]


def test_what_if_gives_ranked_options_and_stores_nothing(sample, module_database):
    before = count_rows(module_database, "plan"), count_rows(module_database, "application")
    plan = sample.post("/api/v1/options", json=HEAT_PUMP).json()
    assert plan["feasible"]
    assert [option["rank"] for option in plan["options"]] == list(
        range(1, len(plan["options"]) + 1)
    )
    after = count_rows(module_database, "plan"), count_rows(module_database, "application")
    assert after == before


def test_same_question_has_the_same_bytes_for_an_answer(sample):
    first, second = (sample.post("/api/v1/options", json=HEAT_PUMP).content for _ in range(2))
    assert first == second


def test_place_outside_the_region_is_refused_with_the_reason(sample):
    response = sample.post("/api/v1/options", json={**HEAT_PUMP, "lon": 2.35, "lat": 48.85})
    assert response.status_code == 422
    assert response.json()["type"] == "urn:gisplan:problem:outside-area"


@pytest.mark.parametrize("length", [float("nan"), -5.0])
def test_voltage_profile_along_a_length_that_is_none_is_refused(sample, length):
    plan = sample.post("/api/v1/options", json=HEAT_PUMP).json()
    option = next(one for one in plan["options"] if one["conductor"])
    option["route"]["length_m"] = length
    asked = json.dumps({"application": HEAT_PUMP, "option": option})
    response = sample.post("/api/v1/options/voltage-profile", content=asked)
    assert response.status_code == 422, response.text


def test_stored_plan_is_what_was_answered(sample):
    created = sample.post("/api/v1/plans", json={**HEAT_PUMP, "reference": "P-1"})
    assert created.status_code == 201
    assert sample.get(created.headers["location"]).json() == created.json()


def test_plan_that_is_not_to_reserve_holds_nothing(sample, module_database):
    sample.post("/api/v1/plans", json={**HEAT_PUMP, "reference": "P-2"})
    with connect(module_database) as connection:
        held = read_reservations(connection).reservations
    assert all(each.reference != "P-2" for each in held)


def test_plan_that_reserves_is_seen_by_the_next(sample):
    before = sample.post("/api/v1/options", json=HEAT_PUMP).json()["provenance"]
    body = {**HEAT_PUMP, "reference": "P-3", "reserve": True}
    record = sample.post("/api/v1/plans", json=body).json()
    after = sample.post("/api/v1/options", json=HEAT_PUMP).json()["provenance"]
    assert after["ledger_sequence"] == before["ledger_sequence"] + 1
    application = sample.get(f"/api/v1/applications/{record['application_id']}").json()
    assert application["status"] == "accepted"


def profile_of(sample, application, option):
    body = {"application": application, "option": option}
    response = sample.post("/api/v1/options/voltage-profile", json=body)
    assert response.status_code == 200, response.text
    return response.json()


def test_voltage_profile_of_an_option_ends_at_what_the_option_says(sample):
    for option in sample.post("/api/v1/options", json=HEAT_PUMP).json()["options"]:
        (profile,) = profile_of(sample, HEAT_PUMP, option)["profiles"]
        first, last = profile["points"][0], profile["points"][-1]
        assert (first["part"], first["distance_m"]) == ("set_point", 0)
        assert first["nominal_voltage_v"] == 110_000
        assert abs(last["voltage_pu"] - option["electrical"]["voltage_at_customer_pu"]) < 2e-6


def test_voltage_profile_of_another_grid_is_refused_by_element(sample):
    option = sample.post("/api/v1/options", json=HEAT_PUMP).json()["options"][0]
    option["access_point"]["element_id"] = "elsewhere"
    body = {"application": HEAT_PUMP, "option": option}
    response = sample.post("/api/v1/options/voltage-profile", json=body)
    assert response.status_code == 404
    assert "elsewhere" in response.json()["detail"]


def test_stored_plan_has_voltage_profiles_that_leave_out_its_own_promise(sample):
    asked = {**HEAT_PUMP, "demand_kva": 25}
    record = sample.post("/api/v1/plans", json={**asked, "reference": "V-1", "reserve": True})
    plan = record.json()["plan"]
    address = f"{record.headers['location']}/options/1/voltage-profile"
    (profile,) = sample.get(address).json()["profiles"]
    expected = plan["options"][0]["electrical"]["voltage_at_customer_pu"]
    assert abs(profile["points"][-1]["voltage_pu"] - expected) < 2e-6
    assert sample.get(address.replace("/1/voltage", "/99/voltage")).status_code == 404


def test_several_at_once_are_all_answered(sample):
    def plan(number: int) -> int:
        body = {**HEAT_PUMP, "reference": f"C-{number}"}
        return sample.post("/api/v1/plans", json=body).status_code

    with ThreadPoolExecutor(12) as crowd:
        assert set(crowd.map(plan, range(24))) == {201}


def test_plan_comes_as_geojson(sample):
    record = sample.post("/api/v1/plans", json={**HEAT_PUMP, "reference": "P-4"}).json()
    response = sample.get(f"/api/v1/plans/{record['plan_id']}.geojson")
    assert response.headers["content-type"] == "application/geo+json"
    site = response.json()["features"][0]
    assert site["geometry"]["coordinates"] == [HOUSE["lon"], HOUSE["lat"]]


def test_plan_comes_as_one_file_that_may_load_nothing(sample):
    record = sample.post("/api/v1/plans", json={**HEAT_PUMP, "reference": "P-5"}).json()
    response = sample.get(f"/api/v1/plans/{record['plan_id']}.html")
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-scripts" in policy
    assert "<script src=" not in response.text


def test_plan_of_a_retired_version_is_drawn_without_the_grid(sample, module_database):
    record = sample.post("/api/v1/plans", json={**HEAT_PUMP, "reference": "P-6"}).json()
    address = f"/api/v1/plans/{record['plan_id']}.html"
    with_grid = len(sample.get(address).text)
    document = "jsonb_set(document, '{provenance,grid_version}', '99')"
    with connect(module_database) as connection:
        connection.execute(f"update planning.plan set document = {document}")
    assert len(sample.get(address).text) < with_grid


def test_measured_peak_changes_what_is_answered(sample):
    def loading() -> float:
        plan = sample.post("/api/v1/options", json=HEAT_PUMP).json()
        transformer = plan["options"][0]["electrical"]["transformer"]
        body = {"peak_kva": peak_kva, "measured_on": day}
        sample.put(f"/api/v1/transformers/{transformer}/peaks", json=body).raise_for_status()
        after = sample.post("/api/v1/options", json=HEAT_PUMP).json()
        return after["options"][0]["electrical"]["voltage_at_customer_pu"]

    peak_kva, day = 50, "2026-01-14"
    low = loading()
    peak_kva, day = 390, "2026-01-15"
    assert loading() < low
