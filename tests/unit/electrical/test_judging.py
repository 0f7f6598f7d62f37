"""What a proof judges of the network that it solved."""

from __future__ import annotations

import pytest

from gisplan.electrical.base.base_state import build_base_states
from gisplan.electrical.proof.connection import prove
from gisplan.electrical.proof.worst import Quantity
from gisplan.rules.catalogue import load_catalogue
from tests.grids import grid
from tests.unit.electrical.networks import TOWN, bus, proposal_at, snapshot

CATALOGUE = load_catalogue("eu")


def test_a_network_without_lines_is_judged_by_its_transformer() -> None:
    g = grid("S1>A 100", "A: 60 kW")
    some = snapshot(g)
    bases = build_base_states(some, CATALOGUE)
    proof = prove(some, bases, [proposal_at(bus(g, "A"), 50.0)], whole_network=True)[0]
    worst = {one.quantity: one for one in proof.worsened}
    assert worst[Quantity.TRANSFORMER].value == pytest.approx(1.12, abs=0.02)
    assert Quantity.LINE not in worst


def test_networks_that_stand_as_their_power_are_judged_as_if_they_were_solved() -> None:
    g = grid(*TOWN)
    some = snapshot(g)
    bases = build_base_states(some, CATALOGUE)
    asked = [proposal_at(bus(g, "A3"), 45.0, 10.0)]
    part, whole = (prove(some, bases, asked, whole_network=is_whole)[0] for is_whole in (0, 1))
    for one, other in zip(part.worsened, whole.worsened, strict=True):
        assert (one.quantity, one.element_id) == (other.quantity, other.element_id)
        assert one.value == pytest.approx(other.value, abs=1e-6)
