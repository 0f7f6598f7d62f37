"""Settings: what the environment says, and what it may not say."""

import os
from pathlib import Path

import pytest

from gisplan.errors import InputError
from gisplan.settings import find_default_home, load_settings


def test_every_setting_has_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GISPLAN_HOME", "/srv/gisplan")
    monkeypatch.setenv("GISPLAN_OUTPUT_FOLDER", "results")
    monkeypatch.setenv("DATABASE_URL", "dbname=grid")
    found = load_settings()
    assert (found.home, found.output_folder) == (Path("/srv/gisplan"), Path("results"))
    assert found.database_url == "dbname=grid"


def test_a_data_folder_is_one_place_wherever_we_stand(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GISPLAN_HOME", "here")
    assert load_settings().home == tmp_path / "here"


def test_an_empty_variable_is_an_absent_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    assert load_settings().database_url is None


def test_a_value_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GISPLAN_FREE_DISK_MIN_MB", "much")
    with pytest.raises(InputError, match="free_disk_min_mb: Input should be a valid integer"):
        load_settings()


def test_a_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "host=db password=secret dbname=grid")
    assert "secret" not in repr(load_settings())


def test_roots_data_live_where_the_servers_user_can_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert find_default_home() == Path("/var/lib/gisplan")


def test_a_users_data_live_in_the_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", "/home/planner/data")
    assert find_default_home() == Path("/home/planner/data/gisplan")
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", "/home/planner")
    assert find_default_home() == Path("/home/planner/.local/share/gisplan")
