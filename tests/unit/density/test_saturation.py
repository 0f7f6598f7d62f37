"""Growth bends under the limit of its land and never goes above."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gisplan.density.saturation import saturated_growth
from gisplan.errors import InputError

STEPS = np.arange(1.0, 21.0)
BEGUN = 0.1


def grown(existing_kva: float, a_step_kva: float, limit_kva: float) -> np.ndarray:
    return saturated_growth(
        np.array([existing_kva]),
        a_step_kva * STEPS[None, :],
        np.array([limit_kva]),
        after=STEPS,
        begun_share=BEGUN,
    )[0]


def test_it_is_the_logistic_curve_through_load_and_slope_of_today() -> None:
    # N0 = 100, K = 400, slope 10 a step: r = 10 * 400 / (100 * 300); N(t) = K / (1 + 3 exp(-rt))
    rate = 10 * 400 / (100 * 300)
    told = grown(100, 10, 400)
    assert told[4] == pytest.approx(400 / (1 + 3 * math.exp(-5 * rate)) - 100)


@pytest.mark.parametrize("scale", [1e-300, 1e-3, 1e3, 1e300])
def test_the_curve_is_the_same_in_any_unit(scale: float) -> None:
    told = grown(100 * scale, 10 * scale, 400 * scale) / scale
    assert told == pytest.approx(grown(100, 10, 400))


def test_far_from_its_limit_growth_begins_as_forecast() -> None:
    assert grown(1000, 1.0, 1e9)[0] == pytest.approx(1.0, rel=1e-3)


def test_without_a_limit_growth_stays_as_it_is() -> None:
    assert np.array_equal(grown(100, 10, np.nan), 10 * STEPS)


def test_empty_land_grows_as_forecast_up_to_its_limit() -> None:
    assert np.array_equal(grown(0, 10, 55), np.minimum(10 * STEPS, 55))


def test_land_that_is_full_grows_no_more() -> None:
    assert (grown(120, 10, 100) == 0).all()
    assert (grown(100, 10, 100) == 0).all()


@given(
    st.floats(0, 1e5),
    st.floats(0, 1e4),
    st.floats(0, 1e6),
)
@example(existing_kva=1e-308, a_step_kva=2e-308, limit_kva=2e-308)  # their products are zero
def test_load_never_passes_the_limit_and_growth_never_shrinks(
    existing_kva: float, a_step_kva: float, limit_kva: float
) -> None:
    told = grown(existing_kva, a_step_kva, limit_kva)
    assert np.isfinite(told).all()
    assert (told >= 0).all()
    assert (existing_kva + told <= max(limit_kva, existing_kva) * (1 + 1e-12)).all()
    assert (np.diff(told) >= -1e-9 * max(limit_kva, 1.0)).all()


@pytest.mark.parametrize(
    ("existing", "growth", "limit"),
    [
        ([-1.0], [[1.0]], [1.0]),
        ([1.0], [[np.nan]], [1.0]),
        ([1.0], [[1.0]], [-1.0]),
        ([1.0], [[1.0]], [np.inf]),
        ([1.0, 2.0], [[1.0]], [1.0]),
        ([1.0], [[]], [1.0]),
    ],
)
def test_what_is_no_load_growth_or_limit_is_refused(
    existing: list[float], growth: list[list[float]], limit: list[float]
) -> None:
    with pytest.raises(InputError):
        saturated_growth(
            np.array(existing),
            np.array(growth),
            np.array(limit),
            after=np.array([1.0]),
            begun_share=BEGUN,
        )
