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


def test_json_tells_figures_and_pieces(gisplan: Run, sample):
    status, printed, _ = gisplan("corridor-density", "--layer", "load", "--json")
    document = json.loads(printed)
    assert status == 0
    assert document["unit"] == "kVA/km"
    assert len(document["corridor"]) > 1000
