"""How well forecasts would have told what came: rolling back-tests of both models.

From every month of the past that has enough behind and before it, each model forecasts from what
was known then. A learned model is used only where it would have beaten the smoothed mean.

References
----------
T. Gneiting, A. E. Raftery, Strictly proper scoring rules, prediction, and estimation, Journal of
the American Statistical Association 102 (2007) 359-378: the quantile ("pinball") loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.density.forecast import BASELINE, LEARNED, check_counts, forecast_rates
from gisplan.density.rate_regression import FIRST_ORIGIN, RateRegression

if TYPE_CHECKING:
    from gisplan.density.forecast import ForecastSettings, RateForecast
    from gisplan.model.grid import Floats, Integers

HORIZONS_MONTHS = (1, 3, 6, 12)
ORIGINS_MAX = 12
SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Quantiles whose loss is compared."""

WIDE, NARROW = (0.025, 0.975), (0.1, 0.9)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackTestRow:
    """How one model did so many months ahead, over all cells and origins.

    ``mean_absolute_error`` and ``pinball_loss`` are in applications a cell, ``coverage_80`` and
    ``coverage_95`` the shares of cells whose count lay inside the interval.
    """

    method: str
    horizon_months: int
    origins: int
    mean_absolute_error: float
    pinball_loss: float
    coverage_80: float
    coverage_95: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenForecast:
    """The forecast that is used, the back-tests behind the choice, and the choice in words."""

    forecast: RateForecast
    rows: tuple[BackTestRow, ...]
    reason: str


def choose_forecast(
    counts: Floats, neighbours: Integers, settings: ForecastSettings, *, gain_min: float
) -> ChosenForecast:
    """Forecast by the regression where it beat the smoothed mean in back-tests, else by that.

    It has beaten it where its pinball loss, over the horizons that both were tested at, is less by
    ``gain_min`` (a ratio) and more at none of them.
    """
    check_counts(counts)
    regression = RateRegression(counts, neighbours, settings)
    rows = back_test(counts, regression, settings)
    baseline = forecast_rates(counts, settings)
    ours = {row.horizon_months: row.pinball_loss for row in rows if row.method == BASELINE}
    theirs = {row.horizon_months: row.pinball_loss for row in rows if row.method == LEARNED}
    both = sorted(ours.keys() & theirs.keys())
    if not both:
        reason = f"the {BASELINE} forecasts: the history is too short to test another one"
        return ChosenForecast(forecast=baseline, rows=rows, reason=reason)
    before, after = (sum(losses[one] for one in both) for losses in (ours, theirs))
    gain = 1.0 - after / before if before > 0 else 0.0
    learned = regression.rates(counts.shape[1], ahead_months=both[-1])
    is_better = gain >= gain_min and all(theirs[one] <= ours[one] for one in both)
    if learned is not None and is_better:
        reason = f"a {LEARNED} forecasts: its loss in back-tests is less by {gain:.1%}"
        return ChosenForecast(forecast=learned, rows=rows, reason=reason)
    reason = (
        f"the {BASELINE} forecasts: a {LEARNED} on neighbours and trend has {abs(gain):.1%} "
        f"{'less' if gain > 0 else 'more'} loss in back-tests; at least {gain_min:.0%} less at "
        "every horizon is asked"
    )
    return ChosenForecast(forecast=baseline, rows=rows, reason=reason)


def back_test(
    counts: Floats, regression: RateRegression, settings: ForecastSettings
) -> tuple[BackTestRow, ...]:
    """Test both models, from the same origins, at every horizon that the history allows.

    Where it is too short for the regression to learn from, the smoothed mean is tested alone.
    """
    months = counts.shape[1]
    rows = []
    for horizon in HORIZONS_MONTHS:
        can_learn = range(FIRST_ORIGIN + horizon, months - horizon + 1)[-ORIGINS_MAX:]
        origins = can_learn or range(FIRST_ORIGIN, months - horizon + 1)[-ORIGINS_MAX:]
        came = [counts[:, at : at + horizon].sum(axis=1) for at in origins]
        smoothed = [forecast_rates(counts[:, :at], settings) for at in origins]
        learned = [regression.rates(at, ahead_months=horizon) for at in can_learn]
        fitted = [one for one in learned if one is not None]
        if smoothed:
            rows.append(_row(BASELINE, horizon, smoothed, came))
        if fitted and len(fitted) == len(smoothed):
            rows.append(_row(LEARNED, horizon, fitted, came))
    return tuple(rows)


def _row(method: str, horizon: int, told: list[RateForecast], seen: list[Floats]) -> BackTestRow:
    months = np.array([horizon])
    came = np.concatenate(seen)

    def quantile(share: float) -> Floats:
        return np.concatenate([made.quantile(share, months)[:, 0] for made in told])

    losses = [_pinball(share, quantile(share), came) for share in SHARES]
    expected = np.concatenate([made.expected(months)[:, 0] for made in told])
    covered = [
        float(np.mean((came >= quantile(low)) & (came <= quantile(high))))
        for low, high in (NARROW, WIDE)
    ]
    return BackTestRow(
        method=method,
        horizon_months=horizon,
        origins=len(told),
        mean_absolute_error=float(np.mean(np.abs(expected - came))),
        pinball_loss=float(np.mean(losses)),
        coverage_80=covered[0],
        coverage_95=covered[1],
    )


def _pinball(share: float, told: Floats, came: Floats) -> float:
    beyond = came - told
    return float(np.mean(np.maximum(share * beyond, (share - 1.0) * beyond)))
