"""Tables as CSV: what comes from outside is no formula of a spreadsheet."""

from __future__ import annotations

from pathlib import Path

import pytest

from gisplan.export.csv_table import write_rows


def written(tmp_path: Path, value: str | float | bool | None) -> str:
    path = tmp_path / "table.csv"
    write_rows(path, ["name", "other"], [{"name": value, "left out": 1}])
    return path.read_text(encoding="utf-8").splitlines()[1]


@pytest.mark.parametrize("name", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1"])
def test_name_that_begins_like_a_formula_is_led_by_an_apostrophe(tmp_path: Path, name: str) -> None:
    assert written(tmp_path, name).lstrip('"').startswith("'")


@pytest.mark.parametrize(
    ("value", "cell"),
    [("-5", "-5"), ("+1e3", "+1e3"), (-2.5, "-2.5"), (None, ""), (False, "False"), ("a=b", "a=b")],
)
def test_numbers_and_other_words_stay_as_they_are(
    tmp_path: Path, value: str | float | bool | None, cell: str
) -> None:
    assert written(tmp_path, value) == f"{cell},"


def test_commas_quotes_and_line_ends_stay_in_their_cell(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    write_rows(path, ["name"], [{"name": 'a,"b"\nc'}])
    assert path.read_text(encoding="utf-8") == 'name\n"a,""b""\nc"\n'
