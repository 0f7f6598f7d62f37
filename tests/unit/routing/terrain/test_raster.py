"""Cost rasters as values: cells, places, parts."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gisplan.errors import InputError
from gisplan.routing.terrain import raster as raster_module
from gisplan.routing.terrain.ground import ARC_BITS, Arcs, prepare_ground
from gisplan.routing.terrain.raster import (
    CostRaster,
    Window,
    find_nearest_free_cell,
    free_cells,
)
from tests.unit.routing.terrain.oracle import raster_of

WIDE = CostRaster(
    cost_cents_per_m=np.arange(12, dtype=np.int32).reshape(3, 4),
    x_min_m=100.0,
    y_max_m=50.0,
    cell_m=5.0,
    srid=25832,
)


def test_rows_run_from_north_to_south() -> None:
    x, y = np.array([100.1, 119.9, 100.1, 99.0]), np.array([49.9, 35.1, 35.1, 40.0])
    assert WIDE.cells_of(x, y).tolist() == [0, 11, 8, -1]
    assert WIDE.middles_of(np.array([0, 11])).tolist() == [[102.5, 47.5], [117.5, 37.5]]


def test_a_part_keeps_its_place() -> None:
    part = WIDE.cut(Window(row_from=1, row_to=3, column_from=2, column_to=4))
    assert part.cost_cents_per_m.tolist() == [[6, 7], [10, 11]]
    assert (part.x_min_m, part.y_max_m) == (110.0, 45.0)
    with pytest.raises(InputError, match="does not lie within"):
        WIDE.cut(Window(row_from=1, row_to=4, column_from=0, column_to=1))


def test_equal_rasters_have_equal_digests() -> None:
    again = replace(WIDE, cost_cents_per_m=WIDE.cost_cents_per_m.copy())
    assert again.digest == WIDE.digest
    assert replace(WIDE, x_min_m=101.0).digest != WIDE.digest
    assert replace(WIDE, cost_cents_per_m=WIDE.cost_cents_per_m + 1).digest != WIDE.digest


@given(st.integers(0, 30), st.integers(0, 30), st.floats(-20, 50), st.floats(-20, 50))
def test_the_nearest_free_cell_is_the_nearest(row: int, column: int, x: float, y: float) -> None:
    costs = np.full((31, 31), -1)
    costs[row, column] = costs[30, 0] = 5
    raster = raster_of(costs)
    cell = find_nearest_free_cell(raster, x, y)
    free = np.flatnonzero(free_cells(raster).reshape(-1))
    away = np.hypot(*(raster.middles_of(free) - [x, y]).T)
    assert cell == free[np.argmin(away)]


def test_where_all_is_forbidden_there_is_no_free_cell() -> None:
    assert find_nearest_free_cell(raster_of([[-1, -1]]), 0.5, 0.5) == -1


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"cost_cents_per_m": np.zeros((0, 3), np.int32)}, "has shape"),
        ({"cost_cents_per_m": np.zeros((2, 3))}, "of float64"),
        ({"cost_cents_per_m": np.full((1, 1), -2, np.int32)}, "holds -2 to -2"),
        ({"cost_cents_per_m": np.full((1, 1), 1 << 24, np.int32)}, "holds 16777216"),
        ({"x_min_m": math.nan}, "corner is nan"),
        ({"cell_m": 0.0}, "cells of 0.0 m"),
        ({"cell_m": math.inf}, "cells of inf m"),
    ],
)
def test_a_raster_that_is_none_is_refused(change: dict[str, object], problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        replace(WIDE, **change)  # type: ignore[arg-type]


def test_a_huge_raster_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raster_module, "LARGEST_CELLS", 5)
    with pytest.raises(InputError, match="12 cells; expected at most 5"):
        replace(WIDE, cell_m=1.0)


def arcs(tail: int, head: int, cost: int) -> Arcs:
    return Arcs(
        node_count=1,
        tail=np.array([tail, head]),
        head=np.array([head, tail]),
        cost=np.array([cost, cost]) << ARC_BITS,
    )


def test_arcs_that_lead_nowhere_or_cost_less_than_nothing_are_refused() -> None:
    with pytest.raises(InputError, match="an arc leads to place 13; expected 0 to 12"):
        prepare_ground(WIDE, arcs=arcs(0, 13, 1))
    with pytest.raises(InputError, match=r"costs -1\.0 cents"):
        prepare_ground(WIDE, arcs=arcs(0, 12, -1))
