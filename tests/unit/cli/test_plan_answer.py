"""What ``gisplan plan`` prints: violations first, question by question, the rest folded."""

from __future__ import annotations

from dataclasses import replace

from rich.console import Console

from gisplan.cli.plan_answer import option_cells, print_plans, summary_table
from gisplan.export.plan_document import plan_to_json
from gisplan.model.option import Finding, Option, Plan, Remedy, Severity
from tests.plans import (
    LOADING,
    VOLTAGE,
    example_option,
    example_plan,
    refused_plan,
    service_option,
    station_option,
)
from tests.unit.export.test_backfeed_document import FAILED, HELD

BAND = Finding(
    rule="load.band_pct",
    severity=Severity.INFO,
    element="existing load",
    text="Holds with existing load at 80% and at 120%",
    confidence="practice",
)


def printed(plan: Plan, *, all_findings: bool = False, width: int = 180) -> str:
    console = Console(width=width, markup=False)
    with console.capture() as shown:
        print_plans([plan], console, all_findings=all_findings)
    return shown.get()


def full_option() -> Option:
    option = example_option().with_findings(BAND, replace(VOLTAGE, rule="voltage.mv_min_pu"))
    electrical = replace(
        option.electrical,
        short_circuit_ka=6.364,
        short_circuit_min_ka=4.2,
        limiting_name="Station Nord",
    )
    return replace(option, electrical=electrical, backfeed=(HELD, FAILED))


def line_of(text: str, start: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(start))


def test_best_option_is_told_question_by_question() -> None:
    text = printed(example_plan(full_option()))
    assert "0.9312 to 1.0030 p.u., 0.9440 at the customer" in line_of(text, "voltage")
    assert "87.0% of Station Nord (T_idx_35)" in line_of(text, "loading")
    assert "Ik 6.36 kA at most, smallest 4.2 kA" in line_of(text, "short circuit")
    assert "1 x NAYY 4x150, 114 m" in line_of(text, "cable")
    assert "L1 L2 L3" in line_of(text, "phases")
    assert "1 of 2 states hold" in line_of(text, "backfeed")
    assert "Holds with existing load at 80% and at 120%" in line_of(text, "load band")
    assert "free fuse ways are unknown" in line_of(text, "access")


def test_kept_limits_are_one_line_with_the_least_margin() -> None:
    text = printed(example_plan(full_option()))
    assert "2 limits kept, least margin 0.0312 p.u. (lv/1421)" in line_of(text, "voltage")
    assert "lowest voltage at lv/1421" not in text
    assert "2 findings are folded; --all-findings tells them" in text


def test_all_findings_are_told_on_demand() -> None:
    text = printed(example_plan(full_option(), station_option()), all_findings=True)
    assert text.count("lowest voltage at lv/1421") == 3
    assert "option 2: transformer fuse way" in text
    assert "folded" not in text


def test_violation_is_told_before_anything_else() -> None:
    text = printed(example_plan(service_option(1).with_findings(VOLTAGE)))
    block = text[text.index("option 1: existing service") :]
    assert block.splitlines()[1].startswith("NO")
    assert "overloaded" in block.splitlines()[1]


def test_other_options_are_a_line_each() -> None:
    text = printed(example_plan())
    assert "lower the tap by one; 1 to survey, 1 note" in line_of(text, "option 2 ")
    assert "no: transformer T_idx_35 would be overloaded" in line_of(text, "option 3 ")


def test_further_violations_of_another_option_are_counted() -> None:
    twice = service_option().with_findings(LOADING)
    text = printed(example_plan(example_option(), twice))
    assert "(and 1 more)" in line_of(text, "option 3 ")


def test_remedies_of_the_best_option_are_told() -> None:
    tap = Remedy(kind="tap_change", element="T", cost=0.0, text="Move the tap", tap_position=1)
    text = printed(example_plan(replace(example_option(), remedies=(tap,))))
    assert "Move the tap" in line_of(text, "remedies")


def test_reason_that_an_option_tells_is_not_told_twice() -> None:
    reasons = ("Cabinet 210: transformer T_idx_35 would be overloaded", "0 of 3 are feasible")
    plan = replace(example_plan(service_option(1)), feasible=False, reasons=reasons)
    text = printed(plan)
    assert text.count("would be overloaded") == 2  # the option and the nearest by straight line
    assert "0 of 3 are feasible" in text


def test_plan_without_options_gives_its_reason() -> None:
    assert "no access point within 1500 m" in printed(refused_plan())


def test_findings_of_the_plan_are_told_but_for_notes() -> None:
    warning = Finding(rule="supply.x", severity=Severity.WARNING, element="x", text="two sources")
    plan = replace(example_plan(), findings=(warning, replace(warning, severity=Severity.INFO)))
    assert printed(plan).count("two sources") == 1


def test_unknown_figures_of_a_refused_option_are_left_out() -> None:
    option = service_option(1)
    bare = replace(
        option.electrical,
        method="screening",
        voltage_min_pu=None,
        voltage_max_pu=None,
        loading_max=None,
    )
    text = printed(example_plan(replace(option, electrical=bare)))
    assert not any(line.startswith(("voltage", "loading", "short")) for line in text.splitlines())
    assert option_cells(replace(option, electrical=bare))[6:8] == ("", "")


def test_proven_option_says_that_its_short_circuit_is_unknown() -> None:
    assert "Ik unknown" in line_of(printed(example_plan()), "short circuit")


def test_narrow_terminal_leaves_the_last_columns_to_the_text() -> None:
    assert "load band" in printed(example_plan()).splitlines()[2]
    assert "load band" not in printed(example_plan(), width=100).splitlines()[2]


def test_lines_are_wrapped_under_their_own_text() -> None:
    long = replace(full_option(), findings=(replace(BAND, text="word " * 60),))
    text = printed(example_plan(long), width=100)
    first = text.splitlines().index(line_of(text, "load band"))
    assert text.splitlines()[first + 1].startswith(" " * 15 + "word")
    assert all(len(line) <= 100 for line in text.splitlines())


def test_printing_changes_no_document() -> None:
    plan = example_plan(full_option())
    before = plan_to_json(plan)
    printed(plan)
    assert plan_to_json(plan) == before


def test_several_plans_are_a_table() -> None:
    console = Console(width=200, markup=False)
    with console.capture() as shown:
        print_plans([example_plan(), refused_plan()], console)
    assert "2 plans, 1 feasible" in shown.get()
    assert summary_table([refused_plan()]).row_count == 1
