"""What the service takes for questions about density: layer, weight, filter, area, cells."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Query

from api.schemas import CustomerClassName
from gisplan.ingest.areas import parse_area
from gisplan.model.application import ApplicationKind
from gisplan.model.density import (
    ApplicationFilter,
    ApplicationStatus,
    BandwidthMethod,
    DensityLayer,
    DensityWeight,
)
from gisplan.services.corridor_density import CorridorDensityQuestion
from gisplan.services.density import DensityQuestion
from gisplan.services.density_cells import CellShape, CellsQuestion
from gisplan.services.hot_spots import HotSpotQuestion
from gisplan.store.grid_reader import active_version

if TYPE_CHECKING:
    from psycopg import Connection

    from api.density_areas import AreaStore
    from gisplan.density.surface import StudyArea

CELLS_MAX = 4_000_000
AREA_CHARACTERS_MAX = 20_000

CellM = Annotated[float, Query(ge=5, le=5000, allow_inf_nan=False)]
RadiusM = Annotated[float, Query(gt=0, le=50_000, allow_inf_nan=False)]
BandwidthM = Annotated[float | None, Query(gt=0, le=10_000, allow_inf_nan=False)]
Kinds = Annotated[list[ApplicationKind], Query()]
CustomerClasses = Annotated[list[CustomerClassName], Query()]
Statuses = Annotated[list[ApplicationStatus], Query()]
Areas = Annotated[
    str, Query(pattern=r"^([0-9a-f]{64})?$", description="Polygons sent to /density/areas.")
]
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


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedLayer:
    """Points of a layer."""

    layer: DensityLayer
    weight: DensityWeight
    applications: ApplicationFilter


def read_asked_layer(  # noqa: PLR0917 (one a query parameter)
    layer: DensityLayer = DensityLayer.APPLICATION,
    weight: DensityWeight = DensityWeight.DEMAND_KVA,
    kind: Kinds = [],  # noqa: B006 (never changed)
    customer_class: CustomerClasses = [],  # noqa: B006
    status: Statuses = [],  # noqa: B006
    since: date | None = None,
    until: date | None = None,
) -> AskedLayer:
    """Which points; without a status those whose demand still stands."""
    chosen = ApplicationFilter(
        kinds=tuple(kind),
        customer_classes=tuple(customer_class),
        statuses=tuple(status or ApplicationFilter().statuses),
        applied_from=since,
        applied_until=until,
    )
    return AskedLayer(layer=layer, weight=weight, applications=chosen)


OfLayer = Annotated[AskedLayer, Depends(read_asked_layer)]


def read_points(asked: OfLayer, area: Area = "") -> AskedPoints:
    """Which points, and the area that is studied."""
    return AskedPoints(
        layer=asked.layer, weight=asked.weight, applications=asked.applications, area=area
    )


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
    """A question about cells, its area still as text and polygons that were sent by their name."""

    points: AskedPoints
    shape: CellShape
    cell_m: float
    h3_resolution: int
    before: ApplicationFilter | None
    areas: str

    def named(self, areas: str) -> AskedCells:
        """The same question in polygons that were sent."""
        return replace(self, areas=areas)

    def question(self, connection: Connection, areas: AreaStore) -> CellsQuestion:
        """Question as the use case takes it.

        Raises
        ------
        UnknownElementError
            If polygons are named that are not kept.
        """
        given = None
        if self.areas:
            given = areas.get(self.areas, srid=active_version(connection).working_srid)
        return CellsQuestion(
            shape=CellShape.GIVEN if self.areas else self.shape,
            cell_m=self.cell_m,
            h3_resolution=self.h3_resolution,
            areas=given,
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
    areas: Areas = "",
) -> AskedCells:
    """Which cells, and with which earlier period they are compared."""
    before = None
    if before_since or before_until:
        before = replace(points.applications, applied_from=before_since, applied_until=before_until)
    return AskedCells(
        points=points,
        shape=cells,
        cell_m=cell_m,
        h3_resolution=h3_resolution,
        before=before,
        areas=areas,
    )


_CORRIDORS = CorridorDensityQuestion()
Metres = Annotated[float, Query(gt=0, le=10_000, allow_inf_nan=False)]


def read_corridors(
    asked: OfLayer,
    bandwidth_m: Metres = _CORRIDORS.bandwidth_m,
    piece_m: Annotated[float, Query(ge=5, le=10_000, allow_inf_nan=False)] = _CORRIDORS.piece_m,
    reach_m: Metres = _CORRIDORS.reach_m,
) -> CorridorDensityQuestion:
    """What is summed along corridors, how smoothly, and how far from one it may lie."""
    return CorridorDensityQuestion(
        bandwidth_m=bandwidth_m,
        piece_m=piece_m,
        reach_m=reach_m,
        layer=asked.layer,
        weight=asked.weight,
        applications=asked.applications,
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
AlongCorridors = Annotated[CorridorDensityQuestion, Depends(read_corridors)]
HotSpotsAsked = Annotated[AskedHotSpots, Depends(read_hot_spots)]
