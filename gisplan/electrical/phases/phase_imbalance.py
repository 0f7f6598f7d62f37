"""How unevenly customers of unknown phase may load the phases.

Each of n customers hangs on one of three phases with equal probability, so the loads of the phases
follow a multinomial distribution, weighted by the customers' sizes. The load X on the most loaded
phase exceeds x with a probability of at most three times that of one phase; where x is half of the
total or more, exactly so, because two phases cannot both carry that much:

    P(max(X1, X2, X3) > x) <= 3 P(X1 > x)

The quantile of X1 comes from its characteristic function, the product over customers of
2/3 + 1/3 exp(-i w size), on a lattice of sizes; the result is the same on every run.

References
----------
W. Feller, An Introduction to Probability Theory and Its Applications, vol. 1, 3rd ed., 1968,
VI.9 (multinomial distribution) and XI.1 (generating functions); Boole's inequality in IV.5.
"""

from __future__ import annotations

import numpy as np

from gisplan.model.grid import Floats, Integers

PHASE_COUNT = 3
LATTICE_STEPS = 512
"""Sizes are rounded to this part of the total, or half of the mean size where that is finer."""
PROBABILITY_TOLERANCE = 1e-9


def group_shares(
    size_kva: Floats, count: Integers, group: Integers, group_count: int, quantile: float
) -> Floats:
    """Share of each group's load that stands on the most loaded phase, 0..1.

    Groups lie along a path from the customer (group 0) to the transformer: an element between two
    groups carries all groups before it. The shares are such that each of these sums carries the
    quantile of its own most loaded phase; a few customers together are likelier to sit on one
    phase than many.

    Parameters
    ----------
    size_kva, count, group
        Size of one customer, number of such customers and their group, one row each.
    quantile
        Probability (0..1) with which the load on the most loaded phase stays below.
    """
    total = np.bincount(group, size_kva * count, group_count)
    along = np.cumsum(total)
    if not along[-1] > 0:
        return np.full(group_count, 1 / PHASE_COUNT)
    steps = _lattice_sizes(size_kva, count, float(along[-1]))
    reached = np.cumsum(np.bincount(group, steps * count, group_count)).astype(np.int64)
    most = _quantiles(steps, count, group, reached, quantile)
    # nothing on the lattice yet: the worst case is all of it on one phase
    share = np.where(reached > 0, most / np.maximum(reached, 1), 1.0)
    loaded = share * along
    gained = np.diff(loaded, prepend=0.0)
    has_load = total > 0
    shares = np.full(group_count, 1 / PHASE_COUNT)
    shares[has_load] = np.clip(gained[has_load] / total[has_load], 0.0, 1.0)
    return shares


def _lattice_sizes(size_kva: Floats, count: Integers, total_kva: float) -> Integers:
    steps = max(LATTICE_STEPS, 2 * int(count.sum()))
    sizes: Integers = np.round(size_kva / total_kva * steps).astype(np.int64)
    return sizes


def _quantiles(
    steps: Integers, count: Integers, group: Integers, reached: Integers, quantile: float
) -> Integers:
    """Quantile of one phase's load after each group, in steps of the lattice."""
    points = 1 << int(reached[-1]).bit_length()
    frequency = np.arange(points // 2 + 1)
    turn = np.exp(-2j * np.pi * np.arange(points) / points)
    one = (PHASE_COUNT - 1 + turn[np.outer(steps, frequency) % points]) / PHASE_COUNT
    several = np.flatnonzero(count > 1)
    one[several] **= count[several, None]
    characteristic = np.ones((len(reached), len(frequency)), np.complex128)
    np.multiply.at(characteristic, group, one)
    probability = np.fft.irfft(np.cumprod(characteristic, axis=0), points, axis=1)
    wanted = 1 - (1 - quantile) / PHASE_COUNT - PROBABILITY_TOLERANCE
    reaches = np.cumsum(probability, axis=1) >= wanted
    return np.asarray(np.argmax(reaches, axis=1), np.int64)
