"""Shared trenches for several applications at once: one plan, its bound, who pays what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gisplan.routing.steiner.reduce_kernel import reach
from gisplan.routing.steiner.trench_bound import trench_bound
from gisplan.routing.steiner.trench_model import Outcome
from gisplan.routing.steiner.trench_plan import TrenchPlan
from gisplan.routing.steiner.trench_problem import build_problem
from gisplan.routing.steiner.trench_report import report_plan
from gisplan.routing.steiner.trench_search import search_ways

if TYPE_CHECKING:
    from gisplan.model.grid import Codes, Flags, Floats, Integers
    from gisplan.routing.cost_graph import CostGraph
    from gisplan.routing.steiner.trench_model import (
        SharedTrenches,
        TrenchAccess,
        TrenchApplications,
    )
    from gisplan.routing.steiner.trench_plan import Ways
    from gisplan.routing.steiner.trench_problem import TrenchProblem

ROUNDS = 30
SEED = 1


def plan_shared_trenches(
    graph: CostGraph,
    edge_length_m: Floats,
    *,
    applications: TrenchApplications,
    access: TrenchAccess,
    edge_ways: Floats | None = None,
    admits: Flags | None = None,
    dead_end: Flags | None = None,
    rounds: int = ROUNDS,
    seed: int = SEED,
) -> SharedTrenches:
    """Return a joint plan of several applications that share trenches and access points.

    The civil works of an edge are paid once, however many cables lie in it; every application lays
    its own cable all the way. Access points and trenches hold no more than they have room for.
    What cannot be connected is in the answer with its reason, and the others are planned without
    it. Order of rows and edges does not change the cost, except of the comparison one by one.

    Parameters
    ----------
    graph
        Costs are the civil works of an edge in cents.
    edge_length_m : float64 (edges,), metres of cable along an edge
    edge_ways : float64 (edges,), how many cables fit in a trench; infinity, or None, for no limit
    admits : bool (applications, access points), who may hang where; None for everybody everywhere
    dead_end : bool (nodes,), where ways may begin and end and none may pass; None for nowhere
    rounds
        Effort: how often a part of the plan is laid anew, and of the bound raised anew.
    seed
        Of the choice of these parts.

    Raises
    ------
    InputError
        If a number is missing, negative, not finite or too large, or a node is not there.
    """
    problem = build_problem(
        graph, edge_length_m, applications, access, edge_ways, admits=admits, dead_end=dead_end
    )
    ways = search_ways(problem, rounds=rounds, seed=seed)
    outcome = _outcomes(problem, graph, ways)
    planned = np.flatnonzero(outcome <= Outcome.LEFT_OUT)
    bound = trench_bound(problem, planned, cost=ways.cost, rounds=rounds, seed=seed)
    return report_plan(
        problem,
        ways,
        outcome,
        bound=bound,
        separate=_one_by_one(problem),
        joining=_joining(problem, ways),
    )


def _outcomes(problem: TrenchProblem, graph: CostGraph, ways: Ways) -> Codes:
    """Say of each application of the problem what becomes of it."""
    ground = problem.ground
    group = reach(
        ground.offset,
        ground.arc_edge,
        graph.edge_from,
        graph.edge_to,
        ground.civil,
        problem.access.node,
    )
    outcome = np.full(problem.count, Outcome.CONNECTED, np.uint8)
    is_out = np.array(ways.access, dtype=np.int64) < 0
    outcome[is_out] = np.where(group[problem.node[is_out]] < 0, Outcome.NO_WAY, Outcome.NO_ROOM)
    outcome[is_out & (problem.own >= 0)] = Outcome.LEFT_OUT
    return outcome


def _joining(problem: TrenchProblem, ways: Ways) -> Integers:
    """Return what each that has no way would add to the plan if it had to join; -1 if it cannot."""
    joining = np.full(problem.count, -1, np.int64)
    plan = TrenchPlan(problem)
    plan.restore(ways)
    for row in np.flatnonzero(np.array(ways.access, dtype=np.int64) < 0):
        cost, access, _ = plan.find(int(row), is_forced=True)
        if access >= 0:
            joining[row] = cost
    return joining


def _one_by_one(problem: TrenchProblem) -> Integers:
    """Return what each pays alone, in the order in which they were given; -1 where impossible."""
    separate = np.full(problem.count, -1, np.int64)
    plan = TrenchPlan(problem)
    for row in np.argsort(problem.order):
        cost, access, _ = plan.find(int(row))
        if access >= 0 or problem.own[row] >= 0:
            separate[row] = cost
        if access >= 0:
            plan.hold(int(row), access)
    return separate
