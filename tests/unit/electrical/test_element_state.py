"""Currents and loadings of elements that are no plain branch of the tree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.grids import grid
from tests.unit.electrical.networks import TOWN, bus, line, transformer
from tests.unit.electrical.random_grids import random_network
from tests.unit.electrical.tree_flow import TreeFlow, lay_flow, solve_flow


def current_a(flow: TreeFlow, name: str) -> float:
    row = line(flow.network.grid, name)
    return float(flow.elements.elements.line_current_a[0, row])


def test_an_open_ended_line_carries_its_charging() -> None:
    flow = lay_flow(grid("S1-A 20000 open", "S1-B 100", "B: 10 kW"))
    # 686.1 kvar at 20 kV: 19.8 A
    assert current_a(flow, "S1-A") == pytest.approx(19.8, rel=3e-3)


def test_a_line_beside_a_coupler_carries_half_its_charging_at_either_end() -> None:
    flow = lay_flow(grid("S1-A 100", "A=B", "A-B 20000", "B-C 10", "C: 100 kW"))
    assert current_a(flow, "A-B") == pytest.approx(19.8 / 2, rel=3e-3)


def test_a_line_out_of_service_carries_nothing() -> None:
    flow = lay_flow(grid("S1-A 100", "S1-B 500 out", "A: 10 kW"))
    assert current_a(flow, "S1-B") == 0.0


def test_alike_parallel_lines_share_the_current() -> None:
    flow = lay_flow(grid("S1-A 100 c=0", "A-S1 100 c=0", "A: 1000 kW"))
    # 1000 kW at 20 kV are 28.87 A
    assert current_a(flow, "S1-A") == pytest.approx(28.87 / 2, rel=1e-3)
    assert current_a(flow, "A-S1") == pytest.approx(28.87 / 2, rel=1e-3)


def test_unknown_rating_has_a_current_but_no_loading() -> None:
    flow = lay_flow(grid("S1-A 100 i=?", "A: 1000 kW"))
    assert np.isnan(flow.elements.elements.line_loading_ratio[0, 0])
    assert current_a(flow, "S1-A") == pytest.approx(28.87, rel=1e-3)


def test_an_idle_transformer_draws_its_no_load_loss() -> None:
    flow = lay_flow(grid("S1>A 400"))
    assert flow.elements.transformer_p_kw[0, 0] == pytest.approx(1.65, rel=1e-4)


def test_a_transformer_fed_backwards_delivers_at_its_high_side() -> None:
    flow = lay_flow(grid("A>S1 400", "A-B 10", "B: 100 kW"))
    assert flow.elements.transformer_p_kw[0, 0] == pytest.approx(-100.0, rel=1e-3)
    assert flow.elements.elements.transformer_loading_ratio[0, 0] == pytest.approx(0.25, rel=0.02)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 100_000))
def test_slope_is_how_the_power_follows_the_voltage_above(seed: int) -> None:
    flow = lay_flow(random_network(seed))
    moved = [
        solve_flow(flow.network, flow.tree, flow.power_kva, flow.root_pu * (1 + step))
        for step in (1e-5, -1e-5)
    ]
    g = flow.network.grid
    unit = transformer(g, "S1>H")
    power = [
        one.elements.transformer_p_kw[0, unit] + 1j * one.elements.transformer_q_kvar[0, unit]
        for one in moved
    ]
    # the source stands at 1 per unit, so the moves are per unit there
    expected = (power[0] - power[1]) / 2e-5
    assert flow.elements.transformer_slope_kva[0, unit] == pytest.approx(expected, rel=2e-3)


def test_no_slope_is_told_of_transformers_that_feed_together() -> None:
    flow = lay_flow(grid(*TOWN, "M1>A 250 id=T2"))
    g = flow.network.grid
    assert flow.elements.transformer_slope_kva[0, transformer(g, "T2")] == 0
    assert flow.elements.transformer_slope_kva[0, transformer(g, "M2>B")] != 0
    assert bus(g, "A") >= 0
