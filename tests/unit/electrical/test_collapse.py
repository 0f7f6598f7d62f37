"""The largest demand with an operating point, against the textbook limit of a two-bus network."""

from __future__ import annotations

import pytest

from gisplan.electrical.base.base_state import build_base_states
from gisplan.electrical.proof.collapse import largest_solvable_share
from gisplan.rules.catalogue import load_catalogue
from tests.grids import grid
from tests.unit.electrical.networks import bus, proposal_at, snapshot

CATALOGUE = load_catalogue("eu")


def test_share_is_that_of_the_maximum_power_transfer() -> None:
    # an active load behind r + jx: P max = U^2 / (2 (|z| + r)), here without charging
    g = grid("S1-A 10000 r=0.2 x=0.4 c=0", nominal_voltage_v=10_000.0)
    impedance = abs(complex(2.0, 4.0))
    most_kw = 10_000.0**2 / (2 * (impedance + 2.0)) / 1e3
    bases = build_base_states(snapshot(g), CATALOGUE)
    share = largest_solvable_share(snapshot(g), bases, proposal_at(bus(g, "A"), 2 * most_kw))
    assert share == pytest.approx(0.5, abs=1 / 256)
    assert share <= 0.5


def test_demand_with_a_solution_is_solvable_whole() -> None:
    g = grid("S1-A 1000", "A: 100 kW")
    bases = build_base_states(snapshot(g), CATALOGUE)
    assert largest_solvable_share(snapshot(g), bases, proposal_at(bus(g, "A"), 100.0)) == 1.0
