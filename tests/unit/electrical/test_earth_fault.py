"""Capacitive earth-fault current: hand calculation, what is added, what is unknown."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gisplan.electrical.faults.earth_fault import check_earth_fault, find_earth_faults
from gisplan.electrical.proof.proposal import NewCable
from gisplan.model.grid import Grid
from gisplan.model.option import Finding, Severity
from gisplan.network.topology import build_topology
from gisplan.rules.catalogue import load_catalogue
from tests.grids import grid
from tests.unit.electrical.networks import bus, line

EU = load_catalogue("eu")
CABLE = NewCable(
    length_m=1000,
    resistance_ohm_per_km=0.206,
    reactance_ohm_per_km=0.116,
    capacitance_nf_per_km=250,
    rated_current_a=319,
)
# sqrt(3) * 20 kV * 2 pi 50 Hz * 250 nF = 2.7207 A
PER_KM_A = 2.7207


def check(g: Grid, name: str, legs: int = 1) -> tuple[Finding, ...]:
    earth = find_earth_faults(g, build_topology(g), EU)
    return check_earth_fault(g, EU, earth, bus=bus(g, name), cable=CABLE, legs=legs)


def current_at(g: Grid, name: str) -> float:
    earth = find_earth_faults(g, build_topology(g), EU)
    return float(earth.current_a[earth.network[bus(g, name)]])


def test_current_of_one_kilometre_is_that_of_the_hand_calculation() -> None:
    g = grid("S1-A 1000 c0=250")
    assert current_at(g, "A") == pytest.approx(PER_KM_A, abs=1e-4)


def test_parallel_systems_and_open_ends_count_but_dead_lines_do_not() -> None:
    g = grid("S1-A 1000 x2 c0=250", "A-B 500 open c0=250", "A-C 900 out c0=250", "X-Y 9 c0=250")
    assert current_at(g, "A") == pytest.approx(2.5 * PER_KM_A, abs=1e-3)


def test_transformer_and_open_coupler_separate_networks() -> None:
    g = grid(
        "S1>A 16000 110/20", "S1>B 16000 110/20", "A=B open", "A-C 1000 c0=250", "B-D 3000 c0=250",
        "C>L 400", "L-M 500 c0=250",
    )  # fmt: skip
    earth = find_earth_faults(g, build_topology(g), EU)
    assert current_at(g, "C") == pytest.approx(PER_KM_A, abs=1e-3)
    assert current_at(g, "D") == pytest.approx(3 * PER_KM_A, abs=1e-3)
    assert earth.network[bus(g, "M")] == -1
    assert len(np.unique(earth.network)) == 4


def test_closed_coupler_joins_busbars() -> None:
    g = grid("S1>A 16000 110/20", "A=B", "A-C 1000 c0=250", "B-D 3000 c0=250")
    assert current_at(g, "D") == pytest.approx(4 * PER_KM_A, abs=1e-3)


def test_new_cable_is_told_with_and_without() -> None:
    isolated, compensated = check(grid("S1-A 1000 c0=250"), "A", legs=2)
    assert isolated.rule == "earth_fault.isolated_max_a"
    assert isolated.measured == pytest.approx(3 * PER_KM_A, abs=1e-3)
    assert "adds 5.44 A" in isolated.text
    assert "8.16 A instead of 2.72 A" in isolated.text
    assert compensated.measured == pytest.approx(0.3 * PER_KM_A, abs=1e-3)
    assert compensated.limit == 60


def test_limit_informs_only() -> None:
    isolated, _ = check(grid("S1-A 100000 c0=250"), "A")
    assert isolated.margin is not None
    assert isolated.margin < 0
    assert isolated.severity is Severity.INFO


def test_unknown_capacitance_is_told_and_leaves_no_margin() -> None:
    g = grid("S1-A 1000 c0=250", "A-B 1500", "A-C 500")
    isolated, compensated = check(g, "A")
    assert "c0) of line A-B and 1 more (2.00 km) is unknown" in isolated.text
    assert isolated.measured is None
    assert compensated.margin is None
    earth = find_earth_faults(g, build_topology(g), EU)
    assert earth.unknown_line[earth.network[bus(g, "A")]] == line(g, "A-B")
    assert "of line A-B (1.50 km)" in check(grid("S1-A 1 c0=1", "A-B 1500"), "A")[0].text


def test_low_voltage_has_no_such_current() -> None:
    assert check(grid("S1>A 400"), "A") == ()
    assert math.isfinite(current_at(grid("S1>A 400"), "S1"))
