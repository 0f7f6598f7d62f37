from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gisplan.errors import InputError
from gisplan.export.plan_document import plan_from_json, plan_to_geojson, plan_to_json
from tests.plans import (
    CABINET,
    SITE,
    example_option,
    example_plan,
    plan_with_sources,
    refused_plan,
)


@pytest.mark.parametrize("plan", [example_plan(), refused_plan()])
def test_plan_comes_back_as_it_was(plan):
    assert plan_from_json(plan_to_json(plan)) == plan


def test_same_plan_is_the_same_bytes():
    option = example_option()
    whole_numbers = replace(option, route=replace(option.route, length_m=110))
    assert plan_to_json(example_plan(whole_numbers)) == plan_to_json(example_plan(option))


def test_fields_stand_in_the_order_of_the_model():
    document = json.loads(plan_to_json(example_plan()))
    assert list(document)[:4] == ["application", "feasible", "supply_voltage_v", "sources_required"]
    assert list(document["options"][0])[:3] == ["rank", "feasible", "access_point"]


def test_order_of_keys_in_a_document_does_not_matter():
    document = json.loads(plan_to_json(example_plan()))
    turned = json.dumps(dict(reversed(document.items()))).encode()
    assert plan_from_json(turned) == example_plan()


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_non_finite_number_is_refused_by_its_place(wrong):
    option = example_option()
    broken = replace(option, cost=replace(option.cost, total=wrong))
    with pytest.raises(InputError, match=r"plan\.options\[0\]\.cost\.total is"):
        plan_to_json(example_plan(broken))


def test_nan_in_a_document_is_refused():
    document = plan_to_json(example_plan()).replace(b'"gap": null', b'"gap": NaN')
    with pytest.raises(InputError, match=r"plan\.options\[2\]\.gap is nan"):
        plan_from_json(document)


def test_document_that_is_no_plan_is_refused_with_the_first_places():
    with pytest.raises(InputError, match=r"application: Field required.*and \d more"):
        plan_from_json(b"{}")


def test_text_that_is_no_json_is_refused():
    with pytest.raises(InputError, match="no plan document"):
        plan_from_json(b"plan")


def features(plan):
    return json.loads(plan_to_geojson(plan))["features"]


def test_geojson_holds_site_then_access_point_and_route_of_each_option():
    roles = [feature["properties"]["role"] for feature in features(example_plan())]
    assert roles == ["site", *["access_point", "route"] * 3]


def test_geojson_routes_run_from_the_site_in_lon_lat():
    route = features(example_plan())[2]
    assert route["geometry"]["type"] == "MultiLineString"
    assert route["geometry"]["coordinates"][0][0] == list(SITE)
    assert route["geometry"]["coordinates"][-1][-1] == list(CABINET)


def test_geojson_routes_carry_rank_cost_and_feasibility():
    figures = [
        (f["properties"]["rank"], f["properties"]["cost_total"], f["properties"]["feasible"])
        for f in features(example_plan())
        if f["properties"]["role"] == "route"
    ]
    assert figures == [(1, 16_250.0, True), (2, 26_900.0, True), (3, 16_250.0, False)]


def test_geojson_says_what_forbids_an_option_and_what_to_survey():
    access_points = [
        f for f in features(example_plan()) if f["properties"]["role"] == "access_point"
    ]
    assert (
        access_points[2]["properties"]["violations"] == "transformer T_idx_35 would be overloaded"
    )
    assert "look into the cabinet" in access_points[0]["properties"]["to_survey"]
    assert access_points[0]["properties"]["violations"] is None
    assert access_points[1]["properties"]["remedies"] == "lower the tap by one"


def test_existing_service_has_an_empty_route():
    assert features(example_plan())[-1]["geometry"]["coordinates"] == []


def test_sources_are_features_behind_the_options() -> None:
    features = json.loads(plan_to_geojson(plan_with_sources()))["features"]
    sources = [one["properties"] for one in features if "supplied_by" in one["properties"]]
    roles = [one["role"] for one in sources]
    assert roles == ["source_access_point", "source_route"] * 2
    assert [one["supplied_by"] for one in sources[::2]] == ["mv/1 <b>", "mv/2"]
