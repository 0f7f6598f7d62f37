"""The learned forecast is used where back-tests show it better, and only there."""

from __future__ import annotations

import numpy as np
import pytest

from gisplan.density.back_test import ChosenForecast, choose_forecast
from gisplan.density.forecast import BASELINE, LEARNED, ForecastSettings, forecast_rates
from gisplan.density.rate_regression import RateRegression
from gisplan.model.grid import Floats, Integers

SETTINGS = ForecastSettings(half_life_months=12, season_from_months=99)


def ring_of(cells: int) -> Integers:
    return np.column_stack([(np.arange(cells) + step) % cells for step in (1, cells - 1)])


def counts_of(cells: int, months: int, growth: float = 0.0, mean: float = 2.0) -> Floats:
    random = np.random.default_rng(5)
    rate = random.gamma(2.0, mean / 2.0, cells)[:, None] * (1 + growth * np.arange(months))
    return random.poisson(rate).astype(float)


def choose(counts: Floats, gain_min: float = 0.05) -> ChosenForecast:
    return choose_forecast(counts, ring_of(len(counts)), SETTINGS, gain_min=gain_min)


def test_steady_applications_are_told_by_the_smoothed_mean() -> None:
    chosen = choose(counts_of(40, 24))
    assert chosen.forecast.method == BASELINE
    assert "smoothed mean forecasts" in chosen.reason


def test_a_steep_trend_is_told_by_the_regression() -> None:
    counts = counts_of(40, 24, growth=0.2)
    chosen = choose(counts)
    assert chosen.forecast.method == LEARNED
    assert "less" in chosen.reason
    months = np.array([1])
    # the last month of the trend, once more: the mean of all cells is 2 * (1 + 0.2 * 24)
    told = chosen.forecast.expected(months).mean()
    assert told == pytest.approx(2 * 5.8, rel=0.25)
    assert told > forecast_rates(counts, SETTINGS).expected(months).mean()


def test_a_gain_that_is_not_reached_keeps_the_smoothed_mean() -> None:
    assert choose(counts_of(40, 24, growth=0.2), gain_min=0.9).forecast.method == BASELINE


def test_both_are_tested_from_the_same_origins_and_cover() -> None:
    rows = choose(counts_of(40, 24)).rows
    by_method = {
        method: {one.horizon_months: one for one in rows if one.method == method}
        for method in (BASELINE, LEARNED)
    }
    assert set(by_method[BASELINE]) == {1, 3, 6, 12}
    assert set(by_method[LEARNED]) == {1, 3, 6}
    for horizon, row in by_method[LEARNED].items():
        assert row.origins == by_method[BASELINE][horizon].origins
    for row in by_method[BASELINE].values():
        assert 0.72 <= row.coverage_80 <= 1.0
        assert row.coverage_80 <= row.coverage_95
        assert row.pinball_loss < row.mean_absolute_error


def test_history_too_short_for_a_test_says_so() -> None:
    chosen = choose(np.ones((3, 4)))
    assert (chosen.rows, chosen.forecast.method) == ((), BASELINE)
    assert "too short" in chosen.reason


def test_no_application_at_all_is_no_regression() -> None:
    regression = RateRegression(np.zeros((3, 20)), ring_of(3), SETTINGS)
    assert regression.rates(20, ahead_months=3) is None
    chosen = choose(np.zeros((3, 20)))
    assert chosen.forecast.method == BASELINE
    assert np.isfinite(chosen.forecast.expected(np.array([12]))).all()


def test_cells_without_neighbours_are_learned_from_too() -> None:
    counts = counts_of(10, 20)
    regression = RateRegression(counts, np.full((10, 2), -1), SETTINGS)
    forecast = regression.rates(20, ahead_months=3)
    assert forecast is not None
    assert np.isfinite(forecast.expected(np.array([3]))).all()
