from __future__ import annotations

import pytest
from pyproj import Transformer

from gisplan.export.grid_features import build_grid_features
from tests.grids import grid


@pytest.fixture
def street():
    return grid("S-A 1000", "A>B 630", "B-C 100 service", "C-D 2000", "S 20000V @417700,5367600")


def lon_lat(built, bus_id: str) -> tuple[float, float]:
    row = list(built.buses.bus_id).index(bus_id)
    to_lon_lat = Transformer.from_crs(built.working_srid, 4326, always_xy=True)
    return to_lon_lat.transform(built.buses.x_m[row], built.buses.y_m[row])


def ids(collection) -> list[str]:
    return [feature["properties"]["element_id"] for feature in collection["features"]]


def test_only_what_meets_the_neighbourhood_is_given(street):
    near_a = build_grid_features(street, around=[lon_lat(street, "A")], margin_m=50.0)
    assert ids(near_a) == ["B-C", "S-A", "A>B"]


def test_places_span_the_neighbourhood(street):
    around = [lon_lat(street, "S"), lon_lat(street, "D")]
    assert len(ids(build_grid_features(street, around=around))) == 4


def test_lines_carry_their_voltage_and_role(street):
    found = build_grid_features(street, around=[lon_lat(street, "A")], margin_m=50.0)
    service, main, transformer = (feature["properties"] for feature in found["features"])
    assert (service["role"], service["nominal_voltage_v"]) == ("service", 400.0)
    assert (main["role"], main["nominal_voltage_v"]) == ("main", 20_000.0)
    assert transformer["rated_power_kva"] == 630.0


def test_coordinates_are_lon_lat(street):
    found = build_grid_features(street, around=[lon_lat(street, "A")], margin_m=50.0)
    lon, lat = found["features"][1]["geometry"]["coordinates"][0]
    assert (lon, lat) == pytest.approx(lon_lat(street, "S"), abs=1e-7)


def test_nothing_near_is_an_empty_collection(street):
    assert build_grid_features(street, around=[(8.5, 48.0)])["features"] == []
