"""The AC proof of proposals: the modified network, solved in every state and load case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gisplan.electrical.base_state import BaseState
from gisplan.electrical.demand import MEDIUM_VOLTAGE_V, LoadCase
from gisplan.electrical.own_part import access_bus, supply_bus
from gisplan.electrical.proof import ProofResult, read_proof, unsupplied
from gisplan.electrical.proof_model import solve_group
from gisplan.electrical.proposal import NewCable, Proposal, check_proposal
from gisplan.network.snapshot import Snapshot

__all__ = ["NewCable", "ProofResult", "Proposal", "prove"]

REDUCED_MAX_KVA = 50.0
"""Up to here other low-voltage networks may stand as constant powers.

The error grows with the demand: on a 20/0.4 kV grid of 3,235 buses it was 6e-6 p.u. at 60 kVA and
reached 1e-5 p.u. at 99 kVA, so half of that is kept as margin for weaker grids.
"""


def prove(
    snapshot: Snapshot,
    bases: Mapping[LoadCase, BaseState],
    proposals: Sequence[Proposal],
    *,
    whole_network: bool = False,
) -> tuple[ProofResult, ...]:
    """Prove each proposal by itself, on top of the base state with its reservations.

    Small low-voltage connections are solved with the medium voltage and the low-voltage networks
    that they touch (less than 1e-5 p.u. apart from the whole grid, several times faster), all
    others with the whole grid.

    Parameters
    ----------
    bases
        The load cases to prove, as ``build_base_states`` gives them.
    whole_network
        Solve the whole grid for small connections too.

    Raises
    ------
    InputError
        If a proposal names no access point or its numbers cannot be used.
    """
    for proposal in proposals:
        check_proposal(snapshot.grid, proposal)
    results = [unsupplied(snapshot, proposal) for proposal in proposals]
    for members, whole in _groups(snapshot, bases, proposals, whole_network):
        group = solve_group(snapshot, bases, [proposals[n] for n in members], is_whole=whole)
        for number, n in enumerate(members):
            results[n] = read_proof(snapshot, bases, group, number)
    return tuple(results)


def _groups(
    snapshot: Snapshot,
    bases: Mapping[LoadCase, BaseState],
    proposals: Sequence[Proposal],
    whole_network: bool,
) -> list[tuple[list[int], bool]]:
    """Proposals to solve together, and whether they need the whole grid."""
    tree = next(iter(bases.values())).tree
    together: dict[bool, list[int]] = {False: [], True: []}
    groups: list[tuple[list[int], bool]] = []
    for n, proposal in enumerate(proposals):
        if supply_bus(snapshot, tree, proposal) < 0:
            continue
        whole = whole_network or not is_small(snapshot, proposal)
        if proposal.is_loop_in:
            groups.append(([n], whole))
        else:
            together[whole].append(n)
    return [(members, whole) for whole, members in together.items() if members] + groups


def is_small(snapshot: Snapshot, proposal: Proposal) -> bool:
    """Whether other low-voltage networks may stand as constant powers for this proposal."""
    voltage_v = snapshot.grid.buses.nominal_voltage_v
    changed = [(proposal.p_kw, proposal.q_kvar)]
    changed += [(extra.p_kw, extra.q_kvar) for extra in proposal.extra_injections]
    power_kva = sum(float(np.hypot(p, q).max(axis=-1, initial=0).sum()) for p, q in changed)
    taps = [row for row, _ in proposal.tap_positions]
    return bool(
        voltage_v[access_bus(snapshot, proposal)] < MEDIUM_VOLTAGE_V
        and power_kva <= REDUCED_MAX_KVA
        and (voltage_v[snapshot.grid.transformers.lv_bus[taps]] < MEDIUM_VOLTAGE_V).all()
    )
