"""Which phase a single-phase customer gets."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gisplan.model.option import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

PHASES = ("L1", "L2", "L3")
THREE_PHASES = "L1-L2-L3"


def assign_phase(phase_count: int, held_phases: Iterable[str]) -> str:
    """Return three phases, or the one that fewest earlier promises on the transformer hold."""
    if phase_count != 1:
        return THREE_PHASES
    held = Counter(held_phases)
    return min(PHASES, key=lambda phase: (held[phase], phase))


def phase_finding(phase: str, transformer: str) -> tuple[Finding, ...]:
    """Say what is not known about a single-phase connection; nothing for three phases."""
    if phase == THREE_PHASES:
        return ()
    return (
        Finding(
            rule="supply.phase",
            severity=Severity.SURVEY,
            element=transformer,
            text=(
                f"Phase {phase} holds the fewest promises on {transformer}; the phases of existing "
                "customers are not recorded, and the power flow is balanced: a single-phase demand "
                "drops more voltage than it shows. Measure the phase currents before connecting"
            ),
            confidence="unverified",
        ),
    )
