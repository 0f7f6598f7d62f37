"""What a check says of single rows, before the rows have become issues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gisplan.model.issue import Issue
from gisplan.model.issue_rules import ISSUE_RULES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from gisplan.model.grid import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFault:
    """One row (position in its table) that breaks one rule."""

    rule: str
    row: int
    found: str
    expected: str


def build_faults(
    rule: str, rows: np.ndarray, *, found: Sequence[str] | str, expected: str
) -> list[RowFault]:
    """Build a fault of the same rule for every row; ``found`` is one text, or one for each row."""
    texts = [found] * len(rows) if isinstance(found, str) else found
    return [
        RowFault(rule=rule, row=int(row), found=text, expected=expected)
        for row, text in zip(rows, texts, strict=True)
    ]


def build_issues(
    faults: Sequence[RowFault], *, elements: Sequence[str], places_m: Floats
) -> list[Issue]:
    """Give faults the names of their elements and their places (shape (rows, 2), NaN: none)."""
    return [_build_issue(fault, elements[fault.row], places_m[fault.row]) for fault in faults]


def _build_issue(fault: RowFault, element: str, place_m: Floats) -> Issue:
    known = bool((place_m == place_m).all())  # noqa: PLR0124  # NaN differs from itself
    return Issue(
        rule=fault.rule,
        severity=ISSUE_RULES[fault.rule].severity,
        element=element,
        found=fault.found,
        expected=fault.expected,
        x_m=float(place_m[0]) if known else None,
        y_m=float(place_m[1]) if known else None,
    )
