"""Backfeed states in the documents and tables that leave the library."""

from __future__ import annotations

import json
from dataclasses import replace

from rich.console import Console

from gisplan.cli.plan_answer import backfeed_table
from gisplan.export.plan_document import plan_from_json, plan_to_json, summarise
from gisplan.model.option import BackfeedState, Plan
from tests.plans import example_option, example_plan

HELD = BackfeedState(
    state="head of feeder mv/62 out, tie mv/23 closed",
    opened="line mv/62 at bus mv/39",
    closed="line mv/23 at bus mv/132",
    loading_max=0.91,
    loading_before=0.82,
    limiting_element="line mv/181",
    voltage_min_pu=0.9512,
    voltage_min_before_pu=0.9604,
    voltage_min_bus="mv/72",
    voltage_max_pu=1.0,
    voltage_max_before_pu=1.0,
    voltage_max_bus="mv/39",
    unsupplied_buses=0,
    holds=True,
)
FAILED = replace(HELD, state="head of feeder mv/62 out, tie mv/31 closed", holds=False)
UNKNOWN = replace(HELD, holds=None, loading_max=None, voltage_min_pu=None, unsupplied_buses=12)


def with_states(*states: BackfeedState) -> Plan:
    plan = example_plan()
    first = replace(plan.options[0], backfeed=states)
    return replace(plan, options=(first, *plan.options[1:]))


def test_backfeed_states_stand_in_the_plan_document_and_return() -> None:
    plan = with_states(HELD, FAILED, UNKNOWN)
    document = plan_to_json(plan)
    assert plan_from_json(document) == plan
    shown = json.loads(document)["options"][0]["backfeed"]
    assert [one["holds"] for one in shown] == [True, False, None]
    assert shown[0]["loading_before"] == 0.82


def test_summary_counts_states_and_those_that_fail() -> None:
    row = summarise(replace(example_option(), backfeed=(HELD, FAILED, UNKNOWN)))
    assert (row["backfeed_states"], row["backfeed_states_failed"]) == (3, 1)


def test_table_shows_each_figure_with_what_it_was_before() -> None:
    console = Console(width=200, record=True, file=None)
    with console.capture() as shown:
        console.print(backfeed_table(replace(example_option(), backfeed=(HELD, FAILED, UNKNOWN))))
    held, failed, unknown = [row for row in shown.get().splitlines() if "mv/62 out" in row]
    assert [cell.strip() for cell in held.strip("│").split("│")] == [
        HELD.state, "91%", "82%", "line mv/181", "0.951", "0.960", "mv/72", "0", "yes",
    ]  # fmt: skip
    assert failed.split()[-2] == "no"
    assert "not proven" in unknown
