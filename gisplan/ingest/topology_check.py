"""What the grid as a whole says: buses without a source or with several, loops in radial grids."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import networkx as nx
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from gisplan.model.issue import Issue
from gisplan.model.issue_rules import ISSUE_RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gisplan.model.grid import Flags, Integers
    from gisplan.model.staged_topology import StagedTopology

IDS_SHOWN_MAX = 12

Branches: TypeAlias = "nx.MultiGraph[int]"


def check_topology(topology: StagedTopology, *, radial_below_v: float | None) -> list[Issue]:
    """Check supply and, where a voltage limit declares it, that the grid below it is radial."""
    issues = [*check_supply(topology), *check_single_supply(topology)]
    return issues if radial_below_v is None else issues + check_radial(topology, radial_below_v)


def check_supply(topology: StagedTopology) -> list[Issue]:
    """Find the islands that no source feeds; one issue an island."""
    component = _find_components(topology, _known_branches(topology))
    count = int(component.max(initial=-1)) + 1
    fed = np.zeros(count, dtype=bool)
    fed[component[np.flatnonzero(topology.is_source)]] = True
    order = np.argsort(component, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(component, minlength=count))[:-1])
    return [
        _tell(
            topology,
            "island_without_source",
            rows,
            found=f"{_count_buses(rows)} without a source: {_list_ids(topology, rows)}",
            expected="a path through closed switches to a source",
        )
        for rows, is_fed in zip(members, fed, strict=False)
        if not is_fed
    ]


def check_single_supply(topology: StagedTopology) -> list[Issue]:
    """Find the buses that several sources feed at once; one issue for all that hang together."""
    branches = _known_branches(topology)
    component = _find_components(topology, branches)
    sources = np.flatnonzero(topology.is_source)
    shared, count = np.unique(component[sources], return_counts=True)
    return [
        _tell_joined(
            topology, branches, sources[component[sources] == one], int((component == one).sum())
        )
        for one in shared[count > 1]
    ]


def _tell_joined(
    topology: StagedTopology, branches: Flags, sources: Integers, bus_count: int
) -> Issue:
    way = _find_way(topology, branches, int(sources[0]), int(sources[1]))
    return _tell(
        topology,
        "fed_from_two_sources",
        sources,
        found=f"{bus_count} buses are fed from {len(sources)} sources, at the buses"
        f" {_list_ids(topology, sources)}; the first two are joined by {_list(way)}",
        expected="an open point between sources; such buses are judged as a mesh",
    )


def _find_way(topology: StagedTopology, branches: Flags, start: int, end: int) -> list[str]:
    """Names of the branches on a way of the fewest of them between two buses that are joined."""
    links = _links(topology, branches)
    _, before = breadth_first_order(links + links.T, start)
    rows = np.flatnonzero(branches)
    ends = np.sort([topology.branch_from[rows], topology.branch_to[rows]], axis=0)
    way = []
    while end != start:
        step = sorted((end, int(before[end])))
        way.append(str(topology.branch_name[rows[(ends[0] == step[0]) & (ends[1] == step[1])][0]]))
        end = int(before[end])
    return way[::-1]


def check_radial(topology: StagedTopology, below_v: float) -> list[Issue]:
    """Find independent closed loops among the buses below a voltage; one issue a loop."""
    low = topology.nominal_voltage_v < below_v
    known = _known_branches(topology)
    inside = known & low[topology.branch_from] & low[topology.branch_to]
    rows = np.flatnonzero(_peel(topology, inside))
    graph: Branches = nx.MultiGraph()
    for row in rows:
        name = str(topology.branch_name[row])
        graph.add_edge(int(topology.branch_from[row]), int(topology.branch_to[row]), key=name)
    return [_tell_loop(topology, graph, loop, below_v) for loop in _find_loops(graph)]


def _find_loops(graph: Branches) -> list[list[int]]:
    """Independent loops as lists of buses; parallel branches make loops of two buses."""
    loops = [sorted(loop) if len(loop) < 3 else loop for loop in nx.cycle_basis(nx.Graph(graph))]
    pairs = {(min(edge), max(edge)) for edge in graph.edges(keys=False)}
    for one, other in sorted(pairs):
        loops += [[one, other]] * (graph.number_of_edges(one, other) - 1)
    return sorted(loops, key=lambda loop: (min(loop), len(loop), loop))


def _tell_loop(
    topology: StagedTopology, graph: Branches, loop: Sequence[int], below_v: float
) -> Issue:
    branches = sorted(
        {name for one, other in pairwise([*loop, loop[0]]) for name in graph[one][other]}
    )
    rows = np.sort(np.array(loop))
    return _tell(
        topology,
        "cycle_where_radial",
        rows,
        found=f"a closed loop of {_count_buses(rows)}: {_list(branches)}",
        expected=f"no loop below {below_v:g} V, where the grid is declared radial",
    )


def _peel(topology: StagedTopology, inside: Flags) -> Flags:
    """Branches left when dead ends are taken away again and again: loops, and their ties."""
    left = inside.copy()
    while True:
        ends = np.concatenate([topology.branch_from[left], topology.branch_to[left]])
        degree = np.bincount(ends, minlength=len(topology.bus_id))
        dead = left & ((degree[topology.branch_from] == 1) | (degree[topology.branch_to] == 1))
        if not dead.any():
            return left
        left &= ~dead


def _known_branches(topology: StagedTopology) -> Flags:
    """Branches with two known, different buses; the others are told by other rules."""
    start, end = topology.branch_from, topology.branch_to
    return np.asarray((start >= 0) & (end >= 0) & (start != end))


def _find_components(topology: StagedTopology, branches: Flags) -> Integers:
    labels = connected_components(_links(topology, branches), directed=False)[1]
    return np.asarray(labels, dtype=np.int64)


def _links(topology: StagedTopology, branches: Flags) -> csr_array:
    """Joined buses as a sparse matrix, one entry a branch."""
    count = len(topology.bus_id)
    start, end = topology.branch_from[branches], topology.branch_to[branches]
    return csr_array((np.ones(len(start)), (start, end)), shape=(count, count))


def _tell(
    topology: StagedTopology, rule: str, rows: Integers, *, found: str, expected: str
) -> Issue:
    first = int(rows[0])
    has_place = bool(np.isfinite([topology.x_m[first], topology.y_m[first]]).all())
    return Issue(
        rule=rule,
        severity=ISSUE_RULES[rule].severity,
        element=f"bus {topology.bus_id[first]}",
        found=found,
        expected=expected,
        x_m=float(topology.x_m[first]) if has_place else None,
        y_m=float(topology.y_m[first]) if has_place else None,
    )


def _count_buses(rows: Integers) -> str:
    return "1 bus" if len(rows) == 1 else f"{len(rows)} buses"


def _list_ids(topology: StagedTopology, rows: Integers) -> str:
    return _list(str(bus_id) for bus_id in topology.bus_id[rows])


def _list(names: Iterable[str]) -> str:
    every = list(names)
    more = len(every) - IDS_SHOWN_MAX
    return ", ".join(every[:IDS_SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")
