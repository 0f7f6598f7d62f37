"""The capacity gap as a layer of the page: its classes, and what a reader must know of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pydantic import BaseModel

from gisplan.export.capacity_gap_classes import CLASSES, gap_class
from gisplan.store.tiles import Attribute

if TYPE_CHECKING:
    from gisplan.services.capacity_gap import GapAnswer


class GapClass(BaseModel):
    """One class: its colour, what it says, and how many supply areas are in it."""

    colour: str
    text: str
    areas: int


class GapLayer(BaseModel):
    """The classes of supply areas and of the elements of one level; tiles draw them."""

    classes: list[GapClass]
    facts: dict[str, Attribute]
    notes: list[str]


def gap_layer(answer: GapAnswer) -> GapLayer:
    """Return the classes of an answer with the number of its areas in each."""
    counts = Counter(map(gap_class, answer.areas.rows()))
    return GapLayer(
        classes=[
            GapClass(colour=colour, text=text, areas=counts[index])
            for index, (text, colour) in enumerate(CLASSES)
        ],
        facts=dict(answer.tables.facts),
        notes=list(answer.tables.notes),
    )
