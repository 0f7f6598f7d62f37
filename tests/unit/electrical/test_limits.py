"""Findings: what is violated, what was violated before, and what nobody knows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gisplan.electrical.base.base_state import build_base_states
from gisplan.electrical.demand import LoadCase
from gisplan.electrical.proof.connection import Proposal, prove
from gisplan.electrical.proof.limits import check_limits
from gisplan.electrical.proof.proof import ProofResult
from gisplan.electrical.proof.worst import Quantity, Worst
from gisplan.model.grid import Grid
from gisplan.model.option import Finding, Severity
from gisplan.rules.catalogue import load_catalogue
from tests.grids import grid
from tests.unit.electrical.networks import (
    SERVICE_CABLE,
    TOWN,
    bus,
    powers,
    proposal_at,
    snapshot,
)

CATALOGUE = load_catalogue("eu")


def findings(g: Grid, proposal: Proposal) -> tuple[Finding, ...]:
    some = snapshot(g)
    (proof,) = prove(some, build_base_states(some, CATALOGUE), [proposal])
    return check_limits(proof, CATALOGUE)


def of(found: tuple[Finding, ...], rule: str, severity: Severity) -> list[Finding]:
    return [f for f in found if f.rule == rule and f.severity is severity]


def overloaded(value: float, before: float, *, worsened: bool) -> ProofResult:
    one = Worst(
        quantity=Quantity.TRANSFORMER,
        case=LoadCase.LOAD,
        element_kind="transformer",
        element_row=3,
        element_id="lv/9",
        name="T_35",
        value=value,
        base_value=before,
    )
    return ProofResult(
        converged=True,
        supplied=True,
        is_low_voltage=True,
        whole_network=True,
        voltage_at_customer_pu=1.0,
        voltage_at_customer_max_pu=1.0,
        worsened=(one,) if worsened else (),
        standing=() if worsened else (one,),
    )


def test_connection_within_all_limits_has_margins_and_no_violation() -> None:
    g = grid(*TOWN)
    found = findings(g, proposal_at(bus(g, "A2"), 5.0, cable=SERVICE_CABLE))
    assert {f.severity for f in found} == {Severity.INFO}
    assert all(f.margin is not None and f.margin >= 0 for f in found)
    asked = {str(quantity) for quantity in Quantity} | {"voltage.drop_service_max_pct"}
    assert {f.rule for f in found} == asked


def test_breach_that_the_connection_makes_is_a_violation_by_name() -> None:
    proof = overloaded(1.041, 0.98, worsened=True)
    (finding,) = of(check_limits(proof, CATALOGUE), "loading.transformer_max", Severity.VIOLATION)
    assert finding.element == "transformer lv/9"
    assert finding.text == (
        "Loading of a distribution transformer: transformer lv/9 (T_35) 104.1 % at highest load, "
        "before 98.0 %; allowed is at most 100.0 %"
    )
    assert (finding.measured, finding.limit) == (1.041, 1.0)
    assert finding.margin == pytest.approx(-0.041)


def test_breach_that_gets_worse_is_a_violation_that_says_so() -> None:
    proof = overloaded(1.2, 1.1, worsened=True)
    (finding,) = of(check_limits(proof, CATALOGUE), "loading.transformer_max", Severity.VIOLATION)
    assert finding.text.endswith("the limit was breached before, this makes it worse")


def test_breach_that_stays_is_a_warning() -> None:
    proof = overloaded(1.1, 1.1, worsened=False)
    found = check_limits(proof, CATALOGUE)
    (finding,) = of(found, "loading.transformer_max", Severity.WARNING)
    assert "this does not make it worse" in finding.text
    assert not [f for f in found if f.severity is Severity.VIOLATION]


def test_breach_of_the_grid_that_the_connection_relieves_is_a_warning() -> None:
    g = grid("S1>A 100", "A-B 50", "A-C 50", "B: 130 kW")
    found = findings(g, proposal_at(bus(g, "C"), -8.0, cable=SERVICE_CABLE))
    assert of(found, "loading.transformer_max", Severity.WARNING)
    assert not [f for f in found if f.severity is Severity.VIOLATION]


def test_customer_is_judged_with_the_full_demand() -> None:
    g = grid("S1>A 630", "A-B 250", "B: 20 kW")
    demand = powers(80.0, 0.0, (1.0, 0.1, 0.1, 0.1, 0.1))
    far = replace(SERVICE_CABLE, length_m=250)
    found = findings(g, Proposal(bus=bus(g, "B"), cable=far, **demand))
    low = of(found, "voltage.lv_min_pu", Severity.VIOLATION)
    assert [f.element for f in low] == ["new connection"]
    # 80 kW over 250 m of 0.642 ohm/km: 8 % and more
    assert of(found, "voltage.drop_service_max_pct", Severity.VIOLATION)


def test_customer_that_had_too_little_before_and_gets_no_less_is_a_warning() -> None:
    g = grid("S1>A 630 tap=2", "A-B 500", "B: 90 kW")
    found = findings(g, proposal_at(bus(g, "B"), -5.0))
    assert of(found, "voltage.lv_min_pu", Severity.WARNING)
    assert not [f for f in found if f.severity is Severity.VIOLATION]


def test_new_cable_is_judged_by_its_own_rating() -> None:
    g = grid("S1>A 630", "A-B 10 x3")
    found = findings(g, proposal_at(bus(g, "B"), 110.0, cable=replace(SERVICE_CABLE, length_m=5)))
    (finding,) = of(found, "loading.line_max", Severity.VIOLATION)
    assert finding.element == "new cable"


def test_unknown_rating_must_be_surveyed() -> None:
    g = grid("S1>A 100", "A-B 50 i=?", "B: 10 kW")
    (finding,) = of(findings(g, proposal_at(bus(g, "B"), 1.0)), "loading.line_max", Severity.SURVEY)
    assert finding.element == "line A-B"
    assert finding.measured is None


def test_collapse_is_a_violation_without_a_number() -> None:
    g = grid(*TOWN)
    (finding,) = findings(g, proposal_at(bus(g, "A3"), 5000.0))
    assert (finding.severity, finding.measured) == (Severity.VIOLATION, None)
    assert "load/main" in finding.text


def test_point_without_supply_is_a_violation() -> None:
    g = grid(*TOWN, "X-Y 100")
    (finding,) = findings(g, proposal_at(bus(g, "Y"), 5.0))
    assert finding.severity is Severity.VIOLATION
    assert "nothing supplies" in finding.text


def test_medium_voltage_customer_is_judged_by_medium_voltage_rules() -> None:
    g = grid(*TOWN)
    found = findings(g, proposal_at(bus(g, "M1"), 500.0))
    customer = [f for f in found if "at the customer" in f.text]
    assert [f.rule for f in customer] == ["voltage.mv_min_pu", "voltage.mv_max_pu"]
    assert {f.element for f in customer} == {"bus M1"}
