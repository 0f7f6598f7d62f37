"""The ground that each transformer or feeder supplies, as polygons that do not overlap.

Every place of a load belongs to what supplies it, and the ground between to the nearest such place
(Voronoi), no further from it than a village reaches. It is a picture of the supply, no border.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

if TYPE_CHECKING:
    from gisplan.model.grid import Floats, Grid
    from gisplan.planning.supply_cells import SupplyCells

Geometries = npt.NDArray[np.object_]


def supply_areas(grid: Grid, cells: SupplyCells, level: int, *, reach_m: float) -> Geometries:
    """Return a polygon or several for each element of a level; empty where it has no own ground."""
    elements = cells.levels[level]
    of_bus = np.append(cells.element[level], -1)[cells.bus_cell]
    bus = np.unique(np.concatenate([grid.loads.bus, elements.bus[elements.bus >= 0]]))
    bus = bus[of_bus[bus] >= 0]
    xy_m = np.column_stack([grid.buses.x_m[bus], grid.buses.y_m[bus]])
    places, first = np.unique(xy_m, axis=0, return_index=True)
    owner = of_bus[bus][first]
    ground = _ground(places, reach_m)
    found = np.full(len(elements.row), shapely.MultiPolygon(), dtype=object)
    for element in np.unique(owner):
        parts = shapely.get_parts(shapely.union_all(ground[owner == element]))
        found[element] = shapely.multipolygons(parts)
    return found


def _ground(places: Floats, reach_m: float) -> Geometries:
    """Return the ground nearest to each of several different places, shape (places, 2)."""
    around = shapely.union_all(shapely.buffer(shapely.points(places), reach_m))
    if len(places) < 2:
        return np.array([around] * len(places), dtype=object)
    drawn = shapely.voronoi_polygons(shapely.multipoints(places), extend_to=around, ordered=True)
    ground = shapely.intersection(shapely.get_parts(drawn), around)
    return np.asarray(ground, dtype=object)
