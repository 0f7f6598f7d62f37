from __future__ import annotations

import csv

import geopandas
import pytest
import shapely

from gisplan.errors import InputError
from gisplan.export.vector import write_plan
from tests.plans import CABINET, SITE, example_plan, plan_with_sources, refused_plan


def read(path, layer=None):
    return geopandas.read_file(path, layer=layer, engine="pyogrio")


def test_geopackage_has_a_layer_a_kind(tmp_path):
    path = tmp_path / "plan.gpkg"
    write_plan(example_plan(), path)
    layers = list(geopandas.list_layers(path)["name"])
    assert layers == ["site", "access_point", "route", "route_segment"]
    assert len(read(path, "route_segment")) == 3
    assert read(path, "route").crs.to_epsg() == 4326


def test_geopackage_routes_carry_the_figures_of_their_options(tmp_path):
    path = tmp_path / "plan.gpkg"
    write_plan(example_plan(), path)
    routes = read(path, "route")
    assert list(routes["cost_total"]) == [16_250.0, 26_900.0, 16_250.0]
    assert list(routes["feasible"].astype(bool)) == [True, True, False]
    assert routes.geometry[0].geoms[0].coords[0] == SITE
    assert routes.geometry[2].is_empty


def test_geopackage_access_points_lie_where_the_cable_meets_the_grid(tmp_path):
    path = tmp_path / "plan.gpkg"
    write_plan(example_plan(), path)
    assert read(path, "access_point").geometry[0] == shapely.Point(CABINET)
    assert read(path, "site")["demand_kva"][0] == 60.0


def test_flatgeobuf_holds_the_routes(tmp_path):
    path = tmp_path / "plan.fgb"
    write_plan(example_plan(), path)
    assert list(read(path)["rank"]) == [1, 2, 3]


def test_geojson_is_read_by_gdal(tmp_path):
    path = tmp_path / "plan.geojson"
    write_plan(example_plan(), path)
    assert len(read(path)) == 7


def test_csv_has_one_row_an_option_and_unknown_is_empty(tmp_path):
    path = tmp_path / "options.csv"
    write_plan(example_plan(), path)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["rank"] for row in rows] == ["1", "2", "3"]
    assert rows[0]["short_circuit_ka"] == ""
    assert shapely.from_wkt(rows[0]["route_wkt"]).geoms[0].coords[0] == SITE
    assert float(rows[0]["lon"]) == CABINET[0]


@pytest.mark.parametrize("ending", ["gpkg", "geojson", "fgb", "csv"])
def test_plan_without_options_is_a_valid_file(tmp_path, ending):
    path = tmp_path / f"plan.{ending}"
    write_plan(refused_plan(), path)
    assert path.stat().st_size > 0
    if ending == "gpkg":
        assert len(read(path, "route")) == 0


def test_unknown_ending_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"expected one of \.gpkg"):
        write_plan(example_plan(), tmp_path / "plan.dwg")


def test_writing_again_replaces_the_file_and_leaves_nothing_beside(tmp_path):
    path = tmp_path / "plan.gpkg"
    write_plan(refused_plan(), path)
    write_plan(example_plan(), path)
    assert len(read(path, "route")) == 3
    assert list(tmp_path.iterdir()) == [path]


def test_sources_are_layers_of_their_own(tmp_path):
    path = tmp_path / "plan.gpkg"
    write_plan(plan_with_sources(), path)
    routes = read(path, layer="source_route")
    assert list(routes.supplied_by) == ["mv/1 <b>", "mv/2"]
    segments = read(path, layer="source_segment")
    assert segments.is_shared.sum() == 1
    assert len(read(path, layer="route")) == len(plan_with_sources().options)


def test_sources_stand_in_the_table_behind_the_options(tmp_path):
    path = tmp_path / "options.csv"
    write_plan(plan_with_sources(), path)
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    assert [row["supplied_by"] for row in rows[-2:]] == ["mv/1 <b>", "mv/2"]
    assert {row["supplied_by"] for row in rows[:-2]} == {""}
