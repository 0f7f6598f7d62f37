"""The state before a connection, reservations included."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from gisplan.electrical.base.base_state import (
    BaseState,
    build_base_states,
    prepare_base,
    solve_base_states,
    with_joints,
)
from gisplan.electrical.demand import (
    FEEDER,
    LEVELS,
    MAIN,
    SUBSTATION,
    Demands,
    LoadCase,
    join_demands,
)
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


def arrays_of(state: BaseState) -> dict[str, object]:
    """All that screening and proof read, by name; the promises themselves are left out."""
    levels = state.levels._asdict()
    tree = state.tree.arrays._asdict()
    own = {
        f.name: getattr(state, f.name)
        for f in fields(state)
        if f.name not in {"reservations", "reserved_node"}
    }
    return {
        **{name: value for name, value in own.items() if isinstance(value, np.ndarray)},
        **{f"levels.{name}": value for name, value in levels.items()},
        **{f"tree.{name}": value for name, value in tree.items()},
        "joints": np.concatenate([state.joints.line, state.joints.position]),
    }


def same_bytes(one: BaseState, other: BaseState) -> list[str]:
    """Names of arrays that differ."""
    left, right = arrays_of(one), arrays_of(other)
    return [
        name
        for name, value in left.items()
        if value.tobytes() != right[name].tobytes()  # type: ignore[attr-defined]
    ]


def promises(g: Grid) -> list[Demands]:
    """Several at the same bus and joint with powers whose sum depends on its order."""
    at, on = bus(g, "A3"), line(g, "A1-A2")
    return [
        demand_at_buses([at], 0.1, 0.3, COINCIDENT),
        demand_at_buses([at], 1e4 / 3e3, 1 / 7, COINCIDENT),
        demand_at_buses([at], 1e-9, 0.7),
        demand_on_line(on, 50.0, 0.7, 0.1, COINCIDENT),
        demand_on_line(on, 50.0, 1 / 3, 1e-7),
        demand_on_line(on, 90.0, 2.0, 0.5),
        demand_on_line(line(g, "A4-A3"), 20.0, 1 / 9),
    ]


@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_promises_changes_no_byte(seed: int) -> None:
    g = grid(*TOWN, "A4-A3 60", "X-Y 50")
    prepared = prepare_base(snapshot(g), CATALOGUE)
    held = promises(g)
    turned = [held[n] for n in np.random.default_rng(seed).permutation(len(held))]
    one, other = (
        solve_base_states(prepared, {LoadCase.LOAD: join_demands(each)})[LoadCase.LOAD]
        for each in (held, turned)
    )
    assert same_bytes(one, other) == []


def test_the_way_to_a_ledger_changes_no_byte() -> None:
    g = grid(*TOWN, "A4-A3 60", "X-Y 50")
    prepared = prepare_base(snapshot(g), CATALOGUE)
    held = promises(g)
    for size in (1, 3, 5, 7, 2, 7):
        reached = solve_base_states(prepared, {LoadCase.LOAD: join_demands(held[:size])})
    fresh = solve_base_states(
        prepare_base(snapshot(g), CATALOGUE), {LoadCase.LOAD: join_demands(held)}
    )
    for case in LoadCase:
        assert same_bytes(reached[case], fresh[case]) == []


def test_a_state_without_promises_comes_back_as_it_was() -> None:
    g = grid(*TOWN)
    prepared = prepare_base(snapshot(g), CATALOGUE)
    before = solve_base_states(prepared)[LoadCase.LOAD]
    solve_base_states(prepared, {LoadCase.LOAD: promises(grid(*TOWN, "A4-A3 60"))[3]})
    assert same_bytes(before, solve_base_states(prepared)[LoadCase.LOAD]) == []


def test_limits_of_a_changed_copy_are_its_own() -> None:
    g = grid(*TOWN)
    prepared = prepare_base(snapshot(g), CATALOGUE)
    solve_base_states(prepared)
    values = prepared.limits.values.copy()
    values[0] = 0.8
    strict = replace(prepared, limits=replace(prepared.limits, values=values))
    assert solve_base_states(strict)[LoadCase.LOAD].limits.values[0] == 0.8


def test_what_nothing_feeds_stays_empty() -> None:
    g = grid(*TOWN, "X-Y 100", "Y: 5 kW")
    held = join_demands(
        [demand_on_line(line(g, "X-Y"), 50.0, 3.0), demand_at_buses([bus(g, "Y")], 2.0)]
    )
    state = base(g, held)
    assert np.isnan(state.voltage_pu[:, [bus(g, "X"), bus(g, "Y")]]).all()
    assert state.voltage_pu[MAIN, bus(g, "A2")] == base(g).voltage_pu[MAIN, bus(g, "A2")]
    assert all(np.isfinite(value).all() for value in state.levels[:4])


def test_a_promise_where_no_source_is_at_all_is_no_error() -> None:
    g = grid("A-B 100", "B: 10 kW")
    for row in ("A-B", "B-A"):
        h = grid(f"{row} 100", "B: 10 kW")
        state = base(h, demand_on_line(0, 50.0, 3.0))
        assert np.isnan(state.voltage_pu).all()
    assert np.isnan(base(g).voltage_pu).all()


def test_lines_without_impedance_and_ratings_are_borne() -> None:
    g = grid(
        "S1-A 100 r=0 x=0 c=0", "A-B 100 r=0 x=0 i=?", "B-C 0.1", "B-A 50 r=0 x=0", "C: 50 kW",
        nominal_voltage_v=400,
    )  # fmt: skip
    state = base(g, demand_on_line(line(g, "A-B"), 40.0, 10.0))
    assert state.voltage_pu[MAIN] == pytest.approx(1.0, abs=1e-3)
    assert np.isfinite(state.line_current_a).all()


def test_promises_beyond_collapse_are_an_error_of_their_case() -> None:
    g = grid("S1-A 1000", "A: 5 kW", nominal_voltage_v=400)
    with pytest.raises(PowerFlowError, match="case load have no"):
        base(g, demand_at_buses([bus(g, "A")], 500.0))


def test_reserved_feed_in_beyond_collapse_is_an_error_too() -> None:
    g = grid("S1-A 1000", "A: 5 kW", nominal_voltage_v=400)
    with pytest.raises(PowerFlowError, match="case feed_in have no"):
        base(g, demand_at_buses([bus(g, "A")], -1e6), case=LoadCase.FEED_IN)


def test_the_load_band_scales_the_existing_load() -> None:
    g = grid(*TOWN)
    more = build_base_states(snapshot(g), CATALOGUE, load_factor=1.2)[LoadCase.LOAD]
    net = pandapower_from_grid(g)
    net.load["scaling"] = 1.2
    assert more.voltage_pu[MAIN] == pytest.approx(solve(net), abs=1e-8)


def test_the_first_source_of_a_bus_holds_it() -> None:
    g = grid("S1-A 100", "A: 10 kW")
    two = replace(
        g.sources,
        source_id=np.array(["a", "b"]),
        bus=np.repeat(g.sources.bus, 2),
        voltage_pu=np.array([1.02, 0.97]),
        short_circuit_power_mva=np.full(2, 500.0),
        short_circuit_power_min_mva=np.full(2, np.nan),
        rx_ratio=np.full(2, 0.1),
    )
    h = replace(g, sources=two)
    assert base(h).voltage_pu[MAIN, bus(h, "S1")] == pytest.approx(1.02)


def test_joints_of_all_cases_are_those_of_the_state_that_has_them() -> None:
    g = grid(*TOWN)
    states = build_base_states(
        snapshot(g),
        CATALOGUE,
        reservations={LoadCase.FEED_IN: demand_on_line(line(g, "A1-A2"), 60.0, -5.0)},
    )
    assert len(with_joints(states).joints) == 1
    assert with_joints(states) is states[LoadCase.FEED_IN]
