"""Cost maps that were computed before: one at a time is made, the last few are kept."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from gisplan.services.cost_map import CostMapQuestion, cost_map_of_grid, raster_of
from maps.cost_map_overlay import CostOverlay, build_overlay

if TYPE_CHECKING:
    from gisplan.services.cost_map import CostMapAnswer
    from gisplan.services.electrical import Progress
    from gisplan.services.plan import Planner

KEPT = 3
WAITING_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyCostMap:
    """A cost map and its layer."""

    answer: CostMapAnswer
    overlay: CostOverlay


@dataclass(slots=True, kw_only=True)
class CostMapCache:
    """Maps by question and size of cells, as the grid and the ledger stand now.

    Safe to share between threads. A map holds much memory, so that they are made one by one.
    """

    planner: Planner
    _kept: OrderedDict[tuple[CostMapQuestion, float], ReadyCostMap] = field(
        default_factory=OrderedDict, init=False
    )
    _lock: Lock = field(default_factory=Lock, init=False)

    def get(self, question: CostMapQuestion, cell_m: float, progress: Progress) -> ReadyCostMap:
        """Return a map, computed anew where the grid or what is held has changed.

        ``progress`` may raise to give up.
        """
        while not self._lock.acquire(timeout=WAITING_S):
            progress("waiting", 0, 1)
        try:
            key = question, cell_m
            found = self._kept.pop(key, None)
            if found is None or found.answer.pricing.answer.state is not self.planner.state():
                found = self._made(question, cell_m, progress)
            self._kept[key] = found
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return found
        finally:
            self._lock.release()

    def _made(self, question: CostMapQuestion, cell_m: float, progress: Progress) -> ReadyCostMap:
        answer = cost_map_of_grid(self.planner, question, progress=progress)
        raster = raster_of(answer, cell_m, progress=progress)
        progress("drawing", 0, 1)
        return ReadyCostMap(answer=answer, overlay=build_overlay(raster))
