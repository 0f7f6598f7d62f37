"""Where more, or less, gathers than chance explains: Getis-Ord Gi* on a raster.

Every cell is compared with the cells around it: the sum over a disc, less what the mean of the
study area would give there, over its standard deviation. Many cells are asked at once, so the
p-values are corrected for the share of false discoveries.

Gi* takes its score as normal. That holds where a disc has many cells with something in them; where
nearly all cells are empty a single application may be called hot, so take larger cells or discs.

References
----------
J. K. Ord and A. Getis, Local spatial autocorrelation statistics, Geographical Analysis 27 (1995)
286-306, equation 14.
Y. Benjamini and Y. Hochberg, Controlling the false discovery rate, Journal of the Royal Statistical
Society B 57 (1995) 289-300.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from scipy.special import ndtr
from scipy.stats import false_discovery_control

from gisplan.density.hot_spot_kernel import sum_over_discs
from gisplan.errors import InputError
from gisplan.model.grid import Codes, Flags, Floats, Integers

MAX_RADIUS_CELLS = 500.0


class HotSpotKind(IntEnum):
    """What a cell is, after the correction for many questions."""

    NO_DATA = 0
    NOT_SIGNIFICANT = 1
    HOT = 2
    COLD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class HotSpots:
    """Score, two-sided p-value and kind of every cell, all (rows, columns).

    ``p_value`` is corrected for the false discovery rate. Both are NaN where there is no data;
    the score is 0 where all cells are alike, or where a disc holds the whole area.
    """

    score: Floats
    p_value: Floats
    kind: Codes


def find_hot_spots(
    cells: Floats,
    is_inside: Flags,
    *,
    radius_cells: float,
    false_discovery_rate: float,
) -> HotSpots:
    """Return which cells stand out from their study area.

    Parameters
    ----------
    cells
        What is summed, shape (rows, columns); finite and not negative where ``is_inside``.
    is_inside
        Cells of the study area, of the same shape; all others are no data.
    radius_cells
        Radius of the disc around each cell, one cell or more.

    Raises
    ------
    InputError
        If shapes differ, a value is negative or not finite, or radius or rate are out of range.
    """
    _check(cells, is_inside, radius_cells, false_discovery_rate)
    score = getis_ord_scores(cells, is_inside, radius_cells=radius_cells)
    p_value = np.full(cells.shape, np.nan)
    kind = np.full(cells.shape, HotSpotKind.NO_DATA, dtype=np.uint8)
    if is_inside.any():
        found = score[is_inside]
        corrected = false_discovery_control(np.minimum(2.0 * ndtr(-np.abs(found)), 1.0))
        p_value[is_inside] = corrected
        which = np.where(found > 0, HotSpotKind.HOT, HotSpotKind.COLD)
        stands_out = corrected <= false_discovery_rate
        kind[is_inside] = np.where(stands_out, which, HotSpotKind.NOT_SIGNIFICANT)
    return HotSpots(score=score, p_value=p_value, kind=kind)


def getis_ord_scores(cells: Floats, is_inside: Flags, *, radius_cells: float) -> Floats:
    """Gi* of every cell with equal weights on its disc; NaN outside the study area.

    With n cells of mean m and standard deviation s (of the whole, not of a sample), and a disc of
    w cells whose sum is t: (t - m * w) / (s * sqrt((n * w - w**2) / (n - 1))).
    """
    scores = np.full(cells.shape, np.nan)
    inside = cells[is_inside]
    if inside.size == 0:
        return scores
    mean, deviation = inside.mean(), inside.std()
    if inside.size < 2 or deviation <= 1e-12 * mean or deviation == 0.0:
        scores[is_inside] = 0.0
        return scores
    from_mean = np.where(is_inside, cells - mean, 0.0)
    total, count = sum_over_discs(from_mean, is_inside, _half_widths(radius_cells))
    disc = count[is_inside].astype(np.float64)
    spread = deviation * np.sqrt((inside.size - disc) * disc / (inside.size - 1))
    scores[is_inside] = np.divide(
        total[is_inside], spread, out=np.zeros(inside.size), where=spread > 0
    )
    return scores


def _half_widths(radius_cells: float) -> Integers:
    """How far each row of the disc reaches to either side, from its first row to its last."""
    reach = math.floor(radius_cells)
    steps = range(-reach, reach + 1)
    squared = radius_cells**2
    return np.array([math.isqrt(math.floor(squared - step**2)) for step in steps], dtype=np.int64)


def _check(
    cells: Floats, is_inside: Flags, radius_cells: float, false_discovery_rate: float
) -> None:
    """Refuse what cannot be asked."""
    if cells.ndim != 2 or cells.shape != is_inside.shape:
        raise InputError(
            f"hot spots: cells of shape {cells.shape} and a study area of shape "
            f"{is_inside.shape}; expected two rasters of one shape"
        )
    bad = np.count_nonzero(is_inside & ~(np.isfinite(cells) & (cells >= 0)))
    if bad:
        raise InputError(
            f"hot spots: {bad} cells of the study area are negative or not finite; "
            "expected sums of zero or more"
        )
    if not 1.0 <= radius_cells <= MAX_RADIUS_CELLS:
        raise InputError(
            f"hot spots: the radius is {radius_cells:g} cells; expected 1 to {MAX_RADIUS_CELLS:g}"
        )
    if not 0.0 < false_discovery_rate < 1.0:
        raise InputError(
            f"hot spots: the false discovery rate is {false_discovery_rate}; "
            "expected above 0 and below 1"
        )
