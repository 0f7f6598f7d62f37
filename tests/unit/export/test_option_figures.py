"""How an option is read: findings by question, what is told and what is folded, verdicts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gisplan.export.option_figures import (
    LoadBand,
    Question,
    backfeed_verdict,
    by_question,
    counted,
    customer_voltage_pu,
    folded,
    limiting_words,
    load_band,
    question_of,
    violations,
    voltage_range_pu,
)
from gisplan.model.option import Finding, Severity
from gisplan.rules.catalogue import load_catalogue
from tests.plans import BAY, LOADING, VOLTAGE, example_option, service_option
from tests.unit.export.test_backfeed_document import FAILED, HELD, UNKNOWN

BAND = Finding(
    rule="load.band_pct", severity=Severity.INFO, element="existing load", text="Holds with ..."
)


def note(rule: str, limit: float | None = None) -> Finding:
    return Finding(rule=rule, severity=Severity.INFO, element="x", text=rule, limit=limit)


@pytest.mark.parametrize(
    ("rule", "question"),
    [
        ("voltage.lv_min_pu", Question.VOLTAGE),
        ("voltage.drop_service_max_pct", Question.CABLE),
        ("backfeed.loading_max_line", Question.BACKFEED),
        ("supply.phase", Question.PHASES),
        ("supply.mv_max_kva", Question.OTHER),
        ("remedy.tap_change", Question.REMEDIES),
    ],
)
def test_rule_belongs_to_the_question_that_it_answers(rule: str, question: Question) -> None:
    assert question_of(rule) is question


def test_every_limit_of_the_catalogue_has_a_question() -> None:
    settings = {"supply", "guard", "tolerance", "connector", "case", "derating"}
    settings |= {"civil", "density", "overhead", "route"}  # prices and measures, no limits
    rules = {rule.rule_id for rule in load_catalogue("eu").rules.values()}
    unanswered = {rule for rule in rules if question_of(rule) is Question.OTHER}
    assert {rule.partition(".")[0] for rule in unanswered} <= settings


def test_questions_stand_in_their_order_with_the_worst_first() -> None:
    kept = replace(LOADING, severity=Severity.INFO)
    grouped = by_question([kept, LOADING, VOLTAGE])
    assert list(grouped) == [Question.VOLTAGE, Question.LOADING]
    assert grouped[Question.LOADING] == (LOADING, kept)


def test_kept_limits_are_folded_and_reasons_are_told() -> None:
    reason = note("conductor.section")
    parts = folded([VOLTAGE, reason, BAY])
    assert (parts.told, parts.kept, parts.folded_count) == ((reason, BAY), (VOLTAGE,), 1)


def test_second_warning_of_a_rule_is_folded_and_a_violation_never() -> None:
    warning = replace(LOADING, severity=Severity.WARNING)
    parts = folded([LOADING, LOADING, warning, warning])
    assert parts.told == (LOADING, LOADING, warning)
    assert parts.repeated == (warning,)


def test_violations_are_what_forbids() -> None:
    assert violations(service_option()) == (LOADING,)


@pytest.mark.parametrize(
    ("finding", "verdict"),
    [
        (None, LoadBand.NOT_ASKED),
        (BAND, LoadBand.HOLDS),
        (replace(BAND, severity=Severity.WARNING), LoadBand.DEPENDS),
    ],
)
def test_load_band_is_a_word(finding: Finding | None, verdict: LoadBand) -> None:
    option = example_option()
    option = option if finding is None else option.with_findings(finding)
    assert load_band(option) is verdict


def test_backfeed_verdict_counts_what_holds_and_what_is_not_proven() -> None:
    option = example_option()
    assert backfeed_verdict(option) == ""
    some = replace(option, backfeed=(HELD, FAILED))
    assert backfeed_verdict(some) == "1 of 2 states hold"
    assert backfeed_verdict(replace(some, backfeed=(HELD, UNKNOWN))) == (
        "1 of 2 states hold, 1 not proven"
    )


def test_voltage_of_a_phase_counts_where_it_is_lower_than_the_mean() -> None:
    lowest = replace(VOLTAGE, rule="voltage.lv_min_pu", measured=0.91)
    highest = replace(VOLTAGE, rule="voltage.lv_max_pu", measured=1.01)
    option = example_option()
    assert voltage_range_pu(option) == (0.9312, 1.003)
    assert voltage_range_pu(option.with_findings(lowest, highest)) == (0.91, 1.01)
    assert customer_voltage_pu(option) == 0.944
    assert customer_voltage_pu(replace(option, phases="L2")) is None


def test_unknown_voltages_stay_unknown() -> None:
    option = example_option()
    bare = replace(option.electrical, voltage_min_pu=None, voltage_max_pu=None)
    assert voltage_range_pu(replace(option, electrical=bare)) == (None, None)


def test_limiting_element_has_name_and_id_once() -> None:
    electrical = example_option().electrical
    assert limiting_words(electrical) == "T_idx_35"
    assert limiting_words(replace(electrical, limiting_name="Nord")) == "Nord (T_idx_35)"


def test_findings_are_counted_the_worst_first() -> None:
    assert counted([VOLTAGE, VOLTAGE, BAY, LOADING]) == "1 violation, 1 to survey, 2 notes"
