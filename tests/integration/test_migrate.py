"""Migrations on a real server: in order, once, whole or not at all."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from gisplan.errors import SchemaError, StoreError
from gisplan.store import migrate as module
from gisplan.store.connection import connect
from gisplan.store.migrate import Migration, find_schema_number, load_migrations, migrate

FIRST = Migration(number=1, name="first", statements="create table first (id integer);")
SECOND = Migration(number=2, name="second", statements="create table second (id integer);")
BROKEN = Migration(number=2, name="broken", statements="create table half (id int); select 1/0;")


def has_table(url: str, name: str) -> bool:
    with connect(url) as connection:
        row = connection.execute("select to_regclass(%(name)s)", {"name": name}).fetchone()
    return row is not None and row[0] is not None


def test_a_fresh_database_gets_every_migration_once(database_url_empty: str) -> None:
    numbers = tuple(one.number for one in load_migrations())
    assert migrate(database_url_empty) == numbers
    assert migrate(database_url_empty) == ()
    assert find_schema_number(database_url_empty) == numbers[-1]


def test_the_test_database_is_migrated(database_url: str) -> None:
    assert find_schema_number(database_url) == len(load_migrations())


def test_an_unmigrated_database_has_number_zero(database_url_empty: str) -> None:
    assert find_schema_number(database_url_empty) == 0


def test_only_what_is_missing_runs(database_url_empty: str) -> None:
    migrate(database_url_empty, [FIRST])
    assert migrate(database_url_empty, [FIRST, SECOND]) == (2,)


def test_peaks_of_before_stay_those_of_transformers(database_url_empty: str) -> None:
    wanted = load_migrations()
    migrate(database_url_empty, wanted[:2])
    with connect(database_url_empty) as connection:
        connection.execute(
            "insert into grid.measured_peak (transformer_id, measured_on, peak_kva)"
            " values ('T/1', '2025-01-14', 391.5)"
        )
    migrate(database_url_empty)
    with connect(database_url_empty) as connection:
        rows = connection.execute(
            "select element_kind, element_id, peak_kva from grid.measured_peak"
        )
        assert rows.fetchall() == [("transformer", "T/1", 391.5)]


def test_a_failing_migration_leaves_nothing(database_url_empty: str) -> None:
    with pytest.raises(StoreError, match="division by zero"):
        migrate(database_url_empty, [FIRST, BROKEN])
    assert find_schema_number(database_url_empty) == 1
    assert has_table(database_url_empty, "first")
    assert not has_table(database_url_empty, "half")


def test_a_database_newer_than_the_code_is_refused(database_url_empty: str) -> None:
    migrate(database_url_empty, [FIRST, SECOND])
    with pytest.raises(SchemaError, match=r"migration 2 \(second\), this code ends at 1"):
        migrate(database_url_empty, [FIRST])


def test_an_edited_migration_is_refused(database_url_empty: str) -> None:
    migrate(database_url_empty, [FIRST])
    edited = Migration(number=1, name="first", statements="create table other (id integer);")
    with pytest.raises(SchemaError, match=r"migration 1 \(first\) ran with another text"):
        migrate(database_url_empty, [edited])


def test_four_at_once_migrate_once(database_url_empty: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        ran = list(threads.map(lambda _: migrate(database_url_empty, [FIRST, SECOND]), range(4)))
    assert sorted(ran) == [(), (), (), (1, 2)]


def test_an_old_server_is_refused(database_url_empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SERVER_VERSION_MIN", 990000)
    with pytest.raises(SchemaError, match="expected 99 or newer"):
        migrate(database_url_empty)


def test_an_old_postgis_is_refused(
    database_url_empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_POSTGIS_VERSION_MIN", (99, 0))
    with pytest.raises(SchemaError, match=r"the server offers PostGIS 3\S+, expected 99.0"):
        migrate(database_url_empty)
    assert not has_table(database_url_empty, "gisplan_migration")
