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

    def worsened(self) -> Flags:
        """Elements that the connection makes worse; far ones only beyond what is tolerated."""
        is_new = np.isnan(self.base_value)  # what is new has no past and counts as made worse
        moved = self._change() > self.far_tolerance
        far = (self._changed() & self._beyond_ceiling()) | (moved & ~self._beyond_limit())
        worse: Flags = is_new | np.where(self.is_own, self._changed(), far)
        return worse & np.isfinite(self.value)

    def tolerated(self) -> Flags:
        """Elements outside the own part that end beyond their limit, within the tolerance."""
        excused: Flags = (
            ~self.is_own & self._changed() & self._beyond_limit() & ~self._beyond_ceiling()
        )
        return excused

    def find_worst(self, among: Flags) -> int | None:
        """Place of the worst of some elements; the first one of equals."""
        places = np.flatnonzero(among)
        if not len(places):
            return None
        return int(places[np.argmax(self.sign * self.value[places])])

    def _change(self) -> Floats:
        return self.sign * (self.value - self.base_value)

    def _changed(self) -> Flags:
        own = OWN_TOLERANCE_PU if self.element_kind == "bus" else OWN_TOLERANCE_RATIO
        changed: Flags = self._change() > own
        return changed

    def _beyond_limit(self) -> Flags:
        beyond: Flags = self.sign * (self.value - self.limit) > 0
        return beyond

    def _beyond_ceiling(self) -> Flags:
        ceiling = np.fmax(self.sign * self.limit, self.sign * self.free_value)
        beyond: Flags = self.sign * self.value > ceiling + self.far_tolerance
        return beyond
