"""From a source to the version that serves, on a real PostGIS."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import numpy as np
import psycopg
import pyogrio
import pytest
import shapely
import typer
from typer.testing import CliRunner

from gisplan.cli.load import load
from gisplan.errors import (
    ConflictError,
    GridRefusedError,
    InputError,
    MappingError,
    StoreError,
)
from gisplan.model.issue import IssueSeverity
from gisplan.services.load import LoadOptions, LoadOutcome, LoadResult, load_grid
from gisplan.store.grid_writer import GRID_TABLES, copy_rows, count_rows, staging_reserved
from tests.small_source import (
    CABLES,
    MAPPING,
    METERS,
    NODES,
    STATIONS,
    SWITCHES,
    Rows,
    X,
    Y,
    change,
    path,
    place,
    replaced,
    write_mapping,
    write_source,
)

GRID = Path(__file__).parents[2] / "data" / "grid"
WARNING = IssueSeverity.WARNING


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    """Connection to an empty migrated database."""
    with psycopg.connect(database_url) as opened:
        yield opened


def load_small(
    connection: psycopg.Connection,
    folder: Path,
    text: str = MAPPING,
    *,
    options: LoadOptions | None = None,
    **layers: Rows,
) -> LoadResult:
    """Load the small grid with some layers given otherwise."""
    source = write_source(folder, **layers)
    return load_grid(source, write_mapping(folder, text), connection=connection, options=options)


def fetch(connection: psycopg.Connection, statement: bytes) -> list[tuple[object, ...]]:
    with connection.transaction():
        return connection.execute(statement).fetchall()


def active(connection: psycopg.Connection) -> list[tuple[object, ...]]:
    return fetch(connection, b"select version_id from grid.version where state = 'active'")


# --- a version ------------------------------------------------------------------------------------


def test_a_load_becomes_the_active_version(connection: psycopg.Connection, tmp_path: Path) -> None:
    result = load_small(connection, tmp_path)
    assert result.outcome is LoadOutcome.LOADED
    assert result.issues == ()
    assert (result.source_name, result.profile, result.working_srid) == ("small grid", "eu", 25832)
    assert {name: count for name, count in result.row_counts.items() if count} == {
        "bus": 4, "line": 2, "transformer": 1, "switch": 1, "source": 1, "load": 1,
    }  # fmt: skip
    assert active(connection) == [(result.version_id,)]


def test_rows_arrive_as_they_were_read(connection: psycopg.Connection, tmp_path: Path) -> None:
    load_small(connection, tmp_path)
    ((length_m, capacitance, in_service, parallel, wkt, web),) = fetch(
        connection,
        b"select length_m, capacitance_nf_per_km, in_service, parallel_count, st_astext(geom),"
        b" st_srid(geom_3857) from grid.line where line_id = '10'",
    )
    assert (length_m, capacitance, in_service, parallel, web) == (100, None, True, 1, 3857)
    assert wkt == f"LINESTRING({X:.0f} {Y:.0f},{X + 100:.0f} {Y:.0f})"


def test_places_for_tiles_are_those_of_the_working_crs(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    load_small(connection, tmp_path)
    ((apart_m,),) = fetch(
        connection,
        b"select max(st_distance(st_transform(geom_3857, 25832), geom)) from grid.bus",
    )
    assert apart_m < 1e-6


def test_the_staging_area_is_empty_afterwards(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    load_small(connection, tmp_path)
    assert fetch(connection, b"select count(*) from staging.bus") == [(0,)]


def test_the_same_source_twice_is_one_version(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    first = load_small(connection, tmp_path)
    source, mapping = tmp_path / "netz.gpkg", tmp_path / "zuordnung.toml"
    again = load_grid(source, mapping, connection=connection)
    judged = load_grid(
        source, mapping, connection=connection,
        options=LoadOptions(issues_file=tmp_path / "issues.gpkg"),
    )  # fmt: skip
    assert again.outcome is judged.outcome is LoadOutcome.ALREADY_ACTIVE
    assert again.version_id == judged.version_id == first.version_id
    assert fetch(connection, b"select count(*) from grid.version") == [(1,)]


def test_a_retired_version_is_made_active_again(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    first = load_small(connection, tmp_path)
    source = tmp_path / "netz.gpkg"
    second = load_grid(
        source, write_mapping(tmp_path, MAPPING + "\n# changed\n"), connection=connection
    )
    assert active(connection) == [(second.version_id,)]
    back = load_grid(source, write_mapping(tmp_path), connection=connection)
    assert back.outcome is LoadOutcome.REACTIVATED
    assert active(connection) == [(first.version_id,)]


def test_the_profile_is_part_of_a_version(connection: psycopg.Connection, tmp_path: Path) -> None:
    first = load_small(connection, tmp_path)
    source, mapping = tmp_path / "netz.gpkg", tmp_path / "zuordnung.toml"
    other = load_grid(source, mapping, connection=connection, options=LoadOptions(profile="cn"))
    assert other.version_id != first.version_id


# --- refusals -------------------------------------------------------------------------------------


def test_errors_refuse_the_load_and_the_old_version_serves(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    first = load_small(connection, tmp_path)
    with pytest.raises(GridRefusedError, match=r"was not loaded, 3 errors") as caught:
        load_small(
            connection,
            tmp_path,
            kabel=change(CABLES, 1, nach=99),
            zaehler=change(METERS, 0, knoten=98),
        )
    # The far end of the cable and its bus are without supply then: three faults, all told.
    assert sorted({issue.rule for issue in caught.value.issues}) == [
        "element_bus_unknown", "island_without_source", "line_end_unknown_bus",
    ]  # fmt: skip
    assert active(connection) == [(first.version_id,)]


def broken_sources() -> dict[str, dict[str, Rows]]:
    """For every relational rule a source that breaks it."""
    back = {**CABLES[1], "nr": 12, "von": 4, "nach": 3, "geometry": path((150, 0), (100, 0))}
    switch = {"nr": 6, "knoten": 1, "kabel": 10, "stellung": "ein", "geometry": place(0, 0)}
    return {
        "id_duplicate": {"zaehler": [*METERS, *METERS]},
        "line_end_unknown_bus": {"kabel": change(CABLES, 1, nach=99)},
        "line_ends_equal": {"kabel": change(CABLES, 1, nach=3)},
        "line_end_off_bus": {"kabel": change(CABLES, 1, geometry=path((100, 0), (148, 0)))},
        "length_not_positive": {"kabel": change(CABLES, 1, laenge_km=0.0)},
        "length_against_geometry": {"kabel": change(CABLES, 1, laenge_km=0.06)},
        "rating_missing": {"kabel": change(CABLES, 1, strom_a=None)},
        "line_without_impedance": {"kabel": change(CABLES, 1, r=0.0, x=0.0)},
        "conductor_type_unknown": {"kabel": change(CABLES, 1, typ="Klingeldraht")},
        "line_voltage_mismatch": {"knoten": change(NODES, 3, kv=10.0)},
        "transformer_bus_unknown": {"station": change(STATIONS, 0, us=99)},
        "transformer_voltage_mismatch": {"station": change(STATIONS, 0, os=3, us=2)},
        "transformer_impedance_impossible": {"station": change(STATIONS, 0, ur=6.5)},
        "tap_out_of_range": {"station": change(STATIONS, 0, stufe=3)},
        "element_bus_unknown": {"zaehler": change(METERS, 0, knoten=99)},
        "source_doubled": {"knoten": [*NODES, NODES[0]]},
        "switch_bus_unknown": {"schalter": change(SWITCHES, 0, knoten=99)},
        "switch_element_unknown": {"schalter": change(SWITCHES, 0, kabel=99)},
        "switch_not_at_element": {"schalter": [*SWITCHES, {**switch, "knoten": 4}]},
        "substation_unknown": {"knoten": change(NODES, 0, uw="UW 1")},
        "bays_inconsistent": {"knoten": change(NODES, 0, felder=2, frei=3)},
        "island_without_source": {"schalter": change(SWITCHES, 0, stellung="aus")},
        "fed_from_two_sources": {"knoten": change(NODES, 1, art="UW")},
        "cycle_where_radial": {"kabel": [*CABLES, back]},
    }


BAYS = 'bus_id = "nr"\nsubstation_id = "uw"\nbays_total = "felder"\nbays_spare = "frei"\nnominal'

TAPS = "tap_neutral = 0\ntap_min = -2\ntap_max = 2\ntap_step_pct = 2.5"


@pytest.mark.parametrize("rule", broken_sources())
def test_every_rule_is_asked(connection: psycopg.Connection, tmp_path: Path, rule: str) -> None:
    text = replaced("tap_neutral = 0", TAPS, replaced('bus_id = "nr"\nnominal', BAYS))
    layers = broken_sources()[rule]
    nodes = [
        {"uw": None, "felder": None, "frei": None, **row} for row in layers.get("knoten", NODES)
    ]
    options = LoadOptions(severity={rule: IssueSeverity.ERROR})
    with pytest.raises(GridRefusedError) as caught:
        load_small(connection, tmp_path, text, options=options, **{**layers, "knoten": nodes})
    issue = next(issue for issue in caught.value.issues if issue.rule == rule)
    assert issue.severity is IssueSeverity.ERROR
    assert issue.element
    assert issue.found
    assert issue.expected


def test_an_issue_of_two_rows_says_what_stands_against_what(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    result = load_small(connection, tmp_path, kabel=change(CABLES, 1, laenge_km=0.06))
    (issue,) = result.issues
    assert issue.element == "line 11"
    assert issue.found == "length_m is 60.0, drawn are 50.0 m"
    assert issue.expected == "a difference of at most 5 %"
    assert (issue.x_m, issue.y_m) == (X + 125, Y)
    assert result.warning_count == 1


DOUBLED = """
[[source]]
layer = "knoten"
where = "art = 'UW'"
source_id = { column = "nr", format = "netz/{}" }
bus_id = "nr"
voltage_pu = 1.02
"""


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            {"kabel": change(CABLES, 1, r=0.0, x=0.0)},
            "line 11: resistance_ohm_per_km is 0 and reactance_ohm_per_km is 0 over 50 m; expected"
            " an impedance of at least 1e-06 ohm, or a bus-bus switch",
        ),
        ({"kabel": change(CABLES, 1, laenge_km=-0.05)}, "line 11: length_m is -50; expected more"),
        ({"station": change(STATIONS, 0, kva=None)}, "transformer T1: has no rated_power_kva"),
        ({"station": change(STATIONS, 0, kva=0.0)}, "transformer T1: rated_power_kva is '0"),
        ({"station": change(STATIONS, 0, uk=None)}, "transformer T1: has no short_circuit_voltage"),
        (
            {"station": change(STATIONS, 0, ur=6.5)},
            "transformer T1: short_circuit_resistance_pct is 6.5, short_circuit_voltage_pct is 6;"
            " expected a resistance of at most the impedance",
        ),
        (
            {"station": change(STATIONS, 0, stufe=3)},
            "transformer T1: tap_position is 3; expected a position from -2 to 2",
        ),
        (
            {"schalter": change(SWITCHES, 0, stellung="aus")},
            "bus 2: 3 buses without a source: 2, 3, 4",
        ),
        (
            {"knoten": change(NODES, 1, art="UW")},
            "bus 1: 4 buses are fed from 2 sources, at the buses 1, 2; the first two are joined by"
            " line 10; expected an open point between sources",
        ),
    ],
)
def test_what_would_make_a_power_flow_lie_is_told_with_its_element(
    connection: psycopg.Connection, tmp_path: Path, layers: dict[str, Rows], message: str
) -> None:
    text = replaced("tap_neutral = 0", TAPS)
    raised = {
        "line_without_impedance": IssueSeverity.ERROR,
        "fed_from_two_sources": IssueSeverity.ERROR,
    }
    with pytest.raises(GridRefusedError) as caught:
        load_small(connection, tmp_path, text, options=LoadOptions(severity=raised), **layers)
    assert message in str(caught.value)


def test_two_sources_at_one_bus_name_each_other(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    with pytest.raises(GridRefusedError) as caught:
        load_small(connection, tmp_path, MAPPING + DOUBLED)
    assert [str(issue) for issue in caught.value.issues] == [
        "error: source 1: stands at bus 1 with source netz/1; expected one source at a bus, with"
        " the short-circuit power of all",
        "error: source netz/1: stands at bus 1 with source 1; expected one source at a bus, with"
        " the short-circuit power of all",
    ]


def test_taps_that_turn_one_voltage_into_another_are_told(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    text = replaced("tap_neutral = 0", "tap_neutral = 0\ntap_step_pct = 30")
    with pytest.raises(GridRefusedError, match=r"transformer T1: 2 taps of 30 % from neutral"):
        load_small(connection, tmp_path, text, station=change(STATIONS, 0, stufe=2))


def test_a_line_without_impedance_is_a_warning_and_stays(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    result = load_small(connection, tmp_path, kabel=change(CABLES, 1, r=0.0, x=0.0))
    assert result.issue_counts == {"line_without_impedance": 1}
    assert result.row_counts["line"] == 2


def test_an_impossible_transformer_is_left_out_where_the_rule_is_lowered(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    lowered = {"transformer_impedance_impossible": WARNING, "island_without_source": WARNING}
    result = load_small(
        connection,
        tmp_path,
        options=LoadOptions(severity=lowered),
        station=change(STATIONS, 0, ur=6.5),
    )
    assert result.row_counts["transformer"] == 0


ELECTRICAL = {
    'rated_current_a = "strom_a"': """rated_current_a = "strom_a"
zero_resistance_ohm_per_km = "r0"
zero_reactance_ohm_per_km = { column = "r0", factor = 0.5 }
zero_capacitance_nf_per_km = 210
protection = { column = "schutz", values = { NH = "fuse_gg", UMZ = "relay" } }
protection_current_a = "ansprech_a\"""",
    'voltage_pu = 1.0': "voltage_pu = 1.0\nshort_circuit_power_min_mva = 300",
    'active_power_kw = "kw"': """active_power_kw = "kw"
phases = { column = "leiter", values = { R = "l1", S = "l2", T = "l3" } }
annual_energy_kwh = 3500
contract_capacity_kva = 14.5""",
    'nominal_voltage_v = { column = "kv", factor = 1000 }': """rated_short_circuit_current_ka = 16
nominal_voltage_v = { column = "kv", factor = 1000 }""",
}  # fmt: skip


def test_what_short_circuit_protection_and_unbalance_need_arrives(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    text = MAPPING
    for old, new in ELECTRICAL.items():
        text = replaced(old, new, text)
    cables = [
        {**CABLES[0], "r0": None, "schutz": "UMZ", "ansprech_a": 400.0},
        {**CABLES[1], "r0": 1.2, "schutz": None, "ansprech_a": None},
    ]
    meters = [{**METERS[0], "leiter": "S"}]
    load_small(connection, tmp_path, text, kabel=cables, zaehler=meters)
    assert fetch(
        connection,
        b"select zero_resistance_ohm_per_km, zero_reactance_ohm_per_km, zero_capacitance_nf_per_km,"
        b" protection, protection_current_a from grid.line order by line_id",
    ) == [(None, None, 210, "relay", 400), (1.2, 0.6, 210, None, None)]
    assert fetch(
        connection,
        b"select rated_short_circuit_current_ka, short_circuit_power_min_mva, phases,"
        b" annual_energy_kwh, contract_capacity_kva"
        b" from grid.bus join grid.source using (bus_id) cross join grid.load",
    ) == [(16, 300, "l2", 3500, 14.5)]


def test_rounding_of_a_short_line_is_no_issue(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    nodes = change(NODES, 3, geometry=place(103, 0))
    cables = change(CABLES, 1, geometry=path((100, 0), (103, 0)), laenge_km=0.0034)
    assert load_small(connection, tmp_path, knoten=nodes, kabel=cables).issues == ()


def test_a_raised_rule_refuses_and_a_lowered_one_lets_pass(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    cables = change(CABLES, 1, strom_a=None)
    raised = LoadOptions(severity={"rating_missing": IssueSeverity.ERROR})
    with pytest.raises(GridRefusedError):
        load_small(connection, tmp_path, options=raised, kabel=cables)
    lowered = LoadOptions(severity={"rating_missing": IssueSeverity.NOTE})
    result = load_small(connection, tmp_path, options=lowered, kabel=cables)
    assert result.warning_count == 0
    assert result.issue_counts == {"rating_missing": 1}


def test_rows_of_a_lowered_rule_are_left_out_with_all_that_needs_them(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    # The cable to an unknown bus goes, and then the switch of the cable.
    lost = {**CABLES[0], "nr": 12, "nach": 99, "geometry": path((0, 0), (0, 80))}
    switch = {**SWITCHES[0], "nr": 6, "kabel": 12}
    options = LoadOptions(
        severity={"line_end_unknown_bus": WARNING, "switch_element_unknown": WARNING}
    )
    result = load_small(
        connection, tmp_path, options=options, kabel=[*CABLES, lost], schalter=[*SWITCHES, switch]
    )
    assert (result.row_counts["line"], result.row_counts["switch"]) == (2, 1)
    assert all(issue.found.endswith("the row was left out") for issue in result.issues)
    assert len(result.issues) == 2


def test_the_first_of_two_equal_ids_stays_where_the_rule_is_lowered(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    meters = [*METERS, {**METERS[0], "kw": 9.9}]
    options = LoadOptions(severity={"id_duplicate": WARNING})
    load_small(connection, tmp_path, options=options, zaehler=meters)
    assert fetch(connection, b"select active_power_kw from grid.load") == [(2.1,)]


def test_an_unknown_rule_is_refused_before_anything_is_read(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    with pytest.raises(MappingError, match="did you mean 'rating_missing'"):
        load_small(connection, tmp_path, options=LoadOptions(severity={"rating_mising": WARNING}))


# --- one at a time, killed at any moment ----------------------------------------------------------


def test_only_one_load_runs_at_a_time(
    connection: psycopg.Connection, database_url: str, tmp_path: Path
) -> None:
    with (
        psycopg.connect(database_url) as other,
        staging_reserved(other),
        pytest.raises(ConflictError, match="another load is under way"),
    ):
        load_small(connection, tmp_path)
    assert load_small(connection, tmp_path).outcome is LoadOutcome.LOADED


def test_a_load_needs_a_connection_of_its_own(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    connection.execute("select 1")
    with pytest.raises(StoreError, match="without an open transaction"):
        load_small(connection, tmp_path)


LOAD_AND_WAIT = """
import os, sys, time
from pathlib import Path
import psycopg
from gisplan.services.load import load_grid

def wait(doing, done, total):
    if doing.startswith(sys.argv[3]) and done == int(sys.argv[4]):
        Path(sys.argv[5]).touch()
        time.sleep(60)

with psycopg.connect(sys.argv[1]) as connection:
    load_grid(Path(sys.argv[2]), None, connection=connection, progress=wait)
"""


@pytest.mark.parametrize(
    ("doing", "done"), [("staging", "3"), ("validating", "5"), ("storing", "0")]
)
def test_a_load_that_is_killed_leaves_the_old_version(
    connection: psycopg.Connection, database_url: str, tmp_path: Path, doing: str, done: str
) -> None:
    first = load_small(connection, tmp_path)
    reached = tmp_path / "reached"
    arguments = [database_url, str(GRID), doing, done, str(reached)]
    child = subprocess.Popen([sys.executable, "-c", LOAD_AND_WAIT, *arguments])
    deadline = time.monotonic() + 60
    while not reached.exists() and time.monotonic() < deadline:
        assert child.poll() is None
        time.sleep(0.02)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert active(connection) == [(first.version_id,)]
    wait_for_lock(connection)
    result = load_grid(GRID, None, connection=connection)  # the next load is not disturbed
    assert active(connection) == [(result.version_id,)]


def wait_for_lock(connection: psycopg.Connection) -> None:
    """Wait until the server has noticed that the killed client is gone."""
    statement = b"select count(*) from pg_locks where locktype = 'advisory'"
    deadline = time.monotonic() + 30
    while fetch(connection, statement) != [(0,)] and time.monotonic() < deadline:
        time.sleep(0.05)


def test_a_version_that_the_database_refuses_leaves_no_trace(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    first = load_small(connection, tmp_path)
    with connection.transaction():
        connection.execute("alter table grid.load add check (active_power_kw < 5)")
    with pytest.raises(InputError, match="breaks the rule"):
        load_small(connection, tmp_path, zaehler=change(METERS, 0, kw=9.0))
    assert active(connection) == [(first.version_id,)]
    assert fetch(connection, b"select count(distinct version_id) from grid.load") == [(1,)]


# --- the sample region ----------------------------------------------------------------------------


def test_the_sample_region_loads_with_the_warnings_of_its_readme(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    issues = tmp_path / "issues.gpkg"
    result = load_grid(GRID, None, connection=connection, options=LoadOptions(issues_file=issues))
    by_rule = {issue.rule: issue for issue in result.issues}
    assert by_rule["island_without_source"].found.startswith("29 buses")  # T_idx_ZUSATZ
    assert by_rule["cycle_where_radial"].found.startswith("a closed loop of 5 buses")  # T_idx_78
    differing = [i for i in result.issues if i.rule == "length_against_geometry"]
    assert sum(issue.element.startswith("line mv/") for issue in differing) == 36
    assert not any(issue.severity is IssueSeverity.ERROR for issue in result.issues)
    assert result.row_counts["bus"] == 3235
    written = pyogrio.read_dataframe(issues)
    assert len(written) == len(result.issues)
    assert written.crs.to_epsg() == 25832


def test_neighbours_lie_side_by_side_on_disk(connection: psycopg.Connection) -> None:
    load_grid(GRID, None, connection=connection)
    ((ordered,),) = fetch(
        connection,
        b"select bool_and(code >= before) from (select st_geohash(st_transform(geom, 4326), 12)"
        b' collate "C" as code, lag(st_geohash(st_transform(geom, 4326), 12)) over (order by ctid)'
        b' collate "C" as before from grid.bus) as codes',
    )
    assert ordered


# --- the manual -----------------------------------------------------------------------------------


def test_the_worked_example_of_the_manual_loads(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    manual = files("gisplan.ingest").joinpath("MAPPING.md").read_text(encoding="utf-8")
    text = manual.split("```toml\n")[1].split("```")[0]
    source = write_source(
        tmp_path,
        srid=31467,
        knoten=[
            {"nr": 1, "kv": 20.0, "art": "UW", "geometry": place(0, 0)},
            {"nr": 2, "kv": 20.0, "art": "ST", "geometry": place(100, 0)},
            {"nr": 3, "kv": 0.4, "art": "KVS", "geometry": place(101, 0)},
            {"nr": 4, "kv": 0.4, "art": "HA", "geometry": place(150, 0)},
        ],
        kabel=[
            kabel(10, "NAEKEBA 3x120", path((0, 0.2), (100, 0.1))),
            kabel(11, "NAYY 4x150 SE", path((101, 0), (130, 0))),
            kabel(12, "NAYY 4x50 SE", path((130.1, 0), (150, 0))),
        ],
        station=[
            {"nr": "T1", "name": "Kirche", "kva": 400, "stufe": None, "geometry": place(100, 1)}
        ],
        zaehler=[{"nr": 7, "kw": 2.1, "cos": 0.95, "geometry": place(151, 3)}],
    )
    result = load_grid(source, write_mapping(tmp_path, text), connection=connection)
    assert not any(issue.severity is IssueSeverity.ERROR for issue in result.issues)
    assert (result.row_counts["bus"], result.row_counts["line"]) == (5, 3)
    assert fetch(connection, b"select bus_id from grid.load") == [("4",)]
    assert fetch(
        connection, b"select resistance_ohm_per_km, role from grid.line order by line_id"
    ) == [(0.253, "main"), (0.208, "main"), (0.642, "service")]


def kabel(number: int, kind: str, geometry: shapely.LineString) -> dict[str, object]:
    return {"nr": number, "typ": kind, "laenge": None, "baujahr": 1990, "geometry": geometry}


# --- writers --------------------------------------------------------------------------------------


def test_columns_are_copied_into_a_staging_table(connection: psycopg.Connection) -> None:
    copied = copy_rows(
        connection,
        "bus",
        {
            "bus_id": np.array(["a", "b"], dtype=object),
            "name": np.array(["接入点", None], dtype=object),
            "bays_total": np.array([3.0, np.nan]),
        },
        geometry=np.array([shapely.Point(1, 2), None], dtype=object),
        srid=25832,
    )
    assert copied == 2
    assert fetch(
        connection,
        b"select bus_id, name, bays_total, st_asewkt(geom) from staging.bus order by bus_id",
    ) == [("a", "接入点", 3, "SRID=25832;POINT(1 2)"), ("b", None, None, None)]


def test_only_tables_of_the_grid_are_copied_into(connection: psycopg.Connection) -> None:
    with pytest.raises(StoreError, match="no table of the grid"):
        copy_rows(connection, "version", {"state": np.array(["active"], object)}, srid=25832)


def test_a_version_without_buses_is_told(connection: psycopg.Connection) -> None:
    with pytest.raises(InputError, match="holds no buses"):
        count_rows(connection, 1)


def test_every_table_of_the_grid_has_a_staging_table(connection: psycopg.Connection) -> None:
    names = fetch(connection, b"select tablename from pg_tables where schemaname = 'staging'")
    assert {str(name) for (name,) in names} == set(GRID_TABLES)


# --- the command ----------------------------------------------------------------------------------


@pytest.fixture
def app(database_url: str, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    """The command on a database of its own."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    command = typer.Typer()
    command.command()(load)
    return command


def test_the_command_tells_version_rows_and_issues(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, [str(GRID)])
    assert result.exit_code == 0
    assert result.stdout.startswith("version 1 of Schutterwald / Oberrhein serves (loaded")
    assert "bus              3235" in result.stdout
    assert "warning island_without_source" in result.stdout


def test_the_command_answers_programs_with_one_object(app: typer.Typer, tmp_path: Path) -> None:
    source, mapping = write_source(tmp_path), write_mapping(tmp_path)
    result = CliRunner().invoke(app, [str(source), "--mapping", str(mapping), "--json"])
    answer = json.loads(result.stdout)
    assert (answer["version_id"], answer["outcome"], answer["working_srid"]) == (1, "loaded", 25832)
    assert answer["row_counts"]["bus"] == 4


def test_a_refusal_of_the_command_names_its_errors(app: typer.Typer, tmp_path: Path) -> None:
    source = write_source(tmp_path, zaehler=change(METERS, 0, knoten=99))
    mapping = write_mapping(tmp_path)
    arguments = [str(source), "--mapping", str(mapping), "--json"]
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, GridRefusedError)
    answer = json.loads(result.stdout)
    assert (answer["outcome"], answer["issue_counts"]) == ("refused", {"element_bus_unknown": 1})
    lowered = [*arguments, "--severity", "element_bus_unknown=warning"]
    assert CliRunner().invoke(app, lowered).exit_code == 0


def test_a_severity_of_the_command_must_be_one(app: typer.Typer, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, [str(tmp_path), "--severity", "rating_missing=loud"])
    assert isinstance(result.exception, InputError)
    assert "expected RULE=LEVEL" in str(result.exception)
