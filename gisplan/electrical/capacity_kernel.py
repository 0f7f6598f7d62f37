"""Kernel that finds the largest demand of each point that breaks no limit.

Method: at one size of the demand the walk of ``screening_kernel`` tells how every voltage and
current on the path changes. Taken as proportional to the size, each limit is a quadratic equation
whose root is the size that it allows; the smallest root is the next size to walk with. The change
is nearly proportional, so three or four walks are enough.

Invariants
- Sizes are in kVA along the unit power ``direction``; a size of 0 means that a limit is broken
  already and any demand makes it worse.
- The limiting element is a kind (``SwitchedKind``, or ``BUS_VOLTAGE``) and a row, or a node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from gisplan.electrical.demand import FEEDER, MAIN
from gisplan.electrical.screening_kernel import (
    MOVED_PU,
    loading_limit,
    magnitude_change,
    new_path,
    walk,
)
from gisplan.electrical.screening_limits import LV_MAX, LV_MIN, MV_MAX, MV_MIN
from gisplan.electrical.subtree_kernel import HIGH, LOW, ROOM_ABOVE, ROOM_BELOW

if TYPE_CHECKING:
    from gisplan.electrical.radial_state import LevelArrays
    from gisplan.electrical.screening_kernel import Path, PointArrays
    from gisplan.electrical.tree import TreeArrays
    from gisplan.model.grid import Codes, Flags, Floats, Integers

FIRST_KVA = 1.0
LARGEST_KVA = 1e9
ROUNDS = 40
SAME_SIZE = 1e-6

UNLIMITED, TOO_LOW, TOO_HIGH, OVERLOADED, COLLAPSE = range(5)
BUS_VOLTAGE = 255


@numba.njit(cache=True, nogil=True, inline="always", error_model="numpy")
def grown_to(base: complex, change: complex, size: float) -> float:
    """Return the factor s >= 0 with abs(base + s * change) = size; inf where there is none.

    0 where the size is passed already and grows further.
    """
    a = change.real * change.real + change.imag * change.imag
    half = base.real * change.real + base.imag * change.imag
    c = base.real * base.real + base.imag * base.imag - size * size
    if a == 0.0:
        return np.inf
    if c >= 0.0:
        if half >= 0.0:
            return 0.0
        return (-half + np.sqrt(max(half * half - a * c, 0.0))) / a
    return (-half + np.sqrt(half * half - a * c)) / a


@numba.njit(cache=True, nogil=True, inline="always", error_model="numpy")
def fallen_to(base: complex, change: complex, size: float) -> float:
    """Return the smallest factor s >= 0 with abs(base + s * change) = size; inf if there is none.

    0 where the base is below it already and falls further.
    """
    a = change.real * change.real + change.imag * change.imag
    half = base.real * change.real + base.imag * change.imag
    c = base.real * base.real + base.imag * base.imag - size * size
    if half >= 0.0 or a == 0.0:
        return np.inf
    if c <= 0.0:
        return 0.0
    root = half * half - a * c
    if root < 0.0:
        return np.inf
    return (-half - np.sqrt(root)) / a


@numba.njit(cache=True, nogil=True, error_model="numpy")
def part_factor(  # noqa: PLR0917
    v: complex,
    dv: complex,
    is_near: bool,
    value: Floats,
    gain: Floats,
    low_limit: float,
    high_limit: float,
) -> tuple[float, int, int]:
    """Return by what factor a part of the tree lets the change grow; the reason; the extreme."""
    move = magnitude_change(v, dv)
    if value[LOW] == np.inf or move == 0.0:
        return np.inf, UNLIMITED, LOW
    if move < 0:
        extreme = LOW if is_near else ROOM_BELOW
        room = value[LOW] - low_limit if is_near else value[ROOM_BELOW]
        if room <= 0 and move > -MOVED_PU:
            return np.inf, UNLIMITED, LOW
        return fallen_to(v, dv, abs(v) - max(room, 0.0) / gain[extreme]), TOO_LOW, extreme
    extreme = HIGH if is_near else ROOM_ABOVE
    room = high_limit + value[HIGH] if is_near else value[ROOM_ABOVE]
    if room <= 0 and move < MOVED_PU:
        return np.inf, UNLIMITED, LOW
    return grown_to(v, dv, abs(v) + max(room, 0.0) / gain[extreme]), TOO_HIGH, extreme


@numba.njit(cache=True, nogil=True, error_model="numpy")
def voltage_factor(  # noqa: PLR0917
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
) -> tuple[float, int, int]:
    """Return by what factor voltages let a change grow; the reason; the node."""
    is_main = level == MAIN
    part = 0 if is_main else 1
    low, high = limits[LV_MIN if is_main else MV_MIN], limits[LV_MAX if is_main else MV_MAX]
    best, reason, node = np.inf, UNLIMITED, -1
    if points.is_low[c] == is_main:
        s = fallen_to(before, change, low)
        if s < best:
            best, reason, node = s, TOO_LOW, path.node[0]
        if magnitude_change(before, change) > 0:
            s = grown_to(before, change, high)
            if s < best:
                best, reason, node = s, TOO_HIGH, path.node[0]
    for i in range(n + 1):
        w = path.node[i]
        v, dv = base.voltage[level, w], path.dv[i]
        if i == 0:
            s, why, extreme = part_factor(
                v, dv, True, base.value[part, w], base.gain[part, w], low, high
            )
            at = base.node[part, w, extreme]
        else:
            child = path.node[i - 1]
            is_near = tree.area[w] >= 0 and tree.area[w] == points.area[c]
            s, why, extreme = part_factor(
                v, dv, is_near, base.beside[part, child], base.beside_gain[part, child], low, high
            )
            at = base.beside_node[part, child, extreme]
        if s < best:
            best, reason, node = s, why, at
    return best, reason, node


@numba.njit(cache=True, nogil=True, error_model="numpy")
def loading_factor(  # noqa: PLR0917
    level: int,
    n: int,
    tree: TreeArrays,
    base: LevelArrays,
    path: Path,
    limits: Floats,
) -> tuple[float, int]:
    """Return by what factor the branches of a level let a change grow; the limiting node."""
    best, node = np.inf, -1
    for i in range(n):
        w = path.node[i]
        if tree.level[w] != level or tree.limit_fed_kva[w] == np.inf:
            continue
        limit, _ = loading_limit(int(tree.kind[w]), level, limits)
        v, current, half = base.voltage[level, w], base.current[level, w], tree.half_fed[w]
        s = grown_to(
            current - half * v, path.di[i] - half * path.dv[i], limit * tree.limit_fed_kva[w]
        )
        above, half = base.voltage[level, tree.parent[w]], tree.half_feeding[w]
        s = min(
            s,
            grown_to(
                tree.ratio[w] * current + half * above,
                tree.ratio[w] * path.di[i] + half * path.dv[i + 1],
                limit * tree.limit_feeding_kva[w],
            ),
        )
        if s < best:
            best, node = s, w
    return best, node


@numba.njit(cache=True, nogil=True, error_model="numpy")
def allowed_size(  # noqa: PLR0917
    c: int,
    direction: complex,
    size: float,
    points: PointArrays,
    tree: TreeArrays,
    base: LevelArrays,
    path: Path,
    limits: Floats,
    is_repeated: Flags,
) -> tuple[float, int, int]:
    """Return the size that the limits allow, judged from the walk at a size; reason and node.

    -1 where that size has no solution.
    """
    best, reason, node = np.inf, UNLIMITED, -1
    n, before, change = -1, 0j, 0j
    for level in range(base.voltage.shape[0]):
        if level == 0 or not is_repeated[level]:
            n, before, change = walk(c, level, size * direction, points, tree, base, path)
        if n < 0:
            return -1.0, COLLAPSE, -1
        s, at = loading_factor(level, n, tree, base, path, limits)
        if s < best:
            best, reason, node = s, OVERLOADED, at
        if level in (MAIN, FEEDER):
            s, why, at = voltage_factor(
                c, level, n, before, change, points, tree, base, path, limits
            )
            if s < best:
                best, reason, node = s, why, at
    return best * size, reason, node


@numba.njit(cache=True, nogil=True, error_model="numpy")
def find_capacities(  # noqa: PLR0917
    points: PointArrays,
    direction: complex,
    limits: Floats,
    tree: TreeArrays,
    base: LevelArrays,
    is_repeated: Flags,
) -> tuple[Floats, Codes, Integers]:
    """Return the largest size at each point, why no more, and the node of what limits it."""
    count = points.node.size
    sizes = np.zeros(count)
    reasons = np.zeros(count, dtype=np.uint8)
    nodes = np.full(count, -1, dtype=np.int64)
    path = new_path(tree)
    for c in range(count):
        size, upper = FIRST_KVA, np.inf
        result, reason, node = 0.0, UNLIMITED, -1
        for _ in range(ROUNDS):
            allowed, why, at = allowed_size(
                c, direction, size, points, tree, base, path, limits, is_repeated
            )
            if allowed < 0:
                # no operating point: half the way back to the last size that had one
                upper, reason, node = size, COLLAPSE, -1
                size = (size + result) / 2
                if upper - size < SAME_SIZE * upper:
                    break
                continue
            if allowed >= LARGEST_KVA:
                result, reason, node = np.inf, UNLIMITED, -1
                break
            if allowed < upper:
                result, reason, node = allowed, why, at
            else:
                result = size
            if (abs(result - size) <= SAME_SIZE * size and allowed < upper) or result == 0.0:
                break
            size = result if allowed < upper else (size + upper) / 2
            if upper - size < SAME_SIZE * upper:
                break
        sizes[c], reasons[c], nodes[c] = result, reason, node
    return sizes, reasons, nodes
