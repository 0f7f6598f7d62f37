"""The smoothed-mean forecast: known answers, coverage by simulation, few and no data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom

from gisplan.density.forecast import (
    DemandForecast,
    Drift,
    ForecastSettings,
    forecast_demand,
    forecast_rates,
    season_factors,
)
from gisplan.errors import InputError
from gisplan.model.grid import Floats

SETTINGS = ForecastSettings(half_life_months=12, season_from_months=24)
FOREVER = ForecastSettings(half_life_months=1e9, season_from_months=24)
AHEAD = np.array([1, 3, 6, 12])


def test_one_cell_is_told_by_its_own_mean() -> None:
    # 6 applications in 12 months and half a one of the prior: 6.5 / 12 a month, twice as sure
    forecast = forecast_rates(np.full((1, 12), 0.5), FOREVER)
    assert forecast.expected(np.array([12]))[0, 0] == pytest.approx(6.5 * 12.5 / 13, rel=1e-6)


def test_cells_alike_share_one_rate_and_a_busy_one_stands_out() -> None:
    counts = np.zeros((10, 24))
    counts[0] = 2.0
    expected = forecast_rates(counts, FOREVER).expected(np.array([12]))[:, 0]
    assert expected[0] == pytest.approx(24, rel=0.05)
    assert (expected[1:] < 1.0).all()
    assert np.unique(expected[1:]).size == 1


def test_interval_of_one_cell_is_that_of_the_negative_binomial() -> None:
    forecast = forecast_rates(np.full((1, 12), 1.0), FOREVER)
    shape, rate = 12.5 + 12.0, 12.5 / (12.5 / 12) + 12.0
    told = forecast.quantile(0.9, np.array([6]))[0, 0]
    assert told == nbinom.ppf(0.9, shape, rate / (rate + 6))


def test_drift_widens_the_interval_of_a_cell_and_of_all_and_keeps_the_mean() -> None:
    plain = forecast_rates(np.full((3, 12), 2.0), FOREVER)
    months = np.array([6])
    drift = Drift(months=np.array([6.0]), variance=np.array([0.25]), of_trend=0.0)
    drifting = replace(plain, drift=drift)
    assert drifting.expected(months).tolist() == plain.expected(months).tolist()
    mean, shape = plain.expected(months)[0, 0], 1 / (1 / plain.shape[0] + 0.25)
    told = drifting.quantile(0.9, months)[0, 0]
    assert told == nbinom.ppf(0.9, shape, shape / (shape + mean))
    assert drifting.common(months) - plain.common(months) == pytest.approx(0.25)
    demand = forecast_demand(drifting, months, size_kva=1.0, square_kva2=1.0)
    assert demand.common == pytest.approx(1 / plain.known + 0.25)


def test_old_months_count_less() -> None:
    early, late = np.zeros((1, 24)), np.zeros((1, 24))
    early[0, :12], late[0, 12:] = 1.0, 1.0
    month = np.array([1])
    once = ForecastSettings(half_life_months=12, season_from_months=99)
    assert forecast_rates(early, once).expected(month) < forecast_rates(late, once).expected(month)


@pytest.mark.parametrize(
    ("cells", "mean", "shape", "months"),
    [(150, 0.4, 0.7, 24), (150, 3.0, 2.0, 36), (6, 20.0, 2.0, 24)],
)
def test_intervals_cover_what_they_promise(
    cells: int, mean: float, shape: float, months: int
) -> None:
    random = np.random.default_rng(7)
    inside: dict[float, list[float]] = {0.8: [], 0.95: []}
    for _ in range(25):
        rate = random.gamma(shape, mean / shape, cells)
        seen = random.poisson(rate[:, None], (cells, months + 12)).astype(float)
        forecast = forecast_rates(seen[:, :months], SETTINGS)
        came = np.cumsum(seen[:, months:], axis=1)[:, AHEAD - 1]
        for share, found in inside.items():
            low, high = (forecast.quantile((1 + sign * share) / 2, AHEAD) for sign in (-1, 1))
            found.append(float(((came >= low) & (came <= high)).mean()))
    # counts are whole, so an interval covers its share or more
    assert 0.79 < np.mean(inside[0.8]) < 0.96
    assert 0.94 < np.mean(inside[0.95]) < 0.996


def test_no_application_is_a_small_rate_with_a_wide_interval() -> None:
    forecast = forecast_rates(np.zeros((4, 6)), SETTINGS)
    expected, high = forecast.expected(AHEAD), forecast.quantile(0.975, AHEAD)
    assert np.isfinite(expected).all()
    assert (expected > 0).all()
    assert (expected < 0.5).all()
    assert (high >= 0).all()


def test_season_comes_back_where_the_history_is_long_enough() -> None:
    year = np.array([2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 14.0]) * 50
    of_region = np.tile(year, 3)
    factors = season_factors(of_region, 24)
    assert factors.mean() == pytest.approx(1.0)
    assert factors[11] == pytest.approx(14 / 3, rel=0.25)
    assert (season_factors(of_region[:20], 24) == 1.0).all()


def test_a_trend_is_no_season() -> None:
    factors = season_factors(np.linspace(10, 60, 36), 24)
    assert np.abs(factors - 1.0).max() < 0.2


def test_first_month_ahead_has_its_own_season() -> None:
    year = np.ones(12)
    year[0] = 5.0
    forecast = forecast_rates(np.tile(year * 10, 3)[None, :], FOREVER)
    first, second = forecast.expected(np.array([1, 2]))[0]
    assert first > 2 * (second - first)


def test_demand_is_number_times_size_with_the_variance_of_a_random_sum() -> None:
    forecast = forecast_rates(np.full((1, 24), 4.0), FOREVER)
    demand = forecast_demand(forecast, np.array([12]), size_kva=10.0, square_kva2=125.0)
    count, variance = (one(np.array([12]))[0, 0] for one in (forecast.expected, forecast.variance))
    assert demand.mean_kva[0, 0] == pytest.approx(10 * count)
    assert demand.variance_kva2[0, 0] == pytest.approx(25 * count + 100 * variance)


def test_sums_keep_the_mean_and_what_is_common_does_not_average_out() -> None:
    parts = DemandForecast(
        mean_kva=np.full((4, 1), 10.0), variance_kva2=np.full((4, 1), 25.0), common=np.array([0.01])
    )
    total = parts.summed(np.array([0, 0, 1, -1]), 2)
    assert total.mean_kva[:, 0].tolist() == [20.0, 10.0]
    assert total.variance_kva2[:, 0].tolist() == [50.0, 25.0]
    both = total.joined(total)
    assert both.mean_kva[0, 0] == 40.0
    assert both.variance_kva2[0, 0] == pytest.approx(2 * (50 + 0.01 * 400))
    assert (total.quantile(0.1) < total.mean_kva).all()
    assert (total.quantile(0.9) > total.mean_kva).all()


def test_nothing_comes_where_sizes_are_zero() -> None:
    forecast = forecast_rates(np.ones((2, 6)), SETTINGS)
    demand = forecast_demand(forecast, AHEAD, size_kva=0.0, square_kva2=0.0)
    assert (demand.quantile(0.9) == 0).all()


@pytest.mark.parametrize(
    "bad", [np.zeros((0, 3)), np.zeros((3, 0)), np.array([[-1.0]]), np.array([[np.nan]])]
)
def test_what_is_no_table_of_counts_is_refused(bad: Floats) -> None:
    with pytest.raises(InputError, match="counts"):
        forecast_rates(bad, SETTINGS)


@given(st.lists(st.lists(st.integers(0, 9), min_size=5, max_size=5), min_size=1, max_size=6))
def test_forecasts_are_finite_and_ordered_and_cells_keep_their_order(rows: list[list[int]]) -> None:
    counts = np.array(rows, dtype=float)
    forecast = forecast_rates(counts, SETTINGS)
    quantiles = [forecast.quantile(share, AHEAD) for share in (0.025, 0.1, 0.5, 0.9, 0.975)]
    assert np.isfinite(quantiles).all()
    assert (np.diff(quantiles, axis=0) >= 0).all()
    turned = forecast_rates(counts[::-1], SETTINGS).expected(AHEAD)[::-1]
    assert np.allclose(turned, forecast.expected(AHEAD), rtol=1e-9)
