"""Polygons that are sent: read as they are meant, refused with the reason."""

from __future__ import annotations

import json

import pytest
import shapely

from gisplan.errors import InputError
from gisplan.ingest import area_upload
from gisplan.ingest.area_upload import read_area_upload

BOX = shapely.box(7.88, 48.45, 7.9, 48.46)
METRIC = shapely.box(417_000, 5_367_000, 418_000, 5_368_000)


def sent(*shapes: shapely.Geometry, properties: object = None, **more: object) -> bytes:
    features = [
        {"type": "Feature", "properties": properties, "geometry": one.__geo_interface__}
        for one in shapes
    ]
    return json.dumps({"type": "FeatureCollection", "features": features, **more}).encode()


def test_without_a_crs_it_is_lon_lat():
    (shape,) = read_area_upload(sent(BOX), srid=25832).shape
    assert shapely.centroid(shape).x == pytest.approx(417_800, abs=500)


@pytest.mark.parametrize("name", ["EPSG:25832", "urn:ogc:def:crs:EPSG::25832"])
def test_crs_that_is_stated_holds(name):
    crs = {"type": "name", "properties": {"name": name}}
    (shape,) = read_area_upload(sent(METRIC, crs=crs), srid=25832).shape
    assert shape.equals(METRIC)


def test_crs_84_of_other_programs_is_lon_lat():
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    plain, stated = (read_area_upload(sent(BOX, **one), srid=25832) for one in ({}, {"crs": crs}))
    assert plain.shape[0].equals(stated.shape[0])


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"Name": "Altstadt", "id": 7}, "Altstadt"),
        ({"ID": 7}, "7"),
        ({"name": None}, ""),
        ({"other": 1}, "1"),
        (None, "1"),
        ([1, 2], "1"),
    ],
)
def test_area_has_the_name_that_is_given(properties, expected):
    cells = read_area_upload(sent(BOX, properties=properties), srid=25832)
    assert cells.name.tolist() == [expected]


def test_id_of_a_feature_is_its_name_where_there_is_no_other():
    document = json.loads(sent(BOX))
    document["features"][0]["id"] = "F-1"
    assert read_area_upload(json.dumps(document).encode(), srid=25832).name.tolist() == ["F-1"]


def test_several_parts_and_heights_are_kept_as_one_flat_area():
    parts = shapely.multipolygons([BOX, shapely.box(8.0, 48.45, 8.01, 48.46)])
    raised = shapely.force_3d(parts, 100.0)
    (shape,) = read_area_upload(sent(raised), srid=25832).shape
    assert not shapely.has_z(shape)
    assert shapely.get_num_geometries(shape) == 2


def test_too_much_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr(area_upload, "UPLOAD_BYTES_MAX", 100)
    with pytest.raises(InputError, match="at most 100 are read"):
        read_area_upload(sent(BOX), srid=25832)


def test_too_many_corners_are_refused(monkeypatch):
    monkeypatch.setattr("gisplan.ingest.areas.VERTICES_MAX", 10)
    with pytest.raises(InputError, match="more than 10 corners"):
        read_area_upload(sent(shapely.Point(7.9, 48.45).buffer(0.01)), srid=25832)


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Polygon", "coordinates": "no"},
        {"type": "Polygon", "coordinates": [[["a", "b"], [1, 2], [3, 4], ["a", "b"]]]},
        {"type": "Polygon", "coordinates": [[[7.8, 48.4], [7.9, 48.4]]]},
        {"type": "Circle"},
        {},
        "POLYGON",
        7,
    ],
)
def test_geometry_that_is_none_is_named_by_its_feature(geometry):
    document = json.loads(sent(BOX, BOX))
    document["features"][1]["geometry"] = geometry
    with pytest.raises(InputError, match="feature 2 is nothing"):
        read_area_upload(json.dumps(document).encode(), srid=25832)
