"""Scale bar, north arrow and lines of text of a printed map whose top is grid north."""

from __future__ import annotations

import math

from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

MARGIN_IN = 0.3
QUIET_INK = "#555555"
_INK = "#222222"
_BAR_HEIGHT_IN = 0.06


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
    for field, colour in enumerate((_INK, "white")):
        figure.add_artist(
            Rectangle(
                ((left_in + field * length_in / 2) / width_in, bottom_in / height_in),
                length_in / 2 / width_in,
                _BAR_HEIGHT_IN / height_in,
                facecolor=colour,
                edgecolor=_INK,
                linewidth=0.8,
                transform=figure.transFigure,
            )
        )
    above = (bottom_in + _BAR_HEIGHT_IN + 0.04) / height_in
    figure.text(left_in / width_in, above, "0", ha="center", fontsize=9, color=_INK)
    right = (left_in + length_in) / width_in
    figure.text(right, above, length_text(length_m), ha="center", fontsize=9, color=_INK)


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
            color=_INK,
            linewidth=1.2,
            transform=figure.transFigure,
        )
    )
    figure.text(x, (bottom_in + 0.48) / height_in, "N", ha="center", fontsize=10, color=_INK)


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
