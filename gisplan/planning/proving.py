"""Every offer passes an AC power flow; where only a low voltage fails, the tap is tried."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from gisplan.electrical.connection import prove
from gisplan.electrical.limits import check_proof
from gisplan.model.option import ElectricalResult, Finding, Remedy, Severity
from gisplan.planning.existing import check_service
from gisplan.planning.offers import Offer, option_of, proposal_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gisplan.electrical.proof import ProofResult
    from gisplan.electrical.proposal import Proposal
    from gisplan.model.option import Option
    from gisplan.planning.site import Site

VOLTAGE_RULES = ("voltage.lv_min_pu", "voltage.lv_max_pu")


def prove_offers(site: Site, offers: Sequence[Offer]) -> tuple[Option, ...]:
    """Return offers as options, each with the findings of its AC power flow."""
    results = _prove(site, [proposal_of(site, offer) for offer in offers])
    options = [_option(site, offer, result) for offer, result in zip(offers, results, strict=True)]
    return tuple(
        _with_tap_change(site, offer, option) if _only_voltage_fails(option) else option
        for offer, option in zip(offers, options, strict=True)
    )


def _prove(site: Site, proposals: Sequence[Proposal]) -> tuple[ProofResult, ...]:
    cases = {demand.load_case for demand in site.judge.demands}
    bases = {case: base for case, base in site.state.base.items() if case in cases}
    return prove(site.region.snapshot, bases, proposals)


def _option(site: Site, offer: Offer, result: ProofResult) -> Option:
    findings = check_proof(site.region.catalogue, result) + check_service(
        site, offer.kind, offer.bus
    )
    return option_of(site, offer, electrical_of(result), findings)


def electrical_of(result: ProofResult) -> ElectricalResult:
    """Return a proof as the figures of an option; what is not a number is not known."""
    return ElectricalResult(
        method="ac_power_flow",
        voltage_min_pu=_known(result.voltage_min_pu),
        voltage_min_bus=result.voltage_min_bus,
        voltage_max_pu=_known(result.voltage_max_pu),
        voltage_max_bus=result.voltage_max_bus,
        voltage_at_customer_pu=_known(result.voltage_at_customer_pu),
        loading_max=_known(result.loading_max_ratio),
        limiting_element=result.limiting_element,
        short_circuit_ka=None,
        transformer=result.transformer,
        feeder=result.feeder,
    )


def _known(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None


def _violations(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity is Severity.VIOLATION]


def _only_voltage_fails(option: Option) -> bool:
    violations = _violations(option.findings)
    return bool(violations) and all(finding.rule in VOLTAGE_RULES for finding in violations)


def _with_tap_change(site: Site, offer: Offer, option: Option) -> Option:
    """Return the option with the smallest tap change that makes it feasible, or as it was."""
    table = site.region.snapshot.grid.transformers
    rows = (table.transformer_id == option.electrical.transformer).nonzero()[0]
    if len(rows) == 0 or not math.isfinite(table.tap_step_pct[rows[0]]):
        return option
    row = int(rows[0])
    now = int(table.tap_position[row])
    steps = [p for p in range(int(table.tap_min[row]), int(table.tap_max[row]) + 1) if p != now]
    steps.sort(key=lambda position: (abs(position - now), position))
    if not steps:
        return option
    results = _prove(site, [proposal_of(site, offer, ((row, position),)) for position in steps])
    for position, result in zip(steps, results, strict=True):
        changed = _option(site, offer, result)
        if changed.feasible:
            return replace(changed, remedies=(_tap_remedy(site, row, position, option, changed),))
    return option


def _tap_remedy(site: Site, row: int, position: int, before: Option, after: Option) -> Remedy:
    table = site.region.snapshot.grid.transformers
    was, now = before.electrical, after.electrical
    return Remedy(
        kind="tap_change",
        element=str(table.transformer_id[row]),
        cost=0.0,
        text=(
            f"Move the tap of transformer {table.transformer_id[row]} ({table.name[row]}) from "
            f"{int(table.tap_position[row])} to {position}: lowest voltage "
            f"{was.voltage_min_pu or 0:.3f} becomes {now.voltage_min_pu or 0:.3f} p.u., highest "
            f"{was.voltage_max_pu or 0:.3f} becomes {now.voltage_max_pu or 0:.3f} p.u."
        ),
    )
