"""Peers of the street search; each answers with the costs of the 20 nearest access points."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from benchmarks.street_cases import WANTED, Town

Ask = Callable[[int], np.ndarray]


def ask_networkx(town: Town) -> Ask:
    """Dijkstra over networkx's dictionaries, written by hand, that stops at the 20th target."""
    import networkx as nx

    graph = nx.Graph()
    streets = town.streets
    for tail, head, cost in zip(
        streets.edge_from.tolist(),
        streets.edge_to.tolist(),
        streets.cost_cents.tolist(),
        strict=True,
    ):
        if not graph.has_edge(tail, head) or graph[tail][head]["cost"] > cost:
            graph.add_edge(tail, head, cost=cost)
    beside = graph._adj
    targets = set(np.flatnonzero(town.is_target).tolist())

    def ask(site: int) -> np.ndarray:
        found: list[int] = []
        label, waiting, settled = {site: 0}, [(0, site)], set()
        while waiting:
            cost, node = heappop(waiting)
            if node in settled:
                continue
            settled.add(node)
            if node in targets:
                found.append(cost)
                if len(found) == WANTED:
                    break
            for head, edge in beside[node].items():
                further = cost + edge["cost"]
                if further < label.get(head, 1 << 60):
                    label[head] = further
                    heappush(waiting, (further, head))
        return np.array(found)

    return ask


def ask_scipy(town: Town, told: dict[int, np.ndarray]) -> Ask:
    """scipy's dijkstra, told the cost of the 20th."""
    matrix = town_matrix(town)
    is_target = town.is_target.astype(bool)

    def ask(site: int) -> np.ndarray:
        cost = dijkstra(matrix, indices=site, limit=float(told[site][-1]))
        return np.sort(cost[is_target])[:WANTED]

    return ask


def ask_networkit(town: Town, told_nodes: dict[int, np.ndarray]) -> Ask:
    """networkit's MultiTargetDijkstra, told the 20 nodes."""
    import networkit

    streets = town.streets
    graph = networkit.GraphFromCoo(
        (streets.cost_cents.astype(float), (streets.edge_from, streets.edge_to)),
        n=town.graph.node_count,
        weighted=True,
        directed=False,
    )

    def ask(site: int) -> np.ndarray:
        search = networkit.distance.MultiTargetDijkstra(graph, site, told_nodes[site].tolist())
        search.run()
        return np.sort(search.getDistances())

    return ask


def ask_pandana(town: Town, told_nodes: dict[int, np.ndarray]) -> Ask:
    """pandana's contraction hierarchies, told the 20 nodes; its preprocessing happens here."""
    import pandana
    import pandas as pd

    streets = town.streets
    network = pandana.Network(
        pd.Series(streets.x_m),
        pd.Series(streets.y_m),
        pd.Series(streets.edge_from),
        pd.Series(streets.edge_to),
        pd.DataFrame({"cost": streets.cost_cents / 1000}),  # it keeps three decimals
    )

    def ask(site: int) -> np.ndarray:
        nodes = told_nodes[site].tolist()
        return np.sort(network.shortest_path_lengths([site] * len(nodes), nodes)) * 1000

    return ask


def town_matrix(town: Town):  # type: ignore[no-untyped-def]
    """Return the streets as a symmetric sparse matrix."""
    streets, count = town.streets, town.graph.node_count
    tail = np.concatenate([streets.edge_from, streets.edge_to])
    head = np.concatenate([streets.edge_to, streets.edge_from])
    cost = np.tile(streets.cost_cents.astype(float), 2)
    return coo_array((cost, (tail, head)), shape=(count, count)).tocsr()
