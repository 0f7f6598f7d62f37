"""Remedies without cost: tried in order of effort, proven, and told where they do not help.

A main of 900 m below T>B serves K3 at its end. The tap of TB has two steps of 2.5 % either way.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from gisplan.model.option import Option
from gisplan.planning.state import PlanningState
from tests.unit.planning.test_options import at, plan_at, region_of, state_of, town


@cache
def state(load_kw: float, *more: str) -> PlanningState:
    return state_of(
        region_of(
            town(
                *(
                    f"{n} joint 400V {at(x, 0)}"
                    for n, x in (("K1", -300), ("K2", -600), ("K3", -900))
                ),
                "B-K1 300 r=0.208 x=0.08 c=261 i=270",
                "K1-K2 300 r=0.208 x=0.08 c=261 i=270",
                "K2-K3 300 r=0.208 x=0.08 c=261 i=270",
                f"K3: {load_kw} kW {load_kw / 10} kvar aggregate",
                *more,
            )
        )
    )


def joint(some: PlanningState, demand_kva: float) -> Option:
    plan = plan_at(some, -890, 10, demand_kva=demand_kva, customer_class="industrial")
    return next(o for o in plan.options if o.access_point.element_id == "K2-K3")


def told(option: Option) -> list[str]:
    return [f.text for f in option.findings if f.rule.startswith("remedy.")]


def test_smallest_tap_that_suffices_is_offered_with_its_effect() -> None:
    option = joint(state(40.0), 42.0)
    (remedy,) = option.remedies
    assert option.feasible
    assert (remedy.kind, remedy.element, remedy.tap_position) == ("tap_change", "TB", -1)
    assert remedy.cost == 0.0
    assert remedy.text.startswith(
        "Move the tap of transformer TB (TB) from 0 to -1: lowest voltage"
    )
    assert f"becomes {option.electrical.voltage_min_pu:.3f} p.u." in remedy.text
    assert told(option) == []


def test_taps_in_vain_are_told_briefly() -> None:
    option = joint(state(40.0), 75.0)
    assert not option.feasible
    assert option.remedies == ()
    assert told(option) == ["Tried without success: tap -2, -1, 1, 2 of transformer TB (TB)"]


def test_option_that_is_feasible_tries_nothing() -> None:
    option = joint(state(10.0), 5.0)
    assert option.feasible
    assert (option.remedies, told(option)) == ((), [])


def test_tap_is_not_tried_where_a_loading_fails_too() -> None:
    plan = plan_at(state(40.0), -890, 10, demand_kva=180.0, customer_class="industrial")
    refused = [o for o in plan.options if not o.feasible]
    assert all(told(option) == [] for option in refused)


def test_unknown_tap_step_is_not_moved() -> None:
    some = state(40.0)
    grid = some.region.snapshot.grid
    unknown = replace(grid.transformers, tap_step_pct=grid.transformers.tap_step_pct * float("nan"))
    fixed = state_of(region_of(replace(grid, transformers=unknown)))
    option = joint(fixed, 42.0)
    assert (option.feasible, option.remedies, told(option)) == (False, (), [])


@pytest.mark.parametrize("demand_kva", [5.0, 42.0, 75.0])
def test_remedy_costs_nothing(demand_kva: float) -> None:
    cost = joint(state(40.0), demand_kva).cost
    assert cost.remedies == 0.0
    assert cost.total == pytest.approx(cost.civil + cost.cable + cost.accessories + cost.equipment)
