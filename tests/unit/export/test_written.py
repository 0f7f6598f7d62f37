from __future__ import annotations

import pytest

from gisplan.errors import InputError
from gisplan.export.written import written_whole


def test_folder_is_made(tmp_path):
    path = tmp_path / "new" / "a.txt"
    with written_whole(path) as partial:
        partial.write_text("whole")
    assert path.read_text() == "whole"


def write_half(path):
    with written_whole(path) as partial:
        partial.write_text("half")
        raise ZeroDivisionError


def test_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError):
        write_half(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_refusal_of_the_system_is_an_input_error(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(InputError, match="cannot be written"),
        written_whole(tmp_path / "file" / "a.txt") as partial,
    ):
        partial.write_text("never")
