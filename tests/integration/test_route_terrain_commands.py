"""The command that leads routes over open ground, on the sample region."""

from __future__ import annotations

import json
from pathlib import Path

import ezdxf
import geopandas
import numpy as np
import pytest
import rasterio
import shapely
from rasterio import Affine

from maps.offline import find_loaded_addresses
from tests.integration.conftest import Run

SITE = "7.885,48.466"  # in the fields north of the town
SITE_XY_M = (417_570.0, 5_368_740.0)


@pytest.fixture(autouse=True)
def _on_the_sample(sample_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", sample_url)
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def fields(tmp_path: Path) -> Path:
    """Verge north of the town."""
    path = tmp_path / "fields.geojson"
    area = shapely.box(7.880, 48.462, 7.890, 48.468)
    geopandas.GeoDataFrame({"surface": ["verge"]}, geometry=[area], crs=4326).to_file(path)
    return path


def ground(path: Path, cost_per_m: float, *, crs: str | None = "EPSG:25832") -> Path:
    """A raster of 1 km around the site."""
    with rasterio.open(
        path, "w", driver="GTiff", height=500, width=500, count=1, dtype="float32", crs=crs,
        transform=Affine(2, 0, SITE_XY_M[0] - 500, 0, -2, SITE_XY_M[1] + 500),
    ) as target:  # fmt: skip
        target.write(np.full((1, 500, 500), cost_per_m, dtype="float32"))
    return path


def asked(gisplan: Run, *words: object) -> dict[str, object]:
    status, out, err = gisplan("route", "--at", SITE, *words, "--json")
    assert (status, err) == (0, "")
    document: dict[str, object] = json.loads(out)
    return document


def refused(gisplan: Run, *words: object) -> str:
    status, _, err = gisplan("route", "--at", SITE, *words)
    assert status != 0
    return " ".join(err.split())


def test_access_points_are_reached_over_the_fields(gisplan: Run, fields: Path) -> None:
    free = asked(gisplan, "--k", 3)
    over = asked(gisplan, "--k", 3, "--terrain", fields)
    costs = [route["cost"]["total"] for route in over["routes"]]
    assert costs == sorted(costs)
    assert costs[0] < free["routes"][0]["cost"]["total"]
    first = over["routes"][0]
    assert {segment["surface"] for segment in first["route"]["segments"]} == {"verge"}
    end = first["route"]["segments"][-1]["coordinates"][-1]
    assert end == [first["access_point"]["lon"], first["access_point"]["lat"]]


def test_a_raster_leads_to_a_bus_at_its_price(gisplan: Run, tmp_path: Path) -> None:
    over = asked(gisplan, "--to-bus", "mv/120", "--terrain", ground(tmp_path / "g.tif", 30.0))
    (route,) = over["routes"]
    assert route["route"]["segments"][0]["civil_cost"] / route["route"]["length_m"] == (
        pytest.approx(30, abs=0.01)
    )
    assert route["bill_of_materials"][0]["source"] == "g.tif"


def test_an_overhead_line_is_drawn_with_its_poles(
    gisplan: Run, fields: Path, tmp_path: Path
) -> None:
    words = ("--terrain", fields, "--overhead", "--demand-kva", 630, "--k", 1)
    over = asked(gisplan, *words, "--out", tmp_path / "line.dxf")
    segments = over["routes"][0]["route"]["segments"]
    assert {segment["laying"] for segment in segments} == {"overhead_span"}
    drawing = ezdxf.readfile(tmp_path / "line.dxf")
    poles = [one for one in drawing.modelspace() if one.dxf.layer == "POLE"]
    assert len([one for one in poles if one.dxftype() == "POINT"]) == len(segments) + 1


@pytest.mark.parametrize("ending", ["html", "json", "geojson", "gpkg", "dxf"])
def test_routes_over_ground_are_written_in_every_format(
    gisplan: Run, fields: Path, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"routes.{ending}"
    status, out, err = gisplan("route", "--at", SITE, "--terrain", fields, "--k", 2, "--out", path)
    assert (status, err) == (0, "")
    assert "EUR" in out
    assert path.stat().st_size > 500
    if ending == "html":
        assert find_loaded_addresses(path.read_text(encoding="utf-8")) == ()


def test_what_cannot_be_used_is_refused_with_what_to_do(
    gisplan: Run, fields: Path, tmp_path: Path
) -> None:
    assert "has no CRS; write it into the file" in refused(
        gisplan, "--terrain", ground(tmp_path / "a.tif", 30.0, crs=None)
    )
    for wrong in (0.0, -1.0, np.nan):
        text = refused(gisplan, "--terrain", ground(tmp_path / "b.tif", wrong))
        assert "expected what a metre costs" in text
    assert "is not there" in refused(gisplan, "--terrain", tmp_path / "none.tif")
    far = refused(gisplan, "--terrain", ground(tmp_path / "far.tif", 30.0, crs="EPSG:25831"))
    assert "all areas lie outside the loaded region" in far
    assert "give no --k" in refused(gisplan, "--terrain", fields, "--to", "7.88,48.46", "--k", 2)
    assert "give no --disjoint" in refused(gisplan, "--terrain", fields, "--disjoint", 2)
    assert "give --terrain FILE" in refused(gisplan, "--overhead")


def test_a_raster_of_a_billion_cells_is_refused_before_it_is_read(
    gisplan: Run, tmp_path: Path
) -> None:
    path = tmp_path / "huge.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=32_000, width=32_000, count=1, dtype="uint8",
        crs="EPSG:25832", transform=Affine(1, 0, 400_000, 0, -1, 5_380_000), sparse_ok=True,
        tiled=True,
    ):  # fmt: skip
        pass
    assert "32,000 x 32,000 cells" in refused(gisplan, "--terrain", path)


def test_places_that_cannot_be_used_are_told_with_the_nearest(gisplan: Run, tmp_path: Path) -> None:
    raster = ground(tmp_path / "g.tif", 30.0)
    (beyond,) = asked(gisplan, "--to", "7.95,48.47", "--terrain", raster)["reasons"]
    assert "the place asked for lies beyond g.tif" in beyond
    assert "nearest place that can be used" in beyond
    (same,) = asked(gisplan, "--to", SITE, "--terrain", raster)["reasons"]
    assert "both ends are the same" in same
