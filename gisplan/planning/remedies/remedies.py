"""Remedies that cost nothing, in order of effort: tap change, moved open point, phase swap.

Each is proven by AC power flow before it is offered. One that was tried in vain is told.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gisplan.model.option import Finding, Severity
from gisplan.planning.remedies.open_points import OpenPoints
from gisplan.planning.remedies.phase_swap import try_phase_swap
from gisplan.planning.remedies.tap_change import try_tap_change

if TYPE_CHECKING:
    from gisplan.planning.proven import Proven
    from gisplan.planning.site import Site


@dataclass(slots=True, kw_only=True)
class Remedies:
    """Tries the remedies on the offers of one site; switching states are solved once for all."""

    site: Site
    _open_points: OpenPoints = field(init=False)

    def __post_init__(self) -> None:
        self._open_points = OpenPoints(site=self.site)

    def mend(self, proven: Proven) -> Proven:
        """Return the option with the first remedy that makes it feasible, or as it was.

        What was tried before is told as a finding, whether another remedy works or none.
        """
        told: list[Finding] = []
        for attempt in (try_tap_change, self._open_points.attempt, try_phase_swap):
            if proven.option.feasible:
                break
            outcome = attempt(self.site, proven.offer, proven.option)
            if outcome.mended is not None:
                proven = outcome.mended
            elif outcome.tried:
                told.append(_in_vain(outcome.kind, outcome.element, outcome.tried))
        return replace(proven, option=proven.option.with_findings(*told)) if told else proven


def _in_vain(kind: str, element: str, tried: str) -> Finding:
    return Finding(
        rule=f"remedy.{kind}",
        severity=Severity.INFO,
        element=element,
        text=f"Tried without success: {tried}",
    )
