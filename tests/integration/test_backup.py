"""Backup and restore: complete, and a failing restore leaves the old database serving."""

from pathlib import Path

import psycopg
import pytest

from gisplan.errors import InputError, SchemaError, StoreError
from gisplan.settings import Settings
from gisplan.store.backup import BackupTool, back_up, find_backup_tool, restore
from gisplan.store.connection import connect
from gisplan.store.database import has_database
from gisplan.store.provision import provide_installation

INSERT = """
insert into planning.application (reference, kind, customer_class, demand_kva, power_factor,
                                  importance, status, synthetic, lon, lat)
values (%(reference)s, 'load', 'household', 9, 0.95, 'ordinary', 'received', true, 7.88, 48.45)
"""


@pytest.fixture
def tool(settings: Settings, database_url: str) -> BackupTool:
    programs = provide_installation(settings, None)
    return BackupTool(
        url=database_url, bin_folder=programs.bin_folder, environment=programs.environment()
    )


def add_application(url: str, reference: str) -> None:
    with connect(url) as connection:
        connection.execute(INSERT, {"reference": reference})


def list_applications(url: str) -> list[tuple[str, int]]:
    statement = "select reference, st_srid(geom_3857) from planning.application order by 1"
    with connect(url) as connection:
        return [(row[0], row[1]) for row in connection.execute(statement)]


def test_a_restore_brings_back_what_was_saved(tool: BackupTool, tmp_path: Path) -> None:
    add_application(tool.url, "kept")
    back_up(tool, tmp_path / "grid.dump")
    add_application(tool.url, "later")
    restore(tool, tmp_path / "grid.dump")
    assert list_applications(tool.url) == [("kept", 3857)]


def test_a_restore_leaves_one_database(tool: BackupTool, tmp_path: Path) -> None:
    back_up(tool, tmp_path / "grid.dump")
    restore(tool, tmp_path / "grid.dump")
    with connect(tool.url) as connection:
        name = connection.info.dbname
    assert not has_database(tool.url, f"{name}_restored")
    assert not has_database(tool.url, f"{name}_replaced")


def test_a_client_that_is_connected_does_not_stop_a_restore(
    tool: BackupTool, tmp_path: Path
) -> None:
    back_up(tool, tmp_path / "grid.dump")
    with psycopg.connect(tool.url) as busy:
        restore(tool, tmp_path / "grid.dump")
        with pytest.raises(psycopg.OperationalError, match="terminating connection"):
            busy.execute("select 1")
    assert list_applications(tool.url) == []


def test_a_truncated_backup_leaves_the_old_database(tool: BackupTool, tmp_path: Path) -> None:
    file = tmp_path / "grid.dump"
    back_up(tool, file)
    file.write_bytes(file.read_bytes()[:-40])
    add_application(tool.url, "kept")
    with pytest.raises(StoreError, match="pg_restore"):
        restore(tool, file)
    assert list_applications(tool.url) == [("kept", 3857)]


def test_a_backup_newer_than_the_code_leaves_the_old_database(
    tool: BackupTool, tmp_path: Path
) -> None:
    with connect(tool.url) as connection:
        connection.execute("insert into gisplan_migration values (999, 'future', 'x')")
    back_up(tool, tmp_path / "grid.dump")
    with connect(tool.url) as connection:
        connection.execute("delete from gisplan_migration where number = 999")
    add_application(tool.url, "kept")
    with pytest.raises(SchemaError, match="migration 999"):
        restore(tool, tmp_path / "grid.dump")
    assert list_applications(tool.url) == [("kept", 3857)]


def test_a_file_that_is_no_backup_is_refused(tool: BackupTool, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("no backup")
    with pytest.raises(InputError, match=r"notes\.txt is no backup"):
        restore(tool, file)


def test_a_missing_file_is_refused(tool: BackupTool, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no file"):
        restore(tool, tmp_path / "absent.dump")


def test_a_dump_of_another_database_is_refused(
    settings: Settings, database_url_empty: str, tmp_path: Path
) -> None:
    programs = provide_installation(settings, None)
    tool = BackupTool(
        url=database_url_empty, bin_folder=programs.bin_folder, environment=programs.environment()
    )
    back_up(tool, tmp_path / "other.dump")
    with pytest.raises(InputError, match="a dump of another database"):
        restore(tool, tmp_path / "other.dump")


def test_a_backup_that_cannot_be_written_leaves_no_file(tool: BackupTool, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="pg_dump failed"):
        back_up(tool, tmp_path / "no folder" / "grid.dump")
    assert list(tmp_path.iterdir()) == []


def test_the_tool_of_a_server_keeps_its_password_out_of_the_commands(settings: Settings) -> None:
    url = "postgresql://planner:secret@db.example/grid"
    found = find_backup_tool(settings.model_copy(update={"database_url": url}))
    assert found.environment["PGPASSWORD"] == "secret"


def test_the_tool_of_a_server_without_client_programs_is_the_installed_one(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    found = find_backup_tool(settings.model_copy(update={"database_url": "dbname=grid"}))
    assert found.bin_folder == settings.pg_bindir
