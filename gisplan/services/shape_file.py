"""Cells and pieces of corridor with their density as files, by ending; maps are drawn elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gisplan.export.cell_table import CELL_ENDINGS, write_cell_table
from gisplan.export.classed_picture import PictureLabels
from gisplan.export.classed_shapes import classed_cells, classed_corridors
from gisplan.export.density_file import MAP_ENDING, PICTURE_ENDING, check_density_ending
from gisplan.export.density_phrases import Language
from gisplan.export.electrical_table import TABLE_ENDINGS, write_answer
from gisplan.export.shape_picture import write_shapes_png
from gisplan.services.density import density_title, describe_points, layer_name, measure_name

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from gisplan.export.electrical_table import ElectricalAnswer
    from gisplan.model.density import DensityLayer, DensityWeight
    from gisplan.model.grid import Polylines
    from gisplan.services.corridor_density import CorridorDensityQuestion
    from gisplan.services.density_cells import CellsQuestion

FLAT_ENDING = ".fgb"
CELL_FILE_ENDINGS = (*CELL_ENDINGS, PICTURE_ENDING, MAP_ENDING)
CORRIDOR_FILE_ENDINGS = (*TABLE_ENDINGS, FLAT_ENDING, PICTURE_ENDING, MAP_ENDING)
CORRIDOR_TITLE = "Density along the corridors"


def summed_text(layer: DensityLayer, weight: DensityWeight) -> str:
    """What is summed of a layer, in words."""
    return f"{layer_name(layer)}: {measure_name(weight)}"


def cells_labels(
    question: CellsQuestion,
    lines: Polylines,
    *,
    title: str = "",
    source: str = "",
    on: date | None = None,
    language: Language = Language.ENGLISH,
) -> PictureLabels:
    """What is said about cells on a picture; ``lines`` of the grid are drawn to hold on to."""
    return PictureLabels(
        title=title or density_title(question.layer, question.weight),
        subtitle=describe_points(question.layer, question.applications),
        source=source,
        on=on,
        lines=lines if len(lines) else None,
        language=language,
    )


def corridor_labels(
    question: CorridorDensityQuestion,
    *,
    title: str = "",
    source: str = "",
    on: date | None = None,
    language: Language = Language.ENGLISH,
) -> PictureLabels:
    """What is said about corridors on a picture."""
    points = describe_points(question.layer, question.applications)
    return PictureLabels(
        title=title or CORRIDOR_TITLE,
        subtitle=f"{summed_text(question.layer, question.weight)} · {points}",
        source=source,
        on=on,
        language=language,
    )


def save_cells(answer: ElectricalAnswer, path: Path, labels: PictureLabels) -> None:
    """Write cells as polygons, a table or a picture.

    Raises
    ------
    InputError
        If the ending is none of these, or the file cannot be written.
    """
    check_density_ending(path, (*CELL_ENDINGS, PICTURE_ENDING))
    if path.suffix.lower() == PICTURE_ENDING:
        write_shapes_png(classed_cells(answer), path, replace(labels, notes=answer.notes))
    else:
        write_cell_table(answer.tables[0], path)


def save_corridors(answer: ElectricalAnswer, path: Path, labels: PictureLabels) -> None:
    """Write pieces of corridor as lines, a table, the whole answer or a picture.

    Raises
    ------
    InputError
        If the ending is none of these, or the file cannot be written.
    """
    check_density_ending(path, (*TABLE_ENDINGS, FLAT_ENDING, PICTURE_ENDING))
    ending = path.suffix.lower()
    if ending == PICTURE_ENDING:
        write_shapes_png(classed_corridors(answer), path, replace(labels, notes=answer.notes))
    elif ending == FLAT_ENDING:
        write_cell_table(answer.tables[0], path)
    else:
        write_answer(answer, path)
