"""Tables of elements as files: every ending holds the same facts, and unknown is no number."""

import csv
import json

import numpy as np
import pyogrio
import pytest
import shapely

from gisplan.errors import InputError
from gisplan.export.electrical_table import (
    ElectricalAnswer,
    ElementTable,
    check_table_ending,
    write_answer,
)

# the central meridian of UTM 32N is 9 degrees east, its false easting 500 km
EAST_M, NORTH_M = 500_000.0, 5_370_000.0


def answer() -> ElectricalAnswer:
    return ElectricalAnswer(
        facts={"grid_version": 7},
        notes=("look at A",),
        tables=(
            ElementTable(
                element_kind="bus",
                columns={
                    "bus_id": np.array(["A", "Ä"]),
                    "voltage_load_pu": np.array([0.98, np.nan]),
                    "feasible": np.array([True, False]),
                },
                shape=shapely.points([EAST_M, EAST_M], [NORTH_M, NORTH_M + 100]),
                srid=25832,
            ),
            ElementTable(
                element_kind="line",
                columns={"line_id": np.array(["L"]), "loading_load_ratio": np.array([0.5])},
                shape=np.array(
                    [shapely.LineString([(EAST_M, NORTH_M), (EAST_M, NORTH_M + 100)])], object
                ),
                srid=25832,
            ),
        ),
    )


def test_json_holds_facts_notes_and_a_list_a_kind():
    document = json.loads(answer().as_json())
    assert (document["grid_version"], document["notes"]) == (7, ["look at A"])
    assert document["bus"][1] == {"bus_id": "Ä", "voltage_load_pu": None, "feasible": False}
    assert document["line"] == [{"line_id": "L", "loading_load_ratio": 0.5}]


def test_json_file_is_the_answer(tmp_path):
    write_answer(answer(), tmp_path / "a.json")
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == answer().as_json()


def test_csv_has_all_elements_and_leaves_unknown_empty(tmp_path):
    write_answer(answer(), tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["element_kind"] for row in rows] == ["bus", "bus", "line"]
    assert (rows[1]["bus_id"], rows[1]["voltage_load_pu"], rows[1]["lon"]) == ("Ä", "", "9.0")
    assert (rows[2]["line_id"], rows[2]["lon"]) == ("L", "")


def test_geojson_is_in_lon_lat(tmp_path):
    write_answer(answer(), tmp_path / "a.geojson")
    features = json.loads((tmp_path / "a.geojson").read_text(encoding="utf-8"))["features"]
    assert [one["geometry"]["type"] for one in features] == ["Point", "Point", "LineString"]
    assert features[0]["geometry"]["coordinates"][0] == 9.0
    assert features[1]["properties"]["voltage_load_pu"] is None


def test_geopackage_has_a_layer_a_kind(tmp_path):
    write_answer(answer(), tmp_path / "a.gpkg")
    layers = dict(pyogrio.list_layers(tmp_path / "a.gpkg"))
    assert layers == {"bus": "Point", "line": "LineString"}
    buses = pyogrio.read_dataframe(tmp_path / "a.gpkg", layer="bus")
    assert buses.feasible.tolist() == [True, False]
    assert buses.voltage_load_pu.isna().tolist() == [False, True]
    assert buses.crs.to_epsg() == 4326


@pytest.mark.parametrize("name", ["a.pdf", "a", "a.tif"])
def test_other_endings_are_refused(tmp_path, name):
    with pytest.raises(InputError, match=r"expected one of \.csv, \.json"):
        check_table_ending(tmp_path / name)
