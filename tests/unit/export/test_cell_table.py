from __future__ import annotations

import csv
import json
from dataclasses import replace

import geopandas
import numpy as np
import pytest
import shapely

from gisplan.errors import InputError
from gisplan.export.cell_table import CELL_ENDINGS, surface_cells, write_cell_table
from gisplan.export.classed_picture import PictureLabels
from gisplan.export.density_file import write_density
from gisplan.export.electrical_table import ElementTable
from tests.unit.export.surfaces import X_M, Y_M, empty_surface, masked_surface, surface

LABELS = PictureLabels(title="Demand")


def table(count: int = 2) -> ElementTable:
    west = X_M + 100.0 * np.arange(count)
    return ElementTable(
        element_kind="cell",
        columns={
            "cell": np.array([f"c{n}" for n in range(count)], np.str_),
            "sum_kva": np.where(np.arange(count) == 1, np.nan, 9.0),
        },
        shape=np.asarray(shapely.box(west, Y_M, west + 100, Y_M + 100)).reshape(-1),
        srid=25832,
    )


def test_squares_of_a_surface_hold_its_total(tmp_path):
    drawn = surface()
    cells = surface_cells(drawn)
    # what lies below a millionth of the peak is left out
    assert cells.columns["sum_kva"].sum() == pytest.approx(drawn.total, rel=1e-4)
    assert cells.columns["density_kva_per_km2"].max() == pytest.approx(drawn.peak)
    assert shapely.area(cells.shape) == pytest.approx(100.0)


def test_square_lies_where_its_cell_does():
    cells = surface_cells(surface())
    best = cells.shape[np.argmax(cells.columns["density_kva_per_km2"])]
    values = surface().values
    row, column = np.unravel_index(np.argmax(values), values.shape)
    assert best.bounds == (
        surface().x_min_m + 10 * column,
        surface().y_max_m - 10 * (row + 1),
        surface().x_min_m + 10 * (column + 1),
        surface().y_max_m - 10 * row,
    )


def test_no_data_has_no_square():
    assert len(surface_cells(empty_surface())) == 0
    assert np.isfinite(surface_cells(masked_surface()).columns["sum_kva"]).all()


def test_counts_have_no_sum_beside_the_density():
    counted = replace(surface(), unit="1/km2", total_unit="1")
    assert list(surface_cells(counted).columns) == ["density_per_km2"]


def test_more_squares_than_a_file_is_good_for_are_refused():
    large = replace(surface(), values=np.ones((500, 500)))
    with pytest.raises(InputError, match=r"250,000 cells of 10 m .* cells of 11 m or more"):
        surface_cells(large)


@pytest.mark.parametrize("ending", [one for one in CELL_ENDINGS if one != ".csv"])
@pytest.mark.parametrize("count", [2, 0])
def test_layer_can_be_read_and_unknown_is_empty(tmp_path, ending, count):
    path = tmp_path / f"cells{ending}"
    write_cell_table(table(count), path)
    found = geopandas.read_file(path)
    assert len(found) == count
    if count:
        assert found.crs.to_epsg() == 4326
        found = found.sort_values("cell")
        assert found["cell"].tolist() == ["c0", "c1"]
        assert found["sum_kva"].isna().tolist() == [False, True]
        metric = found.to_crs(25832).area.tolist()
        assert metric == pytest.approx([10_000.0] * 2, rel=1e-3)


def test_geojson_is_strict_json_in_lon_lat(tmp_path):
    path = tmp_path / "cells.geojson"
    write_cell_table(table(), path)
    text = path.read_text()
    assert "NaN" not in text
    (west, south) = json.loads(text)["features"][0]["geometry"]["coordinates"][0][0][0]
    assert (round(west, 1), round(south, 1)) == (7.9, 48.5)


def test_csv_has_a_place_inside_each_cell(tmp_path):
    path = tmp_path / "cells.csv"
    write_cell_table(table(), path)
    with path.open(newline="") as file:
        first, second = csv.DictReader(file)
    assert (first["cell"], first["sum_kva"], second["sum_kva"]) == ("c0", "9.0", "")
    assert float(first["lon"]) == pytest.approx(7.888, abs=0.005)


def test_unknown_ending_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"expected one of \.gpkg"):
        write_cell_table(table(), tmp_path / "cells.shp")


@pytest.mark.parametrize("build", [surface, empty_surface])
@pytest.mark.parametrize("ending", CELL_ENDINGS)
def test_surface_may_be_written_as_cells(tmp_path, build, ending):
    path = tmp_path / f"density{ending}"
    write_density(build(), path, LABELS)
    assert path.stat().st_size > 0
