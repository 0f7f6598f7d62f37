"""How the drop from source to customer splits over the parts of the grid."""

from __future__ import annotations

import pytest

from gisplan.electrical.base.base_state import build_base_states
from gisplan.electrical.demand import LoadCase
from gisplan.electrical.proof.connection import prove
from gisplan.electrical.proof.proposal import Proposal
from gisplan.electrical.proof.voltage_budget import Part, Share, set_point_offset_pu, voltage_budget
from gisplan.model.grid import Grid
from gisplan.rules.catalogue import load_catalogue
from tests.grids import grid
from tests.unit.electrical.networks import (
    MV_CABLE,
    SERVICE_CABLE,
    TOWN,
    bus,
    line,
    powers,
    proposal_at,
    snapshot,
    transformer,
)

CATALOGUE = load_catalogue("eu")


def budget(g: Grid, proposal: Proposal) -> tuple[tuple[Share, ...], float]:
    s = snapshot(g)
    bases = build_base_states(s, CATALOGUE)
    proof = prove(s, bases, [proposal])[0]
    shares = voltage_budget(s, bases[LoadCase.LOAD], proof, proposal=proposal)
    return shares, proof.voltage_at_customer_pu


def changes(shares: tuple[Share, ...]) -> dict[Part, float]:
    return {share.part: share.change_pct for share in shares}


@pytest.mark.parametrize(
    "place",
    [
        {"bus": "A2", "cable": SERVICE_CABLE},
        {"bus": "A3"},
        {"line": "A1-A2", "offset_m": 70.0, "cable": SERVICE_CABLE},
        {"bus": "M2", "cable": MV_CABLE},
        {"line": "M1-M2", "offset_m": 900.0, "cable": MV_CABLE, "is_loop_in": True},
    ],
)
def test_shares_sum_up_to_the_voltage_at_the_customer(place: dict[str, object]) -> None:
    g = grid(*TOWN)
    rows = {
        key: bus(g, value) if key == "bus" else line(g, value) if key == "line" else value  # type: ignore[arg-type]
        for key, value in place.items()
    }
    proposal = Proposal(**rows, **powers(30, 8))  # type: ignore[arg-type]
    shares, voltage_pu = budget(g, proposal)
    assert 100 + sum(share.change_pct for share in shares) == pytest.approx(
        100 * voltage_pu, abs=1e-9
    )


def test_parts_stand_in_the_order_of_supply_with_their_elements() -> None:
    g = grid(*TOWN)
    shares, _ = budget(g, proposal_at(bus(g, "A2"), 30, cable=SERVICE_CABLE))
    assert [share.part for share in shares] == [p for p in Part if p is not Part.SET_POINT_BAND]
    elements = {share.part: share.elements for share in shares}
    assert elements[Part.LOW_VOLTAGE_MAIN] == ("line A-A1", "line A1-A2")
    assert elements[Part.MEDIUM_VOLTAGE] == ("line H-M1",)
    assert elements[Part.DISTRIBUTION_TRANSFORMER] == ("transformer M1>A",)


def test_tap_share_is_that_of_the_unloaded_transformer() -> None:
    # one position of 2.5 % below neutral: 1 / 0.975 - 1 = 2.5641 %; 1.0 p.u. before it
    g = grid("S1>A 630", "A: 1 kW")
    proposal = proposal_at(bus(g, "A"), 1, tap_positions=((transformer(g, "S1>A"), -1),))
    shares, _ = budget(g, proposal)
    assert changes(shares)[Part.DISTRIBUTION_TRANSFORMER_TAP] == pytest.approx(2.5641, abs=1e-3)
    assert changes(shares)[Part.SET_POINT] == pytest.approx(0, abs=1e-6)


def test_drop_of_a_main_is_the_hand_calculation() -> None:
    # 50 kW over 200 m of 0.206 ohm/km at 400 V: 1.2875 % of nominal at nominal voltage
    g = grid("S1>A 1000000 vk=0.01 vkr=0", "A-B 200 r=0.206 x=0 c=0")
    shares, _ = budget(g, proposal_at(bus(g, "B"), 50))
    assert changes(shares)[Part.LOW_VOLTAGE_MAIN] == pytest.approx(-1.2875, abs=0.03)
    assert Part.SERVICE not in changes(shares)


def test_medium_voltage_customer_has_no_low_voltage_parts() -> None:
    g = grid(*TOWN)
    shares, _ = budget(g, proposal_at(bus(g, "M2"), 300, cable=MV_CABLE))
    assert Part.DISTRIBUTION_TRANSFORMER not in changes(shares)
    assert Part.LOW_VOLTAGE_MAIN not in changes(shares)


def test_nothing_is_told_where_nothing_supplies() -> None:
    g = grid("S1>A 250", "A-B 100 open@A", "B-C 50")
    assert budget(g, proposal_at(bus(g, "C"), 5))[0] == ()


def test_set_point_lies_low_at_load_and_high_at_feed_in() -> None:
    cn = load_catalogue("cn")
    assert set_point_offset_pu(cn, LoadCase.LOAD) == -0.01
    assert set_point_offset_pu(cn, LoadCase.FEED_IN) == 0.01
    assert set_point_offset_pu(CATALOGUE, LoadCase.LOAD) == 0
