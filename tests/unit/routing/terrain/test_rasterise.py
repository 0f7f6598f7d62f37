"""Cost rasters from shapes."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.errors import InputError
from gisplan.routing.terrain.ground import prepare_ground
from gisplan.routing.terrain.rasterise import Extent, Features, extent_around, rasterise
from gisplan.routing.terrain.search import cost_field
from gisplan.routing.terrain.search_setup import Starts

TEN = Extent(x_min_m=0.0, y_max_m=10.0, rows=10, columns=10, cell_m=1.0, srid=25832)
WALL = math.inf


def features(*parts: tuple[shapely.Geometry, float], name: tuple[str, ...] = ()) -> Features:
    shape = np.array([geometry for geometry, _ in parts], dtype=object)
    return Features(shape=shape, value=np.array([value for _, value in parts]), name=name)


def costs(**layers: Features) -> np.ndarray:
    return rasterise(TEN, ground_cents_per_m=100.0, **layers).cost_cents_per_m


def cell_boxes() -> np.ndarray:
    column, row = np.meshgrid(np.arange(10), np.arange(10))
    return shapely.box(column, 9 - row, column + 1, 10 - row)


def test_land_use_counts_at_the_middles_of_cells_and_later_over_earlier() -> None:
    field = (shapely.box(0, 0, 4.4, 10), 30.0)
    pond = (shapely.box(2, 2, 4, 4), 900.0)
    got = costs(land_use=features(field, pond))
    assert got[0].tolist() == [30] * 4 + [100] * 6
    assert got[6:8, 2:4].tolist() == [[900, 900], [900, 900]]
    assert (got == 900).sum() == 4


def test_the_hole_of_an_area_is_not_filled() -> None:
    ring = shapely.Polygon([(1, 1), (9, 1), (9, 9), (1, 9)], [[(3, 3), (7, 3), (7, 7), (3, 7)]])
    got = costs(obstacles=features((ring, WALL)))
    assert (got < 0).sum() == 64 - 16
    assert got[5, 5] == 100


def test_an_obstacle_on_the_borders_of_cells_shuts_none_outside() -> None:
    got = costs(obstacles=features((shapely.box(2, 3, 5, 6), WALL)))
    assert (got[4:7, 2:5] == -1).all()
    assert (got < 0).sum() == 9


def test_factors_multiply_and_the_largest_counts() -> None:
    wide, narrow = shapely.box(0, 0, 10, 10), shapely.box(0, 9, 1, 10)
    got = costs(obstacles=features((narrow, 3.0), (wide, 1.5)))
    assert (got[0, 0], got[1, 1]) == (300, 150)


def test_streets_are_burnt_in_and_the_cheapest_counts() -> None:
    line = shapely.LineString([(0, 5.5), (10, 5.5)])
    got = costs(streets=features((line, 20.0), (line, 60.0)))
    assert (got[4] == 20).all()
    assert (got != 100).sum() == 10


def test_a_forbidden_area_lies_over_a_street() -> None:
    line = shapely.LineString([(0, 5.5), (10, 5.5)])
    got = costs(streets=features((line, 20.0)), obstacles=features((shapely.box(3, 5, 4, 6), WALL)))
    assert got[4, 2:5].tolist() == [20, -1, 20]


SIXTEENTHS = st.integers(-48, 208).map(lambda n: n / 16)  # often on the borders of cells
POINTS = st.tuples(SIXTEENTHS, SIXTEENTHS)


@settings(max_examples=150, deadline=None)
@given(corners=st.lists(POINTS, min_size=3, max_size=7))
def test_every_cell_that_a_forbidden_area_touches_is_shut(
    corners: list[tuple[float, float]],
) -> None:
    area = shapely.make_valid(shapely.Polygon(corners))
    if shapely.area(area) < 1e-6:
        return
    got = costs(obstacles=features((shapely.Polygon(corners), WALL)))
    polygons = shapely.union_all([part for part in shapely.get_parts(area) if part.area > 0])
    shared = shapely.area(shapely.intersection(cell_boxes(), polygons))
    assert (got[shared > 1e-6] == -1).all()
    away = shapely.distance(cell_boxes(), polygons)
    assert (got[away > 1e-9] == 100).all()


@settings(max_examples=60, deadline=None)
@given(
    ends=st.tuples(st.floats(0.05, 9.95), st.floats(0.05, 9.95)),
    width_m=st.floats(1e-3, 0.5),
    directions=st.sampled_from([8, 16, 32]),
)
def test_a_wall_thinner_than_a_cell_is_not_jumped_over(
    ends: tuple[float, float], width_m: float, directions: int
) -> None:
    wall = shapely.LineString([(ends[0], -1), (ends[1], 11)]).buffer(width_m)
    raster = rasterise(TEN, ground_cents_per_m=10.0, obstacles=features((wall, WALL)))
    free = np.flatnonzero(raster.cost_cents_per_m.reshape(-1) >= 0)
    start = Starts(place=free[:1], cost_cents=np.zeros(1, np.int64))
    reached = np.isfinite(cost_field(prepare_ground(raster, directions=directions), start))
    middle = raster.middles_of(np.arange(100))
    border = ends[0] + (middle[:, 1] + 1) / 12 * (ends[1] - ends[0])
    side = middle[:, 0] < border
    assert (side[reached.reshape(-1)] == side[free[0]]).all()


def test_a_self_crossing_area_is_made_valid() -> None:
    bow_tie = shapely.Polygon([(1, 1), (9, 9), (9, 1), (1, 9)])
    got = costs(obstacles=features((bow_tie, WALL)))
    assert got[5, 1] == got[5, 8] == -1
    assert got[0, 5] == got[9, 5] == 100


def test_an_area_without_area_is_refused_by_name() -> None:
    flat = shapely.Polygon([(1, 1), (5, 5), (9, 9), (1, 1)])
    with pytest.raises(InputError, match="obstacle barn encloses no area"):
        costs(obstacles=features((flat, WALL), name=("barn",)))


@pytest.mark.parametrize(
    ("layer", "problem"),
    [
        ({"obstacles": features((shapely.Point(1, 1), 2.0))}, "feature 0 is Point"),
        ({"streets": features((shapely.box(0, 0, 1, 1), 2.0))}, "street feature 0 is Polygon"),
        ({"land_use": features((shapely.box(0, 0, 1, 1), -2.0))}, "has the figure -2.0"),
        ({"land_use": features((shapely.box(0, 0, 1, 1), math.nan))}, "has the figure nan"),
        ({"land_use": features((shapely.Polygon(), 1.0))}, "empty"),
        (
            {"streets": features((shapely.LineString([(0, 0), (math.inf, 1)]), 1.0))},
            "no finite number",
        ),
        (
            {"streets": Features(shape=np.zeros(2, object), value=np.zeros(1))},
            "expected one for each",
        ),
    ],
)
def test_what_cannot_be_burnt_is_refused_by_name(layer: dict[str, Features], problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        costs(**layer)


def test_the_extent_covers_the_bounds_in_whole_cells() -> None:
    extent = extent_around((3.0, 4.0, 11.0, 9.0), 5.0, 25832)
    assert (extent.x_min_m, extent.y_max_m, extent.columns, extent.rows) == (0.0, 10.0, 3, 2)


@pytest.mark.parametrize(
    ("bounds", "cell_m"),
    [((0, 0, 0, 1), 1.0), ((0, 0, math.nan, 1), 1.0), ((0, 0, 1, 1), 0.0), ((0, 0, 1e9, 1e9), 1.0)],
)
def test_an_extent_without_use_is_refused(
    bounds: tuple[float, float, float, float], cell_m: float
) -> None:
    with pytest.raises(InputError, match="expected"):
        extent_around(bounds, cell_m, 25832)


def test_many_obstacles_take_little_time() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.uniform(0, 8_000, (2, 100_000))
    houses = Features(shape=shapely.box(x, y, x + 8, y + 8), value=np.full(len(x), math.inf))
    extent = extent_around((0.0, 0.0, 8_000.0, 8_000.0), 10.0, 25832)
    began = time.process_time()
    raster = rasterise(extent, ground_cents_per_m=10.0, obstacles=houses)
    assert time.process_time() - began < 10
    # Each house touches (8 + 10)^2 / 10^2 cells on average; houses fall on cells at random.
    shut = 1 - math.exp(-len(x) * 3.24 / 800**2)
    assert np.mean(raster.cost_cents_per_m < 0) == pytest.approx(shut, abs=0.01)
