"""Options of a plan as GIS files and tables, by the ending of the file."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import shapely
from geopandas import GeoDataFrame

from gisplan.errors import InputError
from gisplan.export.feature import Value
from gisplan.export.plan_document import plan_to_geojson, route_lines, summarise
from gisplan.export.written import written_whole
from gisplan.model.option import Option, Plan, RouteSegment

_LON_LAT = "EPSG:4326"
_GEOMETRY_TYPES = {
    "site": "Point",
    "access_point": "Point",
    "route": "MultiLineString",
    "route_segment": "LineString",
}

VECTOR_ENDINGS = (".gpkg", ".geojson", ".fgb", ".csv")


def write_plan(plan: Plan, path: Path) -> None:
    """Write the options of a plan; the ending says how.

    ``.gpkg`` holds the layers site, access_point, route (one row an option) and route_segment;
    ``.geojson`` site, access points and routes in one collection; ``.fgb`` the routes; ``.csv``
    the table of options with the access point's lon and lat and the route as WKT.

    Raises
    ------
    InputError
        If the ending is none of these.
    """
    ending = path.suffix.lower()
    if ending not in VECTOR_ENDINGS:
        raise InputError(
            f"{path.name}: no export of a plan has this ending; "
            f"expected one of {', '.join(VECTOR_ENDINGS)}"
        )
    with written_whole(path) as partial:
        if ending == ".geojson":
            partial.write_bytes(plan_to_geojson(plan))
        elif ending == ".csv":
            _write_csv(plan, partial)
        elif ending == ".fgb":
            _write_layer(_routes(plan), partial, "route", "FlatGeobuf")
        else:
            _write_geopackage(plan, partial)


def _write_geopackage(plan: Plan, path: Path) -> None:
    """Write all there is to draw, one layer a kind."""
    _write_layer(_site(plan), path, "site", "GPKG")
    _write_layer(_access_points(plan), path, "access_point", "GPKG")
    _write_layer(_routes(plan), path, "route", "GPKG")
    _write_layer(_segments(plan), path, "route_segment", "GPKG")


def _write_layer(frame: GeoDataFrame, path: Path, layer: str, driver: str) -> None:
    # An option on an existing service has no route, and FlatGeobuf's index takes no empty geometry.
    options = {"SPATIAL_INDEX": "NO"} if driver == "FlatGeobuf" else {}
    frame.to_file(
        path,
        layer=layer,
        driver=driver,
        engine="pyogrio",
        geometry_type=_GEOMETRY_TYPES[layer],
        **options,
    )


def _site(plan: Plan) -> GeoDataFrame:
    application = plan.application
    row = {
        "reference": application.reference,
        "kind": application.kind.value,
        "demand_kva": application.demand_kva,
        "feasible": plan.feasible,
        "supply_voltage_v": plan.supply_voltage_v,
    }
    return _frame([row], [shapely.Point(application.lon, application.lat)])


def _access_points(plan: Plan) -> GeoDataFrame:
    places = [option.access_point for option in plan.options]
    return _frame(
        [summarise(option) for option in plan.options],
        [shapely.Point(place.lon, place.lat) for place in places],
    )


def _routes(plan: Plan) -> GeoDataFrame:
    return _frame(
        [summarise(option) for option in plan.options],
        [_multi_line(option) for option in plan.options],
    )


def _segments(plan: Plan) -> GeoDataFrame:
    """Stretches of all routes in the order from site to access point."""
    rows: list[Mapping[str, Value]] = []
    lines = []
    for option in plan.options:
        for number, segment in enumerate(option.route.segments, start=1):
            rows.append(
                {
                    "rank": option.rank,
                    "number": number,
                    "length_m": segment.length_m,
                    "corridor": segment.corridor,
                    "surface": segment.surface,
                    "laying": segment.laying,
                    "owner": segment.owner,
                    "crossings": len(segment.crossings),
                    "cost_civil": segment.civil_cost,
                    "cost_cable": segment.cable_cost,
                    "cost_crossings": segment.crossing_cost,
                    "cost": segment.cost,
                    "currency": option.cost.currency,
                }
            )
            lines.append(_line(segment))
    return _frame(rows, lines)


def _frame(rows: Sequence[Mapping[str, Value]], shapes: Sequence[shapely.Geometry]) -> GeoDataFrame:
    return GeoDataFrame(list(rows), geometry=list(shapes), crs=_LON_LAT)


def _line(segment: RouteSegment) -> shapely.LineString:
    has_length = len(segment.coordinates) > 1
    return shapely.LineString(segment.coordinates) if has_length else shapely.LineString()


def _multi_line(option: Option) -> shapely.MultiLineString:
    return shapely.MultiLineString(route_lines(option.route))


def _write_csv(plan: Plan, path: Path) -> None:
    """Write one row an option; unknown is empty."""
    rows = [
        summarise(option)
        | {
            "lon": option.access_point.lon,
            "lat": option.access_point.lat,
            "route_wkt": shapely.to_wkt(_multi_line(option), rounding_precision=8),
        }
        for option in plan.options
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]) if rows else ["rank"])
        writer.writeheader()
        writer.writerows(rows)
