"""The AC proof of proposals: the modified network, solved in every state and load case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gisplan.electrical.base.base_state import BaseState
from gisplan.electrical.demand import MEDIUM_VOLTAGE_V, LoadCase
from gisplan.electrical.proof.judging import group_case
from gisplan.electrical.proof.own_part import access_bus, supply_bus
from gisplan.electrical.proof.proof import ProofResult, read_proof, unsupplied
from gisplan.electrical.proof.proof_model import solve_group
from gisplan.electrical.proof.proposal import NewCable, Proposal, check_proposal
from gisplan.network.snapshot import Snapshot

__all__ = ["NewCable", "ProofResult", "Proposal", "prove"]


def prove(
    snapshot: Snapshot,
    bases: Mapping[LoadCase, BaseState],
    proposals: Sequence[Proposal],
    *,
    whole_network: bool | None = None,
) -> tuple[ProofResult, ...]:
    """Prove each proposal by itself, on top of the base state with its reservations.

    Low-voltage connections are solved with the medium voltage and the low-voltage networks that
    they touch; every other one draws its power and follows the voltage as in the base state (on a
    20/0.4 kV grid of 3,235 buses 2e-8 p.u. apart from the whole at 100 kVA, 3e-6 at 400 kVA).
    Medium-voltage connections are solved with the whole grid (2e-6 p.u. apart from the part that
    they touch at 800 kVA, 1e-6 of the rating in loadings).

    Parameters
    ----------
    bases
        The load cases to prove, as ``build_base_states`` gives them.
    whole_network
        Solve the whole grid for low-voltage connections too, or (false) the part that is touched
        for medium-voltage ones too, several times faster.

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
        shared = [
            group_case(snapshot, bases[case], group, number)
            for number, case in enumerate(group.cases)
        ]
        for number, n in enumerate(members):
            results[n] = read_proof(snapshot, bases, shared, number)
    return tuple(results)


def _groups(
    snapshot: Snapshot,
    bases: Mapping[LoadCase, BaseState],
    proposals: Sequence[Proposal],
    whole_network: bool | None,
) -> list[tuple[list[int], bool]]:
    """Proposals to solve together, and whether they need the whole grid."""
    tree = next(iter(bases.values())).tree
    together: dict[bool, list[int]] = {False: [], True: []}
    groups: list[tuple[list[int], bool]] = []
    for n, proposal in enumerate(proposals):
        if supply_bus(snapshot, tree, proposal) < 0:
            continue
        whole = not is_local(snapshot, proposal) if whole_network is None else whole_network
        if proposal.is_loop_in:
            groups.append(([n], whole))
        else:
            together[whole].append(n)
    return [(members, whole) for whole, members in together.items() if members] + groups


def is_local(snapshot: Snapshot, proposal: Proposal) -> bool:
    """Whether other low-voltage networks may stand as their power for this proposal."""
    voltage_v = snapshot.grid.buses.nominal_voltage_v
    taps = [row for row, _ in proposal.tap_positions]
    return bool(
        voltage_v[access_bus(snapshot, proposal)] < MEDIUM_VOLTAGE_V
        and (voltage_v[snapshot.grid.transformers.lv_bus[taps]] < MEDIUM_VOLTAGE_V).all()
    )
