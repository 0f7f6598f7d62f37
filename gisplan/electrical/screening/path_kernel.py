"""Kernel that follows a new demand from its point up to the source.

Method: the point sees the grid as a voltage behind a 2x2 block (``radial_kernel``), so its own
voltage is solved with its full curvature; the current that it draws then walks up, exactly for the
linear answer of everything else, and the curvature of the other demands is added along the path.

Invariants
- Entry 0 of a path is the node at or below the point, the last one is a root; entry i hangs on
  entry i + 1. ``dv`` is the change of its voltage, ``di`` that of the current in its branch.
- Everything is per unit on 1 kVA; currents flow down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np

from gisplan.electrical.base.radial_kernel import act, inverse, one_plus, read, scalar, times

if TYPE_CHECKING:
    from gisplan.electrical.base.radial_kernel import Block
    from gisplan.electrical.base.radial_state import LevelArrays
    from gisplan.electrical.base.tree import TreeArrays
    from gisplan.electrical.flow.branch_model import Complexes
    from gisplan.model.grid import Codes, Flags, Floats, Integers

TOLERANCE_PU = 1e-9
MAX_STEPS = 30
COLLAPSE_PU = 0.3
BENDS = 3
BENT_PU = 2e-5
"""A pass that adds less moves the next one by less than a fifth of it."""
CURVED_FROM_PU = 5e-3
"""Below this change of voltage the curvature of other demands is less than 1e-5 p.u."""


class PointArrays(NamedTuple):
    """Points to screen, one row each.

    ``node`` is the bus or joint at the lower end of the point's branch, ``upper`` the share of the
    branch between its ``parent`` and the point; node -1 is a point on a line that ends open, with
    the stub's impedance and rating between parent and point and the admittance that charges it
    from the parent to its open end. ``level`` judges that line.
    """

    node: Integers
    parent: Integers
    upper: Floats
    stub_impedance: Complexes
    stub_admittance: Complexes
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
    before = np.sqrt(v.real * v.real + v.imag * v.imag)
    square = dv.real * (2 * v.real + dv.real) + dv.imag * (2 * v.imag + dv.imag)
    return float(square / (np.sqrt(max(before * before + square, 0.0)) + before))


@numba.njit(cache=True, nogil=True, inline="always", error_model="numpy")
def over(a: complex, b: complex) -> complex:
    """Quotient of per-unit numbers; without the care for numbers near overflow."""
    square = b.real * b.real + b.imag * b.imag
    return complex(
        (a.real * b.real + a.imag * b.imag) / square, (a.imag * b.real - a.real * b.imag) / square
    )


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
    step_voltage, step_current = base.step_voltage[level], base.step_current[level]
    while tree.parent[w] >= 0:
        di = path.di[n]
        n += 1
        path.dv[n] = -act(read(step_voltage, w), di)
        path.di[n] = act(read(step_current, w), di)
        w = tree.parent[w]
        path.node[n] = w
    if abs(path.dv[0]) > CURVED_FROM_PU:
        path.bent[:n] = 0.0
        change += bend(c, level, n, power, before + change, points, tree, base, path)
    return n, before, change


@numba.njit(cache=True, nogil=True, error_model="numpy")
def bend(  # noqa: PLR0917
    c: int,
    level: int,
    n: int,
    power: complex,
    after: complex,
    points: PointArrays,
    tree: TreeArrays,
    base: LevelArrays,
    path: Path,
) -> complex:
    """Add the curvature of the demands off the path, and return what it adds at the point.

    A constant power that draws I at V draws I * (1 / (1 + e) - 1) more at V + dV, e = conj(dV / V),
    where its tangent says -I * e. What is left flows along the path through its impedances alone;
    further passes follow what the first one moved, the new demand at ``after`` included.
    """
    fall = 0j
    for _ in range(BENDS):
        last = fall
        own = np.conj(power / (after + fall)) - np.conj(power / after)
        carried = own
        for i in range(n):
            w = path.node[i]
            off = base.drawn[level, w]
            if i > 0:
                child = path.node[i - 1]
                off -= tree.ratio[child] * base.drawn[level, child]
                carried *= tree.ratio[child]
            v = base.voltage[level, w]
            tangent = np.conj(over(path.dv[i], v))
            e = tangent + np.conj(over(path.bent[i], v))
            # 1 / (1 + e) - 1 + tangent, without the difference of near numbers
            carried += off * (tangent - over(e, 1 + e))
            path.extra[i] = carried
        fall = 0j
        for i in range(n - 1, 0, -1):
            w = path.node[i]
            fall = tree.ratio[w] * fall - tree.impedance[w] * path.extra[i]
            path.bent[i] = fall
        # what the point itself draws does not flow below it
        w, upper = path.node[0], points.upper[c] if points.node[c] >= 0 else 1.0
        fall, z = tree.ratio[w] * fall, tree.impedance[w]
        path.bent[0] = fall - z * (path.extra[0] - (1 - upper) * own)
        fall -= upper * z * path.extra[0] + points.stub_impedance[c] * own
        if abs(fall - last) < BENT_PU:
            break
    for i in range(n):
        path.dv[i] += path.bent[i]
        path.di[i] += path.extra[i]
    return fall


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
