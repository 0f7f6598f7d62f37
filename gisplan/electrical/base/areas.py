"""Which buses a new demand moves most: those of its low-voltage network or of its feeder."""

from __future__ import annotations

import numpy as np

from gisplan.model.grid import Grid, Integers, SwitchedKind
from gisplan.network.snapshot import Topology


def areas(grid: Grid, topology: Topology) -> Integers:
    """Low-voltage network or medium-voltage feeder of every bus: what a new demand there moves.

    Low-voltage networks carry the row of their transformer, feeders follow behind; -1 is none.
    """
    count = len(grid.transformers.transformer_id)
    feeder = np.where(topology.feeder >= 0, count + topology.feeder, -1)
    area: Integers = np.where(topology.transformer >= 0, topology.transformer, feeder)
    return area


def joined_areas(grid: Grid, topology: Topology) -> Integers:
    """Areas, those of low-voltage networks that closed couplers join as one.

    ``topology`` lets every busbar hang on one branch: its other parts hang on the first one.
    """
    count = len(grid.transformers.transformer_id)
    area, order, parent = areas(grid, topology), topology.order, topology.parent_bus
    joined = np.arange(count)
    coupled = order[(parent[order] >= 0) & (topology.parent_kind[order] == SwitchedKind.BUS)]
    for bus in coupled[area[coupled] != area[parent[coupled]]]:
        own, above = area[bus], area[parent[bus]]
        if 0 <= own < count and 0 <= above < count:
            joined[own] = joined[above]
    is_unit = (area >= 0) & (area < count)
    return np.where(is_unit, np.append(joined, -1)[np.where(is_unit, area, -1)], area)
