"""Classes of a density picture: limits, colours, words.

Limits step by about half (1, 1.5, 2, 3, 5, 7, 10, ...), because one large customer would otherwise
hide every household. White is little or nothing, grey is no data.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import Colormap, ListedColormap

from gisplan.model.grid import Floats

NO_DATA_COLOUR = "#bdbdbd"
NOTHING_COLOUR = "#ffffff"
CLASS_COUNT = 10
_STEPS = ("1", "1.5", "2", "3", "5", "7")


def class_bounds(values: Floats) -> Floats:
    """Limits from 0 over rounded steps to the first one not below the peak."""
    peak = float(np.nanmax(values)) if np.isfinite(values).any() else 0.0
    if peak <= 0.0:
        return np.array([0.0, 1.0])
    decade = math.floor(math.log10(peak))
    powers = range(decade - 3, decade + 2)
    steps = [float(f"{digit}e{power}") for power in powers for digit in _STEPS]
    top = next(index for index, step in enumerate(steps) if step >= peak)
    return np.array([0.0, *steps[top - CLASS_COUNT + 2 : top + 1]])


def class_colours(count: int) -> Colormap:
    """White for the lowest class, then yellow to dark red; grey for no data."""
    warm = colormaps["YlOrRd"](np.linspace(0.06, 1.0, max(count - 1, 1)))
    colours = [NOTHING_COLOUR, *map(tuple, warm)][:count]
    return ListedColormap(colours).with_extremes(bad=NO_DATA_COLOUR)


def class_texts(bounds: Floats) -> list[str]:
    """Limits of each class in words, lowest class first."""
    pairs = itertools.pairwise(map(float, bounds))
    texts = [f"{_number(low)} – {_number(high)}" for low, high in pairs]
    return [f"less than {_number(float(bounds[1]))}", *texts[1:]]


def _number(value: float) -> str:
    """Figure with spaces between thousands and no digits that say nothing."""
    return f"{value:,.10g}".replace(",", "\u2009")


def unit_text(unit: str) -> str:
    """Unit as it is printed."""
    return unit.replace("km2", "km²").replace("1/km", "per km")
