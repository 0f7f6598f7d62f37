"""The capacity gap as a picture for a report: supply areas by the quarter in which they run out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from matplotlib.collections import PatchCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path as DrawnPath

from gisplan.export.capacity_gap_classes import CLASSES, class_text, gap_class
from gisplan.export.classed_picture import write_picture
from gisplan.export.density_phrases import Language, said
from gisplan.export.map_furniture import INK, QUIET_INK, MapPage
from gisplan.export.picture_font import (
    language_warnings,
    possible_language,
    use_language,
    wrapped,
)

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gisplan.export.electrical_table import ElectricalAnswer, ElementTable

_PAGE = MapPage(side_in=7.6, height_in=5.9, head_in=0.8, legend_in=2.9, foot_in=0.4)
_NOTE_SIZE, _NOTE_UNITS, _NOTE_LINES_MAX = 6.5, 48, 24
_EMPTY_M = np.array([0.0, 0.0, 1000.0, 1000.0])


def write_gap_png(
    answer: ElectricalAnswer,
    path: Path,
    *,
    on: date | None = None,
    language: Language = Language.ENGLISH,
) -> None:
    """Draw a capacity gap into a PNG; the same answer, date and language give the same bytes.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    write_picture(draw_gap(answer, on=on, language=language), path, "Capacity gap")


def draw_gap(
    answer: ElectricalAnswer, *, on: date | None = None, language: Language = Language.ENGLISH
) -> Figure:
    """Draw supply areas, and the transformers on them by what they can give themselves."""
    spoken = possible_language(language)
    areas, units = answer.tables[0], answer.tables[1]
    figure, axes = _PAGE.draw(shapely.total_bounds(areas.shape) if len(areas) else _EMPTY_M)
    counts = _draw_areas(axes, areas)
    shown = _draw_units(axes, units)
    _draw_head(figure, answer, on, spoken)
    _draw_legend(figure, counts, shown, spoken)
    _draw_notes(figure, answer, language)
    use_language(figure, spoken)
    return figure


def _draw_areas(axes: Axes, areas: ElementTable) -> list[int]:
    """Draw each area in the colour of its class; return how many each class has."""
    classes = [gap_class(row) for row in areas.rows()]
    for index, (_, colour) in enumerate(CLASSES):
        patches = [
            PathPatch(_path(ring))
            for shape, own in zip(areas.shape, classes, strict=True)
            if own == index
            for ring in shapely.get_parts(shape)
        ]
        axes.add_collection(
            PatchCollection(
                patches, facecolor=colour, edgecolor="#ffffff", linewidth=0.5, alpha=0.75, zorder=1
            )
        )
    return [classes.count(index) for index in range(len(CLASSES))]


def _path(polygon: shapely.Polygon) -> DrawnPath:
    rings = [polygon.exterior, *polygon.interiors]
    return DrawnPath.make_compound_path(*(DrawnPath(shapely.get_coordinates(r)) for r in rings))


def _draw_units(axes: Axes, units: ElementTable) -> set[int]:
    """Draw each transformer in the colour of its own class; return which classes there are."""
    xy_m = shapely.get_coordinates(units.shape)
    classes = [gap_class(row) for row in units.rows()]
    colours = [CLASSES[one][1] for one in classes]
    axes.scatter(xy_m[:, 0], xy_m[:, 1], s=16, c=colours, edgecolors=INK, linewidths=0.6, zorder=2)
    return set(classes)


def _draw_head(
    figure: Figure, answer: ElectricalAnswer, on: date | None, language: Language
) -> None:
    facts = answer.facts
    told = (
        f"Quarter in which {facts['open_count']:,} open applications and those to come ask more "
        f"than the grid can give; counted from {facts['counted_from'] or 'today'}, looked at until "
        f"{facts['until'] or 'today'}"
    )
    foot = f"grid version {facts['grid_version']}, ledger {facts['ledger_sequence']}"
    _PAGE.write(
        figure,
        title=said(f"Capacity gap for {facts['direction']}, by {facts['level']}", language),
        told=said(told, language),
        foot=said(foot + (f", {on.isoformat()}" if on else ""), language),
    )


def _draw_notes(figure: Figure, answer: ElectricalAnswer, language: Language) -> None:
    """Write what to know beside the map, above scale and north arrow."""
    spoken = possible_language(language)
    texts = (*answer.notes, *language_warnings(language))
    lines = [line for text in texts for line in wrapped(f"· {said(text, spoken)}", _NOTE_UNITS)]
    if len(lines) > _NOTE_LINES_MAX:
        lines = [*lines[:_NOTE_LINES_MAX], "…"]
    width_in, height_in = figure.get_size_inches()
    figure.text(
        (_PAGE.legend_left_in - 0.1) / width_in,
        (_PAGE.foot_in + 0.95) / height_in,
        "\n".join(lines),
        fontsize=_NOTE_SIZE,
        color=QUIET_INK,
        verticalalignment="bottom",
        parse_math=False,
    )


def _draw_legend(figure: Figure, counts: list[int], shown: set[int], language: Language) -> None:
    handles: list[Patch | Line2D] = [
        Patch(facecolor=colour, alpha=0.75, label=f"{class_text(label, language)}: {count:,}")
        for index, ((label, colour), count) in enumerate(zip(CLASSES, counts, strict=True))
        if count or index in shown
    ]
    handles.append(
        Line2D(
            [],
            [],
            marker="o",
            linestyle="none",
            markersize=5.0,
            markerfacecolor="#ffffff",
            markeredgecolor=INK,
            label=said("transformer by itself", language),
        )
    )
    figure.legend(
        handles=handles,
        title=said("Supply areas that run out", language),
        loc="upper left",
        bbox_to_anchor=_PAGE.legend_anchor(figure),
        frameon=False,
        fontsize=9,
        alignment="left",
        labelspacing=0.8,
        borderaxespad=0,
    )
