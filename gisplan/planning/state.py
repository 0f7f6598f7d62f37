"""A region with everything that is held: what one ledger sequence number stands for."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from gisplan.electrical.backfeed.backfeed import build_backfeed_base, find_unbacked
from gisplan.electrical.base.base_state import prepare_base, solve_base_states
from gisplan.electrical.faults.short_circuit import short_circuit_currents
from gisplan.electrical.load.load_band import band_factors
from gisplan.errors import PowerFlowError, UnknownElementError
from gisplan.model.grid import Peaks
from gisplan.planning.once import Once
from gisplan.planning.promised_switches import promised_switches
from gisplan.planning.switched_region import with_switches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gisplan.electrical.backfeed.backfeed import BackfeedBase
    from gisplan.electrical.base.base_state import BaseState, PreparedBase
    from gisplan.electrical.demand import LoadCase
    from gisplan.electrical.faults.short_circuit import ShortCircuits
    from gisplan.model.grid import Flags
    from gisplan.planning.held import Held
    from gisplan.planning.region import Region

Solved = TypeVar("Solved")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The grid under its existing load, with the taps and switches that are promised.

    ``loaded`` and ``measured`` are the region and the peaks as they were read, ``region`` and
    ``peaks`` what promises leave of them. ``edges`` is the same at the edges of the load band.
    """

    loaded: Region
    measured: Peaks
    region: Region
    peaks: Peaks
    prepared: PreparedBase
    edges: Once[dict[float, PreparedBase]]
    faults: Once[ShortCircuits]


@dataclass(frozen=True, slots=True, kw_only=True)
class Footing:
    """The grid under one existing load with what is held: what a connection is judged against.

    ``base`` is solved by AC power flow, ``backfeed`` holds its backfeed states, ``unbacked`` flags
    the buses where one of them breaks a limit whatever is connected there.
    """

    base: Mapping[LoadCase, BaseState]
    backfeed: Once[BackfeedBase]
    unbacked: Once[Flags]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanningState:
    """The grid as it stands for the next application.

    ``edges`` is the same at the edges of the load band, by their factor; an edge at which the grid
    itself has no solution is left out.
    """

    standing: Standing
    held: Held
    footing: Footing
    edges: Once[dict[float, Footing]]

    @property
    def base(self) -> Mapping[LoadCase, BaseState]:
        """The base states under the existing load as it is known."""
        return self.footing.base

    @property
    def region(self) -> Region:
        """The region with what is promised of taps and switches."""
        return self.standing.region

    @property
    def peaks(self) -> Peaks:
        """The measured peaks that hold in this switching state."""
        return self.standing.peaks

    def is_current(self, version_id: int, sequence: int) -> bool:
        """Tell whether grid version and ledger are still the ones this state was made of."""
        return self.region.snapshot.grid.version_id == version_id and self.held.sequence == sequence


def build_state(
    region: Region, held: Held, peaks: Peaks, *, near: PlanningState | None = None
) -> PlanningState:
    """Solve the base state of a region with what is held.

    Parameters
    ----------
    near
        A state that may share taps, switches and measured peaks: then they are not solved again.

    Raises
    ------
    PowerFlowError
        If the grid itself has no solution under what is held.
    """
    if near is not None and _stands_alike(near, region, held, peaks):
        return state_of(near.standing, held)
    promised, lasting = with_switches(
        _with_promised_taps(region, held),
        peaks,
        promised_switches(region.snapshot.grid.switches, held.switchings),
    )
    standing = build_standing(promised, lasting, loaded=region, measured=peaks)
    return state_of(standing, held)


def build_standing(region: Region, peaks: Peaks, *, loaded: Region, measured: Peaks) -> Standing:
    """Solve a region under its existing load."""
    snapshot, catalogue = region.snapshot, region.catalogue
    prepare = partial(prepare_base, snapshot, catalogue, peaks=peaks)

    def prepare_edges() -> dict[float, PreparedBase]:
        return _solvable(lambda factor: prepare(load_factor=factor), band_factors(catalogue))

    return Standing(
        loaded=loaded,
        measured=measured,
        region=region,
        peaks=peaks,
        prepared=prepare(),
        edges=Once(prepare_edges),
        faults=Once(partial(short_circuit_currents, snapshot, catalogue)),
    )


def state_of(standing: Standing, held: Held) -> PlanningState:
    """Solve what is held on top of the existing load."""

    def solve_edges() -> dict[float, Footing]:
        prepared = standing.edges.get()
        return _solvable(lambda factor: _footing(standing, prepared[factor], held), prepared)

    return PlanningState(
        standing=standing,
        held=held,
        footing=_footing(standing, standing.prepared, held),
        edges=Once(solve_edges),
    )


def _footing(standing: Standing, prepared: PreparedBase, held: Held) -> Footing:
    base = solve_base_states(prepared, held.demands)
    snapshot, catalogue = standing.region.snapshot, standing.region.catalogue
    backfeed = Once(partial(build_backfeed_base, snapshot, base, catalogue))
    return Footing(
        base=base, backfeed=backfeed, unbacked=Once(lambda: find_unbacked(backfeed.get()))
    )


def _solvable(solve: Callable[[float], Solved], factors: Iterable[float]) -> dict[float, Solved]:
    """Solve for every factor of the existing load that has a solution."""
    solved: dict[float, Solved] = {}
    for factor in factors:
        with suppress(PowerFlowError):
            solved[factor] = solve(factor)
    return solved


def _stands_alike(near: PlanningState, region: Region, held: Held, peaks: Peaks) -> bool:
    old = near.standing.measured
    return (
        near.standing.loaded is region
        and near.held.taps == held.taps
        and near.held.switchings == held.switchings
        and all(
            np.array_equal(getattr(old, name), getattr(peaks, name))
            for name in ("transformer", "line", "peak_kva", "measured_on")
        )
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
        line=np.append(state.peaks.line[others], -1),
        peak_kva=np.append(state.peaks.peak_kva[others], peak_kva),
        measured_on=np.append(state.peaks.measured_on[others], ""),
    )
