"""Ways that are dearer but shorter: for limits and prices that depend on a way's whole length.

Where a length is limited (the voltage drop of a cable), or what comes on top of a way rises with it
(joints), the cheapest way to a target need not be the best one. ``find_shorter_ways`` returns for
every target its cheapest way, then each dearer one that is shorter than all before: one of these is
the best, whatever the limit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.errors import InputError
from gisplan.routing.search import NO_BOUND, CorridorPath, check_start_nodes, check_targets
from gisplan.routing.shorter_kernel import Begun, Limits, trade_ways

if TYPE_CHECKING:
    from gisplan.model.grid import Floats, Integers
    from gisplan.routing.cost_graph import CostGraph
    from gisplan.routing.search import Starts, Targets
    from gisplan.routing.turns import BendSearch


@dataclass(frozen=True, slots=True, kw_only=True)
class WayLimits:
    """Ways that matter: at most ``reach_m`` long, cheaper than ``bound_cents``.

    Ways that cost ``slack_cents`` or more above the cheapest one to their target do not matter.
    """

    reach_m: float = np.inf
    slack_cents: int = NO_BOUND
    bound_cents: int = NO_BOUND


ALL_WAYS = WayLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShorterWays:
    """Ways to targets, arrays of shape (ways,), in order of cost; one target may have several.

    ``length_m`` is the length of start, edges and what lies between the last node and a place.
    ``start`` is the row of the start, ``last_row`` that of ``Targets.with_places`` by which a way
    arrives at a place, -1 at nodes and at places where a way begins. ``way_offset`` (ways + 1,) and
    ``way_edge`` hold the edges of the ways.
    """

    starts: Starts
    target: Integers
    cost_cents: Integers
    length_m: Floats
    start: Integers
    last_row: Integers
    way_offset: Integers
    way_edge: Integers

    def __len__(self) -> int:
        return len(self.target)

    def path(self, row: int) -> CorridorPath:
        """Return one of the ways."""
        start = int(self.start[row])
        return CorridorPath(
            seed=int(self.starts.seed[start]),
            first_node=int(self.starts.node[start]),
            edges=self.way_edge[self.way_offset[row] : self.way_offset[row + 1]],
            cost_cents=int(self.cost_cents[row]),
        )


def find_shorter_ways(
    graph: CostGraph,
    starts: Starts,
    targets: Targets,
    *,
    edge_length_m: Floats,
    row_length_m: Floats,
    limits: WayLimits = ALL_WAYS,
) -> ShorterWays:
    """Return for every target each way that is shorter than all of its cheaper ones.

    Parameters
    ----------
    edge_length_m : float64 (edges,)
    row_length_m : float64 (rows,)
        What lies between node and place, for each row of ``Targets.with_places``.
    limits
        Which ways matter; others may be left out.

    Raises
    ------
    InputError
        If a start is not there, or lengths are not given for every edge and row.
    """
    check_targets(targets, graph.node_count)
    check_start_nodes(starts, graph.node_count + targets.place_count)
    edge_m, row_m = (np.array(given, np.float64) for given in (edge_length_m, row_length_m))
    rows = int(targets.place_row.max()) + 1 if len(targets.place_row) else 0
    if len(edge_m) != graph.edge_count or len(row_m) < rows:
        raise InputError(
            f"lengths are given for {len(edge_m)} edges and {len(row_m)} rows of places; expected "
            f"{graph.edge_count} and {rows}"
        )
    found = trade_ways(
        graph.arcs,
        edge_m,
        targets.arrays,
        row_m[targets.place_row],
        Begun(starts.node, starts.cost_cents, np.array(starts.length_m, np.float64)),
        Limits(
            float(limits.reach_m),
            min(limits.slack_cents, NO_BOUND),
            min(limits.bound_cents, NO_BOUND),
        ),
    )
    rows_of = np.append(targets.place_row.astype(np.int64), -1)
    return ShorterWays(
        starts=starts,
        target=found.target,
        cost_cents=found.cost,
        length_m=found.length_m,
        start=found.start,
        last_row=rows_of[found.last_row],
        way_offset=found.way_offset,
        way_edge=found.way_edge,
    )


def find_shorter_bent_ways(
    search: BendSearch,
    edge_length_m: Floats,
    row_length_m: Floats,
    limits: WayLimits = ALL_WAYS,
) -> ShorterWays:
    """Return what ``find_shorter_ways`` does where bends cost, for the question of a search."""
    begun, bends = search.begun, search.bends
    edge_m, row_m = np.append(edge_length_m, 0.0), np.append(row_length_m, 0.0)
    own_m = search.starts.length_m[begun.owner] + edge_m[begun.edge] + row_m[begun.row]
    found = find_shorter_ways(
        bends.steps,
        replace(begun.starts, length_m=own_m),
        search.targets.targets,
        edge_length_m=edge_m[bends.steps.edge_to >> 1],
        row_length_m=row_m[search.targets.state_row],
        limits=limits,
    )
    arrives = np.where(
        found.last_row >= 0,
        np.append(search.targets.state_row, -1)[found.last_row],
        begun.row[found.start],
    )
    first = begun.edge[found.start]
    offset = found.way_offset + np.concatenate([[0], np.cumsum(first >= 0)])
    edges = np.insert(
        bends.steps.edge_to[found.way_edge].astype(np.int64) >> 1,
        found.way_offset[:-1][first >= 0],
        first[first >= 0],
    )
    return ShorterWays(
        starts=search.starts,
        target=found.target - 2 * bends.graph.edge_count,
        cost_cents=found.cost_cents,
        length_m=found.length_m,
        start=begun.owner[found.start],
        last_row=arrives,
        way_offset=offset,
        way_edge=edges,
    )
