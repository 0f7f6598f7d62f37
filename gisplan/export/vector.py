"""Options of a plan as GIS files and tables, by the ending of the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import shapely
from geopandas import GeoDataFrame

from gisplan.errors import InputError
from gisplan.export.csv_table import write_rows
from gisplan.export.feature import Value
from gisplan.export.plan_document import (
    plan_to_geojson,
    route_lines,
    sources_of,
    summarise,
)
from gisplan.export.written import written_whole
from gisplan.model.option import Option, Plan, RouteSegment

Row = tuple[Option, dict[str, Value]]
"""An option and the columns that it has beyond the others."""

_LON_LAT = "EPSG:4326"
_GEOMETRY_TYPES = {
    "site": "Point",
    "access_point": "Point",
    "route": "MultiLineString",
    "route_segment": "LineString",
    "source_access_point": "Point",
    "source_route": "MultiLineString",
    "source_segment": "LineString",
}

VECTOR_ENDINGS = (".gpkg", ".geojson", ".fgb", ".csv")


def write_plan(plan: Plan, path: Path) -> None:
    """Write the options of a plan; the ending says how.

    ``.gpkg`` holds the layers site, access_point, route (one row an option) and route_segment, and
    where several sources are needed source_access_point, source_route and source_segment;
    ``.geojson`` site, access points and routes in one collection; ``.fgb`` the routes; ``.csv``
    the table of options with the access point's lon and lat and the route as WKT. A source that
    belongs to a set says in ``supplied_by`` what it hangs on.

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
            _write_layer(_routes(_all_rows(plan)), partial, "route", "FlatGeobuf")
        else:
            _write_geopackage(plan, partial)


def _write_geopackage(plan: Plan, path: Path) -> None:
    """Write all there is to draw, one layer a kind."""
    _write_layer(_site(plan), path, "site", "GPKG")
    options: list[Row] = [(option, {}) for option in plan.options]
    _write_layer(_access_points(options), path, "access_point", "GPKG")
    _write_layer(_routes(options), path, "route", "GPKG")
    _write_layer(_segments(options), path, "route_segment", "GPKG")
    sources = _source_rows(plan)
    if sources:
        _write_layer(_access_points(sources), path, "source_access_point", "GPKG")
        _write_layer(_routes(sources), path, "source_route", "GPKG")
        _write_layer(_segments(sources), path, "source_segment", "GPKG")


def _source_rows(plan: Plan) -> list[Row]:
    """Return the sources that belong together, each with what supplies it."""
    return [(option, {"supplied_by": source}) for option, source in sources_of(plan)]


def _all_rows(plan: Plan) -> list[Row]:
    """Return options and sources for one table; where one source is enough it is that of options.

    An option of its own has an empty ``supplied_by``.
    """
    sources = _source_rows(plan)
    own: dict[str, Value] = {"supplied_by": None} if sources else {}
    return [*((option, own) for option in plan.options), *sources]


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


def _access_points(options: Sequence[Row]) -> GeoDataFrame:
    places = [option.access_point for option, _ in options]
    return _frame(
        [summarise(option) | own for option, own in options],
        [shapely.Point(place.lon, place.lat) for place in places],
    )


def _routes(options: Sequence[Row]) -> GeoDataFrame:
    return _frame(
        [summarise(option) | own for option, own in options],
        [_multi_line(option) for option, _ in options],
    )


def _segments(options: Sequence[Row]) -> GeoDataFrame:
    """Stretches of all routes in the order from site to access point."""
    rows: list[Mapping[str, Value]] = []
    lines = []
    for option, own in options:
        for number, segment in enumerate(option.route.segments, start=1):
            row: dict[str, Value] = {
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
            rows.append(row | ({"is_shared": segment.is_shared} | own if own else {}))
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
        | own
        | {
            "lon": option.access_point.lon,
            "lat": option.access_point.lat,
            "route_wkt": shapely.to_wkt(_multi_line(option), rounding_precision=8),
        }
        for option, own in _all_rows(plan)
    ]
    write_rows(path, list(rows[0]) if rows else ["rank"], rows)
