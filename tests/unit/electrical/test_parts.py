"""Which part of the network is kept when something small changes."""

from __future__ import annotations

import numpy as np

from gisplan.electrical.flow.parts import find_parts, touched_buses
from gisplan.model.grid import Grid
from gisplan.network.topology import build_topology
from tests.grids import grid
from tests.unit.electrical.networks import TOWN, bus


def kept(g: Grid, *names: str) -> set[str]:
    topology = build_topology(g)
    rows = np.array([bus(g, name) for name in names])
    flags = touched_buses(topology, find_parts(g, topology), rows)
    return set(g.buses.bus_id[flags].tolist())


def test_low_voltage_that_is_not_touched_is_left_out() -> None:
    g = grid(*TOWN)
    assert kept(g, "A2") == {"S1", "H", "M1", "M2", "A", "A1", "A2", "A3", "A4"}
    assert kept(g, "M2") == {"S1", "H", "M1", "M2"}


def test_low_voltage_between_two_transformers_is_kept() -> None:
    g = grid(*TOWN, "A3-B1 50")
    assert {"A3", "B1", "B2"} <= kept(g, "M2")


def test_networks_of_another_source_are_left_out() -> None:
    g = grid("S1-A 100", "S2-B 100", "A-B 50 open@A", "A>C 400", "B>D 400")
    assert kept(g, "C") == {"S1", "A", "C"}


def test_closed_coupler_makes_one_network() -> None:
    g = grid("S1>A 400", "A=B", "B-C 50", "S1>D 400")
    assert kept(g, "C") == {"S1", "A", "B", "C"}


def test_low_voltage_behind_low_voltage_belongs_to_it() -> None:
    g = grid("S1>A 400", "A-B 50", "B>C 100 0.4/0.23", "C-D 20")
    assert kept(g, "D") == {"S1", "A", "B", "C", "D"}
