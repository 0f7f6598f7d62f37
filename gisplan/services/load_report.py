"""Where the existing load of each feeder and transformer of the active grid comes from."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.electrical.load.existing_load import scaled_loads
from gisplan.electrical.load.load_report import FEEDER, TRANSFORMER, LoadRow, load_report
from gisplan.export.electrical_table import ElectricalAnswer, ElementTable
from gisplan.network.snapshot import Snapshot
from gisplan.rules.catalogue import load_catalogue
from gisplan.services.snapshot import load_snapshot
from gisplan.store.grid_reader import read_peaks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from psycopg import Connection

    from gisplan.export.electrical_table import Column
    from gisplan.model.grid import Integers

TEXTS = ("element", "name", "provenance", "measured_on", "note")
COUNTS = ("customers",)


def report_load(
    connection: Connection, cache_root: Path, catalogue_override: Path | None = None
) -> ElectricalAnswer:
    """Return the load report of the grid version that serves: feeders, then transformers.

    Raises
    ------
    NoGridError
        If nothing has been loaded yet.
    """
    snapshot = load_snapshot(connection, cache_root)
    grid = snapshot.grid
    catalogue = load_catalogue(grid.profile, override=catalogue_override)
    peaks = read_peaks(connection, grid)
    loads = scaled_loads(grid, snapshot.topology, peaks, catalogue)
    rows = load_report(grid, snapshot.topology, loads, peaks)
    by_kind = {
        kind: [row for row in rows if row.element_kind == kind] for kind in (FEEDER, TRANSFORMER)
    }
    return ElectricalAnswer(
        facts={"grid_version": grid.version_id, "profile": grid.profile},
        notes=tuple(_notes(rows)),
        tables=tuple(_table(snapshot, kind, found) for kind, found in by_kind.items()),
    )


def _notes(rows: Sequence[LoadRow]) -> list[str]:
    measured = [row for row in rows if row.residual_kva is not None]
    notes = [f"{len(measured)} of {len(rows)} feeders and transformers have a measured peak"]
    assumed = sum("nothing is known" in row.note for row in rows)
    if assumed:
        notes.append(f"{assumed} of them carry loads of which nothing is known")
    return notes


def _table(snapshot: Snapshot, kind: str, rows: Sequence[LoadRow]) -> ElementTable:
    """Return rows as columns, each at the bus that its element is fed from."""
    buses = snapshot.grid.buses
    bus = _feeding_bus(snapshot, kind, rows)
    return ElementTable(
        element_kind=kind,
        columns={
            field.name: _column(field.name, rows)
            for field in fields(LoadRow)
            if field.name != "element_kind"
        },
        shape=np.asarray(shapely.points(buses.x_m[bus], buses.y_m[bus]), dtype=object),
        srid=snapshot.grid.working_srid,
    )


def _column(name: str, rows: Sequence[LoadRow]) -> Column:
    values = [getattr(row, name) for row in rows]
    if name in TEXTS:
        return np.array(values, dtype=np.str_)
    if name in COUNTS:
        return np.array(values, dtype=np.int64)
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _feeding_bus(snapshot: Snapshot, kind: str, rows: Sequence[LoadRow]) -> Integers:
    """Return the bus above each element; of a line that supplies nothing, its first one."""
    grid, topology = snapshot.grid, snapshot.topology
    if kind == TRANSFORMER:
        return grid.transformers.hv_bus
    table = grid.lines
    place = {str(line_id): row for row, line_id in enumerate(table.line_id)}
    line = np.array([place[row.element] for row in rows], dtype=np.int64)
    first, second = table.from_bus[line], table.to_bus[line]
    is_above = topology.parent_bus[first] == second
    return np.where(is_above, second, first)
