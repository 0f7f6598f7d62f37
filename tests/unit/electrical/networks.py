"""Networks and demands for the electrical tests."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from gisplan.electrical.demand import Demands
from gisplan.electrical.flow.network_input import Network, build_network
from gisplan.electrical.flow.power_flow import PowerFlowModel, PowerFlowResult
from gisplan.electrical.proof.proposal import NewCable, Proposal
from gisplan.model.grid import Grid, Integers
from gisplan.network.corridors import build_corridors
from gisplan.network.snapshot import Snapshot
from gisplan.network.topology import build_topology
from tests.grids import row

EVERYWHERE = (1.0, 1.0, 1.0, 1.0, 1.0)
COINCIDENT = (1.0, 0.6, 0.5, 0.4, 0.3)

# NAYY 4x50 and NA2XS2Y 1x150 of the sample catalogue
SERVICE_CABLE = NewCable(
    length_m=40,
    resistance_ohm_per_km=0.642,
    reactance_ohm_per_km=0.083,
    capacitance_nf_per_km=210,
    rated_current_a=142,
)
MV_CABLE = NewCable(
    length_m=800,
    resistance_ohm_per_km=0.206,
    reactance_ohm_per_km=0.116,
    capacitance_nf_per_km=250,
    rated_current_a=319,
)

# two low-voltage networks on one medium-voltage feeder behind a main transformer
TOWN = (
    "S1>H 25000 110/20 tap=-3",
    "H-M1 2000",
    "M1-M2 3000",
    "M1>A 400",
    "A-A1 120",
    "A1-A2 150",
    "A2-A3 80 service",
    "A1-A4 60 service",
    "M2>B 250",
    "B-B1 200",
    "B1-B2 100 service",
    "A2: 60 kW 15 kvar",
    "A3: 12 kW 3 kvar",
    "A4: 9 kW 2 kvar",
    "B1: 40 kW 10 kvar",
    "B2: 20 kW 4 kvar",
    "M2: 1500 kW 400 kvar",
)


def snapshot(grid: Grid) -> Snapshot:
    return Snapshot(grid=grid, topology=build_topology(grid), corridors=build_corridors(grid))


def bus(grid: Grid, name: str) -> int:
    return row(grid.buses.bus_id, name)


def line(grid: Grid, name: str) -> int:
    return row(grid.lines.line_id, name)


def transformer(grid: Grid, name: str) -> int:
    return row(grid.transformers.transformer_id, name)


def demand_at_buses(
    buses: Sequence[int] | Integers,
    p_kw: float | Sequence[float],
    q_kvar: float | Sequence[float] = 0.0,
    coincidence: Sequence[float] = EVERYWHERE,
) -> Demands:
    count, factors = len(buses), np.array(coincidence)
    return Demands(
        bus=np.array(buses, np.int64),
        line=np.full(count, -1),
        offset_m=np.full(count, np.nan),
        p_kw=np.broadcast_to(p_kw, count)[:, None] * factors,
        q_kvar=np.broadcast_to(q_kvar, count)[:, None] * factors,
    )


def demand_on_line(
    line_row: int,
    offset_m: float,
    p_kw: float,
    q_kvar: float = 0.0,
    coincidence: Sequence[float] = EVERYWHERE,
) -> Demands:
    factors = np.array([coincidence])
    return Demands(
        bus=np.array([-1]),
        line=np.array([line_row]),
        offset_m=np.array([offset_m]),
        p_kw=p_kw * factors,
        q_kvar=q_kvar * factors,
    )


def powers(
    p_kw: float, q_kvar: float = 0.0, coincidence: Sequence[float] = EVERYWHERE
) -> dict[str, np.ndarray]:  # type: ignore[type-arg]
    """A demand of the load case, as a proposal takes it."""
    return {
        "p_kw": np.outer([p_kw, 0.0], coincidence),
        "q_kvar": np.outer([q_kvar, 0.0], coincidence),
    }


def proposal_at(bus_row: int, p_kw: float, q_kvar: float = 0.0, **more: object) -> Proposal:
    return Proposal(bus=bus_row, **powers(p_kw, q_kvar), **more)  # type: ignore[arg-type]


def solve_existing(grid: Grid) -> tuple[Network, PowerFlowResult]:
    """Solve a grid under its existing load, generation in full."""
    count = len(grid.buses.bus_id)
    loads, generators = grid.loads, grid.generators
    p, q = np.zeros(count), np.zeros(count)
    np.add.at(p, loads.bus, loads.active_power_kw)
    np.add.at(q, loads.bus, loads.reactive_power_kvar)
    np.add.at(p, generators.bus, -generators.active_power_kw)
    np.add.at(q, generators.bus, -generators.reactive_power_kvar)
    network = build_network(grid, build_topology(grid))
    model = PowerFlowModel.build(network, np.arange(count))
    return network, model.solve(p[None, :], q[None, :])


def random_town(seed: int, *, low_voltage_buses: int = 8) -> tuple[str, ...]:
    """Rows of a radial grid: a main transformer, a few distribution transformers, loads."""
    pick = random.Random(seed)
    rows = [f"S1>H 16000 110/20 tap={pick.randint(-3, 1)}"]
    medium = ["H"]
    for n in range(pick.randint(1, 4)):
        feeding = pick.choice(medium)
        rows.append(f"{feeding}-M{n} {pick.randint(200, 4000)}")
        medium.append(f"M{n}")
        rows.append(f"M{n}>T{n} {pick.choice([250, 400, 630])} tap={pick.randint(-1, 1)}")
        low = [f"T{n}"]
        for k in range(pick.randint(1, low_voltage_buses)):
            name = f"L{n}x{k}"
            rows.append(f"{pick.choice(low)}-{name} {pick.randint(10, 200)}")
            rows.append(f"{name}: {pick.uniform(1, 15):.2f} kW {pick.uniform(0, 4):.2f} kvar")
            low.append(name)
    return tuple(rows)
