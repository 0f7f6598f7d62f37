"""Kernel that follows a new demand from its point up to the source.

Method: the point sees the grid as a voltage behind a 2x2 block (``radial_kernel``), so its own
voltage is solved with its full curvature; the current that it draws then walks up, exactly for the
linear answer of everything else, and the curvature of the other demands is added along the path.
Voltages of buses off the path follow where they leave it: the extreme bus by its own gain (an
estimate that is met or passed) and by the largest gain below (a bound), between which the truth
lies to first order.

Invariants
- Entry 0 of a path is the node at or below the point, the last one is a root; entry i hangs on
  entry i + 1. ``dv`` is the change of its voltage, ``di`` that of the current in its branch.
- Everything is per unit on 1 kVA; currents flow down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np

from gisplan.electrical.demand import FEEDER, MAIN, SUBSTATION
from gisplan.electrical.radial_kernel import act, inverse, one_plus, read, scalar, times
from gisplan.electrical.screening_limits import (
    LINE_MAX,
    LV_MAX,
    LV_MIN,
    MAIN_TRANSFORMER_MAX,
    MV_MAX,
    MV_MIN,
    TRANSFORMER_MAX,
)
from gisplan.electrical.subtree_kernel import HIGH, LOW, MOST, ROOM_ABOVE, ROOM_BELOW
from gisplan.model.grid import SwitchedKind

if TYPE_CHECKING:
    from gisplan.electrical.branch_model import Complexes
    from gisplan.electrical.radial_kernel import Block
    from gisplan.electrical.radial_state import LevelArrays
    from gisplan.electrical.tree import TreeArrays
    from gisplan.model.grid import Codes, Flags, Floats, Integers

TOLERANCE_PU = 1e-9
MAX_STEPS = 30
COLLAPSE_PU = 0.3
RATIO_NOISE = 1e-9
NEAR_LIMIT = 0.02
BENDS = 2
MOVED_PU = 1e-6
"""Smaller changes are the solver's."""
CURVED_FROM_PU = 5e-3
"""Below this change of voltage the curvature of other demands is less than 1e-5 p.u."""
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


class PointArrays(NamedTuple):
    """Points to screen, one row each.

    ``node`` is the bus or joint at the lower end of the point's branch, ``upper`` the share of the
    branch between its ``parent`` and the point; node -1 is a point on a line that ends open, with
    the stub's impedance and rating between parent and point. ``level`` judges that line.
    """

    node: Integers
    parent: Integers
    upper: Floats
    stub_impedance: Complexes
    stub_limit_kva: Floats
    is_low: Flags
    area: Integers
    level: Codes


class Path(NamedTuple):
    """Working arrays of one walk; ``extra`` and ``bent`` are what curvature adds to both."""

    node: Integers
    dv: Complexes
    di: Complexes
    extra: Complexes
    bent: Complexes


@numba.njit(cache=True, nogil=True, inline="always")
def magnitude_change(v: complex, dv: complex) -> float:
    """Change of a magnitude, without the loss of digits of a difference."""
    before = abs(v)
    square = dv.real * (2 * v.real + dv.real) + dv.imag * (2 * v.imag + dv.imag)
    return square / (np.sqrt(max(before * before + square, 0.0)) + before)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def draw(power: complex, voltage: complex, block: Block) -> tuple[complex, bool]:
    """Solve for the current of a constant power behind a block; say whether there is one.

    Newton on V = V0 - block * conj(S / V).
    """
    v = voltage
    for _ in range(MAX_STEPS):
        current = np.conj(power / v)
        gap = v - voltage + act(block, current)
        d = -np.conj(power) / np.conj(v) ** 2
        slope = times(block, (d.real, d.imag, d.imag, -d.real))
        step = act(inverse(one_plus(slope)), gap)
        v -= step
        size = abs(step)
        if not size < 10.0:
            return 0j, False
        if size < TOLERANCE_PU:
            return np.conj(power / v), abs(v) > COLLAPSE_PU
    return 0j, False


@numba.njit(cache=True, nogil=True, error_model="numpy")
def walk(  # noqa: PLR0917
    c: int,
    level: int,
    power: complex,
    points: PointArrays,
    tree: TreeArrays,
    base: LevelArrays,
    path: Path,
) -> tuple[int, complex, complex]:
    """Fill in a path; return its last entry (-1: no solution) and the point's voltages.

    The voltages are the one before and its change.
    """
    w = points.node[c]
    if w < 0:
        s = points.parent[c]
        z = points.stub_impedance[c]
        node_block = read(base.point[level], s)
        block = (
            node_block[0] + z.real,
            node_block[1] - z.imag,
            node_block[2] + z.imag,
            node_block[3] + z.real,
        )
        before = base.voltage[level, s]
        current, solved = draw(power, before, block)
        change = -act(block, current)
        path.node[0], path.dv[0] = s, -act(node_block, current)
        path.di[0] = current + act(read(base.below[level], s), path.dv[0])
    elif points.upper[c] < 1:
        rest = (1 - points.upper[c]) * tree.impedance[w]
        z = points.upper[c] * tree.impedance[w]
        g = tree.ratio[w]
        below = read(base.below[level], w)
        other = read(base.step_voltage[level], w)
        up = (
            z.real + g * other[0],
            -z.imag + g * other[1],
            z.imag + g * other[2],
            z.real + g * other[3],
        )
        lower = inverse(one_plus(times(scalar(rest), below)))
        down = times(below, lower)
        block = times(inverse(one_plus(times(up, down))), up)
        before = base.voltage[level, w] + rest * base.current[level, w]
        current, solved = draw(power, before, block)
        change = -act(block, current)
        path.node[0], path.dv[0] = w, act(lower, change)
        path.di[0] = current + act(down, change)
    else:
        block = read(base.point[level], w)
        before = base.voltage[level, w]
        current, solved = draw(power, before, block)
        change = -act(block, current)
        path.node[0], path.dv[0] = w, change
        path.di[0] = current + act(read(base.below[level], w), change)
    if not solved:
        return -1, before, 0j
    n = 0
    w = path.node[0]
    while tree.parent[w] >= 0:
        di = path.di[n]
        n += 1
        path.dv[n] = -act(read(base.step_voltage[level], w), di)
        path.di[n] = act(read(base.step_current[level], w), di)
        w = tree.parent[w]
        path.node[n] = w
    if abs(path.dv[0]) > CURVED_FROM_PU:
        path.bent[:n] = 0.0
        change += bend(level, n, tree, base, path)
    return n, before, change


@numba.njit(cache=True, nogil=True, error_model="numpy")
def bend(level: int, n: int, tree: TreeArrays, base: LevelArrays, path: Path) -> complex:
    """Add the curvature of the demands off the path, and return what it adds at its first entry.

    A constant power that draws I at V draws I * (1 / (1 + e) - 1) more at V + dV, e = conj(dV / V),
    where its tangent says -I * e. What is left flows along the path through its impedances alone;
    a second pass follows what the first one moved.
    """
    fall = 0j
    for _ in range(BENDS):
        carried = 0j
        for i in range(n):
            w = path.node[i]
            off = base.current[level, w]
            if i > 0:
                child = path.node[i - 1]
                off -= tree.ratio[child] * base.current[level, child]
                carried *= tree.ratio[child]
            tangent = np.conj(path.dv[i] / base.voltage[level, w])
            e = tangent + np.conj(path.bent[i] / base.voltage[level, w])
            carried += off * (1 / (1 + e) - 1 + tangent)
            path.extra[i] = carried
        fall = 0j
        for i in range(n - 1, -1, -1):
            w = path.node[i]
            fall = tree.ratio[w] * fall - tree.impedance[w] * path.extra[i]
            path.bent[i] = fall
    for i in range(n):
        path.dv[i] += path.bent[i]
        path.di[i] += path.extra[i]
    return fall


@numba.njit(cache=True, nogil=True, error_model="numpy")
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
    fed = abs(current - tree.half_fed[w] * v) / tree.limit_fed_kva[w]
    feeding = abs(tree.ratio[w] * current + tree.half_feeding[w] * above)
    return max(fed, feeding / tree.limit_feeding_kva[w])


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
    level: int,
    n: int,
    power: complex,
    after_pu: float,
    points: PointArrays,
    tree: TreeArrays,
    base: LevelArrays,
    path: Path,
    limits: Floats,
    numbers: Floats,
    limiting: Integers,
) -> int:
    """Compare the branches that a level judges with their ratings; return the reasons."""
    reasons = 0
    if points.node[c] < 0 and points.level[c] == level:
        after = abs(power) / after_pu / points.stub_limit_kva[c]
        if after > numbers[c, LOADING]:
            numbers[c, LOADING] = after
            limiting[c, 0], limiting[c, 1] = LINE_KIND, -1
        limit, reason = loading_limit(LINE_KIND, level, limits)
        numbers[c, SLACK_LOADING] = min(numbers[c, SLACK_LOADING], limit - after)
        if after > limit:
            reasons |= reason
    for i in range(n):
        w = path.node[i]
        if tree.level[w] != level or tree.limit_fed_kva[w] == np.inf:
            continue
        after = loadings(w, level, path.dv[i], path.dv[i + 1], path.di[i], tree, base)
        if after > numbers[c, LOADING]:
            numbers[c, LOADING] = after
            limiting[c, 0], limiting[c, 1] = int(tree.kind[w]), tree.row[w]
        limit, reason = loading_limit(int(tree.kind[w]), level, limits)
        slack = limit - after
        if slack >= numbers[c, SLACK_LOADING]:
            continue
        # an element that is not made worse is nobody's fault
        if slack < NEAR_LIMIT and after <= loadings(w, level, 0j, 0j, 0j, tree, base) + RATIO_NOISE:
            continue
        numbers[c, SLACK_LOADING] = slack
        if slack < 0:
            reasons |= reason
    return reasons


@numba.njit(cache=True, nogil=True, error_model="numpy")
def judge_part(  # noqa: PLR0917
    c: int,
    move: float,
    is_near: bool,
    value: Floats,
    gain: Floats,
    low_limit: float,
    high_limit: float,
    is_main: bool,
    numbers: Floats,
) -> int:
    """Compare the buses of a part of the tree that moves with one node; return the reasons.

    ``value`` and ``gain`` are the part's extremes.
    """
    if value[LOW] == np.inf:
        return 0
    most = -value[MOST]
    if is_near or abs(move) > NOTICED_PU:
        low_column, high_column = (LV_LOW, LV_HIGH) if is_main else (MV_LOW, MV_HIGH)
        low = value[LOW] + move * (most if move < 0 else gain[LOW])
        high = -value[HIGH] + move * (most if move > 0 else gain[HIGH])
        numbers[c, low_column] = min(numbers[c, low_column], low)
        numbers[c, high_column] = max(numbers[c, high_column], high)
    if abs(move) <= MOVED_PU:
        return 0
    falls = move < 0
    if is_near:
        room = value[LOW] - low_limit if falls else high_limit + value[HIGH]
        own = gain[LOW] if falls else gain[HIGH]
    else:
        room = value[ROOM_BELOW] if falls else value[ROOM_ABOVE]
        own = gain[ROOM_BELOW] if falls else gain[ROOM_ABOVE]
    size = abs(move)
    numbers[c, SLACK_VOLTAGE] = min(numbers[c, SLACK_VOLTAGE], room - size * most)
    numbers[c, SLACK_AT_MOST] = min(numbers[c, SLACK_AT_MOST], room - size * own)
    if room - size * most < 0:
        return VOLTAGE_TOO_LOW if falls else VOLTAGE_TOO_HIGH
    return 0


@numba.njit(cache=True, nogil=True, error_model="numpy")
def judge_point(  # noqa: PLR0917
    c: int,
    before: complex,
    change: complex,
    low_limit: float,
    high_limit: float,
    is_main: bool,
    numbers: Floats,
) -> int:
    """Compare the point's own voltage with its limits; return the reasons."""
    move = magnitude_change(before, change)
    after = abs(before) + move
    low_column, high_column = (LV_LOW, LV_HIGH) if is_main else (MV_LOW, MV_HIGH)
    numbers[c, low_column] = min(numbers[c, low_column], after)
    numbers[c, high_column] = max(numbers[c, high_column], after)
    if abs(move) <= MOVED_PU:
        return 0
    slack = after - low_limit if move < 0 else high_limit - after
    numbers[c, SLACK_VOLTAGE] = min(numbers[c, SLACK_VOLTAGE], slack)
    numbers[c, SLACK_AT_MOST] = min(numbers[c, SLACK_AT_MOST], slack)
    if slack < 0:
        return VOLTAGE_TOO_LOW if move < 0 else VOLTAGE_TOO_HIGH
    return 0


@numba.njit(cache=True, nogil=True, error_model="numpy")
def judge_voltages(  # noqa: PLR0917
    c: int,
    level: int,
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
    """Compare the point, the path and what hangs off it with the limits of a level's voltages."""
    is_main = level == MAIN
    part = 0 if is_main else 1
    low_limit = limits[LV_MIN if is_main else MV_MIN]
    high_limit = limits[LV_MAX if is_main else MV_MAX]
    reasons = 0
    if points.is_low[c] == is_main:
        reasons |= judge_point(c, before, change, low_limit, high_limit, is_main, numbers)
    w = path.node[0]
    move = magnitude_change(base.voltage[level, w], path.dv[0])
    reasons |= judge_part(
        c, move, True, base.value[part, w], base.gain[part, w],
        low_limit, high_limit, is_main, numbers,
    )  # fmt: skip
    for i in range(1, n + 1):
        w = path.node[i - 1]
        if base.beside[part, w, LOW] == np.inf:
            continue
        p = path.node[i]
        move = magnitude_change(base.voltage[level, p], path.dv[i])
        is_near = tree.area[p] >= 0 and tree.area[p] == points.area[c]
        reasons |= judge_part(
            c, move, is_near, base.beside[part, w], base.beside_gain[part, w],
            low_limit, high_limit, is_main, numbers,
        )  # fmt: skip
    return reasons


@numba.njit(cache=True, nogil=True)
def new_path(tree: TreeArrays) -> Path:
    """Return room for the longest path."""
    depth = tree.parent.size + 1
    return Path(
        np.empty(depth, dtype=np.int64),
        np.empty(depth, dtype=np.complex128),
        np.empty(depth, dtype=np.complex128),
        np.empty(depth, dtype=np.complex128),
        np.empty(depth, dtype=np.complex128),
    )


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

    Powers have a column a state; ``is_repeated`` marks levels whose state is that of the level
    before. Returns the numbers, the reasons, and kind and row of the limiting element.
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
        found, n, before, change = 0, -1, 0j, 0j
        for state in range(p_kw.shape[1]):
            level = max(state - 1, 0)
            power = complex(p_kw[c, state], q_kvar[c, state])
            known = (
                state > 0
                and (state == 1 or is_repeated[level])
                and p_kw[c, state] == p_kw[c, state - 1]
                and q_kvar[c, state] == q_kvar[c, state - 1]
            )
            if not known:
                n, before, change = walk(c, level, power, points, tree, base, path)
            if n < 0:
                found |= NO_SOLUTION
                continue
            after_pu = abs(before + change)
            if state == 0:
                numbers[c, VOLTAGE_SERVICE] = after_pu
                continue
            if level == MAIN:
                numbers[c, VOLTAGE_MAIN] = after_pu
            found |= judge_loadings(
                c, level, n, power, after_pu, points, tree, base, path, limits, numbers, limiting
            )
            if level in (MAIN, FEEDER):
                found |= judge_voltages(
                    c, level, n, before, change, points, tree, base, path, limits, numbers
                )
        reasons[c] = found
    return numbers, reasons, limiting
