"""Every offer passes an AC power flow; where it fails, what costs nothing is tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gisplan.electrical.proof.connection import prove
from gisplan.electrical.proof.limits import check_limits
from gisplan.planning.checks import asked_bases
from gisplan.planning.offers import Offer, proposal_of
from gisplan.planning.proven import proven_offer
from gisplan.planning.remedies.outcome import violations
from gisplan.planning.remedies.remedies import Remedies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gisplan.electrical.proof.proof import ProofResult
    from gisplan.electrical.proof.proposal import Proposal
    from gisplan.planning.proven import Proven
    from gisplan.planning.site import Site


def prove_offers(site: Site, offers: Sequence[Offer]) -> tuple[Proven, ...]:
    """Return offers as options, each with the findings of its AC power flow."""
    proposals = [proposal_of(site, offer) for offer in offers]
    remedies = Remedies(site=site)
    return tuple(
        remedies.mend(proven_offer(site, offer, proposal, result))
        for offer, proposal, result in zip(offers, proposals, _prove(site, proposals), strict=True)
    )


def _prove(site: Site, proposals: Sequence[Proposal]) -> tuple[ProofResult, ...]:
    """Prove on the part of the grid that matters, and what passes there on the whole grid."""
    snapshot, bases = site.region.snapshot, asked_bases(site, site.state.base)
    results = list(prove(snapshot, bases, proposals))
    passing = [n for n, result in enumerate(results) if _may_be_offered(site, result)]
    whole = prove(snapshot, bases, [proposals[n] for n in passing], whole_network=True)
    for n, result in zip(passing, whole, strict=True):
        results[n] = result
    return tuple(results)


def _may_be_offered(site: Site, result: ProofResult) -> bool:
    return not result.whole_network and not violations(check_limits(result, site.region.catalogue))
