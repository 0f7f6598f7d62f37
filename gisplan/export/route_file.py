"""Routes as JSON, GeoJSON, GeoPackage or DXF, by the ending of the file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import shapely
from geopandas import GeoDataFrame
from pydantic import TypeAdapter

from gisplan.errors import InputError
from gisplan.export.dxf import DrawnLine, DrawnPoint, write_dxf
from gisplan.export.plan_document import route_lines
from gisplan.export.written import written_whole
from gisplan.model.projection import Projection
from gisplan.model.route_answer import RouteAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gisplan.export.feature import Feature, Value
    from gisplan.model.option import LonLat, Route, RouteSegment
    from gisplan.model.route_answer import ProposedRoute

ROUTE_ENDINGS = (".json", ".geojson", ".gpkg", ".dxf")
_ANSWER = TypeAdapter(RouteAnswer)
_LON_LAT = "EPSG:4326"


def routes_to_json(answer: RouteAnswer) -> str:
    """Canonical JSON of an answer: fields in the order of the model, no NaN."""
    return json.dumps(_ANSWER.dump_python(answer, mode="json"), ensure_ascii=False, allow_nan=False)


def check_route_ending(path: Path) -> None:
    """Refuse a file of an ending that no export has.

    Raises
    ------
    InputError
        Naming the endings that there are.
    """
    if path.suffix.lower() not in ROUTE_ENDINGS:
        raise InputError(
            f"{path.name}: no export of routes has this ending; expected one of .html, "
            f"{', '.join(ROUTE_ENDINGS)}"
        )


def write_routes(answer: RouteAnswer, path: Path, *, working_srid: int) -> None:
    """Write routes; GeoJSON and GeoPackage in lon/lat, DXF in metres of the working CRS.

    Raises
    ------
    InputError
        If the ending is none of these.
    """
    check_route_ending(path)
    ending = path.suffix.lower()
    if ending == ".dxf":
        write_dxf(path, *_drawing(answer, working_srid), srid=working_srid)
        return
    with written_whole(path) as partial:
        if ending == ".gpkg":
            _write_layers(answer, partial)
        elif ending == ".geojson":
            partial.write_text(_geojson(answer), encoding="utf-8")
        else:
            partial.write_text(routes_to_json(answer), encoding="utf-8")


def pole_places(route: Route) -> tuple[LonLat, ...]:
    """Return where the poles of overhead spans stand, each once, in the order of the way."""
    spans = [one for one in route.segments if one.laying == "overhead_span"]
    return tuple(dict.fromkeys(place for span in spans for place in span.coordinates))


def _figures(route: ProposedRoute) -> dict[str, Value]:
    point = route.access_point
    return {
        "rank": route.rank,
        "access_kind": point.kind.value if point else None,
        "element_id": point.element_id if point else None,
        "element_name": point.name if point else None,
        "source_group": route.source_group or None,
        "route_length_m": route.route.length_m,
        "straight_line_m": route.route.straight_line_m,
        "shared_length_m": route.shared_length_m,
        "conductor": route.conductor.conductor_id,
        "cost_total": route.cost.total,
        "currency": route.cost.currency,
    }


def _geojson(answer: RouteAnswer) -> str:
    features: list[Feature] = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": answer.site},
            "properties": {"role": "site", "demand_kva": answer.demand_kva},
        }
    ]
    for route in answer.routes:
        lines = route_lines(route.route)
        properties = {"role": "route", **_figures(route)}
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "MultiLineString", "coordinates": lines},
                "properties": properties,
            }
        )
    collection = {"type": "FeatureCollection", "features": features}
    return json.dumps(collection, ensure_ascii=False, allow_nan=False)


def _write_layers(answer: RouteAnswer, path: Path) -> None:
    routes = [_figures(route) for route in answer.routes]
    whole = [shapely.MultiLineString(route_lines(route.route)) for route in answer.routes]
    _write_layer(path, "route", routes, whole, "MultiLineString")
    pairs = [
        (route, segment)
        for route in answer.routes
        for segment in route.route.segments
        if len(segment.coordinates) > 1
    ]
    _write_layer(
        path,
        "route_segment",
        [_segment_figures(route, segment) for route, segment in pairs],
        [shapely.LineString(segment.coordinates) for _, segment in pairs],
        "LineString",
    )


def _segment_figures(route: ProposedRoute, segment: RouteSegment) -> dict[str, Value]:
    return {
        "rank": route.rank,
        "length_m": segment.length_m,
        "corridor": segment.corridor,
        "surface": segment.surface,
        "laying": segment.laying,
        "owner": segment.owner,
        "crossings": len(segment.crossings),
        "cost": segment.cost,
        "currency": route.cost.currency,
    }


def _write_layer(
    path: Path,
    layer: str,
    rows: list[dict[str, Value]],
    shapes: Sequence[shapely.Geometry],
    geometry_type: str,
) -> None:
    frame = GeoDataFrame(rows, geometry=shapes, crs=_LON_LAT)
    frame.to_file(path, layer=layer, driver="GPKG", engine="pyogrio", geometry_type=geometry_type)


def _drawing(
    answer: RouteAnswer, srid: int
) -> tuple[tuple[DrawnLine, ...], tuple[DrawnPoint, ...]]:
    projection = Projection(srid=srid)
    lines = tuple(
        DrawnLine(
            layer=f"ROUTE_{route.rank}",
            xy_m=np.array([projection.to_metres(lon, lat) for lon, lat in line]),
        )
        for route in answer.routes
        for line in route_lines(route.route)
    )
    site_x_m, site_y_m = projection.to_metres(*answer.site)
    points = [DrawnPoint(layer="SITE", x_m=site_x_m, y_m=site_y_m, text="site")]
    for route in answer.routes:
        for number, (lon, lat) in enumerate(pole_places(route.route), start=1):
            x_m, y_m = projection.to_metres(lon, lat)
            points.append(DrawnPoint(layer="POLE", x_m=x_m, y_m=y_m, text=f"pole {number}"))
        if (point := route.access_point) is not None:
            x_m, y_m = projection.to_metres(point.lon, point.lat)
            points.append(DrawnPoint(layer="ACCESS_POINT", x_m=x_m, y_m=y_m, text=point.element_id))
    return lines, tuple(points)
