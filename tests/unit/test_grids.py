"""The grid as text that other tests build on."""

from __future__ import annotations

import numpy as np
import pytest

from gisplan.model.grid import BusKind, Phases, Protection
from tests.grids import grid, row


def test_chain_lies_on_the_x_axis_from_the_first_bus() -> None:
    g = grid("S1-A 100", "A-B 50")
    assert g.buses.x_m.tolist() == [100, 150, 0]
    assert g.buses.y_m.tolist() == [0, 0, 0]


def test_geometry_is_as_long_as_the_line() -> None:
    g = grid("S1-A 100", "A-B 50 open", "S1-B 400", "B-C 20", "B-D 30")
    for line, length_m in enumerate(g.lines.length_m):
        steps = np.diff(g.lines.shape.row(line), axis=0)
        assert np.hypot(*steps.T).sum() == pytest.approx(length_m)


def test_voltage_follows_transformers_and_lines() -> None:
    g = grid("S1-H 9", "H>M 40000 110/20", "M-A 9", "A>L 630", "L=K", "K-J 9")
    volts = dict(zip(g.buses.bus_id.tolist(), g.buses.nominal_voltage_v.tolist(), strict=True))
    assert volts == {"S1": 110e3, "H": 110e3, "M": 20e3, "A": 20e3, "L": 400, "K": 400, "J": 400}


def test_kinds_follow_from_the_place_in_the_grid_unless_given() -> None:
    g = grid("S1>M 40000 110/20", "M>L 630", "L-C 9", "C cabinet")
    kinds = {b: BusKind(int(g.buses.kind[row(g.buses.bus_id, b)])).name for b in "MLC"}
    assert kinds == {"M": "SUBSTATION_BUSBAR", "L": "TRANSFORMER_BOARD", "C": "CABINET"}


@pytest.mark.parametrize("text", ["S1 -> A", "S1-A 100 opn", "->", "A: 3 MWh", "street 0;0 1,1"])
def test_row_that_cannot_be_understood_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not one that"):
        grid(text)


def test_words_for_short_circuit_protection_and_unbalance() -> None:
    g = grid(
        "S1-A 100 r0=0.8 x0=0.3 c0=200 relay=400",
        "A-B 50 fuse=160",
        "A kA=16",
        "S1 sk=300 skmin=? rx=0.2",
        "A: 1 kW",
        "B: 3 kW L1 3500 kWh contract=14",
    )
    a, b = row(g.buses.bus_id, "A"), row(g.lines.line_id, "A-B")
    assert g.buses.rated_short_circuit_current_ka[a] == 16
    assert np.isnan(g.lines.zero_resistance_ohm_per_km[b])
    assert [Protection(p).name for p in g.lines.protection] == ["FUSE_GG", "RELAY"]
    assert g.lines.protection_current_a.tolist() == [160, 400]
    assert (g.sources.short_circuit_power_mva[0], g.sources.rx_ratio[0]) == (300, 0.2)
    assert [Phases(p).name for p in g.loads.phases] == ["UNKNOWN", "L1"]
    assert (g.loads.annual_energy_kwh[1], g.loads.contract_capacity_kva[1]) == (3500, 14)
