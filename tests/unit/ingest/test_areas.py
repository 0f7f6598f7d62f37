from __future__ import annotations

import geopandas
import numpy as np
import pytest
import shapely

from gisplan.errors import InputError, SourceError
from gisplan.ingest.areas import joined_area, parse_area, read_areas

X_M, Y_M = 417_700.0, 5_367_600.0
WEST = shapely.box(X_M, Y_M, X_M + 1000, Y_M + 1000)
EAST = shapely.box(X_M + 1000, Y_M, X_M + 2000, Y_M + 1000)


def write(path, shapes, crs=25832, **columns):
    frame = geopandas.GeoDataFrame(columns, geometry=list(shapes), crs=crs)
    frame.to_file(path, engine="pyogrio")
    return path


def test_areas_keep_their_order_and_names(tmp_path):
    path = write(tmp_path / "a.gpkg", [EAST, WEST], Name=["east", None])
    areas = read_areas(path, srid=25832)
    assert areas.name.tolist() == ["east", ""]
    assert areas.area_km2.tolist() == [1.0, 1.0]
    assert joined_area(areas).equals(shapely.union(WEST, EAST))


def test_areas_of_another_crs_come_into_the_working_one(tmp_path):
    frame = geopandas.GeoDataFrame(geometry=[WEST], crs=25832).to_crs(4326)
    path = write(tmp_path / "a.geojson", frame.geometry, crs=4326)
    areas = read_areas(path, srid=25832)
    assert areas.name.tolist() == ["1"]
    assert areas.shape[0].bounds == pytest.approx(WEST.bounds, abs=0.01)


def test_areas_of_a_wrong_crs_are_refused(tmp_path):
    # metres that are said to be degrees, and lon/lat that were exchanged
    with pytest.raises(InputError, match=r"CRS|finite|outside"):
        read_areas(write(tmp_path / "a.gpkg", [WEST], crs=4326), srid=25832)
    turned = shapely.box(48.4, 7.8, 48.5, 7.9)
    with pytest.raises(InputError, match="longitude and latitude in this order"):
        read_areas(write(tmp_path / "b.gpkg", [turned], crs=4326), srid=25832)


def test_file_without_a_crs_is_refused(tmp_path):
    frame = geopandas.GeoDataFrame(geometry=[WEST])
    with pytest.warns(UserWarning, match="crs"):
        frame.to_file(tmp_path / "a.gpkg", engine="pyogrio")
    with pytest.raises(SourceError, match="states no CRS"):
        read_areas(tmp_path / "a.gpkg", srid=25832)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (shapely.Point(X_M, Y_M), "feature 2 is Point; expected a polygon"),
        (shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]), "feature 2 is broken: Self-inter"),
        (None, "feature 2 is nothing"),
    ],
)
def test_what_is_no_sound_polygon_is_named(tmp_path, shape, message):
    path = write(tmp_path / "a.geojson", [WEST, shape])
    with pytest.raises(InputError, match=message):
        read_areas(path, srid=25832)


def test_layer_without_rows_and_missing_file_are_refused(tmp_path):
    (tmp_path / "a.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    with pytest.raises(InputError, match="0 areas"):
        read_areas(tmp_path / "a.geojson", srid=25832)
    with pytest.raises(SourceError, match="is not there"):
        read_areas(tmp_path / "b.geojson", srid=25832)
    (tmp_path / "c.gpkg").write_text("no database")
    with pytest.raises(SourceError, match="no vector source"):
        read_areas(tmp_path / "c.gpkg", srid=25832)


def test_area_as_text_is_lon_lat():
    area = parse_area(
        "POLYGON ((7.88 48.45, 7.89 48.45, 7.89 48.46, 7.88 48.46, 7.88 48.45))", srid=25832
    )
    assert area.area == pytest.approx(740 * 1112, rel=0.01)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "POLYGON ((7.88 48.45",
        "POINT (7.88 48.45)",
        "POLYGON EMPTY",
        "POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))",
        "POLYGON ((48 7, 49 7, 49 8, 48 8, 48 7))",
        "POLYGON ((nan nan, 1 1, 1 0, nan nan))",
    ],
)
def test_text_that_is_no_area_here_is_refused(text):
    with pytest.raises(InputError):
        parse_area(text, srid=25832)


def test_corner_that_is_not_finite_is_refused():
    broken = shapely.transform(WEST, lambda xy: np.where(xy == xy.max(), np.inf, xy))
    with pytest.raises(InputError):
        parse_area(shapely.to_wkt(broken), srid=25832)
