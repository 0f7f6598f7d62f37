"""The command ``gisplan hotspots``: where more, or less, gathers than chance explains."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gisplan.cli.answer import JsonOption, Value, print_answer
from gisplan.cli.compiling import told_compilation
from gisplan.cli.layer_options import (
    ApplicationsFile,
    AreaFile,
    CellM,
    CustomerClasses,
    Kinds,
    LanguageOption,
    Layer,
    On,
    Since,
    SourceText,
    Statuses,
    Title,
    Until,
    Weight,
    applications_of,
    day_of,
    study_area_of,
    warn_of_language,
)
from gisplan.cli.progress import shown_progress
from gisplan.density.hot_spots import HotSpotKind
from gisplan.export.density_file import DENSITY_ENDINGS, MAP_ENDING, check_density_ending
from gisplan.export.density_phrases import Language
from gisplan.export.written import written_whole
from gisplan.model.density import DensityLayer, DensityWeight
from gisplan.services.density_layer import check_weight
from gisplan.services.hot_spots import HotSpotQuestion, layer_hot_spots, save_hot_spots
from gisplan.settings import load_settings
from gisplan.store.connection import connect
from gisplan.store.database import prepare_database

if TYPE_CHECKING:
    from gisplan.services.hot_spots import LayerHotSpots

Out = Annotated[
    Path, typer.Option(help=f"File to write, by its ending: {', '.join(DENSITY_ENDINGS)}.")
]
RadiusM = Annotated[float, typer.Option(help="Radius around each cell that is compared.")]
Alpha = Annotated[float, typer.Option(help="Share of false discoveries that is borne.")]


def hotspots(
    *,
    file: ApplicationsFile = None,
    out: Out,
    layer: Layer = DensityLayer.APPLICATION,
    weight: Weight = DensityWeight.DEMAND_KVA,
    cell_m: CellM = 250.0,
    radius_m: RadiusM = 500.0,
    alpha: Alpha = 0.05,
    area: AreaFile = None,
    kind: Kinds = None,
    customer_class: CustomerClasses = None,
    status: Statuses = None,
    since: Since = None,
    until: Until = None,
    title: Title = "",
    source: SourceText = "",
    on: On = None,
    language: LanguageOption = Language.ENGLISH,
    as_json: JsonOption = False,
) -> None:
    """Tell where more, or less, gathers than chance explains."""
    check_weight(layer, weight)
    check_density_ending(out)
    applications = applications_of(
        file,
        kinds=kind,
        customer_classes=customer_class,
        statuses=status,
        since=since,
        until=until,
    )
    day = day_of(on) or date.today()
    with (
        told_compilation(),
        connect(prepare_database(load_settings())) as connection,
        shown_progress() as progress,
    ):
        question = HotSpotQuestion(
            cell_m=cell_m,
            radius_m=radius_m,
            alpha=alpha,
            layer=layer,
            weight=weight,
            applications=applications,
            study_area=study_area_of(connection, area),
        )
        found = layer_hot_spots(connection, question, progress=progress)
        progress(f"writing {out.name}", 0, 0)
        if out.suffix.lower() == MAP_ENDING:
            # folium takes more than a second to import
            from maps.density_map import render_hot_spots  # noqa: PLC0415

            with written_whole(out) as partial:
                partial.write_text(render_hot_spots(found, source=source, on=day), encoding="utf-8")
        else:
            save_hot_spots(found, out, title=title, source=source, on=day, language=language)
    warn_of_language(out, language)
    print_answer(_answer(found, out), as_json=as_json)


def _answer(found: LayerHotSpots, out: Path) -> dict[str, Value]:
    raster = found.raster
    return {
        "file": str(out),
        "layer": found.question.layer.value,
        "weight": found.question.weight.value,
        "hot_count": raster.count_of(HotSpotKind.HOT),
        "cold_count": raster.count_of(HotSpotKind.COLD),
        "not_significant_count": raster.count_of(HotSpotKind.NOT_SIGNIFICANT),
        "no_data_count": raster.count_of(HotSpotKind.NO_DATA),
        "cell_m": raster.cell_m,
        "radius_m": raster.radius_m,
        "alpha": raster.alpha,
        "point_count": found.point_count,
        "outside_count": found.outside_count,
        "unknown_count": found.points.unknown_count,
        "far_count": found.points.far_count,
        "area": found.area_text,
        "srid": raster.srid,
        "warnings": "; ".join(found.warnings) or None,
    }
