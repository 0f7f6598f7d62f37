"""A radial grid of any size: a 110 kV source, 20 kV feeders, local stations, mains and houses.

Cables, transformers and lengths are those of German suburbs by usual data sheets; loads are
diversified. Nothing depends on anything but size and seed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from gisplan.model.grid import (
    Barriers,
    Buses,
    BusKind,
    CorridorSources,
    CustomerClass,
    Generators,
    Grid,
    LineRole,
    Lines,
    Loads,
    Obstacles,
    Polylines,
    Sources,
    Switches,
    Texts,
    Transformers,
)

BUSES_PER_BUSBAR = 3500
FEEDERS_PER_BUSBAR = 4
# r, x in ohm/km, c in nF/km, rated current in A
CABLE_20_KV = (0.206, 0.116, 250.0, 319.0)
OVERHEAD_20_KV = (0.306, 0.350, 9.7, 350.0)
MAIN = (0.208, 0.080, 261.0, 270.0)
SERVICE = (0.642, 0.083, 210.0, 142.0)
# kVA, kV, kV, vk %, vkr %, no-load loss W, no-load current %, clock, tap
SUBSTATION = (40_000.0, 110.0, 20.0, 16.2, 0.34, 18_000.0, 0.05, 5, -2)
STATIONS = (
    (250.0, 20.0, 0.4, 4.0, 1.3, 425.0, 0.30, 5, 0),
    (400.0, 20.0, 0.4, 4.0, 1.15, 610.0, 0.26, 5, 0),
    (630.0, 20.0, 0.4, 4.0, 1.03, 860.0, 0.22, 5, 0),
)
TAN_PHI = math.tan(math.acos(0.97))


@dataclass(slots=True, kw_only=True)
class _Plot:
    """A grid while it grows: lists of rows."""

    rng: np.random.Generator
    size: int
    bus: list[tuple[float, BusKind]] = field(default_factory=list)
    line: list[tuple[int, int, float, tuple[float, ...], LineRole]] = field(default_factory=list)
    transformer: list[tuple[int, int, tuple[float, ...]]] = field(default_factory=list)
    load: list[tuple[int, float, CustomerClass]] = field(default_factory=list)
    generator: list[tuple[int, float]] = field(default_factory=list)

    def is_full(self) -> bool:
        return len(self.bus) >= self.size

    def add_bus(self, voltage_v: float, kind: BusKind = BusKind.JOINT) -> int:
        self.bus.append((voltage_v, kind))
        return len(self.bus) - 1

    def add_line(
        self,
        start: int,
        voltage_v: float,
        length_m: float,
        conductor: tuple[float, ...],
        kind: BusKind = BusKind.JOINT,
    ) -> int:
        """Lay a line from a bus to a new one; return the new one."""
        end = self.add_bus(voltage_v, kind)
        role = LineRole.SERVICE if kind is BusKind.CUSTOMER else LineRole.MAIN
        self.line.append((start, end, length_m, conductor, role))
        return end

    def between(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))


def generate_radial_grid(bus_count: int, *, seed: int = 1) -> Grid:
    """Grow feeders in turn until the grid has as many buses as were asked for."""
    plot = _Plot(rng=np.random.default_rng(seed), size=bus_count)
    source = plot.add_bus(110_000.0, BusKind.SUBSTATION_BUSBAR)
    feeders: list[list[int]] = []
    for _ in range(math.ceil(bus_count / BUSES_PER_BUSBAR)):
        busbar = plot.add_bus(20_000.0, BusKind.SUBSTATION_BUSBAR)
        plot.transformer.append((source, busbar, SUBSTATION))
        feeders += [[busbar] for _ in range(FEEDERS_PER_BUSBAR)]
    while not plot.is_full():
        for number, feeder in enumerate(feeders):
            if not plot.is_full():
                _add_station(plot, feeder, is_overhead=number % FEEDERS_PER_BUSBAR == 0)
    return _build(plot)


def _add_station(plot: _Plot, feeder: list[int], *, is_overhead: bool) -> None:
    """Lengthen a feeder, or branch off it, by a station: an MV customer or a low-voltage town."""
    start = feeder[-1] if plot.rng.random() < 0.7 else feeder[int(plot.rng.integers(len(feeder)))]
    conductor = OVERHEAD_20_KV if is_overhead else CABLE_20_KV
    station = plot.add_line(
        start, 20_000.0, plot.between(400, 1500), conductor, BusKind.RING_MAIN_UNIT
    )
    feeder.append(station)
    if plot.rng.random() < 0.15:
        plot.load.append((station, plot.between(300, 900), CustomerClass.INDUSTRIAL))
    elif not plot.is_full():
        board = plot.add_bus(400.0, BusKind.TRANSFORMER_BOARD)
        plot.transformer.append((station, board, STATIONS[int(plot.rng.integers(3))]))
        for _ in range(int(plot.rng.integers(2, 6))):
            _add_main(plot, board)


def _add_main(plot: _Plot, board: int) -> None:
    """Lay a main with a house at each joint; some mains branch."""
    joints = [board]
    for _ in range(int(plot.rng.integers(4, 13))):
        if plot.is_full():
            return
        is_branch = len(joints) > 2 and plot.rng.random() < 0.15
        start = joints[int(plot.rng.integers(1, len(joints)))] if is_branch else joints[-1]
        joint = plot.add_line(start, 400.0, plot.between(20, 45), MAIN)
        joints.append(joint)
        if plot.is_full():
            return
        house = plot.add_line(joint, 400.0, plot.between(8, 25), SERVICE, BusKind.CUSTOMER)
        plot.load.append((house, float(plot.rng.lognormal(1.1, 0.5)), CustomerClass.HOUSEHOLD))
        if plot.rng.random() < 0.15:
            plot.generator.append((house, plot.between(4, 10)))


def _ids(prefix: str, count: int) -> Texts:
    """Ids whose order is that of the rows."""
    return np.array([f"{prefix}/{n:06d}" for n in range(count)], np.str_)


def _texts(count: int) -> Texts:
    return np.full(count, "", np.str_)


def _build(plot: _Plot) -> Grid:
    return Grid(
        version_id=1,
        working_srid=25832,
        profile="eu",
        fingerprint="generated",
        buses=_buses(plot),
        lines=_lines(plot),
        transformers=_transformers(plot),
        switches=_switches(),
        sources=Sources(
            source_id=_ids("source", 1),
            bus=np.zeros(1, np.int64),
            voltage_pu=np.ones(1),
            short_circuit_power_mva=np.full(1, 5000.0),
            short_circuit_power_min_mva=np.full(1, 3000.0),
            rx_ratio=np.full(1, 0.1),
        ),
        loads=_loads(plot),
        generators=Generators(
            generator_id=_ids("generator", len(plot.generator)),
            bus=np.array([bus for bus, _ in plot.generator], np.int64),
            active_power_kw=np.array([p_kw for _, p_kw in plot.generator]),
            reactive_power_kvar=np.zeros(len(plot.generator)),
        ),
        corridors=CorridorSources(
            corridor_id=_texts(0),
            kind=np.empty(0, np.uint8),
            surface=np.empty(0, np.uint8),
            evidence=_texts(0),
            free_ducts=np.empty(0, np.int64),
            laying=np.empty(0, np.uint8),
            owner=_texts(0),
            permit_lead_time_days=np.empty(0),
            excavation_ban_until=np.empty(0),
            shape=_no_shapes(),
        ),
        obstacles=Obstacles(
            obstacle_id=_texts(0),
            kind=_texts(0),
            cost_factor=np.empty(0),
            wayleave=np.empty(0, np.bool_),
            shape=_no_shapes(),
        ),
        barriers=Barriers(
            barrier_id=_texts(0),
            kind=np.empty(0, np.uint8),
            owner=_texts(0),
            permit_lead_time_days=np.empty(0),
            shape=_no_shapes(),
        ),
    )


def _no_shapes() -> Polylines:
    return Polylines(offset=np.zeros(1, np.int64), xy_m=np.empty((0, 2)))


def _buses(plot: _Plot) -> Buses:
    count = len(plot.bus)
    return Buses(
        bus_id=_ids("bus", count),
        name=_ids("bus", count),
        kind=np.array([kind for _, kind in plot.bus], np.uint8),
        nominal_voltage_v=np.array([voltage for voltage, _ in plot.bus]),
        substation_id=_texts(count),
        bays_total=np.full(count, -1),
        bays_spare=np.full(count, -1),
        rated_short_circuit_current_ka=np.full(count, np.nan),
        x_m=np.zeros(count),
        y_m=np.zeros(count),
    )


def _lines(plot: _Plot) -> Lines:
    count = len(plot.line)
    data = np.array([row[3] for row in plot.line])
    unknown = np.full(count, np.nan)
    return Lines(
        line_id=_ids("line", count),
        name=_ids("line", count),
        from_bus=np.array([row[0] for row in plot.line], np.int64),
        to_bus=np.array([row[1] for row in plot.line], np.int64),
        length_m=np.array([row[2] for row in plot.line]),
        resistance_ohm_per_km=data[:, 0],
        reactance_ohm_per_km=data[:, 1],
        capacitance_nf_per_km=data[:, 2],
        zero_resistance_ohm_per_km=unknown,
        zero_reactance_ohm_per_km=unknown,
        zero_capacitance_nf_per_km=unknown,
        rated_current_a=data[:, 3],
        parallel_count=np.ones(count, np.int64),
        installation=np.zeros(count, np.uint8),
        role=np.array([row[4] for row in plot.line], np.uint8),
        protection=np.zeros(count, np.uint8),
        protection_current_a=unknown,
        conductor_type=_texts(count),
        in_service=np.ones(count, np.bool_),
        shape=Polylines(
            offset=2 * np.arange(count + 1, dtype=np.int64), xy_m=np.zeros((2 * count, 2))
        ),
    )


def _transformers(plot: _Plot) -> Transformers:
    count = len(plot.transformer)
    data = np.array([row[2] for row in plot.transformer])
    is_main = data[:, 1] > 100
    return Transformers(
        transformer_id=_ids("transformer", count),
        name=_ids("transformer", count),
        hv_bus=np.array([row[0] for row in plot.transformer], np.int64),
        lv_bus=np.array([row[1] for row in plot.transformer], np.int64),
        rated_power_kva=data[:, 0],
        hv_voltage_v=data[:, 1] * 1e3,
        lv_voltage_v=data[:, 2] * 1e3,
        short_circuit_voltage_pct=data[:, 3],
        short_circuit_resistance_pct=data[:, 4],
        no_load_loss_w=data[:, 5],
        no_load_current_pct=data[:, 6],
        clock_number=data[:, 7].astype(np.int64),
        tap_side=np.zeros(count, np.uint8),
        tap_position=data[:, 8].astype(np.int64),
        tap_neutral=np.zeros(count, np.int64),
        tap_min=np.where(is_main, -9, -2),
        tap_max=np.where(is_main, 9, 2),
        tap_step_pct=np.where(is_main, 1.5, 2.5),
        parallel_count=np.ones(count, np.int64),
        in_service=np.ones(count, np.bool_),
    )


def _switches() -> Switches:
    return Switches(
        switch_id=_texts(0),
        bus=np.empty(0, np.int64),
        element_kind=np.empty(0, np.uint8),
        element=np.empty(0, np.int64),
        closed=np.empty(0, np.bool_),
        remote=np.empty(0, np.bool_),
    )


def _loads(plot: _Plot) -> Loads:
    count = len(plot.load)
    p_kw = np.array([row[1] for row in plot.load])
    return Loads(
        load_id=_ids("load", count),
        bus=np.array([row[0] for row in plot.load], np.int64),
        active_power_kw=p_kw,
        reactive_power_kvar=p_kw * TAN_PHI,
        customer_class=np.array([row[2] for row in plot.load], np.uint8),
        customer_count=np.ones(count, np.int64),
        phases=np.zeros(count, np.uint8),
        annual_energy_kwh=np.full(count, np.nan),
        contract_capacity_kva=np.full(count, np.nan),
    )
