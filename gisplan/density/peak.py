"""The highest joint demand of a cell: what its customers draw together, by class and number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gisplan.density.cells import CellsOfPoints
    from gisplan.model.grid import Codes, Flags, Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """Demands of points in kW, the class of each, and how many customers share it equally."""

    power_kw: Floats
    customer_class: Codes
    customer_count: Floats

    def take(self, chosen: Flags) -> Demands:
        """Only those of the chosen points, in the same order."""
        return Demands(
            power_kw=self.power_kw[chosen],
            customer_class=self.customer_class[chosen],
            customer_count=self.customer_count[chosen],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassShares:
    """Share (0..1) of its demand that each class draws together, by its number.

    ``of_many`` is the share of very many customers; where it is NaN the number makes no difference
    and ``flat`` holds.
    """

    flat: Floats
    of_many: Floats


def coincident_peaks(found: CellsOfPoints, demands: Demands, shares: ClassShares) -> Floats:
    """Highest joint demand of every cell in kW, each class by its own rule; classes are added.

    With the share g of very many customers and demands D_i of one class and cell:
    g * sum(D_i) + (1 - g) * sqrt(sum(D_i ** 2)).

    References
    ----------
    S. Rusck, The simultaneous demand in distribution network supplying domestic consumers,
    ASEA Journal 10 (11), 1956.
    """
    peak_kw = np.zeros(len(found.cells))
    square_kw2 = demands.power_kw**2 / np.maximum(demands.customer_count, 1.0)
    for number, (flat, of_many) in enumerate(zip(shares.flat, shares.of_many, strict=True)):
        of_class = demands.customer_class == number
        total_kw = found.sums(demands.power_kw, of_class)
        if np.isnan(of_many):
            peak_kw += flat * total_kw
        else:
            together_kw = np.sqrt(found.sums(square_kw2, of_class))
            peak_kw += of_many * total_kw + (1.0 - of_many) * together_kw
    return peak_kw
