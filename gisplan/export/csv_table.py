"""Tables as CSV files that are safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from gisplan.export.feature import Value

_BEGIN_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Value]]) -> None:
    """Write these columns of rows under their names, UTF-8; unknown and missing are empty.

    Names come from outside. One that a spreadsheet would take for a formula is led by an
    apostrophe, which makes it words; numbers are left as they are.
    """
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([_harmless(row.get(name)) for name in columns] for row in rows)


def _harmless(value: Value) -> Value:
    if not isinstance(value, str) or not value.startswith(_BEGIN_A_FORMULA) or _is_number(value):
        return value
    return f"'{value}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
