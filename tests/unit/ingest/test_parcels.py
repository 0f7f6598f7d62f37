"""Parcels as they come from outside: rings, files, what is repaired and what is refused."""

import json
import math
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from gisplan.errors import SourceError
from gisplan.ingest import parcels
from gisplan.ingest.applications import parse_application, read_applications
from gisplan.ingest.parcels import check_parcel, inner_place, parse_parcel, read_parcel

SQUARE = [(7.88, 48.46), (7.881, 48.46), (7.881, 48.461), (7.88, 48.461)]
RING = (*SQUARE, SQUARE[0])
BOW = [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]]
WKT = shapely.Polygon(SQUARE).wkt


def test_ring_is_closed_and_heights_are_dropped() -> None:
    assert check_parcel(SQUARE) == RING
    assert check_parcel([[*corner, 155.0] for corner in RING]) == RING


def test_spike_and_doubled_corner_are_repaired() -> None:
    spiked = [*SQUARE[:2], (7.882, 48.46), *SQUARE[1:], SQUARE[3]]
    ring = check_parcel(spiked)
    assert shapely.Polygon(ring).is_valid
    assert shapely.Polygon(ring).area == pytest.approx(shapely.Polygon(SQUARE).area)


@pytest.mark.parametrize(
    ("corners", "text"),
    [
        (BOW, "crosses itself"),
        (SQUARE[:2], "has 2 corners"),
        ([SQUARE[0]] * 4, "no area"),
        ([*SQUARE, (math.nan, 48.0)], "expected lon, lat"),
        ([*SQUARE, (7.0, 480.0)], "expected lon, lat"),
        ([*SQUARE, (7.0,)], "expected lon, lat"),
        ([(7.0, 48.0), (8.0, 48.0), (8.0, 49.0)], "spans 1.000 by 1.000 degrees"),
        (SQUARE * 300, "has 1200 corners"),
    ],
)
def test_ring_that_is_no_parcel_is_refused_by_name(
    corners: list[tuple[float, ...]], text: str
) -> None:
    with pytest.raises(ValueError, match=f"parcel .*{text}"):
        check_parcel(corners)


def test_wkt_and_geojson_give_the_same_ring() -> None:
    assert parse_parcel(WKT) == RING
    assert parse_parcel(shapely.to_geojson(shapely.Polygon(SQUARE))) == RING
    assert parse_parcel(shapely.MultiPolygon([shapely.Polygon(SQUARE)]).wkt) == RING


@pytest.mark.parametrize("text", ["house", "{", "POINT (7 48)", "MULTIPOLYGON EMPTY", '{"a": 1}'])
def test_text_that_is_no_polygon_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="parcel is"):
        parse_parcel(text)


def test_file_may_state_any_crs(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(geometry=[shapely.Polygon(SQUARE)], crs=4326).to_crs(25832)
    frame.to_file(tmp_path / "parcel.gpkg")
    for one, other in zip(read_parcel(tmp_path / "parcel.gpkg"), RING, strict=True):
        assert one == pytest.approx(other, abs=1e-6)


def test_file_may_be_a_bare_geometry(tmp_path: Path) -> None:
    path = tmp_path / "parcel.geojson"
    path.write_text(shapely.to_geojson(shapely.Polygon(SQUARE)))
    assert read_parcel(path) == RING


def write(path: Path, *shapes: shapely.Geometry) -> None:
    gpd.GeoDataFrame(geometry=list(shapes), crs=4326).to_file(path)


def test_file_without_exactly_one_sound_area_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    square, bow = shapely.Polygon(SQUARE), shapely.Polygon(BOW)
    (tmp_path / "words.geojson").write_text("hello")
    (tmp_path / "words.gpkg").write_text("hello")
    write(tmp_path / "two.geojson", square, square)
    write(tmp_path / "bow.geojson", bow)
    write(tmp_path / "point.geojson", shapely.Point(7, 48))
    write(tmp_path / "nowhere.shp", square)
    (tmp_path / "nowhere.prj").unlink()
    for name, text in (
        ("two.geojson", "holds more than one feature"),
        ("bow.geojson", "crosses itself"),
        ("point.geojson", "is a Point"),
        ("words.geojson", "no GeoJSON"),
        ("words.gpkg", "no vector source"),
        ("nowhere.shp", "states no CRS"),
        ("missing.geojson", "does not exist"),
    ):
        with pytest.raises(SourceError, match=text):
            read_parcel(tmp_path / name)
    monkeypatch.setattr(parcels, "FILE_BYTES_MAX", 4)
    with pytest.raises(SourceError, match="is larger than"):
        read_parcel(tmp_path / "two.geojson")


def test_application_takes_its_parcel_as_text_or_corners() -> None:
    given = {"reference": "A1", "lon": 7.8805, "lat": 48.4605, "demand_kva": 30}
    assert parse_application({**given, "parcel": WKT}).parcel == RING
    assert parse_application({**given, "parcel": [list(one) for one in SQUARE]}).parcel == RING
    assert parse_application(given).parcel is None


@pytest.mark.parametrize("parcel", [shapely.Polygon(BOW).wkt, 7, ["a", "b", "c"], [1, 2, 3]])
def test_application_with_a_broken_parcel_is_refused(parcel: object) -> None:
    given = {"reference": "A1", "lon": 7.88, "lat": 48.46, "demand_kva": 30, "parcel": parcel}
    with pytest.raises(SourceError, match="parcel"):
        parse_application(given)


def test_csv_and_geojson_bring_parcels(tmp_path: Path) -> None:
    table = tmp_path / "list.csv"
    table.write_text(f'reference,lon,lat,demand_kva,parcel\nA1,7.8805,48.4605,30,"{WKT}"\n')
    (from_csv,) = read_applications(table)
    assert from_csv.parcel == RING
    features = tmp_path / "list.geojson"
    properties = {"reference": "A1", "demand_kva": 30}
    geometry = json.loads(shapely.to_geojson(shapely.Polygon(SQUARE)))
    feature = {"type": "Feature", "geometry": geometry, "properties": properties}
    features.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    (from_geojson,) = read_applications(features)
    assert from_geojson.parcel == RING
    assert (from_geojson.lon, from_geojson.lat) == inner_place(RING)
    assert shapely.intersects_xy(shapely.Polygon(RING), from_geojson.lon, from_geojson.lat)
