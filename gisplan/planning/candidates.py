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
from gisplan.routing.search import NO_BOUND_CENTS, CorridorPath, Seeds, start_search

if TYPE_CHECKING:
    from gisplan.model.grid import Flags, Floats, Integers, Texts
    from gisplan.network.snapshot import CorridorGraph
    from gisplan.planning.access import AccessTable
    from gisplan.planning.variants import Variant
    from gisplan.routing.graph import SearchGraph
    from gisplan.routing.search import CorridorSearch
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
            return NO_BOUND_CENTS
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where a search runs: corridors, what can be met there, the graph, drawings of the lines."""

    corridors: CorridorGraph
    access: AccessTable
    graph: SearchGraph
    line_shapes: Geometries


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
    seeds = seeds_of(connectors, variant)
    with ground.graph.workspace(len(seeds)) as space:
        search = start_search(
            ground.graph,
            space,
            seeds=seeds,
            price_per_m=variant.price_per_m,
            is_target=ground.access.targets[variant.role],
        )
        _offer(pool, judge, variant, search, _landing_meetings(ground, variant, connectors, seeds))
        size = FIRST_BATCH
        while True:
            bound = pool.bound_cents(variant.role) - variant.least_equipment_cents + 1
            nodes = search.next_nodes(size, bound)
            _offer(pool, judge, variant, search, _node_meetings(ground, variant, search, nodes))
            if len(nodes) < size:
                return
            size = min(2 * size, LARGEST_BATCH)


def seeds_of(connectors: Connectors, variant: Variant) -> Seeds:
    """Return the site's landings, priced as cable in verge."""
    cost = np.floor(connectors.length_m * variant.connector_price_per_m * 100 + 0.5)
    return Seeds(
        edge=connectors.edge,
        share=connectors.share,
        length_m=connectors.length_m,
        cost_cents=cost.astype(np.int64),
    )


def _node_meetings(
    ground: Ground, variant: Variant, search: CorridorSearch, nodes: Integers
) -> Meetings:
    return meetings_at(
        ground.corridors, ground.access, variant.kinds, nodes, search.cost_cents(nodes)
    )


def _landing_meetings(
    ground: Ground, variant: Variant, connectors: Connectors, seeds: Seeds
) -> Meetings:
    """Return the mains that the site's own landings touch."""
    corridors = ground.corridors
    first = corridors.edge_line_offset[seeds.edge]
    count = corridors.edge_line_offset[seeds.edge + 1] - first
    seed = np.repeat(np.arange(len(seeds)), count)
    step = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    line = corridors.edge_line[first[seed] + step]
    kind = ground.access.line_kind[line]
    places = np.asarray(shapely.points(connectors.xy_m[seed]), dtype=object)
    met = Meetings(
        kind=kind,
        line=line,
        bus=np.full(len(line), -1, dtype=np.int64),
        offset_m=shapely.line_locate_point(ground.line_shapes[line], places),
        node=-1 - seed,
        cost_cents=seeds.cost_cents[seed],
    )
    allowed = np.isfinite(variant.price_per_m[ground.graph.edge_class[seeds.edge[seed]]])
    allowed &= ground.access.may_cut(line, met.offset_m)
    return met.take(allowed & np.isin(kind, [KINDS.index(wanted) for wanted in variant.kinds]))


def _offer(
    pool: Pool, judge: Judge, variant: Variant, search: CorridorSearch, met: Meetings
) -> None:
    """Judge meetings and record those that are the cheapest of their element so far."""
    if len(met) == 0:
        return
    length_m = _way_m(search, met)
    verdicts = judge.judge(met, variant, length_m)
    total_cents = met.cost_cents + variant.equipment_cents[met.kind]
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
            path=_path(search, int(met.node[row]), int(met.cost_cents[row])),
            reason=str(verdicts.reason[row]),
            mendable=bool(verdicts.mendable[row]),
        )


def _way_m(search: CorridorSearch, met: Meetings) -> Floats:
    """Return the length of the way to each meeting, connector included."""
    at_node = met.node >= 0
    length = np.empty(len(met))
    length[at_node] = search.length_m(met.node[at_node])
    length[~at_node] = search.seeds.length_m[-1 - met.node[~at_node]]
    return length


def _path(search: CorridorSearch, node: int, cost_cents: int) -> CorridorPath:
    if node >= 0:
        return search.path_to(node)
    nothing = np.zeros(0, dtype=np.int64)
    return CorridorPath(seed=-1 - node, first_node=-1, edges=nothing, cost_cents=cost_cents)
