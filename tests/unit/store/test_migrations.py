"""The migrations of this code: numbered without a gap."""

from pathlib import Path

import pytest

from gisplan.errors import SchemaError
from gisplan.store import migrate as module
from gisplan.store.migrate import load_migrations


def test_numbers_run_from_one_without_a_gap() -> None:
    numbers = [one.number for one in load_migrations()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_gap_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    for name in ("0001_first.sql", "0003_third.sql", "notes.md"):
        (folder / name).write_text("select 1;")
    monkeypatch.setattr(module.resources, "files", lambda _package: tmp_path)
    with pytest.raises(SchemaError, match=r"numbered \[1, 3\]"):
        load_migrations()
