"""The worst element of each kind after a connection, and what it was before.

Elements that the connection makes worse are kept apart from those that it leaves alone: a limit
that was breached before is only the connection's fault where it makes matters worse.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gisplan.electrical.demand import LoadCase
from gisplan.model.grid import Flags, Floats, Integers

OWN_TOLERANCE_PU = 1e-6
"""In the low-voltage network or feeder of the new demand: only the solver's error is excused."""
FAR_TOLERANCE_PU = 1e-4
"""Elsewhere: 0.04 V of 400 V, far below what a load estimate or a meter can tell."""
OWN_TOLERANCE_RATIO = 1e-6
FAR_TOLERANCE_RATIO = 1e-2
"""Elsewhere currents rise only because the voltage falls; the power through them is the same."""


class Quantity(StrEnum):
    """What is judged; the values are the ids of the catalogue's rules."""

    LV_MIN = "voltage.lv_min_pu"
    LV_MAX = "voltage.lv_max_pu"
    MV_MIN = "voltage.mv_min_pu"
    MV_MAX = "voltage.mv_max_pu"
    LINE = "loading.line_max"
    TRANSFORMER = "loading.transformer_max"
    MAIN_TRANSFORMER = "loading.main_transformer_max"


LOWEST = frozenset({Quantity.LV_MIN, Quantity.MV_MIN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Worst:
    """One element: the value after the connection and before, NaN where it did not exist."""

    quantity: Quantity
    case: LoadCase
    element_kind: str
    element_row: int
    element_id: str
    name: str
    value: float
    base_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """All elements of one quantity: values after and before, and which belong to the own part."""

    quantity: Quantity
    element_kind: str
    row: Integers
    value: Floats
    base_value: Floats
    is_own: Flags

    @property
    def sign(self) -> float:
        """1 where high values are bad, -1 where low ones are."""
        return -1.0 if self.quantity in LOWEST else 1.0

    def worsened(self) -> Flags:
        """Elements that the connection makes worse by more than their tolerance."""
        is_voltage = self.element_kind == "bus"
        own = OWN_TOLERANCE_PU if is_voltage else OWN_TOLERANCE_RATIO
        far = FAR_TOLERANCE_PU if is_voltage else FAR_TOLERANCE_RATIO
        change = self.sign * (self.value - self.base_value)
        # what is new has no base value and counts as made worse
        worse: Flags = np.isnan(self.base_value) | (change > np.where(self.is_own, own, far))
        return worse & np.isfinite(self.value)

    def tolerated(self) -> Flags:
        """Elements outside the own part that get worse, by less than their tolerance."""
        own = OWN_TOLERANCE_PU if self.element_kind == "bus" else OWN_TOLERANCE_RATIO
        change = self.sign * (self.value - self.base_value)
        little: Flags = (change > own) & ~self.is_own & np.isfinite(self.value)
        return little & ~self.worsened()

    def find_worst(self, among: Flags) -> int | None:
        """Place of the worst of some elements; the first one of equals."""
        places = np.flatnonzero(among)
        if not len(places):
            return None
        return int(places[np.argmax(self.sign * self.value[places])])
