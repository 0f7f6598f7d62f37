"""The walk from a point to its source: hand calculations and the tree power flow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gisplan.electrical.base.radial_kernel import scalar
from gisplan.electrical.screening.path_kernel import draw, magnitude_change


@given(
    st.complex_numbers(min_magnitude=0.5, max_magnitude=1.5),
    st.complex_numbers(max_magnitude=0.3),
)
def test_change_of_a_magnitude(v: complex, dv: complex) -> None:
    expected = abs(v + dv) - abs(v)
    assert magnitude_change(v, dv) == pytest.approx(expected, abs=1e-12)
    assert magnitude_change.py_func(v, dv) == pytest.approx(expected, abs=1e-12)


def test_a_small_change_of_a_magnitude_keeps_its_digits() -> None:
    assert magnitude_change(1 + 0j, 1e-14 + 0j) == pytest.approx(1e-14, rel=1e-6)


def test_a_constant_power_behind_a_resistance_is_a_quadratic_equation() -> None:
    # 1 p.u. behind r = 0.1 with 2 p.u.: v^2 - v + 0.2 = 0, the upper root is 0.72361
    current, solved = draw(2.0 + 0j, 1.0 + 0j, scalar(0.1 + 0j))
    assert solved
    assert current.real == pytest.approx(2 / 0.7236068, rel=1e-7)


def test_power_beyond_the_nose_has_no_current() -> None:
    # the largest power behind r = 0.1 is 1 / (4 * 0.1) = 2.5
    for power, is_solved in ((2.49, True), (2.51, False), (1e3, False), (1e9, False)):
        assert draw(complex(power), 1.0 + 0j, scalar(0.1 + 0j))[1] == is_solved
        assert draw.py_func(complex(power), 1.0 + 0j, scalar(0.1 + 0j))[1] == is_solved


def test_no_impedance_lets_any_power_through() -> None:
    current, solved = draw(1e6 + 0j, 1.0 + 0j, (0.0, 0.0, 0.0, 0.0))
    assert solved
    assert current == pytest.approx(1e6)


def test_feed_in_raises_the_voltage() -> None:
    # v^2 - v - 0.2 = 0: 1.17082
    current, solved = draw(-2.0 + 0j, 1.0 + 0j, scalar(0.1 + 0j))
    assert solved
    assert 1 - 0.1 * current.real == pytest.approx(1.170820, abs=1e-6)
    assert np.isreal(current.imag)
