"""Parcels from outside: one ring of corners in lon/lat, repaired where its meaning is plain."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.errors import MappingError, SourceError
from gisplan.ingest.crs import LONLAT, transform_geometry
from gisplan.ingest.vector_file import read_vector_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Ring = tuple[tuple[float, float], ...]

CORNERS_MIN, CORNERS_MAX = 3, 1000
SPAN_MAX_DEG = 0.2  # some twenty kilometres: no parcel is that large
DUST_SHARE = 0.01  # what a repair may leave out
DECIMALS = 7
FILE_BYTES_MAX = 64 * 1024 * 1024


def check_parcel(corners: Sequence[Sequence[float]]) -> Ring:
    """Return the closed outer ring of a parcel given by its corners as lon/lat.

    A ring with a spike or a doubled corner is repaired; one that crosses itself so that it could
    mean several areas is not.

    Raises
    ------
    ValueError
        Naming what is wrong, and where.
    """
    if not CORNERS_MIN <= len(corners) <= CORNERS_MAX:
        raise ValueError(
            f"parcel has {len(corners)} corners; expected {CORNERS_MIN} to {CORNERS_MAX}"
        )
    for corner in corners:
        if len(corner) < 2 or not _is_place(float(corner[0]), float(corner[1])):
            raise ValueError(f"parcel has the corner {list(corner)[:3]}; expected lon, lat")
    area = shapely.Polygon([(float(corner[0]), float(corner[1])) for corner in corners])
    west, south, east, north = area.bounds
    if max(east - west, north - south) > SPAN_MAX_DEG:
        raise ValueError(
            f"parcel spans {east - west:.3f} by {north - south:.3f} degrees; expected at most "
            f"{SPAN_MAX_DEG:g}"
        )
    ring = np.round(shapely.get_coordinates(_repaired(area).exterior), DECIMALS)
    return tuple((float(lon), float(lat)) for lon, lat in ring)


def check_geometry(area: shapely.Geometry | None) -> Ring:
    """Return the outer ring of a geometry in lon/lat that should be one area.

    Raises
    ------
    ValueError
        If it is none, or several.
    """
    if isinstance(area, shapely.MultiPolygon) and len(area.geoms) == 1:
        area = area.geoms[0]
    if not isinstance(area, shapely.Polygon) or area.is_empty:
        kind = "nothing" if area is None else type(area).__name__
        raise ValueError(f"parcel is a {kind}; expected one Polygon")
    return check_parcel(list(area.exterior.coords))


def parse_parcel(text: str) -> Ring:
    """Return the ring of a parcel given as WKT or GeoJSON text, in lon/lat.

    Raises
    ------
    ValueError
        If it is neither, or no parcel.
    """
    try:
        is_json = text.lstrip().startswith("{")
        area = shapely.from_geojson(text) if is_json else shapely.from_wkt(text)
    except (shapely.errors.GEOSException, TypeError) as error:
        raise ValueError(f"parcel is {text[:60]!r}; expected WKT or GeoJSON: {error}") from error
    return check_geometry(area)


def read_parcel(path: Path) -> Ring:
    """Read a file that holds one parcel, in whatever CRS it states.

    Raises
    ------
    SourceError
        If it cannot be read, or holds anything but one area.
    """
    if not path.is_file():
        raise SourceError(f"parcel {path} does not exist; give a file with one Polygon")
    if path.stat().st_size > FILE_BYTES_MAX:
        raise SourceError(f"parcel {path} is larger than {FILE_BYTES_MAX // 2**20} MiB")
    try:
        shapes = _bare_geometry(path)
        shapes = _features(path) if shapes is None else shapes
        if len(shapes) != 1:
            found = "more than one feature" if len(shapes) else "nothing"
            raise SourceError(f"parcel {path} holds {found}; expected one Polygon")
        return check_geometry(shapes[0])
    except (ValueError, MappingError, shapely.errors.GEOSException) as error:
        raise SourceError(f"{path}: {error}") from error


def inner_place(ring: Ring) -> tuple[float, float]:
    """Return a place on a parcel, as (lon, lat)."""
    place = shapely.point_on_surface(shapely.Polygon(ring))
    return round(place.x, DECIMALS), round(place.y, DECIMALS)


def _bare_geometry(path: Path) -> np.ndarray | None:
    """Return the geometry of a GeoJSON file that is one geometry without a feature around it."""
    if path.suffix.lower() not in {".geojson", ".json"}:
        return None
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"no GeoJSON: {error}") from error
    if not isinstance(document, dict) or "coordinates" not in document:
        return None
    return np.array([shapely.from_geojson(json.dumps(document))], dtype=object)


def _features(path: Path) -> np.ndarray:
    """Return the shapes of a file, at most two: one is expected."""
    source = read_vector_file(path, expected="one Polygon", features_max=2)
    moved, _ = transform_geometry(
        np.asarray(shapely.force_2d(source.shape), dtype=object),
        crs=source.crs,
        working=LONLAT,
        layer=path.name,
    )
    return moved


def _repaired(area: shapely.Polygon) -> shapely.Polygon:
    """Return a valid area of the same meaning."""
    if area.is_valid and area.area > 0:
        return area
    parts = [
        part
        for part in shapely.get_parts(shapely.get_parts(shapely.make_valid(area)))
        if isinstance(part, shapely.Polygon)
    ]
    parts.sort(key=lambda part: -part.area)
    total = sum(part.area for part in parts)
    if not parts or total <= 0:
        raise ValueError("parcel has no area; expected corners that go around one")
    if total - parts[0].area > DUST_SHARE * total:
        raise ValueError(
            f"parcel crosses itself ({shapely.is_valid_reason(area)}); its corners should go "
            "around it in order"
        )
    return shapely.Polygon(parts[0].exterior)


def _is_place(lon: float, lat: float) -> bool:
    return math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90
