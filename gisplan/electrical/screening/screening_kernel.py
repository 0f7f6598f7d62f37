"""Kernel that judges what a new demand changes on its path to the source and beside it.

Method: ``path_kernel`` says how voltages and currents on the path change. Voltages off the path
follow where they leave it: judged is the bus that the least movement brings to its limit, by its
own gain; what the gain itself may change on the way is a bound. What is told of the lowest and the
highest voltage there is one too, by the largest gain below. Currents there rise as their voltage
falls; whether that overloads a branch is left to the AC power flow.

Invariants
- Entry 0 of a path is the node at or below the point, the last one is a root; entry i hangs on
  entry i + 1.
- Buses of the path belong to the part that is connected to, wherever they lie; other buses do where
  they share the point's area.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from gisplan.electrical.base.subtree_kernel import (
    FAR_ABOVE,
    FAR_BELOW,
    HIGH,
    LOADED,
    LOW,
    MOST,
    MOVED_PU,
    NEAR_ABOVE,
    NEAR_BELOW,
)
from gisplan.electrical.demand import FEEDER, MAIN, SUBSTATION
from gisplan.electrical.screening.path_kernel import magnitude_change, new_path, walk
from gisplan.electrical.screening.screening_limits import (
    LINE_MAX,
    LV_MAX,
    LV_MIN,
    MAIN_TRANSFORMER_MAX,
    MV_MAX,
    MV_MIN,
    TRANSFORMER_MAX,
)
from gisplan.model.grid import SwitchedKind

if TYPE_CHECKING:
    from gisplan.electrical.base.radial_state import LevelArrays
    from gisplan.electrical.base.tree import TreeArrays
    from gisplan.electrical.screening.path_kernel import Path, PointArrays
    from gisplan.model.grid import Codes, Flags, Floats, Integers

RATIO_NOISE = 1e-6
NEAR_LIMIT = 0.02
NOTICED_PU = 1e-4
"""Voltages far away are reported from this change on."""

LINE_OVERLOADED = 1
TRANSFORMER_OVERLOADED = 2
VOLTAGE_TOO_LOW = 4
VOLTAGE_TOO_HIGH = 8
NO_SOLUTION = 16
NOT_SUPPLIED = 32
NEEDS_AC = 64

TRANSFORMER_KIND = int(SwitchedKind.TRANSFORMER)
LINE_KIND = int(SwitchedKind.LINE)

# columns of the result
LOADING, VOLTAGE_MAIN, VOLTAGE_SERVICE, LV_LOW, LV_HIGH, MV_LOW, MV_HIGH = range(7)
SLACK_VOLTAGE, SLACK_AT_MOST, SLACK_LOADING = 7, 8, 9
RESULT_COLUMNS = 10


@numba.njit(cache=True, nogil=True, inline="always")
def size_of(z: complex) -> float:
    """Magnitude of a per-unit number; without the care for numbers near overflow."""
    return float(np.sqrt(z.real * z.real + z.imag * z.imag))


@numba.njit(cache=True, nogil=True, inline="always", error_model="numpy")
def loadings(  # noqa: PLR0917
    w: int,
    level: int,
    dv: complex,
    dv_above: complex,
    di: complex,
    tree: TreeArrays,
    base: LevelArrays,
) -> float:
    """Return the loading of a branch at its worse end after a change."""
    v, above = base.voltage[level, w] + dv, base.voltage[level, tree.parent[w]] + dv_above
    current = base.current[level, w] + di
    fed = size_of(current - tree.half_fed[w] * v) / tree.limit_fed_kva[w]
    feeding = size_of(tree.ratio[w] * current + tree.half_feeding[w] * above)
    return float(max(fed, feeding / tree.limit_feeding_kva[w]))


@numba.njit(cache=True, nogil=True, error_model="numpy")
def cut_loadings(  # noqa: PLR0917
    c: int,
    level: int,
    drawn: complex,
    after: complex,
    points: PointArrays,
    tree: TreeArrays,
    base: LevelArrays,
    path: Path,
) -> float:
    """Return the loading of a line that is cut by the point: at its ends and on both sides of it.

    What the point draws does not reach the lower end. Charging is spread along the line.
    """
    w = points.node[c]
    v, above = base.voltage[level, w] + path.dv[0], base.voltage[level, tree.parent[w]] + path.dv[1]
    upper, half = base.current[level, w] + path.di[0], tree.half_fed[w]
    lower, charging = upper - drawn, (1 - 2 * points.upper[c]) * half * after
    at_ends = max(size_of(upper + half * above), size_of(lower - half * v))
    at_point = max(size_of(upper + charging), size_of(lower + charging))
    return float(max(at_ends, at_point) / tree.limit_fed_kva[w])


@numba.njit(cache=True, nogil=True, error_model="numpy")
def stub_loading(c: int, drawn: complex, after: complex, points: PointArrays) -> float:
    """Return the loading of a line that ends open, at its closed end and above the point."""
    charging = points.stub_admittance[c] * after
    at_point = size_of(drawn + (1 - points.upper[c]) * charging)
    return float(max(size_of(drawn + charging), at_point) / points.stub_limit_kva[c])


@numba.njit(cache=True, nogil=True, inline="always")
def loading_limit(kind: int, level: int, limits: Floats) -> tuple[float, int]:
    """Return the limit of a kind of element, and the reason that it gives."""
    if kind != TRANSFORMER_KIND:
        return limits[LINE_MAX], LINE_OVERLOADED
    if level == SUBSTATION:
        return limits[MAIN_TRANSFORMER_MAX], TRANSFORMER_OVERLOADED
    return limits[TRANSFORMER_MAX], TRANSFORMER_OVERLOADED


@numba.njit(cache=True, nogil=True, error_model="numpy")
def judge_loadings(  # noqa: PLR0917
    c: int,
    first: int,
    last: int,
    n: int,
    power: complex,
    after: complex,
    points: PointArrays,
    tree: TreeArrays,
    base: LevelArrays,
    path: Path,
    limits: Floats,
    numbers: Floats,
    limiting: Integers,
) -> int:
    """Compare the branches that levels of one state judge with their ratings; return the reasons.

    The levels are ``first`` to ``last``, ``after`` is the point's voltage.
    """
    reasons = 0
    drawn = np.conj(power / after)
    if points.node[c] < 0 and first <= points.level[c] <= last:
        loading = stub_loading(c, drawn, after, points)
        if loading > numbers[LOADING]:
            numbers[LOADING] = loading
            limiting[c, 0], limiting[c, 1] = LINE_KIND, -1
        limit, reason = loading_limit(LINE_KIND, first, limits)
        numbers[SLACK_LOADING] = min(numbers[SLACK_LOADING], limit - loading)
        if loading > limit:
            reasons |= reason
    for i in range(n):
        w = path.node[i]
        if not first <= tree.level[w] <= last or tree.limit_fed_kva[w] == np.inf:
            continue
        if w == points.node[c] and points.upper[c] < 1:
            loading = cut_loadings(c, first, drawn, after, points, tree, base, path)
        else:
            loading = loadings(w, first, path.dv[i], path.dv[i + 1], path.di[i], tree, base)
        if loading > numbers[LOADING]:
            numbers[LOADING] = loading
            limiting[c, 0], limiting[c, 1] = int(tree.kind[w]), tree.row[w]
        limit, reason = loading_limit(int(tree.kind[w]), int(tree.level[w]), limits)
        slack = limit - loading
        # an element that is not made worse is nobody's fault
        if slack < NEAR_LIMIT:
            before = loadings(w, first, 0j, 0j, 0j, tree, base)
            if loading <= before + RATIO_NOISE:
                continue
        numbers[SLACK_LOADING] = min(numbers[SLACK_LOADING], slack)
        if slack < 0:
            reasons |= reason
    return reasons


@numba.njit(cache=True, nogil=True, inline="always", error_model="numpy")
def spend(room: float, size: float, curvature: float, numbers: Floats) -> bool:
    """Note what a change leaves of a room, and what it leaves if it is larger by its curvature.

    Returns whether it is overspent by a change that counts.
    """
    if size <= MOVED_PU:
        return False
    left = room - size
    numbers[SLACK_VOLTAGE] = min(numbers[SLACK_VOLTAGE], left - curvature)
    numbers[SLACK_AT_MOST] = min(numbers[SLACK_AT_MOST], left)
    return left < 0


@numba.njit(cache=True, nogil=True, inline="always", error_model="numpy")
def judge_part(  # noqa: PLR0917
    move: float,
    is_near: bool,
    value: Floats,
    gain: Floats,
    is_main: bool,
    numbers: Floats,
) -> int:
    """Compare the buses of a part of the tree that moves with one node; return the reasons.

    ``value`` and ``gain`` are the extremes of the part.
    """
    most, size = -value[MOST], abs(move)
    falls = move < 0
    if is_near or size > NOTICED_PU:
        low_column, high_column = (LV_LOW, LV_HIGH) if is_main else (MV_LOW, MV_HIGH)
        low = value[LOW] + move * (most if falls else gain[LOW])
        high = -value[HIGH] + move * (gain[HIGH] if falls else most)
        numbers[low_column] = min(numbers[low_column], low)
        numbers[high_column] = max(numbers[high_column], high)
    if falls:
        extreme, reason = NEAR_BELOW if is_near else FAR_BELOW, VOLTAGE_TOO_LOW
    else:
        extreme, reason = NEAR_ABOVE if is_near else FAR_ABOVE, VOLTAGE_TOO_HIGH
    own = gain[extreme]
    # twice the second order of a constant power behind a line: (g - 1) g^2 m^2
    curvature = 2.0 * abs(own - 1.0) * size * size
    return reason if spend(value[extreme], size * own, curvature, numbers) else 0


@numba.njit(cache=True, nogil=True, inline="always", error_model="numpy")
def judge_own(  # noqa: PLR0917
    before_pu: float,
    move: float,
    low_limit: float,
    high_limit: float,
    is_main: bool,
    numbers: Floats,
) -> int:
    """Compare the voltage of the point or of a bus on its path with limits; return the reasons."""
    after = before_pu + move
    low_column, high_column = (LV_LOW, LV_HIGH) if is_main else (MV_LOW, MV_HIGH)
    numbers[low_column] = min(numbers[low_column], after)
    numbers[high_column] = max(numbers[high_column], after)
    room = before_pu - low_limit if move < 0 else high_limit - before_pu
    if spend(room, abs(move), 0.0, numbers):
        return VOLTAGE_TOO_LOW if move < 0 else VOLTAGE_TOO_HIGH
    return 0


@numba.njit(cache=True, nogil=True, error_model="numpy")
def judge_voltages(  # noqa: PLR0917
    c: int,
    first: int,
    last: int,
    n: int,
    before: complex,
    change: complex,
    points: PointArrays,
    tree: TreeArrays,
    base: LevelArrays,
    path: Path,
    limits: Floats,
    numbers: Floats,
) -> int:
    """Compare the point, the path and what hangs off it with the limits of a state's voltages.

    The state is that of the levels ``first`` to ``last``.
    """
    reasons = 0
    judges_low, judges_medium = first <= MAIN <= last, first <= FEEDER <= last
    if judges_low if points.is_low[c] else judges_medium:
        move = magnitude_change(before, change)
        is_main = points.is_low[c]
        low_limit = limits[LV_MIN] if is_main else limits[MV_MIN]
        high_limit = limits[LV_MAX] if is_main else limits[MV_MAX]
        reasons |= judge_own(size_of(before), move, low_limit, high_limit, is_main, numbers)
    voltage, area = base.voltage[first], points.area[c]
    for part in range(2):
        is_main = part == 0
        if not (judges_low if is_main else judges_medium):
            continue
        low_limit = limits[LV_MIN] if is_main else limits[MV_MIN]
        high_limit = limits[LV_MAX] if is_main else limits[MV_MAX]
        value, gain, node = base.value[part], base.gain[part], base.node[part]
        for i in range(n + 1):
            p = path.node[i]
            is_own = tree.is_bus[p] and tree.is_low[p] == is_main
            w = path.node[i - 1] if i > 0 else p
            if i == 1:
                value, gain, node = (
                    base.beside[part],
                    base.beside_gain[part],
                    base.beside_node[part],
                )
            most = value[w, MOST]
            if most == np.inf and not is_own:
                continue
            v = voltage[p]
            size = size_of(v)
            move = magnitude_change(v, path.dv[i])
            if is_own:
                reasons |= judge_own(size, move, low_limit, high_limit, is_main, numbers)
            if most == np.inf:
                continue
            is_near = area >= 0 and tree.area[p] == area
            reasons |= judge_part(move, is_near, value[w], gain[w], is_main, numbers)
            rise = -move * gain[w, LOADED]
            if rise > MOVED_PU:
                # never certain: an exact answer would take extremes of its own in every level and
                # cost more than the AC power flow of the few that this sends there
                left = value[w, LOADED] - rise * (1 - move)
                numbers[SLACK_VOLTAGE] = min(numbers[SLACK_VOLTAGE], left)
                if left < 0:
                    is_unit = tree.kind[node[w, LOADED]] == TRANSFORMER_KIND
                    reasons |= TRANSFORMER_OVERLOADED if is_unit else LINE_OVERLOADED
    return reasons


@numba.njit(cache=True, nogil=True, error_model="numpy")
def screen_points(  # noqa: PLR0917
    points: PointArrays,
    p_kw: Floats,
    q_kvar: Floats,
    limits: Floats,
    tree: TreeArrays,
    base: LevelArrays,
    is_repeated: Flags,
) -> tuple[Floats, Codes, Integers]:
    """Screen one demand at each point, in the state "service" and in every level.

    Powers have a column a state; ``is_repeated`` marks levels whose base is that of the level
    before: with equal powers they are one state and are judged at once. Returns the numbers, the
    reasons, and kind and row of the limiting element.
    """
    count = points.node.size
    numbers = np.full((count, RESULT_COLUMNS), np.nan)
    reasons = np.zeros(count, dtype=np.uint8)
    limiting = np.full((count, 2), -1, dtype=np.int64)
    path = new_path(tree)
    for c in range(count):
        numbers[c, LOADING] = 0.0
        numbers[c, LV_LOW] = numbers[c, MV_LOW] = np.inf
        numbers[c, LV_HIGH] = numbers[c, MV_HIGH] = -np.inf
        numbers[c, SLACK_VOLTAGE] = numbers[c, SLACK_AT_MOST] = np.inf
        numbers[c, SLACK_LOADING] = np.inf
        power = complex(p_kw[c, 0], q_kvar[c, 0])
        n, before, change = walk(c, 0, power, points, tree, base, path)
        found = NO_SOLUTION
        if n >= 0:
            found, numbers[c, VOLTAGE_SERVICE] = 0, size_of(before + change)
        first = 0
        while first < is_repeated.size:
            last = first
            while (
                last + 1 < is_repeated.size
                and is_repeated[last + 1]
                and p_kw[c, last + 2] == p_kw[c, last + 1]
                and q_kvar[c, last + 2] == q_kvar[c, last + 1]
            ):
                last += 1
            drawn = complex(p_kw[c, first + 1], q_kvar[c, first + 1])
            if first > 0 or drawn != power:
                n, before, change = walk(c, first, drawn, points, tree, base, path)
            if n < 0:
                found |= NO_SOLUTION
            else:
                if first == MAIN:
                    numbers[c, VOLTAGE_MAIN] = size_of(before + change)
                found |= judge_loadings(
                    c, first, last, n, drawn, before + change, points, tree, base, path, limits,
                    numbers[c], limiting,
                )  # fmt: skip
                found |= judge_voltages(
                    c, first, last, n, before, change, points, tree, base, path, limits, numbers[c]
                )
            first = last + 1
        reasons[c] = found
    return numbers, reasons, limiting
