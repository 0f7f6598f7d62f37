"""Checks of single rows: ids, required values, numbers that can be read and are possible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gisplan.ingest.faults import RowFault, build_faults
from gisplan.ingest.tables import Column, ColumnKind, Table
from gisplan.ingest.texts import as_flag, as_number, as_text
from gisplan.ingest.words import as_date, translate_words

if TYPE_CHECKING:
    from gisplan.model.grid import Flags, Floats

INTEGER_MAX = 2**31 - 1
TEXT_LENGTH_MAX = 1000
FOUND_LENGTH_MAX = 60
READERS = {
    ColumnKind.NUMBER: as_number,
    ColumnKind.INTEGER: as_number,
    ColumnKind.FLAG: as_flag,
    ColumnKind.DATE: as_date,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedColumns:
    """Columns as arrays: texts as objects (``None`` missing), all else as float64 (NaN missing)."""

    columns: dict[str, np.ndarray]
    faults: list[RowFault]


def check_rows(table: Table, frame: pd.DataFrame) -> CheckedColumns:
    """Read every column of a table; a value is told once, by the first rule that it breaks."""
    columns: dict[str, np.ndarray] = {}
    faults: list[RowFault] = []
    for column in table.known_columns.values():
        values, found = _check_column(column, frame[column.name])
        columns[column.name] = values
        faults += _rename_missing_id(found) if column.name == table.id_column else found
    return CheckedColumns(columns=columns, faults=faults)


def _check_column(column: Column, raw: pd.Series[Any]) -> tuple[np.ndarray, list[RowFault]]:
    if column.kind is ColumnKind.TEXT:
        return _check_texts(column, raw)
    numbers, unreadable = READERS[column.kind](raw)
    broken = unreadable | np.isinf(numbers)
    if column.kind is ColumnKind.INTEGER:
        numbers = _round_almost_whole(numbers)
        broken |= ~np.isnan(numbers) & (numbers != np.floor(numbers))
        broken |= np.abs(numbers) > INTEGER_MAX
    faults = _tell("value_unreadable", column, raw, broken, f"a {column.kind}")
    outside = ~broken & _find_outside(column, numbers)
    faults += _tell("value_out_of_range", column, raw, outside, _describe_range(column))
    faults += _tell_missing(column, np.isnan(numbers) & ~broken)
    return np.where(broken, np.nan, numbers), faults


def _check_texts(column: Column, raw: pd.Series[Any]) -> tuple[np.ndarray, list[RowFault]]:
    texts = as_text(raw)
    broken = np.array([_is_broken(text) for text in texts], dtype=bool)
    expected = f"a text of up to {TEXT_LENGTH_MAX} characters"
    faults = _tell("value_unreadable", column, texts, broken, expected)
    faults += _tell_missing(column, texts.isna().to_numpy())
    if column.words:
        texts = translate_words(texts, column.choices, column.words)
    if column.choices:
        unknown = texts.notna().to_numpy() & ~broken & ~texts.isin(column.choices).to_numpy()
        faults += _tell("value_not_allowed", column, texts, unknown, " or ".join(column.choices))
    return texts.to_numpy(object), faults


def _is_broken(text: str | None) -> bool:
    """Whether a text is too long, or holds the one character that PostgreSQL never stores."""
    return text is not None and (len(text) > TEXT_LENGTH_MAX or "\0" in text)


def _round_almost_whole(numbers: Floats) -> Floats:
    """Undo what factors do to whole numbers, as in 150 * 0.0333333."""
    whole = np.round(numbers)
    return np.where(np.isclose(numbers, whole, rtol=0, atol=1e-6), whole, numbers)


def _find_outside(column: Column, numbers: Floats) -> Flags:
    outside = np.zeros(len(numbers), dtype=bool)
    if column.above is not None:
        outside |= numbers <= column.above
    if column.at_least is not None:
        outside |= numbers < column.at_least
    if column.at_most is not None:
        outside |= numbers > column.at_most
    return outside


def _describe_range(column: Column) -> str:
    bounds = (
        ("more than", column.above),
        ("at least", column.at_least),
        ("at most", column.at_most),
    )
    return " and ".join(f"{word} {bound:g}" for word, bound in bounds if bound is not None)


def _tell(
    rule: str, column: Column, raw: pd.Series[Any], rows: Flags, expected: str
) -> list[RowFault]:
    if not rows.any():
        return []
    found = [f"{column.name} is {str(value)[:FOUND_LENGTH_MAX]!r}" for value in as_text(raw[rows])]
    return build_faults(rule, np.flatnonzero(rows), found=found, expected=expected)


def _tell_missing(column: Column, missing: Flags) -> list[RowFault]:
    if not column.required:
        return []
    return build_faults(
        "value_missing",
        np.flatnonzero(missing),
        found=f"has no {column.name}",
        expected=f"a {column.kind}",
    )


def _rename_missing_id(faults: list[RowFault]) -> list[RowFault]:
    return [
        RowFault(rule="id_missing", row=fault.row, found=fault.found, expected="an id")
        if fault.rule == "value_missing"
        else fault
        for fault in faults
    ]
