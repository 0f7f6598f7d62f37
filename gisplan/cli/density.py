"""The command ``gisplan density``: where applications, load or generation gather."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gisplan.cli.answer import JsonOption, Value, print_answer
from gisplan.cli.compiling import told_compilation
from gisplan.cli.layer_options import (
    ApplicationsFile,
    AreaFile,
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
from gisplan.errors import InputError
from gisplan.export.density_file import DENSITY_ENDINGS, MAP_ENDING, check_density_ending
from gisplan.export.density_phrases import Language
from gisplan.export.written import written_whole
from gisplan.ingest.areas import read_areas
from gisplan.model.density import BandwidthMethod, DensityLayer, DensityWeight
from gisplan.services.density import (
    DensityQuestion,
    layer_density,
    save_density,
)
from gisplan.services.density_cells import CellShape, CellsQuestion, layer_cells
from gisplan.services.density_layer import check_weight
from gisplan.services.shape_file import CELL_FILE_ENDINGS, cells_labels, save_cells
from gisplan.settings import load_settings
from gisplan.store.connection import connect
from gisplan.store.database import prepare_database
from gisplan.store.density_points import read_grid_lines
from gisplan.store.grid_reader import active_version

if TYPE_CHECKING:
    from psycopg import Connection

    from gisplan.cli.progress import Show
    from gisplan.export.electrical_table import ElectricalAnswer
    from gisplan.services.density import LayerDensity

DEFAULT_CELL_M, DEFAULT_CELLS_M = 50.0, 250.0
SHAPES = ", ".join(one.value for one in CellShape if one is not CellShape.GIVEN)

Out = Annotated[
    Path, typer.Option(help=f"File to write, by its ending: {', '.join(DENSITY_ENDINGS)}.")
]
SurfaceCellM = Annotated[
    float | None,
    typer.Option(
        help=f"Side of a cell in metres: {DEFAULT_CELL_M:g} of a surface, else "
        f"{DEFAULT_CELLS_M:g}; of hexagons the distance between neighbours.",
        show_default=False,
    ),
]
BandwidthM = Annotated[
    float | None,
    typer.Option(help="Standard deviation of the kernel in metres; found when not given."),
]
Method = Annotated[BandwidthMethod, typer.Option(help="How the bandwidth is found.")]
Adaptive = Annotated[
    bool, typer.Option("--adaptive", help="Narrow kernels where points gather (Abramson).")
]
CellsOption = Annotated[
    str | None,
    typer.Option(
        "--cells",
        help=f"Sums in cells and no surface: {SHAPES}, or a file of polygons.",
        show_default=False,
    ),
]
Resolution = Annotated[int, typer.Option(help="Resolution of H3 cells, 0 to 15.")]
BeforeSince = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"], help="First day of an earlier period; cells then tell the change."
    ),
]
BeforeUntil = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day of the earlier period.")
]


def density(
    *,
    file: ApplicationsFile = None,
    out: Out,
    layer: Layer = DensityLayer.APPLICATION,
    weight: Weight = DensityWeight.DEMAND_KVA,
    cell_m: SurfaceCellM = None,
    bandwidth_m: BandwidthM = None,
    bandwidth_method: Method = BandwidthMethod.CROSS_VALIDATION,
    adaptive: Adaptive = False,
    cells: CellsOption = None,
    h3_resolution: Resolution = 9,
    area: AreaFile = None,
    kind: Kinds = None,
    customer_class: CustomerClasses = None,
    status: Statuses = None,
    since: Since = None,
    until: Until = None,
    before_since: BeforeSince = None,
    before_until: BeforeUntil = None,
    title: Title = "",
    source: SourceText = "",
    on: On = None,
    language: LanguageOption = Language.ENGLISH,
    as_json: JsonOption = False,
) -> None:
    """Tell where applications, load or generation gather: a surface, or sums in cells."""
    check_weight(layer, weight)
    check_density_ending(out, DENSITY_ENDINGS if cells is None else CELL_FILE_ENDINGS)
    applications = applications_of(
        file,
        kinds=kind,
        customer_classes=customer_class,
        statuses=status,
        since=since,
        until=until,
    )
    is_compared = before_since is not None or before_until is not None
    surface = DensityQuestion(
        cell_m=DEFAULT_CELL_M if cell_m is None else cell_m,
        bandwidth_m=bandwidth_m,
        bandwidth_method=bandwidth_method,
        is_adaptive=adaptive,
        layer=layer,
        weight=weight,
        applications=applications,
    )
    sums = CellsQuestion(
        cell_m=DEFAULT_CELLS_M if cell_m is None else cell_m,
        h3_resolution=h3_resolution,
        layer=layer,
        weight=weight,
        applications=applications,
        before=replace(
            applications, applied_from=day_of(before_since), applied_until=day_of(before_until)
        )
        if is_compared
        else None,
    )
    target = _File(
        path=out, title=title, source=source, on=day_of(on) or date.today(), language=language
    )
    with (
        told_compilation(),
        connect(prepare_database(load_settings())) as connection,
        shown_progress() as progress,
    ):
        study_area = study_area_of(connection, area)
        if cells is None:
            question = replace(surface, study_area=study_area)
            answer = _write_surface(connection, question, target, progress)
        else:
            asked = replace(_in_cells(connection, cells, sums), study_area=study_area)
            answer = _write_cells(connection, asked, target, progress)
    warn_of_language(out, language)
    print_answer(answer, as_json=as_json)


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """Where to write, and what is said on pictures and maps."""

    path: Path
    title: str
    source: str
    on: date
    language: Language

    @property
    def is_map(self) -> bool:
        """Whether it is a map in one file."""
        return self.path.suffix.lower() == MAP_ENDING

    def write_text(self, text: str) -> None:
        """Write a map."""
        with written_whole(self.path) as partial:
            partial.write_text(text, encoding="utf-8")


def _in_cells(connection: Connection, words: str, sums: CellsQuestion) -> CellsQuestion:
    """Question in the cells that the option names."""
    shapes = {shape.value: shape for shape in CellShape if shape is not CellShape.GIVEN}
    if words in shapes:
        return replace(sums, shape=shapes[words])
    if not Path(words).suffix:
        raise InputError(f"--cells {words} is neither a file nor one of {SHAPES}")
    areas = read_areas(Path(words), srid=active_version(connection).working_srid)
    return replace(sums, shape=CellShape.GIVEN, areas=areas)


def _write_surface(
    connection: Connection, question: DensityQuestion, file: _File, progress: Show
) -> dict[str, Value]:
    found = layer_density(connection, question, progress=progress)
    progress(f"writing {file.path.name}", 0, 0)
    if file.is_map:
        # folium takes more than a second to import
        from maps.density_map import render_density  # noqa: PLC0415

        file.write_text(render_density(found, source=file.source, on=file.on))
    else:
        save_density(
            found,
            file.path,
            title=file.title,
            source=file.source,
            on=file.on,
            language=file.language,
        )
    return _surface_answer(found, file.path)


def _write_cells(
    connection: Connection, question: CellsQuestion, file: _File, progress: Show
) -> dict[str, Value]:
    catalogue = load_settings().catalogue
    answer = layer_cells(connection, question, catalogue_override=catalogue, progress=progress)
    progress(f"writing {file.path.name}", 0, 0)
    lines = read_grid_lines(connection, active_version(connection).version_id)
    if file.is_map:
        from maps.density_map import render_cells  # noqa: PLC0415 (folium)

        file.write_text(render_cells(answer, lines, source=file.source, on=file.on))
    else:
        labels = cells_labels(
            question,
            lines,
            title=file.title,
            source=file.source,
            on=file.on,
            language=file.language,
        )
        save_cells(answer, file.path, labels)
    return _cells_answer(answer, file.path)


def _surface_answer(found: LayerDensity, out: Path) -> dict[str, Value]:
    surface = found.surface
    rows, columns = surface.values.shape
    bandwidth = surface.bandwidth
    low_m, high_m = bandwidth.range_m or (None, None)
    return {
        "file": str(out),
        "layer": found.question.layer.value,
        "unit": surface.unit,
        "peak": surface.peak,
        "total": surface.total,
        "total_unit": surface.total_unit,
        "point_count": surface.point_count,
        "outside_count": surface.outside_count,
        "unknown_count": found.points.unknown_count,
        "far_count": found.points.far_count,
        "cell_m": surface.cell_m,
        "rows": rows,
        "columns": columns,
        "bandwidth_m": bandwidth.bandwidth_m,
        "bandwidth_method": bandwidth.method.value,
        "bandwidth_min_m": low_m,
        "bandwidth_max_m": high_m,
        "srid": surface.srid,
        "warnings": "; ".join(found.warnings) or None,
    }


def _cells_answer(answer: ElectricalAnswer, out: Path) -> dict[str, Value]:
    return {"file": str(out), **answer.facts, "notes": "; ".join(answer.notes) or None}
