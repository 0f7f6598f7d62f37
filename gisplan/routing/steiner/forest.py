"""The cheapest forest that hangs terminals on access points, or leaves them out at a price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gisplan.errors import InputError
from gisplan.routing.layout_kernel import lay_out
from gisplan.routing.steiner.forest_kernel import cost_from
from gisplan.routing.steiner.tree import (
    ROUNDS,
    SEED,
    Network,
    checked_nodes,
    groups_of,
    network_of,
    solve_network,
)

if TYPE_CHECKING:
    from gisplan.model.grid import Flags, Floats, Integers
    from gisplan.routing.cost_graph import CostGraph
    from gisplan.routing.steiner.heap_kernel import Int32s, Int64s

LARGEST_PRICE = float(1 << 40)


@dataclass(frozen=True, slots=True, kw_only=True)
class SteinerForest:
    """Trees that each hang on one access point.

    Parameters
    ----------
    edges : int64 (edges of the trees,), rising
    opened : int64, rows of the access points in use, rising
    access : int64 (terminals,), row of the access point that each hangs on, -1 for none
    is_left_out : bool (terminals,), left out at its prize, which is part of the cost
    is_unreached : bool (terminals,), without a prize and without a way to any access point
    cost : edges, access points and prizes of those left out
    lower_bound : no forest that connects or pays for the same terminals costs less
    """

    edges: Integers
    opened: Integers
    access: Integers
    is_left_out: Flags
    is_unreached: Flags
    cost: int
    lower_bound: int

    @property
    def gap_ratio(self) -> float:
        """How much of the cost may be too much at most, 0 to 1."""
        return (self.cost - self.lower_bound) / self.cost if self.cost else 0.0

    @property
    def is_proven(self) -> bool:
        """Whether no forest is cheaper."""
        return self.cost == self.lower_bound


def find_steiner_forest(
    graph: CostGraph,
    terminals: Integers,
    *,
    access_node: Integers,
    access_cost: Integers | Floats,
    prize: Integers | Floats | None = None,
    rounds: int = ROUNDS,
    seed: int = SEED,
) -> SteinerForest:
    """Return cheap trees that hang each terminal on an access point, and a lower bound.

    Parameters
    ----------
    terminals : int (terminals,), nodes
    access_node : int (access points,), nodes
    access_cost : (access points,), paid once where any terminal hangs on it; infinity closes it
    prize : (terminals,)
        What leaving a terminal out costs, as its own best separate connection; infinity, or no
        prizes at all, where it must be connected.
    rounds, seed
        As in ``find_steiner_tree``.

    Raises
    ------
    InputError
        If a node is not there, or a cost is NaN, negative or too large.
    """
    checked_nodes(terminals, graph.node_count, "terminal")
    checked_nodes(access_node, graph.node_count, "access point")
    node = np.asarray(terminals, dtype=np.int32)
    access_at = np.asarray(access_node, dtype=np.int32)
    return solve_forest(
        network_of(graph),
        node,
        access_node=access_at,
        access_cost=_prices(access_cost, len(access_at), "access point"),
        prize=_prices(np.full(len(node), np.inf) if prize is None else prize, len(node), "prize"),
        rounds=rounds,
        seed=seed,
    )


def solve_forest(
    network: Network,
    node: Int32s,
    *,
    access_node: Int32s,
    access_cost: Int64s,
    prize: Int64s,
    rounds: int,
    seed: int,
) -> SteinerForest:
    """Return the forest; costs are whole numbers, -1 where infinite."""
    rooted = _with_root(network, access_node, access_cost)
    root = rooted.node_count - 1
    group = groups_of(rooted, np.concatenate([np.array([root], np.int32), node]))[1:]
    is_reached = group == 0
    may_pay = prize >= 0
    prized = np.flatnonzero(is_reached & may_pay)
    extended, penalty = _with_prizes(rooted, node[prized], prize[prized])
    needed = np.concatenate(
        [
            [root],
            np.unique(node[is_reached & ~may_pay]),
            np.arange(len(prized)) + rooted.node_count,
        ]
    )
    tree = solve_network(extended, needed.astype(np.int32), rounds=rounds, seed=seed)
    first_access = len(network.edge_from)
    first_prize = first_access + len(access_node)
    paid = tree.edges[tree.edges >= first_prize] - first_prize
    is_left_out = ~is_reached & may_pay
    is_left_out[prized[paid[paid < len(prized)]]] = True
    edges = tree.edges[tree.edges < first_access]
    opened = tree.edges[(tree.edges >= first_access) & (tree.edges < first_prize)] - first_access
    access = _hanging_on(network, edges, access_node, opened)[node]
    access[is_left_out] = -1
    surplus = penalty * len(prized) - int(prize[~is_reached & may_pay].sum())
    return SteinerForest(
        edges=edges,
        opened=opened,
        access=access,
        is_left_out=is_left_out,
        is_unreached=~is_reached & ~may_pay,
        cost=tree.cost - surplus,
        lower_bound=tree.lower_bound - surplus,
    )


def _prices(given: Integers | Floats, count: int, what: str) -> Int64s:
    """Return whole prices, -1 where infinite."""
    price = np.asarray(given, dtype=np.float64)
    if price.shape != (count,):
        raise InputError(f"{what}s have costs of shape {price.shape}; expected ({count},)")
    wrong = ~(price >= 0) | ((price > LARGEST_PRICE) & (price != np.inf))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"{what} {row} costs {price[row]}; expected a number from 0 to {LARGEST_PRICE:.0f}, "
            "or infinity"
        )
    whole: Int64s = np.full(count, -1, np.int64)
    whole[price != np.inf] = np.rint(price[price != np.inf])
    return whole


def _with_root(network: Network, access_at: Int32s, opening: Int64s) -> Network:
    """Add a node from which an edge of the access point's cost leads to each access point."""
    root = np.full(len(access_at), network.node_count, np.int32)
    return _extended(network, 1, root, access_at, opening)


def _with_prizes(network: Network, node: Int32s, worth: Int64s) -> tuple[Network, int]:
    """Add for each prize a node that the root reaches for the prize and its terminal for nothing.

    Both edges also cost a penalty, as much as the dearest way from the root to a prize's terminal:
    passing through such a node is then never worth it, and a tree pays the penalty once for each
    of them. Returns the network and the penalty.
    """
    root = network.node_count - 1
    penalty = 0
    if len(node):
        cost = cost_from(
            network.offset,
            network.arc_edge,
            network.edge_from,
            network.edge_to,
            network.edge_cost,
            root,
        )
        penalty = int(cost[node].max()) + 1
    new = np.arange(len(node), dtype=np.int32) + network.node_count
    return _extended(
        network,
        len(node),
        np.concatenate([np.full(len(node), root, np.int32), node]),
        np.concatenate([new, new]),
        np.concatenate([worth + penalty, np.full(len(node), penalty, np.int64)]),
    ), penalty


def _extended(
    network: Network, more_nodes: int, tail: Int32s, head: Int32s, cost: Int64s
) -> Network:
    edge_from = np.concatenate([network.edge_from, tail])
    edge_to = np.concatenate([network.edge_to, head])
    edge_cost = np.concatenate([network.edge_cost, cost])
    offset, _, arc_edge = lay_out(
        edge_from, edge_to, np.zeros(len(edge_from), np.int32), network.node_count + more_nodes
    )
    return Network(
        offset=offset,
        arc_edge=arc_edge,
        edge_from=edge_from,
        edge_to=edge_to,
        edge_cost=edge_cost,
    )


def _hanging_on(network: Network, edges: Integers, access_at: Int32s, opened: Integers) -> Integers:
    """Return for each node the opened access point that the edges join it to, -1 for none."""
    ends = network.edge_from[edges], network.edge_to[edges]
    size = network.node_count
    tree = coo_array((np.ones(len(edges), np.int8), ends), shape=(size, size))
    count, tree_of = connected_components(tree, directed=False)
    access_of = np.full(count, -1, np.int64)
    access_of[tree_of[access_at[opened[::-1]]]] = opened[::-1]
    found: Integers = access_of[tree_of]
    return found
