"""Cost maps that were computed before: one at a time is made, the last few are kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from api.density_questions import CELLS_MAX
from api.kept_answers import KeptAnswers
from gisplan.services.cost_map import CostMapQuestion, cost_map_of_grid, raster_of
from maps.cost_map_overlay import CostOverlay, build_overlay

if TYPE_CHECKING:
    from collections.abc import Hashable

    from gisplan.services.cost_map import CostMapAnswer
    from gisplan.services.electrical import Progress
    from gisplan.services.plan import Planner

KEPT = 3


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
    _answers: KeptAnswers[tuple[CostMapQuestion, float], ReadyCostMap] = field(
        default_factory=lambda: KeptAnswers(KEPT), init=False
    )

    def get(self, question: CostMapQuestion, cell_m: float, progress: Progress) -> ReadyCostMap:
        """Return a map, computed anew where the grid or what is held has changed.

        ``progress`` may raise to give up.
        """
        return self._answers.get(
            (question, cell_m),
            self._mark,
            lambda: self._made(question, cell_m, progress),
            progress,
        )

    def _mark(self) -> Hashable:
        state = self.planner.state()
        return state.region.snapshot.grid.version_id, state.held.sequence

    def _made(self, question: CostMapQuestion, cell_m: float, progress: Progress) -> ReadyCostMap:
        answer = cost_map_of_grid(self.planner, question, progress=progress)
        raster = raster_of(answer, cell_m, progress=progress, cells_max=CELLS_MAX)
        progress("drawing", 0, 1)
        return ReadyCostMap(answer=answer, overlay=build_overlay(raster))
