"""Working CRS and datum transformations."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from pyproj import CRS

from gisplan.errors import MappingError
from gisplan.ingest.crs import (
    choose_working_crs,
    find_allowed_bounds,
    get_crs,
    get_working_crs,
    transform_geometry,
)


@pytest.mark.parametrize(
    ("epsg", "middle", "working"),
    [
        (25832, (417000, 5368000), 25832),  # metric: kept
        (4326, (7.9, 48.4), 25832),  # Baden: ETRS89 / UTM 32N
        (4326, (13.4, 52.5), 25833),  # Berlin
        (4326, (116.4, 39.9), 32650),  # Beijing: WGS 84 / UTM 50N
        (4326, (151.2, -33.9), 32756),  # Sydney, south
        (3857, (879415, 6170000), 25832),  # Web Mercator's metres are none
        (4326, (180.0, 10.0), 32660),
    ],
)
def test_working_crs_is_metric_and_suits_the_place(
    epsg: int, middle: tuple[float, float], working: int
) -> None:
    assert choose_working_crs(CRS.from_epsg(epsg), middle).to_epsg() == working


def test_data_without_a_place_have_no_working_crs() -> None:
    with pytest.raises(MappingError, match="is the CRS right"):
        choose_working_crs(CRS.from_epsg(3857), (float("nan"), 0.0))


def test_a_working_crs_must_be_metric_and_known() -> None:
    assert get_working_crs("EPSG:25832").to_epsg() == 25832
    with pytest.raises(MappingError, match="projected CRS in metres"):
        get_working_crs("EPSG:4326")
    with pytest.raises(MappingError, match="projected CRS in metres"):
        get_working_crs("EPSG:3857")
    with pytest.raises(MappingError, match="no CRS that PROJ knows"):
        get_crs("EPSG:999999")


def test_gauss_krueger_is_moved_by_the_best_operation_and_its_accuracy_is_told() -> None:
    # Without the datum grid BETA2007 or BWTA2017 the best way is EPSG:1777 (seven parameters).
    points = np.array([shapely.Point(3_417_000, 5_370_000)])
    moved, issues = transform_geometry(
        points, crs=CRS.from_epsg(31467), working=CRS.from_epsg(25832), layer="knoten"
    )
    # Hand check: the same numbers lie 70 m west and 1.7 km south (false easting, scale, datum).
    assert moved[0].x == pytest.approx(416_945, abs=40)
    assert moved[0].y == pytest.approx(5_368_290, abs=60)
    for issue in issues:  # none where the machine has the grid
        assert issue.rule == "crs_grid_missing"
        assert "accuracy of 1 m" in issue.found
        assert "datum grid" in issue.expected


def test_the_same_crs_is_not_moved() -> None:
    points = np.array([shapely.Point(1, 2)])
    crs = CRS.from_epsg(25832)
    assert transform_geometry(points, crs=crs, working=crs, layer="a")[0] is points


def test_lon_lat_to_utm_needs_no_grid() -> None:
    points = np.array([shapely.Point(9.0, 48.0), None])
    moved, issues = transform_geometry(
        points, crs=CRS.from_epsg(4326), working=CRS.from_epsg(25832), layer="a"
    )
    assert moved[0].x == pytest.approx(500_000)  # the central meridian
    assert moved[1] is None
    assert issues == []


def test_bounds_are_those_of_the_crs_with_a_margin() -> None:
    bounds = find_allowed_bounds(CRS.from_epsg(25832))
    assert bounds is not None
    assert bounds.west < 200_000 < 800_000 < bounds.east
    lonlat = find_allowed_bounds(CRS.from_epsg(4326))
    assert lonlat is not None
    assert (lonlat.west, lonlat.north) == (-180, 90)


def test_bounds_are_unknown_where_the_area_crosses_the_date_line() -> None:
    assert find_allowed_bounds(CRS.from_epsg(3832)) is None  # Pacific
