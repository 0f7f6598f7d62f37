"""Corridors, barriers and rights of way on their whole way: folder, PostGIS, network."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import psycopg
import pytest
import shapely

from gisplan.errors import GridRefusedError
from gisplan.model.grid import BarrierKind, Laying
from gisplan.services.load import LoadOutcome, load_grid
from gisplan.services.snapshot import load_snapshot
from gisplan.store.tiles import ElementKind, get_element
from tests.small_source import MAPPING, Rows, X, Y, path, write_source

GROUND = """
[sources]
main = "netz.gpkg"

[[corridor]]
layer = "weg"
corridor_id = "nr"
corridor_kind = { value = "street" }
surface = { value = "asphalt" }
evidence = { value = "surveyed" }
laying = "art"
owner = "eigner"
permit_lead_time_days = "tage"
excavation_ban_until = "sperre"

[[barrier]]
layer = "barriers"
barrier_id = "nr"
barrier_kind = "art"
owner = "eigner"
permit_lead_time_days = "tage"

[[obstacle]]
layer = "flur"
obstacle_id = "nr"
obstacle_kind = { value = "parcel" }
wayleave = "recht"
"""
WAYS: Rows = [
    {"nr": 1, "art": "排管", "eigner": "市政", "tage": 30.0, "sperre": date(2027, 3, 1),
     "geometry": path((0, 90), (100, 90))},
    {"nr": 2, "art": None, "eigner": None, "tage": None, "sperre": None,
     "geometry": path((100, 90), (200, 90))},
]  # fmt: skip
BARRIERS: Rows = [
    {"nr": 8, "art": "铁路", "eigner": "DB", "tage": 90.5, "geometry": path((50, 60), (50, 120))},
    {"nr": 9, "art": "gas", "eigner": None, "tage": None, "geometry": path((110, 91), (200, 91))},
]  # fmt: skip
PARCELS: Rows = [
    {"nr": 3, "recht": True, "geometry": shapely.box(X + 20, Y + 80, X + 30, Y + 99)},
    {"nr": 4, "recht": False, "geometry": shapely.box(X + 20, Y + 199, X + 30, Y + 209)},
]


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url) as opened:
        yield opened


def write_folder(folder: Path, barriers: Rows = BARRIERS, ways: Rows = WAYS) -> Path:
    write_source(folder, weg=ways, barriers=barriers, flur=PARCELS)
    (folder / "mapping.toml").write_text(MAPPING + GROUND, encoding="utf-8")
    return folder


def test_a_folder_with_barriers_is_loaded_and_compiled(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    (source := tmp_path / "town").mkdir()
    result = load_grid(write_folder(source), None, connection=connection)
    assert result.outcome is LoadOutcome.LOADED
    assert [result.row_counts[name] for name in ("corridor", "barrier", "obstacle")] == [2, 2, 2]
    for _ in range(2):  # compiled, then mapped
        snapshot = load_snapshot(connection, tmp_path / "cache")
        corridors, barriers = snapshot.grid.corridors, snapshot.grid.barriers
        assert corridors.laying.tolist() == [Laying.DUCT, Laying.UNKNOWN]
        assert corridors.owner.tolist() == ["市政", ""]
        assert corridors.permit_lead_time_days.tolist()[0] == 30.0
        assert corridors.excavation_ban_until.tolist()[0] == date(2027, 3, 1).toordinal()
        assert np.isnan(corridors.permit_lead_time_days[1])
        assert np.isnan(corridors.excavation_ban_until[1])
        assert barriers.kind.tolist() == [BarrierKind.RAIL, BarrierKind.GAS_MAIN]
        assert barriers.permit_lead_time_days.tolist()[0] == 90.5
        assert snapshot.grid.obstacles.wayleave.tolist() == [True, False]
        graph = snapshot.corridors
        assert graph.crossing_barrier.tolist() == [0]
        assert graph.beside_barrier.tolist() == [1]
        given = graph.edge_corridor_row >= 0  # the parcel with a right of way cuts nothing
        assert np.round(graph.edge_length_m[given].sum(), 6) == 200.0
    named = get_element(connection, ElementKind.CORRIDOR, "1")
    assert (named["owner"], named["excavation_ban_until"]) == ("市政", "2027-03-01")
    assert get_element(connection, ElementKind.OBSTACLE, "3")["wayleave"] is True


def test_a_barrier_of_no_kind_refuses_the_load_and_is_named(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    nameless = [{**BARRIERS[0], "art": None}, BARRIERS[1]]
    with pytest.raises(GridRefusedError, match="barrier 8: has no barrier_kind"):
        load_grid(write_folder(tmp_path, nameless), None, connection=connection)


def test_a_barrier_that_occurs_twice_refuses_the_load_and_is_named(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    twice = [BARRIERS[0], {**BARRIERS[1], "nr": 8}]
    with pytest.raises(GridRefusedError, match="barrier 8: the id occurs 2 times"):
        load_grid(write_folder(tmp_path, twice), None, connection=connection)


@pytest.mark.parametrize("day", ["infinity", "0001-01-01 BC"])
def test_the_database_holds_no_day_that_is_none(
    connection: psycopg.Connection, tmp_path: Path, day: str
) -> None:
    load_grid(write_folder(tmp_path), None, connection=connection)
    with pytest.raises(psycopg.errors.CheckViolation, match="excavation_ban_until"):
        connection.execute("update grid.corridor set excavation_ban_until = %s", (day,))
