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
OWN_TOLERANCE_RATIO = 1e-6
"""Smaller changes are the solver's."""


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
    """All elements of one quantity: values after, before, and in the state without any promise.

    ``is_own`` marks the part that is connected to. Outside of it an element may end beyond its
    limit, or beyond where it stood without promises, by ``far_tolerance``: one budget for all.
    """

    quantity: Quantity
    element_kind: str
    row: Integers
    value: Floats
    base_value: Floats
    free_value: Floats
    is_own: Flags
    limit: float
    far_tolerance: float

    @property
    def sign(self) -> float:
        """1 where high values are bad, -1 where low ones are."""
        return -1.0 if self.quantity in LOWEST else 1.0

    def sort(self) -> tuple[Flags, Flags, Flags]:
        """Return which elements get worse, which stand, and which are tolerated.

        Worse is what the connection makes worse, far away only beyond what is tolerated. What
        stands belongs to the own part and gets no worse. What is tolerated lies outside of it and
        ends beyond its limit, within the tolerance.
        """
        sign = self.sign
        value, base = sign * self.value, sign * self.base_value
        limit = sign * self.limit
        own = OWN_TOLERANCE_PU if self.element_kind == "bus" else OWN_TOLERANCE_RATIO
        change = value - base
        changed, beyond = change > own, value > limit
        ceiling = np.fmax(limit, sign * self.free_value) + self.far_tolerance
        too_far = changed & (value > ceiling)
        far = too_far | ((change > self.far_tolerance) & ~beyond)
        known = np.isfinite(value)
        # what is new has no past and counts as made worse
        worse = (np.isnan(base) | np.where(self.is_own, changed, far)) & known
        tolerated = ~self.is_own & changed & beyond & ~too_far
        return worse, self.is_own & known & ~worse, tolerated

    def find_worst(self, among: Flags) -> int | None:
        """Place of the worst of some elements; the first one of equals."""
        if not among.any():
            return None
        return int(np.argmax(np.where(among, self.sign * self.value, -np.inf)))
