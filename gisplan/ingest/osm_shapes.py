"""Shapes of OpenStreetMap as the grid can hold them: valid, in its window, areas without holes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from gisplan.model.grid import Integers

HOLE_MIN_M2 = 100.0  # smaller clearings and islands are filled
VERTICES_MAX = 4_000  # larger areas are cut, so that a look at one is quick
PASSAGE_HALF_M = 3.0  # half the width of what is opened beneath a bridge or through a house


def clipped_lines(lines: np.ndarray, box: shapely.Polygon) -> tuple[np.ndarray, Integers]:
    """Return the parts of lines inside a box, and the line that each is of."""
    return _parts(shapely.intersection(lines, box), "LINESTRING")


def clipped_areas(areas: np.ndarray, box: shapely.Polygon) -> tuple[np.ndarray, Integers]:
    """Return the valid parts of areas inside a box, and the area that each is of."""
    return _parts(shapely.intersection(shapely.make_valid(areas), box), "POLYGON")


def opened_by(areas: np.ndarray, passages: np.ndarray) -> np.ndarray:
    """Return areas without the strips along passages (lines) that lead through them."""
    opened = areas.copy()
    if not len(areas) or not len(passages):
        return opened
    strips = shapely.buffer(passages, PASSAGE_HALF_M, cap_style="flat")
    area, strip = shapely.STRtree(strips).query(areas, predicate="intersects")
    for row in np.unique(area):
        opened[row] = shapely.difference(areas[row], shapely.union_all(strips[strip[area == row]]))
    return opened


def without_holes(areas: np.ndarray, *, filled: np.ndarray) -> tuple[np.ndarray, Integers]:
    """Cut areas until none has a hole or very many vertices.

    Parameters
    ----------
    areas : polygons or multipolygons
    filled : bool, where holes are filled whatever their size

    Returns
    -------
    polygons without holes, and the area that each is of
    """
    parts, owner = _parts(areas, "POLYGON")
    found: list[shapely.Polygon] = []
    of: list[int] = []
    for part, row in zip(parts, owner.tolist(), strict=True):
        pieces = [shapely.Polygon(part.exterior)] if filled[row] else _simple(part)
        found += pieces
        of += [row] * len(pieces)
    return np.array(found, dtype=object), np.array(of, dtype=np.int64)


def _simple(area: shapely.Polygon) -> list[shapely.Polygon]:
    """Halve an area through one of its holes, and its halves in turn, until they are simple."""
    done: list[shapely.Polygon] = []
    waiting = [_with_large_holes(area)]
    while waiting:
        piece = waiting.pop()
        if not piece.interiors and shapely.get_num_coordinates(piece) <= VERTICES_MAX:
            done.append(piece)
            continue
        waiting += _halves(piece)
    return done


def _with_large_holes(area: shapely.Polygon) -> shapely.Polygon:
    if not area.interiors:
        return area
    large = [ring for ring in area.interiors if shapely.Polygon(ring).area >= HOLE_MIN_M2]
    return shapely.Polygon(area.exterior, large)


def _halves(area: shapely.Polygon) -> list[shapely.Polygon]:
    """Cut an area through the middle of its middle hole, else through its own middle."""
    west, south, east, north = area.bounds
    across = east - west >= north - south
    rings = sorted(area.interiors, key=lambda ring: ring.bounds[0 if across else 1])
    inner = rings[len(rings) // 2].bounds if rings else area.bounds
    if across:
        middle = (inner[0] + inner[2]) / 2
        boxes = [shapely.box(west, south, middle, north), shapely.box(middle, south, east, north)]
    else:
        middle = (inner[1] + inner[3]) / 2
        boxes = [shapely.box(west, south, east, middle), shapely.box(west, middle, east, north)]
    parts, _ = _parts(shapely.intersection(area, np.array(boxes, dtype=object)), "POLYGON")
    return list(parts)


def _parts(geometry: np.ndarray, kind: str) -> tuple[np.ndarray, Integers]:
    """Return the single parts of one kind, but for those without extent, and their rows."""
    parts, row = shapely.get_parts(geometry, return_index=True)
    # a collection may hold multi-parts in turn
    parts, inner = shapely.get_parts(parts, return_index=True)
    wanted = shapely.get_type_id(parts) == int(shapely.GeometryType[kind])
    wanted &= ~shapely.is_empty(parts)
    wanted &= shapely.length(parts) > 0
    return parts[wanted], row[inner][wanted].astype(np.int64)
