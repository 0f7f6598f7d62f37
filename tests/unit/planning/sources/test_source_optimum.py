"""The set of sources found is the true optimum where its gap is zero, and never beats its bound.

The oracle tries every set of two simple ways in a small random town, with every cable.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gisplan.model.route_answer import Independence
from gisplan.planning.access import KINDS, Meetings, meetings_at
from gisplan.planning.civil import connector_costs, edge_costs_cents, part_cost_cents
from gisplan.planning.sources.source_search import SourceSet, find_source_set
from tests.grids import grid
from tests.unit.planning.sources.test_source_search import SectionJudge, site_at
from tests.unit.planning.test_options import EAST_M, NORTH_M, at, region_of, state_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gisplan.planning.site import Site
    from gisplan.planning.variants import Variant

STEP_M = 160.0
Part = tuple[int, float, float]
SURFACES = ("asphalt", "verge", "paving", "open_ground")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way to an access point: its trench as intervals of places, its cost with the best cable."""

    element: tuple[int, int]
    trench: frozenset[tuple[int, float, float]]
    cents: int

    def shares(self, other: Way) -> bool:
        return any(
            one == two and low < far and near < high
            for one, low, high in self.trench
            for two, near, far in other.trench
        )


def random_town(rng: np.random.Generator) -> list[str]:
    rows = [f"S substation_busbar 20000V {at(-3000, -3000)} bays=8/8"]
    nodes = list(itertools.product(range(3), range(3)))
    for number, (x, y) in enumerate(rng.permutation(nodes)[:4].tolist()):
        place = at(x * STEP_M, y * STEP_M)
        rows.append(f"R{number} ring_main_unit 20000V {place} bays=4/2")
    rows.append("R0-R1 900 i=362")
    steps = [
        (a, b)
        for a, b in itertools.combinations(nodes, 2)
        if abs(a[0] - b[0]) + abs(a[1] - b[1]) == 1
    ]
    for number, ends in enumerate(steps):
        if rng.random() < 0.15:
            continue
        line = " ".join(f"{EAST_M + a * STEP_M},{NORTH_M + b * STEP_M}" for a, b in ends)
        rows.append(f"street {line} {rng.choice(SURFACES)} id=street{number}")
        if rng.random() < 0.4:
            rows.append(f"duct_bank {line} asphalt ducts={rng.integers(1, 4)} id=bank{number}")
    return rows


def random_site(seed: int) -> tuple[Site, SectionJudge]:
    rng = np.random.default_rng(seed)
    state = state_of(region_of(grid(*random_town(rng))))
    site = site_at(state, *rng.uniform(0, 2 * STEP_M, 2).tolist())
    nearest = np.arange(min(len(site.connectors), 3))
    site = replace(site, connectors=site.connectors.take(nearest))
    buses = np.flatnonzero(np.char.startswith(state.region.snapshot.grid.buses.bus_id, "R"))
    needed = {(-1, int(bus)): float(rng.choice([0.0, 185.0, 240.0, 300.0])) for bus in buses}
    reach_m = np.cumsum(rng.uniform(100, 400, 3)).tolist()
    return site, SectionJudge(
        needed_mm2=needed, section_reach_m=dict(zip((0.0, 185.0, 300.0), reach_m, strict=True))
    )


def simple_ways(site: Site) -> Iterator[tuple[int, int, list[int], int]]:
    """Yield landing, its end that is left, whole edges, last node of every simple way.

    Of edges side by side the first stands for all.
    """
    corridors = site.region.snapshot.corridors
    _, first = np.unique(corridors.edge_place, return_index=True)
    beside = {
        node: [e for e in first.tolist() if node in (corridors.edge_from[e], corridors.edge_to[e])]
        for node in range(len(corridors.node_x_m))
    }

    def on_from(node: int, seen: list[int], edges: list[int]) -> Iterator[tuple[list[int], int]]:
        yield edges, node
        for edge in beside[node]:
            head = int(corridors.edge_from[edge] + corridors.edge_to[edge]) - node
            if head not in seen and edge not in edges:
                yield from on_from(head, [*seen, head], [*edges, edge])

    for landing in range(len(site.connectors)):
        edge = int(site.connectors.edge[landing])
        for end, node in enumerate((corridors.edge_from[edge], corridors.edge_to[edge])):
            for edges, last in on_from(int(node), [int(node)], []):
                yield landing, end, edges, last


def all_ways(site: Site, judge: SectionJudge) -> list[Way]:
    """Return every way with the cheapest cable that it may take, the cheapest of each trench."""
    ground, corridors = site.region.ground, site.region.snapshot.corridors
    met = {
        node: meetings_at(
            corridors,
            ground.access,
            tuple(kind for kinds in {v.kinds for v in site.variants} for kind in kinds),
            np.array([node]),
            np.zeros(1, dtype=np.int64),
        )
        for node in range(len(corridors.node_x_m))
    }
    best: dict[tuple[object, ...], Way] = {}

    def keep(parts: list[Part], landing: int, meeting: Meetings, join: int) -> None:
        way = _way(site, judge, landing, parts, meeting, join)
        if way is not None:
            key = way.element, way.trench
            best[key] = min(way, best.get(key, way), key=lambda one: one.cents)

    for landing in range(len(site.connectors)):
        here = int(site.connectors.edge[landing]), float(site.connectors.share[landing])
        for _, share, join, meeting in joins_on(site, [here[0]]):
            keep([(*here, share)], landing, meeting, join)
    for landing, end, edges, last in simple_ways(site):
        edge, share = int(site.connectors.edge[landing]), float(site.connectors.share[landing])
        parts = [(edge, share, float(end)), *((one, 0.0, 1.0) for one in edges)]
        for row in range(len(met[last])):
            keep(parts, landing, met[last].take(np.array([row])), -1)
        beside = [e for e in first_edges(site) if last in ends_of(site, e) and e not in edges]
        for one, to, join, meeting in joins_on(site, beside):
            keep([*parts, (one, float(ends_of(site, one).index(last)), to)], landing, meeting, join)
    return sorted(best.values(), key=lambda one: one.cents)


def first_edges(site: Site) -> list[int]:
    """Return one edge of every place."""
    place = site.region.snapshot.corridors.edge_place
    return [int(edge) for edge in np.unique(place, return_index=True)[1]]


def ends_of(site: Site, edge: int) -> list[int]:
    corridors = site.region.snapshot.corridors
    return [int(corridors.edge_from[edge]), int(corridors.edge_to[edge])]


def joins_on(site: Site, edges: list[int]) -> Iterator[tuple[int, float, int, Meetings]]:
    """Yield edge, share, connector and meeting of every station that joins some edges."""
    ground = site.region.ground
    joins, place = ground.targets.ends.joins, ground.corridors.edge_place
    for edge in edges:
        for join in np.flatnonzero(place[joins.connectors.edge] == place[edge]).tolist():
            bus = joins.bus[[join]]
            meeting = Meetings(
                kind=ground.access.bus_kind[bus],
                line=np.array([-1]),
                bus=bus,
                offset_m=np.zeros(1),
                node=np.array([-1]),
                cost_cents=np.zeros(1, dtype=np.int64),
            )
            yield edge, float(joins.connectors.share[join]), join, meeting


def _way(
    site: Site, judge: SectionJudge, landing: int, parts: list[Part], meeting: Meetings, join: int
) -> Way | None:
    corridors, connectors = site.region.snapshot.corridors, site.connectors
    joins, place = site.region.ground.targets.ends.joins.connectors, corridors.edge_place
    length_m = float(connectors.length_m[landing])
    length_m += sum(float(corridors.edge_length_m[edge]) * abs(b - a) for edge, a, b in parts)
    length_m += float(joins.length_m[join]) if join >= 0 else 0.0
    costs = [
        _cents(site, variant, landing, parts, join) + _beside(variant, meeting, length_m)
        for variant in site.variants
        if KINDS[int(meeting.kind[0])] in variant.kinds
        and judge.judge(meeting, variant, np.array([length_m])).passes[0]
    ]
    if not costs or not np.isfinite(min(costs)):
        return None
    trench = {(int(place[edge]), min(a, b), max(a, b)) for edge, a, b in parts}
    element = int(meeting.line[0]), int(meeting.bus[0])
    return Way(element=element, trench=frozenset(trench), cents=int(min(costs)))


def _beside(variant: Variant, meeting: Meetings, length_m: float) -> int:
    return int(variant.beside_route_cents(meeting.kind, np.array([length_m]))[0])


def _cents(site: Site, variant: Variant, landing: int, parts: list[Part], join: int) -> float:
    """Return the cost of a way with one cable, over the cheapest edge of every place."""
    civil, joins = site.region.ground.civil, site.region.ground.targets.ends.joins.connectors
    place, cost = civil.corridors.edge_place, edge_costs_cents(civil, variant)
    total = float(connector_costs(civil, variant, site.connectors).total_cents[landing])
    for edge, start, end in parts:
        beside = np.flatnonzero(place == place[edge])
        cheapest = beside[[np.argmin(cost[beside])]]
        total += float(
            part_cost_cents(civil, variant, cheapest, np.array([start]), np.array([end]))[0]
        )
    if join >= 0:
        one = joins.take(np.array([join]))
        total += float(connector_costs(civil, variant, one).total_cents[0])
    return total


def best_pair_cents(ways: list[Way]) -> int | None:
    best = None
    for number, one in enumerate(ways):
        if best is not None and 2 * one.cents >= best:
            break
        for other in ways[number + 1 :]:
            if best is not None and one.cents + other.cents >= best:
                break
            if one.element != other.element and not one.shares(other):
                best = one.cents + other.cents
    return best


def found_set(site: Site, judge: SectionJudge) -> SourceSet:
    return find_source_set(
        site, site.region.ground, judge, count=2, independence=Independence.ACCESS_POINT
    )


@pytest.mark.parametrize("seed", range(0, 40, 2))
def test_optimum_lies_between_the_bound_and_the_set_found(seed: int) -> None:
    site, judge = random_site(seed)
    optimum, found = best_pair_cents(all_ways(site, judge)), found_set(site, judge)
    if found.bound_cents is None:
        assert optimum is None or found.left_out
    else:
        assert optimum is not None
        assert found.bound_cents <= optimum <= found.total_cents


def test_set_of_one_cable_is_the_optimum() -> None:
    site, judge = random_site(8)
    easy = replace(judge, needed_mm2={}, section_reach_m={0.0: 1e6})
    found = found_set(site, easy)
    assert found.total_cents == best_pair_cents(all_ways(site, easy))
