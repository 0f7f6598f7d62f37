"""Classes and colours of what is drawn of buses, lines and transformers.

Colours go from red (nothing left) to blue (plenty), so that they are told apart without seeing red
and green. The steps are those of usual demands and ratings, not limits of the catalogue.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from gisplan.export.feature import Value

Row = Mapping[str, Value]

_STEPS = ("#a50026", "#e34a33", "#fc8d59", "#fdc675", "#a6c96a", "#4fb3a9", "#2b83ba", "#253494")
UNKNOWN_COLOUR = "#8f8f8f"
FITS_COLOUR = "#2b83ba"

CAPACITY_EDGES_KVA = (1.0, 10.0, 30.0, 100.0, 250.0, 630.0, 2000.0)
VOLTAGE_EDGES_PU = (0.9, 0.93, 0.95, 0.97, 1.0, 1.03, 1.05, 1.07, 1.1)
LOADING_EDGES = (0.25, 0.5, 0.7, 0.8, 0.9, 1.0)

_REFUSALS = {
    "voltage_low": ("voltage too low", "#fdae61"),
    "voltage_high": ("voltage too high", "#d7301f"),
    "line": ("a line overloaded", "#a50026"),
    "transformer": ("a transformer overloaded", "#7b3294"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementClass:
    """What a colour stands for."""

    label: str
    colour: str


def capacity_classes() -> tuple[ElementClass, ...]:
    """Return the classes of ``capacity_class``, the least capacity first."""
    edges = [f"{edge:,.0f}" for edge in CAPACITY_EDGES_KVA]
    between = [f"{low} to {high} kVA" for low, high in pairwise(edges)]
    labels = ["nothing, or less than 1 kVA", *between, f"{edges[-1]} kVA and more"]
    unknown = ElementClass(label="unknown: on a loop, or without supply", colour=UNKNOWN_COLOUR)
    return (*_coloured(labels, _STEPS), unknown)


def capacity_class(row: Row) -> int:
    """Return the class of how much a bus takes; where no limit is met, the highest."""
    if row["limited_by"] == "none":
        return len(CAPACITY_EDGES_KVA)
    return _step(row["capacity_kva"], CAPACITY_EDGES_KVA)


def verdict_classes() -> tuple[ElementClass, ...]:
    """Return the classes of ``verdict_class``, the refusals first."""
    refused = [ElementClass(label=label, colour=colour) for label, colour in _REFUSALS.values()]
    other = ElementClass(label="other reasons", colour=UNKNOWN_COLOUR)
    return (*refused, other, ElementClass(label="the demand fits", colour=FITS_COLOUR))


def verdict_class(row: Row) -> int:
    """Return the class of what a bus answers to a demand: the first limit that is broken."""
    names = list(_REFUSALS)
    if row["feasible"]:
        return len(names) + 1
    first = str(row["limited_by"]).partition(", ")[0]
    return names.index(first) if first in names else len(names)


def voltage_classes() -> tuple[ElementClass, ...]:
    """Return the classes of ``voltage_class``: red at both ends, blue in the middle."""
    edges = [f"{edge:.2f}" for edge in VOLTAGE_EDGES_PU]
    between = [f"{low} to {high} p.u." for low, high in pairwise(edges)]
    labels = [f"below {edges[0]} p.u.", *between, f"{edges[-1]} p.u. and more"]
    half = (_STEPS[0], _STEPS[2], _STEPS[3], _STEPS[5], _STEPS[6])
    return (
        *_coloured(labels, (*half, *reversed(half))),
        ElementClass(label="without supply", colour=UNKNOWN_COLOUR),
    )


def voltage_class(row: Row) -> int:
    """Return the class of a bus's voltage: the one of both cases that lies further from nominal."""
    known = [row[f"voltage_{case}_pu"] for case in ("load", "feed_in")]
    values = [float(value) for value in known if value is not None]
    return _step(max(values, key=lambda value: abs(value - 1), default=None), VOLTAGE_EDGES_PU)


def loading_classes() -> tuple[ElementClass, ...]:
    """Return the classes of ``loading_class``, the highest loading first."""
    edges = [f"{edge:.0%}" for edge in LOADING_EDGES]
    between = [f"{low} to {high}" for low, high in pairwise(edges)]
    labels = [f"{edges[-1]} and more", *reversed(between), f"below {edges[0]}"]
    colours = (_STEPS[0], _STEPS[1], _STEPS[2], _STEPS[3], _STEPS[5], _STEPS[6], _STEPS[7])
    return (
        *_coloured(labels, colours),
        ElementClass(label="unknown rating, or out", colour=UNKNOWN_COLOUR),
    )


def loading_class(row: Row) -> int:
    """Return the class of the higher loading of both cases."""
    known = [row[f"loading_{case}_ratio"] for case in ("load", "feed_in")]
    values = [float(value) for value in known if value is not None]
    if not values:
        return len(LOADING_EDGES) + 1
    return len(LOADING_EDGES) - bisect_right(LOADING_EDGES, max(values))


def _step(value: Value, edges: tuple[float, ...]) -> int:
    """Return the step between the edges; one beyond the last where the value is unknown."""
    return len(edges) + 1 if value is None else bisect_right(edges, float(value))


def _coloured(labels: list[str], colours: tuple[str, ...]) -> tuple[ElementClass, ...]:
    return tuple(
        ElementClass(label=label, colour=colour)
        for label, colour in zip(labels, colours, strict=True)
    )
