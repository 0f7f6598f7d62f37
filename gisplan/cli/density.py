"""The command ``gisplan density``: where applications gather, as a raster or a picture."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gisplan.cli.answer import JsonOption, Value, print_answer
from gisplan.errors import InputError
from gisplan.model.application import ApplicationKind
from gisplan.model.density import (
    ApplicationFilter,
    ApplicationStatus,
    BandwidthMethod,
    DensitySurface,
    DensityWeight,
)
from gisplan.services.density import (
    DensityQuestion,
    density_warnings,
    save_application_density,
)
from gisplan.settings import load_settings
from gisplan.store.connection import connect
from gisplan.store.database import prepare_database


class Layer(StrEnum):
    """Point layers of which a density can be asked."""

    APPLICATION = "application"


Out = Annotated[Path, typer.Option(help="File to write: .tif (cloud-optimised) or .png.")]
LayerName = Annotated[Layer, typer.Option(help="Point layer.")]
Weight = Annotated[DensityWeight, typer.Option(help="What is summed.")]
CellM = Annotated[float, typer.Option(help="Side of a cell in metres.")]
BandwidthM = Annotated[
    float | None,
    typer.Option(help="Standard deviation of the kernel in metres; found when not given."),
]
Method = Annotated[BandwidthMethod, typer.Option(help="How the bandwidth is found.")]
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
Title = Annotated[str, typer.Option(help="Title of the picture.")]
Source = Annotated[str, typer.Option(help="Source of the data, printed below the picture.")]
On = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Date to print. Default: today.")
]


def density(
    *,
    out: Out,
    layer: LayerName = Layer.APPLICATION,
    weight: Weight = DensityWeight.DEMAND_KVA,
    cell_m: CellM = 50.0,
    bandwidth_m: BandwidthM = None,
    bandwidth_method: Method = BandwidthMethod.CROSS_VALIDATION,
    kind: Kinds = None,
    status: Statuses = None,
    since: Since = None,
    until: Until = None,
    title: Title = "",
    source: Source = "",
    on: On = None,
    as_json: JsonOption = False,
) -> None:
    """Draw where applications gather, per square kilometre."""
    if bandwidth_method is BandwidthMethod.GIVEN and bandwidth_m is None:
        raise InputError("--bandwidth-method given needs --bandwidth-m, a number of metres")
    question = DensityQuestion(
        cell_m=cell_m,
        bandwidth_m=bandwidth_m,
        bandwidth_method=bandwidth_method,
        weight=weight,
        applications=_filter(kind, status, since, until),
    )
    with connect(prepare_database(load_settings())) as connection:
        surface = save_application_density(
            connection, question, out, title=title, source=source, on=_day(on) or date.today()
        )
    print_answer(_answer(surface, layer, out), as_json=as_json)


def _filter(
    kinds: list[ApplicationKind] | None,
    statuses: list[ApplicationStatus] | None,
    since: datetime | None,
    until: datetime | None,
) -> ApplicationFilter:
    standing = ApplicationFilter().statuses
    return ApplicationFilter(
        kinds=tuple(kinds or ()),
        statuses=tuple(statuses or standing),
        applied_from=_day(since),
        applied_until=_day(until),
    )


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _answer(surface: DensitySurface, layer: Layer, out: Path) -> dict[str, Value]:
    rows, columns = surface.values.shape
    return {
        "file": str(out),
        "layer": layer.value,
        "unit": surface.unit,
        "peak": surface.peak,
        "total": surface.total,
        "total_unit": surface.total_unit,
        "point_count": surface.point_count,
        "outside_count": surface.outside_count,
        "cell_m": surface.cell_m,
        "rows": rows,
        "columns": columns,
        "bandwidth_m": surface.bandwidth.bandwidth_m,
        "bandwidth_method": surface.bandwidth.method.value,
        "srid": surface.srid,
        "warnings": "; ".join(density_warnings(surface)) or None,
    }
