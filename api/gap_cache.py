"""Capacity gaps that were computed before, for as long as grid, ledger and applications stay."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from api.kept_answers import KeptAnswers
from gisplan.services.capacity_gap import GapAnswer, GapQuestion, capacity_gap_of_grid

if TYPE_CHECKING:
    from collections.abc import Hashable

    from gisplan.services.electrical import Progress
    from gisplan.services.plan import Planner

KEPT = 6


@dataclass(slots=True, kw_only=True)
class GapCache:
    """Answers by question: what one request computed, a map, a file and its tiles share."""

    planner: Planner
    _answers: KeptAnswers[GapQuestion, GapAnswer] = field(
        default_factory=lambda: KeptAnswers(KEPT), init=False
    )

    def get(self, question: GapQuestion, progress: Progress) -> GapAnswer:
        """Return the answer to a question without files of its own; ``progress`` may raise."""
        return self._answers.get(
            question,
            self._mark,
            lambda: capacity_gap_of_grid(self.planner, question, progress=progress),
            progress,
        )

    def _mark(self) -> Hashable:
        state = self.planner.state()
        version_id = state.region.snapshot.grid.version_id
        return version_id, state.held.sequence, self.planner.applications_mark()
