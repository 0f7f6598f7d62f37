"""What the use of its land allows each supply cell to grow to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from gisplan.electrical.demand import TRANSFORMER, LoadCase
from gisplan.planning.outlook import LandLimits
from gisplan.planning.supply_areas import supply_areas

if TYPE_CHECKING:
    from gisplan.model.grid import Floats
    from gisplan.planning.state import PlanningState
    from gisplan.planning.supply_cells import SupplyCells

SQUARE_METRES_PER_KM2, KVA_PER_MVA = 1e6, 1e3


@dataclass(frozen=True, slots=True, kw_only=True)
class LandUse:
    """Areas that do not overlap (working CRS), and the load density that each saturates at."""

    shape: npt.NDArray[np.object_]
    saturation_mva_per_km2: Floats


def land_limits(state: PlanningState, cells: SupplyCells, land: LandUse) -> LandLimits:
    """Return the limit of each cell of a transformer: its ground, by use, times the density there.

    Ground without a use is taken to stay unbuilt; a cell without any, or of unknown load, has no
    known limit.
    """
    units = cells.levels[0].row
    base = state.base[LoadCase.LOAD]
    power = base.transformer_p_kw[TRANSFORMER, units], base.transformer_q_kvar[TRANSFORMER, units]
    existing_kva = np.zeros(len(cells))
    loaded_kva = np.hypot(*power)
    existing_kva[: len(units)] = np.nan_to_num(loaded_kva)
    limit_kva = np.full(len(cells), np.nan)
    reach_m = state.region.catalogue.value("density.supply_area_reach_m")
    ground = supply_areas(state.region.snapshot.grid, cells, 0, reach_m=reach_m)
    tree = shapely.STRtree(land.shape)
    for cell, area in enumerate(ground):
        used = np.sort(tree.query(area, predicate="intersects"))
        # how much room is left under a limit needs the load of today
        if len(used) and np.isfinite(loaded_kva[cell]):
            common = shapely.area(shapely.intersection(land.shape[used], area))
            density = land.saturation_mva_per_km2[used]
            limit_kva[cell] = float(common @ density) / SQUARE_METRES_PER_KM2 * KVA_PER_MVA
    return LandLimits(existing_kva=existing_kva, limit_kva=limit_kva)
