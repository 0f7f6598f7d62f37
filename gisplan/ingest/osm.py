"""Corridors, obstacles and barriers of a region from OpenStreetMap.

``osm.csv`` says what becomes of which tag. What lies in the window around the grid is brought into
its working CRS and cut at the window's edge. Where a bridge crosses a water, or a way leads through
a house, the obstacle is opened; what is crossed there stays a barrier with its own price.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import CRS, Transformer

from gisplan.errors import SourceError
from gisplan.ingest.crs import LONLAT, Bounds, transform_geometry
from gisplan.ingest.osm_reader import OsmFeature, OsmStream
from gisplan.ingest.osm_shapes import clipped_areas, clipped_lines, opened_by, without_holes
from gisplan.ingest.osm_table import BARRIER, CORRIDOR, OBSTACLE, load_osm_table
from gisplan.ingest.table_builder import tell
from gisplan.ingest.table_check import GridTable
from gisplan.ingest.tables import TABLES, ColumnKind
from gisplan.model.grid import CorridorKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from gisplan.model.issue import Issue

ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0"
OSM_TARGETS = (CORRIDOR, OBSTACLE, BARRIER)
NAMES_SHOWN = 5
FILLED_KINDS = frozenset({"building"})  # nobody digs through a house into its yard


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOsm:
    """Tables of a source, ready to be staged; ``note`` says whose data they are."""

    tables: Mapping[str, GridTable]
    issues: tuple[Issue, ...]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """Features with their shapes, one part a row."""

    features: Sequence[OsmFeature]
    shape: np.ndarray

    def take(self, shape: np.ndarray, row: np.ndarray) -> _Placed:
        """Return other shapes of the features in these rows."""
        return _Placed(features=[self.features[one] for one in row.tolist()], shape=shape)


def read_osm(
    path: Path,
    *,
    targets: frozenset[str],
    working_srid: int,
    window: Bounds,
    told: Callable[[int], None],
) -> ReadOsm:
    """Read the targets (of ``OSM_TARGETS``) that lie in a window of the working CRS.

    Raises
    ------
    SourceError
        If the file cannot be read, or has no corridor there although corridors are wanted.
    """
    working = CRS.from_epsg(working_srid)
    needed = targets | ({CORRIDOR} if OBSTACLE in targets else set())  # bridges open waters
    stream = OsmStream(
        path=path,
        table=load_osm_table(),
        window=_lon_lat(window, working),
        targets=frozenset(needed),
        told=told,
    )
    box = shapely.box(window.west, window.south, window.east, window.north)
    read = _collect(stream)
    issues = _tell_losses(stream)
    placed: dict[str, _Placed] = {}
    for target in OSM_TARGETS:
        raw, told_issues = _place(read[target], working, path.name)
        placed[target] = _clip(raw, box, is_area=target == OBSTACLE)
        issues += told_issues if target in targets else []
    placed[OBSTACLE] = _open(placed[OBSTACLE], placed[CORRIDOR])
    tables = {one: _build(one, placed[one]) for one in OSM_TARGETS if one in targets}
    issues += _tell_nothing(path, stream, tables)
    note = f"{ATTRIBUTION} ({path.name}{_dated(stream.date)})"
    return ReadOsm(tables=tables, issues=tuple(issues), note=note)


def _lon_lat(window: Bounds, working: CRS) -> Bounds:
    west, south, east, north = Transformer.from_crs(
        working, LONLAT, always_xy=True
    ).transform_bounds(window.west, window.south, window.east, window.north)
    return Bounds(west=west, south=south, east=east, north=north)


def _collect(stream: OsmStream) -> dict[str, _Placed]:
    """Read all of a source, in lon/lat, by what it becomes."""
    features: list[OsmFeature] = []
    shapes = [np.zeros(0, dtype=object)]
    for batch in stream.batches():
        features += batch.features
        shapes.append(batch.shape)
    whole = _Placed(features=features, shape=np.concatenate(shapes))
    target = np.array([one.target for one in features], dtype=np.str_)
    rows = {one: np.flatnonzero(target == one) for one in OSM_TARGETS}
    return {one: whole.take(whole.shape[row], row) for one, row in rows.items()}


def _place(raw: _Placed, working: CRS, layer: str) -> tuple[_Placed, list[Issue]]:
    moved, issues = transform_geometry(raw.shape, crs=LONLAT, working=working, layer=layer)
    known = np.isfinite(shapely.bounds(moved).reshape(-1, 4)).all(axis=1)
    return raw.take(moved[known], np.flatnonzero(known)), issues


def _clip(placed: _Placed, box: shapely.Polygon, *, is_area: bool) -> _Placed:
    clipped = clipped_areas if is_area else clipped_lines
    return placed.take(*clipped(placed.shape, box))


def _open(obstacles: _Placed, corridors: _Placed) -> _Placed:
    """Open forbidden obstacles along the ways that lead through their kind; cut out their holes."""
    shape = obstacles.shape.copy()
    kinds = np.array([one.meaning.result for one in obstacles.features], dtype=np.str_)
    forbidden = np.array([math.isinf(one.meaning.cost_factor) for one in obstacles.features], bool)
    for kind in sorted({kind for one in corridors.features for kind in one.passes}):
        rows = np.flatnonzero((kinds == kind) & forbidden)
        leads = np.array([kind in one.passes for one in corridors.features], dtype=bool)
        shape[rows] = opened_by(shape[rows], corridors.shape[leads])
    filled = np.isin(kinds, sorted(FILLED_KINDS))
    return obstacles.take(*without_holes(shape, filled=filled))


def _build(target: str, placed: _Placed) -> GridTable:
    features = placed.features
    values: dict[str, list[Any]] = {f"{target}_id": _ids(features)}
    if target == CORRIDOR:
        values |= {
            "corridor_kind": [CorridorKind.STREET.name.lower()] * len(features),
            "surface": [one.surface or one.meaning.result for one in features],
            "evidence": ["osm"] * len(features),
        }
    else:
        values[f"{target}_kind"] = [one.meaning.result for one in features]
    if target == OBSTACLE:
        factors = [one.meaning.cost_factor for one in features]
        values["cost_factor"] = [math.nan if math.isinf(one) else one for one in factors]
    return GridTable(
        columns=_columns(target, values, len(features)), geometry=placed.shape, issues=[]
    )


def _columns(target: str, values: Mapping[str, list[Any]], count: int) -> dict[str, np.ndarray]:
    """Return every column of a table, by default what it has where a mapping does not name it."""
    columns = {}
    for column in TABLES[target].columns:
        is_object = column.kind is ColumnKind.TEXT
        default = column.default if is_object or column.default is not None else math.nan
        given = values.get(column.name, [default] * count)
        columns[column.name] = np.array(given, dtype=object if is_object else np.float64)
    return columns


def _ids(features: Sequence[OsmFeature]) -> list[str]:
    """Return ids after the objects; parts of one object are numbered."""
    count = Counter(one.name for one in features)
    seen: Counter[str] = Counter()
    ids = []
    for one in features:
        seen[one.name] += 1
        part = f"#{seen[one.name]}" if count[one.name] > 1 else ""
        ids.append(f"osm {one.name}{part}")
    return ids


def _tell_losses(stream: OsmStream) -> list[Issue]:
    issues = []
    if stream.incomplete:
        found = f"{len(stream.incomplete)} ways lack nodes or extent: {_some(stream.incomplete)}"
        expected = "whole ways; what is left of them was taken"
        issues.append(
            tell("osm_way_incomplete", f"source {stream.path.name}", found=found, expected=expected)
        )
    if stream.broken:
        found = f"{len(stream.broken)} areas cannot be put together: {_some(stream.broken)}"
        expected = "rings that close; these areas were left out"
        issues.append(
            tell("osm_area_broken", f"source {stream.path.name}", found=found, expected=expected)
        )
    return issues


def _tell_nothing(path: Path, stream: OsmStream, tables: Mapping[str, GridTable]) -> list[Issue]:
    """Tell which tables stay empty; without corridors there is nothing to plan along."""
    empty = [name for name, table in tables.items() if not len(table)]
    if CORRIDOR in empty or len(empty) == len(tables):
        window = stream.window
        raise SourceError(
            f"{path} has no {empty[0]} in the region of the grid (longitude {window.west:.3f} to "
            f"{window.east:.3f}, latitude {window.south:.3f} to {window.north:.3f}; "
            f"{stream.object_count:,} objects with known tags were read); give the extract of "
            "that region"
        )
    return [
        tell(
            "osm_nothing_found",
            f"source {path.name}",
            found=f"no {name} in the region of the grid",
            expected=f"some, or a load without {name}",
        )
        for name in empty
    ]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return f"{', '.join(names[:NAMES_SHOWN])}{more}"


def _dated(date: str) -> str:
    return f", data of {date}" if date else ""
