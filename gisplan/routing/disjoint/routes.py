"""The cheapest routes to different sources that share no trench, exactly; or the least shared.

One flow of ``count`` units runs from the site (a super source behind its exits) to a super sink
behind all access points. Every edge takes one unit in either direction, every access point and
every group of access points (feeder, busbar section, substation, as the caller asks) takes one,
and, if wanted, every node. Its cheapest flow is the cheapest set of routes over all access points.

Method
------
Successive shortest paths with potentials. With one unit to each edge an undirected edge is one
signed number, because opposed units cancel each other at no cost; behind every group stands one
state that a later route may enter, to push an earlier one to another access point of that group.
Each search ends at the sink's label, and only potentials of touched states are ever written.
Lower bounds of the cost to go, computed once for a set of targets (the nearest unit and the
nearest other one, from all targets at once), make the first route free and lead the second one.

Where no disjoint routes exist (a site in a cul-de-sac), further units of an edge cost
their metres first and their money second, compared as a pair of whole numbers, so nothing
overflows and no weight has to be chosen. The cost of an edge is then convex in its units and the
same method stays exact. With a price for a shared metre it is one sum instead of a pair.

With ``node_disjoint`` every node takes one route, but for nodes at which starts stand (routes meet
at the site in any case) and nodes with access points of several groups (a station).

References
----------
J. W. Suurballe, "Disjoint paths in a network", Networks 4 (1974).
R. Bhandari, "Survivable networks: algorithms for diverse routing", Kluwer (1999).
R. K. Ahuja, T. L. Magnanti, J. B. Orlin, "Network flows", Prentice Hall (1993), chapters 9 and 14.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from gisplan.errors import InputError
from gisplan.routing.disjoint.answer import answer_of
from gisplan.routing.disjoint.flow import FlowNet
from gisplan.routing.disjoint.flow_batch_kernel import find_many_routes
from gisplan.routing.disjoint.flow_routes_kernel import StartPlaces, find_routes
from gisplan.routing.disjoint.flow_state_kernel import LEAST, NEVER, PRICED, Ask
from gisplan.routing.places import check_places, whole_part_costs

if TYPE_CHECKING:
    from gisplan.model.grid import Floats, Integers
    from gisplan.routing.cost_graph import CostGraph
    from gisplan.routing.disjoint.flow_batch_kernel import FoundMany
    from gisplan.routing.disjoint.result import DisjointRoutes
    from gisplan.routing.layout_kernel import Int32s
    from gisplan.routing.places import AccessPoints, Exits

MOST_ROUTES = 64
NO_EDGES = np.zeros(0, dtype=np.int64)
DEAREST_PRICE = 1e6  # of a metre, or node: with 64 routes over all metres sums stay in 64 bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """How bad it is if routes share a trench.

    Without a price the fewest metres are shared, whatever that costs (and only where disjoint
    routes do not exist). With a price a shared metre costs that much more for each further route,
    and a shared node (with ``node_disjoint``) its own price.
    """

    price_cents_per_m: float | None = None
    price_cents_per_node: int = 0


LEAST_SHARED = Sharing()


@dataclass(frozen=True, slots=True, kw_only=True)
class DisjointSearch:
    """A graph with its access points, ready to be asked from many sites."""

    graph: CostGraph
    flow: FlowNet

    @classmethod
    def build(
        cls,
        graph: CostGraph,
        targets: AccessPoints,
        edge_length_m: Floats,
        *,
        bounded: bool = True,
    ) -> Self:
        """Return a search.

        Parameters
        ----------
        edge_length_m : float64 (edges,)
        bounded
            Whether lower bounds are computed; pays off from the second query on.

        Raises
        ------
        InputError
            If a target or a length is none.
        """
        return cls(graph=graph, flow=FlowNet.build(graph, targets, edge_length_m, bounded=bounded))

    def find(
        self,
        starts: Exits,
        *,
        count: int = 2,
        node_disjoint: bool = False,
        sharing: Sharing | None = LEAST_SHARED,
        avoid_edges: Integers = NO_EDGES,
    ) -> DisjointRoutes:
        """Return the cheapest routes from a site; see ``find_disjoint_routes``."""
        check_places(starts, self.graph, "starts")
        places, exits = _start_places(starts)
        avoided = edges_to_avoid(avoid_edges, self.graph)
        flow = self.flow
        with flow.workspace(len(starts), is_split=node_disjoint) as work:
            found = find_routes(
                flow.net,
                work.over,
                flow.rows,
                flow.bound,
                places,
                0,
                len(starts),
                avoided,
                work.space,
                self._ask(work.joints, len(exits), count, node_disjoint, sharing),
                count,
                flow.place_count,
            )
            may_share = sharing is not None
            return answer_of(found, count, may_share, exits, flow.net.edge_length_m)

    def find_many(
        self,
        starts: Exits,
        row_offset: Integers,
        *,
        count: int = 2,
        node_disjoint: bool = False,
        sharing: Sharing | None = LEAST_SHARED,
        avoid_edges: Integers = NO_EDGES,
    ) -> FoundMany:
        """Return the cheapest routes of many sites at once, as arrays.

        Parameters
        ----------
        starts
            Start rows of all sites; exits that serve one route only are not for many sites.
        row_offset : int64 (sites + 1,)
            Site s begins at the rows from ``row_offset[s]`` to ``row_offset[s + 1]``.

        Raises
        ------
        InputError
            As ``find_disjoint_routes``, or if offsets do not fit the rows.
        """
        check_places(starts, self.graph, "starts")
        places, exits = _start_places(starts)
        offset = np.asarray(row_offset, np.int64)
        rows = np.diff(offset)
        is_whole = len(rows) > 0 and offset[0] == 0 and offset[-1] == len(starts)
        if len(exits) or not is_whole or rows.min() < 1:
            raise InputError(
                f"rows of {len(rows)} sites from {offset[:1]} to {offset[-1:]}, {len(exits)} exits "
                f"for one route each; expected offsets that grow from 0 to {len(starts)}, and no "
                "such exits"
            )
        avoided = edges_to_avoid(avoid_edges, self.graph)
        flow = self.flow
        with flow.workspace(int(rows.max()), is_split=node_disjoint) as work:
            return find_many_routes(
                flow.net,
                work.over,
                flow.rows,
                flow.bound,
                places,
                offset,
                avoided,
                work.space,
                self._ask(work.joints, 0, count, node_disjoint, sharing),
                count,
                flow.place_count,
            )

    def _ask(
        self, joints: int, exits: int, count: int, node_disjoint: bool, sharing: Sharing | None
    ) -> Ask:
        if not 1 <= count <= MOST_ROUTES:
            raise InputError(f"{count} routes wanted; expected 1 to {MOST_ROUTES}")
        kind, price_per_m, price_per_node = _sharing(sharing)
        return Ask(
            sharing=kind,
            price_per_m=price_per_m,
            price_per_node=price_per_node,
            node_disjoint=int(node_disjoint),
            joints=joints,
            units=self.flow.unit_count,
            exits=exits,
        )


def find_disjoint_routes(
    graph: CostGraph,
    starts: Exits,
    targets: AccessPoints,
    *,
    edge_length_m: Floats,
    count: int = 2,
    node_disjoint: bool = False,
    sharing: Sharing | None = LEAST_SHARED,
    avoid_edges: Integers = NO_EDGES,
) -> DisjointRoutes:
    """Return the cheapest routes from a site to different access points and groups.

    For many sites with the same targets build a ``DisjointSearch`` once.

    Parameters
    ----------
    edge_length_m : float64 (edges,)
    count
        Number of routes, 1 to 64.
    node_disjoint
        Whether nodes (joints, manholes) take one route only, as edges do.
    sharing
        What sharing a trench costs where it cannot be helped; ``None`` if it must not be.
    avoid_edges : int (avoided,), edges that no route may use, whole or in part

    Raises
    ------
    InputError
        If something given is none: a place, a cost, a number of routes.
    """
    search = DisjointSearch.build(graph, targets, edge_length_m, bounded=False)
    return search.find(
        starts,
        count=count,
        node_disjoint=node_disjoint,
        sharing=sharing,
        avoid_edges=avoid_edges,
    )


def _sharing(sharing: Sharing | None) -> tuple[int, float, int]:
    if sharing is None:
        return NEVER, 0.0, 0
    if sharing.price_cents_per_m is None:
        return LEAST, 0.0, 0
    for price in (sharing.price_cents_per_m, sharing.price_cents_per_node):
        if not 0 <= price <= DEAREST_PRICE:
            raise InputError(f"sharing costs {price} cents; expected 0 to {DEAREST_PRICE:g}")
    return PRICED, float(sharing.price_cents_per_m), int(sharing.price_cents_per_node)


def _start_places(starts: Exits) -> tuple[StartPlaces, Integers]:
    """Return the start rows for the kernel, and the exits that serve one route each."""
    number = np.full(len(starts), -1, np.int32)
    exits = NO_EDGES
    if starts.exit.max() >= 0:
        told = starts.exit >= 0
        exits, rank = np.unique(starts.exit[told], return_inverse=True)
        number[told] = rank.reshape(-1)
    places = StartPlaces(
        node=starts.node.astype(np.int32),
        edge=starts.edge.astype(np.int32),
        share=starts.share,
        part_cost=whole_part_costs(starts),
        cost=starts.cost_cents.astype(np.int64),
        exit=number,
    )
    return places, exits


def edges_to_avoid(edges: Integers, graph: CostGraph) -> Int32s:
    """Return edges to avoid as the kernels take them.

    Raises
    ------
    InputError
        If the graph does not hold one of them.
    """
    if len(edges) and not (edges.min() >= 0 and edges.max() < graph.edge_count):
        raise InputError(
            f"edges to avoid run from {edges.min()} to {edges.max()}; expected 0 to "
            f"{graph.edge_count - 1}"
        )
    avoided: Int32s = edges.astype(np.int32)
    return avoided
