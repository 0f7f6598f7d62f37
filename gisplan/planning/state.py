"""A region with everything that is held: what one ledger sequence number stands for."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
    promised = _with_promised_taps(region, held)
    return PlanningState(
        region=promised,
        held=held,
        peaks=peaks,
        base=build_base_states(
            promised.snapshot, region.catalogue, peaks=peaks, reservations=held.demands
        ),
    )


def _with_promised_taps(region: Region, held: Held) -> Region:
    """Return the region with taps where accepted options need them."""
    if not held.taps:
        return region
    snapshot, table = region.snapshot, region.snapshot.grid.transformers
    position = np.array(table.tap_position)
    for transformer_id, tap_position in held.taps.items():
        position[table.transformer_id == transformer_id] = tap_position
    grid = replace(snapshot.grid, transformers=replace(table, tap_position=position))
    return replace(region, snapshot=replace(snapshot, grid=grid))


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
