"""The nets that the electrical engine is measured on, and the demands that it is asked."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from benchmarks.ac_truth import AcTruth
from benchmarks.radial_grid import generate_radial_grid
from benchmarks.scratch_database import scratch_database
from gisplan.electrical.base.base_state import (
    BaseState,
    PreparedBase,
    prepare_base,
    solve_base_states,
)
from gisplan.electrical.demand import MEDIUM_VOLTAGE_V, STATES, Demands, LoadCase
from gisplan.electrical.screening.capacity import CASE_OF, Direction
from gisplan.electrical.screening.screening_limits import ScreeningLimits, screening_limits
from gisplan.model.grid import Floats, Grid, Integers, Polylines
from gisplan.network.snapshot import CorridorGraph, Snapshot
from gisplan.network.topology import build_topology
from gisplan.rules.catalogue import Catalogue, load_catalogue
from gisplan.services.load import load_grid
from gisplan.services.snapshot import load_snapshot
from gisplan.store.connection import connect

SAMPLE = Path(__file__).parents[1] / "data" / "grid"
RADIAL_BUSES = 10_000
CANDIDATES = 2000
HIGH_VOLTAGE_V = 60_000.0
GUARD_VOLTAGE_PU, GUARD_LOADING_RATIO = 5e-4, 3e-3
SMALLEST_SK_MVA = 3000.0
# kVA at low and at medium voltage, power factor; each drawn between a third and the threefold
SIZES = {Direction.LOAD: (60.0, 3000.0, 0.95), Direction.GENERATION: (100.0, 5000.0, 1.0)}
SPREAD = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """One net, solved, with the limits that it is judged by."""

    name: str
    snapshot: Snapshot
    catalogue: Catalogue
    limits: ScreeningLimits
    prepared: PreparedBase
    states: Mapping[LoadCase, BaseState]

    @property
    def grid(self) -> Grid:
        return self.snapshot.grid


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Candidates of one direction, and the AC power flow that knows the truth of each."""

    setup: Setup
    direction: Direction
    base: BaseState
    bus: Integers
    p_kw: Floats
    q_kvar: Floats
    truth: AcTruth

    def demands(self) -> Demands:
        """The candidates as screening takes them: in full in every state."""
        return demands_at(self.bus, self.p_kw, self.q_kvar)


def setups() -> Iterator[Setup]:
    """Give the joined sample net, then the generated one."""
    yield _solve("sample", _sample())
    grid = generate_radial_grid(RADIAL_BUSES)
    yield _solve(
        "radial",
        Snapshot(grid=grid, topology=build_topology(grid), corridors=_no_corridors()),
    )


def trial_of(setup: Setup, direction: Direction) -> Trial:
    """Draw candidates: random supplied buses below 60 kV, random sizes around those of SIZES."""
    rng = np.random.default_rng(7)
    voltage_v = setup.grid.buses.nominal_voltage_v
    supplied = np.flatnonzero((voltage_v < HIGH_VOLTAGE_V) & (setup.snapshot.topology.source >= 0))
    bus = rng.choice(supplied, CANDIDATES, replace=False)
    low_kva, medium_kva, power_factor = SIZES[direction]
    kva = np.where(voltage_v[bus] < MEDIUM_VOLTAGE_V, low_kva, medium_kva)
    kva = kva * SPREAD ** rng.uniform(-1, 1, CANDIDATES)
    p_kw, q_kvar = powers(direction, power_factor, kva)
    base = setup.states[CASE_OF[direction]]
    truth = AcTruth.build(setup.snapshot, base, bus, setup.limits.values)
    return Trial(
        setup=setup,
        direction=direction,
        base=base,
        bus=bus,
        p_kw=p_kw,
        q_kvar=q_kvar,
        truth=truth,
    )


def powers(direction: Direction, power_factor: float, kva: Floats) -> tuple[Floats, Floats]:
    """Active and reactive power; feed-in is negative."""
    signed = kva if direction is Direction.LOAD else -kva
    return signed * power_factor, signed * np.sqrt(1 - power_factor**2)


def demands_at(bus: Integers, p_kw: Floats, q_kvar: Floats) -> Demands:
    """Demands at buses, in full in every state."""
    return Demands(
        bus=bus,
        line=np.full(len(bus), -1),
        offset_m=np.full(len(bus), np.nan),
        p_kw=np.repeat(p_kw[:, None], len(STATES), axis=1),
        q_kvar=np.repeat(q_kvar[:, None], len(STATES), axis=1),
    )


def cpu_s(work: Callable[[], object], runs: int = 3) -> float:
    """CPU seconds of all threads, the best of some runs."""
    best = np.inf
    for _ in range(runs):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return float(best)


def _solve(name: str, snapshot: Snapshot) -> Setup:
    catalogue = load_catalogue(snapshot.grid.profile)
    limits = replace(
        screening_limits(catalogue),
        guard_voltage_pu=GUARD_VOLTAGE_PU,
        guard_loading_ratio=GUARD_LOADING_RATIO,
    )
    prepared = prepare_base(snapshot, catalogue)
    return Setup(
        name=f"{name}, {len(snapshot.grid.buses.bus_id):,} buses",
        snapshot=snapshot,
        catalogue=catalogue,
        limits=limits,
        prepared=prepared,
        states=solve_base_states(prepared),
    )


def _sample() -> Snapshot:
    """Load the sample region as the product does; its sources get the power that they lack."""
    with scratch_database() as url, tempfile.TemporaryDirectory() as cache:
        with connect(url) as connection:
            load_grid(SAMPLE, None, connection=connection)
        with connect(url) as connection:
            snapshot = load_snapshot(connection, Path(cache))
    sources = snapshot.grid.sources
    known = replace(
        sources,
        short_circuit_power_min_mva=np.where(
            np.isfinite(sources.short_circuit_power_min_mva),
            sources.short_circuit_power_min_mva,
            SMALLEST_SK_MVA,
        ),
    )
    return replace(snapshot, grid=replace(snapshot.grid, sources=known))


def _no_corridors() -> CorridorGraph:
    """No streets: nothing electrical asks for them."""
    empty = np.empty(0, np.int64)
    shape = Polylines(offset=np.zeros(1, np.int64), xy_m=np.empty((0, 2)))
    columns = {one.name: shape if one.name == "shape" else empty for one in fields(CorridorGraph)}
    return CorridorGraph(**columns)  # type: ignore[arg-type]
