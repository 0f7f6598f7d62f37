"""Applications planned together as JSON, GeoJSON or GeoPackage, by the ending of the file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import shapely
from geopandas import GeoDataFrame
from pydantic import TypeAdapter

from gisplan.errors import InputError
from gisplan.export.written import written_whole
from gisplan.model.shared_trench import SharedTrenchAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gisplan.export.feature import Feature, Value

SHARED_TRENCH_ENDINGS = (".json", ".geojson", ".gpkg")
_ANSWER = TypeAdapter(SharedTrenchAnswer)
_LON_LAT = "EPSG:4326"
_Rows = list[tuple[dict[str, "Value"], shapely.Geometry]]
_GEOMETRY_TYPES = {"site": "Point", "access_point": "Point", "trench": "LineString"}


def shared_trenches_to_json(answer: SharedTrenchAnswer) -> str:
    """Return the canonical JSON of an answer: fields in the order of the model, no NaN."""
    return json.dumps(_ANSWER.dump_python(answer, mode="json"), ensure_ascii=False, allow_nan=False)


def check_shared_trench_ending(path: Path) -> None:
    """Refuse a file of an ending that no export has.

    Raises
    ------
    InputError
        Naming the endings that there are.
    """
    if path.suffix.lower() not in SHARED_TRENCH_ENDINGS:
        raise InputError(
            f"{path.name}: no export of shared trenches has this ending; expected one of .html, "
            f"{', '.join(SHARED_TRENCH_ENDINGS)}"
        )


def write_shared_trenches(answer: SharedTrenchAnswer, path: Path) -> None:
    """Write sites, access points and trenches, each with the number of its cables, in lon/lat.

    Raises
    ------
    InputError
        If the ending is none of these.
    """
    check_shared_trench_ending(path)
    with written_whole(path) as partial:
        if path.suffix.lower() == ".gpkg":
            _write_layers(answer, partial)
        elif path.suffix.lower() == ".geojson":
            partial.write_text(_geojson(answer), encoding="utf-8")
        else:
            partial.write_text(shared_trenches_to_json(answer), encoding="utf-8")


def _layers(answer: SharedTrenchAnswer) -> dict[str, _Rows]:
    return {"site": _sites(answer), "access_point": _access(answer), "trench": _trenches(answer)}


def _sites(answer: SharedTrenchAnswer) -> _Rows:
    return [
        (
            {
                "reference": one.reference,
                "demand_kva": one.demand_kva,
                "element_id": one.option.access_point.element_id if one.option else None,
                "route_length_m": one.option.route.length_m if one.option else None,
                "shared_length_m": one.shared_length_m,
                "shared_with": ", ".join(one.shared_with),
                "cost": one.cost,
                "alone_cost": one.alone_cost,
                "currency": answer.currency,
                "reason": one.reason,
            },
            shapely.Point(one.site),
        )
        for one in answer.connections
    ]


def _access(answer: SharedTrenchAnswer) -> _Rows:
    return [
        (
            {
                "reference": one.reference,
                "element_id": one.option.access_point.element_id,
                "element_name": one.option.access_point.name,
                "access_kind": one.option.access_point.kind.value,
            },
            shapely.Point(one.option.access_point.lon, one.option.access_point.lat),
        )
        for one in answer.connections
        if one.option is not None
    ]


def _trenches(answer: SharedTrenchAnswer) -> _Rows:
    return [
        (
            {
                "cables": len(one.references),
                "references": ", ".join(one.references),
                "length_m": one.length_m,
                "corridor": one.corridor,
                "surface": one.surface,
                "laying": one.laying,
                "cost": one.cost,
                "saved": one.saved,
                "currency": answer.currency,
            },
            shapely.LineString(one.coordinates),
        )
        for one in answer.trenches
        if len(one.coordinates) > 1
    ]


def _geojson(answer: SharedTrenchAnswer) -> str:
    features: list[Feature] = [
        {
            "type": "Feature",
            "geometry": json.loads(shapely.to_geojson(shape)),
            "properties": {"role": role, **row},
        }
        for role, rows in _layers(answer).items()
        for row, shape in rows
    ]
    collection = {"type": "FeatureCollection", "features": features}
    return json.dumps(collection, ensure_ascii=False, allow_nan=False)


def _write_layers(answer: SharedTrenchAnswer, path: Path) -> None:
    for layer, rows in _layers(answer).items():
        if rows:
            _write_layer(path, layer, [row for row, _ in rows], [shape for _, shape in rows])


def _write_layer(
    path: Path, layer: str, rows: list[dict[str, Value]], shapes: Sequence[shapely.Geometry]
) -> None:
    frame = GeoDataFrame(rows, geometry=shapes, crs=_LON_LAT)
    kind = _GEOMETRY_TYPES[layer]
    frame.to_file(path, layer=layer, driver="GPKG", engine="pyogrio", geometry_type=kind)
