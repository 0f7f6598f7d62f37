"""The nets that benchmarks measure on: what is generated is a grid, and peers get the same one."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.ac_truth import AcTruth
from benchmarks.pandapower_net import add_demand, build_net, place_demand, short_circuit_ka, solve
from benchmarks.radial_grid import generate_radial_grid
from gisplan.electrical.base.base_state import BaseState, build_base_states
from gisplan.electrical.demand import MAIN, LoadCase
from gisplan.electrical.screening.screening_limits import screening_limits
from gisplan.model.grid import Grid
from gisplan.network.topology import build_topology
from gisplan.rules.catalogue import load_catalogue
from tests.grids import grid, row
from tests.unit.electrical.networks import TOWN, snapshot

CATALOGUE = load_catalogue("eu")
LIMITS = screening_limits(CATALOGUE).values


def base_of(built: Grid) -> BaseState:
    return build_base_states(snapshot(built), CATALOGUE)[LoadCase.LOAD]


def truth_of(built: Grid, *names: str) -> AcTruth:
    bus = np.array([row(built.buses.bus_id, name) for name in names])
    return AcTruth.build(snapshot(built), base_of(built), bus, LIMITS)


@pytest.mark.parametrize("bus_count", [500, 4000])
def test_generated_grid_is_radial_supplied_and_as_large_as_asked(bus_count: int) -> None:
    built = generate_radial_grid(bus_count)
    topology = build_topology(built)
    assert len(built.buses.bus_id) == bus_count
    assert len(built.lines.line_id) + len(built.transformers.transformer_id) == bus_count - 1
    assert (topology.source == 0).all()
    assert not topology.is_meshed.any()
    assert (np.sort(built.buses.bus_id) == built.buses.bus_id).all()
    assert set(built.buses.nominal_voltage_v) == {110_000.0, 20_000.0, 400.0}


def test_same_seed_gives_the_same_grid() -> None:
    first, again, other = (generate_radial_grid(600, seed=seed) for seed in (1, 1, 2))
    assert first.lines.length_m.tolist() == again.lines.length_m.tolist()
    assert first.lines.length_m.tolist() != other.lines.length_m.tolist()


def test_pandapower_solves_the_same_net_as_we_do() -> None:
    built = grid(*TOWN, "A2-A4 90 open")
    base = base_of(built)
    net = build_net(built, base)
    assert solve(net)
    assert net.res_bus.vm_pu.to_numpy() == pytest.approx(base.voltage_pu[MAIN], abs=1e-8)


def test_demand_beyond_collapse_has_no_solution_in_pandapower() -> None:
    built = grid("S1>A 400", "A-B 900", "B: 5 kW")
    net = build_net(built, base_of(built))
    place_demand(net, add_demand(net), row(built.buses.bus_id, "B"), 900.0, 0.0)
    assert not solve(net)


def test_short_circuit_behind_the_source_is_its_power() -> None:
    # Ik'' = Sk'' / (sqrt(3) Un), 500 MVA at 20 kV
    built = grid("S1-A 1000", "A: 10 kW")
    net = build_net(built, base_of(built))
    found = short_circuit_ka(net, "max")[row(built.buses.bus_id, "S1")]
    assert found == pytest.approx(500 / (3**0.5 * 20), rel=1e-9)


def test_truth_is_that_of_pandapower() -> None:
    built = grid(*TOWN)
    truth = truth_of(built, "A2", "M2")
    solved = truth.solve(np.array([0, 1]), np.array([50.0, 2000.0]), np.array([10.0, 400.0]))
    net = build_net(built, base_of(built))
    load = add_demand(net)
    for n, (p_kw, q_kvar) in enumerate(((50.0, 10.0), (2000.0, 400.0))):
        place_demand(net, load, int(truth.bus[n]), p_kw, q_kvar)
        assert solve(net)
        assert solved.voltage_pu[n] == pytest.approx(net.res_bus.vm_pu.to_numpy(), abs=1e-8)
        assert solved.line_ratio[n] * 100 == pytest.approx(
            net.res_line.loading_percent.to_numpy(), abs=1e-5
        )
        assert solved.transformer_ratio[n] * 100 == pytest.approx(
            net.res_trafo.loading_percent.to_numpy(), abs=1e-5
        )


def test_truth_knows_what_fits_what_overloads_and_what_collapses() -> None:
    built = grid("S1>A 100", "A-B 20 x4", "B: 30 kW")
    truth = truth_of(built, "B", "B", "B", "B")
    p_kw = np.array([20.0, 90.0, 20_000.0, -160.0])
    verdicts = truth.feasible(np.arange(4), p_kw, np.zeros(4))
    assert verdicts.tolist() == [True, False, False, False]


def test_truth_excuses_what_was_so_before() -> None:
    # C has too little voltage already; a demand at D, on another feeder, does not move it
    built = grid("S1>A 400", "A-B 400", "B-C 400", "C: 100 kW", "S1>D 400", "D-E 50")
    truth = truth_of(built, "E", "B")
    verdicts = truth.feasible(np.array([0, 1]), np.full(2, 20.0), np.zeros(2))
    assert truth.base.voltage_pu[0, row(built.buses.bus_id, "C")] < LIMITS[0]
    assert verdicts.tolist() == [True, False]
