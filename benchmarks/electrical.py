"""The electrical engine against pandapower and power-grid-model: accuracy, decisions, CPU time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmarks.electrical_accuracy import (
    PERCENT,
    Truths,
    accuracy_rows,
    find_truths,
    screen_trial,
    two_point_rows,
    two_stages,
)
from benchmarks.electrical_cases import (
    SIZES,
    Setup,
    Trial,
    cpu_s,
    demands_at,
    powers,
    setups,
    trial_of,
)
from benchmarks.pandapower_net import (
    add_demand,
    build_net,
    place_demand,
    short_circuit_ka,
    solve,
)
from benchmarks.report import Row
from gisplan.electrical.base.base_state import solve_base_states
from gisplan.electrical.demand import MAIN, STATES, Demands, LoadCase, join_demands
from gisplan.electrical.faults.fault_checks import check_faults
from gisplan.electrical.faults.short_circuit import option_short_circuit, short_circuit_currents
from gisplan.electrical.proof.proposal import NewCable, Proposal
from gisplan.electrical.screening.capacity import Direction, capacities
from gisplan.model.grid import Protection

PANDAPOWER_SOLVES = 15
BISECTED_BUSES = 40
BISECTIONS = 14
REBUILDS = 7
REBUILD_MAX_MS = 5.0
HELD = 60
ONE_MORE = np.array([[9.0], [3.0]])
FAULT_CHECKS, FAULT_CHECK_MAX_MS = 40, 1.0
CABLE = NewCable(
    length_m=200,
    resistance_ohm_per_km=0.206,
    reactance_ohm_per_km=0.116,
    capacitance_nf_per_km=250,
    rated_current_a=319,
)


def rows() -> Iterator[Row]:
    for setup in setups():
        yield from _base_rows(setup)
        for direction in Direction:
            trial = trial_of(setup, direction)
            truths = find_truths(trial)
            yield from accuracy_rows(trial, truths)
            yield from _speed_rows(trial, truths)
            yield from _capacity_rows(trial)
        yield from _short_circuit_rows(setup)
        yield _fault_check_row(setup)
        yield from _rebuild_rows(setup)


def _base_rows(setup: Setup) -> Iterator[Row]:
    for case, state in setup.states.items():
        net = build_net(setup.grid, state)
        if not solve(net):
            raise RuntimeError(f"pandapower finds no base state of {setup.name}, {case}")
        error = np.abs(net.res_bus.vm_pu.to_numpy(float) - state.voltage_pu[MAIN])
        yield Row(
            name=f"{setup.name}: base power flow, case {case}, against pandapower",
            ours=float(np.nanmax(error)),
            unit="p.u.",
            target=1e-6,
            better="lower",
        )


def _pandapower_s(trial: Trial) -> float:
    """CPU seconds of one candidate in a loop over pandapower, the mean of some."""
    net = build_net(trial.setup.grid, trial.base)
    load = add_demand(net)
    solve(net)

    def loop() -> None:
        for n in range(PANDAPOWER_SOLVES):
            place_demand(net, load, int(trial.bus[n]), trial.p_kw[n], trial.q_kvar[n])
            solve(net)

    return cpu_s(loop, runs=1) / PANDAPOWER_SOLVES


def _speed_rows(trial: Trial, truths: Truths) -> Iterator[Row]:
    name, count = f"{trial.setup.name}: {trial.direction}", len(trial.bus)
    peer_s = _pandapower_s(trial)
    screen_s = cpu_s(lambda: screen_trial(trial), runs=5)
    yield Row(
        name=f"{name}, screening (peer: pandapower loop, {PANDAPOWER_SOLVES} solves)",
        ours=screen_s / count * 1e6,
        peer=peer_s * 1e6,
        unit="us/candidate",
        target=20_000.0,
        better="lower",
    )
    verdicts = two_stages(trial)
    yield Row(
        name=f"{name}, two stages, {count:,} candidates (peer: pandapower loop, scaled)",
        ours=cpu_s(lambda: two_stages(trial), runs=2),
        peer=peer_s * count,
        unit="s",
        target=300.0,
        better="lower",
    )
    yield Row(
        name=f"{name}, wrong decisions after two stages",
        ours=float(np.sum(verdicts != truths.feasible)),
        unit="wrong",
        target=0.0,
        better="lower",
    )


def _capacity_rows(trial: Trial) -> Iterator[Row]:
    setup, power_factor = trial.setup, SIZES[trial.direction][2]
    every = np.arange(len(setup.grid.buses.bus_id))

    def closed_form() -> None:
        capacities(
            setup.snapshot,
            trial.base,
            every,
            power_factor=power_factor,
            direction=trial.direction,
            limits=setup.limits,
        )

    closed_form()
    yield Row(
        name=f"{setup.name}: {trial.direction}, capacity of all buses (peer: bisection by "
        f"power-grid-model batch, {BISECTED_BUSES} buses, scaled)",
        ours=cpu_s(closed_form) * 1e3,
        peer=_bisection_s(trial, power_factor) / BISECTED_BUSES * len(every) * 1e3,
        unit="ms",
        target=1000.0,
        better="lower",
    )
    yield from two_point_rows(trial, power_factor)


def _bisection_s(trial: Trial, power_factor: float) -> float:
    """CPU seconds to bisect the capacities of some buses, all of them in one batch a step."""
    truth, row = trial.truth, np.arange(BISECTED_BUSES)
    low_limit, high_limit = truth.limits[:4].reshape(2, 2).T.min(), truth.limits[1]

    def bisect() -> None:
        low, high = np.zeros(len(row)), np.full(len(row), 40_000.0)
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            solved = truth.solve(row, *powers(trial.direction, power_factor, middle))
            fits = (
                solved.has_solution
                & (np.nan_to_num(solved.voltage_pu, nan=1.0).min(axis=1) >= low_limit)
                & (np.nan_to_num(solved.voltage_pu, nan=1.0).max(axis=1) <= high_limit)
                & (np.nan_to_num(solved.line_ratio).max(axis=1) <= 1)
                & (np.nan_to_num(solved.transformer_ratio).max(axis=1) <= 1)
            )
            low, high = np.where(fits, middle, low), np.where(fits, high, middle)

    return cpu_s(bisect, runs=1)


def _fault_check_row(setup: Setup) -> Row:
    """All checks of switchgear, fuse, relay and earth fault, where every head has a relay."""
    grid, topology = setup.grid, setup.snapshot.topology
    relays = np.zeros(len(grid.lines.line_id), np.uint8)
    relays[topology.feeder_head] = Protection.RELAY
    lines = replace(
        grid.lines,
        protection=relays,
        protection_current_a=np.full(len(relays), 400.0),
        zero_resistance_ohm_per_km=4 * grid.lines.resistance_ohm_per_km,
        zero_reactance_ohm_per_km=4 * grid.lines.reactance_ohm_per_km,
    )
    power_mva = np.full(len(grid.sources.bus), 1500.0)
    sources = replace(grid.sources, short_circuit_power_min_mva=power_mva)
    snapshot = replace(setup.snapshot, grid=replace(grid, lines=lines, sources=sources))
    currents = short_circuit_currents(snapshot, setup.catalogue)
    supplied = np.flatnonzero(topology.source >= 0)
    buses = supplied[:: max(len(supplied) // FAULT_CHECKS, 1)].tolist()
    p_kw = np.outer([10.0, 0.0], np.ones(len(STATES)))
    proposals = [
        Proposal(bus=bus, cable=CABLE, p_kw=p_kw, q_kvar=np.zeros_like(p_kw)) for bus in buses
    ]

    def check() -> None:
        for proposal in proposals:
            check_faults(snapshot, setup.catalogue, currents, proposal)
            option_short_circuit(snapshot, currents, proposal)

    return Row(
        name=f"{setup.name}: all checks of an option about faults",
        ours=cpu_s(check, runs=3) / len(proposals) * 1e3,
        unit="ms",
        target=FAULT_CHECK_MAX_MS,
        better="lower",
    )


def _short_circuit_rows(setup: Setup) -> Iterator[Row]:
    found = short_circuit_currents(setup.snapshot, setup.catalogue)
    net = build_net(setup.grid, setup.states[LoadCase.LOAD])
    worst = 0.0
    for case, ours in (("max", found.maximum_ka), ("min", found.minimum_ka)):
        error = np.abs(ours / short_circuit_ka(net, case) - 1)
        known = np.isfinite(error)
        supplied = setup.snapshot.topology.source >= 0
        yield Row(
            name=f"{setup.name}: short circuit, {case}, buses compared with pandapower",
            ours=float(np.mean(known[supplied])) * PERCENT,
            unit="% of supplied buses",
            target=99.0,
        )
        worst = max(worst, float(error[known].max()))
    yield Row(
        name=f"{setup.name}: short circuit, largest difference from pandapower",
        ours=worst * PERCENT,
        unit="%",
        target=0.1,
        better="lower",
    )

    def peer() -> None:
        for case in ("max", "min"):
            short_circuit_ka(net, case)

    yield Row(
        name=f"{setup.name}: short circuit of all buses, max and min (peer: pandapower)",
        ours=cpu_s(lambda: short_circuit_currents(setup.snapshot, setup.catalogue), runs=5) * 1e3,
        peer=cpu_s(peer, runs=1) * 1e3,
        unit="ms",
        target=100.0,
        better="lower",
    )


def _rebuild_rows(setup: Setup) -> Iterator[Row]:
    """Solve all load cases and levels with one more promise, at another place each time."""
    rng, topology = np.random.default_rng(3), setup.snapshot.topology
    lines = setup.grid.lines
    low_bus = rng.permutation(np.flatnonzero(topology.transformer >= 0))
    low_line = rng.permutation(np.flatnonzero(topology.transformer[lines.from_bus] >= 0))
    held = demands_at(low_bus[:HELD], *np.full((2, HELD), 1.0))
    at_bus = [demands_at(low_bus[n : n + 1], *ONE_MORE) for n in range(HELD, HELD + REBUILDS)]
    at_joint = [
        replace(
            demands_at(np.array([-1]), *ONE_MORE),
            line=low_line[n : n + 1],
            offset_m=lines.length_m[low_line[n : n + 1]] / 2,
        )
        for n in range(REBUILDS)
    ]
    for place, promises in (("at a bus", at_bus), ("at a new joint of a main", at_joint)):
        waiting = iter(promises)

        def rebuild(waiting: Iterator[Demands] = waiting) -> None:
            reserved = join_demands([held, next(waiting)])
            solve_base_states(setup.prepared, {LoadCase.LOAD: reserved})

        yield Row(
            name=f"{setup.name}: state after one reservation {place}, {HELD} held before",
            ours=cpu_s(rebuild, runs=REBUILDS) * 1e3,
            unit="ms",
            target=REBUILD_MAX_MS if setup.name.startswith("sample") else None,
            better="lower",
        )
