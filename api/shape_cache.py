"""Cells and corridors in classes, kept while somebody looks at their tiles."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from api.kept_answers import KeptAnswers
from api.raster_cache import AGE_MAX_S

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from api.density_tiles import ShownShapes
    from gisplan.services.electrical import Progress

KEPT = 6


@dataclass(slots=True, kw_only=True)
class ShapeCache:
    """Layers of shapes by question; what belongs to no numbered asking ages as rasters do."""

    clock: Callable[[], float] = time.monotonic
    _answers: KeptAnswers[Hashable, ShownShapes] = field(
        default_factory=lambda: KeptAnswers(KEPT), init=False
    )

    def get(
        self, question: Hashable, asking: int, make: Callable[[], ShownShapes], progress: Progress
    ) -> ShownShapes:
        """Return the layer of a question; ``progress`` may raise to give up."""

        def mark() -> Hashable:
            return asking or -int(self.clock() // AGE_MAX_S)

        return self._answers.get((question, asking), mark, make, progress)
