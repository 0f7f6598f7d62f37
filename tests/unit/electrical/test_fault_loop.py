"""Smallest single-phase fault currents: hand calculation and pandapower's IEC 60909."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from gisplan.electrical.faults.fault_loop import (
    fault_loop_at,
    fault_loop_currents,
    why_loop_unknown,
    zero_sequence_ohm,
)
from gisplan.electrical.faults.short_circuit import ShortCircuits, place_of, short_circuit_currents
from gisplan.electrical.proof.proposal import NewCable, Proposal
from gisplan.model.grid import Grid
from gisplan.rules.catalogue import load_catalogue
from tests.grids import grid
from tests.unit.electrical.fault_oracle import fault_currents_ka, fault_net
from tests.unit.electrical.networks import bus, line, powers, random_town, snapshot

EU = load_catalogue("eu")
SOURCE = "S1 sk=500 skmin=300 rx=0.1"
ZERO = "r0=0.832 x0=0.32"
SERVICE = NewCable(
    length_m=40,
    resistance_ohm_per_km=0.642,
    reactance_ohm_per_km=0.083,
    capacitance_nf_per_km=210,
    rated_current_a=142,
    zero_resistance_ohm_per_km=2.568,
    zero_reactance_ohm_per_km=0.332,
)


def find(g: Grid) -> ShortCircuits:
    return short_circuit_currents(snapshot(g), EU)


def loop_ka(g: Grid, proposal: Proposal) -> float:
    currents = find(g)
    zero = zero_sequence_ohm(proposal.cable, currents.hot_ratio)
    return float(fault_loop_at(snapshot(g), currents, place_of(proposal), zero)[0])


def reason(g: Grid, proposal: Proposal) -> str:
    return why_loop_unknown(snapshot(g), find(g), place_of(proposal))


def assert_like_oracle(g: Grid) -> None:
    low = g.buses.nominal_voltage_v < 1000
    expected = fault_currents_ka(fault_net(g), "min", "1ph")
    np.testing.assert_allclose(fault_loop_currents(find(g))[low], expected[low], rtol=1e-6)


def test_loop_of_a_resistive_main_is_that_of_the_hand_calculation() -> None:
    # transformer without impedance to speak of: Z1 = Z2 = 0.124, Z0 = 0.496 ohm (hot), so
    # sqrt(3) * 0.9 * 400 / 0.744 = 838.1 A
    g = grid(
        "S1 sk=1000000000 skmin=1000000000",
        "S1>A 1000000000 vk=0.1 vkr=0",
        "A-B 1000 r=0.1 x=0 r0=0.4 x0=0",
    )
    assert fault_loop_currents(find(g))[bus(g, "B")] == pytest.approx(0.8381, abs=1e-4)


def test_transformer_counts_with_its_zero_sequence() -> None:
    # ZT = j15.238 mohm, Z0 = 0.95 of it: sqrt(3) * 0.9 * 400 / (2.95 * 15.238 mohm)
    g = grid("S1 sk=1000000000 skmin=1000000000", "S1>A 630 vk=6 vkr=0")
    expected = math.sqrt(3) * 360 / (2.95 * 0.0152381) / 1e3
    assert fault_loop_currents(find(g))[bus(g, "A")] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_random_radial_grids_agree_with_pandapower(seed: int) -> None:
    rows = [f"{one} {ZERO}" if "-" in one.split()[0] else one for one in random_town(seed)]
    assert_like_oracle(grid(*rows, SOURCE))


@pytest.mark.parametrize(
    "rows",
    [
        ("A-B 100", "B-C 80", "A-C 60", "C-D 30"),
        ("S1>A 400 id=T2", "A-B 100"),
        ("S1>C 250 vk=4", "A-B 100", "B-C 80", "C-D 20"),
        ("A=B", "B-C 100 x2", "S1>E 250", "E-F 10"),
    ],
)
def test_loops_agree_with_pandapower(rows) -> None:
    lines = [f"{one} {ZERO}" if "-" in one else one for one in rows]
    assert_like_oracle(grid(SOURCE, "S1>A 630", *lines))


def test_end_of_a_new_service_agrees_with_one_that_exists() -> None:
    rows = (SOURCE, "S1>A 400", f"A-B 200 {ZERO}")
    g = grid(*rows)
    new = Proposal(line=line(g, "A-B"), offset_m=50.0, cable=SERVICE, **powers(10.0))
    whole = grid(SOURCE, "S1>A 400", f"A-J 50 {ZERO}", "J-H 40 service r0=2.568 x0=0.332")
    existing = fault_loop_currents(find(whole))[bus(whole, "H")]
    assert loop_ka(g, new) == pytest.approx(existing, rel=1e-9)
    halved = replace(new, cable=replace(SERVICE, length_m=80, parallel_count=2))
    assert loop_ka(g, halved) == pytest.approx(existing, rel=1e-9)


def test_missing_zero_sequence_is_named() -> None:
    g = grid(SOURCE, "S1>A 400", "A-B 200", f"B-C 50 {ZERO}", f"A-D 50 {ZERO}")
    currents = fault_loop_currents(find(g))
    assert np.isnan(currents[[bus(g, "B"), bus(g, "C")]]).all()
    assert np.isfinite(currents[[bus(g, "A"), bus(g, "D")]]).all()
    at_c = Proposal(bus=bus(g, "C"), **powers(10.0))
    assert "(r0, x0) of line A-B is unknown" in reason(g, at_c)


def test_missing_zero_sequence_inside_a_loop_is_named() -> None:
    g = grid(SOURCE, "S1>A 400", f"A-B 200 {ZERO}", "B-C 50", f"A-C 50 {ZERO}", f"C-D 9 {ZERO}")
    assert np.isnan(fault_loop_currents(find(g))[bus(g, "D")])
    assert "line B-C" in reason(g, Proposal(bus=bus(g, "D"), **powers(10.0)))


def test_even_clock_number_leaves_the_neutral_unknown() -> None:
    g = grid(SOURCE, "S1>A 400 clock=0", f"A-B 200 {ZERO}")
    assert "transformer S1>A is unknown" in reason(g, Proposal(bus=bus(g, "B"), **powers(10.0)))


def test_low_voltage_source_has_an_unknown_zero_sequence() -> None:
    g = grid(SOURCE, f"S1-B 200 {ZERO}", nominal_voltage_v=400)
    found = reason(g, Proposal(bus=bus(g, "B"), **powers(10.0)))
    assert found == "the zero-sequence impedance of source S1 is unknown"


def test_unknown_smallest_power_is_named() -> None:
    g = grid("S1 sk=500", "S1>A 400")
    assert "smallest short-circuit power of source S1" in reason(
        g, Proposal(bus=bus(g, "A"), **powers(10.0))
    )


def test_unknown_cable_is_named() -> None:
    g = grid(SOURCE, "S1>A 400")
    cable = replace(SERVICE, zero_reactance_ohm_per_km=None)
    proposal = Proposal(bus=bus(g, "A"), cable=cable, **powers(10.0))
    assert math.isnan(loop_ka(g, proposal))
    assert "of the new cable is unknown" in reason(g, proposal)
