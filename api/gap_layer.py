"""The capacity gap as a layer of the page: features with the number of their class, and classes."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Literal

import shapely
from pydantic import BaseModel

from gisplan.export.capacity_gap_classes import CLASSES, gap_class
from gisplan.export.electrical_table import KIND, lon_lat_shapes
from gisplan.store.tiles import Attribute

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gisplan.export.electrical_table import ElementTable
    from gisplan.services.capacity_gap import GapAnswer

CLASS = "gap_class"


class GapClass(BaseModel):
    """One class: its colour, what it says, and how many supply areas are in it."""

    colour: str
    text: str
    areas: int


class GapFeature(BaseModel):
    """A feature of GeoJSON; among its facts the number of its class."""

    type: Literal["Feature"] = "Feature"
    geometry: dict[str, object]
    properties: dict[str, Attribute]


class GapLayer(BaseModel):
    """Supply areas and the elements that they belong to, of one level."""

    features: list[GapFeature]
    classes: list[GapClass]
    facts: dict[str, Attribute]
    notes: list[str]


def gap_layer(answer: GapAnswer) -> GapLayer:
    """Return the areas of an answer and the elements of their level, as the page shows them."""
    areas = answer.areas
    level = answer.tables.facts["level"]
    units = next(one for one in answer.tables.tables if one.element_kind == level)
    counts = Counter(map(gap_class, areas.rows()))
    return GapLayer(
        features=[*_features(areas), *_features(units)],
        classes=[
            GapClass(colour=colour, text=text, areas=counts[index])
            for index, (text, colour) in enumerate(CLASSES)
        ],
        facts=dict(answer.tables.facts),
        notes=list(answer.tables.notes),
    )


def _features(table: ElementTable) -> Iterator[GapFeature]:
    for row, shape in zip(table.rows(), lon_lat_shapes(table), strict=True):
        if not shape.is_empty:
            yield GapFeature(
                geometry=json.loads(shapely.to_geojson(shape)),
                properties={KIND: table.element_kind, **row, CLASS: gap_class(row)},
            )
