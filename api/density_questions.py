"""What the service takes for questions about density: layer, weight, filter, area, cells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Query

from gisplan.ingest.areas import parse_area
from gisplan.model.application import ApplicationKind
from gisplan.model.density import (
    ApplicationFilter,
    ApplicationStatus,
    BandwidthMethod,
    DensityLayer,
    DensityWeight,
)
from gisplan.services.density import DensityQuestion
from gisplan.services.density_cells import CellShape, CellsQuestion
from gisplan.services.hot_spots import HotSpotQuestion
from gisplan.store.grid_reader import active_version

if TYPE_CHECKING:
    from psycopg import Connection

    from gisplan.density.surface import StudyArea

CELLS_MAX = 4_000_000
AREA_CHARACTERS_MAX = 20_000

CellM = Annotated[float, Query(ge=5, le=5000, allow_inf_nan=False)]
RadiusM = Annotated[float, Query(gt=0, le=50_000, allow_inf_nan=False)]
BandwidthM = Annotated[float | None, Query(gt=0, le=10_000, allow_inf_nan=False)]
Kinds = Annotated[list[ApplicationKind], Query(alias="kind")]
Statuses = Annotated[list[ApplicationStatus], Query(alias="status")]
Area = Annotated[str, Query(max_length=AREA_CHARACTERS_MAX, description="Polygon, WKT in lon/lat.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPoints:
    """Points of a layer, and the area, still as text, that is studied."""

    layer: DensityLayer
    weight: DensityWeight
    applications: ApplicationFilter
    area: str

    def study_area(self, connection: Connection) -> StudyArea | None:
        """Area in the working CRS of the grid that serves, if one is asked for."""
        if not self.area:
            return None
        return parse_area(self.area, srid=active_version(connection).working_srid)


def read_points(  # noqa: PLR0917 (one a query parameter)
    layer: DensityLayer = DensityLayer.APPLICATION,
    weight: DensityWeight = DensityWeight.DEMAND_KVA,
    kind: Kinds = [],  # noqa: B006 (never changed)
    status: Statuses = [],  # noqa: B006
    since: date | None = None,
    until: date | None = None,
    area: Area = "",
) -> AskedPoints:
    """Which points; without a status those whose demand still stands."""
    chosen = ApplicationFilter(
        kinds=tuple(kind),
        statuses=tuple(status or ApplicationFilter().statuses),
        applied_from=since,
        applied_until=until,
    )
    return AskedPoints(layer=layer, weight=weight, applications=chosen, area=area)


Points = Annotated[AskedPoints, Depends(read_points)]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedSurface:
    """A question about a surface, its area still as text."""

    points: AskedPoints
    cell_m: float
    bandwidth_m: float | None
    bandwidth_method: BandwidthMethod
    adaptive: bool

    def question(self, connection: Connection) -> DensityQuestion:
        """Question as the use case takes it."""
        return DensityQuestion(
            cell_m=self.cell_m,
            bandwidth_m=self.bandwidth_m,
            bandwidth_method=self.bandwidth_method,
            is_adaptive=self.adaptive,
            layer=self.points.layer,
            weight=self.points.weight,
            applications=self.points.applications,
            study_area=self.points.study_area(connection),
            cells_max=CELLS_MAX,
        )


def read_surface(
    points: Points,
    cell_m: CellM = 25.0,
    bandwidth_m: BandwidthM = None,
    bandwidth_method: BandwidthMethod = BandwidthMethod.CROSS_VALIDATION,
    adaptive: bool = False,
) -> AskedSurface:
    """What is to be shown, how finely, and how smoothly; the data find a missing bandwidth."""
    return AskedSurface(
        points=points,
        cell_m=cell_m,
        bandwidth_m=bandwidth_m,
        bandwidth_method=bandwidth_method,
        adaptive=adaptive,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedCells:
    """A question about cells, its area still as text."""

    points: AskedPoints
    shape: CellShape
    cell_m: float
    h3_resolution: int
    before: ApplicationFilter | None

    def question(self, connection: Connection) -> CellsQuestion:
        """Question as the use case takes it."""
        return CellsQuestion(
            shape=self.shape,
            cell_m=self.cell_m,
            h3_resolution=self.h3_resolution,
            layer=self.points.layer,
            weight=self.points.weight,
            applications=self.points.applications,
            before=self.before,
            study_area=self.points.study_area(connection),
        )


def read_cells(  # noqa: PLR0917 (one a query parameter)
    points: Points,
    cells: CellShape = CellShape.SQUARE,
    cell_m: CellM = 250.0,
    h3_resolution: Annotated[int, Query(ge=0, le=15)] = 9,
    before_since: date | None = None,
    before_until: date | None = None,
) -> AskedCells:
    """Which cells, and with which earlier period they are compared."""
    before = None
    if before_since or before_until:
        before = ApplicationFilter(
            kinds=points.applications.kinds,
            statuses=points.applications.statuses,
            applied_from=before_since,
            applied_until=before_until,
        )
    return AskedCells(
        points=points, shape=cells, cell_m=cell_m, h3_resolution=h3_resolution, before=before
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedHotSpots:
    """A question about hot spots, its area still as text."""

    points: AskedPoints
    cell_m: float
    radius_m: float
    alpha: float

    def question(self, connection: Connection) -> HotSpotQuestion:
        """Question as the use case takes it."""
        return HotSpotQuestion(
            cell_m=self.cell_m,
            radius_m=self.radius_m,
            alpha=self.alpha,
            layer=self.points.layer,
            weight=self.points.weight,
            applications=self.points.applications,
            study_area=self.points.study_area(connection),
            cells_max=CELLS_MAX,
        )


def read_hot_spots(
    points: Points,
    cell_m: CellM = 250.0,
    radius_m: RadiusM = 500.0,
    alpha: Annotated[float, Query(gt=0, lt=1, allow_inf_nan=False)] = 0.05,
) -> AskedHotSpots:
    """How finely, how far around, and how many false discoveries are borne."""
    return AskedHotSpots(points=points, cell_m=cell_m, radius_m=radius_m, alpha=alpha)


Surface = Annotated[AskedSurface, Depends(read_surface)]
CellSums = Annotated[AskedCells, Depends(read_cells)]
HotSpotsAsked = Annotated[AskedHotSpots, Depends(read_hot_spots)]
