"""Least cost from many starts to every node of a graph, in one search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.routing.search import Starts, check_start_nodes
from gisplan.routing.street_heap_kernel import UNREACHED as _UNREACHED
from gisplan.routing.street_heap_kernel import TargetArrays
from gisplan.routing.street_kernel import lay_start, next_targets
from gisplan.routing.sweep_kernel import read_out

if TYPE_CHECKING:
    from gisplan.model.grid import Integers
    from gisplan.routing.cost_graph import CostGraph
    from gisplan.routing.street_heap_kernel import Int32s, Int64s

UNREACHED = int(_UNREACHED)
"""Cost of a node that no start reaches."""
WIDER_BITS = 2  # wide buckets read the memory in its order, and nothing is gained by stopping early
_NO_PLACES = tuple(np.zeros(0, dtype=np.int32) for _ in range(3))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What a sweep found for every node.

    Parameters
    ----------
    cost_cents : int64 (nodes,), ``UNREACHED`` where no start leads
    start : int32 (nodes,), row of the start that the node is cheapest from, -1 for none
    via : int32 (nodes,), edge by which the way arrives; -1 at a start and where there is none
    """

    cost_cents: Int64s
    start: Int32s
    via: Int32s


def sweep(graph: CostGraph, node: Integers, cost_cents: Integers) -> Sweep:
    """Return the cheapest start of every node, and the way from it.

    Parameters
    ----------
    node : int (starts,), where each start stands; several may stand at one node
    cost_cents : int (starts,), what each start costs before its first edge; negative is no start

    Raises
    ------
    InputError
        If a start stands at a node that is not there, or the arrays differ in length.

    Notes
    -----
    Of equally cheap ways that arrive at a node the one by the lowest edge is taken, and a start at
    the node itself before any.
    """
    starts = Starts.at(node, cost_cents)
    check_start_nodes(starts, graph.node_count)
    shift = graph.bucket_shift + WIDER_BITS
    with graph.workspaces.lend(graph.node_count) as memory:
        lay_start(memory, shift, starts.node, starts.cost_cents, 0, len(starts))
        nothing = TargetArrays(memory.flag, *_NO_PLACES)
        next_targets(graph.arcs, nothing, memory, shift, UNREACHED, np.empty(1, np.int32))
        cost, start, via = read_out(graph.arcs, memory)
    return Sweep(cost_cents=cost, start=start, via=via)
