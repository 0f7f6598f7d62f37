"""What is promised one after another holds as a plan holds it: whole, or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gisplan.model.application import Importance
from gisplan.model.reservation import Ledger
from gisplan.planning.options import plan_connection
from gisplan.planning.reserving import held_rows
from gisplan.planning.shared_trench.promises import Promises, Settled, settle
from tests.unit.planning.sources.test_source_search import site_at, state_with

STATE = state_with()
WISH = site_at(STATE, 0.0, 100.0).application


def settled_as(importance: Importance) -> Settled:
    promises = Promises(state=STATE, ledger=Ledger(sequence=0, reservations=()))
    wish = replace(WISH, importance=importance)
    return settle(promises, [wish], {}, lambda _: None)[wish.reference]


def test_all_sources_of_an_important_customer_are_held() -> None:
    found = settled_as(Importance.SECOND)
    plan = plan_connection(replace(WISH, importance=Importance.SECOND), STATE)
    assert plan.supply_set is not None
    assert found.options == plan.supply_set.options
    assert found.cents == round(plan.supply_set.total_cost * 100)
    assert tuple(one.row for one in found.held) == held_rows(plan, STATE)
    assert {one.row.element_id for one in found.held} == {"A", "B"}


def test_who_needs_more_sources_than_there_are_is_not_connected() -> None:
    # single connections are feasible, three independent ones do not exist
    found = settled_as(Importance.SPECIAL)
    assert (found.option, found.cents, found.held) == (None, 0, ())
    assert "do not hold together" in found.reasons[-1]


def test_one_source_is_the_option_itself() -> None:
    found = settled_as(Importance.ORDINARY)
    assert found.option is not None
    assert found.cents == pytest.approx(found.option.cost.total * 100)
    assert found.sources_required == 1
