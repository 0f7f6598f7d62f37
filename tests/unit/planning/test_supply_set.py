"""Customers who need several sources get a set of them, each proven for the whole demand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gisplan.export.plan_document import plan_from_json, plan_to_json
from gisplan.model.application import Application, ApplicationKind, Importance
from gisplan.model.option import Plan, Severity
from gisplan.planning.options import plan_connection
from gisplan.planning.state import PlanningState
from tests.unit.planning.test_disjoint_routes import SPUR, state_with
from tests.unit.planning.test_options import EAST_M, NORTH_M


def plan_for(
    state: PlanningState, importance: Importance, *, x_m: float = 0.0, y_m: float = 100.0
) -> Plan:
    ((lon, lat),) = state.region.projection.to_lon_lat(np.array([[EAST_M + x_m, NORTH_M + y_m]]))
    wish = Application(reference="D", lon=lon, lat=lat, kind=ApplicationKind.LOAD, demand_kva=630.0)
    return plan_connection(replace(wish, importance=importance), state)


@pytest.fixture(scope="module")
def state() -> PlanningState:
    return state_with()


def test_ordinary_customer_needs_no_set(state: PlanningState) -> None:
    assert plan_for(state, Importance.ORDINARY).supply_set is None


@pytest.mark.parametrize(
    ("importance", "what"), [(Importance.SECOND, "feeder"), (Importance.FIRST, "busbar")]
)
def test_sources_are_independent_as_the_class_asks(
    state: PlanningState, importance: Importance, what: str
) -> None:
    found = plan_for(state, importance).supply_set
    assert found is not None
    assert found.independence == what
    assert len(set(found.supplied_by)) == len(found.options) == 2
    assert found.shared_length_m == 0
    assert found.gap is not None
    assert found.total_cost == pytest.approx(sum(one.cost.total for one in found.options))
    assert all(one.electrical.method != "screening" for one in found.options)


def test_set_is_feasible_where_all_its_sources_are(state: PlanningState) -> None:
    found = plan_for(state, Importance.FIRST).supply_set
    assert found is not None
    assert found.feasible == all(one.feasible for one in found.options)


def test_sources_that_do_not_exist_are_told(state: PlanningState) -> None:
    found = plan_for(state, Importance.SPECIAL).supply_set
    assert found is not None
    assert not found.feasible
    (missing,) = (one for one in found.findings if one.severity is Severity.VIOLATION)
    assert missing.rule == "supply.sources_required.special"
    assert missing.measured == 2


def test_shared_trench_is_told_with_its_metres() -> None:
    found = plan_for(state_with(*SPUR), Importance.FIRST, x_m=300.0, y_m=-420.0).supply_set
    assert found is not None
    (shared,) = (one for one in found.findings if one.rule == "route.shared_trench")
    assert shared.measured == found.shared_length_m > 200
    assert found.gap is None


def test_set_stands_in_the_plan_document(state: PlanningState) -> None:
    made = plan_for(state, Importance.FIRST)
    assert plan_from_json(plan_to_json(made)) == made
