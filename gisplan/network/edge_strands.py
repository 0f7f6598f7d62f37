"""Which corridors and mains lie on which stretch of ground."""

from __future__ import annotations

import numpy as np
import shapely

from gisplan.model.grid import Flags, Grid, Integers
from gisplan.network.strands import TOUCH_M, Geometries, Strands

# Where corridors of several kinds lie on one line, the first of these is the easiest to use.
EASE_OF_KIND = np.array([2, 0, 1, 4, 3])  # by CorridorKind: trench, duct bank, street, open ground
EASE_OF_SURFACE = np.array([2, 1, 0, 3])  # by Surface: verge, paving, asphalt, open ground


def edge_strands(stretches: Geometries, grid: Grid, strands: Strands) -> tuple[Integers, Integers]:
    """Return the edges that lie on each stretch, as stretches and strands, shape (edges,).

    Corridors of the source that differ in kind, surface, laying or owner are edges side by side,
    the easiest to use first. Traces of mains and links count only where no corridor is given; of
    those and of equal corridors one is taken.
    """
    stretch, strand = _lying_on(stretches, strands)
    given = strands.row[strand] >= 0
    keep = given | ~np.isin(stretch, stretch[given])
    stretch, strand = stretch[keep], strand[keep]
    group = _groups(grid, strands)[strand]
    ease = EASE_OF_KIND[strands.kind] * len(EASE_OF_SURFACE) + EASE_OF_SURFACE[strands.surface]
    name = np.unique(strands.name, return_inverse=True)[1].reshape(-1)
    order = np.lexsort((strand, name[strand], ease[strand], group, stretch))
    pairs = np.column_stack([stretch[order], group[order]])
    first = np.append(True, (np.diff(pairs, axis=0) != 0).any(axis=1))[: len(order)]
    stretch, strand = stretch[order][first], strand[order][first]
    order = np.lexsort((strand, name[strand], ease[strand], stretch))
    return stretch[order].astype(np.int64), strand[order].astype(np.int64)


def _lying_on(stretches: Geometries, strands: Strands) -> tuple[Integers, Integers]:
    """Return pairs of a stretch and a strand that it is part of, with both ends where there is."""
    if not len(stretches):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    middle = shapely.line_interpolate_point(stretches, 0.5, normalized=True)
    stretch, strand = shapely.STRtree(strands.geometry).query(
        middle, predicate="dwithin", distance=TOUCH_M
    )
    along = _ends_on(stretches[stretch], strands.geometry[strand])
    along |= ~np.isin(stretch, stretch[along])
    return stretch[along], strand[along]


def _groups(grid: Grid, strands: Strands) -> Integers:
    """Number strands of the source by kind, surface, laying and owner; all others are -1."""
    group = np.full(len(strands), -1, dtype=np.int64)
    given = np.flatnonzero(strands.row >= 0)
    corridors, row = grid.corridors, strands.row[given]
    owner = np.unique(corridors.owner, return_inverse=True)[1].reshape(-1)
    columns = (corridors.kind, corridors.surface, corridors.laying, owner)
    keys = np.column_stack([np.asarray(column, dtype=np.int64)[row] for column in columns])
    group[given] = np.unique(keys, axis=0, return_inverse=True)[1].reshape(-1)
    return group


def _ends_on(edges: Geometries, lines: Geometries) -> Flags:
    """Tell which edges have both ends on the line beside them."""
    on = np.ones(len(edges), dtype=bool)
    for position in (0, -1):
        on &= shapely.dwithin(shapely.get_point(edges, position), lines, TOUCH_M)
    return on


def edge_lines(edges: Geometries, is_ground: Flags, strands: Strands) -> tuple[Integers, Integers]:
    """Return, for every edge, the mains that run along it, as offsets and rows of lines.

    ``is_ground`` tells edges from links that only change sides, along which there is none.
    """
    carriers = np.flatnonzero(strands.line >= 0)
    middle = shapely.line_interpolate_point(edges, 0.5, normalized=True)
    edge, carrier = shapely.STRtree(strands.geometry[carriers]).query(
        middle, predicate="dwithin", distance=TOUCH_M
    )
    along = is_ground[edge] & _ends_on(edges[edge], strands.geometry[carriers][carrier])
    pairs = np.unique(
        np.column_stack([edge[along], strands.line[carriers][carrier[along]]]), axis=0
    )
    offset = np.searchsorted(pairs[:, 0], np.arange(len(edges) + 1))
    return offset.astype(np.int64), pairs[:, 1].astype(np.int64)
