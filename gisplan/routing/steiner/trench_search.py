"""The search for a cheap joint plan: several beginnings, then parts taken up and laid anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gisplan.routing.steiner.forest import solve_forest
from gisplan.routing.steiner.tree import Network
from gisplan.routing.steiner.trench_plan import TrenchPlan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gisplan.routing.steiner.heap_kernel import Int64s
    from gisplan.routing.steiner.trench_kernel import GroundArrays
    from gisplan.routing.steiner.trench_plan import Ways
    from gisplan.routing.steiner.trench_problem import TrenchProblem

LARGEST_PART = 8
"""Applications that are taken up together."""
FOREST_ROUNDS = 3
TOLL = 16
"""Times the dearest edge: what a forest pays for an edge of a closed node where somebody stands."""
NEAR = 1.02
"""Ways that cost up to so much more than the best are worth settling."""


def search_ways(problem: TrenchProblem, *, rounds: int, seed: int) -> Ways:
    """Return the best ways found; the same question always gives the same."""
    plan = TrenchPlan(problem)
    order = _nearest_first(plan)
    plan.lay(order)
    plan.reroute(order)
    best = plan.ways()
    for ground in _beginnings(problem):
        plan.take_up(order)
        plan.lay(order, ground=ground)
        plan.reroute(order)
        best = _better(plan, best)
    rng = np.random.default_rng(seed)
    for number in range(rounds if problem.count > 1 else 0):
        plan.restore(best)
        part = MOVES[number % len(MOVES)](plan, rng)
        plan.reroute(part)
        if plan.ways().cost < NEAR * best.cost:
            plan.reroute(order)
        best = _better(plan, best)
    return best


def _better(plan: TrenchPlan, best: Ways) -> Ways:
    ways = plan.ways()
    return ways if ways.rank < best.rank else best


def _nearest_first(plan: TrenchPlan) -> list[int]:
    alone = [plan.find(row)[0] for row in range(plan.problem.count)]
    return sorted(range(len(alone)), key=lambda row: (alone[row], row))


def _beginnings(problem: TrenchProblem) -> Iterator[GroundArrays]:
    """Yield prices of trenches to begin with: halves, and none along a cheap forest."""
    if problem.count > 1 and len(problem.access.node):
        yield _discounted(problem, 2)
        along = problem.ground.civil.copy()
        along[_forest_edges(problem)] = 0
        yield problem.ground._replace(civil=along)


def _discounted(problem: TrenchProblem, share: int) -> GroundArrays:
    civil = problem.ground.civil
    return problem.ground._replace(civil=np.where(civil < 0, -1, civil // share))


def _lay_part_anew(plan: TrenchPlan, rng: np.random.Generator) -> list[int]:
    """Lay some neighbours anew, as if they shared each trench with some others of them.

    Rows stand in the order of their nodes, and near nodes have near numbers.
    """
    count = plan.problem.count
    size = int(rng.integers(2, min(LARGEST_PART, count) + 1))
    start = int(rng.integers(0, count - size + 1))
    part = [int(row) for row in start + rng.permutation(size)]
    plan.take_up(part)
    plan.lay(part, ground=_discounted(plan.problem, int(rng.integers(1, size + 1))))
    return part


def _close_point(plan: TrenchPlan, rng: np.random.Generator) -> list[int]:
    """Lay all that hang on one access point to others."""
    opened = sorted({point for point in plan.access if point >= 0})
    if not opened:
        return []
    closed = opened[int(rng.integers(len(opened)))]
    part = [row for row, point in enumerate(plan.access) if point == closed]
    plan.take_up(part)
    ways = plan.problem.access.ways.copy()
    ways[closed] = 0
    plan.lay(part, access=plan.problem.access._replace(ways=ways))
    return part


def _favour_point(plan: TrenchPlan, rng: np.random.Generator) -> list[int]:
    """Lay everybody anew with one access point's equipment for nothing."""
    access, count = plan.problem.access, plan.problem.count
    if not len(access.node):
        return []
    free = access._replace(equipment=np.zeros_like(access.equipment))
    order = [int(row) for row in rng.permutation(count)]
    plan.take_up(order)
    favoured = plan.find(order[0], access=free)[1]
    equipment = access.equipment.copy()
    if favoured >= 0:
        equipment[favoured] = 0
    plan.lay(order, access=access._replace(equipment=equipment))
    return order


MOVES = (_lay_part_anew, _close_point, _favour_point)


def _forest_edges(problem: TrenchProblem) -> Int64s:
    """Return the edges of a cheap forest, every edge with one cable of the mean price in it.

    A forest knows no closed nodes. Where applications stand on some, their edges get a toll that
    no detour is worth: a tree then takes one of them for each, and passes none.
    """
    ground, access = problem.ground, problem.access
    cable = int(problem.price.mean()) * ground.length
    tail = np.repeat(np.arange(len(ground.offset) - 1, dtype=np.int32), np.diff(ground.offset))
    edge_from = np.empty(len(ground.civil), np.int32)
    edge_from[ground.arc_edge] = tail
    edge_to = ground.ends - edge_from
    cost = np.where(ground.civil < 0, -1, ground.civil + cable)
    start = problem.node[ground.closed[problem.node] != 0]
    toll = TOLL * int(cost.max(initial=0))
    is_tolled = (cost >= 0) & (np.isin(edge_from, start) | np.isin(edge_to, start))
    pays_toll = (problem.own >= 0) & np.isin(problem.node, start)
    return solve_forest(
        Network(
            offset=ground.offset,
            arc_edge=ground.arc_edge,
            edge_from=edge_from,
            edge_to=edge_to,
            edge_cost=cost + toll * is_tolled,
        ),
        problem.node.astype(np.int32),
        access_node=access.node,
        access_cost=np.where(problem.admits.any(axis=0), access.equipment + access.connection, -1),
        prize=problem.own + toll * pays_toll,
        rounds=FOREST_ROUNDS,
        seed=1,
    ).edges
