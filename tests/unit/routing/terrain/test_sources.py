"""Parts of the ground, given or burnt on demand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely

from gisplan.routing.terrain.raster import Window
from gisplan.routing.terrain.rasterise import Extent, Features, rasterise
from gisplan.routing.terrain.sources import GivenRaster, ShapedGround
from gisplan.routing.terrain.streets import field_stops
from gisplan.routing.terrain.ways import find_ways
from tests.unit.routing.terrain.oracle import raster_of
from tests.unit.routing.terrain.test_ways import streets_of

EXTENT = Extent(x_min_m=0.0, y_max_m=256.0, rows=256, columns=256, cell_m=1.0, srid=25832)


def shaped() -> ShapedGround:
    rng = np.random.default_rng(4)
    x, y = rng.uniform(0, 250, (2, 300))
    return ShapedGround(
        extent=EXTENT,
        ground_cents_per_m=80.0,
        land_use=Features(
            shape=np.array([shapely.box(0, 0, 128, 256), shapely.Point(90, 90).buffer(40)]),
            value=np.array([50.0, 120.0]),
        ),
        streets=Features(
            shape=np.array([shapely.LineString([(0, 30.5), (256, 60.5)])]), value=np.array([20.0])
        ),
        obstacles=Features(
            shape=np.asarray(shapely.box(x, y, x + 6, y + 6)),
            value=np.where(np.arange(300) % 3 == 0, math.inf, 1.5),
            name=tuple(f"house {n}" for n in range(300)),
        ),
    )


def test_a_part_burnt_on_demand_is_the_part_of_the_whole() -> None:
    ground = shaped()
    whole = rasterise(
        EXTENT,
        ground_cents_per_m=80.0,
        land_use=ground.land_use,
        streets=ground.streets,
        obstacles=ground.obstacles,
    )
    window = Window(row_from=33, row_to=190, column_from=21, column_to=140)
    part = ground.cut(window)
    assert part.digest == whole.cut(window).digest
    assert ground.cheapest_cents_per_m <= GivenRaster(raster=whole).cheapest_cents_per_m


def test_ways_are_the_same_from_shapes_and_from_the_raster_of_all() -> None:
    ground = shaped()
    whole = GivenRaster(raster=ground.cut(ground.whole))
    ends = [field_stops(np.array([xy])) for xy in ((100.2, 124.3), (140.6, 99.1))]
    costs = [
        find_ways(source, streets_of(), *ends).ways[0].cost_cents for source in (ground, whole)
    ]
    assert costs[0] == pytest.approx(costs[1], abs=0.5)


def test_a_window_is_cut_to_the_ground() -> None:
    source = GivenRaster(raster=raster_of(np.full((10, 20), 5)))
    assert source.window_around((-50.0, -50.0, 50.0, 50.0)) == source.whole
    one = source.window_around((30.0, 30.0, 31.0, 31.0))
    assert one == Window(row_from=0, row_to=1, column_from=19, column_to=20)
    middle = source.window_around((3.2, 2.5, 4.1, 4.5))
    assert middle == Window(row_from=5, row_to=8, column_from=3, column_to=5)


def test_ground_without_a_free_cell_has_no_cheapest_metre() -> None:
    assert math.isinf(GivenRaster(raster=raster_of([[-1]])).cheapest_cents_per_m)
