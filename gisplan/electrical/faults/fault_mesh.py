"""Short-circuit impedances of buses in loops, by the nodal equations of the loops alone.

A group of meshed buses that a bridge feeds is solved once with its first bus ("top") held: every
other bus then hangs on the top by a voltage gain and an impedance of its own, exactly, so that one
walk down the tree serves meshed and radial parts alike. A group with infeeds of its own stands
alone. Parallel transformers between two buses are the smallest such group.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array, csc_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

from gisplan.electrical.faults.fault_data import KNOWN, Complexes
from gisplan.electrical.faults.fault_network import Branches, FaultNetwork
from gisplan.model.grid import Flags, Integers

COLUMNS_AT_ONCE = 256
NONE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Meshes:
    """Meshed buses as children of the top of their group (-1: the group has its own infeeds).

    ``gain`` is the voltage of a bus over that of its top, ``own_ohm`` its impedance with the top
    held, ``element`` what is unknown in its group. ``pair_ohm`` is the mutual impedance, with the
    top held, between the two buses of each branch of ``pair``.
    """

    bus: Integers
    top: Integers
    gain: Complexes
    own_ohm: Complexes
    element: Integers
    pair: Integers
    pair_ohm: Complexes


class _Nodes(NamedTuple):
    """Meshed buses numbered 0.., what is joined without impedance made one node."""

    bus: Integers
    node: Integers
    group: Integers
    top: Integers
    held: Flags


def solve_meshes(network: FaultNetwork) -> Meshes:
    """Solve all groups of meshed buses at once."""
    member = network.order[network.is_meshed[network.order]]
    if not len(member):
        nothing, numbers = np.empty(0, np.complex128), np.empty(0, np.int64)
        return Meshes(
            bus=numbers, top=numbers, gain=nothing, own_ohm=nothing, element=numbers,
            pair=numbers, pair_ohm=nothing,
        )  # fmt: skip
    place = np.full(len(network.parent), NONE)
    place[member] = np.arange(len(member))
    branches = network.branches
    pair = np.flatnonzero((place[branches.from_bus] >= 0) & (place[branches.to_bus] >= 0))
    inside = branches.rows(pair)
    ends = place[inside.from_bus], place[inside.to_bus]
    nodes = _nodes(network, member, inside, ends)
    element = _unknown_elements(network, nodes, inside, ends)
    gain, own, mutual = _solve(network, nodes, inside, ends)
    return Meshes(
        bus=member,
        top=nodes.top,
        gain=gain,
        own_ohm=own,
        element=element,
        pair=pair,
        pair_ohm=mutual,
    )


def _nodes(
    network: FaultNetwork, member: Integers, inside: Branches, ends: tuple[Integers, Integers]
) -> _Nodes:
    count = len(member)
    group = _components(count, *ends)
    rigid = inside.series_ohm == 0
    node = _components(count, ends[0][rigid], ends[1][rigid])
    parent = network.parent[member]
    is_top = (parent >= 0) & ~network.is_meshed[parent]
    top = np.full(group.max() + 1, NONE)
    top[group[is_top]] = member[is_top]
    held = np.zeros(node.max() + 1, np.bool_)
    held[node[is_top]] = True
    return _Nodes(bus=member, node=node, group=group, top=top[group], held=held)


def _components(count: int, end_a: Integers, end_b: Integers) -> Integers:
    joined = coo_array((np.ones(len(end_a)), (end_a, end_b)), shape=(count, count))
    return connected_components(joined, directed=False)[1].astype(np.int64)


def _unknown_elements(
    network: FaultNetwork, nodes: _Nodes, inside: Branches, ends: tuple[Integers, Integers]
) -> Integers:
    """One element of each bus's group whose data are unknown; -1 where all is known."""
    unknown = np.full(nodes.group.max() + 1, KNOWN)
    branch = np.flatnonzero(~np.isfinite(inside.series_ohm))[::-1]
    unknown[nodes.group[ends[0][branch]]] = inside.element[branch]
    infeed = network.infeed_element[nodes.bus]
    bus = np.flatnonzero(infeed >= 0)[::-1]
    unknown[nodes.group[bus]] = infeed[bus]
    per_bus: Integers = unknown[nodes.group]
    return per_bus


def _solve(
    network: FaultNetwork, nodes: _Nodes, inside: Branches, ends: tuple[Integers, Integers]
) -> tuple[Complexes, Complexes, Complexes]:
    """Gain and own impedance of each bus, mutual impedance of each branch inside."""
    free = np.flatnonzero(~nodes.held)
    row_of = np.full(len(nodes.held), NONE)
    row_of[free] = np.arange(len(free))
    admittance = _admittance(network, nodes, inside, ends)
    gain = nodes.held.astype(np.complex128)
    diagonal = np.zeros(len(nodes.held), np.complex128)
    a, b = nodes.node[ends[0]], nodes.node[ends[1]]
    mutual = np.zeros(len(a), np.complex128)
    if len(free):
        factor = splu(csc_array(admittance[free][:, free]))
        coupling = np.asarray(admittance[free][:, np.flatnonzero(nodes.held)].sum(axis=1))
        gain[free] = factor.solve(-coupling.reshape(-1).astype(np.complex128))
        wanted = np.flatnonzero((row_of[a] >= 0) & (row_of[b] >= 0))
        for start in range(0, len(free), COLUMNS_AT_ONCE):
            column = np.arange(start, min(start + COLUMNS_AT_ONCE, len(free)))
            unit = np.zeros((len(free), len(column)), np.complex128)
            unit[column, column - start] = 1
            solved = factor.solve(unit)
            diagonal[free[column]] = solved[column, column - start]
            pair = wanted[(row_of[b[wanted]] >= start) & (row_of[b[wanted]] <= column[-1])]
            mutual[pair] = solved[row_of[a[pair]], row_of[b[pair]] - start]
    return gain[nodes.node], diagonal[nodes.node], mutual


def _admittance(
    network: FaultNetwork, nodes: _Nodes, inside: Branches, ends: tuple[Integers, Integers]
) -> csc_array:
    """Nodal admittance matrix; what is unknown stands as 1 ohm, its group is marked elsewhere."""
    elastic = np.flatnonzero(inside.series_ohm != 0)
    series, ratio = inside.series_ohm[elastic], inside.ratio[elastic]
    y = 1 / np.where(np.isfinite(series), series, 1.0)
    a, b = nodes.node[ends[0][elastic]], nodes.node[ends[1][elastic]]
    infeed = network.infeed_s[nodes.bus]
    infeed = np.where(np.isfinite(infeed), infeed, 1.0)
    rows = np.concatenate([a, b, a, b, nodes.node])
    columns = np.concatenate([a, b, b, a, nodes.node])
    values = np.concatenate([y * ratio**2, y, -y * ratio, -y * ratio, infeed])
    count = len(nodes.held)
    return csc_array(coo_array((values, (rows, columns)), shape=(count, count)))
