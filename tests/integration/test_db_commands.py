"""The command line: what it prints, where, and with which status it ends."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gisplan import cli
from gisplan.errors import GridRefusedError, StoreError


def test_start_and_status_say_the_same(gisplan) -> None:
    started = json.loads(gisplan("db", "start", "--json")[1])
    assert started["state"] == "running"
    assert json.loads(gisplan("db", "status", "--json")[1]) == started


def test_a_backup_is_restored(gisplan, tmp_path: Path) -> None:
    gisplan("db", "start")
    status, out, _ = gisplan("db", "backup", tmp_path / "grid.dump", "--json")
    assert (status, json.loads(out)["file"]) == (0, str(tmp_path / "grid.dump"))
    assert gisplan("db", "restore", tmp_path / "grid.dump")[0] == 0


def test_an_answer_for_people_is_one_line_a_field(gisplan) -> None:
    gisplan("db", "start")
    lines = gisplan("db", "status")[1].splitlines()
    assert lines[0].split() == ["state", "running"]


def test_an_error_of_ours_is_a_message_and_status_2(gisplan, tmp_path: Path) -> None:
    status, out, err = gisplan("db", "restore", tmp_path / "absent.dump")
    assert (status, out) == (2, "")
    assert err.startswith(f"gisplan: {tmp_path}/absent.dump is no file")


@pytest.mark.parametrize(
    ("error", "expected"), [(GridRefusedError("no"), 1), (StoreError("no"), 2)]
)
def test_a_refused_grid_is_status_1_and_a_failure_2(
    gisplan, monkeypatch: pytest.MonkeyPatch, error: Exception, expected: int
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(cli, "build_app", lambda _wanted: fail)
    assert gisplan()[0] == expected


def test_a_server_of_the_user_is_not_stopped(gisplan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "dbname=grid")
    status, _, err = gisplan("db", "stop")
    assert status == 2
    assert "not ours to stop" in err


def test_stopping_what_does_not_run_says_so(
    gisplan, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("gisplan.cli.db.stop_cluster", lambda _cluster, _settings: False)
    assert json.loads(gisplan("db", "stop", "--json")[1]) == {"stopped": False}


def test_the_module_runs_and_tells_its_version() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gisplan", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "0.1.0"
