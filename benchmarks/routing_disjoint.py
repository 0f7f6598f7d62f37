"""Disjoint routes against OR-tools' minimum-cost flow: equal cost, CPU time, what rerouting loses.

A site asks for two (three) routes to different access points, over all access points at once; one
access point stands at one of 50 or of 500 nodes, each with a price of its own. The peer is given
the same network with the access points behind a super sink, built outside its time; ours is given
its lower bounds in the same way, and their time is a row of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import TypeVar

import numpy as np

from benchmarks.report import Row
from benchmarks.street_graph import spread_nodes, street_graph
from gisplan.routing.alternatives import alternatives_on
from gisplan.routing.cost_graph import CostGraph, build_cost_graph
from gisplan.routing.disjoint.flow_batch_kernel import FoundMany
from gisplan.routing.disjoint.routes import LEAST_SHARED, DisjointSearch
from gisplan.routing.places import AccessPoints, Exits
from gisplan.routing.via_net import WayNet

EDGES = (10_000, 90_000)
NODES_PER_POINT = (50, 500)
SITES = 2_000
PEER_SITES = 60
LEAST_RATIO = 300.0
EQUIPMENT_CENTS = 400_000

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    name: str
    graph: CostGraph
    length_m: np.ndarray
    points: AccessPoints
    sites: np.ndarray


def rows() -> Iterator[Row]:
    peer = _peer()
    if peer is None:
        print("OR-tools is not installed: disjoint routes are shown without a peer")
    for setup in setups():
        search = DisjointSearch.build(setup.graph, setup.points, setup.length_m)
        _ask(search, setup.sites[:2], 2, None)
        _ask(search, setup.sites[:2], 2, LEAST_SHARED)
        yield from _bound_rows(setup)
        for count in (2, 3):
            yield from _disjoint_rows(setup, search, count, peer)
        yield from _least_rows(setup, search)
        yield from _reroute_rows(setup, search)
    yield from _alternative_rows(setup)


def setups() -> Iterator[Setup]:
    for edge_count in EDGES:
        streets = street_graph(edge_count, seed=1)
        graph = build_cost_graph(streets.edge_from, streets.edge_to, streets.cost_cents)
        rng = np.random.default_rng(7)
        for nodes_per_point in NODES_PER_POINT:
            node = np.flatnonzero(spread_nodes(graph.node_count, nodes_per_point, seed=3))
            yield Setup(
                name=f"{edge_count // 1000} k edges, 1 access point to {nodes_per_point} nodes",
                graph=graph,
                length_m=streets.edge_length_m,
                points=AccessPoints.at_nodes(node, rng.integers(0, EQUIPMENT_CENTS, len(node))),
                sites=rng.integers(0, graph.node_count, SITES),
            )


def _timed(work: Callable[[], Result]) -> tuple[float, Result]:
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def _cpu_s(work: Callable[[], object]) -> float:
    return _timed(work)[0]


def _ask(search: DisjointSearch, sites: np.ndarray, count: int, sharing: object) -> FoundMany:
    offset = np.arange(len(sites) + 1)
    return search.find_many(Exits.at_nodes(sites), offset, count=count, sharing=sharing)


def _bound_rows(setup: Setup) -> Iterator[Row]:
    seconds = _cpu_s(lambda: DisjointSearch.build(setup.graph, setup.points, setup.length_m))
    yield Row(
        name=f"{setup.name}: lower bounds for all sites",
        ours=1e3 * seconds,
        unit="ms",
        better="lower",
    )


def _disjoint_rows(
    setup: Setup, search: DisjointSearch, count: int, peer: ModuleType | None
) -> Iterator[Row]:
    runs = [_timed(lambda: _ask(search, setup.sites, count, None)) for _ in range(3)]
    found = runs[0][1]
    ours_us = 1e6 * min(seconds for seconds, _ in runs) / SITES
    peer_us = _peer_us(setup, found, count, peer) if peer else None
    name = f"{setup.name}: {count} disjoint routes"
    yield Row(
        name=f"{name} against OR-tools' min-cost flow, sites at once",
        ours=ours_us,
        peer=peer_us,
        unit="us",
        target=LEAST_RATIO if peer and count == 2 else None,
        better="lower",
    )
    if count == 2:
        sites = [Exits.at_nodes(site[None]) for site in setup.sites[:300]]
        search.find(sites[0], sharing=None)
        alone_s = _cpu_s(lambda: [search.find(site, sharing=None) for site in sites])
        yield Row(
            name=f"{name}, one call for each site",
            ours=1e6 * alone_s / len(sites),
            peer=peer_us,
            unit="us",
            better="lower",
        )
    full = np.diff(found.site_offset) == count
    yield Row(name=f"{name}: sites that have them", ours=100 * float(full.mean()), unit="%")


def _peer_us(setup: Setup, found: FoundMany, count: int, peer: ModuleType) -> float:
    """Return the peer's mean time; its cost must be ours, or there must be no such routes."""
    graph, sink = setup.graph, setup.graph.node_count
    flow = peer.SimpleMinCostFlow()
    tail = np.concatenate([graph.edge_from, graph.edge_to, setup.points.node.astype(np.int32)])
    ends = np.full(len(setup.points), sink, np.int32)
    head = np.concatenate([graph.edge_to, graph.edge_from, ends])
    cost = np.concatenate([graph.edge_cost, graph.edge_cost, setup.points.cost_cents])
    flow.add_arcs_with_capacity_and_unit_cost(tail, head, np.ones_like(tail, np.int64), cost)
    seconds = 0.0
    for row, site in enumerate(setup.sites[:PEER_SITES].tolist()):
        supply = np.zeros(sink + 1, np.int64)
        supply[[site, sink]] = count, -count
        flow.set_nodes_supplies(np.arange(sink + 1, dtype=np.int32), supply)
        spent_s, status = _timed(flow.solve)
        seconds += spent_s
        routes = slice(found.site_offset[row], found.site_offset[row + 1])
        is_full = routes.stop - routes.start == count
        if is_full != (status == flow.OPTIMAL):
            raise RuntimeError(f"site {site}: OR-tools says {status}, ours finds {routes}")
        if is_full and flow.optimal_cost() != found.cost[routes].sum():
            raise RuntimeError(f"site {site}: costs differ, OR-tools {flow.optimal_cost()}")
    return 1e6 * seconds / PEER_SITES


def _least_rows(setup: Setup, search: DisjointSearch) -> Iterator[Row]:
    seconds, found = _timed(lambda: _ask(search, setup.sites, 2, LEAST_SHARED))
    shares = found.proof[:, 0] > 0
    yield Row(
        name=f"{setup.name}: 2 routes, least shared where none are disjoint",
        ours=1e6 * seconds / SITES,
        unit="us",
        better="lower",
    )
    yield Row(
        name=f"{setup.name}: sites whose routes must share a trench",
        ours=100 * float(shares.mean()),
        unit="%",
        better="lower",
    )
    if (found.proof[:, :2] != found.proof[:, 2:4]).any():
        raise RuntimeError("a lower bound differs from the cost of the routes")


def _reroute_rows(setup: Setup, search: DisjointSearch) -> Iterator[Row]:
    """Lay the cheapest route, remove it and its access point, and look for another one."""
    failed, extra = 0, []
    sites = setup.sites[:300]
    best = _ask(search, sites, 2, None)
    full = np.flatnonzero(np.diff(best.site_offset) == 2)
    for row in full.tolist():
        start = Exits.at_nodes(sites[row : row + 1])
        first = search.find(start, count=1).routes[0]
        rest = np.delete(np.arange(len(setup.points)), first.target)
        others = AccessPoints.at_nodes(setup.points.node[rest], setup.points.cost_cents[rest])
        again = DisjointSearch.build(setup.graph, others, setup.length_m, bounded=False)
        second = again.find(start, count=1, avoid_edges=first.edge).routes
        routes = slice(best.site_offset[row], best.site_offset[row + 1])
        if second:
            total = first.cost_cents + second[0].cost_cents
            extra.append(total / best.cost[routes].sum() - 1)
        failed += not second
    yield Row(
        name=f"{setup.name}: removing the first route finds no second one",
        ours=100 * failed / len(full),
        unit="%",
        better="lower",
    )
    yield Row(
        name=f"{setup.name}: removing the first route costs at most so much more",
        ours=100 * max(extra),
        unit="%",
        better="lower",
    )


def _alternative_rows(setup: Setup) -> Iterator[Row]:
    net = WayNet.build(setup.graph, setup.length_m)
    pairs = [
        (Exits.at_nodes(site[None]), AccessPoints.at_nodes(np.array([point])))
        for site, point in zip(setup.sites[:40], _points_near(setup), strict=False)
    ]
    alternatives_on(net, *pairs[0])
    seconds = _cpu_s(lambda: [alternatives_on(net, *pair) for pair in pairs])
    yield Row(
        name=f"{setup.name}: 3 alternatives to an access point",
        ours=1e3 * seconds / len(pairs),
        unit="ms",
        better="lower",
    )


def _points_near(setup: Setup) -> list[int]:
    """Return for each site the access point with the next number (Hilbert order: near)."""
    place = np.searchsorted(setup.points.node, setup.sites[:40])
    return setup.points.node[np.minimum(place, len(setup.points) - 1)].tolist()


def _peer() -> ModuleType | None:
    try:
        from ortools.graph.python import min_cost_flow
    except ImportError:
        return None
    return min_cost_flow
