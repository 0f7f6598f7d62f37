from __future__ import annotations

import numpy as np
import pytest

from gisplan.density.points import build_points
from gisplan.errors import InputError


def test_all_problems_are_counted_before_points_are_refused():
    x_m = np.array([1.0, np.nan, np.inf, 1.0])
    weight = np.array([-1.0, 1.0, np.nan, -2.0])
    with pytest.raises(InputError) as refused:
        build_points(x_m, np.zeros(4), weight)
    message = str(refused.value)
    assert "2 with a NaN or infinite coordinate" in message
    assert "1 with a NaN or infinite weight" in message
    assert "2 with a negative weight" in message


def test_arrays_of_different_lengths_are_refused():
    with pytest.raises(InputError, match="three arrays of one length"):
        build_points(np.zeros(2), np.zeros(2), np.zeros(3))


def test_zero_weight_is_allowed():
    assert len(build_points(np.zeros(2), np.zeros(2), np.zeros(2))) == 2
