"""GeoJSON (RFC 7946) as types: what the exports write and the maps read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypedDict

from gisplan.model.option import LonLat

Value = str | float | int | bool | None


class Point(TypedDict):
    """One place."""

    type: Literal["Point"]
    coordinates: LonLat


class LineString(TypedDict):
    """One line."""

    type: Literal["LineString"]
    coordinates: Sequence[LonLat]


class MultiLineString(TypedDict):
    """Several lines."""

    type: Literal["MultiLineString"]
    coordinates: Sequence[Sequence[LonLat]]


Geometry = Point | LineString | MultiLineString


class Feature(TypedDict):
    """A place and what is known of it."""

    type: Literal["Feature"]
    geometry: Geometry
    properties: dict[str, Value]


class FeatureCollection(TypedDict):
    """Features in a fixed order."""

    type: Literal["FeatureCollection"]
    features: Sequence[Feature]
