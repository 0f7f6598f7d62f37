"""A learned forecast of applications: Poisson regression of counts on what came before, and where.

The mean of a cell's next months is a sum of terms none of which lowers it: its own smoothed mean,
its region's, its neighbours', and the region's last quarter, which follows a trend at once. The
weights are found by greatest likelihood over all cells and all months that lie behind.

References
----------
R. Ferland, A. Latour, D. Oraichi, Integer-valued GARCH process, Journal of Time Series Analysis 27
(2006) 923-942: Poisson regression with an identity link on past counts.
L. A. Shepp, Y. Vardi, Maximum likelihood reconstruction for emission tomography, IEEE Transactions
on Medical Imaging 1 (1982) 113-122: a fit whose weights stay positive.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.density.forecast import LEARNED, check_counts, forecast_rates

if TYPE_CHECKING:
    from gisplan.density.forecast import ForecastSettings, RateForecast
    from gisplan.model.grid import Floats, Integers

FIRST_ORIGIN = 6
"""Months that lie behind the first month which the regression learns from."""

RECENT_MONTHS = 3
LEAST = 1e-9
STEPS_MAX, CLOSE = 60, 1e-5
"""More steps move weight between terms that say nearly the same, and foretell no better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """The weight of each term, and the shape of the gamma by which rates scatter around the sum."""

    weight: Floats
    shape: float

    def rates(
        self, counts: Floats, neighbours: Integers, settings: ForecastSettings
    ) -> RateForecast:
        """Forecast from counts by cell and month, which may reach further than those learned from.

        Raises
        ------
        InputError
            If the table holds no counts.
        """
        baseline = forecast_rates(counts, settings)
        return _told(self, baseline, _terms(baseline, counts, neighbours))


class RateRegression:
    """The regression on one history, asked as of any of its months."""

    def __init__(self, counts: Floats, neighbours: Integers, settings: ForecastSettings) -> None:
        """Take counts by cell and month, oldest first, and the cells beside each (-1: none)."""
        check_counts(counts)
        self._counts = counts
        self._baseline = {
            known: forecast_rates(counts[:, :known], settings)
            for known in range(FIRST_ORIGIN, counts.shape[1] + 1)
        }
        self._terms = {
            known: _terms(baseline, counts[:, :known], neighbours)
            for known, baseline in self._baseline.items()
        }

    def baseline(self, known_months: int) -> RateForecast:
        """Return the smoothed mean of the first so many months, ``FIRST_ORIGIN`` or more."""
        return self._baseline[known_months]

    def fitted(self, known_months: int, *, ahead_months: int) -> Regression | None:
        """Learn from the first so many months, ``None`` where they are too few to learn from.

        It learns from sums over ``ahead_months``.
        """
        origins = range(FIRST_ORIGIN, known_months - ahead_months + 1)
        if not origins or not self._counts[:, :known_months].any():
            return None
        terms = np.concatenate([self._terms[origin] for origin in origins])
        came = np.concatenate(
            [self._counts[:, one : one + ahead_months].sum(axis=1) for one in origins]
        )
        weight = _fit(terms * ahead_months, came)
        shape = _dispersion(np.einsum("ij,j->i", terms, weight) * ahead_months, came)
        return Regression(weight=weight, shape=shape)

    def rates(self, known_months: int, *, ahead_months: int) -> RateForecast | None:
        """Forecast from the first so many months, ``None`` where they are too few to learn from."""
        made = self.fitted(known_months, ahead_months=ahead_months)
        if made is None:
            return None
        return _told(made, self._baseline[known_months], self._terms[known_months])


def _told(regression: Regression, baseline: RateForecast, terms: Floats) -> RateForecast:
    mean = np.maximum(np.einsum("ij,j->i", terms, regression.weight), LEAST)
    shape = np.full(len(mean), regression.shape)
    return replace(baseline, shape=shape, rate=shape / mean, method=LEARNED)


def _terms(smoothed: RateForecast, counts: Floats, neighbours: Integers) -> Floats:
    """Return what the mean is a sum of, as applications a month; shape (cells, terms)."""
    own = smoothed.shape / smoothed.rate
    beside = np.append(own, 0.0)[neighbours].sum(axis=1)
    beside = beside / np.maximum((neighbours >= 0).sum(axis=1), 1)
    region = np.full(len(own), own.mean())
    recent = own / own.mean() * counts[:, -RECENT_MONTHS:].sum(axis=1).sum()
    return np.column_stack(
        [own, beside, region, recent / min(RECENT_MONTHS, counts.shape[1]) / len(own)]
    )


def _fit(terms: Floats, came: Floats) -> Floats:
    """Return the weights, zero or more, under which the counts are likeliest.

    By expectation and maximisation: each step shares every count out among the terms that may have
    brought it, which keeps weights positive and never makes the counts less likely.
    """
    total = np.maximum(terms.sum(axis=0), LEAST)
    weight = np.full(terms.shape[1], 1.0 / terms.shape[1])
    for _ in range(STEPS_MAX):
        # einsum, since a matrix product this small would wake the threads of the linear algebra
        mean = np.einsum("ij,j->i", terms, weight) + LEAST
        step = np.einsum("ij,i->j", terms, came / mean) / total
        weight = weight * step
        if np.abs(weight * (step - 1.0)).max() < CLOSE:
            break
    return weight


def _dispersion(mean: Floats, came: Floats) -> float:
    """Return the shape of the gamma that rates scatter by around their mean, by moments."""
    beyond = float(np.sum((came - mean) ** 2 - mean))
    return float(np.clip(np.sum(mean**2) / max(beyond, LEAST), 0.05, 1e4))
