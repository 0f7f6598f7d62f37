"""How well forecasts would have told what came: rolling back-tests of both models.

From every month of the past that has enough behind and before it, each model forecasts from what
was known then. A learned model is used only where it would have beaten the smoothed mean. By how
much a region's number strayed from what either foretold, beyond chance, widens its interval.

References
----------
T. Gneiting, A. E. Raftery, Strictly proper scoring rules, prediction, and estimation, Journal of
the American Statistical Association 102 (2007) 359-378: the quantile ("pinball") loss.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.density.forecast import (
    BASELINE,
    LEARNED,
    NO_DRIFT,
    Drift,
    RateForecast,
    check_counts,
    forecast_rates,
)
from gisplan.density.rate_regression import FIRST_ORIGIN, RateRegression

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gisplan.density.forecast import ForecastSettings
    from gisplan.density.rate_regression import Regression
    from gisplan.model.grid import Floats, Integers

HORIZONS_MONTHS = (1, 3, 6, 12)
ORIGINS_MAX = 12
LEARNED_FROM_MONTHS = 6
"""What was tested at shorter horizons only may have learned the season for a trend."""

SHARES = np.array([0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975])
LOSS_SHARES = slice(1, -1)
"""Of these quantiles the loss is compared; the others bound the wider interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackTestRow:
    """How one model did so many months ahead, over all cells and origins.

    ``mean_absolute_error`` and ``pinball_loss`` are in applications a cell, ``coverage_80`` and
    ``coverage_95`` the shares of cells whose count lay inside the interval, which is the one that
    is used: with the drift that the same tests show.
    """

    method: str
    horizon_months: int
    origins: int
    mean_absolute_error: float
    pinball_loss: float
    coverage_80: float
    coverage_95: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastChoice:
    """Which model forecasts, the back-tests behind the choice, and the choice in words.

    Without ``regression`` it is the smoothed mean.
    """

    regression: Regression | None
    drift: Drift
    rows: tuple[BackTestRow, ...]
    reason: str

    def forecast(
        self, counts: Floats, neighbours: Integers, settings: ForecastSettings
    ) -> RateForecast:
        """Forecast from counts that may reach further than those that the choice was made by.

        Raises
        ------
        InputError
            If the table holds no counts.
        """
        if self.regression is None:
            return replace(forecast_rates(counts, settings), drift=self.drift)
        return replace(self.regression.rates(counts, neighbours, settings), drift=self.drift)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Test:
    """What one model told from several origins so many months ahead, and what came."""

    method: str
    horizon_months: int
    told: tuple[RateForecast, ...]
    came: Floats


def choose_forecast(
    counts: Floats, neighbours: Integers, settings: ForecastSettings, *, gain_min: float
) -> ForecastChoice:
    """Choose the regression where it beat the smoothed mean in back-tests, else that.

    It has beaten it where its pinball loss, over the horizons that both were tested at, is less by
    ``gain_min`` (a ratio) and more at none of them, half a year ahead among them.
    """
    check_counts(counts)
    regression = RateRegression(counts, neighbours, settings)
    tests = _tests(counts, regression)
    drifts = {method: _drift(tests, method) for method in (BASELINE, LEARNED)}
    rows = tuple(_row(test, drifts[test.method]) for test in tests)
    ours = {row.horizon_months: row.pinball_loss for row in rows if row.method == BASELINE}
    theirs = {row.horizon_months: row.pinball_loss for row in rows if row.method == LEARNED}
    both = sorted(ours.keys() & theirs.keys())
    if not both or both[-1] < LEARNED_FROM_MONTHS:
        reason = f"the {BASELINE} forecasts: the history is too short to test another one"
        return ForecastChoice(regression=None, drift=drifts[BASELINE], rows=rows, reason=reason)
    before, after = (sum(losses[one] for one in both) for losses in (ours, theirs))
    gain = 1.0 - after / before if before > 0 else 0.0
    learned = regression.fitted(counts.shape[1], ahead_months=both[-1])
    is_better = gain >= gain_min and all(theirs[one] <= ours[one] for one in both)
    if learned is not None and is_better:
        reason = f"a {LEARNED} forecasts: its loss in back-tests is less by {gain:.1%}"
        return ForecastChoice(regression=learned, drift=drifts[LEARNED], rows=rows, reason=reason)
    reason = (
        f"the {BASELINE} forecasts: a {LEARNED} on neighbours and trend has {abs(gain):.1%} "
        f"{'less' if gain > 0 else 'more'} loss in back-tests; at least {gain_min:.0%} less at "
        "every horizon is asked"
    )
    return ForecastChoice(regression=None, drift=drifts[BASELINE], rows=rows, reason=reason)


def _tests(counts: Floats, regression: RateRegression) -> tuple[_Test, ...]:
    """Ask both models, from the same origins, at every horizon that the history allows.

    Where it is too short for the regression to learn from, the smoothed mean is tested alone.
    """
    months = counts.shape[1]
    tests = []
    for horizon in HORIZONS_MONTHS:
        can_learn = range(FIRST_ORIGIN + horizon, months - horizon + 1)[-ORIGINS_MAX:]
        origins = can_learn or range(FIRST_ORIGIN, months - horizon + 1)[-ORIGINS_MAX:]
        if not origins:
            continue
        came = np.array([counts[:, at : at + horizon].sum(axis=1) for at in origins])
        told: dict[str, list[RateForecast | None]] = {
            BASELINE: [regression.baseline(at) for at in origins],
            LEARNED: [regression.rates(at, ahead_months=horizon) for at in can_learn],
        }
        for method, made in told.items():
            known = tuple(one for one in made if one is not None)
            if len(known) == len(origins):
                tests.append(_Test(method=method, horizon_months=horizon, told=known, came=came))
    return tuple(tests)


def _drift(tests: Sequence[_Test], method: str) -> Drift:
    """Return how far the number of all cells together strayed, beyond what chance explains."""
    own = [test for test in tests if test.method == method]
    if not own:
        return NO_DRIFT
    found = [_strayed(test) for test in own]
    variance = np.maximum.accumulate([max(beyond, 0.0) for beyond, _ in found])
    return Drift(
        months=np.array([test.horizon_months for test in own], np.float64),
        variance=variance,
        of_trend=min(found[-1][1] ** 2, float(variance[-1])),
    )


def _strayed(test: _Test) -> tuple[float, float]:
    """Return the error of all cells together over what was told: its mean square less that of
    chance, and its mean.
    """
    months = np.array([test.horizon_months])
    errors, chances = [], []
    for made, came in zip(test.told, test.came, strict=True):
        told = float(made.expected(months).sum())
        errors.append(float(came.sum()) / told - 1.0)
        own = float(made.variance(months).sum()) / told**2
        chances.append(own + float(made.common(months)[0]))
    return float(np.mean(np.square(errors)) - np.mean(chances)), float(np.mean(errors))


def _row(test: _Test, drift: Drift) -> BackTestRow:
    months = np.array([test.horizon_months])
    told = [replace(made, drift=drift) for made in test.told]
    # by share, origin and cell
    quantiles = np.array(
        [[made.quantile(float(share), months)[:, 0] for made in told] for share in SHARES]
    )
    expected = np.array([made.expected(months)[:, 0] for made in told])
    beyond = test.came - quantiles[LOSS_SHARES]
    share = SHARES[LOSS_SHARES, None, None]
    inside = [
        float(np.mean((test.came >= quantiles[low]) & (test.came <= quantiles[-1 - low])))
        for low in (1, 0)
    ]
    return BackTestRow(
        method=test.method,
        horizon_months=test.horizon_months,
        origins=len(told),
        mean_absolute_error=float(np.mean(np.abs(expected - test.came))),
        pinball_loss=float(np.mean(np.maximum(share * beyond, (share - 1.0) * beyond))),
        coverage_80=inside[0],
        coverage_95=inside[1],
    )
