"""What the corridors of a source say of each other: ends that nearly meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.model.issue import Issue
from gisplan.model.issue_rules import ISSUE_RULES
from gisplan.network.near_ends import find_near_ends
from gisplan.network.strands import TOUCH_M, CorridorSettings

if TYPE_CHECKING:
    from gisplan.ingest.table_check import GridTable

RULE = "corridor_end_near_miss"


def check_corridor_ends(corridors: GridTable) -> list[Issue]:
    """Tell every end that misses another corridor by so little that the two are joined."""
    if corridors.geometry is None:
        return []
    rows = np.flatnonzero(~shapely.is_missing(corridors.geometry))
    reach_m = CorridorSettings().joined_end_max_m
    near = find_near_ends(corridors.geometry[rows], touch_m=TOUCH_M, reach_m=reach_m)
    ids = corridors.columns["corridor_id"][rows]
    away_m = np.hypot(*(near.target_m - near.end_m).T)
    return [
        Issue(
            rule=RULE,
            severity=ISSUE_RULES[RULE].severity,
            element=f"corridor {ids[line]}",
            found=f"ends {gap_m:.2f} m beside corridor {ids[other]}; the two are joined",
            expected=f"ends that meet, or lie more than {reach_m:g} m apart",
            x_m=float(x_m),
            y_m=float(y_m),
        )
        for line, other, gap_m, (x_m, y_m) in zip(
            near.line, near.other, away_m, near.end_m, strict=True
        )
    ]
