"""Ragged geometry: some of its rows."""

from __future__ import annotations

import numpy as np

from gisplan.model.grid import Polylines


def test_rows_taken_are_those_rows_in_the_order_asked_for() -> None:
    xy_m = np.arange(14.0).reshape(7, 2)
    lines = Polylines(offset=np.array([0, 2, 5, 7]), xy_m=xy_m)
    some = lines.take(np.array([2, 0]))
    assert [some.row(row).tolist() for row in range(len(some))] == [
        xy_m[5:7].tolist(),
        xy_m[:2].tolist(),
    ]
    assert len(lines.take(np.zeros(0, dtype=np.int64))) == 0
