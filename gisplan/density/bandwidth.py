"""How wide the kernel is: given, by least-squares cross-validation, or by a rule of thumb.

Cross-validation is the default: towns are clumps in empty land, which the rules of Scott and of
Silverman, made for one bell-shaped cloud, blur into one blot.

References
----------
A. W. Bowman, An alternative method of cross-validation for the smoothing of density estimates,
Biometrika 71 (1984) 353-360.
B. W. Silverman, Density estimation for statistics and data analysis, 1986, section 3.5: its sums
by FFT of the binned points.
D. W. Scott, Multivariate density estimation, 1992, section 6.3.
"""

from __future__ import annotations

import math

import numpy as np
import scipy.fft

from gisplan.density.binning_kernel import SPREAD_VARIANCE_CELLS2, shares
from gisplan.density.frame import Frame, build_frame, check_cell_size
from gisplan.density.points import Points, build_points
from gisplan.errors import InputError
from gisplan.model.density import Bandwidth, BandwidthMethod
from gisplan.model.grid import Floats

CANDIDATES = 24
SMALLEST_CELLS = 2.0
"""A narrower kernel could not be told from its cells."""

FALLBACK_CELLS = 4.0
"""Bandwidth in cells where all points share one place and nothing can be estimated."""

MAX_VALIDATION_CELLS = 4_000_000


def given_bandwidth(bandwidth_m: float) -> Bandwidth:
    """Bandwidth that the caller chose.

    Raises
    ------
    InputError
        If it is no positive number of metres.
    """
    if not (math.isfinite(bandwidth_m) and bandwidth_m > 0):
        raise InputError(f"bandwidth is {bandwidth_m} m; expected a positive number of metres")
    return Bandwidth(bandwidth_m=bandwidth_m, method=BandwidthMethod.GIVEN)


def rule_bandwidth(
    x_m: Floats, y_m: Floats, weight: Floats, *, cell_m: float, method: BandwidthMethod
) -> Bandwidth:
    """Bandwidth by Scott's or Silverman's rule of thumb, with the warning that it blurs towns.

    In two dimensions both are n**(-1/6) times the spread: Silverman's factor 4 / (d + 2) is one.
    """
    check_cell_size(cell_m)
    points = build_points(x_m, y_m, weight)
    if (rule_m := _scott_m(points)) == 0.0:
        return _fallback(method, cell_m)
    warning = f"{method.title()}'s rule blurs towns: it takes the points for one bell-shaped cloud"
    return Bandwidth(
        bandwidth_m=max(rule_m, SMALLEST_CELLS * cell_m), method=method, warnings=(warning,)
    )


def cross_validated_bandwidth(
    x_m: Floats, y_m: Floats, weight: Floats, *, cell_m: float
) -> Bandwidth:
    """Bandwidth whose density, each point left out in turn, foretells that point best.

    Chosen from ``candidate_bandwidths_m``. Points in one place foretell each other perfectly, so
    many of them draw the choice to the smallest candidate; a choice at either end is a warning.
    """
    check_cell_size(cell_m)
    points = build_points(x_m, y_m, weight)
    points = points.take(points.weight > 0)
    if _scott_m(points) == 0.0:
        return _fallback(BandwidthMethod.CROSS_VALIDATION, cell_m)
    validation_cell_m = _validation_cell_m(points, cell_m)
    candidates_m = candidate_bandwidths_m(points, cell_m=validation_cell_m)
    scores = cross_validation_scores(points, candidates_m, cell_m=validation_cell_m)
    best = int(np.argmin(scores))
    return Bandwidth(
        bandwidth_m=float(candidates_m[best]),
        method=BandwidthMethod.CROSS_VALIDATION,
        warnings=_end_warnings(best, candidates_m),
    )


def candidate_bandwidths_m(points: Points, *, cell_m: float) -> Floats:
    """Geometric series from two cells up to ``_largest_m``."""
    return np.geomspace(SMALLEST_CELLS * cell_m, _largest_m(points, cell_m), CANDIDATES)


def cross_validation_scores(points: Points, candidates_m: Floats, *, cell_m: float) -> Floats:
    """Least-squares cross-validation score of each candidate, in 1/m2; the lowest is the best.

    For the density f of all points and f_i of all but point i, both of mass one, and W = sum(w):
    integral(f**2) - 2 * sum_i(w_i / W * f_i(x_i)). Both are sums of a Gaussian over pairs of
    points; those over different points are read from the spectrum of the binned points, those of
    a point with itself are exact. At least two points must have weight.
    """
    margin_cells = math.ceil(_margin_m(float(candidates_m.max())) / cell_m) + 1
    frame = build_frame(points.extent, cell_m=cell_m, margin_cells=margin_cells)
    total = points.weight.sum()
    held_out = points.weight / (total - points.weight)
    pairs = _PairSums(frame, points, points.weight, points.weight)
    held_out_pairs = _PairSums(frame, points, held_out, points.weight)
    own = np.sum(points.weight**2)
    scores = np.empty(len(candidates_m))
    for index, bandwidth_m in enumerate(candidates_m):
        itself = own / (4 * math.pi * bandwidth_m**2)
        square = (pairs.between_different(2 * bandwidth_m**2) + itself) / total**2
        foretold = held_out_pairs.between_different(bandwidth_m**2) / total
        scores[index] = square - 2 * foretold
    return scores


class _PairSums:
    """Sums of a_i * w_j * Gaussian(x_i - x_j) over pairs of different points, for any variance.

    Both ends are spread over cells, which adds twice the variance of spreading to their difference.
    A point paired with itself meets its own shares at distances of zero to two cells, so the part
    that it adds is known exactly and taken out.
    """

    def __init__(self, frame: Frame, points: Points, a: Floats, w: Floats) -> None:
        self._cell_m = frame.cell_m
        shape = [scipy.fft.next_fast_len(count, real=True) for count in (frame.rows, frame.columns)]
        spectrum_a = scipy.fft.rfft2(frame.bin(points, a), shape)
        spectrum_w = scipy.fft.rfft2(frame.bin(points, w), shape)
        self._cross = (spectrum_a * spectrum_w.conj()).real
        # The half spectrum stands for both signs, save its first and (of even length) last column.
        self._cross[:, 1 : None if shape[1] % 2 else -1] *= 2
        self._cross /= shape[0] * shape[1]
        self._frequency_y = scipy.fft.fftfreq(shape[0])
        self._frequency_x = scipy.fft.rfftfreq(shape[1])
        self._columns = shape[1]
        self._own_shares = _own_shares(frame, points, a * w)

    def between_different(self, variance_m2: float) -> float:
        """Sum over pairs of different points of a Gaussian of this variance, in 1/m2."""
        variance = variance_m2 / self._cell_m**2 - 2 * SPREAD_VARIANCE_CELLS2
        gauss_y = np.exp(-2 * math.pi**2 * variance * self._frequency_y**2)
        gauss_x = np.exp(-2 * math.pi**2 * variance * self._frequency_x**2)
        everything = float(gauss_y @ self._cross @ gauss_x)
        apart = np.arange(3.0)
        near = np.exp(-0.5 * apart**2 / variance) / math.sqrt(2 * math.pi * variance)
        return float(everything - near @ self._own_shares @ near) / self._cell_m**2


def _own_shares(frame: Frame, points: Points, weight: Floats) -> Floats:
    """Weight with which points meet their own shares, 0 to 2 cells away in y and in x; (3, 3)."""
    apart = []
    for from_edge_m in (frame.y_max_m - points.y_m, points.x_m - frame.x_min_m):
        before, own, after = shares(np.modf(from_edge_m / frame.cell_m)[0] - 0.5)
        together = before**2 + own**2 + after**2
        apart.append(np.stack([together, 2 * own * (before + after), 2 * before * after]))
    met: Floats = (apart[0] * weight) @ apart[1].T
    return met


def _validation_cell_m(points: Points, cell_m: float) -> float:
    """Cell size for cross-validation: the surface's, or a coarser one where that is too fine."""
    extent = points.extent
    margin_m = 2 * _margin_m(_largest_m(points, cell_m))
    width_m = extent.x_max_m - extent.x_min_m + margin_m
    height_m = extent.y_max_m - extent.y_min_m + margin_m
    return max(cell_m, math.sqrt(width_m * height_m / MAX_VALIDATION_CELLS))


def _largest_m(points: Points, cell_m: float) -> float:
    """Largest candidate: Scott's rule oversmooths, so half as much again is beyond any optimum."""
    return max(1.5 * _scott_m(points), 2 * SMALLEST_CELLS * cell_m)


def _margin_m(bandwidth_m: float) -> float:
    """Margin on each side so that a cycle does not reach round: 5 sigma of twice the variance.

    Both sides' margins touch in a cycle, therefore half of it is enough.
    """
    return 5 * math.sqrt(2) * bandwidth_m / 2


def _scott_m(points: Points) -> float:
    """Scott's rule for weighted points, n**(-1/6) * spread; 0 for fewer than two places.

    ``spread`` is the root of the mean variance of both axes; n is the effective number of points.
    """
    total = points.weight.sum()
    if total == 0.0:
        return 0.0
    share: Floats = points.weight / total
    variance_m2 = 0.0
    for axis_m in (points.x_m, points.y_m):
        from_corner_m = axis_m - axis_m.min()
        variance_m2 += float(share @ (from_corner_m - share @ from_corner_m) ** 2) / 2
    return math.sqrt(variance_m2) * math.pow(np.sum(share**2), 1 / 6)


def _fallback(method: BandwidthMethod, cell_m: float) -> Bandwidth:
    """Bandwidth where the points say nothing about it."""
    bandwidth_m = FALLBACK_CELLS * cell_m
    warning = (
        f"the points lie in fewer than two places, which tells no bandwidth: {bandwidth_m:g} m "
        f"({FALLBACK_CELLS:g} cells) is taken, give one"
    )
    return Bandwidth(bandwidth_m=bandwidth_m, method=method, warnings=(warning,))


def _end_warnings(best: int, candidates_m: Floats) -> tuple[str, ...]:
    """What to say when the best candidate is the first or the last."""
    if best == 0:
        return (
            f"cross-validation chose its smallest candidate, {candidates_m[0]:.4g} m: many points "
            "share their place, or the cells are coarse; consider a given bandwidth",
        )
    if best == len(candidates_m) - 1:
        return (
            f"cross-validation chose its largest candidate, {candidates_m[-1]:.4g} m: "
            "the points show no clusters; consider a given bandwidth",
        )
    return ()
