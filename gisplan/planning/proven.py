"""An offer with its proof as an option: figures and the findings of every check."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gisplan.electrical.phases.asymmetric_result import HIGHEST, LOWEST
from gisplan.electrical.proof.limits import check_limits
from gisplan.model.option import ElectricalResult
from gisplan.planning.checks import (
    check_backfeed_states,
    check_proposal_further,
    solvable_demand,
)
from gisplan.planning.existing import check_service
from gisplan.planning.offers import option_of

if TYPE_CHECKING:
    from gisplan.electrical.phases.asymmetric_result import PhaseResult
    from gisplan.electrical.proof.proof import ProofResult
    from gisplan.electrical.proof.proposal import Proposal
    from gisplan.model.option import Option
    from gisplan.planning.offers import Offer
    from gisplan.planning.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """An option with what it was proven on, for who asks further.

    ``site`` stands in the switching state of the option's remedy; ``proposal`` has its taps and is
    ``None`` where screening refused and nothing was solved.
    """

    option: Option
    site: Site
    offer: Offer
    proposal: Proposal | None = None


def proven_offer(site: Site, offer: Offer, proposal: Proposal, result: ProofResult) -> Proven:
    """Return an offer with what its proof says; violations make it infeasible."""
    option = _option(site, offer, proposal, result)
    return Proven(option=option, site=site, offer=offer, proposal=proposal)


def _option(site: Site, offer: Offer, proposal: Proposal, result: ProofResult) -> Option:
    findings = check_limits(result, site.region.catalogue) + check_service(
        site, offer.kind, offer.bus, site.state.footing
    )
    electrical = electrical_of(result)
    if result.supplied and not result.converged:
        findings += (solvable_demand(site, proposal),)
    if not (result.supplied and result.converged):
        return option_of(site, offer, electrical, findings)
    checked = check_proposal_further(site, proposal)
    electrical = replace(
        electrical,
        short_circuit_ka=_known(checked.short_circuit_max_ka),
        short_circuit_min_ka=_known(checked.short_circuit_min_ka),
    )
    if checked.one_phase is not None and checked.one_phase.converged:
        electrical = _on_one_phase(electrical, checked.one_phase)
    option = option_of(site, offer, electrical, findings + checked.findings, phases=checked.phases)
    if not option.feasible:  # its backfeed states would only tell the same again
        return option
    backfeed = check_backfeed_states(site, proposal, site.state.footing)
    return replace(option, backfeed=backfeed.states).with_findings(*backfeed.findings)


def _on_one_phase(electrical: ElectricalResult, phase: PhaseResult) -> ElectricalResult:
    """Return the figures of a single-phase customer: the balanced ones would flatter its phase."""
    low, low_bus = _extreme(phase, LOWEST, electrical.voltage_min_pu, electrical.voltage_min_bus)
    high, high_bus = _extreme(phase, HIGHEST, electrical.voltage_max_pu, electrical.voltage_max_bus)
    return replace(
        electrical,
        voltage_min_pu=low,
        voltage_min_bus=low_bus,
        voltage_max_pu=high,
        voltage_max_bus=high_bus,
        voltage_at_customer_pu=_known(phase.voltage_at_customer_pu),
    )


def _extreme(
    phase: PhaseResult, rule: str, balanced_pu: float | None, bus: str
) -> tuple[float | None, str]:
    """Return the worse of the balanced extreme and those of the phase, and where it stands."""
    found = [
        (one.value, one.element.removeprefix("bus ")) for one in phase.worst if one.rule == rule
    ]
    if balanced_pu is not None:
        found.append((balanced_pu, bus))
    known = [(value, element) for value, element in found if math.isfinite(value)]
    if not known:
        return None, ""
    value, element = min(known) if rule == LOWEST else max(known)
    return round(value, 6), element


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
