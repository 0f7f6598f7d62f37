"""Screening against an AC power flow of every candidate: numbers, bounds, decisions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.electrical.base.base_state import BaseState, prepare_base, solve_base_states
from gisplan.electrical.demand import (
    FEEDER,
    MAIN,
    Demands,
    LoadCase,
    bus_levels,
    join_demands,
    line_levels,
    transformer_levels,
)
from gisplan.electrical.screening.screening import Screening, screen
from gisplan.electrical.screening.screening_kernel import NEEDS_AC, NO_SOLUTION, NOT_SUPPLIED
from gisplan.electrical.screening.screening_limits import ScreeningLimits, screening_limits
from gisplan.errors import PowerFlowError
from gisplan.model.grid import Flags, Floats, Grid, SwitchedKind
from gisplan.network.snapshot import Snapshot
from gisplan.rules.catalogue import load_catalogue
from tests.grids import grid
from tests.unit.electrical.brute_force import Truth, break_limits, solve_all
from tests.unit.electrical.networks import (
    COINCIDENT,
    EVERYWHERE,
    TOWN,
    bus,
    demand_at_buses,
    demand_on_line,
    line,
    snapshot,
)
from tests.unit.electrical.random_grids import random_network

CATALOGUE = load_catalogue("eu")
CASES = st.sampled_from(list(LoadCase))
SEEDS = st.integers(0, 100_000)
# usual limits, limits that the base is near to, and limits that the base breaks in many places
LIMITS = {
    "usual": (0.9, 1.1, 0.9, 1.1, 1.0, 1.0, 1.0),
    "tight": (0.95, 1.05, 0.97, 1.03, 0.8, 0.8, 0.8),
    "broken": (0.97, 1.02, 0.99, 1.01, 0.5, 0.5, 0.3),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Candidates in a random grid with random promises, screened."""

    snapshot: Snapshot
    base: BaseState
    limits: ScreeningLimits
    candidates: Demands
    screening: Screening

    @property
    def grid(self) -> Grid:
        return self.snapshot.grid

    def truth(self) -> Truth:
        return solve_all(self.snapshot, self.base, self.candidates)


def limits_of(name: str) -> ScreeningLimits:
    return replace(screening_limits(CATALOGUE), values=np.array(LIMITS[name]))


def points_on_lines(
    g: Grid, lines: list[int], share: Floats, p_kw: Floats, factors: tuple[float, ...]
) -> Demands:
    parts = [
        demand_on_line(row, g.lines.length_m[row] * s, p, 0.2 * abs(p), factors)
        for row, s, p in zip(lines, share, p_kw, strict=True)
    ]
    return join_demands(parts)


def ask(seed: int, case: LoadCase, limits_name: str, *, size: float = 1.0) -> Asked | None:
    """Every bus and two points on every line of a random grid; None where the base collapses."""
    pick = np.random.default_rng(seed)
    g = random_network(seed, load=1 + seed % 3)
    some = snapshot(g)
    limits = limits_of(limits_name)
    factors = COINCIDENT if seed % 2 else EVERYWHERE
    sign = 1.0 if case is LoadCase.LOAD else -1.0
    supplied = np.flatnonzero(some.topology.source >= 0)
    low_bus = g.buses.nominal_voltage_v < 1000
    low_line = low_bus[g.lines.from_bus]

    def sizes(is_low: Flags, low_kw: float, medium_kw: float) -> Floats:
        values: Floats = sign * pick.uniform(0, np.where(is_low, low_kw, medium_kw))
        return values

    held = pick.choice(supplied, pick.integers(0, 6))
    held_kw = sizes(low_bus[held], 15.0, 400.0)
    tapped = pick.choice(np.flatnonzero(g.lines.in_service), pick.integers(0, 3))
    reserved = join_demands(
        [
            demand_at_buses(held, held_kw, 0.2 * abs(held_kw), factors),
            points_on_lines(
                g,
                tapped.tolist(),
                pick.uniform(0.1, 0.9, len(tapped)),
                sizes(low_line[tapped], 10.0, 10.0),
                factors,
            ),
        ]
    )
    prepared = replace(prepare_base(some, CATALOGUE), limits=limits)
    try:
        base = solve_base_states(prepared, {case: reserved})[case]
    except PowerFlowError:
        return None
    size = size * float(pick.choice([0.05, 0.5, 1.5]))
    p_kw = size * sizes(low_bus[supplied], 80.0, 4000.0)
    lines = np.repeat(np.arange(len(g.lines.line_id)), 2)
    candidates = join_demands(
        [
            demand_at_buses(supplied, p_kw, sign * abs(p_kw) * pick.choice([0, 0.33]), factors),
            points_on_lines(
                g,
                lines.tolist(),
                pick.uniform(0.02, 0.98, len(lines)),
                size * sizes(low_line[lines], 80.0, 4000.0),
                factors,
            ),
        ]
    )
    found = screen(some, base, candidates, limits)
    kept = np.flatnonzero((found.reasons & (NEEDS_AC | NOT_SUPPLIED)) == 0)
    candidates = Demands(
        bus=candidates.bus[kept],
        line=candidates.line[kept],
        offset_m=candidates.offset_m[kept],
        p_kw=candidates.p_kw[kept],
        q_kvar=candidates.q_kvar[kept],
    )
    return Asked(
        snapshot=some,
        base=base,
        limits=limits,
        candidates=candidates,
        screening=screen(some, base, candidates, limits),
    )


def limiting_loading(asked: Asked, truth: Truth) -> Floats:
    """Loading by AC of the element that the screening names, in its own level."""
    kind, row = asked.screening.limiting_kind, asked.screening.limiting_row
    found = np.zeros(len(row))
    for n in np.flatnonzero(row >= 0):
        if kind[n] == SwitchedKind.LINE:
            level = line_levels(asked.grid)[row[n]]
            found[n] = truth.elements.line_loading_ratio[n, level, row[n]]
        else:
            level = transformer_levels(asked.grid)[row[n]]
            found[n] = truth.elements.transformer_loading_ratio[n, level, row[n]]
    return found


@settings(max_examples=40, deadline=None)
@given(SEEDS, CASES)
def test_voltage_of_the_point_and_loading_of_the_path_equal_ac(seed: int, case: LoadCase) -> None:
    asked = ask(seed, case, "usual")
    if asked is None:
        return
    truth, found = asked.truth(), asked.screening
    own = truth.voltage_pu[np.arange(len(truth.node)), MAIN, truth.node]
    usable = truth.solved & (own > 0.88) & (own < 1.15)
    assert np.abs(found.voltage_pu - own)[usable].max(initial=0) < 2e-4
    # of a line that is cut already only the stretch of the point is followed
    cut = np.isin(asked.candidates.line, asked.base.joints.line) & (asked.candidates.bus < 0)
    loading = limiting_loading(asked, truth)
    usable &= (loading < 1.5) & ~cut
    assert np.abs(found.loading_max_ratio - loading)[usable].max(initial=0) < 1e-3


@settings(max_examples=60, deadline=None)
@given(SEEDS, CASES, st.sampled_from(list(LIMITS)))
def test_decisions_outside_the_guard_band_are_never_wrong(
    seed: int, case: LoadCase, limits_name: str
) -> None:
    asked = ask(seed, case, limits_name)
    if asked is None:
        return
    truth = break_limits(asked.snapshot, asked.base, asked.candidates, asked.limits)
    wrong = ~asked.screening.uncertain & (asked.screening.feasible == truth.is_broken)
    assert not wrong.any(), [truth.where[n] for n in np.flatnonzero(wrong)]


@settings(max_examples=25, deadline=None)
@given(SEEDS, CASES)
def test_voltages_off_the_path_stay_within_their_bounds(seed: int, case: LoadCase) -> None:
    asked = ask(seed, case, "usual")
    if asked is None:
        return
    truth, found = asked.truth(), asked.screening
    is_low = bus_levels(asked.grid) == MAIN
    buses = len(asked.grid.buses.bus_id)
    for level, low, high, some in (
        (MAIN, found.lv_min_pu, found.lv_max_pu, is_low),
        (FEEDER, found.mv_min_pu, found.mv_max_pu, ~is_low),
    ):
        before = truth.base_voltage_pu[level, :buses]
        for n in np.flatnonzero(truth.solved):
            after = truth.voltage_pu[n, level, :buses]
            if not np.nanmin(after) > 0.85:
                continue
            # what hardly moves is not told
            moved = some & (np.abs(after - before) > 3e-4)
            assert (after[moved] > low[n] - 5e-4).all()
            assert (after[moved] < high[n] + 5e-4).all()


@settings(max_examples=15, deadline=None)
@given(SEEDS, CASES)
def test_demands_of_any_size_give_numbers_or_no_solution(seed: int, case: LoadCase) -> None:
    asked = ask(seed, case, "usual", size=40.0)
    if asked is None:
        return
    found = asked.screening
    beyond = (found.reasons & NO_SOLUTION) > 0
    assert np.isfinite(found.voltage_pu[~beyond]).all()
    assert np.isfinite(found.loading_max_ratio).all()
    assert not found.feasible[beyond].any()
    assert not found.uncertain[beyond].any()


def test_unequal_levels_are_judged_each_in_its_own_state() -> None:
    # 300 kW: 180 in "main", 150 in "transformer", 120 in "feeder"
    g = grid("S1>H 25000 110/20", "H-M 900", "M>A 160", "A-B 20 x4", "B: 5 kW")
    some = snapshot(g)
    limits = screening_limits(CATALOGUE)
    base = solve_base_states(prepare_base(some, CATALOGUE))[LoadCase.LOAD]
    at = [bus(g, "B")]
    coincident = screen(some, base, demand_at_buses(at, 300.0, 0.0, COINCIDENT), limits)
    truth = solve_all(some, base, demand_at_buses(at, 300.0, 0.0, COINCIDENT))
    unit = coincident.limiting_row[0]
    assert coincident.limiting_kind[0] == SwitchedKind.TRANSFORMER
    assert coincident.loading_max_ratio[0] == pytest.approx(
        truth.elements.transformer_loading_ratio[0, 1, unit], abs=1e-3
    )
    assert coincident.feasible[0]
    full = screen(some, base, demand_at_buses(at, 300.0), limits)
    assert not full.feasible[0]


def test_promises_count_by_their_factor_of_each_level() -> None:
    g = grid("S1-M 900", "M>A 160", "A-B 20 x4", "B: 5 kW")
    some, at = snapshot(g), [bus(g, "B")]
    limits, prepared = screening_limits(CATALOGUE), prepare_base(some, CATALOGUE)
    verdicts = [
        screen(
            some,
            solve_base_states(prepared, {LoadCase.LOAD: demand_at_buses(at, 200.0, 0.0, factors)})[
                LoadCase.LOAD
            ],
            demand_at_buses(at, 80.0, 0.0, factors),
            limits,
        ).feasible[0]
        for factors in (COINCIDENT, EVERYWHERE)
    ]
    assert verdicts == [True, False]


def test_a_busbar_is_no_part_of_what_it_feeds() -> None:
    # B is beyond its limit by existing load; a demand at the busbar moves it by less than 1e-4
    rows = ("S1>H 25000 110/20", "H-M 2000", "M>A 100", "A-B 500", "B: 95 kW 20 kvar")
    g = grid(*rows)
    some = snapshot(g)
    base = solve_base_states(prepare_base(some, CATALOGUE))[LoadCase.LOAD]
    assert base.voltage_pu[MAIN, bus(g, "B")] < 0.9
    asked = demand_at_buses([bus(g, "H")] * 2, [20.0, 2000.0], [5.0, 500.0])
    limits = screening_limits(CATALOGUE)
    truth = break_limits(some, base, asked, limits)
    assert truth.is_broken.tolist() == [False, True]
    assert screen(some, base, asked, limits).feasible.tolist() == [True, False]


def test_buses_of_the_path_are_judged_strictly_wherever_they_lie() -> None:
    # promised feed-in holds up the voltage of the busbar: without it H stood below its limit
    g = grid("S1>H 6300 110/20 tap=3", "H-M 500", "M>A 400", "A-B 20", "M: 3000 kW 900 kvar")
    some = snapshot(g)
    limits = replace(limits_of("usual"), values=np.array([0.8, 1.2, 0.93, 1.1, 9, 9, 9]))
    prepared = replace(prepare_base(some, CATALOGUE), limits=limits)
    held = demand_at_buses([bus(g, "M")], -500.0, -1200.0)
    base = solve_base_states(prepared, {LoadCase.LOAD: held})[LoadCase.LOAD]
    assert base.free_voltage_pu[0, bus(g, "H")] < 0.93 < base.voltage_pu[FEEDER, bus(g, "H")]
    asked = demand_at_buses([bus(g, "B")], 250.0, 150.0)
    truth = break_limits(some, base, asked, limits)
    verdict = screen(some, base, asked, limits)
    assert verdict.uncertain[0] or verdict.feasible[0] != truth.is_broken[0]


def test_a_branch_off_the_path_that_a_fall_would_overload_is_left_to_ac() -> None:
    # a 5 % fall raises the current of the constant power at L by 5 %, from 98 to 103 %
    g = grid("S1-M 9000", "M-A 50", "M>L 100", "L-K 10 x9", "K: 97 kW", "A: 10 kW")
    some = snapshot(g)
    limits = screening_limits(CATALOGUE)
    base = solve_base_states(prepare_base(some, CATALOGUE))[LoadCase.LOAD]
    asked = demand_at_buses([bus(g, "A")] * 2, [500.0, 9000.0], 0.0)
    truth = break_limits(some, base, asked, limits)
    found = screen(some, base, asked, limits)
    assert truth.is_broken.tolist() == [False, True]
    assert "M>L" in truth.where[1]
    assert found.feasible[0]
    assert not found.feasible[1]


def test_feed_in_amid_a_line_leaves_the_lower_stretch_loaded() -> None:
    g = grid("S1-A 1000", "A: 8000 kW")
    some = snapshot(g)
    base = solve_base_states(prepare_base(some, CATALOGUE))[LoadCase.LOAD]
    asked = demand_on_line(0, 500.0, -7900.0)
    found = screen(some, base, asked, screening_limits(CATALOGUE))
    truth = solve_all(some, base, asked)
    assert found.loading_max_ratio[0] == pytest.approx(
        truth.elements.line_loading_ratio[0, FEEDER, 0], abs=1e-4
    )
    assert found.loading_max_ratio[0] > 0.6


@pytest.mark.parametrize("row", ["A-Z 4000 open", "Z-A 4000 open@Z"])
def test_a_stub_carries_its_charging_too(row: str) -> None:
    g = grid("S1-A 1000", row, "A: 100 kW")
    some = snapshot(g)
    base = solve_base_states(prepare_base(some, CATALOGUE))[LoadCase.LOAD]
    stub = line(g, row.split(maxsplit=1)[0])
    for share in (0.1, 0.8):
        asked = demand_on_line(stub, 4000 * share, -2000.0)
        found = screen(some, base, asked, screening_limits(CATALOGUE))
        truth = solve_all(some, base, asked)
        assert found.limiting_row[0] == stub
        assert found.loading_max_ratio[0] == pytest.approx(
            truth.elements.line_loading_ratio[0, FEEDER, stub], abs=5e-5
        )


def test_points_on_parallel_lines_need_ac() -> None:
    g = grid("S1-A 1000", "A-S1 800", "A-B 50", "B: 100 kW")
    some = snapshot(g)
    base = solve_base_states(prepare_base(some, CATALOGUE))[LoadCase.LOAD]
    for name, needs_ac in (("S1-A", True), ("A-S1", True), ("A-B", False)):
        asked = demand_on_line(line(g, name), 20.0, 100.0)
        found = screen(some, base, asked, screening_limits(CATALOGUE))
        assert (found.reasons[0] == NEEDS_AC) == needs_ac
    behind = screen(some, base, demand_at_buses([bus(g, "B")], 100.0), screening_limits(CATALOGUE))
    assert behind.feasible[0]


def test_every_broken_kind_is_named() -> None:
    g = grid("S1>A 100", "A-B 20 i=50", "B: 30 kW")
    some = snapshot(g)
    base = solve_base_states(prepare_base(some, CATALOGUE))[LoadCase.LOAD]
    found = screen(some, base, demand_at_buses([bus(g, "B")], 150.0), screening_limits(CATALOGUE))
    # the line is further beyond its rating than the transformer
    assert found.reasons[0] == 1 | 2
    assert found.limiting_kind[0] == SwitchedKind.LINE


def test_a_grid_on_several_levels_is_screened_as_ac_says() -> None:
    g = grid(*TOWN, "A1>K 63 0.4/0.4", "K-K1 40", "K1: 8 kW")
    some = snapshot(g)
    base = solve_base_states(prepare_base(some, CATALOGUE))[LoadCase.LOAD]
    rows = [bus(g, name) for name in ("K1", "A4", "M2", "H", "S1")]
    asked = demand_at_buses(rows, [10.0, 12.0, 900.0, 2000.0, 5000.0], 2.0)
    truth = solve_all(some, base, asked)
    found = screen(some, base, asked, screening_limits(CATALOGUE))
    own = truth.voltage_pu[np.arange(len(rows)), MAIN, rows]
    assert found.voltage_pu == pytest.approx(own, abs=5e-5)


def test_the_limiting_one_of_parallel_lines_has_its_own_charging() -> None:
    g = grid("S1-A 500", "A-S1 5000", "A>B 400", "B-C 20", "C: 100 kW")
    some = snapshot(g)
    base = solve_base_states(prepare_base(some, CATALOGUE))[LoadCase.LOAD]
    asked = demand_at_buses([bus(g, "A")], [6000.0], 1000.0)
    found = screen(some, base, asked, screening_limits(CATALOGUE))
    truth = solve_all(some, base, asked)
    assert found.limiting_row[0] == line(g, "S1-A")
    assert found.loading_max_ratio[0] == pytest.approx(
        truth.elements.line_loading_ratio[0, FEEDER, line(g, "S1-A")], abs=1e-5
    )
