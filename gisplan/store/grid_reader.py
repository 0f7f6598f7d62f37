"""Read one version of the grid from PostGIS, whole and as arrays."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from psycopg.pq import TransactionStatus
from psycopg.rows import class_row

from gisplan.errors import NoGridError, UnknownElementError
from gisplan.model.grid import (
    BarrierKind,
    Barriers,
    Buses,
    BusKind,
    CorridorKind,
    CorridorSources,
    CustomerClass,
    Generators,
    Grid,
    Installation,
    Laying,
    LineRole,
    Lines,
    Loads,
    Obstacles,
    Peaks,
    Phases,
    Protection,
    Sources,
    Surface,
    SwitchedKind,
    Switches,
    Texts,
    Transformers,
)
from gisplan.store.packed_table import PackedTable, find_rows, reading_tables
from gisplan.store.sql import query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from enum import IntEnum

    from psycopg import Connection

    from gisplan.model.grid import Integers
    from gisplan.store.packed_table import Parameters

TABLES = (
    "bus",
    "line",
    "transformer",
    "switch",
    "source",
    "load",
    "generator",
    "corridor",
    "obstacle",
    "barrier",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GridVersion:
    """What a version is known by; the fingerprint is that of source, mapping and profile."""

    version_id: int
    fingerprint: str
    working_srid: int
    profile: str


@contextmanager
def one_moment(connection: Connection) -> Iterator[None]:
    """Let all queries see the same moment; inside a transaction that is the caller's business."""
    if connection.info.transaction_status != TransactionStatus.IDLE:
        yield
        return
    with connection.transaction():
        connection.execute(query("grid_one_moment"))
        yield


def active_version(connection: Connection) -> GridVersion:
    """Return the version that serves.

    Raises
    ------
    NoGridError
        If nothing has been loaded yet.
    """
    return _get_version(connection, None)


def read_grid(connection: Connection, version_id: int | None = None) -> Grid:
    """Read one version of the grid, by default the active one.

    Unknown texts are empty. A transformer of unknown tap position is taken as standing at its
    neutral position, one of unknown range as having none; ``tap_step_pct`` stays NaN.

    Raises
    ------
    NoGridError
        If nothing has been loaded yet.
    UnknownElementError
        If there is no version of this number.
    StoreError
        If a row names an element that its version does not hold.
    """
    with one_moment(connection):
        version = _get_version(connection, version_id)
        parameters = _enumerations() | {"version_id": version.version_id}
        with reading_tables(connection, TABLES, parameters) as read:
            return _build_grid(version, read)


def read_peaks(connection: Connection, grid: Grid) -> Peaks:
    """Read the newest measured peak of every transformer and of every line that has one."""
    rows = connection.execute(query("grid_peaks"), {"version_id": grid.version_id}).fetchall()
    at_line = np.array([row[0] == "line" for row in rows], dtype=np.bool_)
    ids = np.array([row[1] for row in rows], dtype=np.str_)
    return Peaks(
        transformer=np.where(at_line, -1, find_rows(grid.transformers.transformer_id, ids)),
        line=np.where(at_line, find_rows(grid.lines.line_id, ids), -1),
        peak_kva=np.array([row[2] for row in rows], dtype=np.float64),
        measured_on=np.array([row[3] for row in rows], dtype=np.str_),
    )


def _get_version(connection: Connection, version_id: int | None) -> GridVersion:
    with connection.cursor(row_factory=class_row(GridVersion)) as cursor:
        found = cursor.execute(query("grid_version"), {"version_id": version_id}).fetchone()
    if found is not None:
        return found
    if version_id is None:
        message = "no grid has been loaded yet; load one with gisplan load SOURCE"
        raise NoGridError(message)
    message = f"grid version {version_id} is not stored; ask for the active one or load it again"
    raise UnknownElementError(message)


def _enumerations() -> Parameters:
    """Give the words of each enumeration in the order of their codes."""

    def words(kinds: type[IntEnum]) -> list[str]:
        return [kind.name.lower() for kind in sorted(kinds)]

    return {
        "bus_kinds": words(BusKind),
        "installations": words(Installation),
        "line_roles": words(LineRole),
        "switched_kinds": words(SwitchedKind),
        "customer_classes": words(CustomerClass),
        "corridor_kinds": words(CorridorKind),
        "surfaces": words(Surface),
        "layings": words(Laying),
        "barrier_kinds": words(BarrierKind),
        "protections": words(Protection),
        "phases": words(Phases),
    }


def _build_grid(version: GridVersion, read: Callable[[str], PackedTable]) -> Grid:
    buses = _buses(read("bus"))
    lines = _lines(read("line"), buses.bus_id)
    transformers = _transformers(read("transformer"), buses.bus_id)
    return Grid(
        version_id=version.version_id,
        working_srid=version.working_srid,
        profile=version.profile,
        fingerprint=version.fingerprint,
        buses=buses,
        lines=lines,
        transformers=transformers,
        switches=_switches(read("switch"), buses, lines, transformers),
        sources=_sources(read("source"), buses.bus_id),
        loads=_loads(read("load"), buses.bus_id),
        generators=_generators(read("generator"), buses.bus_id),
        corridors=_corridors(read("corridor")),
        obstacles=_obstacles(read("obstacle")),
        barriers=_barriers(read("barrier")),
    )


def _buses(table: PackedTable) -> Buses:
    return Buses(
        bus_id=table.texts("bus_id"),
        name=table.texts("name"),
        kind=table.codes("bus_kind"),
        nominal_voltage_v=table.floats("nominal_voltage_v"),
        substation_id=table.texts("substation_id"),
        bays_total=table.integers("bays_total"),
        bays_spare=table.integers("bays_spare"),
        rated_short_circuit_current_ka=table.floats("rated_short_circuit_current_ka"),
        x_m=table.floats("x_m"),
        y_m=table.floats("y_m"),
    )


def _lines(table: PackedTable, bus_id: Texts) -> Lines:
    return Lines(
        line_id=table.texts("line_id"),
        name=table.texts("name"),
        from_bus=table.references("from_bus_id", bus_id),
        to_bus=table.references("to_bus_id", bus_id),
        length_m=table.floats("length_m"),
        resistance_ohm_per_km=table.floats("resistance_ohm_per_km"),
        reactance_ohm_per_km=table.floats("reactance_ohm_per_km"),
        capacitance_nf_per_km=table.floats("capacitance_nf_per_km"),
        zero_resistance_ohm_per_km=table.floats("zero_resistance_ohm_per_km"),
        zero_reactance_ohm_per_km=table.floats("zero_reactance_ohm_per_km"),
        zero_capacitance_nf_per_km=table.floats("zero_capacitance_nf_per_km"),
        rated_current_a=table.floats("rated_current_a"),
        parallel_count=table.integers("parallel_count"),
        installation=table.codes("installation"),
        role=table.codes("role"),
        conductor_type=table.texts("conductor_type"),
        protection=table.codes("protection"),
        protection_current_a=table.floats("protection_current_a"),
        in_service=table.flags("in_service"),
        shape=table.polylines(),
    )


def _transformers(table: PackedTable, bus_id: Texts) -> Transformers:
    return Transformers(
        transformer_id=table.texts("transformer_id"),
        name=table.texts("name"),
        hv_bus=table.references("hv_bus_id", bus_id),
        lv_bus=table.references("lv_bus_id", bus_id),
        rated_power_kva=table.floats("rated_power_kva"),
        hv_voltage_v=table.floats("hv_voltage_v"),
        lv_voltage_v=table.floats("lv_voltage_v"),
        short_circuit_voltage_pct=table.floats("short_circuit_voltage_pct"),
        short_circuit_resistance_pct=table.floats("short_circuit_resistance_pct"),
        no_load_loss_w=table.floats("no_load_loss_w"),
        no_load_current_pct=table.floats("no_load_current_pct"),
        clock_number=table.integers("clock_number"),
        tap_side=table.codes("tap_side"),
        tap_position=table.integers("tap_position"),
        tap_neutral=table.integers("tap_neutral"),
        tap_min=table.integers("tap_min"),
        tap_max=table.integers("tap_max"),
        tap_step_pct=table.floats("tap_step_pct"),
        parallel_count=table.integers("parallel_count"),
        in_service=table.flags("in_service"),
    )


def _switches(
    table: PackedTable, buses: Buses, lines: Lines, transformers: Transformers
) -> Switches:
    kind = table.codes("element_kind")
    ids = {
        SwitchedKind.LINE: lines.line_id,
        SwitchedKind.TRANSFORMER: transformers.transformer_id,
        SwitchedKind.BUS: buses.bus_id,
    }
    element_id = table.texts("element_id")
    element: Integers = np.full(len(kind), -1, dtype=np.int64)
    for switched, known in ids.items():
        element[kind == switched] = find_rows(known, element_id[kind == switched])
    return Switches(
        switch_id=table.texts("switch_id"),
        bus=table.references("bus_id", buses.bus_id),
        element_kind=kind,
        element=element,
        closed=table.flags("closed"),
        remote=table.flags("remote"),
    )


def _sources(table: PackedTable, bus_id: Texts) -> Sources:
    return Sources(
        source_id=table.texts("source_id"),
        bus=table.references("bus_id", bus_id),
        voltage_pu=table.floats("voltage_pu"),
        short_circuit_power_mva=table.floats("short_circuit_power_mva"),
        short_circuit_power_min_mva=table.floats("short_circuit_power_min_mva"),
        rx_ratio=table.floats("rx_ratio"),
    )


def _loads(table: PackedTable, bus_id: Texts) -> Loads:
    return Loads(
        load_id=table.texts("load_id"),
        bus=table.references("bus_id", bus_id),
        active_power_kw=table.floats("active_power_kw"),
        reactive_power_kvar=table.floats("reactive_power_kvar"),
        customer_class=table.codes("customer_class"),
        customer_count=table.integers("customer_count"),
        phases=table.codes("phases"),
        annual_energy_kwh=table.floats("annual_energy_kwh"),
        contract_capacity_kva=table.floats("contract_capacity_kva"),
    )


def _generators(table: PackedTable, bus_id: Texts) -> Generators:
    return Generators(
        generator_id=table.texts("generator_id"),
        bus=table.references("bus_id", bus_id),
        active_power_kw=table.floats("active_power_kw"),
        reactive_power_kvar=table.floats("reactive_power_kvar"),
    )


def _corridors(table: PackedTable) -> CorridorSources:
    return CorridorSources(
        corridor_id=table.texts("corridor_id"),
        kind=table.codes("corridor_kind"),
        surface=table.codes("surface"),
        evidence=table.texts("evidence"),
        free_ducts=table.integers("free_ducts"),
        laying=table.codes("laying"),
        owner=table.texts("owner"),
        permit_lead_time_days=table.floats("permit_lead_time_days"),
        excavation_ban_until=table.floats("excavation_ban_until"),
        shape=table.polylines(),
    )


def _obstacles(table: PackedTable) -> Obstacles:
    return Obstacles(
        obstacle_id=table.texts("obstacle_id"),
        kind=table.texts("obstacle_kind"),
        cost_factor=table.floats("cost_factor"),
        wayleave=table.flags("wayleave"),
        shape=table.polylines(),
    )


def _barriers(table: PackedTable) -> Barriers:
    return Barriers(
        barrier_id=table.texts("barrier_id"),
        kind=table.codes("barrier_kind"),
        owner=table.texts("owner"),
        permit_lead_time_days=table.floats("permit_lead_time_days"),
        shape=table.polylines(),
    )
