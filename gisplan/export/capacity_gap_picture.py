"""The capacity gap as a picture for a report: supply areas by the quarter in which they run out."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path as DrawnPath

from gisplan.export.capacity_gap_classes import CLASSES, gap_class
from gisplan.export.map_furniture import draw_north_arrow, draw_scale_bar
from gisplan.export.written import written_whole

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from matplotlib.axes import Axes

    from gisplan.export.electrical_table import ElectricalAnswer, ElementTable
    from gisplan.model.grid import Floats

_DOTS_PER_INCH = 150
_SIDE_IN, _HEIGHT_IN = 7.6, 5.9
_MARGIN_IN, _HEAD_IN, _LEGEND_IN, _FOOT_IN = 0.3, 0.8, 3.2, 0.4
_INK, _QUIET_INK = "#222222", "#555555"
_MARGIN_SHARE = 0.03


def write_gap_png(answer: ElectricalAnswer, path: Path, *, on: date | None = None) -> None:
    """Draw a capacity gap into a PNG; the same answer and date give the same bytes.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    figure = draw_gap(answer, on=on)
    metadata = {"Software": f"gisplan {version('gisplan')}", "Title": "Capacity gap"}
    with written_whole(path) as partial:
        figure.savefig(partial, format="png", dpi=_DOTS_PER_INCH, metadata=metadata)


def draw_gap(answer: ElectricalAnswer, *, on: date | None = None) -> Figure:
    """Draw supply areas, and the transformers on them by what they can give themselves."""
    areas, units = answer.tables[0], answer.tables[1]
    figure, axes = _page()
    view = _view(areas)
    axes.set_xlim(view[0], view[2])
    axes.set_ylim(view[1], view[3])
    counts = _draw_areas(axes, areas)
    shown = _draw_units(axes, units)
    _draw_head(figure, answer, on)
    _draw_legend(figure, counts, shown)
    left = _MARGIN_IN + _SIDE_IN + 0.3
    metres_per_inch = float(view[2] - view[0]) / _SIDE_IN
    draw_scale_bar(
        figure, left_in=left, bottom_in=0.4, longest_in=1.6, metres_per_inch=metres_per_inch
    )
    draw_north_arrow(figure, left_in=left + 2.2, bottom_in=0.4)
    return figure


def _view(areas: ElementTable) -> Floats:
    """Return what the map shows: all areas, with a margin, in the map's own proportions."""
    bounds = np.array([0.0, 0.0, 1000.0, 1000.0])
    if len(areas):
        bounds = shapely.total_bounds(areas.shape)
    middle = (bounds[:2] + bounds[2:]) / 2
    size = (bounds[2:] - bounds[:2]) * (1 + 2 * _MARGIN_SHARE)
    width_m = max(float(size[0]), float(size[1]) * _SIDE_IN / _HEIGHT_IN)
    half = np.array([width_m, width_m * _HEIGHT_IN / _SIDE_IN]) / 2
    view: Floats = np.concatenate([middle - half, middle + half])
    return view


def _page() -> tuple[Figure, Axes]:
    width, height = 2 * _MARGIN_IN + _SIDE_IN + _LEGEND_IN, _HEAD_IN + _HEIGHT_IN + _FOOT_IN
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    axes = figure.add_axes(
        (_MARGIN_IN / width, _FOOT_IN / height, _SIDE_IN / width, _HEIGHT_IN / height)
    )
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_facecolor("#fafaf7")
    return figure, axes


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
    axes.scatter(xy_m[:, 0], xy_m[:, 1], s=16, c=colours, edgecolors=_INK, linewidths=0.6, zorder=2)
    return set(classes)


def _draw_head(figure: Figure, answer: ElectricalAnswer, on: date | None) -> None:
    facts = answer.facts
    width, height = figure.get_size_inches()
    left = _MARGIN_IN / width
    title = f"Capacity gap for {facts['direction']}, by {facts['level']}"
    figure.text(left, 1 - 0.12 / height, title, va="top", fontsize=15, color=_INK, weight="bold")
    told = (
        f"Quarter in which {facts['open_count']:,} open applications and those to come ask more "
        f"than the grid can give; counted from {facts['counted_from'] or 'today'}, looked at until "
        f"{facts['until'] or 'today'}"
    )
    figure.text(left, 1 - 0.47 / height, told, va="top", fontsize=9.5, color=_INK)
    foot = f"grid version {facts['grid_version']}, ledger {facts['ledger_sequence']}"
    day = f", {on.isoformat()}" if on else ""
    figure.text(left, 0.12 / height, foot + day, va="bottom", fontsize=8, color=_QUIET_INK)


def _draw_legend(figure: Figure, counts: list[int], shown: set[int]) -> None:
    width, height = figure.get_size_inches()
    handles: list[Patch | Line2D] = [
        Patch(facecolor=colour, alpha=0.75, label=f"{label}: {count:,}")
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
            markeredgecolor=_INK,
            label="transformer by itself",
        )
    )
    figure.legend(
        handles=handles,
        title="Supply areas that run out",
        loc="upper left",
        bbox_to_anchor=((_MARGIN_IN + _SIDE_IN + 0.15) / width, 1 - _HEAD_IN / height),
        frameon=False,
        fontsize=9,
        alignment="left",
        labelspacing=0.8,
        borderaxespad=0,
    )
