"""A lower bound on every joint plan, by dual ascent; capacities are left out of it.

An edge is paid for in each direction here. That is no more than a plan pays where some cheapest
plan uses every edge in one direction only, which holds if all cables have one price, or if all
access points ask the same for a connection, and everybody may hang everywhere. Where that is not
so, several bounds are found and the largest one counts: some with prices or connections made equal
at their least and every access point open to all that is to one, and one of the question as it is
in which an edge is paid for once whatever the direction.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.routing.steiner.heap_kernel import turn_round
from gisplan.routing.steiner.trench_bound_kernel import (
    BoundArrays,
    cable_potentials,
    raise_potentials,
    release,
)
from gisplan.routing.steiner.trench_region import cut_out

if TYPE_CHECKING:
    from gisplan.routing.steiner.heap_kernel import Int64s
    from gisplan.routing.steiner.trench_problem import TrenchProblem

BEYOND = 1 << 58
"""Potential of a node that no way leads to."""
RELEASED = 0.5
"""Share of the applications whose potentials are given back in a round."""


MOST_POTENTIALS = 1 << 25
"""Applications times nodes; more applications are counted with their cables only."""


def trench_bound(problem: TrenchProblem, rows: Int64s, *, cost: int, rounds: int, seed: int) -> int:
    """Return a bound on the cost of connecting the applications ``rows``, or leaving them out.

    ``cost`` is that of a plan which does so.
    """
    if not len(rows):
        return 0
    part = cut_out(problem, rows, cost)
    access, price = part.access, part.price
    if not len(access.node):
        return int(part.own.sum())
    bounds = []
    one_price = np.full_like(price, price.min())
    one_connection = np.full_like(access.connection, access.connection.min())
    anybody = np.ascontiguousarray(np.broadcast_to(part.admits.max(axis=0), part.admits.shape))
    free = replace(part, admits=anybody)
    if (price == one_price).all() or (access.connection == one_connection).all():
        bounds.append(_ascend(free, rounds=rounds, seed=seed))
    else:
        uniform = access._replace(connection=one_connection)
        bounds.append(_ascend(replace(free, access=uniform), rounds=rounds, seed=seed))
        bounds.append(_ascend(replace(free, price=one_price), rounds=rounds, seed=seed))
    if (part.admits != anybody).any():
        bounds.append(_ascend(part, rounds=rounds, seed=seed, is_directed=False))
    return max(bounds)


def _ascend(problem: TrenchProblem, *, rounds: int, seed: int, is_directed: bool = True) -> int:
    """Raise potentials; then give some of them back and raise again, where that gains."""
    ground, access = problem.ground, problem.access
    back = turn_round(ground.offset, ground.head, ground.arc_edge)[1]
    raised = max(1, MOST_POTENTIALS // (len(ground.offset) - 1))
    row = np.arange(min(problem.count, raised), dtype=np.int64)
    first, others = _first_potentials(problem, len(row))
    civil = np.maximum(ground.civil, 0)
    arcs = np.arange(len(ground.arc_edge), dtype=np.int32)
    dual = BoundArrays(
        potential=first.copy(),
        left=civil[ground.arc_edge] if is_directed else civil.copy(),
        access_left=access.equipment.copy(),
        slot=arcs if is_directed else ground.arc_edge,
    )

    def raise_in(order: Int64s, dual: BoundArrays) -> int:
        question = (ground, access, back, problem.node, problem.price, problem.own)
        raise_potentials(*question, problem.admits, order, dual)
        return others + int(dual.potential[row, problem.node[row]].sum())

    rng = np.random.default_rng(seed)
    best = raise_in(row, dual)
    for _ in range(rounds):
        trial = dual._replace(
            potential=dual.potential.copy(),
            left=dual.left.copy(),
            access_left=dual.access_left.copy(),
        )
        order = rng.permutation(row)
        for k in order[: max(1, round(RELEASED * len(row)))]:
            own = problem.admits[k], trial.potential[k], first[k]
            price = int(problem.price[k])
            release(ground, access, int(problem.node[k]), price, *own, trial)
        bound = raise_in(order[::-1].copy(), trial)
        if bound >= best:
            best, dual = bound, trial
    return best


def _first_potentials(problem: TrenchProblem, raised: int) -> tuple[Int64s, int]:
    """Return what the cables alone cost from everywhere, at most what being left out does.

    They are an array (applications, nodes) for the first ``raised`` applications, and a sum of what
    the others pay where they stand.
    """
    potential = np.zeros((raised, len(problem.ground.offset) - 1), np.int64)
    others = 0
    own = np.where(problem.own >= 0, problem.own, BEYOND)
    for price in np.unique(problem.price):
        cable = cable_potentials(problem.ground, problem.access, int(price), BEYOND)
        for k in np.flatnonzero(problem.price == price):
            if k < raised:
                potential[k] = np.minimum(cable, own[k])
            else:
                others += int(min(cable[problem.node[k]], own[k]))
    return potential, others
