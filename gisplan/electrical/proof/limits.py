"""Findings of a proof: the catalogue's limits against what was measured, before and after.

A limit is violated only where the connection makes matters worse. What was breached before and
stays as it was is a warning that says so.
"""

from __future__ import annotations

import math
from dataclasses import replace

from gisplan.electrical.demand import LoadCase
from gisplan.electrical.proof.proof import NEW_CONNECTION, ProofResult
from gisplan.electrical.proof.worst import LOWEST, OWN_TOLERANCE_PU, Quantity, Worst
from gisplan.model.option import Finding, Severity
from gisplan.rules.catalogue import Catalogue, Rule

DROP_RULE = "voltage.drop_service_max_pct"
NEW_CABLE = "new cable"
CASE_WORDS = {LoadCase.LOAD: "highest load", LoadCase.FEED_IN: "highest feed-in"}


def check_limits(proof: ProofResult, catalogue: Catalogue) -> tuple[Finding, ...]:
    """Findings of every rule that the proof can answer; violations make the option infeasible."""
    if not proof.supplied or not proof.converged:
        return (_no_state(catalogue, proof),)
    worse = {worst.quantity for worst in proof.worsened}
    standing = [
        worst
        for worst in proof.standing
        if worst.quantity not in worse or _is_breached(catalogue.rule(worst.quantity), worst.value)
    ]
    return (
        *(_worsened(catalogue.rule(worst.quantity), worst) for worst in proof.worsened),
        *(_standing(catalogue.rule(worst.quantity), worst) for worst in standing),
        *_tolerated(catalogue, proof),
        *_customer(catalogue, proof),
        *_cable(catalogue, proof),
        *_unrated(catalogue, proof),
    )


def _worsened(rule: Rule, worst: Worst) -> Finding:
    finding = rule.measure(worst.value, element=_element(worst), text=_sentence(rule, worst))
    if finding.severity is Severity.VIOLATION and _is_breached(rule, worst.base_value):
        return replace(
            finding, text=f"{finding.text}; the limit was breached before, this makes it worse"
        )
    return finding


def _standing(rule: Rule, worst: Worst) -> Finding:
    finding = rule.measure(worst.value, element=_element(worst), text=_sentence(rule, worst))
    if finding.severity is not Severity.VIOLATION:
        return finding
    return replace(
        finding,
        severity=Severity.WARNING,
        text=f"{finding.text}; the limit was breached before, this does not make it worse",
    )


def _tolerated(catalogue: Catalogue, proof: ProofResult) -> list[Finding]:
    """Tell which elements elsewhere end beyond a limit by a change that is too small to blame."""
    findings = []
    for worst in proof.tolerated:
        rule = catalogue.rule(worst.quantity)
        finding = rule.measure(worst.value, element=_element(worst), text=_sentence(rule, worst))
        if finding.severity is Severity.VIOLATION:
            text = (
                f"{finding.text}; it lies outside the part that is connected to and stays within "
                "what is tolerated there, for all promises together: look at it before more"
            )
            findings.append(replace(finding, severity=Severity.WARNING, text=text))
    return findings


def _is_breached(rule: Rule, value: float) -> bool:
    if math.isnan(value):
        return False
    return value > rule.value if rule.sense == "max" else value < rule.value


def _element(worst: Worst) -> str:
    if worst.element_row < 0:
        return NEW_CONNECTION
    return f"{worst.element_kind} {worst.element_id}"


def _sentence(rule: Rule, worst: Worst) -> str:
    named = worst.name and worst.name != worst.element_id
    element = f"{_element(worst)} ({worst.name})" if named else _element(worst)
    bound = "at least" if rule.sense == "min" else "at most"
    before = "" if math.isnan(worst.base_value) else f", before {_figure(rule, worst.base_value)}"
    return (
        f"{rule.title}: {element} {_figure(rule, worst.value)} at {CASE_WORDS[worst.case]}"
        f"{before}; allowed is {bound} {_figure(rule, rule.value)}"
    )


def _figure(rule: Rule, value: float) -> str:
    return f"{value * 100:.1f} %" if rule.unit == "1" else f"{value:.4f} {rule.unit}"


def _customer(catalogue: Catalogue, proof: ProofResult) -> list[Finding]:
    """The customer's own voltage, with the new demand in full."""
    level = (
        (Quantity.LV_MIN, Quantity.LV_MAX)
        if proof.is_low_voltage
        else (Quantity.MV_MIN, Quantity.MV_MAX)
    )
    is_new = proof.customer_bus == NEW_CONNECTION
    element = NEW_CONNECTION if is_new else f"bus {proof.customer_bus}"
    findings = []
    for quantity, value, before in (
        (level[0], proof.voltage_at_customer_pu, proof.base_voltage_at_customer_pu),
        (level[1], proof.voltage_at_customer_max_pu, proof.base_voltage_at_customer_max_pu),
    ):
        rule = catalogue.rule(quantity)
        text = f"{rule.title} at the customer with the full demand: {_figure(rule, value)}"
        finding = rule.measure(value, element=element, text=text)
        change = before - value if quantity in LOWEST else value - before
        if finding.severity is Severity.VIOLATION and change <= OWN_TOLERANCE_PU:
            text = f"{text}; the limit was breached before, this does not make it worse"
            finding = replace(finding, severity=Severity.WARNING, text=text)
        findings.append(finding)
    return findings


def _cable(catalogue: Catalogue, proof: ProofResult) -> list[Finding]:
    """Loading of the new cable and the voltage drop over it."""
    findings = []
    if not math.isnan(proof.own_cable_loading_ratio):
        rule = catalogue.rule(Quantity.LINE)
        findings.append(rule.measure(proof.own_cable_loading_ratio, element=NEW_CABLE))
    if not math.isnan(proof.voltage_drop_pct):
        findings.append(
            catalogue.rule(DROP_RULE).measure(proof.voltage_drop_pct, element=NEW_CABLE)
        )
    return findings


def _unrated(catalogue: Catalogue, proof: ProofResult) -> list[Finding]:
    rule = catalogue.rule(Quantity.LINE)
    return [
        rule.unknown(
            element=f"line {line_id}",
            text=f"{rule.title}: the rated current of line {line_id} on the path to the source is "
            "unknown; find it out before this option is offered",
        )
        for line_id in proof.unrated
    ]


def _no_state(catalogue: Catalogue, proof: ProofResult) -> Finding:
    """Say why there is no operating point to judge."""
    rule = catalogue.rule(Quantity.LV_MIN if proof.is_low_voltage else Quantity.MV_MIN)
    text = "nothing supplies this access point in the present switching state"
    if proof.supplied:
        text = "no operating point exists with this connection (voltage collapse) in " + ", ".join(
            proof.failed_states
        )
    return replace(rule.unknown(element=NEW_CONNECTION, text=text), severity=Severity.VIOLATION)
