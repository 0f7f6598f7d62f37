"""Search outward, judge what is met, stop when nothing further out can be better.

For every cable (variant) one search meets access points in order of route cost. Each is judged
electrically and for the voltage drop along its new cable. An element keeps its cheapest point that
passed; the search of a variant ends when the route alone, with the cheapest equipment, costs as
much as the k-th best element found so far. Where the cheapest way to an access point is too long,
or needs joints, the dearer ways that are shorter are asked too. What is left unexamined is
therefore provably no better. Ways of connecting that differ in kind (a bay against a loop-in) are
each shown at their best.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
import shapely

from gisplan.planning.access import KINDS, Meetings, joined_meetings
from gisplan.planning.bent_search import BendGraphs, begin_search
from gisplan.planning.civil import civil_per_m
from gisplan.planning.met_ways import (
    CheapestWays,
    MetWays,
    Shorter,
    dearer_ways,
    node_meetings,
)
from gisplan.planning.search_starts import connector_cents, site_starts
from gisplan.planning.straight_ways import StraightWays
from gisplan.routing.search import NO_BOUND

if TYPE_CHECKING:
    from collections.abc import Collection

    from gisplan.model.grid import Flags, Floats, Integers, Texts
    from gisplan.network.snapshot import CorridorGraph
    from gisplan.planning.access import AccessTable
    from gisplan.planning.access_ends import PricedTargets
    from gisplan.planning.civil import CivilWorks
    from gisplan.planning.variants import Variant
    from gisplan.routing.cost_graph import CostGraph
    from gisplan.routing.search import CorridorPath
    from gisplan.routing.site import Connectors, Geometries

CableAt = tuple[int, int, str, int]
"""A cable at an element: rows of its line and its bus, one of them -1, conductor and count."""

FIRST_BATCH, LARGEST_BATCH = 16, 256
REJECTED_KEPT = 3
FAILED_KEPT = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """Judgement of meetings: passes (perhaps within the guard band), and why not.

    ``mendable`` marks those that fail for limits alone which a remedy without cost may mend, or
    which a proof tells in full, ``too_long`` those that would pass with a shorter cable.
    """

    passes: Flags
    reason: Texts
    mendable: Flags
    too_long: Flags


class Judge(Protocol):
    """What planning passes to the search: tells which access points a demand may use."""

    def judge(self, meetings: Meetings, variant: Variant, length_m: Floats) -> Verdicts:
        """Return a verdict for each meeting and the length of its new cable."""

    def reach_m(self, variant: Variant) -> float:
        """Return beyond which length a new cable never passes; infinity where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An access point with the cable and the way that lead to it at least cost.

    ``end`` is the row of ``AccessEnds`` where the way ends in the middle of an edge or beside it,
    -1 where it ends at a node or a landing.
    """

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
    too_long: bool = False
    end: int = -1

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
    """The cheapest candidate of every element, those that passed apart from those that failed.

    ``refused`` are cables that are known to fail at an element.
    """

    wanted: int
    refused: Collection[CableAt] = ()
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

    def passed_cents(self, met: Meetings) -> Integers:
        """Return the cost of each element's cheapest candidate so far, shape (meetings,)."""
        elements = zip(met.line.tolist(), met.bus.tolist(), strict=True)
        known = map(self.passed.get, elements)
        return np.array([NO_BOUND if one is None else one.total_cents for one in known], np.int64)

    def is_refused(self, met: Meetings, variant: Variant) -> Flags:
        """Tell at which meetings a cable is known to fail."""
        if not self.refused:  # as for nearly every application
            return np.zeros(len(met), dtype=bool)
        cable = variant.conductor.conductor_id, variant.parallel_count
        elements = zip(met.line.tolist(), met.bus.tolist(), strict=True)
        return np.array([(*element, *cable) in self.refused for element in elements], dtype=bool)

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
    each cable, ``targets`` what each looks for there, ``bends`` the corridors where bends cost.
    """

    corridors: CorridorGraph
    civil: CivilWorks
    access: AccessTable
    graphs: Graphs
    targets: PricedTargets
    line_shapes: Geometries
    bends: BendGraphs = field(default_factory=BendGraphs)

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
    straight: StraightWays | None = None,
    refused: Collection[CableAt] = (),
) -> Pool:
    """Return the ``wanted`` cheapest elements that pass, and the cheapest that do not.

    ``straight`` are the site's ways off the corridors; a candidate's seed counts them after the
    connectors. ``refused`` are cables that are known to fail at an element, though they are judged
    to pass.
    """
    pool = Pool(wanted=wanted, refused=refused)
    straight = straight or StraightWays.none()
    ways = straight.after(connectors)
    seen = straight.meetings(ground.access.bus_kind, len(connectors))
    landed = joined_meetings([landing_meetings(ground, connectors), seen])
    for variant in variants:
        _search_variant(
            ground, variant, connectors, ways=ways, landed=landed, judge=judge, pool=pool
        )
    return pool


def _search_variant(
    ground: Ground,
    variant: Variant,
    connectors: Connectors,
    *,
    ways: Connectors,
    landed: Meetings,
    judge: Judge,
    pool: Pool,
) -> None:
    graph, shorter = ground.priced(variant), Shorter()
    starts = site_starts(ground, variant, graph, connectors)
    with begin_search(ground, variant, graph, connectors, starts) as search:
        cheapest = CheapestWays(ground=ground, variant=variant, connectors=ways, search=search)
        _offer(pool, judge, cheapest, _landed_with(ground, variant, ways, landed), shorter)
        size = FIRST_BATCH
        while True:
            bound = pool.bound_cents(variant.role) - variant.least_equipment_cents + 1
            nodes = search.next_nodes(size, bound)
            met = node_meetings(ground, variant, nodes, search.cost_cents(nodes))
            _offer(pool, judge, cheapest, met, shorter)
            if len(nodes) < size:
                break
            size = min(2 * size, LARGEST_BATCH)
        for limits in shorter.limits(judge.reach_m(variant)):
            dearer = dearer_ways(ground, variant, search, connectors, limits)
            _offer(pool, judge, dearer, dearer.meetings(ground), shorter)


def landing_meetings(ground: Ground, connectors: Connectors) -> Meetings:
    """Return the mains that the site's own landings touch, whatever the cable; cost 0."""
    corridors = ground.corridors
    first = corridors.edge_line_offset[connectors.edge]
    count = corridors.edge_line_offset[connectors.edge + 1] - first
    seed = np.repeat(np.arange(len(connectors)), count)
    step = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    line = corridors.edge_line[first[seed] + step]
    kind = ground.access.line_kind[line]
    places = np.asarray(shapely.points(connectors.xy_m[seed]), dtype=object)
    found = Meetings(
        kind=kind,
        line=line,
        bus=np.full(len(line), -1, dtype=np.int64),
        offset_m=shapely.line_locate_point(ground.line_shapes[line], places),
        node=-1 - seed,
        cost_cents=np.zeros(len(seed), dtype=np.int64),
    )
    return found.take(ground.access.may_cut(line, found.offset_m))


def _landed_with(
    ground: Ground, variant: Variant, connectors: Connectors, landed: Meetings
) -> Meetings:
    """Return those of the landing meetings that a cable may end at, with what leads there."""
    codes = [KINDS.index(wanted) for wanted in variant.kinds]
    some = landed.take(np.isin(landed.kind, codes))
    seed = -1 - some.node
    cost = connector_cents(ground, connectors, variant)[seed]
    edge = connectors.edge[seed]
    is_open = np.isfinite(civil_per_m(ground.civil, variant, edge))
    allowed = np.where(edge >= 0, is_open, not variant.is_overhead)
    return replace(some, cost_cents=cost.astype(np.int64)).take(allowed)


def _offer(pool: Pool, judge: Judge, ways: MetWays, met: Meetings, shorter: Shorter) -> None:
    """Judge meetings and record those that are the cheapest of their element so far.

    ``shorter`` takes note of what other ways than these may gain.
    """
    pool.examined += len(met)
    variant, least_m = ways.variant, ways.least_m(met)
    beside_cents = variant.beside_route_cents(met.kind, least_m)
    most_cents = np.minimum(pool.bound_cents(variant.role) + 1, pool.passed_cents(met))
    may_win = met.cost_cents + beside_cents < most_cents
    kept = np.flatnonzero(may_win & ~pool.is_refused(met, variant))
    if len(kept) == 0:
        return
    met, least_m, beside_cents = met.take(kept), least_m[kept], beside_cents[kept]
    most_cents, length_m = most_cents[kept], ways.length_m(met)
    total_cents = met.cost_cents + variant.beside_route_cents(met.kind, length_m)
    verdicts = judge.judge(met, variant, length_m)
    may_reach = verdicts.too_long & (least_m <= judge.reach_m(variant))
    shorter.note_too_long((most_cents - beside_cents)[may_reach])
    saved_cents = np.where(verdicts.passes, total_cents - beside_cents - met.cost_cents, 0)
    shorter.note_joints(met.cost_cents, most_cents - beside_cents, saved_cents)
    for row in np.lexsort((met.bus, met.line, length_m, total_cents)):
        total = int(total_cents[row])
        store = pool.passed if verdicts.passes[row] else pool.failed
        full = store is pool.failed and pool.is_known_to_fail(int(met.kind[row]))
        element = int(met.line[row]), int(met.bus[row])
        known, too_long = store.get(element), bool(verdicts.too_long[row])
        if known is None:
            is_new = not full
        else:  # that a cable is too long says less than what refuses a larger one
            is_new = (too_long, total) < (known.too_long, known.total_cents)
        if total >= most_cents[row] or not is_new:
            continue
        path, end = ways.way(met, int(row))
        store[element] = Candidate(
            variant=variant,
            kind=int(met.kind[row]),
            line=element[0],
            bus=element[1],
            offset_m=float(met.offset_m[row]),
            total_cents=total,
            length_m=float(length_m[row]),
            path=path,
            end=end,
            reason=str(verdicts.reason[row]),
            mendable=bool(verdicts.mendable[row]),
            too_long=too_long,
        )
