"""Findings of a single-phase proof: limits, and everything that had to be assumed."""

from __future__ import annotations

import math
from dataclasses import replace

from gisplan.electrical.phases.asymmetric_result import (
    HIGHEST,
    LOWEST,
    PhaseResult,
    PhaseWorst,
    SinglePhaseResult,
)
from gisplan.electrical.proof.limits import CASE_WORDS, DROP_RULE, NEW_CABLE
from gisplan.electrical.proof.proof import NEW_CONNECTION
from gisplan.electrical.proof.worst import OWN_TOLERANCE_PU, Quantity
from gisplan.model.option import Finding, Severity
from gisplan.rules.catalogue import Catalogue, Rule

PHASE_RULE = "supply.phase"
ASYMMETRIC = "asymmetric power flow"


def check_single_phase(result: SinglePhaseResult, catalogue: Catalogue) -> tuple[Finding, ...]:
    """Judge the assigned phase; violations make the option infeasible."""
    best = result.best
    if best is None:
        return (_not_proven(result, catalogue),)
    if not best.converged:
        return (_no_state(best, catalogue),)
    return (
        _choice(result, best),
        *_worst(best, catalogue),
        *_customer(best, catalogue),
        *_cable(best, catalogue),
        *_unknown_phases(result, catalogue),
        *_zero_sequence(result, catalogue),
        *_vector_group(result),
    )


def _not_proven(result: SinglePhaseResult, catalogue: Catalogue) -> Finding:
    """Without supply there is nothing to offer; anything else is for the planner to find out."""
    rule = catalogue.rule(LOWEST)
    if not result.supplied:
        return replace(
            rule.unknown(element=NEW_CONNECTION, text=result.not_proven),
            severity=Severity.VIOLATION,
        )
    return rule.unknown(
        element=NEW_CONNECTION, text=f"single-phase connection not proven: {result.not_proven}"
    )


def _no_state(best: PhaseResult, catalogue: Catalogue) -> Finding:
    text = (
        "no operating point exists with this single-phase demand on any phase (voltage collapse) "
        f"in {', '.join(best.failed_states)}"
    )
    unknown = catalogue.rule(LOWEST).unknown(element=NEW_CONNECTION, text=text)
    return replace(unknown, severity=Severity.VIOLATION)


def _choice(result: SinglePhaseResult, best: PhaseResult) -> Finding:
    others = ", ".join(
        f"{one.phase} {one.voltage_at_customer_pu:.4f} p.u."
        if one.converged
        else f"{one.phase} no operating point"
        for one in result.phases
    )
    return Finding(
        rule=PHASE_RULE,
        severity=Severity.INFO,
        element=result.access,
        text=f"Phase {best.phase} leaves most margin; lowest voltage at the customer: {others}",
        confidence="unverified",
    )


def _worst(best: PhaseResult, catalogue: Catalogue) -> list[Finding]:
    worsened = {worst.rule for worst in best.worst if worst.is_worsened}
    findings = []
    for worst in best.worst:
        rule = catalogue.rule(worst.rule)
        if not worst.is_worsened and worst.rule in worsened and not _breaches(rule, worst.value):
            continue
        findings.append(_judge(rule, worst))
    return findings


def _judge(rule: Rule, worst: PhaseWorst) -> Finding:
    """Judge one element; a limit that it breached before is not the connection's fault."""
    text = (
        f"{rule.title}, worst phase: {worst.element} {_figure(rule, worst.value)} at "
        f"{CASE_WORDS[worst.case]}, before {_figure(rule, worst.before)}; allowed is "
        f"{'at least' if rule.sense == 'min' else 'at most'} {_figure(rule, rule.value)} "
        f"({ASYMMETRIC})"
    )
    finding = rule.measure(worst.value, element=worst.element, text=text)
    if finding.severity is not Severity.VIOLATION or not _breaches(rule, worst.before):
        return finding
    if worst.is_worsened:
        return replace(finding, text=f"{text}; the limit was breached before, this makes it worse")
    return replace(
        finding,
        severity=Severity.WARNING,
        text=f"{text}; the limit was breached before, this does not make it worse",
    )


def _breaches(rule: Rule, value: float) -> bool:
    return value > rule.value if rule.sense == "max" else value < rule.value


def _figure(rule: Rule, value: float) -> str:
    if rule.unit == "1":
        return f"{value * 100:.1f} %"
    return f"{value:.2f} %" if rule.unit == "%" else f"{value:.4f} {rule.unit}"


def _customer(best: PhaseResult, catalogue: Catalogue) -> list[Finding]:
    findings = []
    for rule_id, value, before in (
        (LOWEST, best.voltage_at_customer_pu, best.base_voltage_at_customer_pu),
        (HIGHEST, best.voltage_at_customer_max_pu, best.base_voltage_at_customer_max_pu),
    ):
        rule = catalogue.rule(rule_id)
        text = (
            f"{rule.title} at the customer on {best.phase} with the full demand: "
            f"{_figure(rule, value)}, allowed is {_figure(rule, rule.value)} ({ASYMMETRIC})"
        )
        finding = rule.measure(value, element=NEW_CONNECTION, text=text)
        change = before - value if rule_id == LOWEST else value - before
        if finding.severity is Severity.VIOLATION and change <= OWN_TOLERANCE_PU:
            text = f"{text}; the limit was breached before, this does not make it worse"
            finding = replace(finding, severity=Severity.WARNING, text=text)
        findings.append(finding)
    return findings


def _cable(best: PhaseResult, catalogue: Catalogue) -> list[Finding]:
    """Loading of the new cable's phase and the drop over phase and neutral; none where no cable."""
    return [
        catalogue.rule(rule_id).measure(value, element=f"{NEW_CABLE}, phase {best.phase}")
        for rule_id, value in (
            (Quantity.LINE, best.own_cable_loading_ratio),
            (DROP_RULE, best.voltage_drop_pct),
        )
        if math.isfinite(value)
    ]


def _unknown_phases(result: SinglePhaseResult, catalogue: Catalogue) -> list[Finding]:
    worst = max(result.unknown, key=lambda unknown: unknown.power_kva, default=None)
    if worst is None or not worst.customers:
        return []
    rule = catalogue.rule("single_phase.unknown_quantile")
    text = (
        f"the phases of {worst.customers} existing single-phase customers ({worst.power_kva:.1f} "
        f"kVA together) are not recorded: {worst.share * 100:.0f} % of their load is put on "
        f"{result.assigned}, which {rule.value * 100:g} % of all distributions over the phases do "
        "not exceed; measure the phase currents before connecting"
    )
    return [rule.unknown(element=result.access, text=text)]


def _zero_sequence(result: SinglePhaseResult, catalogue: Catalogue) -> list[Finding]:
    parts = []
    if result.assumed_lines:
        parts.append(
            f"{len(result.assumed_lines)} of {result.line_count} lines (first: line "
            f"{result.assumed_lines[0]})"
        )
    if result.has_new_cable:
        parts.append("the new cable")
    if not parts:
        return []
    rule_r = catalogue.rule("single_phase.r0_r1_ratio")
    rule_x = catalogue.rule("single_phase.x0_x1_ratio")
    text = (
        f"the zero sequence of {' and '.join(parts)} is not known: r0 = {rule_r.value:g} r1 and "
        f"x0 = {rule_x.value:g} x1 are assumed (cables with four cores of one section)"
    )
    return [replace(rule_r.unknown(element=result.access, text=text), severity=Severity.WARNING)]


def _vector_group(result: SinglePhaseResult) -> list[Finding]:
    return [
        Finding(
            rule=PHASE_RULE,
            severity=Severity.SURVEY,
            element=f"transformer {transformer}",
            text=(
                f"transformer {transformer} has an even clock number, so it is no Dyn; it was "
                "taken as one. A Yyn has a far larger zero-sequence impedance: find out its "
                "vector group and what its neutral may carry"
            ),
            confidence="unverified",
        )
        for transformer in result.assumed_dyn
    ]
