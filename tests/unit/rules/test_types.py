import math
from dataclasses import replace

import pytest

from gisplan.errors import CatalogueError
from gisplan.model.option import Severity
from gisplan.rules.types import Rule

LOADING = Rule(
    rule_id="loading.transformer_max",
    title="Loading of a transformer",
    value=1.0,
    unit="1",
    sense="max",
    applies_to="transformer",
    source="test",
    clause="cl. 1",
    valid_from="2000-01-01",
    confidence="practice",
)
VOLTAGE = replace(LOADING, rule_id="voltage.lv_min_pu", value=0.9, unit="p.u.", sense="min")


def test_kept_maximum_has_positive_margin():
    finding = LOADING.measure(0.98, element="transformer lv/3")
    assert finding.severity is Severity.INFO
    assert finding.margin == pytest.approx(0.02)


def test_breached_maximum_is_a_violation():
    finding = LOADING.measure(1.41, element="transformer lv/3")
    assert finding.severity is Severity.VIOLATION
    assert finding.margin == pytest.approx(-0.41)


def test_breached_minimum_is_a_violation():
    finding = VOLTAGE.measure(0.869, element="bus lv/7")
    assert finding.severity is Severity.VIOLATION
    assert finding.margin == pytest.approx(-0.031)


@pytest.mark.parametrize("rule", [LOADING, VOLTAGE])
def test_value_at_the_limit_is_kept(rule):
    finding = rule.measure(rule.value, element="x")
    assert (finding.severity, finding.margin) == (Severity.INFO, 0.0)


def test_finding_carries_limit_clause_and_confidence():
    finding = VOLTAGE.measure(0.95, element="bus lv/7")
    assert (finding.rule, finding.element) == ("voltage.lv_min_pu", "bus lv/7")
    assert (finding.limit, finding.unit) == (0.9, "p.u.")
    assert (finding.clause, finding.confidence) == ("cl. 1", "practice")


def test_source_stands_where_there_is_no_clause():
    assert replace(LOADING, clause="").measure(0.5, element="x").clause == "test"


def test_ratio_is_written_in_percent():
    finding = LOADING.measure(1.41, element="transformer lv/3")
    assert finding.text == (
        "Loading of a transformer: 141 % at transformer lv/3, allowed is at most 100 %"
    )
    assert finding.unit == ""


def test_text_shows_digits_that_tell_value_from_limit():
    assert "0.89999 p.u." in VOLTAGE.measure(0.89999, element="bus lv/7").text


def test_large_numbers_are_written_whole():
    supply = replace(LOADING, value=10000.0, unit="kVA")
    assert "12345 kVA at x, allowed is at most 10000 kVA" in supply.measure(12345, element="x").text


def test_given_text_replaces_the_sentence():
    assert LOADING.measure(0.5, element="x", text="half full").text == "half full"


def test_unknown_asks_for_a_survey():
    finding = LOADING.unknown(element="bus mv/4", text="bays are unknown")
    assert finding.severity is Severity.SURVEY
    assert (finding.measured, finding.limit, finding.margin) == (None, None, None)
    assert finding.text == "bays are unknown"


def test_nan_is_unknown_not_kept():
    finding = LOADING.measure(math.nan, element="line lv/1")
    assert finding.severity is Severity.SURVEY
    assert "line lv/1" in finding.text


def test_parameter_cannot_be_measured_against():
    with pytest.raises(CatalogueError, match=r"loading\.transformer_max is a parameter"):
        replace(LOADING, sense="value").measure(1.0, element="x")
