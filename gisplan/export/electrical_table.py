"""Tables of buses, lines and transformers as files and as JSON, by the ending of the file."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from geopandas import GeoDataFrame
from pyproj import Transformer

from gisplan.errors import InputError
from gisplan.export.csv_table import write_rows
from gisplan.export.feature import Value
from gisplan.export.written import written_whole
from gisplan.model.projection import LON_LAT_SRID

TABLE_ENDINGS = (".csv", ".json", ".gpkg", ".geojson")
KIND = "element_kind"
LINE_KINDS = frozenset({"line", "corridor"})
AREA_TYPES = {"building": "Polygon", "supply_area": "MultiPolygon"}

Column = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementTable:
    """Elements of one kind: a column a fact, a row an element.

    Columns are floats (NaN where unknown), integers, texts or flags. ``shape`` holds points or
    lines in metres of the CRS ``srid``.
    """

    element_kind: str
    columns: Mapping[str, Column]
    shape: npt.NDArray[np.object_]
    srid: int

    def __len__(self) -> int:
        return len(self.shape)

    def rows(self) -> Iterator[dict[str, Value]]:
        """Yield each row by its column names, unknown as ``None``."""
        names = list(self.columns)
        for values in zip(*(self.columns[name].tolist() for name in names), strict=True):
            yield {name: _known(value) for name, value in zip(names, values, strict=True)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectricalAnswer:
    """What was asked and of which grid, what a reader must know, and the tables."""

    facts: Mapping[str, Value]
    notes: tuple[str, ...]
    tables: tuple[ElementTable, ...]

    def as_json(self) -> str:
        """Return one JSON object; every table is a list under the kind of its elements."""
        tables = {table.element_kind: list(table.rows()) for table in self.tables}
        document = {**self.facts, "notes": list(self.notes), **tables}
        return json.dumps(document, ensure_ascii=False, allow_nan=False)


def check_table_ending(path: Path) -> None:
    """Refuse a file whose ending names no export of a table, before anything is computed.

    Raises
    ------
    InputError
        If the ending is none of ``TABLE_ENDINGS``.
    """
    if path.suffix.lower() not in TABLE_ENDINGS:
        raise InputError(
            f"{path.name}: no export of a table has this ending; "
            f"expected one of {', '.join(TABLE_ENDINGS)}"
        )


def write_answer(answer: ElectricalAnswer, path: Path) -> None:
    """Write the tables of an answer; the ending says how.

    ``.csv`` and ``.geojson`` hold all elements with their kind, ``.gpkg`` a layer a kind, ``.json``
    the whole answer. Places are lon/lat (EPSG:4326); a CSV has them for points and areas only.

    Raises
    ------
    InputError
        If the ending is none of these, or the file cannot be written.
    """
    check_table_ending(path)
    ending = path.suffix.lower()
    with written_whole(path) as partial:
        if ending == ".json":
            partial.write_text(answer.as_json(), encoding="utf-8")
        elif ending == ".csv":
            _write_csv(answer, partial)
        elif ending == ".geojson":
            _write_geojson(answer, partial)
        else:
            for table in answer.tables:
                _write_layer(table, partial)


def _known(value: Value) -> Value:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def lon_lat_shapes(table: ElementTable) -> npt.NDArray[np.object_]:
    """Return the shapes of a table in EPSG:4326."""
    change = Transformer.from_crs(table.srid, LON_LAT_SRID, always_xy=True)

    def project(xy_m: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.column_stack(change.transform(xy_m[:, 0], xy_m[:, 1])).round(7)

    shapes: npt.NDArray[np.object_] = shapely.transform(table.shape, project)
    return shapes


def _write_csv(answer: ElectricalAnswer, path: Path) -> None:
    """Write all elements under the columns of all kinds; unknown is empty."""
    names = list(dict.fromkeys(name for table in answer.tables for name in table.columns))
    rows = (row for table in answer.tables for row in _placed_rows(table))
    write_rows(path, [KIND, *names, "lon", "lat"], rows)


def _placed_rows(table: ElementTable) -> Iterator[dict[str, Value]]:
    """Yield rows with their kind, and the place of points and of somewhere inside areas."""
    shapes = lon_lat_shapes(table)
    if table.element_kind in AREA_TYPES:
        shapes = shapely.point_on_surface(shapes)
    for row, shape in zip(table.rows(), shapes, strict=True):
        is_placed = isinstance(shape, shapely.Point) and not shape.is_empty
        place = {"lon": shape.x, "lat": shape.y} if is_placed else {}
        yield {KIND: table.element_kind, **row, **place}


def _write_geojson(answer: ElectricalAnswer, path: Path) -> None:
    features = [
        {
            "type": "Feature",
            "geometry": json.loads(shapely.to_geojson(shape)),
            "properties": {KIND: table.element_kind, **row},
        }
        for table in answer.tables
        for row, shape in zip(table.rows(), lon_lat_shapes(table), strict=True)
    ]
    collection = {"type": "FeatureCollection", "features": features}
    path.write_text(json.dumps(collection, ensure_ascii=False, allow_nan=False), encoding="utf-8")


def _write_layer(table: ElementTable, path: Path) -> None:
    geometry_type = "LineString" if table.element_kind in LINE_KINDS else "Point"
    geometry_type = AREA_TYPES.get(table.element_kind, geometry_type)
    frame = GeoDataFrame(dict(table.columns), geometry=lon_lat_shapes(table), crs=LON_LAT_SRID)
    frame.to_file(
        path,
        layer=table.element_kind,
        driver="GPKG",
        engine="pyogrio",
        geometry_type=geometry_type,
    )
