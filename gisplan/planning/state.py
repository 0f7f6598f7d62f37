"""A region with everything that is held: what one ledger sequence number stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gisplan.electrical.base_state import build_base_states

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gisplan.electrical.base_state import BaseState
    from gisplan.electrical.demand import LoadCase
    from gisplan.model.grid import Peaks
    from gisplan.planning.held import Held
    from gisplan.planning.region import Region


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanningState:
    """The grid as it stands for the next application; ``base`` is solved by AC power flow."""

    region: Region
    held: Held
    peaks: Peaks
    base: Mapping[LoadCase, BaseState]

    def is_current(self, version_id: int, sequence: int) -> bool:
        """Tell whether grid version and ledger are still the ones this state was made of."""
        return self.region.snapshot.grid.version_id == version_id and self.held.sequence == sequence


def build_state(region: Region, held: Held, peaks: Peaks) -> PlanningState:
    """Solve the base state of a region with what is held.

    Raises
    ------
    PowerFlowError
        If the grid itself has no solution under what is held.
    """
    return PlanningState(
        region=region,
        held=held,
        peaks=peaks,
        base=build_base_states(
            region.snapshot, region.catalogue, peaks=peaks, reservations=held.demands
        ),
    )
