"""Kernel that follows a new demand from its point up to the source.

Method: the branch-flow equations of a radial network, solved exactly along the path by backward and
forward sweeps; whatever branches off the path keeps its base power. Voltages behind each branch are
calibrated to the base state, so a demand of zero changes nothing.

Invariants
- Entry 0 of a path is the point itself (a node or a place on a branch), the last one is a root.
- Entry i hangs on entry i + 1 by the branch of entry i; the last entry has none.
- Powers flow down, in kW and kvar; r and x are per unit on 1 kVA.

References
----------
M. E. Baran, F. F. Wu: Network reconfiguration in distribution systems for loss reduction and load
balancing, IEEE Transactions on Power Delivery 4 (2), 1989, eq. 1-3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from gisplan.electrical.demand import FEEDER, MAIN, SUBSTATION
from gisplan.model.grid import SwitchedKind

if TYPE_CHECKING:
    from gisplan.electrical.tree import LevelArrays, TreeArrays
    from gisplan.model.grid import Codes, Flags, Floats, Integers

TOLERANCE_PU = 1e-8
MAX_SWEEPS = 40

LINE_OVERLOADED = 1
TRANSFORMER_OVERLOADED = 2
VOLTAGE_TOO_LOW = 4
VOLTAGE_TOO_HIGH = 8
NO_SOLUTION = 16
NOT_SUPPLIED = 32
NEEDS_AC = 64

TRANSFORMER_KIND = int(SwitchedKind.TRANSFORMER)

# columns of the limits
LV_MIN, LV_MAX, MV_MIN, MV_MAX, LINE_MAX, TRANSFORMER_MAX, MAIN_TRANSFORMER_MAX = range(7)

# columns of the result
R_LOADING, R_VOLTAGE_MAIN, R_VOLTAGE_SERVICE, R_LV_LOW, R_LV_HIGH, R_MV_LOW, R_MV_HIGH = range(7)
R_SLACK_VOLTAGE, R_SLACK_LOADING = 7, 8
RESULT_COLUMNS = 9


@numba.njit(cache=True, nogil=True, error_model="numpy")
def screen_points(
    node: Integers,
    parent: Integers,
    upper: Floats,
    stub_r: Floats,
    stub_x: Floats,
    stub_limit: Floats,
    is_low: Flags,
    area: Integers,
    own_level: Codes,
    p_kw: Floats,
    q_kvar: Floats,
    limits: Floats,
    tolerance_own: float,
    tolerance_far: float,
    tree: TreeArrays,
    base: LevelArrays,
) -> tuple[Floats, Codes, Integers, Integers]:
    """Screen one demand at each point, in every level and in the state "service".

    ``node`` is the bus or joint at the lower end of the point's branch, ``upper`` the share of the
    branch between its parent and the point; node -1 is a point on a line that ends open, with
    impedance ``stub_r``, ``stub_x`` between ``parent`` and the point. Powers have a column a state.
    Returns the numbers (columns R_...), reasons, and kind and row of the limiting element.
    """
    count = node.size
    numbers = np.full((count, RESULT_COLUMNS), np.nan)
    reasons = np.zeros(count, dtype=np.uint8)
    limiting_kind = np.full(count, -1, dtype=np.int64)
    limiting_row = np.full(count, -1, dtype=np.int64)
    depth = tree.parent.size + 2
    place = np.empty(depth, dtype=np.int64)
    r, x, k = np.empty(depth), np.empty(depth), np.empty(depth)
    v0, p0, q0 = np.empty(depth), np.empty(depth), np.empty(depth)
    v, p, q = np.empty(depth), np.empty(depth), np.empty(depth)
    dp, dq = np.empty(depth), np.empty(depth)
    for c in range(count):
        numbers[c, R_LOADING] = 0.0
        numbers[c, R_LV_LOW] = numbers[c, R_MV_LOW] = np.inf
        numbers[c, R_LV_HIGH] = numbers[c, R_MV_HIGH] = -np.inf
        numbers[c, R_SLACK_VOLTAGE] = numbers[c, R_SLACK_LOADING] = np.inf
        for state in range(p_kw.shape[1]):
            level = max(state - 1, 0)
            # the path, with its base state in this level
            n = 0
            w = node[c]
            place[0] = w
            if w < 0:
                r[0], x[0], k[0] = stub_r[c], stub_x[c], 1.0
                v0[0], p0[0], q0[0] = base.voltage[level, parent[c]], 0.0, 0.0
            else:
                low_r, low_x = (1 - upper[c]) * tree.resistance[w], (1 - upper[c]) * tree.reactance[w]
                vw, pw, qw = base.voltage[level, w], base.p_fed[level, w], base.q_fed[level, w]
                s2 = (pw * pw + qw * qw) / (vw * vw)
                v0[0] = np.sqrt(
                    vw * vw + 2 * (low_r * pw + low_x * qw) + (low_r**2 + low_x**2) * s2
                )
                p0[0], q0[0] = pw + low_r * s2, qw + low_x * s2
                r[0], x[0] = upper[c] * tree.resistance[w], upper[c] * tree.reactance[w]
                k[0] = base.ratio[level, w]
            w = parent[c]
            while w >= 0:
                n += 1
                place[n] = w
                r[n], x[n], k[n] = tree.resistance[w], tree.reactance[w], base.ratio[level, w]
                v0[n], p0[n], q0[n] = base.voltage[level, w], base.p_fed[level, w], base.q_fed[level, w]
                w = tree.parent[w]
            for i in range(n + 1):
                v[i] = v0[i]
            # sweeps: powers and losses up, voltages down
            solved = False
            for _ in range(MAX_SWEEPS):
                a, b = p_kw[c, state], q_kvar[c, state]
                for i in range(n):
                    p[i], q[i] = p0[i] + a, q0[i] + b
                    more = (p[i] ** 2 + q[i] ** 2) / v[i] ** 2 - (p0[i] ** 2 + q0[i] ** 2) / v0[i] ** 2
                    a += r[i] * more
                    b += x[i] * more
                    dp[i], dq[i] = a, b
                change = 0.0
                for i in range(n - 1, -1, -1):
                    above = v[i + 1] / k[i]
                    half = above * above / 2 - (r[i] * p[i] + x[i] * q[i])
                    root = half * half - (r[i] ** 2 + x[i] ** 2) * (p[i] ** 2 + q[i] ** 2)
                    if half <= 0 or root < 0:
                        change = np.inf
                        break
                    new = np.sqrt(half + np.sqrt(root))
                    change = max(change, abs(new - v[i]))
                    v[i] = new
                if change < TOLERANCE_PU:
                    solved = True
                if solved or change == np.inf:
                    break
            if not solved:
                reasons[c] |= NO_SOLUTION
                continue
            if state == 0:
                numbers[c, R_VOLTAGE_SERVICE] = v[0]
                continue
            if level == MAIN:
                numbers[c, R_VOLTAGE_MAIN] = v[0]
            # loadings of the branches that this level judges
            for i in range(n):
                w = place[i]
                if w >= 0:
                    judged, kind, row = tree.level[w], tree.kind[w], tree.row[w]
                    fed, feeding = tree.limit_fed_kva[w], tree.limit_feeding_kva[w]
                    pu, qu = base.p_feeding[level, w], base.q_feeding[level, w]
                else:
                    judged, kind, row = own_level[c], 0, -1
                    fed, feeding, pu, qu = stub_limit[c], stub_limit[c], 0.0, 0.0
                if judged != level:
                    continue
                before = max(
                    np.sqrt(p0[i] ** 2 + q0[i] ** 2) / v0[i] / fed,
                    np.sqrt(pu**2 + qu**2) / v0[i + 1] / feeding,
                )
                after = max(
                    np.sqrt(p[i] ** 2 + q[i] ** 2) / v[i] / fed,
                    np.sqrt((pu + dp[i]) ** 2 + (qu + dq[i]) ** 2) / v[i + 1] / feeding,
                )
                if after > numbers[c, R_LOADING]:
                    numbers[c, R_LOADING] = after
                    limiting_kind[c], limiting_row[c] = kind, row
                if after <= before + 1e-9:
                    continue
                limit, reason = limits[LINE_MAX], LINE_OVERLOADED
                if kind == TRANSFORMER_KIND:
                    reason = TRANSFORMER_OVERLOADED
                    limit = limits[TRANSFORMER_MAX]
                    if level == SUBSTATION:
                        limit = limits[MAIN_TRANSFORMER_MAX]
                numbers[c, R_SLACK_LOADING] = min(numbers[c, R_SLACK_LOADING], limit - after)
                if after > limit:
                    reasons[c] |= reason
            # voltages that this level judges: the point, the path and what hangs below it
            if level not in (MAIN, FEEDER):
                continue
            low_column, high_column = R_LV_LOW, R_LV_HIGH
            low_limit, high_limit = limits[LV_MIN], limits[LV_MAX]
            if level == FEEDER:
                low_column, high_column = R_MV_LOW, R_MV_HIGH
                low_limit, high_limit = limits[MV_MIN], limits[MV_MAX]
            for i in range(n + 1):
                w = place[i]
                move = v[i] - v0[i]
                low, high, gain = np.inf, -np.inf, 1.0
                if w >= 0:
                    low, high = base.lowest[level, w], base.highest[level, w]
                    gain = base.gain[level, w]
                    if i == 0 and upper[c] < 1:
                        gain *= max(1.0, base.branch_gain[level, w])
                if i == 0 and is_low[c] == (level == MAIN):
                    low, high = min(low, v0[0]), max(high, v0[0])
                near = i == 0 or (tree.area[w] >= 0 and tree.area[w] == area[c])
                tolerance = tolerance_own if near else tolerance_far
                if low == np.inf or (abs(move) <= tolerance and not near):
                    continue
                # a drop can grow on its way down, a rise is taken as it is
                low += move * gain if move < 0 else move
                high += move
                numbers[c, low_column] = min(numbers[c, low_column], low)
                numbers[c, high_column] = max(numbers[c, high_column], high)
                if move < -tolerance:
                    numbers[c, R_SLACK_VOLTAGE] = min(numbers[c, R_SLACK_VOLTAGE], low - low_limit)
                    if low < low_limit:
                        reasons[c] |= VOLTAGE_TOO_LOW
                if move > tolerance:
                    numbers[c, R_SLACK_VOLTAGE] = min(
                        numbers[c, R_SLACK_VOLTAGE], high_limit - high
                    )
                    if high > high_limit:
                        reasons[c] |= VOLTAGE_TOO_HIGH
    return numbers, reasons, limiting_kind, limiting_row
