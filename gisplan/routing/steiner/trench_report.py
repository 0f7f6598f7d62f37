"""A joint plan as it is told: in the rows that were given, in cents, with everyone's share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gisplan.routing.steiner.trench_model import SharedTrenches
from gisplan.routing.steiner.trench_problem import PARTS

if TYPE_CHECKING:
    from gisplan.model.grid import Codes, Integers
    from gisplan.routing.steiner.trench_plan import Ways
    from gisplan.routing.steiner.trench_problem import TrenchProblem


def report_plan(
    problem: TrenchProblem,
    ways: Ways,
    outcome: Codes,
    *,
    bound: int,
    separate: Integers,
    joining: Integers,
) -> SharedTrenches:
    """Return the answer; ``bound``, ``separate``, ``joining`` are in thousandths of a cent."""
    row = np.argsort(problem.order)  # of an application as it was given
    way = tuple(ways.edges[i][::-1].astype(np.int64) for i in row)
    point = np.array(ways.access, dtype=np.int64)[row]
    edges, offset, user = _users_by_edge(way)
    civil = problem.ground.civil[edges]
    cable = problem.price[row] * np.array([problem.ground.length[e].sum() for e in way], np.int64)
    is_paid = (point < 0) & (problem.own[row] >= 0)
    own = np.where(is_paid, problem.own[row], 0)
    on_point = np.flatnonzero(point >= 0)
    opened, points_offset, points_user = _grouped(point[on_point], on_point)
    equipment = problem.access.equipment[opened]
    connection = np.zeros(problem.count, np.int64)
    connection[on_point] = problem.access.connection[point[on_point]]
    share = cable + own + connection
    _split(share, civil, offset, user)
    _split(share, equipment, points_offset, points_user)
    parts = (civil.sum(), cable.sum(), equipment.sum() + connection.sum(), own.sum())
    civil_cents, cable_cents, access_cents, own_cents = (_cents(int(part)) for part in parts)
    cost_cents = civil_cents + cable_cents + access_cents + own_cents
    access = np.full(problem.count, -1, np.int64)
    access[on_point] = problem.access_order[point[on_point]]
    return SharedTrenches(
        outcome=outcome[row],
        access=access,
        way=way,
        edges=edges,
        edge_user_offset=offset,
        edge_user=user,
        civil_cents=civil_cents,
        cable_cents=cable_cents,
        access_cents=access_cents,
        own_cents=own_cents,
        lower_bound_cents=cost_cents if bound >= ways.cost else min(cost_cents, bound // PARTS),
        share_cents=_whole_shares(share, cost_cents),
        separate_cents=_cents_or_none(separate)[row],
        joining_cents=_cents_or_none(joining)[row],
    )


def _cents(parts: int) -> int:
    return (parts + PARTS // 2) // PARTS


def _cents_or_none(parts: Integers) -> Integers:
    """Return whole cents; what is negative is -1."""
    cents: Integers = np.where(parts >= 0, (parts + PARTS // 2) // PARTS, -1)
    return cents


def _users_by_edge(way: tuple[Integers, ...]) -> tuple[Integers, Integers, Integers]:
    """Return the edges in use, and by edge the applications whose way holds it."""
    user = np.repeat(np.arange(len(way)), [len(edges) for edges in way])
    return _grouped(np.concatenate([*way, np.zeros(0, np.int64)]), user)


def _grouped(key: Integers, value: Integers) -> tuple[Integers, Integers, Integers]:
    """Return the distinct keys, and offsets of the values of each."""
    order = np.lexsort((value, key))
    distinct, count = np.unique(key, return_counts=True)
    return distinct, np.concatenate([[0], np.cumsum(count)]), value[order]


def _split(share: Integers, price: Integers, offset: Integers, user: Integers) -> None:
    """Add to everybody's share an equal part of each price that its users have in common.

    What is left of a thousandth goes to the first users.
    """
    count = np.diff(offset)
    part, rest = np.divmod(price, count)
    rank = np.arange(len(user)) - np.repeat(offset[:-1], count)
    np.add.at(share, user, np.repeat(part, count) + (rank < np.repeat(rest, count)))


def _whole_shares(share: Integers, cost_cents: int) -> Integers:
    """Return shares in whole cents that sum up to the cost; cents left go to the first rows."""
    whole: Integers = share // PARTS
    whole[: cost_cents - int(whole.sum())] += 1
    return whole
