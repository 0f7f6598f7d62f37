"""Words of a plan's map about the grid: badges, key figures, backfeed states."""

from __future__ import annotations

from dataclasses import replace

from gisplan.model.option import Severity
from maps.electrical_texts import backfeed_block, badges, electrical_rows
from tests.plans import example_option, service_option
from tests.unit.cli.test_plan_answer import BAND, full_option
from tests.unit.export.test_backfeed_document import FAILED, HELD, UNKNOWN


def test_badges_tell_the_verdicts_in_a_line() -> None:
    text = badges(full_option())
    assert '<span class="badge yes">feasible</span>' in text
    assert '<span class="badge yes">load band: holds</span>' in text
    assert '<span class="badge unsure">N-1: 1 of 2 states hold</span>' in text
    assert "1 to survey" in text


def test_refused_option_has_a_red_badge_and_no_others() -> None:
    assert badges(service_option()) == (
        '<p class="badges"><span class="badge no">not feasible</span></p>'
    )


def test_verdict_that_depends_on_the_load_is_told() -> None:
    option = example_option().with_findings(replace(BAND, severity=Severity.WARNING))
    assert "load band: depends on the existing load" in badges(option)


def test_key_figures_are_those_of_the_answer() -> None:
    rows = electrical_rows(full_option())
    assert rows["voltage"] == "0.9312 to 1.003\u00a0p.u., 0.944 at the customer"
    assert rows["highest loading"] == "87% of Station Nord (T_idx_35)"
    assert rows["short circuit"] == "largest 6.36\u00a0kA, smallest 4.2\u00a0kA"
    assert rows["load band"] == "Holds with existing load at 80% and at 120%"


def test_unknown_figures_are_said() -> None:
    option = example_option()
    bare = replace(option.electrical, voltage_min_pu=None, voltage_max_pu=None)
    rows = electrical_rows(replace(option, electrical=bare))
    assert rows["voltage"] == "unknown"
    assert rows["short circuit"] == "largest unknown, smallest unknown"


def test_backfeed_states_unfold_with_what_was_before() -> None:
    assert backfeed_block(example_option()) == ""
    html = backfeed_block(replace(example_option(), backfeed=(HELD, FAILED, UNKNOWN)))
    assert "Backfeed states (N-1): 1 of 3 states hold, 1 not proven" in html
    assert "<td>91%<br>line mv/181</td><td>82%</td>" in html
    assert "<td>0.951<br>mv/72</td><td>0.960</td><td>yes</td>" in html
    assert "without supply: 12 buses" in html
    assert "<td>not proven</td>" in html
