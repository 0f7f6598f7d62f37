# ruff: noqa: PLR0917  (a kernel takes arrays by position; each thing wrong has a number)
"""Kernel that looks for the first place that a graph does not hold or that costs what none can.

Invariants
- Places are looked at in the order of their rows; what is asked of a node is not asked of an edge.
- NaN fails every comparison, so it is found wherever it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gisplan.routing.uncounted_kernel import uncounted

if TYPE_CHECKING:
    from gisplan.model.grid import Floats, Integers

FINE, NODE, EDGE, SHARE, PART_COST, COST = 0, 1, 2, 3, 4, 5


@uncounted
def first_wrong(
    node: Integers,
    edge: Integers,
    share: Floats,
    part_cost: Floats,
    cost: Integers,
    nodes: int,
    edges: int,
    most: int,
) -> tuple[int, int]:
    """Return the row of the first wrong place and what is wrong with it."""
    for row in range(len(node)):
        if node[row] >= nodes:
            return row, NODE
        if not 0 <= cost[row] < most:
            return row, COST
        if node[row] >= 0:
            continue
        if not 0 <= edge[row] < edges:
            return row, EDGE
        if not 0 <= share[row] <= 1:
            return row, SHARE
        for side in range(2):
            if not (0 <= part_cost[row, side] < most or part_cost[row, side] == float("inf")):
                return row, PART_COST
    return 0, FINE
