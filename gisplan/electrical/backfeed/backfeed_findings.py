"""Findings of backfeed states: what breaks a limit, and apart from it what did so before.

A state that breaks a limit does not hold, whether or not it broke one before: what was broken in
the base never excuses it. Whether it refuses the connection is another question. A state that held
before and no longer does always refuses; one that did not hold before is no backfeed that could be
lost, and refuses only who asks for a backfeed that holds (``is_strict``). The same goes for
feed-in: it can be reduced while a state lasts (EU-L01 plans no reserve for it).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gisplan.electrical.backfeed.backfeed_layout import Section
from gisplan.electrical.backfeed.backfeed_states import Outage
from gisplan.electrical.backfeed.backfeed_table import (
    LOADINGS,
    NEW_CONNECTION,
    BackfeedLimit,
    Extreme,
    JudgedState,
    is_broken,
    margin_ratio,
)
from gisplan.electrical.demand import LoadCase
from gisplan.model.option import BackfeedState, Finding, Severity
from gisplan.rules.catalogue import Catalogue, Rule

NO_BACKFEED = "backfeed.none"
CASE_WORDS = {LoadCase.LOAD: "highest load", LoadCase.FEED_IN: "highest feed-in"}
SHOWN = 5
NOT_HELD = "this state did not hold before the connection, so no backfeed is lost by it"
REDUCIBLE = "feed-in must be reduced or switched off in this state"


def table_row(catalogue: Catalogue, judged: JudgedState) -> BackfeedState:
    """Row of the table that an option shows.

    The limiting element is the one nearest to its limit, or furthest beyond.
    """
    loadings = [one for limit in LOADINGS if (one := judged.find(limit)) is not None]
    worst = min(loadings, key=lambda one: margin_ratio(catalogue, one), default=None)
    low, high = judged.find(BackfeedLimit.LOW), judged.find(BackfeedLimit.HIGH)
    return BackfeedState(
        state=judged.state.words,
        opened=judged.state.opened,
        closed=judged.state.closed,
        loading_max=_known(worst.value if worst else None),
        loading_before=_known(worst.before if worst else None),
        limiting_element=worst.element if worst else "",
        voltage_min_pu=_known(low.value if low else None),
        voltage_min_before_pu=_known(low.before if low else None),
        voltage_min_bus=low.element.removeprefix("bus ") if low else "",
        voltage_max_pu=_known(high.value if high else None),
        voltage_max_before_pu=_known(high.before if high else None),
        voltage_max_bus=high.element.removeprefix("bus ") if high else "",
        unsupplied_buses=judged.lost_buses,
        holds=holds(catalogue, judged),
    )


def holds(catalogue: Catalogue, judged: JudgedState) -> bool | None:
    """Whether every limit is kept; ``None`` where that is not proven.

    That is so where the rating of a line is unknown, or nothing resupplies the connection itself.
    """
    broken = any(is_broken(catalogue.rule(one.limit), one.value) for one in judged.after)
    if judged.failed or broken:
        return False
    return True if judged.is_supplied and not judged.unrated else None


def check_backfeed(
    catalogue: Catalogue,
    judged: Sequence[JudgedState],
    section: Section,
    where: str,
    *,
    is_strict: bool = True,
) -> tuple[Finding, ...]:
    """Findings of all states of one connection; ``where`` names its ``section`` in words."""
    return (
        *(_collapse(catalogue, one, is_strict) for one in judged if one.failed),
        *(
            finding
            for limit in BackfeedLimit
            for finding in _limit(catalogue, judged, limit, is_strict)
        ),
        *_standing(catalogue, judged),
        *_unrated(catalogue, judged),
        *_none(catalogue, judged, section, where),
    )


def held_before(catalogue: Catalogue, judged: JudgedState) -> bool:
    """Whether a state kept every limit without the connection."""
    broken = any(is_broken(catalogue.rule(one.limit), one.value) for one in judged.before)
    return not broken and not judged.failed_before


def breaks_at_load(catalogue: Catalogue, judged: JudgedState) -> bool:
    """Whether a state breaks, at highest load and without the connection, what load makes worse."""
    broken = any(
        one.case is LoadCase.LOAD
        and one.limit is not BackfeedLimit.HIGH
        and is_broken(catalogue.rule(one.limit), one.value)
        for one in judged.before
    )
    return broken or LoadCase.LOAD in judged.failed_before


def _limit(
    catalogue: Catalogue, judged: Sequence[JudgedState], limit: BackfeedLimit, is_strict: bool
) -> list[Finding]:
    """The worst of the states that held before, and of those that did not.

    Where no state breaks the limit it is the one that comes nearest to it.
    """
    rule = catalogue.rule(limit)
    found = [(one, worst) for one in judged if (worst := one.find(limit)) is not None]
    found.sort(key=lambda pair: margin_ratio(catalogue, pair[1]))
    broken = [pair for pair in found if is_broken(rule, pair[1].value)]
    old = [pair for pair in broken if not held_before(catalogue, pair[0])]
    fresh = [pair for pair in broken if pair not in old]
    fed_in = [pair for pair in fresh if pair[1].case is LoadCase.FEED_IN]
    drawn = [pair for pair in fresh if pair not in fed_in]
    if not broken:
        return [_measured(rule, group, len(judged)) for group in (found[:1],) if group]
    excuses = ((drawn, ""), (fed_in, REDUCIBLE), (old, NOT_HELD))
    measured = [(_measured(rule, group, len(judged)), why) for group, why in excuses if group]
    return [_as_warning(one, why) if why and not is_strict else one for one, why in measured]


def _as_warning(finding: Finding, why: str) -> Finding:
    """Tell what fails in a state, and why it does not refuse the connection."""
    return replace(finding, severity=Severity.WARNING, text=f"{finding.text}; {why}")


def _broken_before(rule: Rule, judged: JudgedState, limit: BackfeedLimit) -> Extreme | None:
    """What was worst in a state before the connection, if it broke the limit."""
    found = (one for one in judged.before if one.limit == limit and is_broken(rule, one.value))
    return next(found, None)


def _measured(rule: Rule, group: list[tuple[JudgedState, Extreme]], states: int) -> Finding:
    judged, worst = group[0]
    text = f"{_sentence(rule, judged, worst, worst.value)}{_before(rule, worst)}"
    if is_broken(rule, worst.value):
        text += _count(len(group), states)
    if is_broken(rule, worst.value) and (old := _broken_before(rule, judged, worst.limit)):
        text += (
            f"; the limit was broken before already ({old.element} {_figure(rule, old.value)}), "
            "which does not excuse a backfeed state"
        )
    return rule.measure(worst.value, element=worst.element, text=text)


def _count(broken: int, states: int) -> str:
    return f"; so in {broken} of {states} backfeed states" if states > 1 else ""


def _sentence(rule: Rule, judged: JudgedState, worst: Extreme, value: float) -> str:
    element = f"{worst.element} ({worst.name})" if worst.name else worst.element
    bound = "at least" if rule.sense == "min" else "at most"
    return (
        f"{rule.title}: {judged.state.words}: {element} {_figure(rule, value)} at "
        f"{CASE_WORDS[worst.case]}, allowed is {bound} {_figure(rule, rule.value)}"
    )


def _before(rule: Rule, worst: Extreme) -> str:
    return "" if np.isnan(worst.before) else f"; before {_figure(rule, worst.before)}"


def _figure(rule: Rule, value: float) -> str:
    return f"{value * 100:.1f} %" if rule.unit == "1" else f"{value:.4f} {rule.unit}"


def _collapse(catalogue: Catalogue, judged: JudgedState, is_strict: bool) -> Finding:
    """Say that a state has no operating point."""
    words = " and ".join(CASE_WORDS[case] for case in judged.failed)
    text = (
        f"{judged.state.words}: no operating point exists with this connection (voltage collapse) "
        f"at {words}"
    )
    if judged.failed_before:
        text += "; there was none before either, which does not excuse a backfeed state"
    finding = catalogue.rule(BackfeedLimit.LOW).unknown(element=NEW_CONNECTION, text=text)
    if not is_strict and not held_before(catalogue, judged):
        return _as_warning(finding, NOT_HELD)
    return replace(finding, severity=Severity.VIOLATION)


def _standing(catalogue: Catalogue, judged: Sequence[JudgedState]) -> list[Finding]:
    """Tell apart what the backfeed states break without the connection already."""
    findings = []
    for limit in BackfeedLimit:
        rule = catalogue.rule(limit)
        broken = [
            (one, worst)
            for one in judged
            for worst in one.before
            if worst.limit == limit and is_broken(rule, worst.value)
        ]
        broken.sort(key=lambda pair: margin_ratio(catalogue, pair[1]))
        if broken:
            state, worst = broken[0]
            text = (
                f"Without this connection already: {_sentence(rule, state, worst, worst.value)}"
                f"{_count(len(broken), len(judged))}"
            )
            finding = rule.measure(worst.value, element=worst.element, text=text)
            findings.append(replace(finding, severity=Severity.WARNING))
    failed = [one for one in judged if one.failed_before]
    if failed:
        text = (
            f"Without this connection already: {failed[0].state.words}: no operating point exists "
            f"(voltage collapse){_count(len(failed), len(judged))}"
        )
        finding = catalogue.rule(BackfeedLimit.LOW).unknown(element=NEW_CONNECTION, text=text)
        findings.append(replace(finding, severity=Severity.WARNING))
    return findings


def _unrated(catalogue: Catalogue, judged: Sequence[JudgedState]) -> list[Finding]:
    lines = sorted({line for one in judged for line in one.unrated})
    if not lines:
        return []
    more = f" and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
    text = (
        f"not proven that the backfeed states hold, because the rated current of line "
        f"{', '.join(lines[:SHOWN])}{more} is unknown; find it out"
    )
    rule = catalogue.rule(BackfeedLimit.LINE)
    return [rule.unknown(element=f"line {lines[0]}", text=text)]


def _none(
    catalogue: Catalogue, judged: Sequence[JudgedState], section: Section, where: str
) -> list[Finding]:
    """Warn where nothing resupplies the connection when its feeder's head or transformer is out."""
    rule = catalogue.rule(NO_BACKFEED)
    backed = [one.state for one in judged if one.is_supplied]
    texts = []
    if not any(
        state.outage is Outage.FEEDER_HEAD and section.feeder in state.moved for state in backed
    ):
        texts.append(
            f"{rule.title}: {where} is a radial stub, no tie can resupply this connection when its "
            "head is out"
        )
    units = {one.state.out: one.state for one in judged if one.state.outage is Outage.TRANSFORMER}
    kept = {state.out for state in backed if state.outage is Outage.TRANSFORMER}
    texts += [
        f"{rule.title}: {units[row].words}: nothing resupplies this connection"
        for row in sorted(set(units) - kept)
    ]
    return [
        replace(rule.measure(0.0, element=where, text=text), severity=Severity.WARNING)
        for text in texts
    ]


def _known(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(value, 6)
