"""Density and hot spots through the API: files, tiles, legends, what is refused."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from PIL import Image

from api.density_layer import ShownRaster
from api.raster_cache import AGE_MAX_S, RASTERS_MAX, RasterCache
from gisplan.export.classed_raster import classed_surface
from gisplan.settings import Settings
from gisplan.store.connection import connect
from maps.offline import CONTENT_POLICY
from tests.integration.test_density import insert
from tests.unit.export.surfaces import surface
from tests.web.conftest import open_client
from tests.web.tiny_grid import LAT, LON, insert_tiny_grid

URL = "/api/v1"
FINE = {"cell_m": 10, "bandwidth_m": 50}
AREA = (
    f"POLYGON (({LON} {LAT - 0.001}, {LON + 0.005} {LAT - 0.001}, {LON + 0.005} {LAT + 0.001}, "
    f"{LON} {LAT + 0.001}, {LON} {LAT - 0.001}))"
)


@pytest.fixture(scope="module")
def town(settings: Settings, module_database: str) -> Iterator[httpx.Client]:
    """A client of a service with the tiny grid and sixty applications."""
    insert_tiny_grid(module_database)
    with connect(module_database) as connection:
        insert(connection, 1, 60, lon=LON - 0.003)
    with open_client(settings, module_database) as client:
        yield client


def tile_of(lon: float, lat: float, zoom: int = 16) -> str:
    across = int((lon + 180) / 360 * 2**zoom)
    down = int((1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * 2**zoom)
    return f"{zoom}/{across}/{down}.png"


def alpha(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert("RGBA"))[:, :, 3]


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("density", FINE),
        ("hotspots", {"cell_m": 25, "radius_m": 100}),
        ("density/cells", {"cells": "h3", "h3_resolution": 11}),
    ],
)
@pytest.mark.parametrize(
    ("ending", "media_type", "start"),
    [
        ("tif", "image/tiff; application=geotiff", b"II"),
        ("png", "image/png", b"\x89PNG"),
        ("gpkg", "application/geopackage+sqlite3", b"SQLite"),
        ("geojson", "application/geo+json", b"{"),
        ("fgb", "application/flatgeobuf", b"fgb"),
        ("csv", "text/csv; charset=utf-8", b""),
        ("html", "text/html; charset=utf-8", b"<!DOCTYPE html>"),
    ],
)
def test_answer_has_the_form_of_its_ending(town, path, asked, ending, media_type, start):
    answer = town.get(f"{URL}/{path}.{ending}", params=asked)
    if path == "density/cells" and ending == "tif":
        assert answer.status_code == 422
        return
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == media_type
    assert answer.content.lstrip().startswith(start)
    if ending == "html":
        assert answer.headers["content-security-policy"] == CONTENT_POLICY


def events_of(client: httpx.Client, path: str, **asked: object) -> list[tuple[str, dict]]:
    """The events of a layer in their order."""
    parts = [part.split("\n") for part in client.get(path, params=asked).text.split("\n\n") if part]
    return [
        (name.removeprefix("event: "), json.loads(data.removeprefix("data: ")))
        for name, data in parts
    ]


@pytest.mark.parametrize("product", ["density", "hotspots"])
def test_layer_tells_its_progress_and_ends_with_the_legend_of_its_tiles(town, product):
    *steps, (last, legend) = events_of(town, f"{URL}/{product}/layer", asking=7)
    assert {name for name, _ in steps} == {"progress"}
    assert last == "done"
    assert legend == town.get(f"{URL}/{product}/legend", params={"asking": 7}).json()
    assert legend["classes"][-1] == {"colour": "#bdbdbd", "text": "no data"}


def test_bad_layer_ends_with_the_problem(town):
    asked = {"layer": "load", "kind": "ev"}
    name, problem = events_of(town, f"{URL}/density/layer", **asked)[-1]
    assert (name, problem["status"]) == ("problem", 422)
    assert "choose applications" in problem["detail"]


def test_layer_without_points_is_grey_and_says_so(town):
    asked = {**FINE, "kind": "ev"}
    legend = town.get(f"{URL}/density/legend", params=asked).json()
    assert "no data" in legend["notes"][0]
    tile = town.get(f"{URL}/density/tiles/{tile_of(LON - 0.001, LAT)}", params=asked)
    with Image.open(io.BytesIO(tile.content)) as picture:
        colours = picture.convert("RGBA").getcolors() or []
    assert {colour[:3] for _, colour in colours if colour[3]} == {(189, 189, 189)}
    here = town.get(f"{URL}/density/place", params={**asked, "lon": LON - 0.001, "lat": LAT})
    assert here.json()["figures"] == [{"name": "density", "value": None, "unit": "kVA/km²"}]


def test_place_beyond_the_surface_has_neither_class_nor_figures(town):
    here = town.get(f"{URL}/density/place", params={**FINE, "lon": 2.0, "lat": 41.0}).json()
    assert (here["found"], here["figures"]) == (None, [])


def test_every_rule_of_density_tells_its_confidence_and_source(town):
    rules = town.get(f"{URL}/density/rules").json()
    assert {"density.nearby_applications_min", "density.headroom_use_max"} <= {
        one["rule"] for one in rules
    }
    assert all(one["confidence"] and one["source"] for one in rules)


def test_filter_and_area_choose_points(town):
    cells = {"cells": "square", "cell_m": 5000}
    every = town.get(f"{URL}/density/cells.geojson", params=cells).json()["features"]
    assert sum(one["properties"]["count"] for one in every) == 60
    of_area = town.get(f"{URL}/density/cells.geojson", params={**cells, "area": AREA}).json()
    assert 0 < sum(one["properties"]["count"] for one in of_area["features"]) < 60
    of_kind = town.get(f"{URL}/density/cells.geojson", params={**cells, "kind": "ev"}).json()
    assert of_kind["features"] == []
    for of_class, counted in (("household", 60), ("heat_pump", 0)):
        asked = {**cells, "customer_class": of_class}
        found = town.get(f"{URL}/density/cells.geojson", params=asked).json()["features"]
        assert sum(one["properties"]["count"] for one in found) == counted
    change = {**cells, "since": "2026-01-01", "before_until": "2025-12-31"}
    (one,) = town.get(f"{URL}/density/cells.geojson", params=change).json()["features"]
    assert one["properties"]["sum_kva_change"] == 540.0


@pytest.mark.parametrize(
    ("path", "asked"), [("density", FINE), ("hotspots", {"cell_m": 25, "radius_m": 100})]
)
def test_tile_shows_something_here_and_is_clear_far_away(town, path, asked):
    here = town.get(f"{URL}/{path}/tiles/{tile_of(LON, LAT)}", params=asked)
    assert here.status_code == 200, here.text
    assert here.headers["content-type"] == "image/png"
    assert alpha(here.content).shape == (256, 256)
    assert alpha(here.content).max() > 0
    far = town.get(f"{URL}/{path}/tiles/{tile_of(2.0, 41.0)}", params=asked)
    assert alpha(far.content).max() == 0
    again = town.get(f"{URL}/{path}/tiles/{tile_of(LON, LAT)}", params=asked)
    assert again.content == here.content


def test_legend_explains_the_colours_of_tiles(town):
    legend = town.get(f"{URL}/density/legend", params=FINE).json()
    assert legend["heading"] == "kVA/km²"
    assert legend["classes"][-1] == {"colour": "#bdbdbd", "text": "no data"}
    kinds = town.get(f"{URL}/hotspots/legend", params={"cell_m": 25, "radius_m": 100}).json()
    texts = [one["text"] for one in kinds["classes"]]
    assert texts == ["cold", "hot", "not significant", "no data"]


@pytest.mark.parametrize(
    "question",
    [
        "density.tif?cell_m=nan",
        "density.tif?cell_m=0.001",
        "density.tif?bandwidth_m=-1",
        "density.tif?cell_m=100&bandwidth_m=50",
        "density.tif?layer=load&since=2026-01-01",
        "density.tif?layer=generation&weight=energy_mwh",
        "density.tif?bandwidth_method=given",
        "density.tif?area=POLYGON((0 0",
        "density.tif?area=POINT(7.89 48.45)",
        "density.tif?since=yesterday",
        "density.tif?customer_class=farm",
        "density.tif?layer=load&customer_class=household",
        "density.pdf",
        "density/cells.tif",
        "density/cells.csv?cells=given",
        "density/cells.csv?h3_resolution=16&cells=h3",
        "hotspots.tif?alpha=1",
        "hotspots.tif?radius_m=1",
        "hotspots.tif?cell_m=5&radius_m=40000",
        "density/tiles/99/0/0.png",
        "density/tiles/3/-1/0.png",
    ],
)
def test_bad_question_is_a_problem_that_says_why(town, question):
    answer = town.get(f"{URL}/{question}")
    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"]


def test_without_a_grid_there_is_a_problem(empty_client):
    for path in ("density.tif", "density/cells.csv", "hotspots.png", "density/legend"):
        answer = empty_client.get(f"{URL}/{path}")
        assert answer.status_code == 503
        assert "gisplan load" in answer.json()["detail"]


def test_raster_is_kept_for_a_while_and_the_oldest_makes_room():
    now, built = [0.0], []
    cache = RasterCache(clock=lambda: now[0])

    def ask(key: int):
        def build():
            built.append(key)
            return ShownRaster(raster=classed_surface(surface()), values={}, figures=(), notes=())

        return cache.raster(key, build)

    first = ask(0)
    assert ask(0) is first
    now[0] = AGE_MAX_S + 1
    assert ask(0) is not first
    for key in range(1, RASTERS_MAX + 1):
        ask(key)
    ask(0)
    assert built == [0, 0, *range(1, RASTERS_MAX + 1), 0]
    kept = ask(0)
    drawn = [cache.tile(kept, (1, 0, 0), lambda text=text: text) for text in (b"a", b"b")]
    assert drawn == [b"a", b"a"]
