from __future__ import annotations

import io

import mapbox_vector_tile
import psycopg
import pytest
import rasterio
from PIL import Image

from tests.web.tiny_grid import LAT, LON

ASKED = {"lon": LON, "lat": LAT, "kind": "load", "demand_kva": 9}
TILE = "/api/v1/tiles/line/14/8551/5664.mvt"


def test_service_without_a_grid_lives_and_is_not_ready(empty_client):
    assert empty_client.get("/health/live").status_code == 200
    response = empty_client.get("/health/ready")
    assert response.status_code == 503
    assert "gisplan load" in response.json()["detail"]


def test_service_with_a_grid_is_ready(reader):
    assert reader.get("/health/ready").json() == {"status": "ok", "grid_version": 1}


def test_application_is_created_once_for_a_reference(client):
    first = client.post("/api/v1/applications", json={**ASKED, "reference": "A-1"})
    second = client.post("/api/v1/applications", json={**ASKED, "reference": "A-1", "phases": 3})
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.headers["location"] == second.headers["location"]
    stored = client.get(first.headers["location"]).json()
    assert (stored["application"]["phases"], stored["status"]) == (3, "received")


def test_application_without_reference_is_not_stored(reader):
    assert reader.post("/api/v1/applications", json=ASKED).status_code == 422


@pytest.mark.parametrize("name", ["applied_on", "wanted_on"])
def test_day_that_no_permit_can_be_counted_from_is_refused(reader, name):
    response = reader.post("/api/v1/options", json={**ASKED, name: "9999-12-31"})
    assert response.status_code == 422
    assert f"/body/{name}" in response.json()["detail"]


def test_applications_come_in_pages(client):
    for number in range(3):
        body = {**ASKED, "reference": f"A-{number}", "applied_on": "2026-02-01"}
        client.post("/api/v1/applications", json=body)
    first = client.get("/api/v1/applications?limit=2").json()
    second = client.get(f"/api/v1/applications?limit=2&after={first['next_after']}").json()
    found = [each["application"]["reference"] for each in first["applications"]]
    found += [each["application"]["reference"] for each in second["applications"]]
    assert (found, second["next_after"]) == (["A-0", "A-1", "A-2"], None)


def test_grid_tells_version_extent_and_counts(reader):
    grid = reader.get("/api/v1/grid").json()
    assert (grid["version_id"], grid["bus_count"], grid["warning_count"]) == (1, 4, 2)
    assert grid["west"] < LON - 0.001 < grid["east"]


def test_grid_tells_whose_data_a_table_is(reader):
    grid = reader.get("/api/v1/grid").json()
    assert (grid["source_note"], grid["barrier_count"]) == ("barrier: gas works", 1)
    assert grid["layers"] == {"barrier": {"digest": "d1", "note": "gas works"}}


def test_main_of_others_is_drawn_by_kind_with_its_owner(reader):
    tile = reader.get(TILE.replace("line", "barrier")).content
    (feature,) = mapbox_vector_tile.decode(tile)["barrier"]["features"]
    told = {"barrier_id": "main 7", "barrier_kind": "gas_main", "owner": "gas works"}
    assert feature["properties"] == told
    element = reader.get("/api/v1/elements/barrier/main 7").json()
    assert element["attributes"]["owner"] == "gas works"


def test_element_with_a_slash_in_its_id_is_found(reader):
    element = reader.get("/api/v1/elements/transformer/T/1").json()
    assert element["attributes"]["rated_power_kva"] == 400
    assert element["attributes"]["measured_peak_kva"] is None


def test_measured_peak_is_recorded_and_shown(client):
    body = {"peak_kva": 391.5, "measured_on": "2026-01-14"}
    recorded = client.put("/api/v1/transformers/T/1/peaks", json=body).json()
    assert recorded == {"transformer_id": "T/1", "ledger_sequence": 1, **body}
    shown = client.get("/api/v1/elements/transformer/T/1").json()["attributes"]
    assert (shown["measured_peak_kva"], shown["measured_on"]) == (391.5, "2026-01-14")


def test_tile_holds_what_lies_in_it(reader):
    response = reader.get(TILE)
    assert response.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    (line,) = mapbox_vector_tile.decode(response.content)["line"]["features"]
    assert line["properties"]["line_id"] == "main 1"


def test_tile_of_an_unchanged_version_is_not_sent_again(reader):
    tag = reader.get(TILE).headers["etag"]
    response = reader.get(TILE, headers={"if-none-match": tag})
    assert (response.status_code, response.content) == (304, b"")


def test_tile_of_a_named_version_may_be_kept(reader):
    assert "immutable" in reader.get(f"{TILE}?v=1").headers["cache-control"]
    assert reader.get(f"{TILE}?v=2").headers["cache-control"] == "no-cache"


def test_tile_is_drawn_once_a_version(client, database_url):
    before = client.get(TILE).content
    with psycopg.connect(database_url) as connection:
        connection.execute("delete from grid.line")
    assert client.get(TILE).content == before


def test_tile_of_applications_is_always_new(client):
    address = "/api/v1/tiles/application/14/8551/5664.mvt"
    assert client.get(address).content == b""
    client.post("/api/v1/applications", json={**ASKED, "reference": "A-1"})
    response = client.get(address)
    assert "etag" not in response.headers
    assert mapbox_vector_tile.decode(response.content)["application"]["features"]


def test_without_a_grid_tiles_are_empty(empty_client):
    assert empty_client.get(TILE).content == b""


def test_density_is_a_raster_in_the_working_crs(client):
    for number in range(5):
        place = {"lon": LON + number * 1e-4, "reference": f"A-{number}"}
        client.post("/api/v1/applications", json={**ASKED, **place})
    response = client.get("/api/v1/density.tif?cell_m=10&bandwidth_m=50&weight=count")
    assert response.headers["content-type"].startswith("image/tiff")
    with rasterio.open(io.BytesIO(response.content)) as raster:
        assert raster.crs.to_epsg() == 25832
        # Cells of 10 m are 1e-4 square kilometres; the density adds up to the five applications.
        assert raster.read(1).sum() * 1e-4 == pytest.approx(5, rel=1e-3)


def test_density_is_a_picture_too(client):
    client.post("/api/v1/applications", json={**ASKED, "reference": "A-1"})
    response = client.get("/api/v1/density.png?bandwidth_m=100")
    with Image.open(io.BytesIO(response.content)) as picture:
        assert picture.format == "PNG"


def test_contract_names_every_request(reader):
    paths = set(reader.get("/api/v1/openapi.json").json()["paths"])
    assert paths == {
        "/health/live",
        "/health/ready",
        "/api/v1/applications",
        "/api/v1/applications/{application_id}",
        "/api/v1/options",
        "/api/v1/options/voltage-profile",
        "/api/v1/plans",
        "/api/v1/plans/{plan_id}",
        "/api/v1/plans/{plan_id}.geojson",
        "/api/v1/plans/{plan_id}.html",
        "/api/v1/plans/{plan_id}/options/{rank}/voltage-profile",
        "/api/v1/density.{ending}",
        "/api/v1/density/areas",
        "/api/v1/density/cells.{ending}",
        "/api/v1/density/cells/layer",
        "/api/v1/density/cells/legend",
        "/api/v1/density/cells/tiles/{zoom}/{column}/{row}.mvt",
        "/api/v1/density/corridors.{ending}",
        "/api/v1/density/corridors/layer",
        "/api/v1/density/corridors/legend",
        "/api/v1/density/corridors/tiles/{zoom}/{column}/{row}.mvt",
        "/api/v1/density/layer",
        "/api/v1/density/legend",
        "/api/v1/density/place",
        "/api/v1/density/rules",
        "/api/v1/density/tiles/{zoom}/{column}/{row}.png",
        "/api/v1/hotspots.{ending}",
        "/api/v1/hotspots/layer",
        "/api/v1/hotspots/legend",
        "/api/v1/hotspots/place",
        "/api/v1/hotspots/tiles/{zoom}/{column}/{row}.png",
        "/api/v1/capacity-gap",
        "/api/v1/capacity-gap.{ending}",
        "/api/v1/capacity-gap/layer",
        "/api/v1/capacity-gap/tiles/{zoom}/{column}/{row}.mvt",
        "/api/v1/capacity-gap.geojson",
        "/api/v1/capacity-gap.html",
        "/api/v1/capacity-gap.png",
        "/api/v1/cost-map.geojson",
        "/api/v1/cost-map.html",
        "/api/v1/cost-map.png",
        "/api/v1/cost-map.tif",
        "/api/v1/cost-map/layer",
        "/api/v1/cost-map/layer.png",
        "/api/v1/cost-map/place",
        "/api/v1/route",
        "/api/v1/shared-trench",
        "/api/v1/tiles/{layer}/{zoom}/{column}/{row}.mvt",
        "/api/v1/grid",
        "/api/v1/elements/{kind}/{element_id}",
        "/api/v1/transformers/{transformer_id}/peaks",
        "/api/v1/transformers/{transformer_id}/peaks/{measured_on}",
        "/api/v1/feeders/{line_id}/peaks",
        "/api/v1/feeders/{line_id}/peaks/{measured_on}",
    }


def test_contract_tells_problem_details_for_every_request(reader):
    contract = reader.get("/api/v1/openapi.json").json()
    for path, methods in contract["paths"].items():
        if path.startswith("/api"):
            for method in methods.values():
                assert {"4XX", "5XX"} <= set(method["responses"]), path


def test_large_answer_is_compressed(reader):
    response = reader.get("/api/v1/openapi.json", headers={"accept-encoding": "gzip"})
    assert response.headers["content-encoding"] == "gzip"


def test_answers_keep_the_browser_at_home(reader):
    policy = reader.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "://" not in policy


def test_docs_are_served_from_here(reader):
    page = reader.get("/docs")
    assert page.status_code == 200
    assert "://" not in page.text


def test_peak_recorded_by_mistake_is_removed(client):
    body = {"peak_kva": 391.5, "measured_on": "2026-01-14"}
    client.put("/api/v1/transformers/T/1/peaks", json=body)
    removed = client.delete("/api/v1/transformers/T/1/peaks/2026-01-14")
    again = client.delete("/api/v1/transformers/T/1/peaks/2026-01-14")
    shown = client.get("/api/v1/elements/transformer/T/1").json()["attributes"]
    assert (removed.status_code, again.status_code) == (204, 404)
    assert shown["measured_peak_kva"] is None


@pytest.fixture
def feeder(client, database_url):
    """The tiny grid with a source, where the main is the first line of a feeder."""
    with psycopg.connect(database_url) as connection:
        connection.execute("update grid.version set fingerprint = 'tiny grid with a source'")
        connection.execute(
            "insert into grid.source (version_id, source_id, bus_id, voltage_pu)"
            " select version_id, 'S', 'lv/1', 1.0 from grid.version"
        )
    return client


def test_peak_of_a_feeder_is_recorded_shown_and_removed(feeder):
    body = {"peak_kva": 91.5, "measured_on": "2026-01-14"}
    recorded = feeder.put("/api/v1/feeders/main 1/peaks", json=body).json()
    assert recorded == {"line_id": "main 1", "ledger_sequence": 1, **body}
    shown = feeder.get("/api/v1/elements/line/main 1").json()["attributes"]
    assert (shown["measured_peak_kva"], shown["measured_on"]) == (91.5, "2026-01-14")
    removed = feeder.delete("/api/v1/feeders/main 1/peaks/2026-01-14")
    again = feeder.delete("/api/v1/feeders/main 1/peaks/2026-01-14")
    assert (removed.status_code, again.status_code) == (204, 404)


def test_peak_of_a_line_within_a_feeder_is_refused_and_the_head_is_named(feeder):
    body = {"peak_kva": 91.5, "measured_on": "2026-01-14"}
    response = feeder.put("/api/v1/feeders/service 1/peaks", json=body)
    assert response.status_code == 422
    assert "its feeder begins with line main 1" in response.json()["detail"]


def test_peak_of_a_line_that_is_not_there_is_refused(feeder):
    body = {"peak_kva": 91.5, "measured_on": "2026-01-14"}
    assert feeder.put("/api/v1/feeders/main 9/peaks", json=body).status_code == 404


def test_peak_where_no_feeder_is_supplied_is_refused(client):
    body = {"peak_kva": 91.5, "measured_on": "2026-01-14"}
    response = client.put("/api/v1/feeders/main 1/peaks", json=body)
    assert response.status_code == 422
    assert "is not where a feeder begins" in response.json()["detail"]


def test_what_disturbs_others_is_stored(client):
    disturbance = {"largest_motor_kw": 7.5, "largest_step_kva": 20, "steps_per_hour": 12}
    body = {**ASKED, **disturbance, "phase": "L2", "reference": "A-1"}
    stored = client.post("/api/v1/applications", json=body).json()["application"]
    assert {name: stored[name] for name in disturbance} == disturbance
    assert stored["phase"] == "L2"


@pytest.mark.parametrize(
    "body",
    [{"peak_kva": 1, "measured_on": "2999-01-01"}, {"peak_kva": 0, "measured_on": "2026-01-14"}],
)
def test_peak_of_the_future_or_of_nothing_is_refused(client, body):
    assert client.put("/api/v1/transformers/T/1/peaks", json=body).status_code in {400, 422}


def test_charger_counts_as_one_unless_its_class_is_given(client):
    body = {"lon": 7.8, "lat": 48.4, "kind": "ev", "demand_kva": 11}
    stored = client.post("/api/v1/applications", json={**body, "reference": "EV-1"}).json()
    assert stored["application"]["customer_class"] == "ev_charging"
