"""Street graphs to measure on: planar, with the degrees of a real county, in Hilbert order.

A jittered grid is thinned to a random spanning tree and some of the other edges, which leaves dead
ends and tee junctions as streets have them; then some edges get a bend in the middle. About 10 % of
the nodes end a street, 33 % have two edges, 33 % three and 24 % four: 2.7 edges meet at a node.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree

from gisplan.network.hilbert import hilbert_key

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Pairs = npt.NDArray[np.int64]

SPACING_M = 110.0
JITTER = 0.35
EDGES_PER_NODE = 1.36
BENDS_PER_NODE = 0.25
KEPT_PER_NODE = EDGES_PER_NODE * (1 + BENDS_PER_NODE) - BENDS_PER_NODE
RARER = np.array([1.0, 0.35, 1.0, 0.25, 0.1])  # odds of an edge more, by the degree of an end
CENTS_PER_M = np.array([14_000, 10_900, 5_700])  # asphalt, paving, verge with a cable in it
SHARE_OF_SURFACE = np.array([0.55, 0.3, 0.15])


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetGraph:
    """Places of the nodes in metres, and the edges with their length and cost in whole cents."""

    x_m: Floats
    y_m: Floats
    edge_from: Integers
    edge_to: Integers
    edge_length_m: Floats
    cost_cents: Integers

    @property
    def node_count(self) -> int:
        """Number of nodes."""
        return len(self.x_m)


def street_graph(edge_count: int, seed: int) -> StreetGraph:
    """Return a connected street graph of exactly ``edge_count`` edges (100 or more)."""
    rng = np.random.default_rng(seed)
    side = round(np.sqrt(edge_count / (KEPT_PER_NODE + BENDS_PER_NODE)))
    place = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).reshape(-1, 2)
    xy = (place + rng.uniform(-JITTER, JITTER, place.shape)) * SPACING_M
    pairs = _thinned(side, edge_count - round(BENDS_PER_NODE * len(xy)), rng)
    xy, pairs = _bent(xy, pairs, edge_count - len(pairs), rng)
    xy, pairs = _in_hilbert_order(xy, pairs)
    straight_m = np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T)
    length_m = straight_m * (1 + rng.exponential(0.06, len(pairs)))
    surface = rng.choice(len(CENTS_PER_M), len(pairs), p=SHARE_OF_SURFACE)
    return StreetGraph(
        x_m=xy[:, 0].copy(),
        y_m=xy[:, 1].copy(),
        edge_from=pairs[:, 0].copy(),
        edge_to=pairs[:, 1].copy(),
        edge_length_m=length_m,
        cost_cents=np.rint(length_m * CENTS_PER_M[surface]).astype(np.int64),
    )


def spread_nodes(node_count: int, nodes_per_target: int, seed: int) -> npt.NDArray[np.uint8]:
    """Return 1 for one random node of ``nodes_per_target``, 0 for the others."""
    chosen = np.random.default_rng(seed).choice(
        node_count, node_count // nodes_per_target, replace=False
    )
    flags = np.zeros(node_count, dtype=np.uint8)
    flags[chosen] = 1
    return flags


def _thinned(side: int, kept_count: int, rng: np.random.Generator) -> Pairs:
    """Return a random spanning tree of a square grid and random other edges of it."""
    node = np.arange(side * side).reshape(side, side)
    across = np.column_stack([node[:, :-1].reshape(-1), node[:, 1:].reshape(-1)])
    along = np.column_stack([node[:-1].reshape(-1), node[1:].reshape(-1)])
    pairs = np.concatenate([across, along])
    weight = rng.uniform(1.0, 2.0, len(pairs))
    grid = coo_array((weight, (pairs[:, 0], pairs[:, 1])), shape=(side * side, side * side))
    tree = minimum_spanning_tree(grid.tocsr()).tocoo()
    tree_key = tree.row.astype(np.int64) * side * side + tree.col
    in_tree = np.isin(pairs[:, 0] * side * side + pairs[:, 1], tree_key)
    degree = np.bincount(pairs[in_tree].reshape(-1), minlength=side * side)
    chance = rng.uniform(size=len(pairs)) * RARER[degree[pairs]].prod(axis=1)
    chance[in_tree] = 2.0
    best = np.argpartition(-chance, kept_count)[:kept_count]
    return pairs[np.sort(best)]


def _bent(
    xy: Floats, pairs: Pairs, bend_count: int, rng: np.random.Generator
) -> tuple[Floats, Pairs]:
    """Put a node near the middle of some edges."""
    chosen = rng.choice(len(pairs), bend_count, replace=False)
    middle = (xy[pairs[chosen, 0]] + xy[pairs[chosen, 1]]) / 2
    middle += rng.uniform(-0.1, 0.1, middle.shape) * SPACING_M
    bend = len(xy) + np.arange(bend_count)
    second = np.column_stack([bend, pairs[chosen, 1]])
    first = pairs.copy()
    first[chosen, 1] = bend
    return np.concatenate([xy, middle]), np.concatenate([first, second])


def _in_hilbert_order(xy: Floats, pairs: Pairs) -> tuple[Floats, Pairs]:
    order = np.argsort(hilbert_key(xy[:, 0], xy[:, 1]), kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    pairs = rank[pairs]
    by_node = np.lexsort((pairs.max(axis=1), pairs.min(axis=1)))
    return xy[order], pairs[by_node]
