"""Connections: what the driver raises is never seen outside the store."""

import time
from contextlib import ExitStack

import pytest

from gisplan.errors import ConflictError, InputError, StoreError
from gisplan.store.connection import borrow, connect, open_pool, parse_address


def count_rows(url: str) -> int:
    with connect(url) as connection:
        row = connection.execute("select count(*) from place").fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture
def place_url(database_url_empty: str) -> str:
    with connect(database_url_empty) as connection:
        connection.execute("create table place (id integer primary key)")
    return database_url_empty


def test_a_transaction_is_kept_at_the_end(place_url: str) -> None:
    with connect(place_url) as connection:
        connection.execute("insert into place values (1)")
    assert count_rows(place_url) == 1


def test_an_error_undoes_the_transaction(place_url: str) -> None:
    with pytest.raises(StoreError, match="division by zero"), connect(place_url) as connection:
        connection.execute("insert into place values (1); select 1/0")
    assert count_rows(place_url) == 0


def test_the_same_key_twice_is_a_conflict_that_names_it(place_url: str) -> None:
    expected = pytest.raises(ConflictError, match=r"Key \(id\)=\(1\) already exists")
    with expected, connect(place_url) as connection:
        connection.execute("insert into place values (1), (1)")


def test_the_hint_of_the_server_is_told(place_url: str) -> None:
    with pytest.raises(StoreError, match="No function matches"), connect(place_url) as connection:
        connection.execute("select sqrt('now'::date)")


def test_a_server_that_is_not_there_is_an_error_of_ours(tmp_path: object) -> None:
    with pytest.raises(StoreError, match="No such file"), connect(f"host={tmp_path} dbname=x"):
        pass


def test_a_pool_lends_connections_and_undoes_what_fails(place_url: str) -> None:
    with open_pool(place_url, size_max=2) as pool:
        with borrow(pool) as connection:
            connection.execute("insert into place values (1)")
        with pytest.raises(ConflictError), borrow(pool) as connection:
            connection.execute("insert into place values (1)")
    assert count_rows(place_url) == 1


def test_an_exhausted_pool_says_so(place_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_pool(place_url, size_max=1) as pool, borrow(pool):
        pool.timeout = 0.05
        with pytest.raises(StoreError, match="no database connection became free"), borrow(pool):
            pass


def test_an_address_is_read_into_its_parts() -> None:
    parts = parse_address("postgresql://planner:secret@db.example:5433/grid")
    assert (parts["host"], parts["port"], parts["dbname"]) == ("db.example", "5433", "grid")


@pytest.mark.parametrize("url", ["grid", "postgresql://db.example", "host"])
def test_an_address_without_database_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="DATABASE_URL is no address of a database"):
        parse_address(url)


def test_pool_whose_connections_all_died_answers_at_once(place_url: str) -> None:
    with open_pool(place_url, size_max=6) as pool:
        with ExitStack() as several:
            for _ in range(6):
                several.enter_context(borrow(pool))
        with connect(place_url, autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )
        started = time.monotonic()
        with borrow(pool) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        assert time.monotonic() - started < 5.0
