"""How far demands elsewhere may bring a bus or a branch: one budget for all promises together."""

from __future__ import annotations

import numpy as np

from gisplan.electrical.base.element_state import ElementState
from gisplan.electrical.base.radial_state import FarLimits
from gisplan.electrical.base.tree import SupplyTree
from gisplan.electrical.screening.screening_limits import (
    LV_MAX,
    LV_MIN,
    MV_MAX,
    MV_MIN,
    ScreeningLimits,
    loading_limits,
)
from gisplan.model.grid import Floats, SwitchedKind


def far_limits(
    tree: SupplyTree,
    limits: ScreeningLimits,
    *,
    solved: ElementState,
    free: ElementState,
    free_pu: Floats,
) -> FarLimits:
    """How far each node and its branch may be brought by demands elsewhere.

    To the limit, or where it stood without promises, and the tolerance beyond.

    Parameters
    ----------
    solved, free
        Loadings with the promises in every level, and without any; ``free_pu`` are the voltages of
        buses without any.
    """
    arrays, values, tolerance = tree.arrays, limits.values, limits.far_voltage_pu
    low = np.where(arrays.is_low, values[LV_MIN], values[MV_MIN])
    high = np.where(arrays.is_low, values[LV_MAX], values[MV_MAX])
    count = len(free_pu)
    low[:count] = np.fmin(low[:count], free_pu)
    high[:count] = np.fmax(high[:count], free_pu)
    ceiling = loading_limits(arrays.kind, arrays.level, values)
    loaded, before = np.zeros(len(ceiling)), free
    for kind, after, free_ratio in (
        (SwitchedKind.LINE, solved.line_loading_ratio, before.line_loading_ratio),
        (
            SwitchedKind.TRANSFORMER,
            solved.transformer_loading_ratio,
            before.transformer_loading_ratio,
        ),
    ):
        node = np.flatnonzero((arrays.kind == kind) & (arrays.parent >= 0))
        row = arrays.row[node]
        ceiling[node] = np.fmax(ceiling[node], free_ratio[0, row])
        loaded[node] = after[arrays.level[node], row]
    return FarLimits(
        near_pu=values[[[LV_MIN, LV_MAX], [MV_MIN, MV_MAX]]],
        low_pu=low - tolerance,
        high_pu=high + tolerance,
        # no rating, no limit
        loading_ratio=np.nan_to_num(loaded, nan=0.0),
        loaded_ratio=np.nan_to_num(loaded / (ceiling + limits.far_loading_ratio), nan=0.0),
    )
