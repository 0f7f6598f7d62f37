"""The learned forecast is used where back-tests show it better, and only there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gisplan.density.back_test import ForecastChoice, choose_forecast
from gisplan.density.forecast import (
    BASELINE,
    LEARNED,
    NO_DRIFT,
    Drift,
    ForecastSettings,
    RateForecast,
    forecast_rates,
)
from gisplan.density.rate_regression import RateRegression
from gisplan.model.grid import Floats, Integers

SETTINGS = ForecastSettings(half_life_months=12, season_from_months=99)


def ring_of(cells: int) -> Integers:
    return np.column_stack([(np.arange(cells) + step) % cells for step in (1, cells - 1)])


def counts_of(cells: int, months: int, growth: float = 0.0, mean: float = 2.0) -> Floats:
    random = np.random.default_rng(5)
    rate = random.gamma(2.0, mean / 2.0, cells)[:, None] * (1 + growth * np.arange(months))
    return random.poisson(rate).astype(float)


def choose(counts: Floats, gain_min: float = 0.05) -> ForecastChoice:
    return choose_forecast(counts, ring_of(len(counts)), SETTINGS, gain_min=gain_min)


def told(counts: Floats, choice: ForecastChoice) -> RateForecast:
    return choice.forecast(counts, ring_of(len(counts)), SETTINGS)


def test_steady_applications_are_told_by_the_smoothed_mean() -> None:
    counts = counts_of(40, 24)
    chosen = choose(counts)
    assert told(counts, chosen).method == BASELINE
    assert "smoothed mean forecasts" in chosen.reason


def test_a_steep_trend_is_told_by_the_regression() -> None:
    counts = counts_of(40, 24, growth=0.2)
    chosen = choose(counts)
    forecast = told(counts, chosen)
    assert forecast.method == LEARNED
    assert "less" in chosen.reason
    months = np.array([1])
    # the last month of the trend, once more: the mean of all cells is 2 * (1 + 0.2 * 24)
    mean = forecast.expected(months).mean()
    assert mean == pytest.approx(2 * 5.8, rel=0.25)
    assert mean > forecast_rates(counts, SETTINGS).expected(months).mean()


def test_a_gain_that_is_not_reached_keeps_the_smoothed_mean() -> None:
    chosen = choose(counts_of(40, 24, growth=0.2), gain_min=0.9)
    assert chosen.regression is None


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
    assert (chosen.rows, chosen.regression, chosen.drift) == ((), None, NO_DRIFT)
    assert "too short" in chosen.reason


def test_no_application_at_all_is_no_regression() -> None:
    regression = RateRegression(np.zeros((3, 20)), ring_of(3), SETTINGS)
    assert regression.rates(20, ahead_months=3) is None
    chosen = choose(np.zeros((3, 20)))
    assert chosen.regression is None
    assert np.isfinite(told(np.zeros((3, 20)), chosen).expected(np.array([12]))).all()


def test_cells_without_neighbours_are_learned_from_too() -> None:
    counts = counts_of(10, 20)
    regression = RateRegression(counts, np.full((10, 2), -1), SETTINGS)
    forecast = regression.rates(20, ahead_months=3)
    assert forecast is not None
    assert np.isfinite(forecast.expected(np.array([3]))).all()


def test_drift_is_the_error_of_the_region_beyond_chance() -> None:
    # 100 cells are told one application a month by their first six, and have three ever after
    counts = np.ones((100, 18))
    counts[:, 6:] = 3.0
    drift = choose(counts, gain_min=1.0).drift
    assert drift.months.tolist() == [1, 3, 6, 12]
    assert (np.diff(drift.variance) >= 0).all()
    # the one origin at twelve months: 3,600 came where 1,200 were told, an error of 2
    assert drift.variance[-1] == pytest.approx(2.0**2, rel=0.02)


def test_drift_goes_on_as_trend_and_random_walk_beyond_the_longest_test_and_has_an_end() -> None:
    drift = Drift(months=np.array([1.0, 3.0]), variance=np.array([0.0, 0.06]), of_trend=0.0)
    assert drift.after(np.array([0, 1, 2, 3, 6, 600])) == pytest.approx([0, 0, 0.03, 0.06, 0.12, 1])
    # of a variance of 0.06 two thirds are of a trend: 0.02 * 2 + 0.04 * 2**2
    assert replace(drift, of_trend=0.04).after(np.array([3, 6])) == pytest.approx([0.06, 0.2])
    assert NO_DRIFT.after(np.array([1, 600])).tolist() == [0, 0]


def test_steady_counts_drift_little_and_a_trend_much() -> None:
    steady, steep = (choose(counts_of(40, 36, growth), gain_min=0.9) for growth in (0.0, 0.2))
    assert steady.drift.after(np.array([12]))[0] < 0.02
    assert steep.drift.after(np.array([12]))[0] > 0.1
