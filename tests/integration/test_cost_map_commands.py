"""The command cost-map: what it prints, leaves and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pyogrio
import pytest
import rasterio

from maps.offline import find_loaded_addresses
from tests.integration.conftest import Run

NODES_MIN, BUILDINGS = 8000, 1506


@pytest.fixture(autouse=True)
def _on_the_sample(sample_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", sample_url)
    monkeypatch.setenv("COLUMNS", "200")


def test_summary_fits_a_screen_and_json_is_one_object(gisplan: Run) -> None:
    status, out, err = gisplan("cost-map", "--demand-kva", 100)
    assert (status, err) == (0, "")
    assert "Cost to connect 100 kVA load at 400 V in EUR" in out
    assert len(out.splitlines()) < 40
    status, out, err = gisplan("cost-map", "--demand-kva", 100, "--json")
    (line,) = out.splitlines()
    found = json.loads(line)
    assert found["node_count"] > NODES_MIN
    assert 0 < found["cost_tenth"] <= found["cost_median"] <= found["cost_ninetieth"]
    assert found["currency"] == "EUR"


def test_files_are_written_by_ending(gisplan: Run, tmp_path: Path) -> None:
    for ending in ("tif", "png", "gpkg", "html"):
        file = tmp_path / f"map.{ending}"
        status, _, err = gisplan("cost-map", "--demand-kva", 630, "--cell-m", 100, "--out", file)
        assert (status, err) == (0, "")
        assert file.stat().st_size > 1000
    with rasterio.open(tmp_path / "map.tif") as raster:
        assert (raster.count, raster.res) == (3, (100.0, 100.0))
    assert (tmp_path / "map.legend.csv").exists()
    layers = {str(name): str(kind) for name, kind in pyogrio.list_layers(tmp_path / "map.gpkg")}
    assert layers == {"node": "Point", "building": "Polygon", "access_point": "Point"}
    buildings = pyogrio.read_dataframe(tmp_path / "map.gpkg", layer="building")
    assert len(buildings) == BUILDINGS
    assert (buildings.cost.isna() == (buildings.reason != "")).all()
    html = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert find_loaded_addresses(html) == ()
    assert len(html) < 8_000_000


def test_more_demand_is_nowhere_cheaper(gisplan: Run, tmp_path: Path) -> None:
    costs = []
    for kva in (30, 200):
        file = tmp_path / f"{kva}.gpkg"
        assert gisplan("cost-map", "--demand-kva", kva, "--out", file)[0] == 0
        costs.append(pyogrio.read_dataframe(file, layer="node").cost)
    both = costs[0].notna() & costs[1].notna()
    assert both.sum() > NODES_MIN / 2
    assert (costs[0][both] <= costs[1][both] + 0.01).all()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--demand-kva", "0"), "the demand is 0 kVA"),
        (("--demand-kva", "-3"), "the demand is -3 kVA"),
        (("--demand-kva", "nan"), "the demand is nan kVA"),
        (("--demand-kva", "1e6"), "kVA"),
        (("--demand-kva", "9", "--power-factor", "2"), "power factor is 2"),
        (("--demand-kva", "9", "--customer-class", "x"), "customer_class"),
        (("--demand-kva", "9", "--cell-m", "0"), "cells of 0 m"),
        (("--demand-kva", "9", "--cell-m", "1", "--out", "a.tif"), "expected at most"),
        (("--demand-kva", "9", "--out", "a.pdf"), "expected one of"),
        ((), "--demand-kva"),
    ],
)
def test_bad_input_ends_with_a_sentence(
    gisplan: Run, words: tuple[str, ...], expected: str
) -> None:
    status, _, err = gisplan("cost-map", *words)
    assert status == 2
    assert expected in err
    assert "Traceback" not in err


def test_without_a_grid_there_is_a_sentence(
    gisplan: Run, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    status, _, err = gisplan("cost-map", "--demand-kva", 9)
    assert status == 2
    assert "gisplan load" in err
