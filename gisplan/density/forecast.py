"""How many applications come next: a smoothed mean of each cell, drawn towards its region.

The rate of a cell is gamma distributed and its counts are Poisson, so what comes is negative
binomial and its interval is exact for the model. Old months count less, by half after a half-life.
The prior is the region itself (empirical Bayes): a cell of two applications is told by its region,
one of two hundred by itself. Without any application the rate is small and uncertain, never zero
and never unknown.

References
----------
A. C. Harvey, C. Fernandes, Time series models for count or qualitative observations, Journal of
Business & Economic Statistics 7 (1989) 407-417: the discounted gamma-Poisson model.
C. N. Morris, Parametric empirical Bayes inference, Journal of the American Statistical Association
78 (1983) 47-55.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammaincinv
from scipy.stats import nbinom

from gisplan.errors import InputError
from gisplan.model.grid import Floats, Integers

MONTHS_A_YEAR = 12
JEFFREYS = 0.5
"""Applications that a region without any counts for (prior of Jeffreys for a Poisson rate)."""

BASELINE = "smoothed mean"
LEARNED = "regression"

DRIFT_MAX = 1.0
"""Relative variance at most: beyond it the upper quantiles of a gamma distribution fall again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastSettings:
    """After how many months an application counts half; from how many on seasons are told."""

    half_life_months: float
    season_from_months: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How far a region's own level strays from what was foretold, as back-tests show.

    ``variance`` is that of the region's number so many ``months`` ahead, over its square and beyond
    what chance explains; months ascend, variances never fall. ``of_trend`` is the part of the last
    one that comes of errors to one side.
    """

    months: Floats
    variance: Floats
    of_trend: float

    def after(self, months: Integers) -> Floats:
        """Return the relative variance so many months ahead.

        Beyond the longest test errors to one side grow with time, as those of a trend do, and
        others with its root, as those of a random walk do.
        """
        if len(self.months) == 0:
            return np.zeros(len(months))
        tested = np.interp(months, np.append(0.0, self.months), np.append(0.0, self.variance))
        beyond = np.maximum(months / self.months[-1], 1.0)
        found: Floats = tested * beyond + self.of_trend * (beyond**2 - beyond)
        return np.minimum(found, DRIFT_MAX)


NO_DRIFT = Drift(months=np.empty(0), variance=np.empty(0), of_trend=0.0)
"""Where nothing could be tested a level is taken to stay as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateForecast:
    """What each cell's rate of applications a month is believed to be: a gamma distribution.

    ``shape`` and ``rate`` (per cell, above zero) are those of the gamma; its mean is their
    quotient. ``season`` holds twelve factors of mean one, of which ``next_season`` is that of the
    first month ahead. ``known`` is the number of applications, old ones discounted, behind it.
    ``drift`` is common to all cells.
    """

    shape: Floats
    rate: Floats
    season: Floats
    next_season: int
    known: float
    method: str = BASELINE
    drift: Drift = NO_DRIFT

    def exposure(self, months: Integers) -> Floats:
        """Return the ordinary months that the first so many months ahead stand for."""
        longest = int(months.max(initial=0))
        ahead = self.season[(self.next_season + np.arange(longest)) % MONTHS_A_YEAR]
        exposure: Floats = np.append(0.0, np.cumsum(ahead))[months]
        return exposure

    def expected(self, months: Integers) -> Floats:
        """Return the applications expected in the first so many months; (cells, len(months))."""
        expected: Floats = (self.shape / self.rate)[:, None] * self.exposure(months)
        return expected

    def variance(self, months: Integers) -> Floats:
        """Return the variance of their number but for the drift; shape (cells, len(months))."""
        expected = self.expected(months)
        variance: Floats = expected + expected**2 / self.shape[:, None]
        return variance

    def common(self, months: Integers) -> Floats:
        """Return the relative variance that all cells share; shape (len(months),)."""
        return 1.0 / self.known + self.drift.after(months)

    def quantile(self, share: float, months: Integers) -> Floats:
        """Return the number that is not exceeded with this probability; (cells, len(months)).

        The rate's own relative variance and that of the drift add up.
        """
        shape = 1.0 / (1.0 / self.shape[:, None] + self.drift.after(months))
        kept = shape / (shape + self.expected(months))
        found: Floats = np.maximum(nbinom.ppf(share, shape, kept), 0.0)
        return found


def check_counts(counts: Floats) -> None:
    """Refuse a table that holds no counts by cell and month.

    Raises
    ------
    InputError
        Saying what was found and what is expected.
    """
    if counts.ndim != 2 or counts.shape[0] == 0 or counts.shape[1] == 0:
        raise InputError(f"counts of shape {counts.shape}; expected cells and months, one or more")
    if not (np.isfinite(counts).all() and (counts >= 0).all()):
        raise InputError("counts of applications hold negative or unknown numbers; expected none")


def forecast_rates(counts: Floats, settings: ForecastSettings) -> RateForecast:
    """Forecast from the counts of each cell in each month, shape (cells, months), oldest first.

    Raises
    ------
    InputError
        If the table holds no counts.
    """
    check_counts(counts)
    cells, months = counts.shape
    season = season_factors(counts.sum(axis=0), settings.season_from_months)
    weight = 0.5 ** (np.arange(months)[::-1] / settings.half_life_months)
    factor = season[np.arange(months) % MONTHS_A_YEAR]
    seen, watched = counts @ weight, float(weight @ factor)
    known = float(seen.sum()) + JEFFREYS
    mean = known / (cells * watched)
    shape = _prior_shape(seen, mean * watched, mean * float(weight**2 @ factor), known)
    return RateForecast(
        shape=shape + seen,
        rate=np.full(cells, shape / mean + watched),
        season=season,
        next_season=months % MONTHS_A_YEAR,
        known=known,
    )


def _prior_shape(seen: Floats, mean: float, of_chance: float, known: float) -> float:
    """Return how alike the cells are: their squared mean over the variance between their rates.

    At most as sure as the region's own number of applications allows.
    """
    between = float(np.mean((seen - mean) ** 2)) - of_chance
    return known if between * known <= mean**2 else mean**2 / between


def season_factors(of_region: Floats, from_months: float) -> Floats:
    """Return what share of an ordinary month each month of the year has; position 0 is the oldest.

    All one where the history is shorter than ``from_months``. A month of few applications is drawn
    towards one: its count and a month's mean count together.
    """
    months = len(of_region)
    if months < from_months or months < MONTHS_A_YEAR or not of_region.any():
        return np.ones(MONTHS_A_YEAR)
    level = _centred_mean(of_region)
    place = np.arange(months) % MONTHS_A_YEAR
    came = np.bincount(place, of_region, MONTHS_A_YEAR)
    expected = np.bincount(place, level, MONTHS_A_YEAR)
    drawn = (came + level.mean()) / (expected + level.mean())
    factors: Floats = drawn / drawn.mean()
    return factors


def _centred_mean(of_region: Floats) -> Floats:
    """Return the mean of the year around each month, which a trend moves and a season does not."""
    months = len(of_region)
    begin = np.clip(np.arange(months) - MONTHS_A_YEAR // 2, 0, months - MONTHS_A_YEAR)
    total = np.append(0.0, np.cumsum(of_region))
    mean: Floats = (total[begin + MONTHS_A_YEAR] - total[begin]) / MONTHS_A_YEAR
    return mean


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandForecast:
    """Demand that comes: mean in kVA and variance in kVA**2, both of shape (cells, horizons).

    ``common`` (by horizon) is the relative variance that all cells share, because the region's own
    level is known from so many applications only, and drifts; it does not average out in a sum.
    """

    mean_kva: Floats
    variance_kva2: Floats
    common: Floats

    def summed(self, element: Integers, count: int) -> DemandForecast:
        """Return the demand of ``count`` elements, each the sum of its cells (-1: of none)."""
        own = element >= 0
        mean, variance = (np.zeros((count, self.mean_kva.shape[1])) for _ in range(2))
        np.add.at(mean, element[own], self.mean_kva[own])
        np.add.at(variance, element[own], self.variance_kva2[own])
        return DemandForecast(mean_kva=mean, variance_kva2=variance, common=self.common)

    def scaled(self, factor: Floats) -> DemandForecast:
        """Return the demand times a factor for each cell and horizon."""
        return replace(
            self,
            mean_kva=self.mean_kva * factor,
            variance_kva2=self.variance_kva2 * factor**2,
        )

    def joined(self, other: DemandForecast) -> DemandForecast:
        """Return the demand of both together, which come independently of each other."""
        square = [one.variance_kva2 + one.common * one.mean_kva**2 for one in (self, other)]
        return DemandForecast(
            mean_kva=self.mean_kva + other.mean_kva,
            variance_kva2=square[0] + square[1],
            common=np.zeros_like(self.common),
        )

    def quantile(self, share: float) -> Floats:
        """Return the demand that is not exceeded with this probability, gamma distributed."""
        square = self.variance_kva2 + self.common * self.mean_kva**2
        comes = (self.mean_kva > 0) & (square > 0)
        mean, spread = self.mean_kva[comes], square[comes]
        found = np.zeros_like(self.mean_kva)
        found[comes] = gammaincinv(mean**2 / spread, share) * spread / mean
        return found


def forecast_demand(
    forecast: RateForecast, months: Integers, *, size_kva: float, square_kva2: float
) -> DemandForecast:
    """Return the demand of the applications of the first so many months.

    Sizes are independent of the number, so the mean and the variance of their sum are exact.

    Parameters
    ----------
    size_kva, square_kva2
        Mean of the size of one application, and of its square.
    """
    count, variance = forecast.expected(months), forecast.variance(months)
    spread = max(square_kva2 - size_kva**2, 0.0)
    return DemandForecast(
        mean_kva=count * size_kva,
        variance_kva2=count * spread + variance * size_kva**2,
        common=forecast.common(months),
    )
