"""A joint plan in the making: ways are laid and taken up again until nothing gets cheaper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.routing.steiner.heap_kernel import FAR
from gisplan.routing.steiner.trench_kernel import (
    AccessArrays,
    GroundArrays,
    UseArrays,
    WayMemory,
    cheapest_way,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gisplan.routing.steiner.heap_kernel import Int32s
    from gisplan.routing.steiner.trench_problem import TrenchProblem

UNSERVED = 1 << 58
"""Stands for the cost of an application that must be connected and is not."""
PASSES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """Access point (-1: none) and edges of every application, and the cost of all of them.

    ``unserved`` counts those that must be connected and are not.
    """

    access: tuple[int, ...]
    edges: tuple[Int32s, ...]
    cost: int
    unserved: int

    @property
    def rank(self) -> tuple[int, int]:
        """Less is better."""
        return self.unserved, self.cost


class TrenchPlan:
    """The ways laid at the moment and what they take; changed in place by its methods."""

    def __init__(self, problem: TrenchProblem) -> None:
        nodes = len(problem.ground.offset) - 1
        points = len(problem.access.node)
        self.problem = problem
        self.use = UseArrays(
            edge_users=np.zeros(len(problem.ground.civil), np.int64),
            edge_cables=np.zeros(len(problem.ground.civil), np.int64),
            access_users=np.zeros(points, np.int64),
            access_power=np.zeros(points, np.int64),
        )
        self.memory = WayMemory(
            label=np.full(nodes, FAR, np.int64),
            via=np.full(nodes, -1, np.int32),
            heap=np.empty((nodes, 2), np.int64),
            place=np.full(nodes, -1, np.int32),
            touched=np.empty(nodes, np.int32),
        )
        self.access = [-1] * problem.count
        self.edges: list[Int32s] = [np.zeros(0, np.int32)] * problem.count

    def ways(self) -> Ways:
        """Return the ways as they are laid now."""
        problem, use = self.problem, self.use
        is_out = np.array(self.access, dtype=np.int64) < 0
        laid = np.array([problem.ground.length[edges].sum() for edges in self.edges], np.int64)
        cost = problem.ground.civil[use.edge_users > 0].sum() + (problem.price * laid).sum()
        cost += problem.access.equipment[use.access_users > 0].sum()
        cost += (problem.access.connection * use.access_users).sum()
        cost += problem.own[is_out & (problem.own >= 0)].sum()
        return Ways(
            access=tuple(self.access),
            edges=tuple(self.edges),
            cost=int(cost),
            unserved=int((is_out & (problem.own < 0)).sum()),
        )

    def restore(self, ways: Ways) -> None:
        """Lay ways as they were."""
        self.take_up(range(self.problem.count))
        for row, (access, edges) in enumerate(zip(ways.access, ways.edges, strict=True)):
            self._use(row, access, edges, 1)

    def take_up(self, rows: Iterable[int]) -> None:
        """Remove the ways of some applications."""
        for row in rows:
            self._use(row, self.access[row], self.edges[row], -1)

    def lay(
        self,
        rows: Iterable[int],
        *,
        ground: GroundArrays | None = None,
        access: AccessArrays | None = None,
    ) -> None:
        """Lay the cheapest ways of applications that have none, one after another.

        ``ground`` and ``access`` replace those of the problem with other prices or less room.
        """
        for row in rows:
            _, point, edges = self.find(row, ground=ground, access=access)
            self._use(row, point, edges, 1)

    def find(
        self,
        row: int,
        *,
        ground: GroundArrays | None = None,
        access: AccessArrays | None = None,
        is_forced: bool = False,
    ) -> tuple[int, int, Int32s]:
        """Return what the cheapest way would add, its access point (-1: left out) and edges.

        ``is_forced`` finds it where being left out is cheaper, too.
        """
        problem = self.problem
        own = int(problem.own[row])
        return cheapest_way(
            ground or problem.ground,
            access or problem.access,
            self.use,
            self.memory,
            int(problem.node[row]),
            int(problem.power[row]),
            int(problem.price[row]),
            int(problem.cables[row]),
            UNSERVED if is_forced or own < 0 else own,
            problem.admits[row],
        )

    def hold(self, row: int, access: int) -> None:
        """Take an application's room at an access point and no trench."""
        self._use(row, access, np.zeros(0, np.int32), 1)

    def reroute(self, rows: Sequence[int]) -> None:
        """Take up one way after another and lay it anew, until that gains nothing."""
        for _ in range(PASSES):
            before = self.ways().rank
            for row in rows:
                self.take_up([row])
                self.lay([row])
            if self.ways().rank >= before:
                return

    def _use(self, row: int, access: int, edges: Int32s, sign: int) -> None:
        self.use.edge_users[edges] += sign
        self.use.edge_cables[edges] += sign * self.problem.cables[row]
        if access >= 0:
            self.use.access_users[access] += sign
            self.use.access_power[access] += sign * self.problem.power[row]
        self.access[row] = access if sign > 0 else -1
        self.edges[row] = edges if sign > 0 else edges[:0]
