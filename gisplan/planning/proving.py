"""Every offer passes an AC power flow; where only a low voltage fails, the tap is tried."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.connection import prove
from gisplan.electrical.limits import check_limits
from gisplan.model.option import ElectricalResult, Finding, Remedy, Severity
from gisplan.planning.existing import check_service
from gisplan.planning.offers import Offer, option_of, proposal_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gisplan.electrical.proof import ProofResult
    from gisplan.electrical.proposal import Proposal
    from gisplan.model.grid import Transformers
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
    findings = check_limits(result, site.region.catalogue) + check_service(
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
        limiting_name=result.limiting_name,
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
    """Return the option with the smallest tap change that makes it feasible, or as it was.

    Taps move together, by the same number of steps, at every transformer whose low-voltage network
    breaks a limit; they are judged in both load cases, for a tap stays where it is all year.
    """
    rows = _transformers_to_tap(site, option)
    shifts = _common_shifts(site.region.snapshot.grid.transformers, rows)
    if not shifts:
        return option
    now = site.region.snapshot.grid.transformers.tap_position
    settings = [tuple((row, int(now[row]) + shift) for row in rows) for shift in shifts]
    proposals = [proposal_of(site, offer, setting) for setting in settings]
    results = prove(site.region.snapshot, site.state.base, proposals)
    for setting, result in zip(settings, results, strict=True):
        changed = _option(site, offer, result)
        if changed.feasible:
            remedies = tuple(_tap_remedy(site, *one, option, changed) for one in setting)
            return replace(changed, remedies=remedies)
    return option


def _transformers_to_tap(site: Site, option: Option) -> tuple[int, ...]:
    """Return the transformers that feed the buses at which a voltage limit is broken."""
    region = site.region
    table = region.snapshot.grid.transformers
    own = np.flatnonzero(table.transformer_id == option.electrical.transformer)
    found = set()
    for finding in _violations(option.findings):
        bus = region.bus_row.get(finding.element.removeprefix("bus "))
        found.add(int(region.snapshot.topology.transformer[bus]) if bus is not None else -1)
    return tuple(sorted((found - {-1}) | ({int(own[0])} if -1 in found and len(own) else set())))


def _common_shifts(table: Transformers, rows: tuple[int, ...]) -> list[int]:
    """Return the steps by which all taps can move, smallest first; none where a step is unknown."""
    if not rows or not all(math.isfinite(table.tap_step_pct[row]) for row in rows):
        return []
    down = max(int(table.tap_min[row] - table.tap_position[row]) for row in rows)
    up = min(int(table.tap_max[row] - table.tap_position[row]) for row in rows)
    return sorted((shift for shift in range(down, up + 1) if shift), key=lambda s: (abs(s), s))


def _tap_remedy(site: Site, row: int, position: int, before: Option, after: Option) -> Remedy:
    table = site.region.snapshot.grid.transformers
    was, now = before.electrical, after.electrical
    return Remedy(
        kind="tap_change",
        element=str(table.transformer_id[row]),
        cost=0.0,
        tap_position=position,
        text=(
            f"Move the tap of transformer {table.transformer_id[row]} ({table.name[row]}) from "
            f"{int(table.tap_position[row])} to {position}: lowest voltage "
            f"{was.voltage_min_pu or 0:.3f} becomes {now.voltage_min_pu or 0:.3f} p.u., highest "
            f"{was.voltage_max_pu or 0:.3f} becomes {now.voltage_max_pu or 0:.3f} p.u."
        ),
    )
