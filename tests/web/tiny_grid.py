"""A grid of one street, put into the database by hand: station, cabinet, one house.

Coordinates are EPSG:25832 in Schutterwald; the street runs 200 m east from the station.
"""

from __future__ import annotations

import psycopg

LON, LAT = 7.8944, 48.4554  # at the house
X_M, Y_M = 418_100.0, 5_367_500.0

VERSION = """
insert into grid.version (
    state, fingerprint, source_name, working_srid, profile, warning_count, source_note, layers)
values (
    'active', 'tiny', 'tiny grid', 25832, 'eu', 2, 'barrier: gas works',
    '{"barrier": {"digest": "d1", "note": "gas works"}}')
returning version_id
"""
BUS = """
insert into grid.bus (
    version_id, bus_id, name, bus_kind, nominal_voltage_v, bays_total, bays_spare, geom, geom_3857)
select %(version)s, %(bus_id)s, %(bus_id)s, %(kind)s, %(voltage_v)s, null, null, geom,
    st_transform(geom, 3857)
from st_setsrid(st_makepoint(%(x_m)s, %(y_m)s), 25832) as geom
"""
LINE = """
insert into grid.line (
    version_id, line_id, name, from_bus_id, to_bus_id, length_m, resistance_ohm_per_km,
    reactance_ohm_per_km, rated_current_a, parallel_count, installation, role, conductor_type,
    in_service, geom, geom_3857)
select %(version)s, %(line_id)s, null, %(from_bus)s, %(to_bus)s, 100, 0.206, 0.08, 270, 1, 'cable',
    %(role)s, 'NAYY 4x150', true, geom, st_transform(geom, 3857)
from st_setsrid(st_makeline(
    st_makepoint(%(x0_m)s, %(y0_m)s), st_makepoint(%(x1_m)s, %(y1_m)s)), 25832) as geom
"""
TRANSFORMER = """
insert into grid.transformer (
    version_id, transformer_id, name, hv_bus_id, lv_bus_id, rated_power_kva, hv_voltage_v,
    lv_voltage_v, short_circuit_voltage_pct, short_circuit_resistance_pct, tap_position, tap_min,
    tap_max, tap_step_pct, parallel_count, in_service, geom, geom_3857)
select %(version)s, 'T/1', 'Station 1', 'mv/1', 'lv/1', 400, 20000, 400, 4, 1.1, 0, -2, 2, 2.5, 1,
    true, geom, st_transform(geom, 3857)
from st_setsrid(st_makepoint(%(x_m)s, %(y_m)s), 25832) as geom
"""
CORRIDOR = """
insert into grid.corridor (
    version_id, corridor_id, corridor_kind, surface, evidence, geom, geom_3857)
select %(version)s, 'street 1', 'street', 'asphalt', 'surveyed', geom, st_transform(geom, 3857)
from st_setsrid(st_makeline(
    st_makepoint(%(x_m)s, %(y_m)s), st_makepoint(%(x_m)s + 200, %(y_m)s)), 25832) as geom
"""
OBSTACLE = """
insert into grid.obstacle (version_id, obstacle_id, obstacle_kind, geom, geom_3857)
select %(version)s, 'house 1', 'building', geom, st_transform(geom, 3857)
from st_setsrid(st_makeenvelope(
    %(x_m)s + 150, %(y_m)s + 10, %(x_m)s + 160, %(y_m)s + 22), 25832) as geom
"""
BARRIER = """
insert into grid.barrier (version_id, barrier_id, barrier_kind, owner, geom, geom_3857)
select %(version)s, 'main 7', 'gas_main', 'gas works', geom, st_transform(geom, 3857)
from st_setsrid(st_makeline(
    st_makepoint(%(x_m)s, %(y_m)s - 50), st_makepoint(%(x_m)s + 200, %(y_m)s - 50)), 25832) as geom
"""
LOAD = """
insert into grid.load (
    version_id, load_id, bus_id, active_power_kw, reactive_power_kvar, customer_class,
    customer_count)
values (%(version)s, 'load 1', 'lv/3', 2.1, 0.4, 'household', 1)
"""
BUSES = (
    ("mv/1", "ring_main_unit", 20_000, 0, 5),
    ("lv/1", "transformer_board", 400, 0, 0),
    ("lv/2", "cabinet", 400, 100, 0),
    ("lv/3", "customer", 400, 155, 10),
)
LINES = (
    ("main 1", "lv/1", "lv/2", "main", (0, 0), (100, 0)),
    ("service 1", "lv/2", "lv/3", "service", (100, 0), (155, 10)),
)


def insert_tiny_grid(url: str) -> int:
    """Make the tiny grid the active version; its number comes back."""
    with psycopg.connect(url) as connection:
        version = int(connection.execute(VERSION).fetchall()[0][0])
        place = {"version": version, "x_m": X_M, "y_m": Y_M}
        for bus_id, kind, voltage_v, east_m, north_m in BUSES:
            at = {"x_m": X_M + east_m, "y_m": Y_M + north_m}
            values = {"bus_id": bus_id, "kind": kind, "voltage_v": voltage_v}
            connection.execute(BUS, {**place, **at, **values})
        for line_id, from_bus, to_bus, role, start, end in LINES:
            ends = {"from_bus": from_bus, "to_bus": to_bus, "line_id": line_id, "role": role}
            first = {"x0_m": X_M + start[0], "y0_m": Y_M + start[1]}
            last = {"x1_m": X_M + end[0], "y1_m": Y_M + end[1]}
            connection.execute(LINE, {**place, **ends, **first, **last})
        for statement in (TRANSFORMER, CORRIDOR, OBSTACLE, BARRIER, LOAD):
            connection.execute(statement, place)
    return version
