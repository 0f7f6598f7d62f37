"""What the street benchmarks share: a graph with access points, sites, CPU time, the floor."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass

import numba
import numpy as np

from benchmarks.street_graph import StreetGraph, spread_nodes, street_graph
from gisplan.routing.cost_graph import CostGraph, build_cost_graph
from gisplan.routing.nearest import find_nearest
from gisplan.routing.search import NO_BOUND, Starts, Targets
from gisplan.routing.street_heap_kernel import LABEL, TOUCHED
from gisplan.routing.street_kernel import forget, lay_start, next_targets

WANTED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """A street graph, its access points, and sites away from its margin to ask from."""

    streets: StreetGraph
    graph: CostGraph
    is_target: np.ndarray
    targets: Targets
    sites: np.ndarray

    def nearest(self, site: int) -> np.ndarray:
        """Costs of the 20 nearest access points; their ways are found too."""
        return find_nearest(
            self.graph, Starts.at(np.array([site])), self.targets, WANTED
        ).cost_cents


def make_town(edge_count: int, nodes_per_target: int, site_count: int) -> Town:
    """Return a town of so many edges, with its kernels compiled."""
    streets = street_graph(edge_count, 11)
    graph = build_cost_graph(streets.edge_from, streets.edge_to, streets.cost_cents)
    flags = spread_nodes(graph.node_count, nodes_per_target, 12)
    side_m = streets.x_m.max()
    is_inside = (np.abs(streets.x_m / side_m - 0.5) < 0.3) & (
        np.abs(streets.y_m / side_m - 0.5) < 0.3
    )
    rng = np.random.default_rng(13)
    town = Town(
        streets=streets,
        graph=graph,
        is_target=flags,
        targets=Targets.at_nodes(flags),
        sites=rng.choice(np.flatnonzero(is_inside), site_count, replace=False),
    )
    town.nearest(int(town.sites[0]))
    return town


def cpu_s(work: Callable[[], object], *, runs: int = 3) -> float:
    """CPU seconds of the best of some runs."""
    best = float("inf")
    for _ in range(runs):
        gc.collect()
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return best


@numba.njit(nogil=True)
def search_sites(  # noqa: PLR0917
    arcs, targets, memory, shift, sites, repeats
):  # type: ignore[no-untyped-def]
    """Find the 20 nearest of every site, some times in a row, without leaving compiled code."""
    cost, found = np.zeros(len(sites), np.int64), np.empty(WANTED, np.int32)
    for row in range(len(sites)):
        for _ in range(repeats):
            lay_start(memory, shift, sites, cost, row, row + 1)
            next_targets(arcs, targets, memory, shift, NO_BOUND, found)
            forget(memory)


@numba.njit(nogil=True)
def settled_nodes(arcs, targets, memory, shift, sites):  # type: ignore[no-untyped-def]
    """Return the nodes that are no further than the 20th target of each site, one after another."""
    cost, found = np.zeros(len(sites), np.int64), np.empty(WANTED, np.int32)
    offset, nodes = np.zeros(len(sites) + 1, np.int64), np.empty(1 << 24, np.int32)
    used = 0
    for row in range(len(sites)):
        lay_start(memory, shift, sites, cost, row, row + 1)
        size = next_targets(arcs, targets, memory, shift, NO_BOUND, found)
        most = memory.record[found[size - 1], LABEL]
        for i in range(memory.tally[TOUCHED]):
            if memory.record[memory.touched[i], LABEL] <= most:
                nodes[used] = memory.touched[i]
                used += 1
        offset[row + 1] = used
        forget(memory)
    return offset, nodes[:used]


@numba.njit(nogil=True)
def touch_arcs(arcs, memory, nodes):  # type: ignore[no-untyped-def]
    """Read head, cost and edge of every arc of the nodes once, and the label of its head."""
    total = 0
    for node in nodes:
        for row in range(arcs.offset[node], arcs.offset[node + 1]):
            total += arcs.arc_edge[row]
            if memory.record[arcs.arc[row, 0], LABEL] > arcs.arc[row, 1]:
                total += 1
    return total
