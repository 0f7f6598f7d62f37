"""How the demands of many customers of one class add up."""

from __future__ import annotations

import math


def combined_demand(of_many: float, total: float, square_sum: float) -> float:
    """Return the highest joint demand of customers whose own demands are D_i.

    D = g * sum(D_i) + (1 - g) * sqrt(sum(D_i ** 2)), in the unit of D_i, where g (``of_many``) is
    the share of very many customers. For n equal ones it is n * D_i * (g + (1 - g) / sqrt(n)).
    Assumes that customers of a class draw independently but for what they do at the same time of
    day. One customer more raises it by at most his own demand and at least by g times that.

    References
    ----------
    S. Rusck, The simultaneous demand in distribution network supplying domestic consumers,
    ASEA Journal 10 (11), 1956.
    """
    return of_many * total + (1.0 - of_many) * math.sqrt(square_sum)


def share_of_equals(of_many: float, count: float) -> float:
    """Return the share (0..1] of their summed demands that equal customers draw together."""
    return combined_demand(of_many, count, count) / count
