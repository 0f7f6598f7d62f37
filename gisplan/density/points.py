"""Weighted points, checked once before anything is computed from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gisplan.errors import InputError
from gisplan.model.density import Extent
from gisplan.model.grid import Flags, Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Places in the working CRS, each with a finite weight of zero or more."""

    x_m: Floats
    y_m: Floats
    weight: Floats

    def __len__(self) -> int:
        return len(self.x_m)

    def take(self, chosen: Flags) -> Points:
        """Only the chosen points, in the same order."""
        return Points(x_m=self.x_m[chosen], y_m=self.y_m[chosen], weight=self.weight[chosen])

    @property
    def extent(self) -> Extent:
        """Smallest rectangle around the points; there must be one at least."""
        return Extent(
            x_min_m=float(self.x_m.min()),
            y_min_m=float(self.y_m.min()),
            x_max_m=float(self.x_m.max()),
            y_max_m=float(self.y_m.max()),
        )


def build_points(x_m: Floats, y_m: Floats, weight: Floats) -> Points:
    """Points from three arrays of one length.

    Raises
    ------
    InputError
        If the lengths differ, a coordinate is not finite, or a weight is not finite or negative;
        all three are counted before it is raised.
    """
    x, y, w = (np.ascontiguousarray(array, dtype=np.float64) for array in (x_m, y_m, weight))
    if not (x.ndim == y.ndim == w.ndim == 1 and len(x) == len(y) == len(w)):
        raise InputError(
            f"points have x of shape {x.shape}, y of {y.shape} and weight of {w.shape}; "
            "expected three arrays of one length"
        )
    problems = [
        f"{count} {problem}" for problem, count in _count_problems(x, y, w).items() if count > 0
    ]
    if problems:
        raise InputError(
            f"{len(x)} points of a density: {', '.join(problems)}; "
            "expected finite coordinates in metres and weights of zero or more: mend or remove them"
        )
    return Points(x_m=x, y_m=y, weight=w)


def _count_problems(x_m: Floats, y_m: Floats, weight: Floats) -> dict[str, int]:
    """How many points suffer from what."""
    return {
        "with a NaN or infinite coordinate": int(np.sum(~(np.isfinite(x_m) & np.isfinite(y_m)))),
        "with a NaN or infinite weight": int(np.sum(~np.isfinite(weight))),
        "with a negative weight": int(np.sum(weight < 0)),
    }
