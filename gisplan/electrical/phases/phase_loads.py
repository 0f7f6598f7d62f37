"""Existing load and generation of every bus, split over the phases as far as these are known.

Customers of unknown phase count as single-phase where each of them is small enough for it: by the
contract where it is known, else by the diversified power. Larger ones are three-phase and balanced.
Only what is adverse in a case may gather on one phase: loads at the highest load, generators at
the highest feed-in; the other stands balanced.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gisplan.electrical.base.base_state import BaseState
from gisplan.electrical.demand import LoadCase
from gisplan.model.grid import Flags, Floats, Grid, Integers, Phases
from gisplan.rules.catalogue import Catalogue

Complexes = npt.NDArray[np.complex128]

SINGLE = (Phases.L1, Phases.L2, Phases.L3)
SIZE_RULE = "supply.single_phase_max_kva"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseLoads:
    """Existing net demand in kVA (kW + j kvar), feed-in negative.

    ``balanced`` is per bus, ``fixed`` per bus and phase. The rest are customers of unknown phase,
    one row for equal ones of a bus: ``unknown`` is what they draw together, ``count`` their number.
    """

    balanced: Complexes
    fixed: Complexes
    unknown_bus: Integers
    unknown: Complexes
    count: Integers

    @property
    def size_kva(self) -> Floats:
        """Apparent power of one customer of unknown phase."""
        size: Floats = np.abs(self.unknown) / self.count
        return size


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """Loads or generators inside the part, one row each; what they draw is positive."""

    bus: Integers
    power: Complexes
    count: Integers
    phases: Integers
    is_single: Flags


def existing_phases(grid: Grid, base: BaseState, catalogue: Catalogue, kept: Flags) -> PhaseLoads:
    """Split the existing demand of a load case over the phases; the sum is that of the base state.

    Parameters
    ----------
    kept
        Per bus: part of the network; nothing else is told.
    """
    limit_kva = catalogue.value(SIZE_RULE)
    generators = _generators(grid, base, catalogue, kept, limit_kva)
    loads = _loads(grid, base, kept, generators, limit_kva)
    adverse = loads if base.case is LoadCase.LOAD else generators
    fixed = np.zeros((len(kept), len(SINGLE)), np.complex128)
    for phase, code in enumerate(SINGLE):
        rows = loads.phases == code
        np.add.at(fixed[:, phase], loads.bus[rows], loads.power[rows])
    rows = (adverse.phases == Phases.UNKNOWN) & adverse.is_single & (np.abs(adverse.power) > 0)
    total = np.where(kept, base.bus_p_kw + 1j * base.bus_q_kvar, 0.0)
    unknown = np.zeros(len(kept), np.complex128)
    np.add.at(unknown, adverse.bus[rows], adverse.power[rows])
    return PhaseLoads(
        balanced=total - fixed.sum(axis=1) - unknown,
        fixed=fixed,
        unknown_bus=adverse.bus[rows],
        unknown=adverse.power[rows],
        count=adverse.count[rows],
    )


def _generators(
    grid: Grid, base: BaseState, catalogue: Catalogue, kept: Flags, limit_kva: float
) -> _Rows:
    table = grid.generators
    rows = np.flatnonzero(kept[table.bus])
    rating = table.active_power_kw[rows] + 1j * table.reactive_power_kvar[rows]
    ratio = catalogue.value(
        "case.load_generation_ratio"
        if base.case is LoadCase.LOAD
        else "case.feed_in_generation_ratio"
    )
    return _Rows(
        bus=table.bus[rows],
        power=np.asarray(-ratio * rating, np.complex128),
        count=np.ones(len(rows), np.int64),
        phases=np.full(len(rows), Phases.UNKNOWN, np.int64),
        is_single=np.abs(rating) <= limit_kva,
    )


def _loads(grid: Grid, base: BaseState, kept: Flags, generators: _Rows, limit_kva: float) -> _Rows:
    """Loads in proportion to their scaled power, so that each bus draws what its base state has."""
    table = grid.loads
    rows = np.flatnonzero(kept[table.bus])
    bus, count = table.bus[rows], np.maximum(table.customer_count[rows], 1)
    scaled = base.loads.p_kw[rows] + 1j * base.loads.q_kvar[rows]
    fed_in = np.zeros(len(kept), np.complex128)
    np.add.at(fed_in, generators.bus, generators.power)
    drawn = base.bus_p_kw + 1j * base.bus_q_kvar - fed_in
    power = _in_proportion(drawn.real, bus, scaled.real) + 1j * _in_proportion(
        drawn.imag, bus, scaled.imag
    )
    contract_kva = table.contract_capacity_kva[rows]
    size_kva = np.where(np.isfinite(contract_kva), contract_kva, np.abs(scaled)) / count
    return _Rows(
        bus=bus,
        power=power,
        count=count,
        phases=table.phases[rows].astype(np.int64),
        is_single=size_kva <= limit_kva,
    )


def _in_proportion(drawn: Floats, bus: Integers, scaled: Floats) -> Floats:
    total = np.bincount(bus, scaled, len(drawn))[bus]
    factor = np.divide(drawn[bus], total, out=np.zeros(len(bus)), where=total != 0)
    return np.asarray(scaled * factor)
