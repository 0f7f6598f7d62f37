"""Existing load and generation, split over the phases as far as these are known."""

from __future__ import annotations

import numpy as np
import pytest

from gisplan.electrical.base.base_state import build_base_states
from gisplan.electrical.demand import LOAD_CASES, LoadCase
from gisplan.electrical.phases.phase_loads import PhaseLoads, existing_phases
from gisplan.model.grid import Grid
from gisplan.rules.catalogue import load_catalogue
from tests.grids import grid
from tests.unit.electrical.networks import bus, snapshot

CATALOGUE = load_catalogue("eu")
NETWORK = ("S1>A 250", "A-B 100", "B-C 100")


def split(g: Grid, case: LoadCase = LoadCase.LOAD) -> PhaseLoads:
    base = build_base_states(snapshot(g), CATALOGUE)[case]
    return existing_phases(g, base, CATALOGUE, g.buses.nominal_voltage_v < 1000)


def test_three_phase_load_is_balanced() -> None:
    g = grid(*NETWORK, "B: 3 kW 1 kvar three")
    loads = split(g)
    assert loads.balanced[bus(g, "B")] == pytest.approx(3 + 1j)
    assert not loads.fixed.any()
    assert not len(loads.unknown)


def test_known_phase_is_kept() -> None:
    g = grid(*NETWORK, "B: 3 kW L2", "B: 1 kW 0.5 kvar L3", "B: 2 kW three")
    loads = split(g)
    assert loads.fixed[bus(g, "B")] == pytest.approx([0, 3, 1 + 0.5j])
    assert loads.balanced[bus(g, "B")] == pytest.approx(2)


def test_small_customers_of_unknown_phase_may_gather() -> None:
    loads = split(grid(*NETWORK, "C: 6 kW 3 customers"))
    assert loads.unknown == pytest.approx([6])
    assert loads.count.tolist() == [3]
    assert loads.size_kva == pytest.approx([2])
    assert np.abs(loads.balanced).max() == pytest.approx(0)


def test_large_customer_of_unknown_phase_is_balanced() -> None:
    assert not len(split(grid(*NETWORK, "C: 20 kW")).unknown)


def test_contract_says_whether_a_customer_is_small() -> None:
    # 1.5 kW at the peak of the transformer, but a contract for three phases
    assert not len(split(grid(*NETWORK, "C: 1.5 kW contract=14")).unknown)
    assert len(split(grid(*NETWORK, "C: 1.5 kW contract=4")).unknown)


def test_small_generators_gather_at_feed_in_and_loads_at_highest_load() -> None:
    g = grid(*NETWORK, "B: 2 kW", "C: gen 4 kW", "B: gen 30 kW")
    feed_in = split(g, LoadCase.FEED_IN)
    # catalogue: generation counts 0.8 at the highest feed-in
    assert feed_in.unknown == pytest.approx([-3.2])
    assert feed_in.unknown_bus.tolist() == [bus(g, "C")]
    assert split(g).unknown_bus.tolist() == [bus(g, "B")]


def test_parts_sum_up_to_the_base_state() -> None:
    g = grid(*NETWORK, "B: 3 kW 1 kvar L1", "B: 9 kW", "B: 2 kW 0.3 kvar", "C: gen 3 kW", "C: 1 kW")
    states = build_base_states(snapshot(g), CATALOGUE)
    low = g.buses.nominal_voltage_v < 1000
    for case in LOAD_CASES:
        loads = existing_phases(g, states[case], CATALOGUE, low)
        total = loads.balanced + loads.fixed.sum(axis=1)
        np.add.at(total, loads.unknown_bus, loads.unknown)
        expected = states[case].bus_p_kw + 1j * states[case].bus_q_kvar
        assert total[low] == pytest.approx(expected[low])


def test_nothing_outside_the_part_is_told() -> None:
    g = grid(*NETWORK, "S1: 500 kW", "C: 1 kW")
    loads = split(g)
    assert loads.balanced[bus(g, "S1")] == 0
