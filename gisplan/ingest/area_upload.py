"""Polygons that somebody sends: GeoJSON, a GeoPackage or a FlatGeobuf, told by their first bytes.

What is sent is read by nothing that follows references: GeoJSON is parsed here, and only a file
that begins as a GeoPackage or FlatGeobuf does is given to GDAL, which would open others by content.

References
----------
H. Butler et al., The GeoJSON Format, RFC 7946, 2016; that of 2008 had the member ``crs``.
"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NoReturn

import numpy as np
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from gisplan.errors import InputError, SourceError
from gisplan.ingest.areas import NAME_COLUMNS, areas_of, read_areas

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gisplan.density.cells import Cells

UPLOAD_BYTES_MAX = 16 << 20
UPLOAD_NAME = "the polygons sent"
EXPECTED = "expected a GeoJSON FeatureCollection, a GeoPackage or a FlatGeobuf"
_SQLITE, _FLATGEOBUF = b"SQLite format 3\x00", b"fgb\x03"
_GEOPACKAGES, _APPLICATION_AT = (b"GPKG", b"GP10", b"GP11"), 68
_LON_LAT = "OGC:CRS84"


def read_area_upload(content: bytes, *, srid: int) -> Cells:
    """Return polygons that were sent, named by name or id, else by number, in the working CRS.

    Raises
    ------
    InputError
        If they are too large or nested too deeply, of an unknown form or CRS, no polygons, broken,
        or outside the area of the working CRS.
    """
    if len(content) > UPLOAD_BYTES_MAX:
        raise InputError(
            f"{UPLOAD_NAME} are {len(content):,} bytes, at most {UPLOAD_BYTES_MAX:,} are read: "
            "simplify them"
        )
    if content.startswith(_FLATGEOBUF):
        return _read_file(content, ".fgb", srid)
    if not content.startswith(_SQLITE):
        return _read_geojson(content, srid)
    if not content.startswith(_GEOPACKAGES, _APPLICATION_AT):
        raise InputError(f"{UPLOAD_NAME} are a database that is no GeoPackage; {EXPECTED}")
    return _read_file(content, ".gpkg", srid)


def _read_file(content: bytes, ending: str, srid: int) -> Cells:
    with TemporaryDirectory(prefix="gisplan-areas-") as folder:
        path = Path(folder) / f"areas{ending}"
        path.write_bytes(content)
        try:
            return read_areas(path, srid=srid)
        except SourceError as error:  # it names the file, which nobody outside knows
            raise InputError(str(error).replace(str(path), UPLOAD_NAME)) from error


def _read_geojson(content: bytes, srid: int) -> Cells:
    document = _parsed(content)
    features = document.get("features")
    if document.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise InputError(f"{UPLOAD_NAME} are {document.get('type')!s:.40}; {EXPECTED}")
    for row, feature in enumerate(features, start=1):
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            raise InputError(f"{UPLOAD_NAME}, feature {row} is no Feature; {EXPECTED}")
    return areas_of(
        _shapes(features),
        crs=_crs(document.get("crs")),
        columns=_columns(features),
        srid=srid,
        what=UPLOAD_NAME,
    )


def _parsed(content: bytes) -> Mapping[str, object]:
    """Return a JSON object; a number that JSON does not know is refused."""
    try:
        document = json.loads(content, parse_constant=_refuse_number)
    except RecursionError as error:
        raise InputError(f"{UPLOAD_NAME} are nested too deeply; {EXPECTED}") from error
    except ValueError as error:  # no JSON, no UTF-8
        raise InputError(f"{UPLOAD_NAME} cannot be read ({error!s:.100}); {EXPECTED}") from error
    if not isinstance(document, dict):
        raise InputError(f"{UPLOAD_NAME} are no JSON object; {EXPECTED}")
    return document


def _refuse_number(text: str) -> NoReturn:
    raise InputError(f"{UPLOAD_NAME} hold the number {text}; expected finite coordinates")


def _shapes(features: Sequence[Mapping[str, object]]) -> np.ndarray:
    """Return a shape a feature, nothing where there is none that can be read."""
    texts = [json.dumps(one.get("geometry")) for one in features]
    read = [None if text == "null" else text for text in texts]
    shapes = shapely.from_geojson(np.array(read, dtype=np.object_), on_invalid="ignore")
    return np.asarray(shapes, dtype=np.object_).reshape(-1)


def _columns(features: Sequence[Mapping[str, object]]) -> dict[str, list[object]]:
    """Return the properties that may name a feature, those of the features themselves last."""
    properties = [one.get("properties") for one in features]
    rows = [
        {key.lower(): value for key, value in one.items()} if isinstance(one, dict) else {}
        for one in properties
    ]
    columns = {
        name: [row.get(name) for row in rows]
        for name in NAME_COLUMNS
        if any(name in row for row in rows)
    }
    if any("id" in one for one in features):
        columns.setdefault("id", [one.get("id") for one in features])
    return columns


def _crs(stated: object) -> CRS:
    """Return the CRS that a document states, lon/lat where it states none."""
    name: object = _LON_LAT
    if stated is not None:
        properties = stated.get("properties") if isinstance(stated, dict) else None
        name = properties.get("name") if isinstance(properties, dict) else None
    try:
        if not isinstance(name, str):
            raise CRSError("no name")
        return CRS.from_user_input(name)
    except CRSError as error:
        raise InputError(
            f"{UPLOAD_NAME} state the CRS {str(name)[:60]!r}, which is not known; expected its "
            "name, as urn:ogc:def:crs:EPSG::25832, or none for lon/lat"
        ) from error
