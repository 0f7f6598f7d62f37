"""Closed branches that are no branch of the supply tree: parallel to one, or closing a loop.

A branch between the same two busbars as a branch of the tree, with the same ratio, is merged into
it and takes its share of the current. Whatever else closes a loop becomes a chord: its current is
found so that the voltages at its ends agree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gisplan.electrical.flow.branch_model import Complexes, Pi, select
from gisplan.electrical.flow.network_input import Network
from gisplan.model.grid import Codes, Flags, Integers, SwitchedKind
from gisplan.network.snapshot import Topology

NO_COUPLER = -1
SAME_RATIO = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Branches:
    """Closed branches between nodes with their pi equivalents; ``row`` is that of the element."""

    first: Integers
    second: Integers
    kind: Codes
    row: Integers
    pi: Pi

    def rows(self, chosen: Integers) -> Branches:
        """Some of the branches."""
        return Branches(
            first=self.first[chosen],
            second=self.second[chosen],
            kind=self.kind[chosen],
            row=self.row[chosen],
            pi=select(self.pi, chosen),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Chords:
    """Branches that close loops; current flows from the first to the second end.

    ``ratio`` is complex: the open-circuit voltage at the second end over that at the first, turned
    by what the phase shifts along the loop leave over.
    """

    branches: Branches
    ratio: Complexes

    def __len__(self) -> int:
        return len(self.branches.first)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """Branches merged into the feeding branch of ``node``."""

    branches: Branches
    node: Integers
    is_reversed: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Every branch of the groups that are merged, also the one that the tree was laid through.

    ``share`` is the part of the group's current; the shunts are those at the node and its parent.
    ``is_reversed`` marks branches whose first end is fed.
    """

    node: Integers
    row: Integers
    is_reversed: Flags
    share: Complexes
    half_fed: Complexes
    half_feeding: Complexes


def busbars(network: Network, node_count: int) -> Integers:
    """Number of the busbar of each node: closed bus-bus switches join nodes to one."""
    switches, row = network.grid.switches, network.coupler
    ends = (switches.bus[row], switches.element[row])
    joined = coo_array((np.ones(len(row)), ends), shape=(node_count, node_count))
    _, label = connected_components(joined, directed=False)
    return label.astype(np.int64)


def hang_busbars_once(topology: Topology, busbar: Integers) -> Topology:
    """Let every busbar hang on one branch only: what fed another part of it stands outside then.

    So does a line or transformer that leads from one part of a busbar to another.
    """
    order, parent = topology.order, topology.parent_bus.copy()
    kind, branch = topology.parent_kind.copy(), topology.parent_branch.copy()
    is_top = (parent[order] < 0) | (busbar[order] != busbar[np.maximum(parent[order], 0)])
    tops = order[is_top]
    first_of, place = np.unique(busbar[tops], return_index=True)
    first = tops[place][np.searchsorted(first_of, busbar[tops])]
    is_second = (first != tops) & (parent[tops] >= 0)
    parent[tops[is_second]] = first[is_second]
    within = order[~is_top]
    hung = np.concatenate([tops[is_second], within[kind[within] != SwitchedKind.BUS]])
    kind[hung], branch[hung] = SwitchedKind.BUS, NO_COUPLER
    return replace(topology, parent_bus=parent, parent_kind=kind, parent_branch=branch)


def split_off_parallel(
    outside: Branches,
    *,
    parent: Integers,
    kind: Codes,
    ratio: Complexes | np.ndarray,
    clock: Integers,
    busbar: Integers,
) -> tuple[Merged, Integers]:
    """Find which branches outside the tree are parallel to one of it.

    ``ratio`` and ``clock`` are those of the feeding branch of each node, its fed end second.
    Returns them, and the rows of the others; those within one busbar are neither.
    """
    merged: list[tuple[int, int, bool]] = []
    others: list[int] = []
    above = busbar[np.maximum(parent, 0)]
    is_top = (parent >= 0) & (busbar != above)
    for n in range(len(outside.first)):
        first, second = busbar[outside.first[n]], busbar[outside.second[n]]
        if first == second:
            continue
        alike = is_top & (kind == outside.kind[n])
        found = [
            (int(node), is_turned)
            for is_turned, upper, lower in ((False, first, second), (True, second, first))
            for node in np.flatnonzero(alike & (above == upper) & (busbar == lower))
        ]
        if found and _is_alike(outside, n, found[0], ratio, clock):
            merged.append((n, *found[0]))
        else:
            others.append(n)
    rows = np.array([one[0] for one in merged], np.int64)
    return (
        Merged(
            branches=outside.rows(rows),
            node=np.array([one[1] for one in merged], np.int64),
            is_reversed=np.array([one[2] for one in merged], np.bool_),
        ),
        np.array(others, np.int64),
    )


def _is_alike(
    outside: Branches, n: int, found: tuple[int, bool], ratio: np.ndarray, clock: Integers
) -> bool:
    node, is_turned = found
    own = outside.pi.ratio[n] if is_turned else 1 / outside.pi.ratio[n]
    shift = -outside.pi.clock[n] if is_turned else outside.pi.clock[n]
    same_clock = outside.kind[n] != SwitchedKind.TRANSFORMER or shift == clock[node]
    return bool(abs(own - ratio[node]) < SAME_RATIO and same_clock)


def turned_ratio(branches: Branches, between: Integers) -> Complexes:
    """Ratio of chords, turned by the phase shifts that their loop does not cancel.

    ``between`` is by how many steps of 30 degrees the tree shifts the first end more than the
    second.
    """
    left = between + branches.pi.clock
    ratio: Complexes = np.exp(-1j * np.pi / 6 * left) / branches.pi.ratio
    return ratio
