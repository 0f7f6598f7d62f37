"""Where a power flow refuses an option so that another cable may pass at the same element.

Screening takes the drop of a cable at nominal voltage and leaves its losses out. The power flow
knows both, and the fault at the end of the cable. What it refuses for the cable itself, for a fault
that is not cleared, or so near to a limit that the losses of the cable may decide, says nothing
about the element with a larger cable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gisplan.electrical.faults.protection import BREAKER_RULE, FUSE_RULE, RELAY_RULE
from gisplan.electrical.proof.limits import DROP_RULE, NEW_CABLE
from gisplan.planning.remedies.outcome import violations

if TYPE_CHECKING:
    from gisplan.model.option import Finding
    from gisplan.planning.proven import Proven

CLEARING_RULES = (FUSE_RULE, BREAKER_RULE, RELAY_RULE)
LIMIT_RULES = ("voltage.", "loading.", "backfeed.")
NEAR_DROPS = 2.0
"""A cable loses at most its allowed drop of the demand; twice that covers what follows of it."""


def refused_for_cable(proven: Proven) -> str:
    """Say why a power flow refused a cable, nothing where no other cable could pass there."""
    variant, found = proven.offer.variant, violations(proven.option.findings)
    near = NEAR_DROPS * proven.site.region.catalogue.value(DROP_RULE) / 100.0
    if variant is None or not found or not all(_may_depend(finding, near) for finding in found):
        return ""
    why = "; ".join(finding.text for finding in found)
    return f"{variant.parallel_count} x {variant.conductor.name} fails in the power flow ({why})"


def _may_depend(finding: Finding, near: float) -> bool:
    """Tell whether another cable may change a verdict: ``near`` is a share of the limit."""
    if finding.element.startswith(NEW_CABLE) or finding.rule in CLEARING_RULES:
        return True
    if finding.limit is None or finding.margin is None:
        return False
    return finding.rule.startswith(LIMIT_RULES) and -finding.margin <= near * finding.limit
