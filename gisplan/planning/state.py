"""A region with everything that is held: what one ledger sequence number stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.base_state import build_base_states
from gisplan.errors import UnknownElementError
from gisplan.model.grid import Peaks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gisplan.electrical.base_state import BaseState
    from gisplan.electrical.demand import LoadCase
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


def peaks_with(state: PlanningState, transformer: str, peak_kva: float) -> Peaks:
    """Return the measured peaks with another one for a transformer, given by id or name.

    Raises
    ------
    UnknownElementError
        If the grid version has no such transformer.
    """
    table = state.region.snapshot.grid.transformers
    rows = np.flatnonzero((table.transformer_id == transformer) | (table.name == transformer))
    if len(rows) == 0:
        raise UnknownElementError(
            f"transformer {transformer} is in no row of grid version "
            f"{state.region.snapshot.grid.version_id}; give its id or its name"
        )
    others = state.peaks.transformer != rows[0]
    return Peaks(
        transformer=np.append(state.peaks.transformer[others], rows[0]),
        peak_kva=np.append(state.peaks.peak_kva[others], peak_kva),
        measured_on=np.append(state.peaks.measured_on[others], ""),
    )
