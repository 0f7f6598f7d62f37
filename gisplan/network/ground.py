"""What the ground adds to an edge: areas that cost more, and mains of others beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from gisplan.model.grid import BarrierKind, Barriers, Floats, Integers, Obstacles
from gisplan.network.nearness import Geometries, find_stretches
from gisplan.network.strands import CorridorSettings, area_shapes, line_shapes, opened_factors

MAINS = (BarrierKind.GAS_MAIN, BarrierKind.HEAT_MAIN, BarrierKind.WATER_MAIN)
PARALLEL_COS = np.cos(
    np.pi / 6
)  # what meets at more than 30 degrees crosses and runs beside no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Mains of others beside edges: those of edge e stand at ``offset[e]:offset[e + 1]``."""

    offset: Integers
    barrier: Integers
    length_m: Floats
    distance_m: Floats


def cost_factors(edges: Geometries, obstacles: Obstacles) -> Floats:
    """Return the factor of the areas that each edge crosses, weighted by length; 1.0 is plain.

    Where areas overlap, what each adds is added up.
    """
    factor = np.ones(len(edges))
    given = opened_factors(obstacles)
    rows = np.flatnonzero(np.isfinite(given) & (given > 1))
    if not len(rows) or not len(edges):
        return factor
    areas = area_shapes(obstacles.shape, rows)
    edge, area = shapely.STRtree(areas).query(edges, predicate="intersects")
    within_m = shapely.length(shapely.intersection(edges[edge], areas[area]))
    added = np.bincount(edge, within_m * (given[rows[area]] - 1), minlength=len(edges))
    return factor + added / shapely.length(edges)


def find_beside(edges: Geometries, barriers: Barriers, settings: CorridorSettings) -> Beside:
    """Return the gas, heat and water mains that run beside edges within ``beside_m``."""
    rows = np.flatnonzero(np.isin(barriers.kind, MAINS))
    runs = find_stretches(
        edges,
        line_shapes(barriers.shape)[rows],
        reach_m=settings.beside_m,
        parallel_cos=float(PARALLEL_COS),
    )
    changed = (np.diff(runs.line) != 0) | (np.diff(runs.other) != 0)
    first = np.flatnonzero(np.append(len(runs) > 0, changed))
    offset = np.searchsorted(runs.line[first], np.arange(len(edges) + 1))
    if not len(runs):
        first = np.zeros(0, dtype=np.int64)
    return Beside(
        offset=offset.astype(np.int64),
        barrier=rows[runs.other[first]],
        length_m=_reduced(np.add, runs.end_m - runs.start_m, first),
        distance_m=_reduced(np.minimum, runs.distance_m, first),
    )


def _reduced(by: np.ufunc, values: Floats, first: Integers) -> Floats:
    """Reduce groups that begin at ``first``."""
    return np.asarray(by.reduceat(values, first)) if len(first) else np.zeros(0)
