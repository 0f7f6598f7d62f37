from __future__ import annotations

import json
from pathlib import Path

import geopandas
import numpy as np
import pytest

from gisplan.errors import InputError
from gisplan.model.density import DensityLayer, DensityWeight
from gisplan.services.corridor_density import CorridorDensityQuestion, density_of_corridors
from gisplan.store.connection import connect
from tests.integration.conftest import Run

HEAT_PUMPS = Path(__file__).parents[2] / "data" / "grid" / "heat_pumps.csv"


@pytest.fixture
def sample(sample_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DATABASE_URL", sample_url)
    return sample_url


def ask(url: str, cache: Path, **question: object):
    with connect(url) as connection:
        return density_of_corridors(connection, cache, CorridorDensityQuestion(**question))


def test_pieces_sum_up_to_what_lies_at_the_corridors(sample_url, tmp_path):
    answer = ask(sample_url, tmp_path, layer=DensityLayer.LOAD, weight=DensityWeight.COUNT)
    (table,) = answer.tables
    length_km = (table.columns["to_m"] - table.columns["from_m"]) / 1000
    total = float(table.columns["density_per_km"] @ length_km)
    assert answer.facts["point_count"] + answer.facts["far_count"] == 1641
    assert total == pytest.approx(answer.facts["total"], rel=2e-3)  # centimetres in the table


def test_every_piece_is_drawn_as_long_as_it_is(sample_url, tmp_path):
    (table,) = ask(sample_url, tmp_path, layer=DensityLayer.LOAD).tables
    drawn_m = np.array([shape.length for shape in table.shape])
    assert np.allclose(drawn_m, table.columns["to_m"] - table.columns["from_m"], atol=0.02)


def test_without_points_there_is_no_data_and_no_zero(sample_url, tmp_path):
    answer = ask(sample_url, tmp_path)
    assert np.isnan(answer.tables[0].columns["density_per_km"]).all()
    assert "no data" in answer.notes[-1]


def test_reach_must_be_positive(sample_url, tmp_path):
    with pytest.raises(InputError, match="reach is -1"):
        ask(sample_url, tmp_path, reach_m=-1.0)


def test_command_writes_the_file_that_its_ending_names(gisplan: Run, sample, tmp_path):
    asked = ("corridor-density", "--layer", "load", "--weight", "count")
    for ending in ("gpkg", "html"):
        status, printed, error = gisplan(*asked, "--out", tmp_path / f"density.{ending}")
        assert (status, error) == (0, "")
    assert "1,640 points" in printed
    frame = geopandas.read_file(tmp_path / "density.gpkg")
    assert frame["density_per_km"].max() == pytest.approx(56, abs=1)
    page = (tmp_path / "density.html").read_text(encoding="utf-8")
    assert "per km" in page
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_applications_of_a_file_are_spread_instead_of_the_stored_ones(gisplan: Run, sample):
    status, printed, _ = gisplan("corridor-density", HEAT_PUMPS, "--since", "2025-01-01")
    assert status == 0
    assert "937 points" in printed
    assert "- applications of the file heat_pumps.csv, not those of the store" in printed


def test_json_tells_figures_and_pieces(gisplan: Run, sample):
    status, printed, _ = gisplan("corridor-density", "--layer", "load", "--json")
    document = json.loads(printed)
    assert status == 0
    assert document["unit"] == "kVA/km"
    assert len(document["corridor"]) > 1000


@pytest.mark.parametrize("ending", ["fgb", "png", "csv", "json", "geojson"])
def test_command_writes_every_ending(gisplan: Run, sample, tmp_path, ending):
    path = tmp_path / f"density.{ending}"
    status, _, error = gisplan("corridor-density", "--layer", "load", "--out", path)
    assert (status, error) == (0, "")
    assert path.stat().st_size > 1000
    if ending == "fgb":
        assert len(geopandas.read_file(path)) > 1000


def test_unknown_ending_is_refused_before_anything_is_computed(gisplan: Run, tmp_path):
    status, _, error = gisplan("corridor-density", "--out", tmp_path / "density.tif")
    assert status == 2
    assert ".fgb, .png, .html" in error


@pytest.mark.parametrize(
    ("size", "told"),
    [
        ({"bandwidth_m": np.inf}, "bandwidth is inf m; expected a finite, positive number"),
        ({"bandwidth_m": np.nan}, "bandwidth is nan m"),
        ({"bandwidth_m": 1e7}, "more than 400 pieces of 25 m: take at most 10000 m"),
        ({"piece_m": 0.0}, "piece is 0.0 m"),
    ],
)
def test_sizes_that_cannot_be_used_are_refused(sample_url, tmp_path, size, told):
    with pytest.raises(InputError, match=told):
        ask(sample_url, tmp_path, **size)


def test_progress_is_told_to_its_end(sample_url, tmp_path):
    steps = []
    with connect(sample_url) as connection:
        question = CorridorDensityQuestion(layer=DensityLayer.LOAD)
        density_of_corridors(
            connection, tmp_path, question, progress=lambda *step: steps.append(step)
        )
    assert [done for _, done, _ in steps] == [0, 1, 2, 3]
    assert {total for *_, total in steps} == {3}
