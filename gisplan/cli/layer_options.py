"""Options that the commands about density share: which points, which area, where to write."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gisplan.export.density_file import PICTURE_ENDING
from gisplan.export.density_phrases import Language
from gisplan.export.picture_font import language_warnings
from gisplan.ingest.applications import read_applications
from gisplan.ingest.areas import joined_area, read_areas
from gisplan.model.application import ApplicationKind
from gisplan.model.density import (
    ApplicationFilter,
    ApplicationStatus,
    DensityLayer,
    DensityWeight,
    GivenApplications,
)
from gisplan.model.grid import CLASS_NAMES
from gisplan.store.grid_reader import active_version

if TYPE_CHECKING:
    from psycopg import Connection

    from gisplan.density.surface import StudyArea

ApplicationsFile = Annotated[
    Path | None,
    typer.Argument(
        help="Applications as CSV or GeoJSON, shown instead of the stored ones; all are received.",
        show_default=False,
    ),
]
Layer = Annotated[DensityLayer, typer.Option(help="Points of which layer.")]
Weight = Annotated[
    DensityWeight,
    typer.Option(help="What is summed: contract capacity, power at the peak, energy, number."),
]
CellM = Annotated[float, typer.Option(help="Side of a cell in metres.")]
Kinds = Annotated[
    list[ApplicationKind] | None, typer.Option(help="Only this kind; may be repeated.")
]
CustomerClasses = Annotated[
    list[str] | None,
    typer.Option(
        "--customer-class",
        help=f"Only this class of customers, of {', '.join(CLASS_NAMES)}; may be repeated.",
        show_default=False,
    ),
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
LanguageOption = Annotated[
    Language,
    typer.Option(
        "--language", help="Words of a picture (.png); a map in one file (.html) has both."
    ),
]
On = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Date to print. Default: today.")
]


def applications_of(
    file: Path | None,
    *,
    kinds: list[ApplicationKind] | None,
    customer_classes: list[str] | None,
    statuses: list[ApplicationStatus] | None,
    since: datetime | None,
    until: datetime | None,
) -> ApplicationFilter:
    """Filter that the options say, with the applications of the file that is named."""
    return ApplicationFilter(
        kinds=tuple(kinds or ()),
        customer_classes=tuple(customer_classes or ()),
        statuses=tuple(statuses or ApplicationFilter().statuses),
        applied_from=day_of(since),
        applied_until=day_of(until),
        given=None
        if file is None
        else GivenApplications(name=file.name, applications=read_applications(file)),
    )


def warn_of_language(out: Path | None, language: Language) -> None:
    """Say on the error stream where a picture cannot have the language that is wanted."""
    if out is not None and out.suffix.lower() == PICTURE_ENDING:
        for warning in language_warnings(language):
            typer.echo(f"warning: {warning}", err=True)


def day_of(moment: datetime | None) -> date | None:
    """Day of a moment."""
    return moment.date() if moment else None


def study_area_of(connection: Connection, path: Path | None) -> StudyArea | None:
    """Polygons of a file as one area in the working CRS of the grid."""
    if path is None:
        return None
    return joined_area(read_areas(path, srid=active_version(connection).working_srid))
