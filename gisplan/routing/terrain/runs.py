"""A course over a raster as runs of equal price."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gisplan.model.grid import Floats
from gisplan.routing.terrain.raster import CostRaster

SHORTEST = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """Runs along a course, one after the other, (runs,); no two neighbours have the same price.

    ``cents_per_m`` is negative where the course enters a forbidden cell or leaves the raster.
    """

    from_m: Floats
    to_m: Floats
    cents_per_m: Floats

    def __len__(self) -> int:
        return len(self.from_m)


def course_runs(xy_m: Floats, raster: CostRaster) -> Runs:
    """Return the runs of a course of shape (vertices, 2); what is no longer than 1 um is left out.

    The middle of each piece between two borders of cells tells its cell.
    """
    u = (xy_m[:, 0] - raster.x_min_m) / raster.cell_m
    v = (raster.y_max_m - xy_m[:, 1]) / raster.cell_m
    length_m = np.hypot(*np.diff(xy_m, axis=0).T)
    before_m = np.concatenate([[0.0], np.cumsum(length_m)])
    cuts = [before_m]
    for part in (u, v):
        for n in range(len(xy_m) - 1):
            low, high = sorted((part[n], part[n + 1]))
            border = np.arange(np.floor(low) + 1, np.ceil(high))
            share = (border - part[n]) / (part[n + 1] - part[n]) if len(border) else border
            cuts.append(before_m[n] + share * length_m[n])
    at_m = np.unique(np.concatenate(cuts))
    kept = np.append(True, np.diff(at_m) > SHORTEST)
    at_m = at_m[kept]
    middle_m = (at_m[1:] + at_m[:-1]) / 2
    cell = raster.cells_of(
        np.interp(middle_m, before_m, xy_m[:, 0]), np.interp(middle_m, before_m, xy_m[:, 1])
    )
    price = np.where(cell >= 0, raster.cost_cents_per_m.reshape(-1)[cell], -1.0)
    first = np.flatnonzero(np.append(True, np.diff(price) != 0)) if len(price) else np.zeros(0, int)
    return Runs(
        from_m=at_m[first],
        to_m=np.append(at_m[first[1:]], at_m[-1:]) if len(first) else np.zeros(0),
        cents_per_m=price[first],
    )
