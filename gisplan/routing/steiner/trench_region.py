"""The part of a joint plan's graph that a cheapest plan without capacities can use."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.routing.steiner.trench_bound_kernel import nodes_within
from gisplan.routing.steiner.trench_kernel import AccessArrays, GroundArrays

if TYPE_CHECKING:
    from gisplan.routing.steiner.heap_kernel import Int64s
    from gisplan.routing.steiner.trench_problem import TrenchProblem


def cut_out(problem: TrenchProblem, rows: Int64s, cost: int) -> TrenchProblem:
    """Return the problem of some applications on the nodes that a plan of such a cost can reach.

    Every trench of such a plan hangs together with an application, so its far end is no further
    away than the plan costs.
    """
    kept = nodes_within(problem.ground, problem.node[rows], int(problem.price[rows].min()), cost)
    if len(kept) == len(problem.ground.offset) - 1:
        return _only(problem, rows)
    new = np.full(len(problem.ground.offset) - 1, -1, np.int32)
    new[kept] = np.arange(len(kept), dtype=np.int32)
    ground, access = problem.ground, problem.access
    tail = np.repeat(new, np.diff(ground.offset))
    is_inside = (tail >= 0) & (new[ground.head] >= 0)
    edges, arc_edge = np.unique(ground.arc_edge[is_inside], return_inverse=True)
    ends = np.zeros(len(edges), np.int32)
    ends[arc_edge] = (tail + new[ground.head])[is_inside]
    points = np.flatnonzero(new[access.node] >= 0)
    place = new[access.node[points]]
    return replace(
        _only(problem, rows),
        ground=GroundArrays(
            offset=np.searchsorted(tail[is_inside], np.arange(len(kept) + 1)).astype(np.int32),
            head=new[ground.head[is_inside]],
            arc_edge=arc_edge.astype(np.int32),
            ends=ends,
            civil=ground.civil[edges],
            length=ground.length[edges],
            ways=ground.ways[edges],
            closed=ground.closed[kept],
        ),
        access=AccessArrays(
            first=np.searchsorted(place, np.arange(len(kept) + 1)).astype(np.int32),
            node=place,
            equipment=access.equipment[points],
            connection=access.connection[points],
            room=access.room[points],
            ways=access.ways[points],
        ),
        node=new[problem.node[rows]].astype(np.int64),
        admits=np.ascontiguousarray(problem.admits[rows][:, points]),
    )


def _only(problem: TrenchProblem, rows: Int64s) -> TrenchProblem:
    return replace(
        problem,
        order=problem.order[rows],
        node=problem.node[rows],
        power=problem.power[rows],
        price=problem.price[rows],
        cables=problem.cables[rows],
        own=problem.own[rows],
        admits=problem.admits[rows],
    )
