"""The peer of the grid reader: ``fetchall``, then arrays, as one would write it by hand.

The server sorts by id, geometry comes as binary and is decoded by shapely in bulk, ends are found
through a dictionary. Tables that the generated grid does not fill are not asked for.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, get_type_hints

import numpy as np
import psycopg
import shapely

from gisplan.model.grid import (
    Barriers,
    Buses,
    BusKind,
    Codes,
    CorridorSources,
    Flags,
    Floats,
    Generators,
    Grid,
    Installation,
    Integers,
    LineRole,
    Lines,
    Loads,
    Obstacles,
    Polylines,
    Sources,
    Switches,
    Texts,
    Transformers,
)

T = TypeVar("T")

VERSION = """
select version_id, working_srid, profile, fingerprint from grid.version where state = 'active'
"""
BUSES = """
select bus_id, coalesce(name, ''), bus_kind, nominal_voltage_v, coalesce(substation_id, ''),
    coalesce(bays_total, -1), coalesce(bays_spare, -1), st_x(geom), st_y(geom)
from grid.bus where version_id = %(version_id)s order by bus_id collate "C"
"""
LINES = """
select line_id, coalesce(name, ''), from_bus_id, to_bus_id, length_m, resistance_ohm_per_km,
    reactance_ohm_per_km, coalesce(capacitance_nf_per_km, 'nan'), coalesce(rated_current_a, 'nan'),
    parallel_count, installation, role, coalesce(conductor_type, ''), in_service, st_asbinary(geom)
from grid.line where version_id = %(version_id)s order by line_id collate "C"
"""
SOURCES = """
select source_id, bus_id, voltage_pu, coalesce(short_circuit_power_mva, 'nan'),
    coalesce(rx_ratio, 'nan')
from grid.source where version_id = %(version_id)s order by source_id collate "C"
"""
DTYPES: dict[object, Any] = {
    Texts: np.str_,
    Floats: np.float64,
    Integers: np.int64,
    Codes: np.uint8,
    Flags: np.bool_,
}


def read_grid_by_fetchall(connection: psycopg.Connection) -> Grid:
    """Read the active version."""
    (version,) = connection.execute(VERSION).fetchall()
    version_id, working_srid, profile, fingerprint = version
    buses = _columns(connection, BUSES, version_id)
    rows = {bus_id: row for row, bus_id in enumerate(buses[0])}
    buses[2] = _codes(BusKind, buses[2])
    lines = _columns(connection, LINES, version_id)
    for end in (2, 3):
        lines[end] = [rows[bus_id] for bus_id in lines[end]]
    lines[10], lines[11] = _codes(Installation, lines[10]), _codes(LineRole, lines[11])
    sources = _columns(connection, SOURCES, version_id)
    sources[1] = [rows[bus_id] for bus_id in sources[1]]
    return Grid(
        version_id=version_id,
        working_srid=working_srid,
        profile=profile,
        fingerprint=fingerprint,
        buses=_table(Buses, buses),
        lines=_table(Lines, [*lines[:-1], _polylines(lines[-1])]),
        sources=_table(Sources, sources),
        transformers=_empty(Transformers),
        switches=_empty(Switches),
        loads=_empty(Loads),
        generators=_empty(Generators),
        corridors=_empty(CorridorSources),
        obstacles=_empty(Obstacles),
        barriers=_empty(Barriers),
    )


def assert_same(one: object, other: object) -> None:
    """Compare two dataclasses of arrays, value for value."""
    for field in fields(one):  # type: ignore[arg-type]
        a, b = getattr(one, field.name), getattr(other, field.name)
        if is_dataclass(a):
            assert_same(a, b)
        elif isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, b, err_msg=field.name)
        else:
            assert a == b, field.name


def _columns(connection: psycopg.Connection, query: str, version_id: int) -> list[Any]:
    rows = connection.execute(query, {"version_id": version_id}).fetchall()
    return list(zip(*rows, strict=True))


def _codes(kinds: Any, words: tuple[str, ...]) -> list[int]:
    code = {kind.name.lower(): int(kind) for kind in kinds}
    return [code[word] for word in words]


def _polylines(binary: tuple[bytes, ...]) -> Polylines:
    xy_m, owner = shapely.get_coordinates(shapely.from_wkb(binary), return_index=True)
    count = np.bincount(owner, minlength=len(binary))
    return Polylines(offset=np.concatenate(([0], np.cumsum(count))), xy_m=xy_m)


def _table(cls: type[T], columns: list[Any]) -> T:
    hints = get_type_hints(cls)
    values = {}
    for field, column in zip(fields(cls), columns, strict=True):  # type: ignore[arg-type]
        dtype = DTYPES.get(hints[field.name])
        values[field.name] = column if dtype is None else np.array(column, dtype=dtype)
    return cls(**values)


def _empty(cls: type[T]) -> T:
    hints = get_type_hints(cls)
    values = {}
    for field in fields(cls):  # type: ignore[arg-type]
        dtype = DTYPES.get(hints[field.name])
        nothing = Polylines(offset=np.zeros(1, dtype=np.int64), xy_m=np.empty((0, 2)))
        values[field.name] = nothing if dtype is None else np.empty(0, dtype=dtype)
    return cls(**values)
