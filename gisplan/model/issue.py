"""What validation found in a grid before it may serve."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class IssueSeverity(StrEnum):
    """Errors refuse a load, warnings and notes do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One thing that is wrong, doubtful or was changed in a grid that is being loaded.

    Coordinates are in the working CRS; both are ``None`` where the element has no place.
    """

    rule: str
    severity: IssueSeverity
    element: str
    found: str
    expected: str
    x_m: float | None = None
    y_m: float | None = None

    def __str__(self) -> str:
        return f"{self.severity}: {self.element}: {self.found}; expected {self.expected}"
