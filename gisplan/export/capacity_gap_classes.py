"""Classes of the season in which something runs out; red is soon, grey is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gisplan.export.density_phrases import Language, said

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gisplan.export.feature import Value

CLASSES = (
    ("today", "#a50026"),
    ("within a year", "#e34a33"),
    ("within two years", "#fc8d59"),
    ("within three years", "#fdc675"),
    ("later, up to the last quarter looked at", "#f0e6a8"),
    ("lasts as far as is looked", "#74add1"),
    ("unknown: on a loop, or without supply", "#8f8f8f"),
)
"""Label and colour; told apart without seeing red and green."""

QUARTERS_A_YEAR = 4
LATER, LASTS, UNKNOWN = 4, 5, 6


def class_text(label: str, language: Language) -> str:
    """Return a label in a language; in Chinese "today" alone would be read as a date."""
    is_today = language is Language.CHINESE and label == CLASSES[0][0]
    return said("now" if is_today else label, language)


def gap_class(row: Mapping[str, Value]) -> int:
    """Return the class of a supply area or an element: a row of ``CLASSES``."""
    if not row["is_known"]:
        return UNKNOWN
    if not row["runs_out"]:
        return LASTS
    quarters = int(row["season"] or 0)
    return min(-(-quarters // QUARTERS_A_YEAR), LATER)
