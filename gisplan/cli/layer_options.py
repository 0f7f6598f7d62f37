"""Options that the commands about density share: which points, which area, where to write."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gisplan.ingest.areas import joined_area, read_areas
from gisplan.model.application import ApplicationKind
from gisplan.model.density import (
    ApplicationFilter,
    ApplicationStatus,
    DensityLayer,
    DensityWeight,
)
from gisplan.store.grid_reader import active_version

if TYPE_CHECKING:
    from psycopg import Connection

    from gisplan.density.surface import StudyArea

Layer = Annotated[DensityLayer, typer.Option(help="Points of which layer.")]
Weight = Annotated[
    DensityWeight,
    typer.Option(help="What is summed: contract capacity, power at the peak, energy, number."),
]
CellM = Annotated[float, typer.Option(help="Side of a cell in metres.")]
Kinds = Annotated[
    list[ApplicationKind] | None, typer.Option(help="Only this kind; may be repeated.")
]
Statuses = Annotated[
    list[ApplicationStatus] | None,
    typer.Option(help="Only this status; may be repeated. Default: demand that still stands."),
]
Since = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day of application.")
]
Until = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day of application.")
]
AreaFile = Annotated[
    Path | None,
    typer.Option("--area", help="File of polygons: the study area; beyond it is no data."),
]
Title = Annotated[str, typer.Option(help="Title of the picture.")]
SourceText = Annotated[
    str, typer.Option("--source", help="Source of the data, printed below the picture.")
]
On = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Date to print. Default: today.")
]


def applications_of(
    kinds: list[ApplicationKind] | None,
    statuses: list[ApplicationStatus] | None,
    since: datetime | None,
    until: datetime | None,
) -> ApplicationFilter:
    """Filter that the options say."""
    return ApplicationFilter(
        kinds=tuple(kinds or ()),
        statuses=tuple(statuses or ApplicationFilter().statuses),
        applied_from=day_of(since),
        applied_until=day_of(until),
    )


def day_of(moment: datetime | None) -> date | None:
    """Day of a moment."""
    return moment.date() if moment else None


def study_area_of(connection: Connection, path: Path | None) -> StudyArea | None:
    """Polygons of a file as one area in the working CRS of the grid."""
    if path is None:
        return None
    return joined_area(read_areas(path, srid=active_version(connection).working_srid))
