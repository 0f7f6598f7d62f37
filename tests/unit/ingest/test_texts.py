"""Values as texts, numbers and flags."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gisplan.ingest.texts import as_flag, as_number, as_text, read_decimal_commas


@pytest.mark.parametrize(
    ("given", "texts"),
    [
        ([12.0, 1.5, float("nan")], ["12", "1.5", None]),
        ([1, 2], ["1", "2"]),
        ([True, False], ["true", "false"]),
        ([" a ", "", None], ["a", None, None]),
        ([True, None, pd.NA, np.float64(7)], ["true", None, None, "7"]),
    ],
)
def test_as_text(given: list[object], texts: list[str | None]) -> None:
    assert as_text(pd.Series(given)).tolist() == texts


def test_numbers_that_cannot_be_read_are_marked() -> None:
    numbers, unreadable = as_number(pd.Series(["1.5", "x", None], dtype=object))
    assert numbers[0] == 1.5
    assert np.isnan(numbers[1:]).all()
    assert unreadable.tolist() == [False, True, False]


def test_numbers_with_gaps_stay_numbers() -> None:
    numbers, unreadable = as_number(pd.Series([1, None], dtype="Int64"))
    assert numbers[0] == 1
    assert np.isnan(numbers[1])
    assert not unreadable.any()


def test_flags_are_words_or_numbers() -> None:
    flags, unreadable = as_flag(pd.Series(["Yes", "0", "perhaps", None, True], dtype=object))
    assert flags[[0, 1, 4]].tolist() == [1, 0, 1]
    assert unreadable.tolist() == [False, False, True, False, False]


def test_decimal_commas_change_numbers_only() -> None:
    frame = pd.DataFrame({"a": ["1,5", "Kiel, Nord", None], "b": [1.5, 2.5, 3.5]})
    changed = read_decimal_commas(frame)
    assert changed["a"].tolist() == ["1.5", "Kiel, Nord", None]
    assert changed["b"].tolist() == [1.5, 2.5, 3.5]
