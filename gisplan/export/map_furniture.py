"""Page, scale bar, north arrow and lines of text of a printed map whose top is grid north."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gisplan.model.grid import Floats

MARGIN_IN = 0.3
QUIET_INK = "#555555"
INK = "#222222"
_BAR_HEIGHT_IN = 0.06
_SPARE_SHARE, _NARROWEST_M = 0.03, 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MapPage:
    """A map of fixed size with a head above, a legend to its right and a foot below; inches."""

    side_in: float
    height_in: float
    head_in: float
    legend_in: float
    foot_in: float

    @property
    def legend_left_in(self) -> float:
        """Where what stands beside the map begins."""
        return MARGIN_IN + self.side_in + 0.3

    def draw(self, bounds: Floats) -> tuple[Figure, Axes]:
        """Return a figure whose axes show bounds (x_min, y_min, x_max, y_max) with a margin.

        Scale bar and north arrow stand in the lower corner beside the map.
        """
        width, height = 2 * MARGIN_IN + self.side_in + self.legend_in, self.head_in
        height += self.height_in + self.foot_in
        figure = Figure(figsize=(width, height))
        FigureCanvasAgg(figure)
        axes = figure.add_axes(
            (
                MARGIN_IN / width,
                self.foot_in / height,
                self.side_in / width,
                self.height_in / height,
            )
        )
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_facecolor("#fafaf7")
        view = self._view(bounds)
        axes.set_xlim(view[0], view[2])
        axes.set_ylim(view[1], view[3])
        draw_scale_bar(
            figure,
            left_in=self.legend_left_in,
            bottom_in=self.foot_in,
            longest_in=1.6,
            metres_per_inch=float(view[2] - view[0]) / self.side_in,
        )
        draw_north_arrow(figure, left_in=self.legend_left_in + 2.2, bottom_in=self.foot_in)
        return figure, axes

    def write(self, figure: Figure, *, title: str, told: str, foot: str) -> None:
        """Write title and what the map tells above it, and where that comes from below."""
        height = figure.get_figheight()
        draw_text(figure, height - 0.32, title, size=15, colour=INK, weight="bold")
        draw_text(figure, height - 0.6, told, size=9.5, colour=INK)
        draw_text(figure, 0.12, foot, size=8)

    def legend_anchor(self, figure: Figure) -> tuple[float, float]:
        """Upper left corner of the legend, in parts of the figure."""
        width, height = figure.get_size_inches()
        return (self.legend_left_in - 0.15) / width, 1 - self.head_in / height

    def _view(self, bounds: Floats) -> Floats:
        """Bounds with a margin, in the map's own proportions."""
        middle = (bounds[:2] + bounds[2:]) / 2
        size = (bounds[2:] - bounds[:2]) * (1 + 2 * _SPARE_SHARE)
        width_m = max(float(size[0]), float(size[1]) * self.side_in / self.height_in, _NARROWEST_M)
        half = np.array([width_m, width_m * self.height_in / self.side_in]) / 2
        view: Floats = np.concatenate([middle - half, middle + half])
        return view


def nice_length_m(longest_m: float) -> float:
    """Longest of 1, 2 or 5 times a power of ten that is no longer than this."""
    decade = 10.0 ** math.floor(math.log10(longest_m))
    return max(step * decade for step in (1.0, 2.0, 5.0) if step * decade <= longest_m)


def length_text(length_m: float) -> str:
    """Length in metres or kilometres."""
    return f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"


def draw_scale_bar(
    figure: Figure, *, left_in: float, bottom_in: float, longest_in: float, metres_per_inch: float
) -> None:
    """Draw a bar of two fields, as long as a round length allows, on the page."""
    length_m = nice_length_m(longest_in * metres_per_inch)
    length_in = length_m / metres_per_inch
    width_in, height_in = figure.get_size_inches()
    for field, colour in enumerate((INK, "white")):
        figure.add_artist(
            Rectangle(
                ((left_in + field * length_in / 2) / width_in, bottom_in / height_in),
                length_in / 2 / width_in,
                _BAR_HEIGHT_IN / height_in,
                facecolor=colour,
                edgecolor=INK,
                linewidth=0.8,
                transform=figure.transFigure,
            )
        )
    above = (bottom_in + _BAR_HEIGHT_IN + 0.04) / height_in
    figure.text(left_in / width_in, above, "0", ha="center", fontsize=9, color=INK)
    right = (left_in + length_in) / width_in
    figure.text(right, above, length_text(length_m), ha="center", fontsize=9, color=INK)


def draw_north_arrow(figure: Figure, *, left_in: float, bottom_in: float) -> None:
    """Draw an arrow with an N above it on the page."""
    width_in, height_in = figure.get_size_inches()
    x = left_in / width_in
    figure.add_artist(
        FancyArrowPatch(
            (x, bottom_in / height_in),
            (x, (bottom_in + 0.45) / height_in),
            arrowstyle="-|>",
            mutation_scale=11,
            color=INK,
            linewidth=1.2,
            transform=figure.transFigure,
        )
    )
    figure.text(x, (bottom_in + 0.48) / height_in, "N", ha="center", fontsize=10, color=INK)


def draw_text(
    figure: Figure,
    from_bottom_in: float,
    text: str,
    *,
    size: float,
    colour: str = QUIET_INK,
    weight: str = "normal",
) -> None:
    """Draw a line at the left margin, its words as they are (a dollar sign starts no formula)."""
    figure.text(
        MARGIN_IN / figure.get_figwidth(),
        from_bottom_in / figure.get_figheight(),
        text,
        fontsize=size,
        color=colour,
        fontweight=weight,
        parse_math=False,
    )
