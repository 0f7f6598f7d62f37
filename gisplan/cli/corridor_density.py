"""The command ``gisplan corridor-density``: where a layer gathers along the streets."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gisplan.cli.answer import JsonOption
from gisplan.cli.compiling import told_compilation
from gisplan.cli.layer_options import (
    ApplicationsFile,
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
    warn_of_language,
)
from gisplan.cli.plan import open_console
from gisplan.cli.progress import shown_progress
from gisplan.export.density_file import MAP_ENDING, check_density_ending
from gisplan.export.density_phrases import Language
from gisplan.export.written import written_whole
from gisplan.model.density import DensityLayer, DensityWeight
from gisplan.services.corridor_density import CorridorDensityQuestion, density_of_corridors
from gisplan.services.density_layer import check_weight
from gisplan.services.shape_file import (
    CORRIDOR_FILE_ENDINGS,
    corridor_labels,
    save_corridors,
)
from gisplan.settings import load_settings
from gisplan.store.connection import connect
from gisplan.store.database import prepare_database

if TYPE_CHECKING:
    from gisplan.export.classed_picture import PictureLabels
    from gisplan.export.electrical_table import ElectricalAnswer

_DEFAULT = CorridorDensityQuestion()

Out = Annotated[
    Path | None,
    typer.Option(
        help=f"File to write, by its ending: {', '.join(CORRIDOR_FILE_ENDINGS)}.",
        show_default=False,
    ),
]
BandwidthM = Annotated[
    float, typer.Option(help="Standard deviation of the kernel along a straight street, in metres.")
]
PieceM = Annotated[float, typer.Option(help="About how long the pieces of a corridor are.")]
ReachM = Annotated[float, typer.Option(help="Leave out what lies further from every corridor.")]


def corridor_density(
    *,
    file: ApplicationsFile = None,
    out: Out = None,
    layer: Layer = DensityLayer.APPLICATION,
    weight: Weight = DensityWeight.DEMAND_KVA,
    bandwidth_m: BandwidthM = _DEFAULT.bandwidth_m,
    piece_m: PieceM = _DEFAULT.piece_m,
    reach_m: ReachM = _DEFAULT.reach_m,
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
    """Tell where applications, load or generation gather along the corridors."""
    if out is not None:
        check_density_ending(out, CORRIDOR_FILE_ENDINGS)
    check_weight(layer, weight)
    question = CorridorDensityQuestion(
        bandwidth_m=bandwidth_m,
        piece_m=piece_m,
        reach_m=reach_m,
        layer=layer,
        weight=weight,
        applications=applications_of(
            file,
            kinds=kind,
            customer_classes=customer_class,
            statuses=status,
            since=since,
            until=until,
        ),
    )
    day = day_of(on) or date.today()
    labels = corridor_labels(question, title=title, source=source, on=day, language=language)
    settings = load_settings()
    with (
        told_compilation(),
        connect(prepare_database(settings)) as connection,
        shown_progress() as progress,
    ):
        answer = density_of_corridors(
            connection, settings.home / "cache", question, progress=progress
        )
        if out is not None:
            progress(f"writing {out.name}", 0, 0)
            _write(answer, out, labels)
    warn_of_language(out, language)
    if as_json:
        typer.echo(answer.as_json())
    else:
        _summarise(answer, out)


def _write(answer: ElectricalAnswer, out: Path, labels: PictureLabels) -> None:
    if out.suffix.lower() != MAP_ENDING:
        save_corridors(answer, out, labels)
        return
    # folium takes more than a second to import
    from maps.corridor_density import render_corridor_density  # noqa: PLC0415

    with written_whole(out) as partial:
        html = render_corridor_density(answer, source=labels.source, on=labels.on)
        partial.write_text(html, encoding="utf-8")


def _summarise(answer: ElectricalAnswer, out: Path | None) -> None:
    facts, console = answer.facts, open_console()
    total_unit = "" if facts["total_unit"] == "1" else f" {facts['total_unit']}"
    console.print(
        f"{facts['point_count']:,} points, {facts['total']:,.1f}{total_unit} on "
        f"{float(facts['length_m'] or 0) / 1000:,.1f} km of corridors; highest density "
        f"{facts['peak']:,.1f} {facts['unit']}, bandwidth {facts['bandwidth_m']:g} m",
        highlight=False,
    )
    for note in answer.notes:
        console.print(f"- {note}", highlight=False)
    if out is not None:
        console.print(f"{sum(map(len, answer.tables)):,} rows in {out}", highlight=False)
