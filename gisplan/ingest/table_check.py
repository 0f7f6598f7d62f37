"""From mapped rows to rows that may be staged: what is wrong with single rows becomes issues."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from gisplan.ingest.faults import RowFault, build_faults, build_issues
from gisplan.ingest.placing import BusIndex, orient
from gisplan.ingest.row_check import check_rows
from gisplan.ingest.shapes import check_kind, find_far_away, split_parts
from gisplan.ingest.table_builder import RawTable, tell
from gisplan.ingest.tables import Table
from gisplan.ingest.texts import as_number, as_text

if TYPE_CHECKING:
    from gisplan.model.grid import Floats
    from gisplan.model.issue import Issue
    from gisplan.model.issue_rules import Severities

SPLIT_TABLES = frozenset({"corridor", "obstacle", "barrier"})


@dataclass(frozen=True, slots=True, kw_only=True)
class GridTable:
    """One table, ready to be staged: texts as objects, numbers as float64 with NaN for missing.

    Flags are 1.0 and 0.0; ``geometry`` is ``None`` for tables without places.
    """

    columns: dict[str, np.ndarray]
    geometry: np.ndarray | None
    issues: list[Issue]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))


def check_table(
    table: Table, raw: RawTable, *, buses: BusIndex, severities: Severities
) -> GridTable:
    """Check every row of a table alone; rows of a lowered rule are left out."""
    split = _split(table, raw)
    places_m = _middle_of(split.geometry)
    checked = check_rows(table, split.frame)
    geometry, faults, notes = _check_geometry(table, split, checked.columns, buses)
    faults = [*split.faults, *checked.faults, *faults, *_check_distance(table, geometry)]
    elements = _name_elements(table, checked.columns[table.id_column], split.origin)
    kept = np.ones(len(elements), dtype=bool)
    kept[[fault.row for fault in faults if severities.drops_row(fault.rule)]] = False
    told = [
        replace(fault, found=f"{fault.found}; the row was left out")
        if severities.drops_row(fault.rule)
        else fault
        for fault in faults
    ]
    stored = [column.name for column in table.columns]
    return GridTable(
        columns={name: checked.columns[name][kept] for name in stored},
        geometry=None if geometry is None else geometry[kept],
        issues=[
            *split.issues,
            *notes,
            *build_issues(told, elements=elements, places_m=places_m),
        ],
    )


def assume_tap_positions(raw: RawTable) -> RawTable:
    """Put unknown tap positions on neutral where that is known, and say so."""
    position, unreadable = as_number(raw.frame["tap_position"])
    neutral, _ = as_number(raw.frame["tap_neutral"])
    assumed = np.isnan(position) & ~unreadable & ~np.isnan(neutral)
    if not assumed.any():
        return raw
    note = tell(
        "tap_position_assumed",
        "table transformer",
        found=f"{assumed.sum()} of {len(assumed)} without a tap position",
        expected="the position; neutral is assumed",
    )
    filled = raw.frame["tap_position"].astype(object).where(~assumed, pd.Series(neutral))
    return replace(raw, frame=raw.frame.assign(tap_position=filled), issues=[*raw.issues, note])


def _check_geometry(
    table: Table, raw: RawTable, columns: dict[str, np.ndarray], buses: BusIndex
) -> tuple[np.ndarray | None, list[RowFault], list[Issue]]:
    if table.shape is None:
        return None, [], []
    checked = check_kind(raw.geometry, table.shape)
    told = {fault.row for fault in raw.faults if fault.rule.startswith("geometry")}
    missing = [row for row in np.flatnonzero(shapely.is_missing(raw.geometry)) if row not in told]
    faults = checked.faults + build_faults(
        "geometry_missing", np.array(missing, int), found="has no place", expected="a geometry"
    )
    if table.name != "line":
        return checked.geometry, faults, []
    start, end = (buses.get_points(columns[name]) for name in ("from_bus_id", "to_bus_id"))
    turned_geometry, turned = orient(checked.geometry, start, end)
    notes = []
    if turned.any():
        found = f"{turned.sum()} lines drawn from their second bus to their first; turned"
        notes.append(
            tell("line_shape_reversed", "table line", found=found, expected="first bus to second")
        )
    return turned_geometry, faults, notes


def _check_distance(table: Table, geometry: np.ndarray | None) -> list[RowFault]:
    if geometry is None or table.shape is None:
        return []
    far, distance_m = find_far_away(_middle_of(geometry))
    return build_faults(
        "geometry_far_away",
        np.flatnonzero(far),
        found=[f"{away / 1000:.0f} km from the middle of its table" for away in distance_m[far]],
        expected="a place near the others; is the CRS right?",
    )


def _split(table: Table, raw: RawTable) -> RawTable:
    """Make a row of every part of a multi-part area or corridor; ids get the number of the part."""
    if table.name not in SPLIT_TABLES or table.shape is None:
        return raw
    parts, row, number = split_parts(raw.geometry, table.shape)
    if len(parts) == len(raw.geometry):
        return raw
    frame = raw.frame.iloc[row].reset_index(drop=True)
    suffix = [f"#{part + 1}" if part >= 0 else "" for part in number]
    frame[table.id_column] = as_text(frame[table.id_column]) + pd.Series(suffix, dtype=object)
    note = tell(
        "geometry_split",
        f"table {table.name}",
        found=f"{len(np.unique(row[number >= 0]))} multi-part geometries",
        expected=f"single {table.shape}s; their parts became rows",
    )
    first = np.searchsorted(row, np.arange(len(raw.geometry)))
    return RawTable(
        frame=frame,
        geometry=parts,
        origin=raw.origin[row],
        faults=[replace(fault, row=int(first[fault.row])) for fault in raw.faults],
        issues=[*raw.issues, note],
    )


def _name_elements(table: Table, ids: np.ndarray, origin: np.ndarray) -> list[str]:
    return [
        f"{table.name} {place}" if name is None else f"{table.name} {name}"
        for name, place in zip(ids, origin, strict=True)
    ]


def _middle_of(geometry: np.ndarray) -> Floats:
    box = shapely.bounds(geometry).reshape(-1, 4)
    return np.asarray((box[:, :2] + box[:, 2:]) / 2)
