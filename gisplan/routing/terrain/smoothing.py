"""Courses over open ground without the zig-zag of the raster."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gisplan.model.grid import Floats, Integers
from gisplan.routing.terrain.line_kernel import line_cost, pull, simplify, string_cost
from gisplan.routing.terrain.parts import FieldPart, TerrainWay
from gisplan.routing.terrain.raster import CostRaster

REACH = 64
ROUNDS_MAX = 8
PLAINER = 1e-9
"""A string counts as cheaper only by more than this share: of equal ones the plainer is taken."""


def smooth_way(way: TerrainWay, raster: CostRaster, *, tolerance_m: float = 0.0) -> TerrainWay:
    """Return a way whose parts over the field are pulled tight; streets stay as they are.

    The costs of the parts over the field become those of the straight lines, cell by cell.
    """
    parts = tuple(
        smooth_part(part, raster, tolerance_m=tolerance_m) if isinstance(part, FieldPart) else part
        for part in way.parts
    )
    gained = sum(part.cost_cents for part in way.parts) - sum(part.cost_cents for part in parts)
    return replace(way, parts=parts, cost_cents=way.cost_cents - gained)


def smooth_part(part: FieldPart, raster: CostRaster, *, tolerance_m: float = 0.0) -> FieldPart:
    """Return a part over the field pulled tight; a passage is straight as it is."""
    if part.is_passage:
        return part
    xy = smooth_course(part.xy_m, raster, tolerance_m=tolerance_m)
    return FieldPart(xy_m=xy, cost_cents=course_cents(xy, raster))


def smooth_course(xy_m: Floats, raster: CostRaster, *, tolerance_m: float = 0.0) -> Floats:
    """Return a course with fewer bends between the same two ends.

    It enters no forbidden cell and costs no more on the raster than the given course, each line
    counted cell by cell. A course that itself is not allowed, or leaves the raster, is kept.

    Parameters
    ----------
    xy_m : float64 (vertices, 2)
    tolerance_m : vertices nearer than this to the line that remains are left out as well, as far as
        the course then costs no more than the given one
    """
    uv = _in_cells(xy_m, raster)
    given = string_cost(raster.cost_cents_per_m, uv)
    if len(uv) < 3 or not np.isfinite(given):
        return xy_m
    rows = np.arange(len(uv))
    for _ in range(ROUNDS_MAX):
        fewer = rows[_pulled(uv[rows], raster, given)]
        is_done = len(fewer) == len(rows)
        rows = fewer
        if is_done:
            break
    if tolerance_m > 0:
        kept = np.empty(len(rows), dtype=np.int64)
        budget = given - string_cost(raster.cost_cents_per_m, uv[rows])
        count = simplify(
            raster.cost_cents_per_m, uv[rows], tolerance_m / raster.cell_m, max(budget, 0.0), kept
        )
        rows = rows[kept[:count]]
    course: Floats = xy_m[rows]
    return course


def course_cents(xy_m: Floats, raster: CostRaster) -> float:
    """Return the cents of a course over a raster, infinity where it is not allowed."""
    cost = string_cost(raster.cost_cents_per_m, _in_cells(xy_m, raster))
    return float(cost * raster.cell_m)


def line_cents(start_m: Floats, end_m: Floats, raster: CostRaster) -> float:
    """Return the cents of a straight line over a raster, infinity where it is not allowed."""
    uv = _in_cells(np.array([start_m, end_m]), raster)
    return float(line_cost(raster.cost_cents_per_m, *uv.reshape(-1)) * raster.cell_m)


def _pulled(uv: Floats, raster: CostRaster, given: float) -> Integers:
    """Return the rows of the vertices that remain when the string is pulled once."""
    best, before = np.empty(len(uv)), np.empty(len(uv), dtype=np.int64)
    kink = PLAINER * max(given, 1.0) / len(uv)
    pull(raster.cost_cents_per_m, uv, REACH, kink, best, before)
    rows = [len(uv) - 1]
    while rows[-1] > 0:
        rows.append(int(before[rows[-1]]))
    return np.array(rows[::-1])


def _in_cells(xy_m: Floats, raster: CostRaster) -> Floats:
    u = (xy_m[:, 0] - raster.x_min_m) / raster.cell_m
    v = (raster.y_max_m - xy_m[:, 1]) / raster.cell_m
    return np.column_stack([u, v])
