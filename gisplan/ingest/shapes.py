"""Geometry checks before anything reaches the database, which would store nearly anything.

PostGIS keeps NaN, infinity and areas that cross themselves; here they become issues. All checks
work on whole arrays of shapely geometry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.ingest.faults import RowFault, build_faults
from gisplan.ingest.tables import Shape

if TYPE_CHECKING:
    from gisplan.ingest.crs import Bounds
    from gisplan.model.grid import Flags, Floats, Integers

VERTICES_MAX = 100_000
FAR_MIN_M = 50_000.0
FAR_TIMES_MEDIAN = 20.0
SINGLE = {Shape.POINT: "POINT", Shape.LINE: "LINESTRING", Shape.AREA: "POLYGON"}
MULTI = {Shape.POINT: "MULTIPOINT", Shape.LINE: "MULTILINESTRING", Shape.AREA: "MULTIPOLYGON"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedShapes:
    """Geometry that may be stored (``None`` where not), and what was found."""

    geometry: np.ndarray
    faults: list[RowFault]


def check_coordinates(geometry: np.ndarray, bounds: Bounds | None) -> CheckedShapes:
    """Check in the source's own CRS: presence, vertices, finiteness, the CRS's area."""
    missing = shapely.is_missing(geometry)
    empty = ~missing & shapely.is_empty(geometry)
    large = shapely.get_num_coordinates(geometry) > VERTICES_MAX
    box = shapely.bounds(geometry)
    infinite = ~missing & ~empty & ~find_finite(geometry)
    outside = ~(missing | empty | infinite) & _find_outside(box, bounds)
    faults = [
        *build_faults(
            "geometry_missing", _rows(missing), found="no geometry", expected="a geometry"
        ),
        *build_faults(
            "geometry_empty", _rows(empty), found="a geometry without vertices", expected="vertices"
        ),
        *build_faults(
            "geometry_not_finite",
            _rows(infinite),
            found="NaN or infinite coordinates",
            expected="finite numbers",
        ),
        *build_faults(
            "geometry_too_large",
            _rows(large),
            found=f"more than {VERTICES_MAX} vertices",
            expected=f"at most {VERTICES_MAX}",
        ),
        *_tell_outside(outside, box, bounds),
    ]
    return CheckedShapes(
        geometry=_blank(geometry, missing | empty | infinite | large | outside),
        faults=faults,
    )


def check_kind(geometry: np.ndarray, shape: Shape) -> CheckedShapes:
    """Check for the table's kind and for validity; multi-parts of one part become single ones."""
    single = _unwrap(geometry, shape)
    wrong = ~shapely.is_missing(single) & (shapely.get_type_id(single) != _type_id(SINGLE[shape]))
    invalid = ~shapely.is_missing(single) & ~wrong & ~_find_valid(single, shape)
    kinds = [str(item.geom_type) for item in single[wrong]]
    counts = shapely.get_num_geometries(single[wrong])
    faults = build_faults(
        "geometry_kind",
        _rows(wrong),
        found=[f"{kind} of {count} part(s)" for kind, count in zip(kinds, counts, strict=True)],
        expected=f"one {shape}",
    )
    faults += build_faults(
        "geometry_invalid",
        _rows(invalid),
        found=[str(shapely.is_valid_reason(item)) for item in single[invalid]]
        if shape is Shape.AREA
        else "a line without extent",
        expected="a valid geometry",
    )
    return CheckedShapes(geometry=_blank(single, wrong | invalid), faults=faults)


def flatten(geometry: np.ndarray) -> tuple[np.ndarray, int]:
    """Drop heights; also how many geometries had some."""
    raised = shapely.has_z(geometry) | shapely.has_m(geometry)
    return (shapely.force_2d(geometry), int(raised.sum())) if raised.any() else (geometry, 0)


def split_parts(geometry: np.ndarray, shape: Shape) -> tuple[np.ndarray, Integers, Integers]:
    """Parts of multi-part areas and corridors, the row each comes from, and its number (or -1)."""
    is_multi = shapely.get_type_id(geometry) == _type_id(MULTI[shape])
    several = is_multi & (shapely.get_num_geometries(geometry) > 1)
    if not several.any():
        count = len(geometry)
        return geometry, np.arange(count), np.full(count, -1)
    repeats = np.where(several, shapely.get_num_geometries(geometry), 1)
    row = np.repeat(np.arange(len(geometry)), repeats)
    part = np.arange(len(row)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    parts = geometry[row]
    chosen = several[row]
    parts[chosen] = shapely.get_geometry(parts[chosen], part[chosen])
    return parts, row, np.where(chosen, part, -1)


def find_far_away(places_m: Floats) -> tuple[Flags, Floats]:
    """Places that lie far from where the grid lies, and the distance of each to its middle.

    Far is more than 50 km and more than 20 times the median distance.
    """
    known = np.isfinite(places_m).all(axis=1)
    distance_m = np.full(len(places_m), np.nan)
    if not known.any():
        return np.zeros(len(places_m), bool), distance_m
    middle = np.median(places_m[known], axis=0)
    distance_m[known] = np.hypot(*(places_m[known] - middle).T)
    limit_m = max(FAR_MIN_M, FAR_TIMES_MEDIAN * float(np.median(distance_m[known])))
    return known & (np.nan_to_num(distance_m) > limit_m), distance_m


def _unwrap(geometry: np.ndarray, shape: Shape) -> np.ndarray:
    is_multi = shapely.get_type_id(geometry) == _type_id(MULTI[shape])
    alone = is_multi & (shapely.get_num_geometries(geometry) == 1)
    if shape is Shape.LINE:  # several parts that continue one another are one line
        several = is_multi & ~alone
        geometry = geometry.copy()
        geometry[several] = shapely.line_merge(geometry[several])
    return np.where(alone, shapely.get_geometry(geometry, 0), geometry)


def _find_valid(geometry: np.ndarray, shape: Shape) -> Flags:
    if shape is Shape.LINE:
        return np.asarray(shapely.length(geometry) > 0)
    return np.asarray(shapely.is_valid(geometry))


def find_finite(geometry: np.ndarray) -> Flags:
    """Tell which shapes have finite coordinates only; bounds would pass over NaN."""
    coordinates, row = shapely.get_coordinates(geometry, return_index=True)
    finite = np.ones(len(geometry), dtype=bool)
    finite[row[~np.isfinite(coordinates).all(axis=1)]] = False
    return finite


def _find_outside(box: Floats, bounds: Bounds | None) -> Flags:
    if bounds is None:
        return np.zeros(len(box), dtype=bool)
    west, south, east, north = box.T
    return np.asarray(
        (west < bounds.west)
        | (south < bounds.south)
        | (east > bounds.east)
        | (north > bounds.north)
    )


def _tell_outside(outside: Flags, box: Floats, bounds: Bounds | None) -> list[RowFault]:
    if bounds is None:
        return []
    return build_faults(
        "geometry_outside_crs",
        _rows(outside),
        found=[f"coordinates near {x:.6g}, {y:.6g}" for x, y in box[outside, :2]],
        expected=(
            f"x in {bounds.west:.6g} .. {bounds.east:.6g}, y in {bounds.south:.6g} .."
            f" {bounds.north:.6g}; is the CRS right?"
        ),
    )


def _blank(geometry: np.ndarray, rows: Flags) -> np.ndarray:
    kept = geometry.copy()
    kept[rows] = None
    return kept


def _rows(mask: Flags) -> Integers:
    return np.flatnonzero(mask)


def _type_id(name: str) -> int:
    return int(shapely.GeometryType[name])
