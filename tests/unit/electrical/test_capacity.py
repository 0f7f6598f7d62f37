"""Available and hosting capacity: AC just below and just above, limits that bite, and bad input."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gisplan.electrical.base.base_state import (
    BaseState,
    PreparedBase,
    build_base_states,
    prepare_base,
    solve_base_states,
)
from gisplan.electrical.base.subtree_kernel import MOVED_PU
from gisplan.electrical.demand import Demands, LoadCase
from gisplan.electrical.screening.capacity import CASE_OF, Capacities, Direction, capacities
from gisplan.electrical.screening.capacity_kernel import (
    BUS_VOLTAGE,
    fallen_to,
    grown_to,
    room_factor,
)
from gisplan.electrical.screening.screening import screen, screening_limits
from gisplan.errors import InputError
from gisplan.model.grid import Floats, Grid, Integers, SwitchedKind
from gisplan.network.snapshot import Snapshot
from gisplan.rules.catalogue import load_catalogue
from tests.grids import grid
from tests.unit.electrical.brute_force import break_limits, solve_all
from tests.unit.electrical.networks import (
    COINCIDENT,
    EVERYWHERE,
    TOWN,
    bus,
    demand_at_buses,
    line,
    snapshot,
    transformer,
)
from tests.unit.electrical.random_grids import random_network

CATALOGUE = load_catalogue("eu")
LIMITS = screening_limits(CATALOGUE)
DIRECTIONS = st.sampled_from([(Direction.LOAD, 0.95), (Direction.GENERATION, 1.0)])
NO_LIMITS = replace(LIMITS, values=np.array([0.0, 9.0, 0.0, 9.0, 1e9, 1e9, 1e9]))


def asked(direction: Direction, at: Integers, kva: Floats, power_factor: float) -> Demands:
    sign = 1.0 if direction is Direction.LOAD else -1.0
    q = np.sqrt(1 - power_factor**2)
    return demand_at_buses(at, (sign * kva * power_factor).tolist(), (sign * kva * q).tolist())


def find(
    g: Grid,
    *names: str,
    direction: Direction = Direction.LOAD,
    power_factor: float = 1.0,
    reserved: Demands | None = None,
) -> Capacities:
    some = snapshot(g)
    case = CASE_OF[direction]
    held = {} if reserved is None else {case: reserved}
    base = build_base_states(some, CATALOGUE, reservations=held)[case]
    rows = np.array([bus(g, name) for name in names], np.int64)
    return capacities(
        some, base, rows, power_factor=power_factor, direction=direction, limits=LIMITS
    )


def prepared_random(seed: int) -> tuple[Snapshot, PreparedBase, Integers, Demands]:
    pick = np.random.default_rng(seed)
    g = random_network(seed, load=1 + seed % 2)
    some = snapshot(g)
    supplied = np.flatnonzero(some.topology.source >= 0)
    held = pick.choice(supplied, pick.integers(0, 5))
    factors = COINCIDENT if seed % 2 else EVERYWHERE
    reserved = demand_at_buses(held, pick.uniform(0, 10, len(held)).tolist(), 0.0, factors)
    return some, prepare_base(some, CATALOGUE), supplied, reserved


def base_in(prepared: PreparedBase, direction: Direction, reserved: Demands) -> BaseState:
    states = solve_base_states(prepared, {LoadCase.LOAD: reserved})
    return states[CASE_OF[direction]]


@settings(max_examples=25, deadline=None)
@example(14079, (Direction.LOAD, 0.95))  # limited by a loaded line beside the path
@example(3059, (Direction.LOAD, 0.95))  # by a bus beside it with more room than others, and gain
@example(531, (Direction.LOAD, 0.95))  # by a line that is overloaded already, at the first change
@example(2087, (Direction.LOAD, 0.95))  # by a bus at its limit, at the first change
@given(st.integers(0, 100_000), DIRECTIONS)
def test_ac_passes_just_below_and_fails_just_above(seed: int, way: tuple[Direction, float]) -> None:
    direction, power_factor = way
    some, prepared, supplied, reserved = prepared_random(seed)
    base = base_in(prepared, direction, reserved)
    found = capacities(
        some, base, supplied, power_factor=power_factor, direction=direction, limits=LIMITS
    )
    usable = np.flatnonzero(np.isfinite(found.kva) & (found.kva > 0))
    assert (found.kva >= 0).all()
    for factor, is_broken in ((0.98, False), (1.02, True)):
        demands = asked(direction, supplied[usable], factor * found.kva[usable], power_factor)
        truth = break_limits(some, base, demands, LIMITS)
        assert (truth.is_broken == is_broken).all(), truth.where
        verdict = screen(some, base, demands, LIMITS)
        assert ((verdict.feasible != is_broken) | verdict.uncertain).all()


@settings(max_examples=25, deadline=None)
@example(449, (Direction.GENERATION, 1.0))  # a voltage beyond its limit that rises and falls again
@given(st.integers(0, 100_000), DIRECTIONS)
def test_nothing_is_left_where_a_limit_is_broken_before(
    seed: int, way: tuple[Direction, float]
) -> None:
    direction, power_factor = way
    some, prepared, supplied, reserved = prepared_random(seed)
    strict = replace(LIMITS, values=np.array([0.97, 1.02, 0.99, 1.01, 0.5, 0.5, 0.3]))
    base = base_in(replace(prepared, limits=strict), direction, reserved)
    found = capacities(
        some, base, supplied, power_factor=power_factor, direction=direction, limits=strict
    )
    none_left = np.flatnonzero(found.kva == 0)
    demands = asked(direction, supplied[none_left], np.full(len(none_left), 1.0), power_factor)
    verdict = screen(some, base, demands, strict)
    assert (~verdict.feasible | verdict.uncertain).all()
    some_left = np.flatnonzero(np.isfinite(found.kva) & (found.kva > 1.0))
    demands = asked(direction, supplied[some_left], 0.9 * found.kva[some_left], power_factor)
    verdict = screen(some, base, demands, strict)
    assert (verdict.feasible | verdict.uncertain).all()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 100_000), st.integers(0, 10**6))
def test_a_further_promise_never_raises_the_capacity(seed: int, which: int) -> None:
    some, prepared, supplied, reserved = prepared_random(seed)
    low = supplied[some.grid.buses.nominal_voltage_v[supplied] < 1000]
    at = int(low[which % len(low)])
    kva = []
    for more_kw in (0.0, 6.0):
        held = demand_at_buses([*reserved.bus.tolist(), at], [*[0.0] * len(reserved), more_kw])
        base = base_in(prepared, Direction.LOAD, held)
        found = capacities(
            some, base, low, power_factor=0.95, direction=Direction.LOAD, limits=LIMITS
        )
        kva.append(found.kva)
    both = np.isfinite(kva[0]) & np.isfinite(kva[1])
    assert (kva[1][both] <= kva[0][both] + 1e-3 * (1 + kva[0][both])).all()
    # at its own bus the promise takes what it takes
    own = int(np.flatnonzero(low == at)[0])
    assert kva[1][own] <= kva[0][own]


def test_a_line_of_known_rating_limits_by_hand() -> None:
    # 270 A at 400 V and close to nominal voltage: 187 kVA less 30 kW, over 1 m only
    g = grid("S1-A 1", "A: 30 kW", nominal_voltage_v=400)
    found = find(g, "A")
    assert found.kva[0] == pytest.approx(np.sqrt(3) * 400 * 270 / 1e3 - 30, rel=1e-3)
    assert found.limiting[0] == "loading"
    assert (found.element_kind[0], found.element_row[0]) == (SwitchedKind.LINE, line(g, "S1-A"))


def test_a_voltage_limits_by_hand() -> None:
    # pure resistance of 0.208 ohm: (1 - 0.9) * 0.9 * 400^2 / 0.208 = 69.23 kW
    g = grid("S1-A 1000 x=0 c=0", "A: 0 kW", nominal_voltage_v=400)
    found = find(g, "A")
    assert found.kva[0] == pytest.approx(69.231, rel=1e-4)
    assert found.limiting[0] == "voltage_low"
    assert (found.element_kind[0], found.element_row[0]) == (BUS_VOLTAGE, bus(g, "A"))
    # upwards (1.1 - 1) * 1.1 * 400^2 / 0.208 = 84.62 kW
    up = find(g, "A", direction=Direction.GENERATION)
    assert up.kva[0] == pytest.approx(84.615, rel=1e-4)
    assert up.limiting[0] == "voltage_high"


def test_a_transformer_limits_and_is_named() -> None:
    g = grid("S1>A 100", "A-B 20 x4", "B: 80 kW")
    found = find(g, "A", "B")
    assert found.limiting.tolist() == ["loading", "loading"]
    assert found.element_kind.tolist() == [SwitchedKind.TRANSFORMER] * 2
    assert found.element_row[1] == transformer(g, "S1>A")


def test_a_branch_off_the_path_can_limit() -> None:
    g = grid("S1-M 9000", "M-A 50", "M>L 100", "L-K 10 x9", "K: 97 kW")
    found = find(g, "A")
    assert found.limiting[0] == "loading"
    assert found.element_kind[0] == SwitchedKind.TRANSFORMER
    assert found.element_row[0] == transformer(g, "M>L")


def test_a_source_bus_takes_anything() -> None:
    g = grid(*TOWN)
    found = find(g, "S1")
    assert np.isinf(found.kva[0])
    assert found.limiting[0] == "none"
    assert found.element_row[0] == -1


def test_where_only_ac_can_tell_no_number_is_given() -> None:
    g = grid("S1-A 100", "A-B 100", "B-S1 100", "X-Y 10", "Y: 1 kW")
    found = find(g, "B", "Y")
    assert np.isnan(found.kva).all()
    assert found.limiting.tolist() == ["needs_ac", "not_supplied"]


def test_no_buses_have_no_capacities() -> None:
    assert len(find(grid(*TOWN)).kva) == 0


def test_an_overload_before_leaves_nothing_but_relief() -> None:
    g = grid("S1>A 100", "A-B 50", "B: 110 kW")
    assert find(g, "B").kva[0] == 0.0
    assert find(g, "B").limiting[0] == "loading"
    assert find(g, "B", direction=Direction.GENERATION).kva[0] > 50


def test_without_limits_the_last_operating_point_does() -> None:
    # 400^2 / (4 * 0.208) = 192.3 kW over a pure resistance
    g = grid("S1-A 1000 x=0 c=0 i=?", "A: 0 kW", nominal_voltage_v=400)
    some = snapshot(g)
    prepared = replace(prepare_base(some, CATALOGUE), limits=NO_LIMITS)
    base = solve_base_states(prepared)[LoadCase.LOAD]
    found = capacities(
        some,
        base,
        np.array([bus(g, "A")]),
        power_factor=1.0,
        direction=Direction.LOAD,
        limits=NO_LIMITS,
    )
    assert found.limiting[0] == "no_solution"
    assert found.kva[0] == pytest.approx(192.31, rel=1e-3)


def no_limits(g: Grid) -> tuple[Snapshot, BaseState, Integers, Capacities]:
    """Capacities for load of every supplied bus where nothing but voltage collapse limits."""
    some = snapshot(g)
    supplied = np.flatnonzero(some.topology.source >= 0)
    prepared = replace(prepare_base(some, CATALOGUE), limits=NO_LIMITS)
    base = solve_base_states(prepared)[LoadCase.LOAD]
    found = capacities(
        some, base, supplied, power_factor=0.95, direction=Direction.LOAD, limits=NO_LIMITS
    )
    assert set(found.limiting[np.isfinite(found.kva)]) == {"no_solution"}
    return some, base, supplied, found


@settings(max_examples=10, deadline=None)
@example(6755)  # a line whose charging cancels what is drawn behind it: nearly empty, and steep
@given(st.integers(0, 100_000))
def test_without_other_load_the_last_operating_point_is_that_of_ac(seed: int) -> None:
    some, base, supplied, found = no_limits(random_network(seed, load=0.0))
    usable = np.flatnonzero(np.isfinite(found.kva))
    below, above = (
        solve_all(
            some, base, asked(Direction.LOAD, supplied[usable], f * found.kva[usable], 0.95)
        ).solved
        for f in (0.995, 1.005)
    )
    assert below.all()
    assert not above.any()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 100_000))
def test_other_load_only_brings_the_last_operating_point_nearer(seed: int) -> None:
    """Other load is linear in the voltage here: true collapse comes sooner, never later."""
    some, base, supplied, found = no_limits(random_network(seed, load=1.0 + seed % 2))
    usable = np.flatnonzero(np.isfinite(found.kva))
    beyond = asked(Direction.LOAD, supplied[usable], 1.01 * found.kva[usable], 0.95)
    assert not solve_all(some, base, beyond).solved.any()


def test_promises_are_taken_off() -> None:
    g = grid("S1-A 1", "A: 30 kW", nominal_voltage_v=400)
    held = demand_at_buses([bus(g, "A")], 50.0)
    assert find(g, "A", reserved=held).kva[0] == pytest.approx(find(g, "A").kva[0] - 50, rel=1e-3)


@pytest.mark.parametrize("power_factor", [0.0, -0.5, 1.01, np.nan])
def test_power_factor_out_of_range_is_refused(power_factor: float) -> None:
    with pytest.raises(InputError, match="power factor"):
        find(grid(*TOWN), "A", power_factor=power_factor)


@pytest.mark.parametrize("row", [-1, 999])
def test_a_bus_that_is_not_in_the_grid_is_refused(row: int) -> None:
    some = snapshot(grid(*TOWN))
    base = build_base_states(some, CATALOGUE)[LoadCase.LOAD]
    with pytest.raises(InputError, match="not in the grid"):
        capacities(
            some,
            base,
            np.array([row]),
            power_factor=1.0,
            direction=Direction.LOAD,
            limits=LIMITS,
        )


COMPLEX = st.complex_numbers(max_magnitude=2.0, allow_nan=False)


@settings(deadline=None)
@given(COMPLEX, COMPLEX, st.floats(0.01, 3.0))
def test_roots_of_growing_and_falling_meet_the_size(
    base: complex, change: complex, size: float
) -> None:
    for kernel in (grown_to, fallen_to):
        s = kernel(base, change, size)
        assert kernel.py_func(base, change, size) == pytest.approx(s, rel=1e-9, abs=1e-12)
        assert s >= 0
        # one that stands beyond the size and comes back may not reach it
        if 0 < s < 1e3 and (kernel is fallen_to or abs(base) < size):
            assert abs(base + s * change) == pytest.approx(size, rel=1e-6, abs=1e-6)


def test_a_size_that_is_never_reached_is_no_limit() -> None:
    assert grown_to(0.5 + 0j, 0j, 1.0) == np.inf
    assert fallen_to(1 + 0j, 0.1 + 0j, 0.5) == np.inf
    assert fallen_to(1 + 0j, -0.1 + 1j, 0.5) == np.inf
    assert fallen_to(1 + 0j, -1 + 0j, -0.5) == np.inf
    assert grown_to(2 + 0j, 1 + 0j, 1.0) == fallen_to(0.4 + 0j, -1 + 0j, 0.5) == 0.0
    # beyond the limit but on the way back: it may go through to the other side
    assert grown_to(2 + 0j, -1 + 0j, 1.0) == pytest.approx(3.0)


def test_a_room_is_used_by_the_gain_of_what_follows() -> None:
    # the bus below falls by 1.25 of what the node does: 0.08 there for 0.1 of room
    for kernel in (room_factor, room_factor.py_func):
        assert kernel(1 + 0j, -0.01 + 0j, -0.01, 0.1, 1.25, True) == pytest.approx(8.0)
        assert kernel(1 + 0j, 0.01 + 0j, 0.01, 0.1, 1.25, False) == pytest.approx(8.0)
        assert kernel(1 + 0j, -0.01 + 0j, -0.01, -0.1, 1.0, True) == 0.0
        assert kernel(1 + 0j, 0.01 + 0j, 0.01, 0.1, 1.0, True) == np.inf
        # what is beyond its limit may grow until it counts, here to ten times
        counts = kernel(1 + 0j, -1e-7 + 0j, -1e-7, -0.1, 1.0, True)
        assert counts == pytest.approx(MOVED_PU / 1e-7)
        assert kernel(1 + 0j, -0.01 + 0j, -0.01, np.inf, 1.0, True) == np.inf
