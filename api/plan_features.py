"""A plan as GeoJSON (RFC 7946): site, access points, routes stretch by stretch."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gisplan.model.option import Option, Plan

Position = tuple[float, float]
Property = str | float | int | bool | None


class Point(BaseModel):
    """A place."""

    type: Literal["Point"] = "Point"
    coordinates: Position


class LineString(BaseModel):
    """A way."""

    type: Literal["LineString"] = "LineString"
    coordinates: list[Position]


class Feature(BaseModel):
    """A place or way with its attributes."""

    type: Literal["Feature"] = "Feature"
    geometry: Point | LineString
    properties: dict[str, Property]


class FeatureCollection(BaseModel):
    """All features of one plan."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[Feature]


def build_features(plan: Plan) -> FeatureCollection:
    """The site first, then each option in the order of its rank."""
    application = plan.application
    site = Feature(
        geometry=Point(coordinates=(application.lon, application.lat)),
        properties={
            "feature": "site",
            "reference": application.reference,
            "demand_kva": application.demand_kva,
            "feasible": plan.feasible,
        },
    )
    return FeatureCollection(features=[site, *chain.from_iterable(map(_features, plan.options))])


def _features(option: Option) -> Iterator[Feature]:
    point = option.access_point
    shared: dict[str, Property] = {"rank": option.rank, "feasible": option.feasible}
    yield Feature(
        geometry=Point(coordinates=(point.lon, point.lat)),
        properties={
            **shared,
            "feature": "access_point",
            "kind": point.kind,
            "element_id": point.element_id,
            "name": point.name,
            "total_cost": option.cost.total,
            "currency": option.cost.currency,
        },
    )
    for segment in option.route.segments:
        if len(segment.coordinates) >= 2:
            yield Feature(
                geometry=LineString(coordinates=list(segment.coordinates)),
                properties={
                    **shared,
                    "feature": "route",
                    "length_m": segment.length_m,
                    "corridor": segment.corridor,
                    "surface": segment.surface,
                    "laying": segment.laying,
                    "cost": segment.cost,
                },
            )
