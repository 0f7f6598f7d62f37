"""What is excused far away: one budget for all promises together, in screening and in the proof."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gisplan.electrical.base.base_state import PreparedBase, prepare_base, solve_base_states
from gisplan.electrical.demand import MAIN, Demands, LoadCase, join_demands, no_demands
from gisplan.electrical.proof.connection import prove
from gisplan.electrical.proof.worst import Judged, Quantity
from gisplan.electrical.screening.screening import Screening, screen, screening_limits
from gisplan.electrical.screening.screening_kernel import VOLTAGE_TOO_LOW
from gisplan.network.snapshot import Snapshot
from gisplan.rules.catalogue import load_catalogue
from tests.grids import grid
from tests.unit.electrical.brute_force import break_limits
from tests.unit.electrical.networks import bus, demand_at_buses, proposal_at, snapshot

CATALOGUE = load_catalogue("eu")
LIMITS = screening_limits(CATALOGUE)
# B is at its limit by existing load; N hangs on another feeder of the same busbar
FAR = (
    "S1>H 25000 110/20",
    "H-M 2000",
    "M>A 630",
    "A-B 330 i=900",
    "H-N 500",
    "N>C 630",
    "C-D 9 x4",
)


def town(b_kw: float) -> tuple[Snapshot, PreparedBase]:
    some = snapshot(grid(*FAR, f"B: {b_kw} kW"))
    return some, prepare_base(some, CATALOGUE)


def load_at_the_limit() -> float:
    """Load at B that brings it to 0.9 p.u., by bisection."""
    low, high = 50.0, 300.0
    for _ in range(60):
        middle = (low + high) / 2
        some, prepared = town(middle)
        voltage_pu = solve_base_states(prepared)[LoadCase.LOAD].voltage_pu
        is_above = voltage_pu[MAIN, bus(some.grid, "B")] > 0.9
        low, high = (middle, high) if is_above else (low, middle)
    return low


AT_LIMIT_KW = load_at_the_limit()


def screened(
    some: Snapshot, prepared: PreparedBase, reserved: Demands, asked: Demands
) -> Screening:
    base = solve_base_states(prepared, {LoadCase.LOAD: reserved})[LoadCase.LOAD]
    return screen(some, base, asked, LIMITS)


@pytest.mark.parametrize("excess_kw", [0.0, 15.0])
def test_many_small_promises_do_not_creep_beyond_the_budget(excess_kw: float) -> None:
    some, prepared = town(AT_LIMIT_KW + excess_kw)
    g = some.grid
    at, b = bus(g, "D"), bus(g, "B")
    free = solve_base_states(prepared)[LoadCase.LOAD].free_voltage_pu[0, b]
    floor = min(0.9, free) - LIMITS.far_voltage_pu
    reserved, accepted = no_demands(), 0
    for _ in range(60):
        one = demand_at_buses([at], 10.0, 5.0)
        base = solve_base_states(prepared, {LoadCase.LOAD: reserved})[LoadCase.LOAD]
        if break_limits(some, base, one, LIMITS).is_broken[0]:
            break
        reserved = join_demands([reserved, one])
        accepted += 1
    after = solve_base_states(prepared, {LoadCase.LOAD: reserved})[LoadCase.LOAD]
    # some are excused, then the budget is used up, whatever part each of them took
    assert 0 < accepted < 60
    assert floor <= after.voltage_pu[MAIN, b] < free
    refused = screen(some, after, demand_at_buses([at], 200.0, 100.0), LIMITS)
    assert refused.reasons[0] == VOLTAGE_TOO_LOW or refused.uncertain[0]
    assert not refused.feasible[0]


def test_screening_and_proof_excuse_the_same() -> None:
    some, prepared = town(AT_LIMIT_KW + 15.0)
    g = some.grid
    at = bus(g, "D")
    bases = solve_base_states(prepared)
    for p_kw, is_excused in ((10.0, True), (500.0, False)):
        verdict = screened(some, prepared, no_demands(), demand_at_buses([at], p_kw))
        assert verdict.feasible[0] == is_excused or verdict.uncertain[0]
        proof = prove(some, bases, [proposal_at(at, p_kw)], whole_network=True)[0]
        blamed = [w for w in proof.worsened if w.quantity is Quantity.LV_MIN and w.value < 0.9]
        assert bool(blamed) != is_excused
        assert bool(proof.tolerated) == is_excused


def test_near_a_bus_that_is_broken_nothing_is_excused() -> None:
    some, prepared = town(AT_LIMIT_KW + 15.0)
    g = some.grid
    near = [bus(g, name) for name in "AB"]
    for p_kw, is_feasible in ((0.2, False), (-0.2, True), (0.0, True)):
        asked = demand_at_buses(near, p_kw)
        verdict = screened(some, prepared, no_demands(), asked)
        assert (verdict.feasible == is_feasible).all()
        base = solve_base_states(prepared)[LoadCase.LOAD]
        assert (break_limits(some, base, asked, LIMITS).is_broken != is_feasible).all()


def test_promises_that_relieve_give_their_room_to_others() -> None:
    some, prepared = town(AT_LIMIT_KW - 1.0)
    g = some.grid
    relief = demand_at_buses([bus(g, "B")], -20.0)
    asked = demand_at_buses([bus(g, "D")], 200.0, 100.0)
    assert not screened(some, prepared, no_demands(), asked).feasible[0]
    assert screened(some, prepared, relief, asked).feasible[0]


def judged(
    value: float, base: float, free: float, *, is_own: bool, quantity: Quantity, limit: float
) -> Judged:
    one = np.ones(1)
    kind = "bus" if "voltage" in quantity else "line"
    return Judged(
        quantity=quantity,
        element_kind=kind,
        row=np.zeros(1, np.int64),
        value=value * one,
        base_value=base * one,
        free_value=free * one,
        is_own=np.array([is_own]),
        limit=limit,
        far_tolerance=1e-4 if kind == "bus" else 0.01,
    )


@pytest.mark.parametrize(
    ("value", "base", "free", "is_own", "expected"),
    [
        # worse, stands, tolerated
        (0.95, 0.96, 0.96, True, (True, False, False)),
        (0.95, 0.95, 0.95, True, (False, True, False)),
        (0.95, 0.94, 0.94, True, (False, True, False)),
        (0.88, 0.88, 0.88, True, (False, True, False)),
        (0.8799, 0.88, 0.88, True, (True, False, False)),
        (0.89985, 0.90005, 0.90005, False, (True, False, False)),
        (0.89995, 0.90003, 0.90003, False, (False, False, True)),
        (0.87995, 0.88, 0.88, False, (False, False, True)),
        (0.87985, 0.88, 0.88, False, (True, False, False)),
        # the budget is used up by earlier promises
        (0.87989, 0.879905, 0.88, False, (True, False, False)),
        (0.95, 0.96, 0.96, False, (True, False, False)),
        (0.9599999, 0.96, 0.96, False, (False, False, False)),
        (0.95, np.nan, np.nan, True, (True, False, False)),
        (np.nan, 0.95, 0.95, True, (False, False, False)),
    ],
)
def test_what_gets_worse_stands_or_is_tolerated(
    value: float, base: float, free: float, is_own: bool, expected: tuple[bool, bool, bool]
) -> None:
    low = judged(value, base, free, is_own=is_own, quantity=Quantity.LV_MIN, limit=0.9)
    assert tuple(bool(flags[0]) for flags in low.sort()) == expected
    # the same upside down
    high = judged(2 - value, 2 - base, 2 - free, is_own=is_own, quantity=Quantity.LV_MAX, limit=1.1)
    assert tuple(bool(flags[0]) for flags in high.sort()) == expected


def test_loadings_far_away_have_a_tolerance_of_their_own() -> None:
    for value, is_worse in ((1.009, False), (1.011, True)):
        line = judged(value, 1.0, 1.0, is_own=False, quantity=Quantity.LINE, limit=1.0)
        assert line.sort()[0][0] == is_worse
        assert line.sort()[2][0] != is_worse
    before = judged(1.2, 1.15, 1.2, is_own=False, quantity=Quantity.LINE, limit=1.0)
    assert before.sort()[2][0]


def test_the_worst_is_the_first_of_equals() -> None:
    many = replace(
        judged(0.9, 0.95, 0.95, is_own=True, quantity=Quantity.LV_MIN, limit=0.9),
        value=np.array([0.93, 0.91, 0.91, 0.9]),
    )
    assert many.find_worst(np.array([True, True, True, False])) == 1
    assert many.find_worst(np.zeros(4, np.bool_)) is None
    assert replace(many, quantity=Quantity.LV_MAX).find_worst(np.ones(4, np.bool_)) == 0
