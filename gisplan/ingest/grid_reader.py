"""The whole way of a source: layers, mapping, places, checks of single rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import CRS

from gisplan.errors import MappingError
from gisplan.ingest.bus_places import build_index, build_joint_rows, snap_lines, take_geometry
from gisplan.ingest.conductors import fill_from_conductors, merge_conductors
from gisplan.ingest.corridor_check import check_corridor_ends
from gisplan.ingest.crs import choose_working_crs, get_working_crs
from gisplan.ingest.layers import SourceLayers
from gisplan.ingest.placing import BusIndex, empty_index
from gisplan.ingest.selection import NamedSets
from gisplan.ingest.table_builder import RawTable, build_layer, join_tables, read_layer, tell
from gisplan.ingest.table_check import GridTable, assume_tap_positions, check_table
from gisplan.ingest.tables import TABLES
from gisplan.ingest.values import ValueContext

if TYPE_CHECKING:
    from gisplan.ingest.mapping import ConductorValues, Layer
    from gisplan.ingest.mapping_file import LoadRequest
    from gisplan.model.issue import Issue
    from gisplan.model.issue_rules import Severities
    from gisplan.rules.types import ConductorType

Progress = Callable[[str, int, int], None]
"""Told what is being done, how many steps of it are done, and how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadGrid:
    """All tables of a source in the working CRS, and everything that was found on the way."""

    working_srid: int
    tables: Mapping[str, GridTable]
    known_conductor_types: frozenset[str]
    radial_below_v: float | None
    issues: tuple[Issue, ...]


def read_grid(
    request: LoadRequest,
    *,
    catalogue_conductors: Sequence[ConductorType],
    severities: Severities,
    working_crs: str | None = None,
    progress: Progress,
) -> ReadGrid:
    """Read, map and check a source, row by row; nothing of it is stored.

    Raises
    ------
    SourceError
        A file that cannot be read.
    MappingError
        A mapping that does not fit the source.
    """
    mapping = request.mapping
    layers = SourceLayers(request.sources)
    working = _find_working_crs(request, layers, working_crs)
    conductors = merge_conductors(catalogue_conductors, mapping.conductors)
    raw = _build_tables(request, layers, working, progress)
    raw["line"] = _fill_lines(raw["line"], conductors)
    raw["transformer"] = assume_tap_positions(raw["transformer"])
    buses = build_index(raw["bus"])
    tables = {
        name: check_table(TABLES[name], table, buses=buses, severities=severities)
        for name, table in raw.items()
    }
    issues = [
        *_tell_unsupported(layers),
        *(issue for table in tables.values() for issue in table.issues),
        *check_corridor_ends(tables["corridor"]),
    ]
    return ReadGrid(
        working_srid=int(working.to_epsg() or 0),
        tables=tables,
        known_conductor_types=frozenset(conductors),
        radial_below_v=mapping.radial.below_v if mapping.radial else None,
        issues=tuple(issues),
    )


def _find_working_crs(request: LoadRequest, layers: SourceLayers, given: str | None) -> CRS:
    """Return the CRS that was given, or one that suits the first layer of buses."""
    asked = given or request.mapping.working_crs
    if asked:
        return get_working_crs(asked)
    layer = request.mapping.tables["bus"][0]
    rows = read_layer(layer, layers)
    if rows.crs is None:
        raise MappingError(
            f'layer {rows.title} states no CRS; say which, for example crs = "EPSG:25832"'
        )
    coordinates = shapely.get_coordinates(rows.geometry)
    coordinates = coordinates[np.isfinite(coordinates).all(axis=1)]
    if not len(coordinates):
        raise MappingError(f"layer {rows.title} has no places to choose a working CRS by; give one")
    x, y = np.median(coordinates, axis=0)
    return choose_working_crs(rows.crs, (float(x), float(y)))


def _build_tables(
    request: LoadRequest, layers: SourceLayers, working: CRS, progress: Progress
) -> dict[str, RawTable]:
    """Map every table; buses come first, since what follows may be placed by them."""
    sets = NamedSets(request.mapping.sets, layers)
    buses = empty_index()
    raw: dict[str, RawTable] = {}
    for number, name in enumerate(TABLES):
        progress(f"reading {name}", number, len(TABLES))
        context = ValueContext(layers=layers, sets=sets, buses=buses)
        parts = [
            _build_part(name, layer, working, context, raw)
            for layer in request.mapping.tables.get(name, ())
        ]
        raw[name] = join_tables(TABLES[name], parts)
        if name in {"bus", "line"}:
            buses = build_index(raw["bus"])
    progress("reading", len(TABLES), len(TABLES))
    return raw


def _build_part(
    name: str,
    layer: Layer,
    working: CRS,
    context: ValueContext,
    raw: dict[str, RawTable],
) -> RawTable:
    part = build_layer(TABLES[name], layer, working=working, context=context)
    if layer.snap is not None:
        # Joints of an earlier layer are buses for this one.
        buses: BusIndex = build_index(raw["bus"])
        part, joints = snap_lines(part, layer.snap, buses)
        if joints is not None:
            raw["bus"] = join_tables(TABLES["bus"], [raw["bus"], build_joint_rows(joints)])
    if layer.geometry is not None:
        part = take_geometry(part, layer.geometry, context.buses)
    return part


def _fill_lines(lines: RawTable, conductors: Mapping[str, ConductorValues]) -> RawTable:
    frame, filled = fill_from_conductors(lines.frame, conductors)
    if not filled:
        return lines
    counts = ", ".join(f"{name} of {count}" for name, count in filled.items())
    note = tell(
        "value_from_conductor",
        "table line",
        found=f"{counts} lines taken from their conductor type",
        expected="values of the source",
    )
    return replace(lines, frame=frame, issues=[*lines.issues, note])


def _tell_unsupported(layers: SourceLayers) -> list[Issue]:
    return [
        tell(
            "element_not_supported",
            f"table {table}",
            found=f"{count} elements, which were left out",
            expected="elements that the grid has a table for",
        )
        for table, count in layers.find_unsupported().items()
    ]
