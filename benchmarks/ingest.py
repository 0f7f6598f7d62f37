"""Grids into PostGIS and out again: against executemany, and against fetchall.

- *Lines into PostGIS*: 1,000,000 lines copied into the staging area, against ``executemany`` of the
  same rows into the same table (a sample; the rates are compared). The peer's values are ready
  before the clock starts, ours are encoded while it runs.
- *Snapshot from PostGIS*: the served version read and traced, against ``fetchall`` of the same
  columns, put into the same arrays and traced by the same code. Both must give the same grid.

Lines a second; the best of three runs of each side, in turns.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from math import isnan

import psycopg
import shapely

from benchmarks.fetchall_reader import assert_same, read_grid_by_fetchall
from benchmarks.generated_grid import WORKING_SRID, GeneratedTable, generate_grid
from benchmarks.report import Row
from benchmarks.scratch_database import scratch_database
from gisplan.model.grid import Grid
from gisplan.network.snapshot import Topology
from gisplan.network.topology import build_topology
from gisplan.store.grid_reader import read_grid
from gisplan.store.grid_writer import VersionFacts, clear_staging, copy_rows, store_version

LINE_COUNT = 1_000_000
SAMPLE_COUNT = 50_000
RUNS = 3

INSERT_LINE = """
insert into staging.line (line_id, name, from_bus_id, to_bus_id, length_m, resistance_ohm_per_km,
    reactance_ohm_per_km, capacitance_nf_per_km, rated_current_a, parallel_count, installation,
    role, conductor_type, in_service, geom)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::geometry)
"""


def rows() -> Iterator[Row]:
    with scratch_database() as url, psycopg.connect(url, autocommit=True) as connection:
        _warm_up(connection)
        tables = generate_grid(LINE_COUNT)
        yield _measure_loading(connection, tables)
        _store(connection, "measured")
        yield _measure_reading(connection)


def _warm_up(connection: psycopg.Connection) -> None:
    """Compile the kernels and fill the caches that both sides use."""
    for table in generate_grid(10):
        _copy(connection, table)
    _store(connection, "warm-up")
    build_topology(read_grid(connection))
    build_topology(read_grid_by_fetchall(connection))
    clear_staging(connection)


def _copy(connection: psycopg.Connection, table: GeneratedTable) -> None:
    copy_rows(connection, table.name, table.columns, geometry=table.geometry, srid=WORKING_SRID)


def _store(connection: psycopg.Connection, fingerprint: str) -> None:
    facts = VersionFacts(
        fingerprint=fingerprint,
        source_name="generated",
        working_srid=WORKING_SRID,
        profile="eu",
        warning_count=0,
    )
    store_version(connection, facts)


def _measure_loading(connection: psycopg.Connection, tables: list[GeneratedTable]) -> Row:
    lines = next(table for table in tables if table.name == "line")
    values = _values(lines)
    ours: list[float] = []
    peer: list[float] = []
    for _ in range(RUNS):
        clear_staging(connection)
        peer.append(_time(lambda: _execute_many(connection, values)))
        clear_staging(connection)
        ours.append(_time(lambda: _copy(connection, lines)))
    for table in tables:
        if table is not lines:
            _copy(connection, table)
    return Row(
        name=f"{LINE_COUNT:,} lines into PostGIS (peer: executemany, {SAMPLE_COUNT:,} lines)",
        ours=LINE_COUNT / min(ours),
        peer=SAMPLE_COUNT / min(peer),
        unit="lines/s",
        target=5.0,
    )


def _values(table: GeneratedTable) -> list[tuple[object, ...]]:
    """Values of a sample as a caller of executemany has them."""
    sample = slice(SAMPLE_COUNT)
    columns = {name: column[sample].tolist() for name, column in table.columns.items()}
    columns["rated_current_a"] = [None if isnan(a) else a for a in columns["rated_current_a"]]
    columns["parallel_count"] = [int(count) for count in columns["parallel_count"]]
    columns["in_service"] = [bool(flag) for flag in columns["in_service"]]
    located = shapely.set_srid(table.geometry[sample], WORKING_SRID)  # type: ignore[index]
    columns["geom"] = shapely.to_wkb(located, hex=True, include_srid=True).tolist()
    return list(zip(*columns.values(), strict=True))


def _execute_many(connection: psycopg.Connection, values: list[tuple[object, ...]]) -> None:
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(INSERT_LINE, values)


def _measure_reading(connection: psycopg.Connection) -> Row:
    ours: list[float] = []
    peer: list[float] = []
    for _ in range(RUNS):
        peer_s, expected = _compile(connection, read_grid_by_fetchall)
        ours_s, found = _compile(connection, read_grid)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
        ours.append(ours_s)
        peer.append(peer_s)
    return Row(
        name=f"snapshot of {LINE_COUNT:,} lines from PostGIS (peer: fetchall)",
        ours=LINE_COUNT / min(ours),
        peer=LINE_COUNT / min(peer),
        unit="lines/s",
        target=3.0,
    )


def _compile(
    connection: psycopg.Connection, read: Callable[[psycopg.Connection], Grid]
) -> tuple[float, tuple[Grid, Topology]]:
    """Read and trace the grid; give the seconds that it took, and both."""
    gc.collect()
    started = time.perf_counter()
    grid = read(connection)
    topology = build_topology(grid)
    return time.perf_counter() - started, (grid, topology)


def _time(work: Callable[[], None]) -> float:
    gc.collect()
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
