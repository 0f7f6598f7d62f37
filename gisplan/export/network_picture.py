"""The corridors as a picture for a report: every part in its colour, and where they are broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from gisplan.export.classed_picture import write_picture
from gisplan.export.map_furniture import MapPage
from gisplan.export.network_style import (
    FAULT_STYLES,
    MAIN_PART_COLOUR,
    PART_COLOURS,
    FaultStyle,
    part_colour,
)

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gisplan.export.electrical_table import ElectricalAnswer, ElementTable

_PAGE = MapPage(side_in=7.6, height_in=5.7, head_in=0.8, legend_in=2.6, foot_in=0.35)
_EMPTY_M = np.array([0.0, 0.0, 1.0, 1.0])


def write_network_png(answer: ElectricalAnswer, path: Path) -> None:
    """Draw the answer of a network check into a PNG; the same answer gives the same bytes.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    write_picture(draw_network(answer), path, "Corridors")


def draw_network(answer: ElectricalAnswer) -> Figure:
    """Draw the answer of a network check on a figure of its own."""
    parts, faults, corridors = answer.tables
    bounds = shapely.total_bounds(np.concatenate([corridors.shape, faults.shape]))
    figure, axes = _PAGE.draw(bounds if np.isfinite(bounds).all() else _EMPTY_M)
    _draw_corridors(axes, corridors)
    shown = _draw_faults(axes, faults)
    _draw_head(figure, answer)
    _draw_legend(figure, parts, shown)
    return figure


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
    told = (
        f"{facts['part_count']:,} connected part(s), {float(facts['length_m'] or 0) / 1000:,.1f} "
        f"km; {facts['warning_count']:,} warnings, {facts['note_count']:,} notes"
    )
    foot = f"grid version {facts['grid_version']}, profile {facts['profile']}"
    _PAGE.write(figure, title="Corridors", told=told, foot=foot)


def _draw_legend(figure: Figure, parts: ElementTable, shown: dict[str, int]) -> None:
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
        bbox_to_anchor=_PAGE.legend_anchor(figure),
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
