"""The command ``gisplan corridor-density``: where a layer gathers along the streets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gisplan.cli.answer import JsonOption
from gisplan.cli.compiling import told_compilation
from gisplan.cli.electrical_answer import MapOutOption, check_out, give_answer
from gisplan.cli.layer_options import (
    Kinds,
    Layer,
    Since,
    Statuses,
    Until,
    Weight,
    applications_of,
)
from gisplan.model.density import DensityLayer, DensityWeight
from gisplan.services.corridor_density import CorridorDensityQuestion, density_of_corridors
from gisplan.services.density_layer import check_weight
from gisplan.settings import load_settings
from gisplan.store.connection import connect
from gisplan.store.database import prepare_database

if TYPE_CHECKING:
    from rich.console import Console

    from gisplan.export.electrical_table import ElectricalAnswer

_DEFAULT = CorridorDensityQuestion()

BandwidthM = Annotated[
    float, typer.Option(help="Standard deviation of the kernel along a straight street, in metres.")
]
PieceM = Annotated[float, typer.Option(help="About how long the pieces of a corridor are.")]
ReachM = Annotated[float, typer.Option(help="Leave out what lies further from every corridor.")]


def corridor_density(
    *,
    out: MapOutOption = None,
    layer: Layer = DensityLayer.APPLICATION,
    weight: Weight = DensityWeight.DEMAND_KVA,
    bandwidth_m: BandwidthM = _DEFAULT.bandwidth_m,
    piece_m: PieceM = _DEFAULT.piece_m,
    reach_m: ReachM = _DEFAULT.reach_m,
    kind: Kinds = None,
    status: Statuses = None,
    since: Since = None,
    until: Until = None,
    as_json: JsonOption = False,
) -> None:
    """Tell where applications, load or generation gather along the corridors."""
    check_out(out, has_map=True)
    check_weight(layer, weight)
    question = CorridorDensityQuestion(
        bandwidth_m=bandwidth_m,
        piece_m=piece_m,
        reach_m=reach_m,
        layer=layer,
        weight=weight,
        applications=applications_of(kind, status, since, until),
    )
    settings = load_settings()
    with told_compilation(), connect(prepare_database(settings)) as connection:
        answer = density_of_corridors(connection, settings.home / "cache", question)
    give_answer(answer, out=out, as_json=as_json, summarise=_summarise, draw=_draw)


def _draw(answer: ElectricalAnswer) -> str:
    # folium takes more than a second to import
    from maps.corridor_density import render_corridor_density  # noqa: PLC0415

    return render_corridor_density(answer)


def _summarise(answer: ElectricalAnswer, console: Console) -> None:
    facts = answer.facts
    total_unit = "" if facts["total_unit"] == "1" else f" {facts['total_unit']}"
    console.print(
        f"{facts['point_count']:,} points, {facts['total']:,.1f}{total_unit} on "
        f"{float(facts['length_m'] or 0) / 1000:,.1f} km of corridors; highest density "
        f"{facts['peak']:,.1f} {facts['unit']}, bandwidth {facts['bandwidth_m']:g} m",
        highlight=False,
    )
