"""The state before a connection, reservations included."""

from __future__ import annotations

import numpy as np
import pytest

from gisplan.electrical.base_state import BaseState, build_base_states
from gisplan.electrical.demand import FEEDER, LEVELS, MAIN, SUBSTATION, Demands, LoadCase
from gisplan.errors import InputError, PowerFlowError
from gisplan.model.grid import Grid
from gisplan.rules.catalogue import load_catalogue
from tests.grids import grid
from tests.unit.electrical.networks import (
    COINCIDENT,
    EVERYWHERE,
    TOWN,
    bus,
    demand_at_buses,
    demand_on_line,
    line,
    snapshot,
    transformer,
)
from tests.unit.electrical.oracle import add_load, pandapower_from_grid, solve, split_line

CATALOGUE = load_catalogue("eu")


def base(g: Grid, *reserved: Demands, case: LoadCase = LoadCase.LOAD) -> BaseState:
    reservations = {case: reserved[0]} if reserved else {}
    return build_base_states(snapshot(g), CATALOGUE, reservations=reservations)[case]


def test_load_case_without_reservations_is_the_grid_under_its_load() -> None:
    g = grid(*TOWN)
    net = pandapower_from_grid(g)
    expected = solve(net)
    state = base(g)
    for level in range(len(LEVELS)):
        assert state.voltage_pu[level] == pytest.approx(expected, abs=1e-8)
    assert state.line_loading_ratio[MAIN] * 100 == pytest.approx(
        net.res_line.loading_percent.to_numpy(), abs=1e-5
    )
    assert state.transformer_loading_ratio[MAIN] * 100 == pytest.approx(
        net.res_trafo.loading_percent.to_numpy(), abs=1e-5
    )
    assert state.transformer_p_kw[MAIN] / 1e3 == pytest.approx(
        net.res_trafo.p_hv_mw.to_numpy(), abs=1e-8
    )


def test_reservation_counts_by_its_factor_of_each_level() -> None:
    g = grid(*TOWN)
    state = base(g, demand_at_buses([bus(g, "A3")], 50.0, 10.0, COINCIDENT))
    for level, factor in ((MAIN, 0.6), (FEEDER, 0.4), (SUBSTATION, 0.3)):
        net = pandapower_from_grid(g)
        add_load(net, bus(g, "A3"), 50 * factor, 10 * factor)
        assert state.voltage_pu[level] == pytest.approx(solve(net), abs=1e-8)


def test_reservation_on_a_line_is_drawn_at_its_place() -> None:
    g = grid(*TOWN)
    state = base(g, demand_on_line(line(g, "A-A1"), 90.0, 40.0, 8.0))
    net = pandapower_from_grid(g)
    joint = split_line(net, line(g, "A-A1"), 90 / 120)
    add_load(net, joint, 40, 8)
    expected = solve(net)
    assert state.voltage_pu[MAIN] == pytest.approx(expected[: len(g.buses.bus_id)], abs=1e-7)
    loading = net.res_line.loading_percent.to_numpy() / 100
    # the line counts with its more loaded stretch, the one above the joint
    worse = max(loading[line(g, "A-A1")], loading[-1])
    assert state.line_loading_ratio[MAIN, line(g, "A-A1")] == pytest.approx(worse, abs=1e-6)


def test_cases_differ_by_their_reservations() -> None:
    g = grid(*TOWN)
    states = build_base_states(
        snapshot(g),
        CATALOGUE,
        reservations={
            LoadCase.FEED_IN: demand_on_line(line(g, "A-A1"), 60.0, -80.0),
            LoadCase.LOAD: demand_at_buses([bus(g, "B2")], 10.0),
        },
    )
    load, feed_in = (
        states[LoadCase.LOAD].voltage_pu[MAIN],
        states[LoadCase.FEED_IN].voltage_pu[MAIN],
    )
    assert load[bus(g, "A1")] == pytest.approx(base(g).voltage_pu[MAIN, bus(g, "A1")], abs=1e-4)
    assert feed_in[bus(g, "A1")] > feed_in[bus(g, "A")]


def test_load_without_supply_does_not_stop_the_rest() -> None:
    g = grid("S1-A 100", "A: 10 kW", "X-Y 50", "Y: 5 kW")
    state = base(g)
    assert np.isnan(state.voltage_pu[MAIN, bus(g, "Y")])
    assert np.isfinite(state.voltage_pu[MAIN, bus(g, "A")])


def test_unknown_rating_gives_no_loading() -> None:
    g = grid("S1-A 100 i=?", "A: 10 kW")
    assert np.isnan(base(g).line_loading_ratio[MAIN, 0])
    assert base(g).line_current_a[MAIN, 0] > 0


def test_base_beyond_collapse_is_an_error_that_says_what_to_check() -> None:
    g = grid("S1-A 2000", "A: 900 kW", nominal_voltage_v=400)
    with pytest.raises(PowerFlowError, match="check the largest loads"):
        base(g)


def test_reservation_at_no_element_is_refused() -> None:
    with pytest.raises(InputError, match="expected a bus or a line"):
        base(grid(*TOWN), demand_at_buses([999], 5.0))


def test_reservations_of_one_grid_and_levels_agree_with_many_small_ones() -> None:
    g = grid(*TOWN)
    at = [bus(g, "A3")]
    one = base(g, demand_at_buses(at, 12.0, 3.0, EVERYWHERE))
    many = base(g, demand_at_buses(at * 3, 4.0, 1.0, EVERYWHERE))
    assert many.voltage_pu == pytest.approx(one.voltage_pu, abs=1e-9)
    assert transformer(g, "M1>A") >= 0
