"""Kernels that solve a supply tree and tell how it answers to a small change, in real 2x2 blocks.

Method: a constant-power demand draws conj(S / V), which near a voltage is a constant and a part
that follows conj(V). That part is no multiple of V, so admittances are real 2x2 blocks over
(Re, Im). Eliminating them from the leaves up is a Newton step on the tree, exact but for the
curvature of the demands; the same blocks say what one more ampere anywhere does to all voltages
above it. The few loops are opened at their chords, whose currents are found by compensation.

Invariants
- ``order`` lists every supplied node after its parent; roots have parent -1.
- Everything is per unit on 1 kVA; currents and powers flow down. A block is a row (a, b, c, d) of
  the matrix ((a, b), (c, d)) that acts on (Re, Im).
- ``below[w]`` is the admittance of node w with all that hangs below it, ``seen[w]`` the same
  through its branch, as its parent sees it, ``keep[w]`` = (1 + z below)^-1.

References
----------
D. Shirmohammadi, H. W. Hong, A. Semlyen, G. X. Luo: A compensation-based power flow method for
weakly meshed distribution and transmission networks, IEEE Transactions on Power Systems 3 (2),
1988.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from gisplan.electrical.flow.branch_model import Complexes
    from gisplan.model.grid import Floats, Integers

Block = tuple[float, float, float, float]

TOLERANCE_PU = 1e-8
"""Of the last step: what is still missing after it is a thousandth of it."""
GAP_PU = 1e-10
LINEAR_WITHIN_PU = 3e-4
MAX_STEPS = 60
LOWEST_PU = 0.3
"""Below this a solution is the lower, unstable branch of the P-V curve, no operating point."""


@numba.njit(cache=True, nogil=True, inline="always")
def times(m: Block, n: Block) -> Block:
    """Multiply two blocks."""
    return (
        m[0] * n[0] + m[1] * n[2],
        m[0] * n[1] + m[1] * n[3],
        m[2] * n[0] + m[3] * n[2],
        m[2] * n[1] + m[3] * n[3],
    )


@numba.njit(cache=True, nogil=True, inline="always")
def inverse(m: Block) -> Block:
    """Invert a block."""
    det = m[0] * m[3] - m[1] * m[2]
    return m[3] / det, -m[1] / det, -m[2] / det, m[0] / det


@numba.njit(cache=True, nogil=True, inline="always")
def act(m: Block, x: complex) -> complex:
    """Apply a block to a complex number."""
    return complex(m[0] * x.real + m[1] * x.imag, m[2] * x.real + m[3] * x.imag)


@numba.njit(cache=True, nogil=True, inline="always")
def scalar(z: complex) -> Block:
    """Block of the multiplication with a complex number."""
    return z.real, -z.imag, z.imag, z.real


@numba.njit(cache=True, nogil=True, inline="always")
def one_plus(m: Block) -> Block:
    """Add the unit block."""
    return 1.0 + m[0], m[1], m[2], 1.0 + m[3]


@numba.njit(cache=True, nogil=True, inline="always")
def read(blocks: Floats, w: int) -> Block:
    """Block of a node."""
    return blocks[w, 0], blocks[w, 1], blocks[w, 2], blocks[w, 3]


@numba.njit(cache=True, nogil=True, inline="always")
def write(blocks: Floats, w: int, m: Block) -> None:
    """Set the block of a node."""
    blocks[w, 0], blocks[w, 1], blocks[w, 2], blocks[w, 3] = m


@numba.njit(cache=True, nogil=True, error_model="numpy")
def eliminate(  # noqa: PLR0917
    order: Integers,
    parent: Integers,
    impedance: Complexes,
    ratio: Floats,
    shunt: Complexes,
    power: Complexes,
    voltage: Complexes,
    slopes: Complexes,
    below: Floats,
    seen: Floats,
    keep: Floats,
) -> int:
    """Gather the admittances from the leaves up, demands taken at their present voltage.

    ``slopes`` keeps the demands' own part. Returns how many pivots have turned negative: none has
    on the way from no load to the first operating point without which there is none.
    """
    for w in order:
        y = shunt[w]
        d = 0j
        if power[w] != 0:
            # conj(S / V) changes by -conj(S) / conj(V)^2 * conj(dV)
            d = -np.conj(power[w] / (voltage[w] * voltage[w]))
        slopes[w] = d
        below[w, 0], below[w, 1] = y.real + d.real, -y.imag + d.imag
        below[w, 2], below[w, 3] = y.imag + d.imag, y.real - d.real
    turned = 0
    for place in range(order.size - 1, -1, -1):
        w = order[place]
        p = parent[w]
        if p < 0:
            continue
        a = read(below, w)
        pivot = one_plus(times(scalar(impedance[w]), a))
        if pivot[0] * pivot[3] - pivot[1] * pivot[2] < 0:
            turned += 1
        k = inverse(pivot)
        write(keep, w, k)
        s = times(a, k)
        square = ratio[w] * ratio[w]
        for i in range(4):
            seen[w, i] = square * s[i]
            below[p, i] += square * s[i]
    return turned


@numba.njit(cache=True, nogil=True, error_model="numpy")
def sweep(  # noqa: PLR0917
    order: Integers,
    parent: Integers,
    impedance: Complexes,
    ratio: Floats,
    power: Complexes,
    drawn: Complexes,
    slopes: Complexes,
    below: Floats,
    keep: Floats,
    voltage: Complexes,
    current: Complexes,
) -> float:
    """Make one step with the blocks at hand; return the largest change of a voltage.

    ``drawn`` are further currents out of the nodes, ``slopes`` the demands' part of ``below``. On
    return ``current`` is what flows into each node from its branch.
    """
    for w in order:
        current[w] = drawn[w]
        if power[w] != 0:
            v = voltage[w]
            current[w] += np.conj(power[w] / v) - slopes[w] * np.conj(v)
    for place in range(order.size - 1, -1, -1):
        w = order[place]
        p = parent[w]
        if p < 0:
            continue
        c = current[w]
        a, k = read(below, w), read(keep, w)
        current[p] += ratio[w] * (c - act(a, act(k, impedance[w] * c)))
    change = 0.0
    for w in order:
        p = parent[w]
        if p < 0:
            continue
        c = current[w]
        v = act(read(keep, w), ratio[w] * voltage[p] - impedance[w] * c)
        step = abs(v - voltage[w])
        if not step <= change:
            change = step
        voltage[w] = v
        current[w] = c + act(read(below, w), v)
    return change


@numba.njit(cache=True, nogil=True, error_model="numpy")
def respond(  # noqa: PLR0917
    order: Integers,
    parent: Integers,
    impedance: Complexes,
    ratio: Floats,
    voltage: Complexes,
    below: Floats,
    seen: Floats,
    upward: Floats,
    point: Floats,
    step_voltage: Floats,
    step_current: Floats,
    growth: Floats,
) -> None:
    """Hand down how the tree above each node answers.

    ``point[w]`` turns a current drawn at w into the fall of its voltage, ``upward[w]`` the same
    with only what lies above (through its branch). One more unit of current through the branch of
    w lowers the voltage of its parent by ``step_voltage[w]`` and makes ``step_current[w]`` flow
    through the branch above. ``growth[w]`` is the change of the voltage of w for one unit of its
    parent's, magnitudes both.
    """
    for w in order:
        p = parent[w]
        if p < 0:
            write(upward, w, (0.0, 0.0, 0.0, 0.0))
            write(point, w, (0.0, 0.0, 0.0, 0.0))
            growth[w] = 1.0
            continue
        above = read(upward, p)
        rest = (
            below[p, 0] - seen[w, 0],
            below[p, 1] - seen[w, 1],
            below[p, 2] - seen[w, 2],
            below[p, 3] - seen[w, 3],
        )
        # what the parent sees without the branch of w
        other = times(inverse(one_plus(times(above, rest))), above)
        g = ratio[w]
        lost = times(rest, other)
        write(step_voltage, w, (g * other[0], g * other[1], g * other[2], g * other[3]))
        write(
            step_current,
            w,
            (g * (1 - lost[0]), -g * lost[1], -g * lost[2], g * (1 - lost[3])),
        )
        z = impedance[w]
        square = g * g
        up = (
            z.real + square * other[0],
            -z.imag + square * other[1],
            z.imag + square * other[2],
            z.real + square * other[3],
        )
        write(upward, w, up)
        own = read(below, w)
        write(point, w, times(inverse(one_plus(times(up, own))), up))
        moved = act(inverse(one_plus(times(scalar(z), own))), g * voltage[p] / abs(voltage[p]))
        growth[w] = (np.conj(voltage[w]) * moved).real / abs(voltage[w])


@numba.njit(cache=True, nogil=True, error_model="numpy")
def chord_gaps(  # noqa: PLR0917
    order: Integers,
    parent: Integers,
    impedance: Complexes,
    ratio: Floats,
    chord_first: Integers,
    chord_second: Integers,
    chord_impedance: Complexes,
    chord_ratio: Complexes,
    below: Floats,
    keep: Floats,
) -> Floats:
    """Return how much one unit of current in a chord (column) closes the gap of each (row).

    Real and imaginary parts in turn; the tree answers with its blocks.
    """
    count = chord_first.size
    gaps = np.zeros((2 * count, 2 * count))
    power = np.zeros(parent.size, dtype=np.complex128)
    drawn, current = power.copy(), power.copy()
    slopes = power.copy()
    for column in range(2 * count):
        k = column // 2
        unit = 1.0 + 0j if column % 2 == 0 else 1j
        drawn[:] = 0.0
        fall = np.zeros(parent.size, dtype=np.complex128)
        drawn[chord_first[k]] += np.conj(chord_ratio[k]) * unit
        drawn[chord_second[k]] -= unit
        sweep(order, parent, impedance, ratio, power, drawn, slopes, below, keep, fall, current)
        for row in range(count):
            gap = fall[chord_second[row]] - chord_ratio[row] * fall[chord_first[row]]
            if row == k:
                gap += chord_impedance[k] * unit
            gaps[2 * row, column], gaps[2 * row + 1, column] = gap.real, gap.imag
    return gaps


@numba.njit(cache=True, nogil=True)
def draw_chords(
    chord_first: Integers,
    chord_second: Integers,
    chord_ratio: Complexes,
    chord_current: Complexes,
    drawn: Complexes,
) -> None:
    """Set what the chords draw from the nodes at their ends."""
    for k in range(chord_first.size):
        drawn[chord_first[k]] = drawn[chord_second[k]] = 0.0
    for k in range(chord_first.size):
        drawn[chord_first[k]] += np.conj(chord_ratio[k]) * chord_current[k]
        drawn[chord_second[k]] -= chord_current[k]


@numba.njit(cache=True, nogil=True)
def step_chords(chord_steps: Floats, gap: Complexes, chord_current: Complexes) -> None:
    """Change the currents of the chords by what closes their gaps."""
    for k in range(gap.size):
        for other in range(gap.size):
            g = gap[other]
            row, column = 2 * k, 2 * other
            chord_current[k] += complex(
                chord_steps[row, column] * g.real + chord_steps[row, column + 1] * g.imag,
                chord_steps[row + 1, column] * g.real + chord_steps[row + 1, column + 1] * g.imag,
            )


@numba.njit(cache=True, nogil=True, error_model="numpy")
def solve_tree(  # noqa: PLR0917
    order: Integers,
    parent: Integers,
    impedance: Complexes,
    ratio: Floats,
    shunt: Complexes,
    power: Complexes,
    chord_first: Integers,
    chord_second: Integers,
    chord_impedance: Complexes,
    chord_ratio: Complexes,
    chord_steps: Floats,
    is_exact: bool,
    voltage: Complexes,
    current: Complexes,
    chord_current: Complexes,
    below: Floats,
    seen: Floats,
    keep: Floats,
) -> bool:
    """Solve a tree with its chords from the voltages and chord currents given.

    ``chord_steps`` turns what the voltages at the ends of the chords disagree (real and imaginary
    parts in turn) into the change of their currents; ``is_exact`` finds them anew in every step,
    which makes it a Newton step of tree and chords together. Returns whether an operating point
    was found; ``below`` and ``seen`` then hold its blocks.
    """
    steps, sign = chord_steps.copy(), 1.0
    drawn = np.zeros(parent.size, dtype=np.complex128)
    slopes = np.zeros(parent.size, dtype=np.complex128)
    gap = np.zeros(chord_first.size, dtype=np.complex128)
    is_joint_step = is_exact and chord_first.size > 0
    change, turned = 1.0, 0
    for _ in range(MAX_STEPS):
        if is_exact or change > LINEAR_WITHIN_PU:
            turned = eliminate(
                order, parent, impedance, ratio, shunt, power, voltage, slopes, below, seen, keep
            )
        if is_joint_step:
            gaps = chord_gaps(
                order, parent, impedance, ratio, chord_first, chord_second, chord_impedance,
                chord_ratio, below, keep,
            )  # fmt: skip
            if not np.isfinite(gaps).all():
                return False
            steps[:], sign = np.linalg.pinv(gaps), np.linalg.det(gaps)
        before = voltage.copy() if is_joint_step else voltage
        draw_chords(chord_first, chord_second, chord_ratio, chord_current, drawn)
        change = sweep(
            order, parent, impedance, ratio, power, drawn, slopes, below, keep, voltage, current
        )
        widest = 0.0
        for k in range(chord_first.size):
            gap[k] = (
                chord_ratio[k] * voltage[chord_first[k]]
                - voltage[chord_second[k]]
                - chord_impedance[k] * chord_current[k]
            )
            widest = max(widest, abs(gap[k]))
        if not np.isfinite(change):
            return False
        if change < TOLERANCE_PU and widest < GAP_PU:
            break
        step_chords(steps, gap, chord_current)
        if is_joint_step:
            voltage[:] = before
            draw_chords(chord_first, chord_second, chord_ratio, chord_current, drawn)
            change = sweep(
                order, parent, impedance, ratio, power, drawn, slopes, below, keep, voltage, current
            )
    else:
        return False
    # an odd number of negative pivots marks the lower branch; chords may hold what a tree cannot
    is_lower = turned > 0 if chord_first.size == 0 else is_exact and (turned % 2 == 0) != (sign > 0)
    lowest = 1.0
    for w in order:
        lowest = min(lowest, abs(voltage[w]))
    return lowest >= LOWEST_PU and not is_lower


@numba.njit(cache=True, nogil=True)
def open_circuit(
    order: Integers, parent: Integers, ratio: Floats, root_voltage: Floats
) -> Complexes:
    """Return the voltage of every node without any current."""
    voltage = np.ones(parent.size, dtype=np.complex128)
    for w in order:
        p = parent[w]
        voltage[w] = root_voltage[w] if p < 0 else ratio[w] * voltage[p]
    return voltage


@numba.njit(cache=True, nogil=True, error_model="numpy")
def demand_currents(  # noqa: PLR0917
    order: Integers,
    parent: Integers,
    ratio: Floats,
    power: Complexes,
    voltage: Complexes,
    drawn: Complexes,
) -> None:
    """Sum up what demands draw at and below each node; the rest of its current is linear."""
    for w in order:
        drawn[w] = np.conj(power[w] / voltage[w])
    for place in range(order.size - 1, -1, -1):
        w = order[place]
        if parent[w] >= 0:
            drawn[parent[w]] += ratio[w] * drawn[w]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def end_currents(  # noqa: PLR0917
    order: Integers,
    parent: Integers,
    ratio: Floats,
    half_fed: Complexes,
    half_feeding: Complexes,
    voltage: Complexes,
    current: Complexes,
    at_fed: Complexes,
    at_feeding: Complexes,
) -> None:
    """Return the currents at both ends of each branch, shunts included, flowing down."""
    for w in order:
        p = parent[w]
        if p < 0:
            continue
        at_fed[w] = current[w] - half_fed[w] * voltage[w]
        at_feeding[w] = ratio[w] * current[w] + half_feeding[w] * voltage[p]
