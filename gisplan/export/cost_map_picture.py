"""The cost-to-connect map as a picture for a report: legend with currency, scale bar, title, date.

Drawn by matplotlib without its global state and with the fonts that it brings, so its words are
English; the one-file map speaks Chinese too.
"""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from gisplan.export.cost_map_classes import CostClasses, cost_classes
from gisplan.export.map_furniture import MARGIN_IN, draw_north_arrow, draw_scale_bar, draw_text
from gisplan.export.written import written_whole
from gisplan.planning.cost_map.node_costs import CostReason

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from gisplan.export.cost_map_raster import CostRaster
    from gisplan.model.grid import Codes, Floats, Polylines

_DOTS_PER_INCH = 150
_MAX_PIXELS = 2500
_MAP_SIDE_IN, _HEAD_IN, _LEGEND_IN = 7.6, 0.92, 2.15
_NOTE_SIZE, _NOTE_LINE_IN, _NOTE_CHARACTER_IN = 8.0, 0.155, 0.070
_INK, _LINE_COLOUR = "#222222", "#1c2733"


@dataclass(frozen=True, slots=True, kw_only=True)
class CostMapLabels:
    """What the caller says about a picture; ``lines`` are drawn thin, in the CRS of the raster."""

    title: str
    subtitle: str = ""
    notes: tuple[str, ...] = ()
    on: date | None = None
    lines: Polylines | None = None


def raster_classes(raster: CostRaster, classes: CostClasses) -> Codes:
    """Return the class of every cell, shape (rows, columns)."""
    is_known = (raster.reason != CostReason.NO_CORRIDOR).astype(np.uint8)
    return classes.class_of(raster.cost, is_known)


def write_cost_png(raster: CostRaster, path: Path, labels: CostMapLabels) -> None:
    """Draw the map into a PNG file; the same raster and labels give the same bytes.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    figure = draw_cost_map(raster, labels)
    metadata = {"Software": f"gisplan {version('gisplan')}", "Title": labels.title}
    with written_whole(path) as partial:
        figure.savefig(partial, format="png", dpi=_DOTS_PER_INCH, metadata=metadata)


def draw_cost_map(raster: CostRaster, labels: CostMapLabels) -> Figure:
    """Draw the map on a figure of its own."""
    classes = cost_classes(raster.cost)
    width_m, height_m = (side * raster.cell_m for side in raster.cost.shape[::-1])
    ratio = height_m / width_m
    map_in = _MAP_SIDE_IN * min(1.0, 1 / ratio), _MAP_SIDE_IN * min(1.0, ratio)
    notes = _wrapped(labels.notes, map_in[0] + _LEGEND_IN)
    foot_in = 0.25 + _NOTE_LINE_IN * len(notes)
    page_in = MARGIN_IN + map_in[0] + _LEGEND_IN, foot_in + max(map_in[1], 4.0) + _HEAD_IN
    figure = Figure(figsize=page_in, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes(
        (
            MARGIN_IN / page_in[0],
            1 - (_HEAD_IN + map_in[1]) / page_in[1],
            map_in[0] / page_in[0],
            map_in[1] / page_in[1],
        )
    )
    _draw_cells(axes, raster, classes)
    _draw_lines(axes, labels.lines)
    _draw_legend(figure, raster, classes, labels)
    _draw_scale(figure, map_in[0], foot_in, width_m / map_in[0])
    draw_text(figure, page_in[1] - 0.40, labels.title, size=15, colour=_INK, weight="bold")
    subtitle = " · ".join(filter(None, (labels.subtitle, str(labels.on or ""))))
    draw_text(figure, page_in[1] - 0.70, subtitle, size=10)
    for number, note in enumerate(notes, start=1):
        draw_text(figure, foot_in - 0.08 - _NOTE_LINE_IN * number, note, size=_NOTE_SIZE)
    return figure


def _wrapped(notes: tuple[str, ...], width_in: float) -> list[str]:
    width = int(width_in / _NOTE_CHARACTER_IN)
    return [line for note in notes for line in textwrap.wrap(note, width)]


def _draw_cells(axes: Axes, raster: CostRaster, classes: CostClasses) -> None:
    step = max(1, math.ceil(max(raster.cost.shape) / _MAX_PIXELS))
    cells = raster_classes(raster, classes)[::step, ::step]
    rows, columns = (side * step for side in cells.shape)
    axes.imshow(
        cells,
        cmap=ListedColormap(list(classes.colours)),
        vmin=-0.5,
        vmax=classes.unknown + 0.5,
        extent=(
            raster.x_min_m,
            raster.x_min_m + columns * raster.cell_m,
            raster.y_max_m - rows * raster.cell_m,
            raster.y_max_m,
        ),
        interpolation="nearest",
        aspect="equal",
    )
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_color("#888888")


def _draw_lines(axes: Axes, lines: Polylines | None) -> None:
    if lines is None:
        return
    view = axes.get_xlim(), axes.get_ylim()
    shapes: list[Floats] = [lines.row(row) for row in range(len(lines))]
    axes.add_collection(
        LineCollection(shapes, colors=_LINE_COLOUR, linewidths=0.35, alpha=0.6), autolim=False
    )
    axes.set_xlim(*view[0])
    axes.set_ylim(*view[1])


def _draw_legend(
    figure: Figure, raster: CostRaster, classes: CostClasses, labels: CostMapLabels
) -> None:
    present = set(np.unique(raster_classes(raster, classes)).tolist())
    texts = [f"{text} {raster.currency}" for text in classes.texts]
    entries: list[Artist] = [
        Patch(facecolor=classes.colours[number], label=text, edgecolor="#999999", linewidth=0.6)
        for number, text in enumerate((*texts, "not possible", "unknown: no corridor"))
        if number in present or number < classes.count
    ]
    if labels.lines is not None:
        entries.append(Line2D([], [], label="grid", color=_LINE_COLOUR, linewidth=1.0, alpha=0.6))
    figure.legend(
        handles=entries,
        title="Cost to connect",
        loc="upper left",
        bbox_to_anchor=(
            1 - (_LEGEND_IN - 0.08) / figure.get_figwidth(),
            1 - (_HEAD_IN - 0.08) / figure.get_figheight(),
        ),
        frameon=False,
        fontsize=9,
        title_fontsize=10,
        alignment="left",
        labelspacing=0.35,
    )


def _draw_scale(
    figure: Figure, map_width_in: float, foot_in: float, metres_per_inch: float
) -> None:
    left_in = MARGIN_IN + map_width_in + 0.25
    draw_scale_bar(
        figure,
        left_in=left_in,
        bottom_in=foot_in + 0.04,
        longest_in=_LEGEND_IN - 0.65,
        metres_per_inch=metres_per_inch,
    )
    draw_north_arrow(figure, left_in=left_in + 0.1, bottom_in=foot_in + 0.45)
