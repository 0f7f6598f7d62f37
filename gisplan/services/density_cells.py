"""What gathers in which cell, as a table: sums, densities, peaks, classes, change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.density.cells import (
    Cells,
    CellsOfPoints,
    cells_inside,
    given_cells,
    h3_cells,
    hexagon_cells,
    square_cells,
)
from gisplan.density.load_class import load_class_limits
from gisplan.density.points import build_points
from gisplan.errors import InputError
from gisplan.export.cell_table import density_column, sum_column
from gisplan.export.electrical_table import ElectricalAnswer, ElementTable
from gisplan.model.density import ApplicationFilter, DensityLayer, DensityWeight
from gisplan.model.projection import Projection
from gisplan.rules.catalogue import load_catalogue
from gisplan.services.cell_peaks import class_columns, generation_count, peaks_of
from gisplan.services.density_layer import EVERY_APPLICATION, read_layer
from gisplan.store.grid_reader import active_version

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from psycopg import Connection

    from gisplan.density.load_class import LoadClassLimits
    from gisplan.density.surface import StudyArea
    from gisplan.export.electrical_table import Column
    from gisplan.model.grid import Flags, Floats
    from gisplan.services.density_layer import LayerPoints
    from gisplan.store.grid_reader import GridVersion

    Progress = Callable[[str, int, int], None]


class CellShape(StrEnum):
    """Which cells: squares, hexagons of a metric grid, H3, or polygons that somebody gives."""

    SQUARE = "square"
    HEXAGON = "hexagon"
    H3 = "h3"
    GIVEN = "given"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellsQuestion:
    """What is summed in which cells.

    ``cell_m`` is the side of a square or the distance of neighbouring hexagons; ``areas`` are the
    polygons given. ``before`` chooses applications of an earlier period, to tell the change.
    """

    shape: CellShape = CellShape.SQUARE
    cell_m: float = 250.0
    h3_resolution: int = 9
    areas: Cells | None = None
    layer: DensityLayer = DensityLayer.APPLICATION
    weight: DensityWeight = DensityWeight.DEMAND_KVA
    applications: ApplicationFilter = EVERY_APPLICATION
    before: ApplicationFilter | None = None
    study_area: StudyArea | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """The points of a question, of the earlier period too, each in its cell.

    ``beyond_count`` cells lie beyond the study area and are left out.
    """

    found: CellsOfPoints
    now: LayerPoints
    before: LayerPoints | None
    beyond_count: int

    @property
    def has_data(self) -> bool:
        """Whether anything is recorded in one of the periods."""
        periods = (self.now, self.before)
        return any(bool(one.is_known.any()) for one in periods if one is not None)

    @property
    def is_now(self) -> Flags:
        """Which points are of the period asked for."""
        now: Flags = np.arange(len(self.found.cell)) < len(self.now)
        return now


def layer_cells(
    connection: Connection,
    question: CellsQuestion,
    *,
    catalogue_override: Path | None = None,
    progress: Progress | None = None,
) -> ElectricalAnswer:
    """Sums of a layer in cells; squares, hexagons and H3 cells only where something is.

    A layer that records nothing is no data, and its sums are unknown, not zero.

    Columns: ``cell``, ``area_km2``, ``count``, ``unknown_count`` (points without a recorded
    weight), sum and density with their unit, ``peak_kw`` (the highest joint demand; of generation,
    all at once). For an earlier period ``*_before`` and ``change``. Areas that are large enough
    have ``load_class`` and the coincident MW/km2 of existing load and standing applications.

    Raises
    ------
    NoGridError
        If nothing has been loaded yet.
    InputError
        If layer, weight, cells or areas cannot be used.
    """
    tell = progress or _untold
    version = active_version(connection)
    catalogue = load_catalogue(version.profile, override=catalogue_override)
    tell("reading", 0, 2)
    placed = _place(connection, version, question)
    tell("cells", 1, 2)
    found, limits = placed.found, load_class_limits(catalogue)
    is_large = found.cells.area_km2 >= limits.area_min_km2
    peak_kw = peaks_of(
        placed.now,
        _of_now(placed),
        is_large,
        catalogue,
        with_generation=generation_count(placed.now) == len(placed.now),
    )
    columns: dict[str, Column] = {
        "cell": found.cells.name,
        "area_km2": found.cells.area_km2.round(6),
        **_sums(placed, question),
        "peak_kw": np.where(placed.has_data, peak_kw.round(3), np.nan),
    }
    if question.shape is CellShape.GIVEN:
        standing = ApplicationFilter(given=question.applications.given)
        columns |= class_columns(
            connection, version, found.cells, limits, catalogue, standing=standing
        )
    tell("cells", 2, 2)
    return ElectricalAnswer(
        facts=_facts(question, placed, version),
        notes=_notes(question, placed, limits, is_large),
        tables=(
            ElementTable(
                element_kind="cell",
                columns=columns,
                shape=found.cells.shape,
                srid=version.working_srid,
            ),
        ),
    )


def _place(connection: Connection, version: GridVersion, question: CellsQuestion) -> _Placed:
    """Read the points and put them into cells."""

    def read(chosen: ApplicationFilter) -> LayerPoints:
        points = read_layer(
            connection,
            version,
            layer=question.layer,
            weight=question.weight,
            applications=chosen,
            with_demands=True,
        )
        build_points(points.x_m, points.y_m, np.where(points.is_known, points.weight, 0.0))
        return points

    now = read(question.applications)
    before = None if question.before is None else read(question.before)
    x_m, y_m = (
        np.concatenate([getattr(one, axis) for one in (now, before) if one is not None])
        for axis in ("x_m", "y_m")
    )
    inside = np.ones(len(x_m), dtype=np.bool_)
    if question.study_area is not None:
        inside = shapely.intersects_xy(question.study_area, x_m, y_m)
    found = _cells(question, x_m[inside], y_m[inside], Projection(srid=version.working_srid))
    cell = np.full(len(x_m), -1, dtype=np.int64)
    cell[inside] = found.cell
    every = replace(found, cell=cell)
    found = every if question.study_area is None else _clipped(every, question.study_area)
    beyond = len(every.cells) - len(found.cells)
    return _Placed(found=found, now=now, before=before, beyond_count=beyond)


def _clipped(found: CellsOfPoints, area: StudyArea) -> CellsOfPoints:
    """Cells cut off at the border of an area; what only touches it is left out."""
    inside = cells_inside(found, area).cells
    shape = np.array([_polygons(one) for one in inside.shape], dtype=np.object_)
    kept = shapely.area(shape) > 0
    number = np.append(np.where(kept, np.cumsum(kept) - 1, -1), -1)
    return CellsOfPoints(
        cells=Cells(name=inside.name[kept], shape=shape[kept]), cell=number[found.cell]
    )


def _polygons(shape: shapely.Geometry) -> shapely.Geometry:
    """Return a shape without the lines and points that a cut may leave of it."""
    if not isinstance(shape, shapely.GeometryCollection):
        return shape
    parts = shapely.get_parts(shape)
    return shapely.union_all(parts[shapely.get_dimensions(parts) == 2])


def _cells(
    question: CellsQuestion, x_m: Floats, y_m: Floats, projection: Projection
) -> CellsOfPoints:
    match question.shape:
        case CellShape.SQUARE:
            return square_cells(x_m, y_m, cell_m=question.cell_m)
        case CellShape.HEXAGON:
            return hexagon_cells(x_m, y_m, cell_m=question.cell_m)
        case CellShape.H3:
            return h3_cells(x_m, y_m, resolution=question.h3_resolution, projection=projection)
    if question.areas is None:
        raise InputError("cells are given as polygons, but no polygons are; name a file of them")
    return given_cells(x_m, y_m, question.areas)


def _of_now(placed: _Placed) -> CellsOfPoints:
    return replace(placed.found, cell=placed.found.cell[placed.is_now])


def _sums(placed: _Placed, question: CellsQuestion) -> dict[str, Column]:
    """Counts, sums and densities of every cell, and what changed since the earlier period."""
    found, unit = placed.found, question.weight.unit
    now = _summed(_of_now(placed), placed.now)
    total = np.where(placed.has_data, now.total, np.nan)
    columns: dict[str, Column] = {"count": now.count, "unknown_count": now.unknown_count}
    if question.weight is not DensityWeight.COUNT:
        columns[sum_column(unit)] = total.round(6)
    columns[density_column(unit)] = np.divide(
        total,
        found.cells.area_km2,
        out=np.full(len(found.cells), np.nan),
        where=found.cells.area_km2 > 0,
    ).round(6)
    if placed.before is None:
        return columns
    earlier = replace(found, cell=found.cell[~placed.is_now])
    before = _summed(earlier, placed.before)
    name = "count" if question.weight is DensityWeight.COUNT else sum_column(unit)
    columns[f"{name}_before"] = before.total.round(6)
    columns[f"{name}_change"] = (now.total - before.total).round(6)
    return columns


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    count: Column
    unknown_count: Column
    total: Floats


def _summed(found: CellsOfPoints, points: LayerPoints) -> _Sums:
    """Counts and sums; the sum of points of which none has a weight is unknown, not zero."""
    known = points.is_known
    count = found.sums(np.ones(len(points))).astype(np.int64)
    known_count = found.sums(np.ones(len(points)), known).astype(np.int64)
    total = found.sums(np.where(known, points.weight, 0.0), known)
    return _Sums(
        count=count,
        unknown_count=count - known_count,
        total=np.where((count > 0) & (known_count == 0), np.nan, total),
    )


def _facts(
    question: CellsQuestion, placed: _Placed, version: GridVersion
) -> dict[str, str | float | int | None]:
    found, points = placed.found, placed.now
    inside = (_of_now(placed).cell >= 0) & points.is_known
    is_metric = question.shape in {CellShape.SQUARE, CellShape.HEXAGON}
    return {
        "layer": question.layer.value,
        "weight": question.weight.value,
        "unit": f"{question.weight.unit}/km2",
        "cells": question.shape.value,
        "cell_m": question.cell_m if is_metric else None,
        "h3_resolution": question.h3_resolution if question.shape is CellShape.H3 else None,
        "cell_count": len(found.cells),
        "total": float(points.weight[inside].sum()),
        "total_unit": question.weight.unit,
        "point_count": int(np.count_nonzero(inside)),
        "outside_count": int(np.count_nonzero(_of_now(placed).cell < 0)),
        "unknown_count": points.unknown_count,
        "far_count": points.far_count,
        "grid_version": version.version_id,
        "profile": version.profile,
    }


def _notes(
    question: CellsQuestion, placed: _Placed, limits: LoadClassLimits, is_large: Flags
) -> tuple[str, ...]:
    points = placed.now
    notes = list(points.warnings)
    if placed.beyond_count:
        count = placed.beyond_count + len(placed.found.cells)
        notes.append(
            f"{placed.beyond_count:,} of {count:,} areas lie beyond the study area and are left out"
        )
    if outside := _of_now(placed).outside_count:
        notes.append(f"{outside:,} {points.noun} lie in no cell and are not in it")
    if len(points) == 0:
        notes.append(f"there are no {points.noun} of this kind: nothing is summed")
    of_generation = generation_count(points)
    if 0 < of_generation < len(points):
        notes.append(f"{of_generation:,} {points.noun} of generation add nothing to peak_kw")
    if question.shape is CellShape.GIVEN and not is_large.all():
        notes.append(
            f"{int((~is_large).sum()):,} of {len(is_large):,} areas are smaller than "
            f"{limits.area_min_km2:g} km2 and have no load-density class"
        )
    return tuple(notes)


def _untold(_doing: str, _done: int, _total: int) -> None:
    """Nobody watches."""
