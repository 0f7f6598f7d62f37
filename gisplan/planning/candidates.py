"""Search outward, judge what is met, stop when nothing further out can be better.

For every cable (variant) one search meets access points in order of route cost. Each is judged
electrically and for the voltage drop along its new cable. An element keeps its cheapest point that
passed; the search of a variant ends when the route alone, with the cheapest equipment, costs as
much as the k-th best element found so far. What is left unexamined is therefore provably no better.
Ways of connecting that differ in kind (a bay against a loop-in) are each shown at their best.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
import shapely

from gisplan.planning.access import KINDS, Meetings, meetings_at
from gisplan.planning.civil import civil_per_m, connector_costs, part_cost_cents
from gisplan.routing.search import NO_BOUND, CorridorPath, Starts, start_search

if TYPE_CHECKING:
    from gisplan.model.grid import Flags, Floats, Integers, Texts
    from gisplan.network.snapshot import CorridorGraph
    from gisplan.planning.access import AccessTable
    from gisplan.planning.civil import CivilWorks
    from gisplan.planning.variants import Variant
    from gisplan.routing.cost_graph import CostGraph
    from gisplan.routing.search import Search
    from gisplan.routing.site import Connectors, Geometries

FIRST_BATCH, LARGEST_BATCH = 16, 256
REJECTED_KEPT = 3
FAILED_KEPT = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """Judgement of meetings: passes (perhaps within the guard band), and why not.

    ``mendable`` marks those that fail for limits alone which a remedy without cost may mend, or
    which a proof tells in full.
    """

    passes: Flags
    reason: Texts
    mendable: Flags


class Judge(Protocol):
    """What planning passes to the search: tells which access points a demand may use."""

    def judge(self, meetings: Meetings, variant: Variant, length_m: Floats) -> Verdicts:
        """Return a verdict for each meeting and the length of its new cable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An access point with the cable and the way that lead to it at least cost."""

    variant: Variant
    kind: int
    line: int
    bus: int
    offset_m: float
    total_cents: int
    length_m: float
    path: CorridorPath
    reason: str
    mendable: bool

    @property
    def element(self) -> tuple[int, int]:
        """Identity of the element: row of its line and of its bus, one of them -1."""
        return self.line, self.bus

    @property
    def order(self) -> tuple[int, float, int, int, float]:
        """Total order among candidates: cost, length, then identity."""
        return self.total_cents, self.length_m, self.line, self.bus, self.offset_m


@dataclass(slots=True, kw_only=True)
class Pool:
    """The cheapest candidate of every element, those that passed apart from those that failed."""

    wanted: int
    passed: dict[tuple[int, int], Candidate] = field(default_factory=dict)
    failed: dict[tuple[int, int], Candidate] = field(default_factory=dict)
    examined: int = 0

    def bound_cents(self, role: str) -> int:
        """Return the cost beyond which nothing of a cable's role matters.

        That is the cost of the k-th best element, or of the best of this role if it is dearer.
        """
        costs = sorted(candidate.total_cents for candidate in self.passed.values())
        own = [c.total_cents for c in self.passed.values() if c.variant.role == role]
        if len(costs) < self.wanted or not own:
            return NO_BOUND
        return max(costs[self.wanted - 1], min(own))

    def best(self) -> list[Candidate]:
        """Return the k best elements in order, and the best of every role that they leave out."""
        ordered = sorted(self.passed.values(), key=lambda c: c.order)
        chosen, roles = ordered[: self.wanted], {c.variant.role for c in ordered[: self.wanted]}
        for candidate in ordered[self.wanted :]:
            if candidate.variant.role not in roles:
                roles.add(candidate.variant.role)
                chosen.append(candidate)
        return chosen

    def rejected(self) -> list[Candidate]:
        """Return the cheapest elements that failed with every cable, and the cheapest of each kind.

        One that passes elsewhere counts too where it is cheaper and a remedy may mend it.
        """
        failed = [c for element, c in self.failed.items() if self._matters(c, element)]
        ordered = sorted(failed, key=lambda c: c.order)
        chosen, kinds = ordered[:REJECTED_KEPT], {c.kind for c in ordered[:REJECTED_KEPT]}
        for candidate in ordered[REJECTED_KEPT:]:
            if candidate.kind not in kinds:
                kinds.add(candidate.kind)
                chosen.append(candidate)
        return chosen

    def is_known_to_fail(self, kind: int) -> bool:
        """Tell whether enough is kept of what failed, and something of this kind."""
        return len(self.failed) >= FAILED_KEPT and any(
            candidate.kind == kind for candidate in self.failed.values()
        )

    def _matters(self, failed: Candidate, element: tuple[int, int]) -> bool:
        passed = self.passed.get(element)
        return passed is None or (failed.mendable and failed.total_cents < passed.total_cents)


class Graphs(Protocol):
    """The corridors as graphs, one for each cable."""

    def get(self, variant: Variant) -> CostGraph:
        """Return the graph at the prices of a cable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where a search runs: corridors, what can be met there, drawings of the lines.

    ``civil`` is what the corridors' civil works cost, ``graphs`` the corridors at the prices of
    each cable.
    """

    corridors: CorridorGraph
    civil: CivilWorks
    access: AccessTable
    graphs: Graphs
    line_shapes: Geometries

    def priced(self, variant: Variant) -> CostGraph:
        """Return the corridors as a graph at the prices of a cable."""
        return self.graphs.get(variant)


def find_candidates(
    ground: Ground,
    variants: tuple[Variant, ...],
    connectors: Connectors,
    judge: Judge,
    *,
    wanted: int,
) -> Pool:
    """Return the ``wanted`` cheapest elements that pass, and the cheapest that do not."""
    pool = Pool(wanted=wanted)
    for variant in variants:
        _search_variant(ground, variant, connectors, judge, pool)
    return pool


def _search_variant(
    ground: Ground, variant: Variant, connectors: Connectors, judge: Judge, pool: Pool
) -> None:
    starts = starts_of(ground, connectors, variant)
    targets = ground.access.targets[variant.role]
    with start_search(ground.priced(variant), starts, targets) as search:
        running = _Running(ground=ground, variant=variant, connectors=connectors, search=search)
        _offer(pool, judge, running, _landing_meetings(running))
        size = FIRST_BATCH
        while True:
            bound = pool.bound_cents(variant.role) - variant.least_equipment_cents + 1
            nodes = search.next_nodes(size, bound)
            _offer(pool, judge, running, _node_meetings(running, nodes))
            if len(nodes) < size:
                return
            size = min(2 * size, LARGEST_BATCH)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    """A running search and what it is for."""

    ground: Ground
    variant: Variant
    connectors: Connectors
    search: Search

    def length_m(self, met: Meetings) -> Floats:
        """Return the length of the way to each meeting, connector included."""
        at_node = met.node >= 0
        length = np.empty(len(met))
        length[at_node] = self.search.length_m(
            met.node[at_node], self.ground.corridors.edge_length_m
        )
        length[~at_node] = self.connectors.length_m[-1 - met.node[~at_node]]
        return length


def starts_of(ground: Ground, connectors: Connectors, variant: Variant) -> Starts:
    """Return where a search begins: both ends of the edge of each of the site's landings.

    The start of a landing's first end stands in row 2 x landing, that of its last in the next; one
    that the cable may not reach has a negative cost.
    """
    seed = np.repeat(np.arange(len(connectors)), 2)
    end = np.tile([0.0, 1.0], len(connectors))
    edge, share = connectors.edge[seed], connectors.share[seed]
    corridors = ground.corridors
    cost = _connector_cents(ground, connectors, variant)[seed] + part_cost_cents(
        ground.civil, variant, edge, share, end
    )
    return Starts.at(
        np.where(end > 0, corridors.edge_to[edge], corridors.edge_from[edge]),
        np.where(np.isfinite(cost), cost, -1).astype(np.int64),
        length_m=connectors.length_m[seed] + corridors.edge_length_m[edge] * np.abs(end - share),
        seed=seed,
    )


def _connector_cents(ground: Ground, connectors: Connectors, variant: Variant) -> Floats:
    return connector_costs(ground.civil, variant, connectors.length_m).total_cents


def _node_meetings(running: _Running, nodes: Integers) -> Meetings:
    return meetings_at(
        running.ground.corridors,
        running.ground.access,
        running.variant.kinds,
        nodes,
        running.search.cost_cents(nodes),
    )


def _landing_meetings(running: _Running) -> Meetings:
    """Return the mains that the site's own landings touch."""
    ground, connectors, corridors = running.ground, running.connectors, running.ground.corridors
    first = corridors.edge_line_offset[connectors.edge]
    count = corridors.edge_line_offset[connectors.edge + 1] - first
    seed = np.repeat(np.arange(len(connectors)), count)
    step = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    line = corridors.edge_line[first[seed] + step]
    kind = ground.access.line_kind[line]
    places = np.asarray(shapely.points(connectors.xy_m[seed]), dtype=object)
    cost_cents = _connector_cents(ground, connectors, running.variant).astype(np.int64)
    found = Meetings(
        kind=kind,
        line=line,
        bus=np.full(len(line), -1, dtype=np.int64),
        offset_m=shapely.line_locate_point(ground.line_shapes[line], places),
        node=-1 - seed,
        cost_cents=cost_cents[seed],
    )
    allowed = np.isfinite(civil_per_m(ground.civil, running.variant, connectors.edge[seed]))
    allowed &= ground.access.may_cut(line, found.offset_m)
    codes = [KINDS.index(wanted) for wanted in running.variant.kinds]
    return found.take(allowed & np.isin(kind, codes))


def _offer(pool: Pool, judge: Judge, running: _Running, met: Meetings) -> None:
    """Judge meetings and record those that are the cheapest of their element so far."""
    if len(met) == 0:
        return
    variant, length_m = running.variant, running.length_m(met)
    verdicts = judge.judge(met, variant, length_m)
    total_cents = met.cost_cents + variant.beside_route_cents(met.kind, length_m)
    pool.examined += len(met)
    bound = pool.bound_cents(variant.role)
    for row in np.lexsort((met.bus, met.line, length_m, total_cents)):
        store = pool.passed if verdicts.passes[row] else pool.failed
        full = store is pool.failed and pool.is_known_to_fail(int(met.kind[row]))
        element = int(met.line[row]), int(met.bus[row])
        known = store.get(element)
        total = int(total_cents[row])
        if total > bound or (known is not None and known.total_cents <= total) or full:
            continue
        store[element] = Candidate(
            variant=variant,
            kind=int(met.kind[row]),
            line=element[0],
            bus=element[1],
            offset_m=float(met.offset_m[row]),
            total_cents=total,
            length_m=float(length_m[row]),
            path=_path(running.search, int(met.node[row]), int(met.cost_cents[row])),
            reason=str(verdicts.reason[row]),
            mendable=bool(verdicts.mendable[row]),
        )


def _path(search: Search, node: int, cost_cents: int) -> CorridorPath:
    if node >= 0:
        return search.path_to(node)
    nothing = np.zeros(0, dtype=np.int64)
    return CorridorPath(seed=-1 - node, first_node=-1, edges=nothing, cost_cents=cost_cents)
