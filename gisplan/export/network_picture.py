"""The corridors as a picture for a report: every part in its colour, and where they are broken."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gisplan.export.map_furniture import draw_north_arrow, draw_scale_bar
from gisplan.export.network_style import (
    FAULT_STYLES,
    MAIN_PART_COLOUR,
    PART_COLOURS,
    FaultStyle,
    part_colour,
)
from gisplan.export.written import written_whole

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from gisplan.export.electrical_table import ElectricalAnswer, ElementTable
    from gisplan.model.grid import Floats

_DOTS_PER_INCH = 150
_SIDE_IN, _HEIGHT_IN = 7.6, 5.7
_MARGIN_IN, _HEAD_IN, _LEGEND_IN, _FOOT_IN = 0.3, 0.8, 2.9, 0.35
_INK, _QUIET_INK = "#222222", "#555555"
_MARGIN_SHARE, _NARROWEST_M = 0.03, 10.0


def write_network_png(answer: ElectricalAnswer, path: Path) -> None:
    """Draw the answer of a network check into a PNG; the same answer gives the same bytes.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    figure = draw_network(answer)
    metadata = {"Software": f"gisplan {version('gisplan')}", "Title": "Corridors"}
    with written_whole(path) as partial:
        figure.savefig(partial, format="png", dpi=_DOTS_PER_INCH, metadata=metadata)


def draw_network(answer: ElectricalAnswer) -> Figure:
    """Draw the answer of a network check on a figure of its own."""
    parts, faults, corridors = answer.tables
    bounds = shapely.total_bounds(np.concatenate([corridors.shape, faults.shape]))
    view = _view(bounds if np.isfinite(bounds).all() else np.array([0.0, 0.0, 1.0, 1.0]))
    figure, axes = _page()
    axes.set_xlim(view[0], view[2])
    axes.set_ylim(view[1], view[3])
    _draw_corridors(axes, corridors)
    shown = _draw_faults(axes, faults)
    _draw_head(figure, answer)
    _draw_legend(figure, parts, shown)
    metres_per_inch = float(view[2] - view[0]) / _SIDE_IN
    left = _MARGIN_IN + _SIDE_IN + 0.3
    draw_scale_bar(
        figure, left_in=left, bottom_in=0.3, longest_in=1.6, metres_per_inch=metres_per_inch
    )
    draw_north_arrow(figure, left_in=left + 2.1, bottom_in=0.3)
    return figure


def _view(bounds: Floats) -> Floats:
    """Return what the map shows: all there is, with a margin, in the map's own proportions."""
    middle = (bounds[:2] + bounds[2:]) / 2
    size = (bounds[2:] - bounds[:2]) * (1 + 2 * _MARGIN_SHARE)
    width_m = max(float(size[0]), float(size[1]) * _SIDE_IN / _HEIGHT_IN, _NARROWEST_M)
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


def _draw_corridors(axes: Axes, corridors: ElementTable) -> None:
    part = corridors.columns["part"]
    for colour in (MAIN_PART_COLOUR, *PART_COLOURS):
        rows = [row for row, one in enumerate(part.tolist()) if part_colour(one) == colour]
        lines = [shapely.get_coordinates(corridors.shape[row]) for row in rows]
        width = 0.8 if colour == MAIN_PART_COLOUR else 2.0
        axes.add_collection(LineCollection(lines, colors=colour, linewidths=width, zorder=1))


def _draw_faults(axes: Axes, faults: ElementTable) -> dict[str, int]:
    """Draw a sign at every fault, the gravest on top; return how many there are of each kind."""
    kinds = faults.columns["kind"]
    xy = shapely.get_coordinates(faults.shape)
    counted: dict[str, int] = {}
    for rank, (kind, style) in enumerate(reversed(FAULT_STYLES.items())):
        rows = np.flatnonzero(kinds == kind)
        if len(rows):
            counted[kind] = len(rows)
            axes.scatter(
                xy[rows, 0],
                xy[rows, 1],
                s=style.size_pt,
                marker=style.marker,
                facecolors=style.colour if style.is_filled else "none",
                edgecolors=style.colour,
                linewidths=1.2,
                zorder=2 + rank,
            )
    return counted


def _draw_head(figure: Figure, answer: ElectricalAnswer) -> None:
    facts = answer.facts
    width, height = figure.get_size_inches()
    left, top = _MARGIN_IN / width, 1 - 0.12 / height
    figure.text(left, top, "Corridors", va="top", fontsize=15, color=_INK, weight="bold")
    told = (
        f"{facts['part_count']:,} connected part(s), {float(facts['length_m'] or 0) / 1000:,.1f} "
        f"km; {facts['warning_count']:,} warnings, {facts['note_count']:,} notes"
    )
    below = 1 - 0.45 / height
    figure.text(left, below, told, va="top", fontsize=10, color=_INK)
    foot = f"grid version {facts['grid_version']}, profile {facts['profile']}"
    figure.text(left, 0.1 / height, foot, va="bottom", fontsize=8, color=_QUIET_INK)


def _draw_legend(figure: Figure, parts: ElementTable, shown: dict[str, int]) -> None:
    width, height = figure.get_size_inches()
    handles = [Line2D([], [], color=MAIN_PART_COLOUR, lw=1.5, label="longest part")]
    if len(parts) > 1:
        others = f"{len(parts) - 1:,} other part(s)"
        handles.append(Line2D([], [], color=PART_COLOURS[0], lw=2.5, label=others))
    handles += [
        _sign(style, f"{style.english}: {shown[kind]:,}")
        for kind, style in FAULT_STYLES.items()
        if kind in shown
    ]
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=((_MARGIN_IN + _SIDE_IN + 0.15) / width, 1 - _HEAD_IN / height),
        frameon=False,
        fontsize=9,
        labelspacing=0.9,
        borderaxespad=0,
    )


def _sign(style: FaultStyle, label: str) -> Line2D:
    return Line2D(
        [],
        [],
        linestyle="none",
        marker=style.marker,
        markersize=style.size_pt**0.5,
        markerfacecolor=style.colour if style.is_filled else "none",
        markeredgecolor=style.colour,
        label=label,
    )
