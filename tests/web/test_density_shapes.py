"""Density in cells and along corridors through the API: polygons sent, tiles, refusals."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import geopandas
import httpx
import mapbox_vector_tile
import pytest
import shapely
from PIL import Image

from gisplan.settings import Settings
from gisplan.store.connection import connect
from maps.offline import CONTENT_POLICY
from tests.integration.test_density import insert
from tests.web.conftest import open_client
from tests.web.test_density import events_of, tile_of
from tests.web.tiny_grid import LAT, LON, insert_tiny_grid

URL = "/api/v1/density"
WEST_HALF, EAST_HALF = (LON - 0.02, LON + 0.002), (LON + 0.002, LON + 0.02)


@pytest.fixture(scope="module")
def town(settings: Settings, module_database: str) -> Iterator[httpx.Client]:
    """A client of a service with the tiny grid and sixty applications."""
    insert_tiny_grid(module_database)
    with connect(module_database) as connection:
        insert(connection, 1, 60, lon=LON - 0.003)
    with open_client(settings, module_database) as client:
        yield client


def box(west: float, east: float) -> dict:
    return shapely.box(west, LAT - 0.01, east, LAT + 0.01).__geo_interface__


def collection(*geometries: dict | None, **more: object) -> dict:
    features = [
        {"type": "Feature", "properties": {"Name": f"part {row}"}, "geometry": geometry}
        for row, geometry in enumerate(geometries)
    ]
    return {"type": "FeatureCollection", "features": features, **more}


HALVES = collection(box(*WEST_HALF), box(*EAST_HALF))


def mvt(lon: float, lat: float, zoom: int = 14) -> str:
    return tile_of(lon, lat, zoom).replace(".png", ".mvt")


def features_in(client: httpx.Client, path: str, named: str, **asked: object) -> list[dict]:
    answer = client.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    found = mapbox_vector_tile.decode(answer.content)
    return found[named]["features"] if named in found else []


@pytest.mark.parametrize(
    ("ending", "media_type", "start"),
    [
        ("gpkg", "application/geopackage+sqlite3", b"SQLite"),
        ("geojson", "application/geo+json", b"{"),
        ("fgb", "application/flatgeobuf", b"fgb"),
        ("csv", "text/csv; charset=utf-8", b"cell,"),
        ("png", "image/png", b"\x89PNG"),
        ("html", "text/html; charset=utf-8", b"<!DOCTYPE html>"),
    ],
)
def test_polygons_that_are_sent_are_summed_in_every_form(town, ending, media_type, start):
    answer = town.post(f"{URL}/cells.{ending}", json=HALVES, params={"weight": "count"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == media_type
    assert answer.content.lstrip().startswith(start)


def sums(answer: httpx.Response) -> dict[str, int]:
    assert answer.status_code == 200, answer.text
    rows = [one["properties"] for one in answer.json()["features"]]
    return {one["cell"]: one["count"] for one in rows}


def test_every_application_lies_in_the_polygon_around_it(town):
    found = sums(town.post(f"{URL}/cells.geojson", json=HALVES))
    assert sorted(found) == ["part 0", "part 1"]
    assert sum(found.values()) == 60
    assert min(found.values()) > 0


@pytest.mark.parametrize("ending", ["gpkg", "fgb", "geojson"])
@pytest.mark.parametrize("epsg", [4326, 25832])
def test_file_of_any_crs_gives_the_same_sums(town, tmp_path: Path, ending, epsg):
    expected = sums(town.post(f"{URL}/cells.geojson", json=HALVES))
    frame = geopandas.GeoDataFrame.from_features(HALVES, crs=4326).to_crs(epsg)
    path = tmp_path / f"areas.{ending}"
    frame.to_file(path, engine="pyogrio")
    content = path.read_bytes()
    assert sums(town.post(f"{URL}/cells.geojson", content=content)) == expected


def test_polygons_that_are_kept_have_files_and_tiles(town):
    kept = town.post(f"{URL}/areas", json=HALVES).json()
    assert kept["count"] == 2
    assert (
        sum(sums(town.get(f"{URL}/cells.geojson", params={"areas": kept["areas"]})).values()) == 60
    )
    path = f"{URL}/cells/tiles/{mvt(LON, LAT)}"
    shown = features_in(town, path, "cell", areas=kept["areas"], weight="count")
    assert {one["properties"]["cell"] for one in shown} == {"part 0", "part 1"}


def test_polygons_that_are_not_kept_are_asked_for_again(town):
    answer = town.get(f"{URL}/cells.csv", params={"areas": "0" * 64})
    assert answer.status_code == 404
    assert "send them again" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("cells", "asked"),
    [("square", {"cell_m": 100}), ("hexagon", {"cell_m": 100}), ("h3", {"h3_resolution": 10})],
)
def test_tiles_hold_the_cells_with_figures_class_and_colour(town, cells, asked):
    question = {"cells": cells, "asking": 3, **asked}
    legend = town.get(f"{URL}/cells/legend", params=question).json()
    colours = {one["colour"] for one in legend["classes"]}
    shown = features_in(town, f"{URL}/cells/tiles/{mvt(LON, LAT)}", "cell", **question)
    whole = town.get(f"{URL}/cells.geojson", params=question).json()["features"]
    assert 0 < len(shown) <= len(whole)
    by_name = {one["properties"]["cell"]: one["properties"] for one in whole}
    for one in shown:
        properties = one["properties"]
        assert properties["colour"] in colours
        assert properties["class"] > 0
        assert properties["count"] == by_name[properties["cell"]]["count"]
    assert features_in(town, f"{URL}/cells/tiles/{mvt(2.0, 41.0)}", "cell", **question) == []


def test_cells_too_small_for_a_tile_are_left_out_of_it(town):
    assert features_in(town, f"{URL}/cells/tiles/0/0/0.mvt", "cell", cell_m=100) == []


@pytest.mark.parametrize("product", ["cells", "corridors"])
def test_layer_tells_its_progress_and_ends_with_the_legend(town, product):
    *steps, (last, legend) = events_of(town, f"{URL}/{product}/layer", asking=5)
    assert {name for name, _ in steps} == {"progress"}
    assert last == "done"
    assert legend == town.get(f"{URL}/{product}/legend", params={"asking": 5}).json()
    assert legend["classes"][-1]["text"] == "no data"


def test_layer_without_data_is_grey(town):
    asked = {"layer": "generation", "weight": "count"}
    answer = town.post(f"{URL}/cells.geojson", json=HALVES, params=asked).json()
    assert [one["properties"]["density_per_km2"] for one in answer["features"]] == [None, None]
    kept = town.post(f"{URL}/areas", json=HALVES).json()["areas"]
    path = f"{URL}/cells/tiles/{mvt(LON, LAT)}"
    shown = features_in(town, path, "cell", areas=kept, **asked)
    assert {one["properties"]["colour"] for one in shown} == {"#bdbdbd"}
    along = features_in(town, f"{URL}/corridors/tiles/{mvt(LON, LAT)}", "corridor", **asked)
    assert {one["properties"]["class"] for one in along} == {0}


@pytest.mark.parametrize(
    ("ending", "media_type", "start"),
    [
        ("gpkg", "application/geopackage+sqlite3", b"SQLite"),
        ("geojson", "application/geo+json", b"{"),
        ("fgb", "application/flatgeobuf", b"fgb"),
        ("csv", "text/csv; charset=utf-8", b"element_kind,"),
        ("json", "application/json", b"{"),
        ("png", "image/png", b"\x89PNG"),
        ("html", "text/html; charset=utf-8", b"<!DOCTYPE html>"),
    ],
)
def test_corridors_have_the_form_that_is_asked_for(town, ending, media_type, start):
    answer = town.get(f"{URL}/corridors.{ending}", params={"weight": "count"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == media_type
    assert answer.content.lstrip().startswith(start)
    if ending == "html":
        assert answer.headers["content-security-policy"] == CONTENT_POLICY


def test_tiles_of_corridors_hold_their_pieces(town):
    path = f"{URL}/corridors/tiles/{mvt(LON, LAT)}"
    shown = features_in(town, path, "corridor", weight="count")
    assert shown
    assert all(one["properties"]["density_per_km"] >= 0 for one in shown)
    assert max(one["properties"]["class"] for one in shown) > 1


def test_picture_is_another_one_in_chinese(town):
    pictures = [
        town.get(f"{URL}/cells.png", params={"language": one}).content for one in ("en", "zh")
    ]
    assert pictures[0] != pictures[1]
    with Image.open(io.BytesIO(pictures[1])) as picture:
        assert picture.format == "PNG"


DEEP = "[" * 100_000
BOW_TIE = {
    "type": "Polygon",
    "coordinates": [[[8, 48], [8.1, 48.1], [8.1, 48], [8, 48.1], [8, 48]]],
}
LINE = {"type": "LineString", "coordinates": [[8, 48], [8.1, 48.1]]}
HUGE = {"type": "Polygon", "coordinates": [[[0, 0], [1e308, 0], [1, 1e308], [0, 0]]]}
FLAT = {"type": "Polygon", "coordinates": [[[8, 48], [8, 48], [8, 48], [8, 48]]]}
NAMED = {"type": "name", "properties": {"name": "EPSG:999999"}}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "FeatureCollection"),
        (b"\xff\xfe", "FeatureCollection"),
        (b"[1, 2]", "no JSON object"),
        (b'{"type": "FeatureCollection", "features": 5}', "expected a GeoJSON"),
        (b'{"type": "FeatureCollection", "features": []}', "0 areas"),
        (b'{"type": "FeatureCollection", "features": [7]}', "feature 1 is no Feature"),
        (b"<OGRVRTDataSource><SrcDataSource>/etc/passwd", "FeatureCollection"),
        (b'{"type": "gdal_streamed_alg", "command_line": "gdal vector"}', "gdal_streamed_alg"),
        (f'{{"type": "FeatureCollection", "features": {DEEP}'.encode(), "too deeply"),
        (json.dumps(collection(None)).encode(), "feature 1 is nothing"),
        (json.dumps(collection(LINE)).encode(), "feature 1 is LineString"),
        (json.dumps(collection(BOW_TIE)).encode(), "Self-intersection"),
        (json.dumps(collection(FLAT)).encode(), "feature 1 is broken"),
        (json.dumps(collection(HUGE)).encode(), "outside"),
        (json.dumps(collection(box(*WEST_HALF), crs=NAMED)).encode(), "CRS 'EPSG:999999'"),
        (json.dumps(collection(box(*WEST_HALF), crs="EPSG:4326")).encode(), "the CRS"),
        (json.dumps(collection(box(-70.0, -60.0))).encode(), "outside the area"),
        (json.dumps(HALVES).replace("48.", "NaN, 48.", 1).encode(), "number NaN"),
        (b"SQLite format 3\x00" + bytes(4000), "no GeoPackage"),
        (b"fgb\x03fgb\x00" + bytes(400), "cannot be read"),
    ],
)
def test_what_is_sent_and_cannot_be_used_is_refused_with_the_reason(town, content, told):
    answer = town.post(f"{URL}/cells.geojson", content=content)
    assert answer.status_code == 422, answer.text
    assert told in answer.json()["detail"]


def test_more_than_may_be_sent_is_refused(town):
    answer = town.post(f"{URL}/areas", content=b" " * ((16 << 20) + 1))
    assert answer.status_code == 413
    assert town.post("/api/v1/options", content=b" " * ((1 << 20) + 1)).status_code == 413


@pytest.mark.parametrize(
    "question",
    [
        "cells.tif",
        "cells.csv?areas=short",
        "cells.png?language=fr",
        "cells.png?cell_m=0.001",
        "cells/tiles/99/0/0.mvt",
        "cells/tiles/3/9/0.mvt",
        "cells/legend?cells=given",
        "corridors.tif",
        "corridors.csv?bandwidth_m=nan",
        "corridors.csv?piece_m=0.001",
        "corridors.csv?bandwidth_m=10",
        "corridors.csv?reach_m=-1",
        "corridors.csv?layer=load&since=2026-01-01",
        "corridors.csv?layer=generation&weight=energy_mwh",
    ],
)
def test_bad_question_is_a_problem_that_says_why(town, question):
    answer = town.get(f"{URL}/{question}")
    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"]


def test_without_a_grid_there_is_a_problem(empty_client):
    for path in ("cells/legend", "corridors.csv", "cells/tiles/1/0/0.mvt"):
        answer = empty_client.get(f"{URL}/{path}")
        assert answer.status_code == 503
    assert empty_client.post(f"{URL}/areas", json=HALVES).status_code == 503


def test_tile_of_a_capacity_gap_is_there_even_where_nothing_is(town):
    answer = town.get(f"/api/v1/capacity-gap/tiles/{mvt(LON, LAT)}")
    assert answer.status_code == 200, answer.text
