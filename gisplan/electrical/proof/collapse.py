"""The largest part of a demand that still has an operating point, by AC power flow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from gisplan.electrical.base.base_state import BaseState
from gisplan.electrical.demand import LoadCase
from gisplan.electrical.proof.connection import prove
from gisplan.electrical.proof.proposal import Proposal
from gisplan.network.snapshot import Snapshot

PARTS = 16
ROUNDS = 2


def largest_solvable_share(
    snapshot: Snapshot, bases: Mapping[LoadCase, BaseState], proposal: Proposal
) -> float:
    """Return the share 0..1 of a proposal's power up to which every state has a solution.

    Two rounds of sixteen steps each: within 1/256 below the true one.
    """
    low, high = 0.0, 1.0
    for _ in range(ROUNDS):
        shares = np.linspace(low, high, PARTS + 1)[1:]
        results = prove(
            snapshot,
            bases,
            [_scaled(proposal, share) for share in shares],
            whole_network=True,
        )
        solved = [share for share, result in zip(shares, results, strict=True) if result.converged]
        step = (high - low) / PARTS
        low = max([low, *solved])
        high = min(low + step, high)
    return float(low)


def _scaled(proposal: Proposal, share: float) -> Proposal:
    return replace(proposal, p_kw=proposal.p_kw * share, q_kvar=proposal.q_kvar * share)
