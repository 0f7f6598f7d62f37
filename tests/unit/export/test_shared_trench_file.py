"""Joint plans as files: every kind of row in its layer, nothing that is no number."""

import json
from pathlib import Path

import geopandas
import pytest

from gisplan.errors import InputError
from gisplan.export.shared_trench_file import (
    check_shared_trench_ending,
    shared_trenches_to_json,
    write_shared_trenches,
)
from tests.unit.shared_trench_answers import example_answer


def test_json_holds_every_connection_and_trench(tmp_path: Path) -> None:
    write_shared_trenches(example_answer(), tmp_path / "a.json")
    read = json.loads((tmp_path / "a.json").read_text())
    assert read == json.loads(shared_trenches_to_json(example_answer()))
    assert [one["reference"] for one in read["connections"]] == ["A <1>", "B", "C", "D"]
    assert read["trenches"][0]["references"] == ["A <1>", "B"]


def test_geojson_tells_roles_and_cables(tmp_path: Path) -> None:
    write_shared_trenches(example_answer(), tmp_path / "a.geojson")
    features = json.loads((tmp_path / "a.geojson").read_text())["features"]
    roles = [feature["properties"]["role"] for feature in features]
    # a stretch without an extent is not drawn
    assert (roles.count("site"), roles.count("access_point"), roles.count("trench")) == (4, 3, 2)
    trench = next(one for one in features if one["properties"]["role"] == "trench")
    assert trench["properties"]["cables"] == 2
    assert trench["geometry"]["type"] == "LineString"


def test_geopackage_has_a_layer_a_kind(tmp_path: Path) -> None:
    write_shared_trenches(example_answer(), tmp_path / "a.gpkg")
    sites = geopandas.read_file(tmp_path / "a.gpkg", layer="site")
    trenches = geopandas.read_file(tmp_path / "a.gpkg", layer="trench")
    assert sites["reference"].tolist() == ["A <1>", "B", "C", "D"]
    assert trenches["cables"].tolist() == [2, 1]
    assert trenches.crs.to_epsg() == 4326
    assert len(geopandas.read_file(tmp_path / "a.gpkg", layer="access_point")) == 3


def test_an_ending_without_an_export_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(InputError, match=r"\.html, \.json, \.geojson, \.gpkg"):
        check_shared_trench_ending(Path("a.xlsx"))
