"""Kernel that follows a new demand from its point up to the source.

Method: the branch-flow equations of a radial network, solved exactly along the path by backward and
forward sweeps; whatever branches off the path keeps its base power. Voltages behind each branch are
calibrated to the base state, so a demand of zero changes nothing.

Invariants
- Entry 0 of a path is the point itself (a node or a place on a branch), the last one is a root.
- Entry i hangs on entry i + 1 by the branch of entry i; the last entry has none.
- Powers flow down, in kW and kvar; r and x are per unit on 1 kVA.
- A path has one row a quantity (R, X, ... below) and one column an entry; ``place`` holds the node
  of each entry, -1 for a point on a line that ends open.

References
----------
M. E. Baran, F. F. Wu: Network reconfiguration in distribution systems for loss reduction and load
balancing, IEEE Transactions on Power Delivery 4 (2), 1989, eq. 1-3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np

from gisplan.electrical.demand import FEEDER, MAIN, SUBSTATION
from gisplan.model.grid import SwitchedKind

if TYPE_CHECKING:
    from gisplan.electrical.tree import LevelArrays, TreeArrays
    from gisplan.model.grid import Codes, Flags, Floats, Integers

TOLERANCE_PU = 1e-8
MAX_SWEEPS = 40
RATIO_NOISE = 1e-9

LINE_OVERLOADED = 1
TRANSFORMER_OVERLOADED = 2
VOLTAGE_TOO_LOW = 4
VOLTAGE_TOO_HIGH = 8
NO_SOLUTION = 16
NOT_SUPPLIED = 32
NEEDS_AC = 64

TRANSFORMER_KIND = int(SwitchedKind.TRANSFORMER)
LINE_KIND = int(SwitchedKind.LINE)

# rows of a path: branch, base state, new state, change at the feeding end
R, X, RATIO, V0, P0, Q0, V, P, Q, DP, DQ = range(11)
PATH_ROWS = 11

# entries of the limits
LV_MIN, LV_MAX, MV_MIN, MV_MAX, LINE_MAX, TRANSFORMER_MAX, MAIN_TRANSFORMER_MAX = range(7)

# columns of the result
LOADING, VOLTAGE_MAIN, VOLTAGE_SERVICE, LV_LOW, LV_HIGH, MV_LOW, MV_HIGH = range(7)
SLACK_VOLTAGE, SLACK_LOADING = 7, 8
RESULT_COLUMNS = 9


class PointArrays(NamedTuple):
    """Points to screen, one row each.

    ``node`` is the bus or joint at the lower end of the point's branch, ``upper`` the share of the
    branch between its ``parent`` and the point; node -1 is a point on a line that ends open, with
    the stub's impedance and rating between parent and point. ``level`` judges that line.
    """

    node: Integers
    parent: Integers
    upper: Floats
    stub_resistance: Floats
    stub_reactance: Floats
    stub_limit_kva: Floats
    is_low: Flags
    area: Integers
    level: Codes


@numba.njit(cache=True, nogil=True, error_model="numpy")
def lay_path(  # noqa: PLR0917
    c: int,
    level: int,
    points: PointArrays,
    tree: TreeArrays,
    base: LevelArrays,
    path: Floats,
    place: Integers,
) -> int:
    """Fill in the path of a point with its base state; return the number of branches."""
    w = points.node[c]
    place[0] = w
    if w < 0:
        path[R, 0], path[X, 0] = points.stub_resistance[c], points.stub_reactance[c]
        path[RATIO, 0], path[V0, 0] = 1.0, base.voltage[level, points.parent[c]]
        path[P0, 0] = path[Q0, 0] = 0.0
    else:
        # state at the point from that at the lower end of its branch
        r, x = (1 - points.upper[c]) * tree.resistance[w], (1 - points.upper[c]) * tree.reactance[w]
        v, p, q = base.voltage[level, w], base.p_fed[level, w], base.q_fed[level, w]
        current = (p * p + q * q) / (v * v)
        path[V0, 0] = np.sqrt(v * v + 2 * (r * p + x * q) + (r * r + x * x) * current)
        path[P0, 0], path[Q0, 0] = p + r * current, q + x * current
        path[R, 0] = points.upper[c] * tree.resistance[w]
        path[X, 0] = points.upper[c] * tree.reactance[w]
        path[RATIO, 0] = base.ratio[level, w]
    n = 0
    w = points.parent[c]
    while w >= 0:
        n += 1
        place[n] = w
        path[R, n], path[X, n] = tree.resistance[w], tree.reactance[w]
        path[RATIO, n], path[V0, n] = base.ratio[level, w], base.voltage[level, w]
        path[P0, n], path[Q0, n] = base.p_fed[level, w], base.q_fed[level, w]
        w = tree.parent[w]
    return n


@numba.njit(cache=True, nogil=True, error_model="numpy")
def sweep(p_kw: float, q_kvar: float, n: int, path: Floats) -> bool:
    """Solve the path with a demand at its point: powers and losses up, voltages down.

    Returns False where no solution is found: the demand lies beyond voltage collapse.
    """
    for i in range(n + 1):
        path[V, i] = path[V0, i]
    for _ in range(MAX_SWEEPS):
        dp, dq = p_kw, q_kvar
        for i in range(n):
            p, q = path[P0, i] + dp, path[Q0, i] + dq
            before = (path[P0, i] ** 2 + path[Q0, i] ** 2) / path[V0, i] ** 2
            more = (p * p + q * q) / path[V, i] ** 2 - before
            dp += path[R, i] * more
            dq += path[X, i] * more
            path[P, i], path[Q, i], path[DP, i], path[DQ, i] = p, q, dp, dq
        change = 0.0
        for i in range(n - 1, -1, -1):
            r, x, p, q = path[R, i], path[X, i], path[P, i], path[Q, i]
            above = path[V, i + 1] / path[RATIO, i]
            half = above * above / 2 - (r * p + x * q)
            root = half * half - (r * r + x * x) * (p * p + q * q)
            if half <= 0 or root < 0:
                return False
            v = np.sqrt(half + np.sqrt(root))
            change = max(change, abs(v - path[V, i]))
            path[V, i] = v
        if change < TOLERANCE_PU:
            return True
    return False


@numba.njit(cache=True, nogil=True, error_model="numpy")
def judge_loadings(  # noqa: PLR0917
    c: int,
    level: int,
    n: int,
    points: PointArrays,
    tree: TreeArrays,
    base: LevelArrays,
    path: Floats,
    place: Integers,
    limits: Floats,
    numbers: Floats,
    limiting: Integers,
) -> int:
    """Compare the branches that a level judges with their ratings; return the reasons."""
    reasons = 0
    for i in range(n):
        w = place[i]
        judged, kind, row = int(points.level[c]), LINE_KIND, -1
        fed = feeding = points.stub_limit_kva[c]
        p_above = q_above = 0.0
        if w >= 0:
            judged, kind, row = int(tree.level[w]), int(tree.kind[w]), tree.row[w]
            fed, feeding = tree.limit_fed_kva[w], tree.limit_feeding_kva[w]
            p_above, q_above = base.p_feeding[level, w], base.q_feeding[level, w]
        if judged != level:
            continue
        before = max(
            np.hypot(path[P0, i], path[Q0, i]) / path[V0, i] / fed,
            np.hypot(p_above, q_above) / path[V0, i + 1] / feeding,
        )
        after = max(
            np.hypot(path[P, i], path[Q, i]) / path[V, i] / fed,
            np.hypot(p_above + path[DP, i], q_above + path[DQ, i]) / path[V, i + 1] / feeding,
        )
        if after > numbers[c, LOADING]:
            numbers[c, LOADING] = after
            limiting[c, 0], limiting[c, 1] = kind, row
        if after <= before + RATIO_NOISE:
            continue
        limit, reason = limits[LINE_MAX], LINE_OVERLOADED
        if kind == TRANSFORMER_KIND:
            limit, reason = limits[TRANSFORMER_MAX], TRANSFORMER_OVERLOADED
            if level == SUBSTATION:
                limit = limits[MAIN_TRANSFORMER_MAX]
        numbers[c, SLACK_LOADING] = min(numbers[c, SLACK_LOADING], limit - after)
        if after > limit:
            reasons |= reason
    return reasons


@numba.njit(cache=True, nogil=True, error_model="numpy")
def judge_voltages(  # noqa: PLR0917
    c: int,
    level: int,
    n: int,
    points: PointArrays,
    tree: TreeArrays,
    base: LevelArrays,
    path: Floats,
    place: Integers,
    limits: Floats,
    tolerances: Floats,
    numbers: Floats,
) -> int:
    """Compare the point, the path and what hangs below it with the limits of a level's voltages."""
    is_main = level == MAIN
    low_limit = limits[LV_MIN if is_main else MV_MIN]
    high_limit = limits[LV_MAX if is_main else MV_MAX]
    low_column, high_column = LV_LOW if is_main else MV_LOW, LV_HIGH if is_main else MV_HIGH
    reasons = 0
    for i in range(n + 1):
        w = place[i]
        move = path[V, i] - path[V0, i]
        low, high, gain = np.inf, -np.inf, 1.0
        if w >= 0:
            low, high, gain = base.lowest[level, w], base.highest[level, w], base.gain[level, w]
            if i == 0 and points.upper[c] < 1:
                gain *= max(1.0, base.branch_gain[level, w])
        if i == 0 and points.is_low[c] == is_main:
            low, high = min(low, path[V0, 0]), max(high, path[V0, 0])
        is_near = i == 0 or (tree.area[w] >= 0 and tree.area[w] == points.area[c])
        tolerance = tolerances[0] if is_near else tolerances[1]
        if low == np.inf or (abs(move) <= tolerance and not is_near):
            continue
        # a drop can grow on its way down, a rise is taken as it is
        low += move * gain if move < 0 else move
        high += move
        numbers[c, low_column] = min(numbers[c, low_column], low)
        numbers[c, high_column] = max(numbers[c, high_column], high)
        if move < -tolerance:
            numbers[c, SLACK_VOLTAGE] = min(numbers[c, SLACK_VOLTAGE], low - low_limit)
            if low < low_limit:
                reasons |= VOLTAGE_TOO_LOW
        elif move > tolerance:
            numbers[c, SLACK_VOLTAGE] = min(numbers[c, SLACK_VOLTAGE], high_limit - high)
            if high > high_limit:
                reasons |= VOLTAGE_TOO_HIGH
    return reasons


@numba.njit(cache=True, nogil=True, error_model="numpy")
def screen_points(  # noqa: PLR0917
    points: PointArrays,
    p_kw: Floats,
    q_kvar: Floats,
    limits: Floats,
    tolerances: Floats,
    tree: TreeArrays,
    base: LevelArrays,
) -> tuple[Floats, Codes, Integers]:
    """Screen one demand at each point, in the state "service" and in every level.

    Powers have a column a state; ``tolerances`` say which change of voltage counts in the own part
    and elsewhere. Returns the numbers, the reasons, and kind and row of the limiting element.
    """
    count = points.node.size
    numbers = np.full((count, RESULT_COLUMNS), np.nan)
    reasons = np.zeros(count, dtype=np.uint8)
    limiting = np.full((count, 2), -1, dtype=np.int64)
    depth = tree.parent.size + 2
    path = np.empty((PATH_ROWS, depth))
    place = np.empty(depth, dtype=np.int64)
    for c in range(count):
        numbers[c, LOADING] = 0.0
        numbers[c, LV_LOW] = numbers[c, MV_LOW] = np.inf
        numbers[c, LV_HIGH] = numbers[c, MV_HIGH] = -np.inf
        numbers[c, SLACK_VOLTAGE] = numbers[c, SLACK_LOADING] = np.inf
        found = 0
        for state in range(p_kw.shape[1]):
            level = max(state - 1, 0)
            n = lay_path(c, level, points, tree, base, path, place)
            if not sweep(p_kw[c, state], q_kvar[c, state], n, path):
                found |= NO_SOLUTION
                continue
            if state == 0:
                numbers[c, VOLTAGE_SERVICE] = path[V, 0]
                continue
            if level == MAIN:
                numbers[c, VOLTAGE_MAIN] = path[V, 0]
            found |= judge_loadings(
                c, level, n, points, tree, base, path, place, limits, numbers, limiting
            )
            if level in (MAIN, FEEDER):
                found |= judge_voltages(
                    c, level, n, points, tree, base, path, place, limits, tolerances, numbers
                )
        reasons[c] = found
    return numbers, reasons, limiting
