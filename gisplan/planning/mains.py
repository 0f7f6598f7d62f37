"""Gas, heat and water mains of others: where a route crosses them and how near it runs beside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.model.grid import BarrierKind
from gisplan.network.strands import line_shapes

if TYPE_CHECKING:
    from gisplan.model.grid import Barriers, Floats, Integers
    from gisplan.network.strands import Geometries

MAIN_NAMES = {
    BarrierKind.GAS_MAIN: "gas",
    BarrierKind.HEAT_MAIN: "heat",
    BarrierKind.WATER_MAIN: "water",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MainIndex:
    """Mains of others by place; ``row`` is their row in the table of barriers."""

    shapes: Geometries
    tree: shapely.STRtree
    row: Integers

    def crossed(self, xy_m: Floats) -> Integers:
        """Return the rows of barriers that a polyline of shape (vertices, 2) meets, in order."""
        met = self.tree.query(shapely.LineString(xy_m), predicate="intersects")
        return np.sort(self.row[met])


def build_main_index(barriers: Barriers) -> MainIndex:
    """Index the gas, heat and water mains among barriers."""
    row = np.flatnonzero(np.isin(barriers.kind, list(MAIN_NAMES))).astype(np.int64)
    shapes = line_shapes(barriers.shape)[row]
    return MainIndex(shapes=shapes, tree=shapely.STRtree(shapes), row=row)
