"""Kernel that finds the largest demand of each point that breaks no limit.

Method: at one size of the demand the walk of ``path_kernel`` tells how every voltage and current
on the path changes. Taken as proportional to the size, each limit is a quadratic equation whose
root is the size that it allows; the smallest root is the next size to walk with. The change is
nearly proportional, so three or four walks are enough. Sizes beyond the last operating point have
no walk; between them and the largest one that has, the interval is halved.

Invariants
- Sizes are in kVA along the unit power ``direction``; a size of 0 means that a limit is broken
  already and the first kVA makes it worse.
- ``fits`` breaks no limit, ``breaks`` does or has no operating point.
- The limiting element is a kind (``SwitchedKind``, or ``BUS_VOLTAGE``) and a row, or a node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from gisplan.electrical.base.subtree_kernel import (
    FAR_ABOVE,
    FAR_BELOW,
    LOADED,
    MOST,
    MOVED_PU,
    NEAR_ABOVE,
    NEAR_BELOW,
)
from gisplan.electrical.demand import FEEDER, MAIN
from gisplan.electrical.screening.path_kernel import magnitude_change, new_path, walk
from gisplan.electrical.screening.screening_kernel import loading_limit
from gisplan.electrical.screening.screening_limits import LV_MAX, LV_MIN, MV_MAX, MV_MIN

if TYPE_CHECKING:
    from gisplan.electrical.base.radial_state import LevelArrays
    from gisplan.electrical.base.tree import TreeArrays
    from gisplan.electrical.screening.path_kernel import Path, PointArrays
    from gisplan.model.grid import Codes, Flags, Floats, Integers

FIRST_KVA = 1.0
LARGEST_KVA = 1e9
ROUNDS = 100
SAME_SIZE = 1e-6
FURTHER = 100.0
"""Where nothing known limits, sizes grow by this factor until there is no operating point."""

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
        return float((-half + np.sqrt(max(half * half - a * c, 0.0))) / a)
    return float((-half + np.sqrt(half * half - a * c)) / a)


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
    if root < 0.0 or size < 0.0:
        return np.inf
    return float((-half - np.sqrt(root)) / a)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def room_factor(  # noqa: PLR0917
    v: complex, dv: complex, move: float, room: float, gain: float, falls: bool
) -> float:
    """Return by what factor a change may grow until a voltage that follows it has used its room.

    0 where there is none and the change counts, inf where the voltage moves the other way. One that
    does not count yet may grow until it does: further on the voltage may turn back.
    """
    if falls != (move < 0) or room == np.inf:
        return np.inf
    if room <= 0 and abs(move) * gain > MOVED_PU:
        return 0.0
    room = max(room, MOVED_PU) / gain
    return fallen_to(v, dv, abs(v) - room) if falls else grown_to(v, dv, abs(v) + room)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def part_factor(  # noqa: PLR0917
    v: complex,
    dv: complex,
    move: float,
    is_near: bool,
    value: Floats,
    gain: Floats,
) -> tuple[float, int, int]:
    """Return by what factor a part of the tree lets the change grow; the reason; the extreme."""
    if move > 0:
        extreme = NEAR_ABOVE if is_near else FAR_ABOVE
        above = room_factor(v, dv, move, value[extreme], gain[extreme], False)
        return above, TOO_HIGH, extreme
    extreme = NEAR_BELOW if is_near else FAR_BELOW
    best = room_factor(v, dv, move, value[extreme], gain[extreme], True)
    loaded = room_factor(v, dv, move, value[LOADED], gain[LOADED], True)
    if loaded < best:
        return loaded, OVERLOADED, LOADED
    return best, TOO_LOW, extreme


@numba.njit(cache=True, nogil=True, error_model="numpy")
def own_factor(
    v: complex, dv: complex, move: float, low_limit: float, high_limit: float
) -> tuple[float, int]:
    """Return by what factor the voltage of the point or of its path lets a change grow; why."""
    if move < 0:
        return room_factor(v, dv, move, abs(v) - low_limit, 1.0, True), TOO_LOW
    return room_factor(v, dv, move, high_limit - abs(v), 1.0, False), TOO_HIGH


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
    """Return by what factor voltages let a change grow; the reason; the node.

    Branches off the path are among them: their currents follow the voltage.
    """
    is_main = level == MAIN
    part = 0 if is_main else 1
    low, high = limits[LV_MIN if is_main else MV_MIN], limits[LV_MAX if is_main else MV_MAX]
    best, reason, node = np.inf, UNLIMITED, -1
    if points.is_low[c] == is_main:
        s, why = own_factor(before, change, magnitude_change(before, change), low, high)
        if s < best:
            best, reason, node = s, why, path.node[0]
    for i in range(n + 1):
        p = path.node[i]
        v, dv = base.voltage[level, p], path.dv[i]
        move = magnitude_change(v, dv)
        if tree.is_bus[p] and tree.is_low[p] == is_main:
            s, why = own_factor(v, dv, move, low, high)
            if s < best:
                best, reason, node = s, why, p
        w = path.node[i - 1] if i > 0 else p
        value = base.beside[part, w] if i > 0 else base.value[part, w]
        if value[MOST] == np.inf:
            continue
        gain = base.beside_gain[part, w] if i > 0 else base.gain[part, w]
        is_near = tree.area[p] >= 0 and tree.area[p] == points.area[c]
        s, why, extreme = part_factor(v, dv, move, is_near, value, gain)
        if s < best:
            at = base.beside_node[part, w] if i > 0 else base.node[part, w]
            best, reason, node = s, why, at[extreme]
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
def largest_size(  # noqa: PLR0917
    c: int,
    direction: complex,
    points: PointArrays,
    tree: TreeArrays,
    base: LevelArrays,
    path: Path,
    limits: Floats,
    is_repeated: Flags,
) -> tuple[float, int, int]:
    """Return the largest size at a point, why no more, and the node of what limits it."""
    size, fits, breaks = FIRST_KVA, 0.0, np.inf
    why, at = UNLIMITED, -1
    for _ in range(ROUNDS):
        allowed, reason, node = allowed_size(
            c, direction, size, points, tree, base, path, limits, is_repeated
        )
        if allowed >= size:
            fits = size
            if size >= LARGEST_KVA:
                return np.inf, UNLIMITED, -1
        else:
            breaks, why, at = size, reason, node
            if allowed == 0.0 and size <= FIRST_KVA:
                return 0.0, reason, node
        if abs(allowed - size) <= SAME_SIZE * size:
            return min(allowed, size), reason, node
        if breaks < np.inf and breaks - fits <= SAME_SIZE * breaks:
            break
        if fits < allowed < min(breaks, LARGEST_KVA):
            size = allowed
        elif breaks == np.inf:
            size = min(FURTHER * size, LARGEST_KVA)
        else:
            size = (fits + breaks) / 2
    return fits, why, at


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
        sizes[c], reasons[c], nodes[c] = largest_size(
            c, direction, points, tree, base, path, limits, is_repeated
        )
    return sizes, reasons, nodes
