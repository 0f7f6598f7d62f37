from __future__ import annotations

from dataclasses import replace

import pytest

from gisplan.model.option import BillItem, Severity
from maps.plan_panel import build_panel
from maps.plan_texts import findings_list, option_details, plan_head
from maps.texts import escaped, money, number, voltage
from tests.plans import BAY, LOADING, VOLTAGE, example_option, example_plan, service_option


@pytest.mark.parametrize(
    ("value", "text"), [(None, "unknown"), (0.93124, "0.9312"), (12_345.6, "12\u2009346")]
)
def test_numbers_are_short_and_unknown_is_said(value, text):
    assert number(value) == text


def test_money_has_no_cents():
    assert money(16_250.4, "EUR") == "16\u2009250\u00a0EUR"


def test_voltage_is_in_kilovolts_from_one_thousand():
    assert (voltage(400.0), voltage(20_000.0)) == ("400\u00a0V", "20\u00a0kV")


def test_braces_and_brackets_are_escaped():
    assert escaped("<b>{{x}}</b>") == "&lt;b&gt;&#123;&#123;x&#125;&#125;&lt;/b&gt;"


def test_worst_findings_come_first():
    text = findings_list((VOLTAGE, BAY, LOADING))
    assert text.index("overloaded") < text.index("fuse ways") < text.index("lowest voltage")


def test_finding_without_a_margin_names_value_and_limit():
    text = findings_list((replace(VOLTAGE, margin=None),))
    assert "0.9312\u00a0p.u., limit 0.9\u00a0p.u." in text
    assert "margin" not in text


def test_finding_without_a_measured_value_shows_its_text_alone():
    assert "limit" not in findings_list((BAY,))


def test_option_without_cable_or_route_says_none():
    text = option_details(service_option())
    assert "<th>cable</th><td>none</td>" in text
    assert "Trench" not in text
    assert "not feasible" in text


def test_trench_is_summed_by_surface():
    assert "<tr><th>asphalt, trench</th><td>98\u00a0m</td></tr>" in option_details(example_option())


def test_unknown_loading_is_said():
    option = example_option()
    unknown = replace(option, electrical=replace(option.electrical, loading_max=None))
    assert "loading unknown" in build_panel(example_plan(unknown), [])


def test_second_source_is_named():
    plan = replace(example_plan(), sources_required=2)
    assert "2 sources required" in plan_head(plan)
    assert "sources" not in plan_head(example_plan())


def test_real_application_is_not_called_an_example():
    plan = example_plan()
    real = replace(plan, application=replace(plan.application, synthetic=False))
    assert "synthetic" not in plan_head(real)


def test_findings_of_the_plan_are_in_the_panel():
    warning = replace(BAY, severity=Severity.WARNING, text="demand derived from the class")
    panel = build_panel(replace(example_plan(), findings=(warning,)), [0, 1, 2])
    assert "demand derived from the class" in panel
    assert "grid, high voltage" in panel


def test_bill_and_segments_unfold_with_their_cost():
    item = BillItem(
        kind="civil",
        codes=("direct_burial", "asphalt"),
        item="Direct burial, asphalt",
        quantity=98.0,
        unit="m",
        unit_cost=91.0,
        cost=8918.0,
        source="example",
        confidence="unverified",
    )
    text = option_details(replace(example_option(), bill_of_materials=(item,)))
    assert "<summary>Bill of materials (1)</summary>" in text
    assert "<td>Direct burial, asphalt</td><td>98\u00a0m</td><td>91</td>" in text
    assert "<summary>Segments (2)</summary>" in text
    assert "Bill of materials" not in option_details(example_option())
