"""Ways that are dearer but shorter, against every simple way by networkx."""

from __future__ import annotations

from collections.abc import Iterator

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.errors import InputError
from gisplan.routing.bend_graph import BendPrices, build_bend_graph, straight_headings_deg, turn_deg
from gisplan.routing.cost_graph import build_cost_graph
from gisplan.routing.search import Starts, Targets
from gisplan.routing.shorter import (
    ShorterWays,
    WayLimits,
    find_shorter_bent_ways,
    find_shorter_ways,
)
from gisplan.routing.turns import ANY, BendStarts, build_bend_targets, start_bend_search

NODES = 6
NODE = st.integers(0, NODES - 1)
CENTS, METRES = st.integers(0, 40), st.integers(0, 9)
Edge = tuple[int, int, int, int]
EDGES = st.lists(st.tuples(NODE, NODE, CENTS, METRES), min_size=1, max_size=10)
# node or place, cents, metres
STARTS = st.lists(st.tuples(st.integers(0, NODES + 1), CENTS, METRES), min_size=1, max_size=3)
# the node that one of two places hangs at, cents, metres
ROWS = st.lists(st.tuples(NODE, st.integers(0, 1), CENTS, METRES), max_size=4)
Rows = list[tuple[int, int, int, int]]
Begun = list[tuple[int, int, int]]


def ways_of(edges: list[Edge], starts: Begun) -> Iterator[tuple[int, int, int, list[int]]]:
    """Node, cents, metres and edges of every simple way from every start."""
    network = nx.MultiGraph()
    network.add_nodes_from(range(NODES))
    for row, (one, other, _, _) in enumerate(edges):
        network.add_edge(one, other, key=row)
    for first, cents, metres in starts:
        if first >= NODES:
            yield first, cents, metres, []
            continue
        for last in range(NODES):
            ways = [()] if last == first else nx.all_simple_edge_paths(network, first, last)
            for way in ways:
                rows = [step[2] for step in way]
                yield (
                    last,
                    cents + sum(edges[row][2] for row in rows),
                    metres + sum(edges[row][3] for row in rows),
                    rows,
                )


def useful(
    ways: Iterator[tuple[int, int, float]], limits: WayLimits
) -> set[tuple[int, int, float]]:
    """Of ways (target, cents, metres) those that matter and are shorter than all cheaper ones."""
    best: dict[int, tuple[int, float]] = {}
    cheapest: dict[int, int] = {}
    kept = set()
    for target, cents, metres in sorted(ways, key=lambda way: (way[1], way[2])):
        cheapest.setdefault(target, cents)
        if metres > limits.reach_m or cents >= limits.bound_cents:
            continue
        if cents < cheapest[target] + limits.slack_cents and (
            target not in best or metres < best[target][1]
        ):
            best[target] = cents, metres
            kept.add((target, cents, metres))
    return kept


def found_set(found: ShorterWays, limits: WayLimits, cheapest: dict[int, int]) -> set[object]:
    rows = zip(
        found.target.tolist(), found.cost_cents.tolist(), found.length_m.tolist(), strict=True
    )
    return {row for row in rows if row[1] < cheapest[row[0]] + limits.slack_cents}


LIMITS = st.builds(
    WayLimits,
    reach_m=st.sampled_from([5.0, 15.0, np.inf]),
    slack_cents=st.sampled_from([1, 20, 10**6]),
    bound_cents=st.sampled_from([30, 10**6]),
)


@settings(max_examples=150)
@given(edges=EDGES, starts=STARTS, rows=ROWS, wanted=st.sets(NODE), limits=LIMITS)
def test_shorter_ways_are_those_of_enumeration(
    edges: list[Edge], starts: Begun, rows: Rows, wanted: set[int], limits: WayLimits
) -> None:
    tail, head, cost, length_m = (np.array(column) for column in zip(*edges, strict=True))
    graph = build_cost_graph(tail, head, cost, node_count=NODES)
    node, place, cents, metres = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    targets = Targets.at_nodes(np.isin(np.arange(NODES), list(wanted)))
    targets = targets.with_places(np.append(node, 0), np.append(place, 1), np.append(cents, -1))
    first, begun, before_m = np.array(starts).T
    found = find_shorter_ways(
        graph,
        Starts.at(first, begun, length_m=before_m.astype(float), seed=10 + np.arange(len(starts))),
        targets,
        edge_length_m=length_m.astype(float),
        row_length_m=np.append(metres, 0).astype(float),
        limits=limits,
    )

    def every() -> Iterator[tuple[int, int, float]]:
        for last, price, way_m, _ in ways_of(edges, starts):
            if last >= NODES or last in wanted:
                yield last, price, float(way_m)
            for at, number, more, more_m in rows:
                if at == last:
                    yield NODES + number, price + more, float(way_m + more_m)

    cheapest: dict[int, int] = {}
    for target, price, _ in every():
        cheapest[target] = min(price, cheapest.get(target, price))
    assert found_set(found, limits, cheapest) == useful(every(), limits)
    order = list(zip(found.cost_cents.tolist(), found.length_m.tolist(), strict=True))
    assert order == sorted(order)
    for row in range(len(found)):
        check_way(found, row, edges, starts, rows)


def check_way(found: ShorterWays, row: int, edges: list[Edge], starts: Begun, rows: Rows) -> None:
    """The way of a row leads from its start to its target at its cost and length."""
    path, start = found.path(row), starts[int(found.start[row])]
    assert path.seed == 10 + int(found.start[row])
    here, cents, metres = path.first_node, start[1], start[2]
    assert here == start[0]
    for edge in path.edges.tolist():
        one, other, more, more_m = edges[edge]
        assert here in {one, other}
        here, cents, metres = one + other - here, cents + more, metres + more_m
    if found.last_row[row] >= 0:
        at, place, more, more_m = rows[int(found.last_row[row])]
        assert at == here
        here, cents, metres = NODES + place, cents + more, metres + more_m
    assert (here, cents, metres) == (
        found.target[row],
        found.cost_cents[row],
        found.length_m[row],
    )
    assert path.cost_cents == found.cost_cents[row]


PRICES = BendPrices(over_deg=np.array([30.0]), cost_cents=np.array([15]))


class BentStreets:
    """Straight edges between places by chance, where a bend has a price."""

    def __init__(self, edges: list[Edge], seed: int) -> None:
        tail, head, cost, length_m = (np.array(column) for column in zip(*edges, strict=True))
        graph = build_cost_graph(tail, head, cost, node_count=NODES)
        places = np.random.default_rng(seed).random((2, NODES))
        self.edges, self.length_m = edges, length_m.astype(float)
        self.first_deg, self.last_deg = straight_headings_deg(graph, *places)
        self.bends = build_bend_graph(graph, self.first_deg, self.last_deg, PRICES)

    def bend_cents(self, first: int, way: list[int]) -> int:
        """What the bends between the edges of a way cost."""
        here, before, price = first, np.nan, 0
        for edge in way:
            one, other, _, _ = self.edges[edge]
            ends = self.first_deg[edge], self.last_deg[edge]
            leave, arrive = ends if one == here else (ends[1] + 180, ends[0] + 180)
            price += int(PRICES.of(turn_deg(np.array([before]), np.array([leave])))[0])
            here, before = one + other - here, arrive
        return price


@settings(max_examples=100)
@given(edges=EDGES, starts=STARTS, wanted=st.sets(NODE, min_size=1), seed=st.integers(0, 99))
def test_shorter_ways_with_bends_are_those_of_enumeration(
    edges: list[Edge], starts: Begun, wanted: set[int], seed: int
) -> None:
    edges = [edge for edge in edges if edge[0] != edge[1]] or [(0, 1, 3, 3)]
    starts = [(first % NODES, cents, metres) for first, cents, metres in starts]
    town = BentStreets(edges, seed)
    targets = Targets.at_nodes(np.isin(np.arange(NODES), list(wanted)))
    # one place, 4 cents and 2 m from the first of the nodes
    targets = targets.with_places(np.array([min(wanted)]), np.array([0]), np.array([4]))
    first, begun, before_m = np.array(starts).T
    from_anywhere = BendStarts(
        starts=Starts.at(first, begun, length_m=before_m.astype(float)),
        state=np.full(len(starts), ANY),
        heading_deg=np.full(len(starts), np.nan),
    )
    joined = build_bend_targets(town.bends, targets)
    with start_bend_search(town.bends, from_anywhere, joined) as search:
        found = find_shorter_bent_ways(search, town.length_m, np.array([2.0]))
        least = {int(node): int(search.cost_cents(node)) for node in search.next_nodes(99)}

    def every() -> Iterator[tuple[int, int, float]]:
        for start in starts:
            for last, cents, way_m, way in ways_of(edges, [start]):
                price = cents + town.bend_cents(start[0], way)
                if last in wanted:
                    yield last, price, float(way_m)
                if last == min(wanted):
                    yield NODES, price + 4, way_m + 2.0

    rows = zip(
        found.target.tolist(), found.cost_cents.tolist(), found.length_m.tolist(), strict=True
    )
    told = set(rows)
    # a way may pass a node twice where that saves a bend, which no simple way does
    for target, cents, metres in useful(every(), WayLimits()):
        assert any(t == target and c <= cents and m <= metres for t, c, m in told)
    assert least == {target: min(c for t, c, _ in told if t == target) for target in least}
    for row in range(len(found)):
        check_bent_way(found, row, town, starts)


def check_bent_way(found: ShorterWays, row: int, town: BentStreets, starts: Begun) -> None:
    """The way of a row costs what its edges and bends do, and is as long as they are."""
    first, cents, metres = starts[int(found.start[row])]
    way = found.path(row).edges.tolist()
    more, more_m = (4, 2.0) if found.target[row] == NODES else (0, 0.0)
    assert (found.last_row[row] >= 0) == (found.target[row] == NODES)
    run = sum(town.edges[edge][2] for edge in way) + town.bend_cents(first, way)
    assert found.cost_cents[row] == cents + run + more
    assert found.length_m[row] == metres + town.length_m[way].sum() + more_m


def test_lengths_for_every_edge_are_asked_for() -> None:
    graph = build_cost_graph(np.array([0]), np.array([1]), np.array([1.0]))
    with pytest.raises(InputError, match="lengths are given for 2 edges"):
        find_shorter_ways(
            graph,
            Starts.at(np.array([0])),
            Targets.at_nodes(np.array([0, 1])),
            edge_length_m=np.ones(2),
            row_length_m=np.zeros(0),
        )
