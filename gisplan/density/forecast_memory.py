"""Which model forecasts a history, remembered: its back-tests take longer than a plan does."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

from gisplan.density.back_test import choose_forecast

if TYPE_CHECKING:
    from collections.abc import Hashable

    from gisplan.density.back_test import ForecastChoice
    from gisplan.density.forecast import ForecastSettings
    from gisplan.model.grid import Floats, Integers

KEPT = 16


class ForecastMemory:
    """The choices made last, by the very numbers that they rest on, so none is ever out of date.

    Safe to share between threads: who asks for the same history waits for the one answer.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, ForecastChoice] = OrderedDict()
        self._lock = Lock()

    def choose(
        self, counts: Floats, neighbours: Integers, settings: ForecastSettings, *, gain_min: float
    ) -> ForecastChoice:
        """Return what :func:`gisplan.density.back_test.choose_forecast` does."""
        key = _mark(counts), _mark(neighbours), settings, gain_min
        with self._lock:
            if key not in self._kept:
                self._kept[key] = choose_forecast(counts, neighbours, settings, gain_min=gain_min)
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return self._kept[key]


def _mark(values: Floats | Integers) -> tuple[tuple[int, ...], bytes]:
    return values.shape, hashlib.sha256(values.tobytes()).digest()
