"""The command that proposes cable paths, on the sample region."""

from __future__ import annotations

import json
from pathlib import Path

import ezdxf
import geopandas
import pytest
import shapely

from maps.offline import find_loaded_addresses
from tests.integration.conftest import Run

SITE = "7.8793,48.4596"
PLACE = "7.8850,48.4620"


@pytest.fixture(autouse=True)
def _on_the_sample(sample_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", sample_url)
    monkeypatch.setenv("COLUMNS", "200")


def asked(gisplan: Run, *words: object) -> dict[str, object]:
    status, out, err = gisplan("route", "--at", SITE, *words, "--json")
    assert (status, err) == (0, "")
    document: dict[str, object] = json.loads(out)
    return document


def total(document: dict[str, object], rank: int = 0) -> float:
    routes = document["routes"]
    assert isinstance(routes, list)
    return float(routes[rank]["cost"]["total"])


def test_nearest_access_points_come_in_order_of_cost(gisplan: Run) -> None:
    document = asked(gisplan, "--k", 4)
    costs = [total(document, rank) for rank in range(4)]
    assert costs == sorted(costs)
    assert document["is_judged"] is False


def test_two_sources_share_no_trench(gisplan: Run) -> None:
    document = asked(gisplan, "--demand-kva", 630, "--disjoint", 2)
    assert len({route["source_group"] for route in document["routes"]}) == 2
    assert document["shared_length_m"] == 0
    assert document["total_cost"] == pytest.approx(total(document) + total(document, 1))
    assert 0 <= document["gap"] < 0.1


def test_correction_never_cheapens(gisplan: Run, tmp_path: Path) -> None:
    free = asked(gisplan, "--to", PLACE)
    via = asked(gisplan, "--to", PLACE, "--via", "7.8820,48.4600")
    assert total(via) >= total(free)
    line = shapely.LineString(free["routes"][0]["route"]["segments"][1]["coordinates"])
    area = tmp_path / "avoid.geojson"
    middle = line.interpolate(0.5, normalized=True).buffer(0.0002)
    geopandas.GeoDataFrame(geometry=[middle], crs=4326).to_file(area)
    avoiding = asked(gisplan, "--to", PLACE, "--avoid", area)
    if avoiding["routes"]:
        assert total(avoiding) >= total(free)
    else:
        assert avoiding["reasons"]


def test_alternatives_differ_and_the_cheapest_comes_first(gisplan: Run) -> None:
    document = asked(gisplan, "--to", PLACE, "--k", 3)
    routes = document["routes"]
    costs = [total(document, rank) for rank in range(len(routes))]
    assert costs == sorted(costs)
    assert costs[0] == pytest.approx(total(asked(gisplan, "--to", PLACE)), abs=0.05)
    for route in routes:
        assert route["shared_length_m"] <= 0.5 * route["route"]["length_m"] + 1
    assert len(routes) == 3 or document["reasons"]


def test_way_to_a_bus_ends_there(gisplan: Run) -> None:
    document = asked(gisplan, "--to-bus", "mv/119")
    (route,) = document["routes"]
    assert route["access_point"] is None
    assert route["route"]["length_m"] >= route["route"]["straight_line_m"] - 0.01


@pytest.mark.parametrize("ending", ["html", "json", "geojson", "gpkg", "dxf"])
def test_ending_says_how_routes_are_written(gisplan: Run, tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"routes.{ending}"
    asked(gisplan, "--k", 2, "--out", file)
    if ending == "dxf":
        drawing = ezdxf.readfile(file)
        layers = {entity.dxf.layer for entity in drawing.modelspace()}
        assert layers == {"ROUTE_1", "ROUTE_2", "SITE", "ACCESS_POINT"}
    elif ending == "gpkg":
        assert len(geopandas.read_file(file, layer="route")) == 2
        assert len(geopandas.read_file(file, layer="route_segment")) >= 2
    elif ending == "html":
        page = file.read_text()
        assert "Routes" in page
        assert find_loaded_addresses(page) == ()
    else:
        assert json.loads(file.read_text())


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--at", "here"), "expected longitude and latitude"),
        (("--at", "nan,48"), "expected degrees"),
        (("--at", SITE, "--demand-kva", "nan"), "demand is nan kVA"),
        (("--at", SITE, "--demand-kva", "0"), "expected more than 0"),
        (("--at", SITE, "--k", "0"), "expected 1 to 50"),
        (("--at", SITE, "--k", "3", "--disjoint", "2"), "give one of them"),
        (("--at", SITE, "--to", PLACE, "--to-bus", "mv/1"), "not both"),
        (("--at", SITE, "--via", PLACE), "give no --k"),
        (("--at", SITE, "--via", PLACE, "--k", "1"), "needs --to"),
        (("--at", SITE, "--disjoint", "2", "--to", PLACE), "choose their own ends"),
        (("--at", SITE, "--to-bus", "nowhere"), "is not in grid version"),
        (("--at", SITE, "--avoid", "nothing.geojson"), "is not there"),
        ((), "give either --at"),
        (("--at", SITE, "--line", "nothing.gpkg"), "is not there"),
        (("--at", SITE, "--out", "routes.docx"), "expected one of"),
        (("--at", "48.4596,7.8793"), "outside the loaded region"),
        (("--at", SITE, "--to", "2.35,48.85"), "outside the loaded region"),
        (("--at", SITE, "--to", PLACE, "--via", "2.35,48.85"), "outside the loaded region"),
    ],
)
def test_what_cannot_be_asked_is_refused(gisplan: Run, words: tuple[str, ...], text: str) -> None:
    status, _, err = gisplan("route", *words)
    assert status != 0
    assert text in err


@pytest.mark.parametrize("place", [PLACE, "7.8880,48.4560", "7.8760,48.4580"])
@pytest.mark.parametrize("ends", ["with its connectors", "along corridors"])
def test_route_drawn_again_costs_the_same(
    gisplan: Run, tmp_path: Path, place: str, ends: str
) -> None:
    proposed = asked(gisplan, "--to", place)
    segments = [
        segment
        for segment in proposed["routes"][0]["route"]["segments"]
        if ends == "with its connectors" or segment["corridor"] != "connector"
    ]
    vertices = [place for segment in segments for place in segment["coordinates"]]
    file = tmp_path / "drawn.geojson"
    line = shapely.remove_repeated_points(shapely.LineString(vertices), 1e-8)
    geopandas.GeoDataFrame(geometry=[line], crs=4326).to_file(file)
    status, out, err = gisplan("route", "--line", file, "--json")
    assert (status, err) == (0, "")
    (drawn,) = json.loads(out)["routes"]
    own = sum(segment["cost"] for segment in segments)
    # degrees are rounded to a centimetre
    assert sum(s["cost"] for s in drawn["route"]["segments"]) == pytest.approx(own, abs=2.0)
    severities = {finding["severity"] for finding in drawn["findings"]}
    assert "violation" not in severities


def test_line_through_a_house_is_told_so(gisplan: Run, tmp_path: Path) -> None:
    file = tmp_path / "drawn.geojson"
    line = shapely.LineString([(7.8780, 48.4590), (7.8830, 48.4600)])
    geopandas.GeoDataFrame(geometry=[line], crs=4326).to_file(file)
    status, out, _ = gisplan("route", "--line", file, "--json")
    assert status == 0
    findings = json.loads(out)["routes"][0]["findings"]
    violated = {one["rule"] for one in findings if one["severity"] == "violation"}
    assert violated == {"route.forbidden_area"}


def test_both_ends_the_same_are_told(gisplan: Run) -> None:
    document = asked(gisplan, "--to", SITE)
    assert document["routes"] == []
    assert document["reasons"] == ["both ends are the same place: no cable is needed"]


def area_file(folder: Path, area: shapely.Polygon) -> Path:
    file = folder / "areas.geojson"
    geopandas.GeoDataFrame({"surface": ["verge"]}, geometry=[area], crs=4326).to_file(file)
    return file


@pytest.mark.parametrize("option", ["--avoid", "--terrain"])
def test_areas_of_another_country_are_refused(gisplan: Run, tmp_path: Path, option: str) -> None:
    file = area_file(tmp_path, shapely.box(2.35, 48.85, 2.36, 48.86))
    status, _, err = gisplan("route", "--at", SITE, option, file)
    assert status != 0
    assert "all areas lie outside the loaded region" in err


def test_line_out_of_the_region_is_refused(gisplan: Run, tmp_path: Path) -> None:
    file = tmp_path / "drawn.geojson"
    line = shapely.LineString([(7.8780, 48.4590), (2.35, 48.85)])
    geopandas.GeoDataFrame(geometry=[line], crs=4326).to_file(file)
    status, _, err = gisplan("route", "--line", file)
    assert status != 0
    assert "outside the loaded region" in err


@pytest.mark.parametrize(
    "words", [("--k", "2"), ("--to", PLACE), ("--to", PLACE, "--k", "2"), ("--disjoint", "2")]
)
def test_unreached_site_is_told_why_and_where_it_could_be(
    gisplan: Run, words: tuple[str, ...]
) -> None:
    status, out, err = gisplan("route", "--at", "7.95,48.50", *words, "--json")
    assert (status, err) == (0, "")
    document = json.loads(out)
    assert document["routes"] == []
    assert "the nearest is 6003 m away" in document["reasons"][0]
    assert "The nearest place that can be connected is" in document["reasons"][0]


@pytest.mark.parametrize("option", ["--avoid", "--terrain"])
def test_area_that_crosses_itself_counts(gisplan: Run, tmp_path: Path, option: str) -> None:
    # both halves of the bow are as large, so its signed area is nothing
    bow = shapely.Polygon([(7.880, 48.462), (7.890, 48.468), (7.890, 48.462), (7.880, 48.468)])
    status, out, err = gisplan(
        "route", "--at", SITE, option, area_file(tmp_path, bow), "--k", "1", "--json"
    )
    assert (status, err) == (0, "")
    assert json.loads(out)["routes"]
