"""A raster in classes as a picture for a report: legend with units, scale bar, title, date.

The picture is drawn by matplotlib without its global state, with the fonts that it brings and, for
Chinese words, one of the machine. Cells much narrower than a pixel are thinned out: the kernel is
wider than a cell.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from gisplan.export.classed_raster import ClassedRaster
from gisplan.export.density_phrases import Language, said
from gisplan.export.map_furniture import MARGIN_IN, draw_north_arrow, draw_scale_bar, draw_text
from gisplan.export.picture_font import (
    language_warnings,
    possible_language,
    use_language,
    width_units,
    wrapped,
)
from gisplan.export.written import written_whole
from gisplan.model.density import Extent
from gisplan.model.grid import Floats, Polylines

_MAX_PIXELS = 2500
_DOTS_PER_INCH = 150
_MAP_SIDE_IN, _HEAD_IN, _LEGEND_IN = 7.6, 0.92, 1.75
_NOTE_SIZE, _NOTE_LINE_IN, _NOTE_CHARACTER_IN = 8.0, 0.155, 0.070
_TITLE_SIZE, _TITLE_CHARACTER_IN = 15.0, 0.142
_SUBTITLE_SIZE, _SUBTITLE_CHARACTER_IN = 10.0, 0.080
_INK = "#222222"
_LINE_COLOUR, _LINE_WIDTH, _LINE_ALPHA = "#34465a", 0.6, 0.55


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureLabels:
    """What the caller says about a picture; nothing of it is made up where it is missing.

    ``notes`` are what a reader must know, a line or more each below the map.
    ``lines`` are drawn thin as something to hold on to, called ``lines_name`` in the legend;
    ``places`` of shape (n, 2) are dots. Both are in the CRS of the surface. Words are those of
    ``language`` where the machine has its characters.
    """

    title: str
    subtitle: str = ""
    source: str = ""
    notes: tuple[str, ...] = ()
    on: date | None = None
    lines: Polylines | None = None
    lines_name: str = "grid"
    places: Floats | None = None
    places_name: str = "application"
    language: Language = Language.ENGLISH

    def said(self, text: str) -> str:
        """Return a text in the language that the picture can have."""
        return said(text, possible_language(self.language))


class MapKey(Protocol):
    """What the legend tells: classes with their colours, those of no data first."""

    @property
    def colours(self) -> tuple[str, ...]:
        """Colour of each class."""

    @property
    def texts(self) -> tuple[str, ...]:
        """What each class says."""

    @property
    def heading(self) -> str:
        """What is classed, with its unit."""

    @property
    def has_data(self) -> bool:
        """Whether anything is known."""

    @property
    def has_gaps(self) -> bool:
        """Whether anything is not."""


def write_picture(figure: Figure, path: Path, title: str) -> None:
    """Write a figure as a PNG file; the same figure and title give the same bytes.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    metadata = {"Software": f"gisplan {version('gisplan')}", "Title": title}
    with written_whole(path) as partial:
        figure.savefig(partial, format="png", dpi=_DOTS_PER_INCH, metadata=metadata)


def draw_classed(raster: ClassedRaster, view: Extent, made: str, labels: PictureLabels) -> Figure:
    """Draw a view of the raster on a figure of its own; ``made`` says below how it was made."""
    return draw_page(raster, view, made, labels, draw=lambda axes: _draw_cells(axes, raster))


def draw_page(
    key: MapKey,
    view: Extent,
    made: str,
    labels: PictureLabels,
    *,
    draw: Callable[[Axes], None],
    mark: Callable[[str, str], Artist] | None = None,
) -> Figure:
    """Draw title, legend, scale and notes around what ``draw`` draws of a view.

    ``mark`` makes the mark of a class in the legend from its colour and text.
    """
    notes = _notes(made, labels, _map_size_in(view)[0] + _LEGEND_IN)
    foot_in = 0.25 + _NOTE_LINE_IN * len(notes)
    figure, axes = _page(view, foot_in)
    draw(axes)
    _draw_context(axes, labels)
    axes.set_xlim(view.x_min_m, view.x_max_m)
    axes.set_ylim(view.y_min_m, view.y_max_m)
    _draw_scale(figure, view, foot_in)
    _draw_legend(figure, key, labels, mark or _swatch)
    _draw_head(figure, labels)
    for number, note in enumerate(notes, start=1):
        draw_text(figure, foot_in - 0.08 - _NOTE_LINE_IN * number, note, size=_NOTE_SIZE)
    if not key.has_data:
        _say_no_data(axes, labels)
    use_language(figure, possible_language(labels.language))
    return figure


def _say_no_data(axes: Axes, labels: PictureLabels) -> None:
    axes.text(
        0.5,
        0.5,
        labels.said("no data"),
        transform=axes.transAxes,
        ha="center",
        fontsize=16,
        bbox={"facecolor": "white", "edgecolor": "none"},
    )


def _page(view: Extent, foot_in: float) -> tuple[Figure, Axes]:
    """Figure that fits the shape of the view, with room for words and legend."""
    width_in, height_in = _map_size_in(view)
    page_in = (MARGIN_IN + width_in + _LEGEND_IN, foot_in + height_in + _HEAD_IN)
    figure = Figure(figsize=page_in, facecolor="white")
    FigureCanvasAgg(figure)
    left, bottom = MARGIN_IN / page_in[0], foot_in / page_in[1]
    axes = figure.add_axes((left, bottom, width_in / page_in[0], height_in / page_in[1]))
    axes.set_anchor("NW")
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_color("#888888")
    return figure, axes


def _map_size_in(view: Extent) -> tuple[float, float]:
    """Width and height of the frame that the map is fitted into, top left."""
    ratio = (view.y_max_m - view.y_min_m) / (view.x_max_m - view.x_min_m)
    width_in = _MAP_SIDE_IN * min(1.0, max(0.6, 1 / ratio))
    return width_in, _MAP_SIDE_IN * min(1.0, max(0.6, ratio))


def _draw_scale(figure: Figure, view: Extent, foot_in: float) -> None:
    """Draw scale bar and north arrow below the legend, where they hide nothing."""
    width_in, height_in = _map_size_in(view)
    left_in = MARGIN_IN + width_in + 0.25
    draw_scale_bar(
        figure,
        left_in=left_in,
        bottom_in=foot_in + 0.04,
        longest_in=_LEGEND_IN - 0.65,
        metres_per_inch=max(
            (view.x_max_m - view.x_min_m) / width_in, (view.y_max_m - view.y_min_m) / height_in
        ),
    )
    draw_north_arrow(figure, left_in=left_in + 0.1, bottom_in=foot_in + 0.45)


def _draw_cells(axes: Axes, raster: ClassedRaster) -> None:
    """Draw the raster in its place."""
    step = max(1, math.ceil(max(raster.codes.shape) / _MAX_PIXELS))
    codes = raster.codes[::step, ::step]
    # the last of the thinned cells may reach beyond the raster
    side_m = step * raster.cell_m
    extent = Extent(
        x_min_m=raster.x_min_m,
        x_max_m=raster.x_min_m + codes.shape[1] * side_m,
        y_min_m=raster.y_max_m - codes.shape[0] * side_m,
        y_max_m=raster.y_max_m,
    )
    axes.imshow(
        codes,
        cmap=ListedColormap(list(raster.colours)),
        vmin=-0.5,
        vmax=len(raster.colours) - 0.5,
        extent=(extent.x_min_m, extent.x_max_m, extent.y_min_m, extent.y_max_m),
        interpolation="nearest",
        aspect="equal",
    )


def _draw_context(axes: Axes, labels: PictureLabels) -> None:
    """Draw lines and dots that tell the reader where he is."""
    if labels.lines is not None:
        shapes = [labels.lines.row(index) for index in range(len(labels.lines))]
        axes.add_collection(
            LineCollection(shapes, colors=_LINE_COLOUR, linewidths=_LINE_WIDTH, alpha=_LINE_ALPHA),
            autolim=False,
        )
    if labels.places is not None:
        axes.add_line(_dots(labels.places, labels.said(labels.places_name)))


def _dots(places: Floats, name: str) -> Line2D:
    """Places as dots that show on any colour."""
    return Line2D(
        places[:, 0],
        places[:, 1],
        label=name,
        linestyle="none",
        marker="o",
        markersize=2.8,
        markerfacecolor="white",
        markeredgecolor=_INK,
        markeredgewidth=0.7,
    )


def _draw_legend(
    figure: Figure, key: MapKey, labels: PictureLabels, mark: Callable[[str, str], Artist]
) -> None:
    """Draw classes with their limits and unit, and what grey, lines and dots mean."""
    figure.legend(
        handles=_legend_entries(key, labels, mark),
        title=labels.said(key.heading),
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


def _legend_entries(
    key: MapKey, labels: PictureLabels, mark: Callable[[str, str], Artist]
) -> list[Artist]:
    """Entries of the legend, the highest class first."""
    entries: list[Artist] = []
    classes = list(zip(key.colours, map(labels.said, key.texts), strict=True))
    if key.has_data:
        entries.extend(mark(*one) for one in reversed(classes[1:]))
    if key.has_gaps:
        entries.append(mark(*classes[0]))
    if labels.lines is not None:
        entries.append(_line_key(labels.said(labels.lines_name)))
    if labels.places is not None:
        entries.append(_dots(np.empty((0, 2)), labels.said(labels.places_name)))
    return entries


def _swatch(colour: str, text: str) -> Patch:
    return Patch(facecolor=colour, label=text, edgecolor="#999999", linewidth=0.6)


def _line_key(name: str) -> Line2D:
    return Line2D([], [], label=name, color=_LINE_COLOUR, linewidth=1.0, alpha=_LINE_ALPHA)


def _draw_head(figure: Figure, labels: PictureLabels) -> None:
    """Write title, subtitle and date above the map; what is long is written smaller."""
    width_in, height_in = figure.get_size_inches()
    title = labels.said(labels.title)
    size = _TITLE_SIZE * _fitting(title, _TITLE_CHARACTER_IN, width_in)
    draw_text(figure, height_in - 0.40, title, size=size, colour=_INK, weight="bold")
    date_text = labels.on.isoformat() if labels.on else ""
    subtitle = " · ".join(filter(None, (labels.said(labels.subtitle), date_text)))
    size = _SUBTITLE_SIZE * _fitting(subtitle, _SUBTITLE_CHARACTER_IN, width_in)
    draw_text(figure, height_in - 0.70, subtitle, size=size)


def _fitting(text: str, character_in: float, width_in: float) -> float:
    """Share of its size at which a text fits between the margins, at most 1."""
    return min(1.0, (width_in - 2 * MARGIN_IN) / (character_in * max(width_units(text), 1)))


def _notes(made: str, labels: PictureLabels, width_in: float) -> list[str]:
    """Lines below the map: how it was made, from what, what to know of it; broken to fit."""
    width = int(width_in / _NOTE_CHARACTER_IN)
    texts = (made, labels.source, *labels.notes, *language_warnings(labels.language))
    return [line for text in texts if text for line in wrapped(labels.said(text), width)]
