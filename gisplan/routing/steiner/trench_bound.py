"""A lower bound on every joint plan, by dual ascent; capacities are left out of it.

An edge is paid for in each direction here. That is no more than a plan pays where some cheapest
plan uses every edge in one direction only, which holds if all cables have one price, or if all
access points ask the same for a connection. Where neither is so, two bounds are found, each with
one of these made equal at its least, and the larger one counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gisplan.routing.steiner.heap_kernel import turn_round
from gisplan.routing.steiner.trench_bound_kernel import (
    BoundArrays,
    cable_potentials,
    raise_potentials,
    release,
)

if TYPE_CHECKING:
    from gisplan.routing.steiner.heap_kernel import Int64s
    from gisplan.routing.steiner.trench_kernel import AccessArrays
    from gisplan.routing.steiner.trench_problem import TrenchProblem

BEYOND = 1 << 58
"""Potential of a node that no way leads to."""
RELEASED = 0.5
"""Share of the applications whose potentials are given back in a round."""


def trench_bound(problem: TrenchProblem, rows: Int64s, *, rounds: int, seed: int) -> int:
    """Return a bound on the cost of connecting the applications ``rows``, or leaving them out."""
    if not len(rows):
        return 0
    access, price = problem.access, problem.price
    if not len(access.node):
        return int(problem.own[rows].sum())
    bounds = []
    one_price = np.full_like(price, price[rows].min())
    one_connection = np.full_like(access.connection, access.connection.min())
    has_one_price = bool((price[rows] == one_price[rows]).all())
    if has_one_price or bool((access.connection == one_connection).all()):
        bounds.append(_ascend(problem, rows, access, price, rounds=rounds, seed=seed))
    else:
        uniform = access._replace(connection=one_connection)
        bounds.append(_ascend(problem, rows, uniform, price, rounds=rounds, seed=seed))
        bounds.append(_ascend(problem, rows, access, one_price, rounds=rounds, seed=seed))
    return max(bounds)


def _ascend(
    problem: TrenchProblem,
    rows: Int64s,
    access: AccessArrays,
    price: Int64s,
    *,
    rounds: int,
    seed: int,
) -> int:
    """Raise potentials; then give some of them back and raise again, where that gains."""
    ground, nodes = problem.ground, problem.node
    back = turn_round(ground.offset, ground.head, ground.arc_edge)[1]
    first = _first_potentials(problem, rows, access, price)
    dual = BoundArrays(
        potential=first.copy(),
        left=np.maximum(ground.civil, 0)[ground.arc_edge],
        access_left=access.equipment.copy(),
    )
    rng = np.random.default_rng(seed)
    raise_potentials(ground, access, back, nodes, price, problem.own, rows, dual)
    best = int(dual.potential[rows, nodes[rows]].sum())
    for _ in range(rounds):
        trial = BoundArrays(dual.potential.copy(), dual.left.copy(), dual.access_left.copy())
        order = rng.permutation(rows)
        for row in order[: max(1, round(RELEASED * len(rows)))]:
            release(
                ground,
                access,
                int(price[row]),
                trial.potential[row],
                first[row],
                trial.left,
                trial.access_left,
            )
        raise_potentials(ground, access, back, nodes, price, problem.own, order[::-1], trial)
        bound = int(trial.potential[rows, nodes[rows]].sum())
        if bound >= best:
            best, dual = bound, trial
    return best


def _first_potentials(
    problem: TrenchProblem, rows: Int64s, access: AccessArrays, price: Int64s
) -> Int64s:
    """Return (applications, nodes) what the cables alone cost, at most what being left out does."""
    potential = np.zeros((problem.count, len(problem.ground.offset) - 1), np.int64)
    for one in np.unique(price[rows]):
        cable = cable_potentials(problem.ground, access, int(one), BEYOND)
        for row in rows[price[rows] == one]:
            own = int(problem.own[row])
            potential[row] = np.minimum(cable, own if own >= 0 else BEYOND)
    return potential
