"""The planning state in another switching state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gisplan.planning.state import build_standing, state_of
from gisplan.planning.switched_region import with_switches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gisplan.planning.state import PlanningState


def switched_state(state: PlanningState, closed: Mapping[int, bool]) -> PlanningState:
    """Solve the base state anew, with some switches closed or open.

    Raises
    ------
    PowerFlowError
        If the grid has no solution in this switching state.
    """
    standing = state.standing
    region, peaks = with_switches(state.region, state.peaks, closed)
    switched = build_standing(region, peaks, loaded=standing.loaded, measured=standing.measured)
    return state_of(switched, state.held)
