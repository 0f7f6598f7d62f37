"""Classes of a cost-to-connect map: limits in round amounts, colours, words.

Blue is cheap and red is dear, so that they are told apart without seeing red and green. What has
no cost is dark; what nobody knows is grey, never a colour of the scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gisplan.model.grid import Codes, Floats

SCALE = ("#253494", "#2b83ba", "#4fb3a9", "#a6c96a", "#fdc675", "#fc8d59", "#e34a33", "#a50026")
REFUSED_COLOUR = "#3a2a3f"
UNKNOWN_COLOUR = "#b9b9b9"
THIN_SPACE = "\u2009"
_STEPS = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostClasses:
    """Limits between classes, ascending; class 0 lies below the first, the last one has no end.

    After the classes of cost come two more: refused (no cost, and it is known why) and unknown.
    """

    edges: tuple[float, ...]

    @property
    def count(self) -> int:
        """Number of classes with a cost."""
        return len(self.edges) + 1

    @property
    def refused(self) -> int:
        """Class of what has no cost."""
        return self.count

    @property
    def unknown(self) -> int:
        """Class of what no corridor reaches."""
        return self.count + 1

    @property
    def colours(self) -> tuple[str, ...]:
        """Colour of every class, refused and unknown at the end."""
        places = np.rint(np.linspace(0, len(SCALE) - 1, self.count)).astype(int)
        return (*(SCALE[place] for place in places), REFUSED_COLOUR, UNKNOWN_COLOUR)

    @property
    def texts(self) -> tuple[str, ...]:
        """Limits of the classes with a cost, in figures without a unit."""
        figures = [figure(edge) for edge in self.edges]
        between = [f"{low} – {high}" for low, high in pairwise(figures)]
        return (f"< {figures[0]}", *between, f"≥ {figures[-1]}")

    def class_of(self, cost: Floats, is_known: Codes) -> Codes:
        """Return the class of amounts, NaN where there is none; ``is_known`` tells those apart."""
        found = np.digitize(np.nan_to_num(cost, nan=0.0), self.edges).astype(np.uint8)
        found[~np.isfinite(cost)] = self.refused
        found[~is_known.astype(bool)] = self.unknown
        classes: Codes = found
        return classes


def cost_classes(cost: Floats) -> CostClasses:
    """Return classes that tell the middle nine tenths of amounts apart, eight at most."""
    known = cost[np.isfinite(cost)]
    if len(known) == 0:
        return CostClasses(edges=(1000.0,))
    low, high = np.percentile(known, [5, 95])
    steps = [digit * 10.0**power for power in range(-2, 13) for digit in _STEPS]
    inside = [step for step in steps if low < step < high]
    if not inside:
        inside = [next(step for step in steps if step >= low or step == steps[-1])]
    most = len(SCALE) - 1
    if len(inside) > most:
        chosen = np.unique(np.rint(np.linspace(0, len(inside) - 1, most)).astype(int))
        inside = [inside[place] for place in chosen]
    return CostClasses(edges=tuple(inside))


def figure(amount: float) -> str:
    """Return an amount with thin spaces between thousands."""
    return f"{amount:,.10g}".replace(",", THIN_SPACE)
