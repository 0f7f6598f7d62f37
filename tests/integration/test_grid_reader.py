"""A grid that lies in PostGIS comes back as arrays, value for value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from pathlib import Path

import numpy as np
import psycopg
import pytest

from gisplan.errors import NoGridError, StoreError, UnknownElementError
from gisplan.model.grid import (
    BarrierKind,
    Buses,
    BusKind,
    CorridorKind,
    CustomerClass,
    Grid,
    Installation,
    Laying,
    LineRole,
    Phases,
    Polylines,
    Protection,
    Surface,
    SwitchedKind,
)
from gisplan.network.snapshot import Snapshot
from gisplan.network.topology import build_topology
from gisplan.services.snapshot import load_snapshot
from gisplan.store import packed_table
from gisplan.store.grid_reader import active_version, read_grid, read_peaks
from tests.grids import grid, row

GRID = grid(
    "S1 110000V substation=UW sk=2000 skmin=1500",
    "S1>M 40000 110/20 tap=?",
    "M substation_busbar bays=6/2 substation=UW kA=16",
    "M-A 400 i=? type=NA2XS2Y r0=0.8 x0=0.3 c0=200 relay=400",
    "A-B 50 open",
    "M-B 700 x2 overhead",
    "A=C",
    "C>Lö 630 tap=-1 clock=11 open@C",
    "Lö-H 30 service duct fuse=160",
    "H-H2 5 out",
    "H: 3.5 kW 1 kvar heat_pump 2 customers L2 3500 kWh contract=14",
    "H: 1 kW three",
    "H2: gen 9.9 kW 0.1 kvar",
    "street 0,0 10,0 10,7 verge ducts=2 trough owner=市政 permit=30 ban=2027-03-01",
    "duct_bank 1,1 2,2 id=D'2",
    "obstacle 0,0 9,0 9,9",
    "obstacle 20,0 29,0 29,9 20,9 cost=3 kind=parcel id=O2 wayleave",
    "barrier rail 0,5 50,5 owner=DB permit=90.5 id=R1",
    "barrier gas_main 0,1 50,1 50,9",
)


def words(kinds: type, codes: np.ndarray) -> list[str]:  # type: ignore[type-arg]
    return [kinds(int(code)).name.lower() for code in codes]


def known(values: np.ndarray, unknown: float) -> list[float | None]:  # type: ignore[type-arg]
    return [None if v == unknown or v != v else v for v in values.tolist()]


def wkt(shape: Polylines, kind: str = "LINESTRING") -> list[str]:
    rings = [", ".join(f"{x!r} {y!r}" for x, y in shape.row(i).tolist()) for i in range(len(shape))]
    return [f"{kind}({ring})" if kind == "LINESTRING" else f"{kind}(({ring}))" for ring in rings]


def table_columns(g: Grid) -> dict[str, dict[str, list[object]]]:
    """Columns of the tables as they stand in the database, by hand and without the project."""
    bus_id = g.buses.bus_id
    element_ids = {
        SwitchedKind.LINE: g.lines.line_id,
        SwitchedKind.TRANSFORMER: g.transformers.transformer_id,
        SwitchedKind.BUS: bus_id,
    }
    xy_m = np.column_stack((g.buses.x_m, g.buses.y_m)).tolist()
    place = [f"POINT({x!r} {y!r})" for x, y in xy_m]
    b, n, t, s, q = g.buses, g.lines, g.transformers, g.switches, g.sources
    return {
        "bus": {
            "bus_id": b.bus_id.tolist(),
            "name": [name if name != "B" else None for name in b.name.tolist()],
            "bus_kind": words(BusKind, b.kind),
            "nominal_voltage_v": b.nominal_voltage_v.tolist(),
            "substation_id": [i or None for i in b.substation_id.tolist()],
            "bays_total": known(b.bays_total, -1),
            "bays_spare": known(b.bays_spare, -1),
            "rated_short_circuit_current_ka": known(b.rated_short_circuit_current_ka, -1),
            "geom": place,
        },
        "line": {
            "line_id": n.line_id.tolist(),
            "name": n.name.tolist(),
            "from_bus_id": bus_id[n.from_bus].tolist(),
            "to_bus_id": bus_id[n.to_bus].tolist(),
            "length_m": n.length_m.tolist(),
            "resistance_ohm_per_km": n.resistance_ohm_per_km.tolist(),
            "reactance_ohm_per_km": n.reactance_ohm_per_km.tolist(),
            "capacitance_nf_per_km": n.capacitance_nf_per_km.tolist(),
            "rated_current_a": known(n.rated_current_a, -1),
            "parallel_count": n.parallel_count.tolist(),
            "installation": words(Installation, n.installation),
            "role": words(LineRole, n.role),
            "conductor_type": n.conductor_type.tolist(),
            "in_service": n.in_service.tolist(),
            "zero_resistance_ohm_per_km": known(n.zero_resistance_ohm_per_km, -1),
            "zero_reactance_ohm_per_km": known(n.zero_reactance_ohm_per_km, -1),
            "zero_capacitance_nf_per_km": known(n.zero_capacitance_nf_per_km, -1),
            "protection": words(Protection, n.protection),
            "protection_current_a": known(n.protection_current_a, -1),
            "geom": wkt(n.shape),
        },
        "transformer": {
            **{
                f.name: known(getattr(t, f.name), np.inf)
                for f in fields(t)
                if f.name not in {"hv_bus", "lv_bus", "tap_side"}
            },
            "hv_bus_id": bus_id[t.hv_bus].tolist(),
            "lv_bus_id": bus_id[t.lv_bus].tolist(),
            "tap_side": ["lv" if side else "hv" for side in t.tap_side],
            "geom": [place[at] for at in t.hv_bus],
        },
        "switch": {
            "switch_id": s.switch_id.tolist(),
            "bus_id": bus_id[s.bus].tolist(),
            "element_kind": words(SwitchedKind, s.element_kind),
            "element_id": [
                str(element_ids[SwitchedKind(int(k))][e])
                for k, e in zip(s.element_kind, s.element, strict=True)
            ],
            "closed": s.closed.tolist(),
            "remote": s.remote.tolist(),
        },
        "source": {
            "source_id": q.source_id.tolist(),
            "bus_id": bus_id[q.bus].tolist(),
            "voltage_pu": q.voltage_pu.tolist(),
            "short_circuit_power_mva": q.short_circuit_power_mva.tolist(),
            "rx_ratio": q.rx_ratio.tolist(),
            "short_circuit_power_min_mva": known(q.short_circuit_power_min_mva, -1),
        },
        "load": {
            "load_id": g.loads.load_id.tolist(),
            "bus_id": bus_id[g.loads.bus].tolist(),
            "active_power_kw": g.loads.active_power_kw.tolist(),
            "reactive_power_kvar": g.loads.reactive_power_kvar.tolist(),
            "customer_class": words(CustomerClass, g.loads.customer_class),
            "customer_count": g.loads.customer_count.tolist(),
            "phases": words(Phases, g.loads.phases),
            "annual_energy_kwh": known(g.loads.annual_energy_kwh, -1),
            "contract_capacity_kva": known(g.loads.contract_capacity_kva, -1),
        },
        "generator": {
            "generator_id": g.generators.generator_id.tolist(),
            "bus_id": bus_id[g.generators.bus].tolist(),
            "active_power_kw": g.generators.active_power_kw.tolist(),
            "reactive_power_kvar": g.generators.reactive_power_kvar.tolist(),
        },
        "corridor": {
            "corridor_id": g.corridors.corridor_id.tolist(),
            "corridor_kind": words(CorridorKind, g.corridors.kind),
            "surface": words(Surface, g.corridors.surface),
            "evidence": g.corridors.evidence.tolist(),
            "free_ducts": known(g.corridors.free_ducts, -1),
            "laying": words(Laying, g.corridors.laying),
            "owner": [owner or None for owner in g.corridors.owner.tolist()],
            "permit_lead_time_days": known(g.corridors.permit_lead_time_days, -1),
            "excavation_ban_until": [
                None if np.isnan(day) else date.fromordinal(int(day))
                for day in g.corridors.excavation_ban_until
            ],
            "geom": wkt(g.corridors.shape),
        },
        "obstacle": {
            "obstacle_id": g.obstacles.obstacle_id.tolist(),
            "obstacle_kind": g.obstacles.kind.tolist(),
            "cost_factor": known(g.obstacles.cost_factor, np.inf),
            "wayleave": g.obstacles.wayleave.tolist(),
            "geom": wkt(g.obstacles.shape, "POLYGON"),
        },
        "barrier": {
            "barrier_id": g.barriers.barrier_id.tolist(),
            "barrier_kind": words(BarrierKind, g.barriers.kind),
            "owner": [owner or None for owner in g.barriers.owner.tolist()],
            "permit_lead_time_days": known(g.barriers.permit_lead_time_days, -1),
            "geom": wkt(g.barriers.shape),
        },
    }


def insert_version(
    connection: psycopg.Connection, fingerprint: str = "f", state: str = "active"
) -> int:
    cursor = connection.execute(
        "insert into grid.version (state, fingerprint, source_name, working_srid, profile,"
        " warning_count) values (%s, %s, 'test', 25832, 'eu', 0) returning version_id",
        (state, fingerprint),
    )
    return int(cursor.fetchall()[0][0])


def insert_grid(connection: psycopg.Connection, g: Grid, version_id: int) -> None:
    """Write the rows in reverse, so that the order on disk is not that of the ids."""
    for table, columns in table_columns(g).items():
        marks = ["st_geomfromtext(%s, 25832)" if c == "geom" else "%s" for c in columns]
        statement = (
            f"insert into grid.{table} (version_id, {', '.join(columns)})"
            f" values (%s, {', '.join(marks)})"
        )
        for values in reversed(list(zip(*columns.values(), strict=True))):
            connection.execute(statement, (version_id, *values))


def assert_equal(one: object, other: object, *, but: set[str] = frozenset()) -> None:  # type: ignore[assignment]
    assert type(one) is type(other)
    for field in fields(one):  # type: ignore[arg-type]
        a, b = getattr(one, field.name), getattr(other, field.name)
        if field.name in but:
            continue
        if isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, b, err_msg=field.name)
            assert a.dtype.kind == b.dtype.kind, field.name
        elif hasattr(a, "__dataclass_fields__"):
            assert_equal(a, b, but=but)
        else:
            assert a == b, field.name


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url) as opened:
        yield opened


@pytest.fixture
def version_id(connection: psycopg.Connection) -> int:
    number = insert_version(connection)
    insert_grid(connection, GRID, number)
    connection.commit()
    return number


def test_grid_comes_back_as_it_was_stored(connection: psycopg.Connection, version_id: int) -> None:
    g = read_grid(connection)
    assert_equal(g, GRID, but={"version_id", "fingerprint", "name"})
    assert (g.version_id, g.fingerprint, g.profile) == (version_id, "f", "eu")


def test_types_of_columns_are_those_of_the_model(
    connection: psycopg.Connection, version_id: int
) -> None:
    g = read_grid(connection)
    for field in fields(Buses):
        assert getattr(g.buses, field.name).dtype.kind == getattr(GRID.buses, field.name).dtype.kind
    assert g.lines.from_bus.dtype == np.int64
    assert g.lines.role.dtype == np.uint8
    assert g.lines.length_m.dtype == np.float64
    assert g.lines.length_m.dtype.isnative


def test_unknown_text_is_empty_and_others_stay(
    connection: psycopg.Connection, version_id: int
) -> None:
    buses = read_grid(connection).buses
    assert buses.name[row(buses.bus_id, "B")] == ""
    assert buses.name[row(buses.bus_id, "Lö")] == "Lö"


def test_transformer_of_unknown_taps_stands_at_its_neutral_position(
    connection: psycopg.Connection, version_id: int
) -> None:
    connection.execute(
        "update grid.transformer set tap_position = null, tap_neutral = 3, tap_min = null,"
        " tap_max = null, tap_side = null, clock_number = null, no_load_loss_w = null"
    )
    t = read_grid(connection).transformers
    assert t.tap_position.tolist() == t.tap_min.tolist() == t.tap_max.tolist() == [3, 3]
    assert t.tap_side.tolist() == [0, 0]
    assert t.clock_number.tolist() == [-1, -1]
    assert np.isnan(t.no_load_loss_w).all()


def test_what_no_source_told_is_unknown(connection: psycopg.Connection, version_id: int) -> None:
    connection.execute("update grid.line set protection = null")
    connection.execute("update grid.load set phases = null")
    connection.execute("update grid.corridor set laying = null")
    g = read_grid(connection)
    assert g.lines.protection.tolist() == [Protection.UNKNOWN] * len(g.lines.line_id)
    assert g.loads.phases.tolist() == [Phases.UNKNOWN] * len(g.loads.load_id)
    assert g.corridors.laying.tolist() == [Laying.UNKNOWN] * len(g.corridors.corridor_id)


@pytest.mark.parametrize("value", ["nan", "infinity", "-1"])
@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("bus", "rated_short_circuit_current_ka"),
        ("line", "zero_resistance_ohm_per_km"),
        ("line", "zero_reactance_ohm_per_km"),
        ("line", "zero_capacitance_nf_per_km"),
        ("line", "protection_current_a"),
        ("source", "short_circuit_power_min_mva"),
        ("load", "annual_energy_kwh"),
        ("load", "contract_capacity_kva"),
        ("corridor", "permit_lead_time_days"),
        ("barrier", "permit_lead_time_days"),
    ],
)
def test_database_holds_no_number_that_is_none(
    connection: psycopg.Connection, version_id: int, table: str, column: str, value: str
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match=column):
        connection.execute(f"update grid.{table} set {column} = '{value}'".encode())


def test_ranges_of_blocks_join_without_a_seam(
    connection: psycopg.Connection, version_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.execute(
        "insert into grid.bus (version_id, bus_id, name, bus_kind, nominal_voltage_v, geom)"
        " select %s, 'x' || i, repeat('y', i %% 50), 'joint', i, st_point(i, -i, 25832)"
        " from generate_series(1, 3000) i",
        (version_id,),
    )
    whole = read_grid(connection)
    monkeypatch.setattr(packed_table, "BLOCKS_AT_ONCE", 3)
    assert_equal(read_grid(connection), whole)
    at = row(whole.buses.bus_id, "x2999")
    assert whole.buses.nominal_voltage_v[at] == 2999
    assert (whole.buses.x_m[at], whole.buses.y_m[at]) == (2999, -2999)
    assert whole.buses.bus_id.tolist() == sorted(whole.buses.bus_id.tolist())


def test_other_versions_are_not_mixed_in(connection: psycopg.Connection, version_id: int) -> None:
    other = insert_version(connection, "old", "retired")
    insert_grid(connection, grid("S1-A 1"), other)
    assert read_grid(connection).buses.bus_id.tolist() == GRID.buses.bus_id.tolist()
    assert read_grid(connection, other).buses.bus_id.tolist() == ["A", "S1"]


def test_grid_without_rows_is_empty(connection: psycopg.Connection) -> None:
    insert_version(connection)
    g = read_grid(connection)
    assert len(g.buses.bus_id) == len(g.lines.shape) == 0
    assert len(build_topology(g).order) == 0


def test_nothing_loaded_says_what_to_do(connection: psycopg.Connection) -> None:
    with pytest.raises(NoGridError, match="gisplan load"):
        read_grid(connection)
    with pytest.raises(NoGridError, match="gisplan load"):
        active_version(connection)


def test_version_that_is_not_there_is_named(
    connection: psycopg.Connection, version_id: int
) -> None:
    with pytest.raises(UnknownElementError, match="grid version 4711 is not stored"):
        read_grid(connection, 4711)


def test_end_that_is_not_there_is_named(connection: psycopg.Connection, version_id: int) -> None:
    connection.execute("update grid.line set to_bus_id = 'nowhere' where line_id = 'A-B'")
    with pytest.raises(StoreError, match=r"grid.line: to_bus_id 'nowhere' is not in the grid"):
        read_grid(connection)


def test_grid_without_buses_names_the_ends_that_miss_them(
    connection: psycopg.Connection, version_id: int
) -> None:
    connection.execute("delete from grid.bus")
    with pytest.raises(StoreError, match=r"grid.line: from_bus_id"):
        read_grid(connection)


def test_word_that_the_software_does_not_know_is_refused(
    connection: psycopg.Connection, version_id: int
) -> None:
    connection.execute("alter table grid.bus drop constraint bus_bus_kind_check")
    connection.execute("update grid.bus set bus_kind = 'moon base' where bus_id = 'A'")
    with pytest.raises(StoreError, match=r"grid.bus: 7 values of bus_kind in 8 rows"):
        read_grid(connection)


def test_switch_of_something_unknown_has_no_element(
    connection: psycopg.Connection, version_id: int
) -> None:
    connection.execute("update grid.switch set element_id = 'gone' where switch_id = 'A=C'")
    switches = read_grid(connection).switches
    assert switches.element[row(switches.switch_id, "A=C")] == -1


def test_all_tables_are_read_as_of_one_moment(
    connection: psycopg.Connection, version_id: int, database_url: str
) -> None:
    """What another connection commits between two tables is not half seen."""
    original = packed_table.query

    def delete_when_lines_are_read(name: str) -> bytes:
        if name == "grid_line":
            with psycopg.connect(database_url) as other:
                other.execute("delete from grid.version")
        return original(name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed_table, "query", delete_when_lines_are_read)
        assert_equal(read_grid(connection).lines, GRID.lines, but={"name"})
    with pytest.raises(NoGridError):
        read_grid(connection)


def test_newest_peak_of_each_transformer_counts(
    connection: psycopg.Connection, version_id: int
) -> None:
    connection.execute(
        "insert into grid.measured_peak (element_kind, element_id, measured_on, peak_kva) values"
        " ('transformer', 'C>Lö', '2024-01-31', 500), ('transformer', 'C>Lö', '2025-02-01', 617.5),"
        " ('transformer', 'C>Lö', '2023-01-01', 1), ('transformer', 'gone', '2025-01-01', 5)"
    )
    g = read_grid(connection)
    peaks = read_peaks(connection, g)
    assert g.transformers.transformer_id[peaks.transformer].tolist() == ["C>Lö"]
    assert peaks.line.tolist() == [-1]
    assert peaks.peak_kva.tolist() == [617.5]
    assert peaks.measured_on.tolist() == ["2025-02-01"]


def test_peak_of_a_feeder_names_its_line_and_no_transformer(
    connection: psycopg.Connection, version_id: int
) -> None:
    connection.execute(
        "insert into grid.measured_peak (element_kind, element_id, measured_on, peak_kva) values"
        " ('line', 'M-A', '2024-01-31', 3100), ('line', 'M-A', '2025-02-01', 3200),"
        " ('line', 'C>Lö', '2025-01-01', 5), ('transformer', 'M-A', '2025-01-01', 6),"
        " ('transformer', 'C>Lö', '2025-01-01', 410)"
    )
    g = read_grid(connection)
    peaks = read_peaks(connection, g)
    assert peaks.transformer.tolist() == [-1, row(g.transformers.transformer_id, "C>Lö")]
    assert peaks.line.tolist() == [row(g.lines.line_id, "M-A"), -1]
    assert peaks.peak_kva.tolist() == [3200, 410]


def test_grid_without_measurements_has_no_peaks(
    connection: psycopg.Connection, version_id: int
) -> None:
    peaks = read_peaks(connection, read_grid(connection))
    assert len(peaks.transformer) == len(peaks.peak_kva) == len(peaks.measured_on) == 0


def test_snapshot_is_compiled_once_and_then_mapped(
    connection: psycopg.Connection, version_id: int, tmp_path: Path
) -> None:
    first = load_snapshot(connection, tmp_path)
    assert_equal(first.topology, build_topology(GRID))
    (entry,) = tmp_path.iterdir()
    written = (entry / "manifest.json").stat().st_mtime_ns
    second = load_snapshot(connection, tmp_path)
    assert (entry / "manifest.json").stat().st_mtime_ns == written
    assert_equal(second, first)
    assert isinstance(second, Snapshot)
    assert isinstance(second.grid.lines.length_m.base, np.memmap)


def test_damaged_snapshot_is_compiled_again(
    connection: psycopg.Connection, version_id: int, tmp_path: Path
) -> None:
    load_snapshot(connection, tmp_path)
    (entry,) = tmp_path.iterdir()
    (entry / "topology.order.npy").write_bytes(b"nonsense")
    for _ in range(2):
        assert_equal(load_snapshot(connection, tmp_path).topology, build_topology(GRID))


def test_snapshot_of_the_same_grid_takes_the_number_of_its_version(
    connection: psycopg.Connection, version_id: int, tmp_path: Path
) -> None:
    load_snapshot(connection, tmp_path)
    connection.execute("delete from grid.version")
    number = insert_version(connection, "f")
    insert_grid(connection, GRID, number)
    assert load_snapshot(connection, tmp_path).grid.version_id == number != version_id
