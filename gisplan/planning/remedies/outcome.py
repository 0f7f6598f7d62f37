"""What came of trying a remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gisplan.model.option import Severity

if TYPE_CHECKING:
    from gisplan.model.option import Finding, Option
    from gisplan.planning.proven import Proven


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The option as mended, or what was tried in vain; neither where the remedy does not apply."""

    kind: str
    element: str = ""
    mended: Proven | None = None
    tried: str = ""


def violations(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that make an option infeasible."""
    return [finding for finding in findings if finding.severity is Severity.VIOLATION]


def voltage_effect(before: Option, after: Option) -> str:
    """Say what becomes of the lowest and highest voltage."""
    was, now = before.electrical, after.electrical
    lowest = f"lowest voltage {_pu(was.voltage_min_pu)} becomes {_pu(now.voltage_min_pu)} p.u."
    return f"{lowest}, highest {_pu(was.voltage_max_pu)} becomes {_pu(now.voltage_max_pu)} p.u."


def loading_effect(before: Option, after: Option) -> str:
    """Say what becomes of the highest loading."""
    was, now = before.electrical, after.electrical
    return f"highest loading {_percent(was.loading_max)} becomes {_percent(now.loading_max)}"


def _pu(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1%}"
