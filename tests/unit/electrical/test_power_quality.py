"""Motors, steps, flicker and unbalance at the point of common coupling."""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType

import pytest

from gisplan.electrical.phases.power_quality import (
    check_disturbance,
    long_term_flicker,
    short_term_flicker,
    voltage_change_pct,
)
from gisplan.model.option import Finding, Severity
from gisplan.rules.catalogue import Catalogue, load_catalogue

EU, CN = load_catalogue("eu"), load_catalogue("cn")


def check(catalogue: Catalogue = EU, **facts: object) -> dict[str, Finding]:
    place: dict[str, object] = {
        "element": "bus lv/1",
        "voltage_level": "lv",
        "short_circuit_power_mva": 5.0,
        "angle_deg": math.nan,
    }
    findings = check_disturbance(catalogue, **(place | facts))  # type: ignore[arg-type]
    return {
        finding.rule.rsplit(".", 1)[0 if ".step" in finding.rule else 1]: finding
        for finding in findings
    }


def with_value(rule_id: str, value: float) -> Catalogue:
    rules = {**EU.rules, rule_id: replace(EU.rule(rule_id), value=value)}
    return replace(EU, rules=MappingProxyType(rules))


def test_voltage_change_is_the_step_over_the_short_circuit_power() -> None:
    # 100 kVA at 5 MVA: 2 %; network at 60 deg and step at 0 deg: half of it
    facts = {"step_kva": 100.0, "short_circuit_power_mva": 5.0}
    assert voltage_change_pct(**facts, step_angle_deg=60, network_angle_deg=60) == pytest.approx(2)
    assert voltage_change_pct(**facts, step_angle_deg=0, network_angle_deg=60) == pytest.approx(1)


def test_unknown_angle_counts_the_step_in_full() -> None:
    change = voltage_change_pct(
        step_kva=100, step_angle_deg=0, short_circuit_power_mva=5, network_angle_deg=math.nan
    )
    assert change == pytest.approx(2)


def test_motor_start_is_its_rated_power_times_the_starting_current() -> None:
    # 11 kW * 1.35 kVA/kW * 8 = 118.8 kVA at 5 MVA: 2.376 %
    found = check(largest_motor_kw=11, steps_per_hour=1)
    assert found["quality.step_max_pct"].measured == pytest.approx(2.376)
    # cos(45 - acos 0.4 = 66.42) = 0.9309
    turned = check(largest_motor_kw=11, steps_per_hour=1, angle_deg=45.0)
    assert turned["quality.step_max_pct"].measured == pytest.approx(2.376 * 0.9309, rel=1e-3)


def test_larger_of_motor_and_step_is_judged() -> None:
    found = check(largest_motor_kw=1, largest_step_kva=100, steps_per_hour=1)
    assert "step of 100 kVA" in found["quality.step_max_pct"].text


def test_single_phase_step_counts_six_times() -> None:
    found = check(largest_step_kva=10, steps_per_hour=1, phase_count=1)
    assert found["quality.step_max_pct"].measured == pytest.approx(1.2)


@pytest.mark.parametrize(
    ("rate", "limit"), [(0, 4), (1, 4), (1.1, 3), (10, 3), (50, 2), (100, 2), (400, 1.25)]
)
def test_limit_of_a_step_follows_its_rate(rate: float, limit: float) -> None:
    # GB/T 12326-2008 at low voltage
    found = check(CN, largest_step_kva=10, steps_per_hour=rate)
    assert found["quality.step_max_pct"].limit == limit


def test_limit_at_medium_voltage_is_lower() -> None:
    found = check(CN, largest_step_kva=10, steps_per_hour=1, voltage_level="mv")
    assert found["quality.step_max_pct"].limit == pytest.approx(3)


def test_step_above_its_limit_is_a_violation() -> None:
    found = check(largest_step_kva=250, steps_per_hour=1)
    assert found["quality.step_max_pct"].severity is Severity.VIOLATION
    assert found["quality.step_max_pct"].margin == pytest.approx(-1.0)


@pytest.mark.parametrize(
    ("step_kva", "severity"),
    [(100, Severity.INFO), (250, Severity.SURVEY), (400, Severity.VIOLATION)],
)
def test_unknown_rate_is_asked_for_only_where_it_decides(
    step_kva: float, severity: Severity
) -> None:
    # 2, 5 and 8 %: below the strictest limit of 3 %, between, above the loosest of 6 %
    found = check(largest_step_kva=step_kva)
    assert found["quality.step_max_pct"].severity is severity
    assert found["flicker_pst_max"].severity is Severity.SURVEY
    assert found["flicker_pst_max"].measured is None


def test_flicker_of_one_change_a_minute_is_the_published_coefficient() -> None:
    # IEC 61000-3-3: ten changes in ten minutes, (2.3 * 10 / 600)^(1/3.2) = 0.361
    pst = short_term_flicker(change_pct=1, shape_factor=1, changes_per_hour=60)
    assert pst == pytest.approx((2.3 * 10 / 600) ** (1 / 3.2), rel=5e-3)


def test_curve_of_equal_flicker_is_met() -> None:
    # IEC 61000-3-3, figure 2: rectangular changes of about 2.7 % once a minute have Pst = 1
    pst = short_term_flicker(change_pct=2.72, shape_factor=1, changes_per_hour=60)
    assert pst == pytest.approx(1, rel=0.03)


def test_flicker_of_rare_changes_is_that_of_an_interval_with_one() -> None:
    often = short_term_flicker(change_pct=2, shape_factor=1, changes_per_hour=6)
    assert short_term_flicker(change_pct=2, shape_factor=1, changes_per_hour=0.1) == often
    assert long_term_flicker(short_term=often, changes_per_hour=6) == pytest.approx(often)
    # one interval of twelve: 12^(-1/3) = 0.4368
    rare = long_term_flicker(short_term=often, changes_per_hour=0.1)
    assert rare == pytest.approx(often * 0.4368, rel=1e-3)


def test_flicker_is_judged_against_both_limits() -> None:
    # 2 % sixty times an hour: Pst = 0.36 * 2 = 0.72, allowed 0.8; Plt the same, allowed 0.5
    found = check(largest_step_kva=100, steps_per_hour=60)
    assert found["flicker_pst_max"].measured == pytest.approx(0.72)
    assert found["flicker_pst_max"].severity is Severity.INFO
    assert found["flicker_plt_max"].measured == pytest.approx(0.72)
    assert found["flicker_plt_max"].severity is Severity.VIOLATION


def test_shape_factor_comes_from_the_catalogue() -> None:
    found = check(
        with_value("quality.flicker_shape_factor", 0.5), largest_step_kva=100, steps_per_hour=60
    )
    assert found["flicker_pst_max"].measured == pytest.approx(0.36)


def test_unbalance_of_a_single_phase_demand_is_its_share_of_the_short_circuit_power() -> None:
    # 4.6 kVA at 1 MVA: 0.46 %
    found = check(single_phase_kva=4.6, short_circuit_power_mva=1.0)
    assert found["unbalance_customer_max_pct"].measured == pytest.approx(0.46)
    assert found["unbalance_customer_max_pct"].limit == 0.7


def test_nothing_is_told_where_nothing_disturbs() -> None:
    assert check() == {}
    assert check(largest_motor_kw=0.0, largest_step_kva=0.0, single_phase_kva=0.0) == {}


@pytest.mark.parametrize("power_mva", [math.nan, 0.0])
def test_unknown_short_circuit_power_is_not_proven(power_mva: float) -> None:
    found = check(
        largest_motor_kw=11,
        steps_per_hour=1,
        single_phase_kva=4.6,
        short_circuit_power_mva=power_mva,
    )
    assert len(found) == 4
    for finding in found.values():
        assert finding.severity is Severity.SURVEY
        assert "not proven" in finding.text
        assert finding.measured is None
