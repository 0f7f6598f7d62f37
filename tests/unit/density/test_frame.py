from __future__ import annotations

import re

import pytest

from gisplan.density.frame import MAX_CELLS, build_frame
from gisplan.errors import InputError
from gisplan.model.density import Extent


def extent(x_min_m: float, y_min_m: float, x_max_m: float, y_max_m: float) -> Extent:
    return Extent(x_min_m=x_min_m, y_min_m=y_min_m, x_max_m=x_max_m, y_max_m=y_max_m)


def test_edges_are_multiples_of_the_cell_size():
    frame = build_frame(extent(103.0, -7.0, 251.0, 49.0), cell_m=50.0, margin_cells=0)
    assert (frame.x_min_m, frame.y_max_m) == (100.0, 50.0)
    assert (frame.rows, frame.columns) == (2, 4)


def test_margin_is_added_on_every_side():
    frame = build_frame(extent(0.0, 0.0, 100.0, 50.0), cell_m=50.0, margin_cells=3)
    assert (frame.x_min_m, frame.y_max_m) == (-150.0, 200.0)
    assert (frame.rows, frame.columns) == (7, 8)


def test_a_single_place_has_one_cell():
    frame = build_frame(extent(100.0, 100.0, 100.0, 100.0), cell_m=50.0, margin_cells=0)
    assert (frame.rows, frame.columns) == (1, 1)


def test_too_many_cells_are_refused_with_a_size_that_would_do():
    wide = extent(0.0, 0.0, 225_000.0, 245_000.0)
    with pytest.raises(InputError, match="at most 50,000,000") as refused:
        build_frame(wide, cell_m=5.0, margin_cells=0)
    found = re.search(r"a cell of ([\d.]+) m or more", str(refused.value))
    assert found is not None
    enough_m = float(found[1])
    frame = build_frame(wide, cell_m=enough_m, margin_cells=0)
    assert 0.8 * MAX_CELLS < frame.rows * frame.columns <= MAX_CELLS


@pytest.mark.parametrize("cell_m", [0.0, -1.0, 1e-300, float("nan"), float("inf")])
def test_cell_size_must_be_positive(cell_m):
    with pytest.raises(InputError, match="cell size"):
        build_frame(extent(0.0, 0.0, 1.0, 1.0), cell_m=cell_m, margin_cells=0)


@pytest.mark.parametrize("x_max_m", [-1.0, float("nan"), float("inf")])
def test_extent_must_cover_something(x_max_m):
    with pytest.raises(InputError, match="covers nothing"):
        build_frame(extent(0.0, 0.0, x_max_m, 1.0), cell_m=1.0, margin_cells=0)
