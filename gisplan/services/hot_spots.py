"""Where more, or less, of a layer gathers than chance explains, as a raster and as files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.density.frame import MAX_CELLS
from gisplan.density.hot_spots import find_hot_spots
from gisplan.density.points import build_points
from gisplan.density.surface import rasterized_area
from gisplan.errors import InputError
from gisplan.export.classed_picture import PictureLabels
from gisplan.export.density_phrases import Language
from gisplan.export.hot_spot_raster import HotSpotRaster, write_hot_spots
from gisplan.model.density import DensityLayer, DensityWeight
from gisplan.services.density import check_cell_limit, describe_points, measure_name
from gisplan.services.density_layer import EVERY_APPLICATION, read_layer
from gisplan.services.electrical import untold
from gisplan.store.density_points import read_grid_ground, read_grid_lines
from gisplan.store.grid_reader import active_version

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from psycopg import Connection

    from gisplan.density.frame import Frame
    from gisplan.density.points import Points
    from gisplan.density.surface import StudyArea
    from gisplan.model.density import ApplicationFilter
    from gisplan.model.grid import Flags, Floats, Integers, Polylines
    from gisplan.services.density_layer import LayerPoints
    from gisplan.services.electrical import Progress

FEW_POINTS_A_CELL = 0.1
"""Below this the normal score of Gi* says too much of a single point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HotSpotQuestion:
    """What is summed in squares of ``cell_m``, and compared with discs of ``radius_m`` around each.

    ``alpha`` is the share of false discoveries that is borne. Without ``study_area`` it is the
    ground of the grid: the convex hull of its buses, widened by the radius.
    """

    cell_m: float = 250.0
    radius_m: float = 500.0
    alpha: float = 0.05
    layer: DensityLayer = DensityLayer.APPLICATION
    weight: DensityWeight = DensityWeight.DEMAND_KVA
    applications: ApplicationFilter = EVERY_APPLICATION
    study_area: StudyArea | None = None
    cells_max: int = MAX_CELLS


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerHotSpots:
    """Hot and cold cells, the points that they were made of, and the grid to draw with them."""

    question: HotSpotQuestion
    raster: HotSpotRaster
    points: LayerPoints
    outside_count: int
    area_km2: float
    grid_lines: Polylines
    grid_version: int

    @property
    def point_count(self) -> int:
        """How many points were counted."""
        return int(np.nansum(self.raster.counts))

    @property
    def title(self) -> str:
        """Title of a picture or a map."""
        return f"Hot spots of {self.points.noun}: {measure_name(self.question.weight)}"

    @property
    def area_text(self) -> str:
        """Which ground was compared."""
        if self.question.study_area is not None:
            return f"study area of {self.area_km2:,.1f} km2 as given"
        return (
            f"study area of {self.area_km2:,.1f} km2: the convex hull of the grid's buses, "
            f"widened by {self.question.radius_m:g} m"
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader must know."""
        noun, counted = self.points.noun, self.point_count
        warnings = list(self.points.warnings)
        if self.outside_count:
            warnings.append(
                f"{self.outside_count:,} {noun} lie outside the study area and are not in it"
            )
        inside = int(np.isfinite(self.raster.score).sum())
        occupied = int(np.count_nonzero(np.nan_to_num(self.raster.counts)))
        if len(self.points) == 0:
            warnings.append(f"there are no {noun} of this kind: there is no data")
        elif counted == 0:
            warnings.append(f"none of the {noun} lies inside: the whole area is no data")
        elif occupied == 1:
            warnings.append(
                f"all {counted:,} {noun} lie in one cell, of which no test can tell anything: take "
                "smaller cells"
            )
        elif occupied < FEW_POINTS_A_CELL * inside:
            warnings.append(
                f"{counted:,} {noun} in {inside:,} cells are few: a single one may make a hot "
                "spot; take larger cells or a wider radius"
            )
        return tuple(warnings)


def layer_hot_spots(
    connection: Connection, question: HotSpotQuestion, *, progress: Progress | None = None
) -> LayerHotSpots:
    """Hot and cold spots of a layer in the working CRS of the grid that serves.

    Where nothing is there to count, every cell is no data.

    Raises
    ------
    NoGridError
        If nothing has been loaded yet.
    InputError
        If layer and weight, cell size, radius, share or area cannot be used.
    """
    tell = progress or untold
    tell("reading", 0, 2)
    version = active_version(connection)
    points = read_layer(
        connection,
        version,
        layer=question.layer,
        weight=question.weight,
        applications=question.applications,
    )
    area = question.study_area
    if area is None:
        area = _ground(read_grid_ground(connection, version.version_id), question.radius_m)
    check_cell_limit(area.bounds, question.cell_m, question.cells_max)
    known = points.is_known
    counted = build_points(points.x_m[known], points.y_m[known], points.weight[known])
    squares = _squares(area, question.cell_m, counted)
    tell("hot spots", 1, 2)
    raster = _raster(question, version.working_srid, squares, counted.weight)
    tell("hot spots", 2, 2)
    return LayerHotSpots(
        question=question,
        raster=raster,
        points=points,
        outside_count=int(np.count_nonzero(squares.cell < 0)),
        area_km2=float(area.area) / 1e6,
        grid_lines=read_grid_lines(connection, version.version_id),
        grid_version=version.version_id,
    )


def save_hot_spots(
    spots: LayerHotSpots,
    path: Path,
    *,
    title: str = "",
    source: str = "",
    on: date | None = None,
    language: Language = Language.ENGLISH,
) -> None:
    """Write hot spots; the ending says how, and a picture is in a language.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    question = spots.question
    labels = PictureLabels(
        title=title or spots.title,
        subtitle=describe_points(question.layer, question.applications),
        source=" · ".join(filter(None, (spots.area_text, source))),
        notes=spots.warnings,
        on=on,
        lines=spots.grid_lines if len(spots.grid_lines) else None,
        language=language,
    )
    write_hot_spots(spots.raster, path, labels)


def _raster(
    question: HotSpotQuestion, srid: int, squares: _Squares, weight: Floats
) -> HotSpotRaster:
    frame, cell = squares.frame, squares.cell
    shape = (frame.rows, frame.columns)
    inside = cell >= 0
    size = frame.rows * frame.columns
    sums = np.bincount(cell[inside], weight[inside], minlength=size).reshape(shape)
    counts = np.bincount(cell[inside], minlength=size).reshape(shape)
    # without a point nothing is known, so nothing is cold either
    mask = squares.mask if inside.any() else np.zeros_like(squares.mask)
    spots = find_hot_spots(
        sums.astype(np.float64),
        mask,
        radius_cells=question.radius_m / question.cell_m,
        false_discovery_rate=question.alpha,
    )
    return HotSpotRaster(
        kind=spots.kind,
        score=spots.score,
        p_value=spots.p_value,
        sums=np.where(mask, sums, np.nan),
        counts=np.where(mask, counts, np.nan),
        x_min_m=frame.x_min_m,
        y_max_m=frame.y_max_m,
        cell_m=frame.cell_m,
        srid=srid,
        sum_unit=question.weight.unit,
        radius_m=question.radius_m,
        alpha=question.alpha,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Squares:
    """Cells of a study area, and for each point the number of its cell, -1 where it has none."""

    frame: Frame
    mask: Flags
    cell: Integers


def _squares(area: StudyArea, cell_m: float, points: Points) -> _Squares:
    frame, mask = rasterized_area(area, cell_m)
    column = np.floor((points.x_m - frame.x_min_m) / cell_m)
    row = np.floor((frame.y_max_m - points.y_m) / cell_m)
    inside = (column >= 0) & (column < frame.columns) & (row >= 0) & (row < frame.rows)
    cell = np.where(inside, row * frame.columns + column, 0).astype(np.int64)
    inside &= mask.reshape(-1)[cell]
    return _Squares(frame=frame, mask=mask, cell=np.where(inside, cell, -1))


def _ground(hull: shapely.Geometry, radius_m: float) -> shapely.Polygon:
    """Ground of the grid; the radius is checked here because it makes the area."""
    if not (np.isfinite(radius_m) and radius_m > 0):
        raise InputError(f"radius is {radius_m} m; expected a positive number of metres")
    ground = shapely.buffer(hull, radius_m)
    if not isinstance(ground, shapely.Polygon) or ground.is_empty:
        raise InputError("the grid has no bus to make a study area of; give one")
    return ground
