"""One demand asked of every bus: the verdict is that of the AC power flow, with its reasons."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gisplan.electrical.screening.capacity import Direction
from gisplan.errors import InputError
from gisplan.planning.bus_screening import BusVerdict, DemandQuestion, screen_buses
from gisplan.planning.state import PlanningState
from tests.grids import grid, row
from tests.unit.electrical.oracle import add_load, pandapower_from_grid, solve
from tests.unit.planning.test_options import region_of, state_of

FEEDER = ("S1>A 400", "A-B 150", "B-C 120", "B: 30 kW 10 kvar", "C: 20 kW")
RING = (*FEEDER, "C-A 200")


def state(*rows: str) -> PlanningState:
    return state_of(region_of(grid(*rows)))


def question(kva: float, direction: str = "load", power_factor: float = 0.95) -> DemandQuestion:
    return DemandQuestion(demand_kva=kva, power_factor=power_factor, direction=Direction(direction))


def ask(asked: PlanningState, kva: float, name: str, direction: str = "load") -> BusVerdict:
    bus = row(asked.region.snapshot.grid.buses.bus_id, name)
    (verdict,) = screen_buses(
        asked, np.array([bus]), question(kva, direction), told=lambda *_: None
    )
    return verdict


def voltage_with(asked: PlanningState, name: str, p_kw: float, q_kvar: float) -> float:
    """What pandapower says of the bus with the demand there."""
    built = asked.region.snapshot.grid
    net, bus = pandapower_from_grid(built), row(built.buses.bus_id, name)
    add_load(net, bus, p_kw, q_kvar)
    return float(solve(net)[bus])


def loading_with(asked: PlanningState, name: str, kva: float) -> float:
    """What pandapower says of the one transformer with the demand at a bus."""
    built = asked.region.snapshot.grid
    net = pandapower_from_grid(built)
    add_load(net, row(built.buses.bus_id, name), 0.95 * kva, math.sqrt(1 - 0.95**2) * kva)
    solve(net)
    return float(net.res_trafo.loading_percent.iloc[0]) / 100


def test_what_fits_is_feasible_and_its_figures_are_those_of_the_power_flow() -> None:
    town = state(*FEEDER)
    verdict = ask(town, 60.0, "C")
    expected = voltage_with(town, "C", 57.0, 60 * math.sqrt(1 - 0.95**2))
    assert (verdict.feasible, verdict.reasons, verdict.limited_by) == (True, (), ())
    assert verdict.voltage_pu == pytest.approx(expected, abs=2e-4)
    assert verdict.voltage_min_pu == pytest.approx(expected, abs=2e-4)
    assert verdict.largest_kva is None


def test_what_does_not_fit_says_which_element_and_how_much() -> None:
    verdict = ask(state("S1>A 100", "A-B 20 x4", "B: 80 kW"), 60.0, "B")
    assert not verdict.feasible
    assert verdict.limited_by == ("transformer",)
    assert (verdict.limiting_kind, verdict.limiting_id) == ("transformer", "S1>A")
    assert "transformer S1>A (S1>A) at 14" in verdict.reasons[0]


def test_feed_in_raises_the_voltage() -> None:
    verdict = ask(state("S1>A 400 tap=-2", "A-B 500", "B: 5 kW"), 90.0, "B", "generation")
    assert verdict.limited_by == ("voltage_high",)
    assert verdict.voltage_max_pu is not None
    assert verdict.voltage_max_pu > 1.1


def test_what_screening_leaves_open_is_proven() -> None:
    # 0.1 % from the demand that fills the transformer lies inside every guard band
    town = state("S1>A 400", "A-B 5 x4")
    full_kva = 390.0
    for _ in range(4):
        full_kva /= loading_with(town, "B", full_kva)
    below, above = (ask(town, full_kva * share, "B") for share in (0.999, 1.001))
    assert (below.method, below.feasible) == ("ac_power_flow", True)
    assert (above.method, above.feasible) == ("ac_power_flow", False)
    assert above.limited_by == ("transformer",)


def test_bus_on_a_loop_is_proven() -> None:
    town = state(*RING)
    verdict = ask(town, 60.0, "B")
    assert (verdict.method, verdict.feasible) == ("ac_power_flow", True)
    expected = voltage_with(town, "B", 57.0, 60 * math.sqrt(1 - 0.95**2))
    assert verdict.voltage_pu == pytest.approx(expected, abs=1e-6)


def test_bus_without_supply_is_told() -> None:
    verdict = ask(state(*FEEDER, "X-Y 100"), 10.0, "Y")
    assert (verdict.feasible, verdict.limited_by) == (False, ("not_supplied",))
    assert verdict.voltage_pu is None


@pytest.mark.parametrize("rows", [FEEDER, RING])
def test_beyond_collapse_the_largest_demand_with_a_solution_is_told(rows: tuple[str, ...]) -> None:
    town = state(*rows)
    verdict = ask(town, 5000.0, "C")
    assert (verdict.feasible, verdict.limited_by) == (False, ("no_solution",))
    assert verdict.largest_kva is not None
    assert f"about {verdict.largest_kva:.4g} kVA" in verdict.reasons[-1]
    assert "no_solution" not in ask(town, verdict.largest_kva, "C").limited_by
    assert "no_solution" in ask(town, verdict.largest_kva + 5000 * 0.02, "C").limited_by


def test_largest_demand_of_one_line_is_that_of_the_textbook() -> None:
    # unloaded line r + jx from 1.0 p.u.: S max = U^2 / (2 (|z| + r cos phi + x sin phi))
    town = state("S1-B 20000 c=0")
    r, x, sine = 0.161 * 20, 0.117 * 20, math.sqrt(1 - 0.95**2)
    largest_kva = 20_000**2 / (2 * (math.hypot(r, x) + r * 0.95 + x * sine)) / 1e3
    verdict = ask(town, 100_000.0, "B")
    assert verdict.largest_kva == pytest.approx(largest_kva, rel=5e-3)


def test_progress_is_told_from_nothing_to_all() -> None:
    told: list[tuple[int, int]] = []
    town = state(*RING)
    every = np.arange(len(town.region.snapshot.grid.buses.bus_id))
    screen_buses(town, every, question(10.0), told=lambda *one: told.append(one))
    # A, B and C hang on the loop
    assert told == [(0, 3), (3, 3)]


@pytest.mark.parametrize("kva", [-5.0, 0.0, math.nan, math.inf, 1e9])
def test_demand_that_is_none_is_refused(kva: float) -> None:
    with pytest.raises(InputError, match=r"demand is .* expected more than 0"):
        screen_buses(state(*FEEDER), np.array([0]), question(kva), told=lambda *_: None)


@pytest.mark.parametrize("power_factor", [-0.9, 0.0, 1.2, math.nan])
def test_power_factor_that_is_none_is_refused(power_factor: float) -> None:
    asked = question(10.0, power_factor=power_factor)
    with pytest.raises(InputError, match="power factor is"):
        screen_buses(state(*FEEDER), np.array([0]), asked, told=lambda *_: None)
