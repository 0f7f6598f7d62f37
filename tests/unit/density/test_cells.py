from __future__ import annotations

import math

import h3
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gisplan.density.cells import (
    NOWHERE,
    Cells,
    cells_inside,
    given_cells,
    h3_cells,
    hexagon_cells,
    square_cells,
)
from gisplan.errors import InputError
from gisplan.model.projection import Projection

X_M, Y_M = 417_700.0, 5_367_600.0
PROJECTION = Projection(srid=25832)
coordinate = st.floats(-5000, 5000)
places = st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=40)


def arrays(xy) -> tuple[np.ndarray, np.ndarray]:
    found = np.array(xy, dtype=float).reshape(-1, 2)
    return X_M + found[:, 0], Y_M + found[:, 1]


def cloud(count: int = 300) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    return X_M + random.normal(0, 900, count), Y_M + random.normal(0, 900, count)


def areas(*shapes) -> Cells:
    return Cells(name=np.array([str(n) for n in range(len(shapes))]), shape=np.array(shapes))


def holds(found, x_m, y_m) -> np.ndarray:
    shapes = found.cells.shape[found.cell]
    return shapely.distance(shapes, shapely.points(x_m, y_m)) < 1e-6


@given(places)
def test_square_holds_its_points_and_lies_on_multiples_of_its_size(xy):
    x_m, y_m = arrays(xy)
    found = square_cells(x_m, y_m, cell_m=250.0)
    assert holds(found, x_m, y_m).all()
    bounds = shapely.bounds(found.cells.shape)
    assert np.allclose(bounds % 250.0, 0.0)
    assert found.cells.area_km2 == pytest.approx(0.0625)


@given(places)
def test_hexagon_holds_its_points_and_its_middle_is_the_nearest(xy):
    x_m, y_m = arrays(xy)
    found = hexagon_cells(x_m, y_m, cell_m=100.0)
    middle = shapely.centroid(found.cells.shape[found.cell])
    away_m = shapely.distance(middle, shapely.points(x_m, y_m))
    assert holds(found, x_m, y_m).all()
    assert (away_m <= 100.0 / math.sqrt(3) + 1e-6).all()


def test_hexagon_of_a_metre_between_neighbours_has_half_the_root_of_three_square_metres():
    found = hexagon_cells(np.array([0.0]), np.array([0.0]), cell_m=1000.0)
    assert found.cells.area_km2 == pytest.approx([math.sqrt(3) / 2])


def test_hexagons_leave_no_gap_and_no_overlap():
    x_m, y_m = np.meshgrid(np.arange(0.0, 1000, 20), np.arange(0.0, 1000, 20))
    found = hexagon_cells(x_m.ravel(), y_m.ravel(), cell_m=100.0)
    whole = shapely.union_all(found.cells.shape)
    assert whole.area == pytest.approx(shapely.area(found.cells.shape).sum(), rel=1e-9)
    assert isinstance(whole, shapely.Polygon)


def test_h3_cells_are_those_of_the_library():
    x_m, y_m = cloud()
    found = h3_cells(x_m, y_m, resolution=9, projection=PROJECTION)
    lon, lat = PROJECTION.all_to_degrees(x_m, y_m)
    expected = [h3.latlng_to_cell(*place, 9) for place in zip(lat, lon, strict=True)]
    assert found.cells.name[found.cell].tolist() == expected
    # an edge of a cell is a chord in the plane and an arc on the earth: 0.1 km2 and a hair
    assert found.cells.area_km2 == pytest.approx(
        [h3.cell_area(name) for name in found.cells.name], rel=5e-3
    )
    assert holds(found, x_m, y_m).all()


@pytest.mark.parametrize(
    "cells",
    [
        lambda x, y: square_cells(x, y, cell_m=100.0),
        lambda x, y: hexagon_cells(x, y, cell_m=100.0),
        lambda x, y: h3_cells(x, y, resolution=9, projection=PROJECTION),
        lambda x, y: given_cells(x, y, areas(shapely.box(X_M, Y_M, X_M + 1, Y_M + 1))),
    ],
)
def test_order_of_points_makes_no_difference_and_none_is_no_error(cells):
    x_m, y_m = cloud()
    order = np.random.default_rng(1).permutation(len(x_m))
    one, other = cells(x_m, y_m), cells(x_m[order], y_m[order])
    assert one.cells.name.tolist() == other.cells.name.tolist()
    assert one.cell[order].tolist() == other.cell.tolist()
    empty = cells(np.zeros(0), np.zeros(0))
    assert empty.sums(np.zeros(0)).sum() == 0.0


def test_all_points_in_one_place_are_one_cell():
    x_m, y_m = np.full(50, X_M), np.full(50, Y_M)
    assert square_cells(x_m, y_m, cell_m=250.0).sums(np.ones(50)).tolist() == [50.0]


def test_point_on_a_common_border_belongs_to_the_first_row_whatever_its_place():
    west, east = shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)
    x_m, y_m = np.array([10.0, 10.0, 3.0, 13.0, 25.0]), np.array([5.0, 0.0, 5.0, 5.0, 5.0])
    assert given_cells(x_m, y_m, areas(west, east)).cell.tolist() == [0, 0, 0, 1, NOWHERE]
    assert given_cells(x_m, y_m, areas(east, west)).cell.tolist() == [0, 0, 1, 0, NOWHERE]


def test_points_in_no_polygon_are_counted_and_not_summed():
    found = given_cells(
        np.array([1.0, 50.0]), np.array([1.0, 50.0]), areas(shapely.box(0, 0, 2, 2))
    )
    assert found.outside_count == 1
    assert found.sums(np.array([7.0, 9.0])).tolist() == [7.0]
    assert found.sums(np.array([7.0, 9.0]), np.array([False, True])).tolist() == [0.0]


@given(places, st.integers(1, 6))
def test_given_polygons_hold_what_a_walk_over_them_finds(xy, count):
    x_m, y_m = arrays(xy)
    shapes = [
        shapely.box(X_M - 4000 + 900 * n, Y_M - 3000, X_M + 1200 * n, Y_M + 500 * n)
        for n in range(count)
    ]
    expected = [
        next((row for row, shape in enumerate(shapes) if shape.intersects(point)), NOWHERE)
        for point in shapely.points(x_m, y_m)
    ]
    assert given_cells(x_m, y_m, areas(*shapes)).cell.tolist() == expected


def test_cells_are_cut_at_the_border_of_the_study_area():
    found = square_cells(np.array([10.0]), np.array([10.0]), cell_m=1000.0)
    inside = cells_inside(found, shapely.box(0, 0, 1000, 250))
    assert inside.cells.area_km2.tolist() == [0.25]


@pytest.mark.parametrize("cell_m", [0.0, -5.0, math.nan, math.inf])
@pytest.mark.parametrize("cells", [square_cells, hexagon_cells])
def test_size_that_is_no_length_is_refused(cells, cell_m):
    with pytest.raises(InputError, match="cell size"):
        cells(np.zeros(1), np.zeros(1), cell_m=cell_m)


@pytest.mark.parametrize("cells", [square_cells, hexagon_cells])
def test_cells_too_small_to_be_numbered_are_refused(cells):
    with pytest.raises(InputError, match="too small"):
        cells(np.array([X_M]), np.array([Y_M]), cell_m=1e-6)


def test_more_cells_than_a_file_is_good_for_are_refused():
    x_m = np.arange(200_001.0)
    with pytest.raises(InputError, match=r"200,001 squares of 1 m .* at most 200,000"):
        square_cells(x_m, x_m, cell_m=1.0)


def test_unknown_resolution_of_h3_is_refused():
    with pytest.raises(InputError, match="no resolution 16"):
        h3_cells(np.zeros(1), np.zeros(1), resolution=16, projection=PROJECTION)
