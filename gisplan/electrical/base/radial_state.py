"""The state of a supply tree in every level: voltages, currents, and how it answers to a demand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gisplan.electrical.base.radial_kernel import (
    LOWEST_PU,
    chord_gaps,
    demand_currents,
    open_circuit,
    respond,
    solve_tree,
)
from gisplan.electrical.base.subtree_kernel import (
    EXTREMES,
    Extremes,
    no_extremes,
    summarise_subtrees,
)
from gisplan.electrical.base.tree import SupplyTree
from gisplan.electrical.demand import FEEDER, MAIN
from gisplan.electrical.flow.branch_model import Complexes
from gisplan.model.grid import Flags, Floats, Integers

JUDGED_LEVELS = (MAIN, FEEDER)
"""Levels in which voltages are judged, in the order of the extremes: low, then medium voltage."""
DOUBTFUL_PU = 0.7
"""Loops that end below this are solved again in exact steps."""


class LevelArrays(NamedTuple):
    """State of the tree in every level, shape (levels, nodes, ...); currents flow down the tree.

    ``current`` flows into each node from its branch, behind the branch's shunt; ``drawn`` is the
    part of it that demands draw. ``below`` and ``point``, ``step_voltage``, ``step_current`` are
    the 2x2 blocks of ``radial_kernel``.
    ``value``, ``gain`` and ``node`` are the extremes of ``subtree_kernel`` below each node,
    ``beside``, ``beside_gain`` and ``beside_node`` those beside it, shape (2, nodes, 8):
    low-voltage buses in the level "main", others in "feeder".
    """

    voltage: Complexes
    current: Complexes
    drawn: Complexes
    below: Floats
    point: Floats
    step_voltage: Floats
    step_current: Floats
    growth: Floats
    value: Floats
    gain: Floats
    node: Integers
    beside: Floats
    beside_gain: Floats
    beside_node: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """Operating points of a tree, one a row of powers; chord currents in the order of chords.

    ``is_repeated`` marks rows with the same powers as the row before.
    """

    converged: Flags
    is_repeated: Flags
    voltage: Complexes
    current: Complexes
    drawn: Complexes
    chord_current: Complexes
    below: Floats
    seen: Floats
    keep: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class FarLimits:
    """How far each node may be brought by demands elsewhere.

    ``loading_ratio`` is the present loading of its branch, ``loaded_ratio`` the same over the
    highest that it may have.
    ``near_pu`` are the lowest and the highest voltage that a demand nearby may bring it to, shape
    (2, 2): low voltage, then others.
    """

    near_pu: Floats
    low_pu: Floats
    high_pu: Floats
    loading_ratio: Floats
    loaded_ratio: Floats


def solve_states(
    tree: SupplyTree,
    chord_steps: Floats,
    root_voltage: Floats,
    power_kva: Complexes,
    start: Solution | None = None,
) -> Solution:
    """Solve the tree for every row of demands.

    Parameters
    ----------
    root_voltage
        Voltage of every node per unit; only those of roots are read.
    power_kva
        Complex demand of every node, shape (states, nodes); feed-in is negative.
    start
        A solution nearby, of as many states, to start from.
    """
    arrays, chords = tree.arrays, tree.chords
    states, count = power_kva.shape
    voltage = np.empty((states, count), np.complex128)
    current, drawn = np.zeros((2, states, count), np.complex128)
    chord_current = np.zeros((states, len(chords)), np.complex128)
    # zero, not whatever the memory holds, where nothing is supplied: equal inputs, equal bytes
    blocks = [np.zeros((states, count, 4)) for _ in range(3)]
    converged = np.zeros(states, np.bool_)
    unloaded = open_circuit(tree.order, arrays.parent, arrays.ratio, root_voltage)
    for n in range(states):
        known = _same_as_before(power_kva, n)
        if known >= 0:
            for array in (voltage, current, drawn, chord_current, converged, *blocks):
                array[n] = array[known]
            continue
        # where the short way fails or ends so low that it may have missed the upper branch
        for is_exact in (False, True):
            near = start is not None and start.converged[n] and not is_exact
            voltage[n] = start.voltage[n] if start is not None and near else unloaded
            voltage[n, tree.root] = root_voltage[tree.root]
            chord_current[n] = start.chord_current[n] if start is not None and near else 0.0
            converged[n] = solve_tree(
                tree.order,
                arrays.parent,
                arrays.impedance,
                arrays.ratio,
                arrays.shunt,
                power_kva[n],
                chords.branches.first,
                chords.branches.second,
                chords.branches.pi.impedance,
                chords.ratio,
                chord_steps,
                is_exact,
                voltage[n],
                current[n],
                chord_current[n],
                *(block[n] for block in blocks),
            )
            if converged[n] and (not len(chords) or np.abs(voltage[n]).min() > DOUBTFUL_PU):
                break
        demand_currents(tree.order, arrays.parent, arrays.ratio, power_kva[n], voltage[n], drawn[n])
    repeated = [n > 0 and np.array_equal(power_kva[n], power_kva[n - 1]) for n in range(states)]
    return Solution(
        converged=converged,
        is_repeated=np.array(repeated, np.bool_),
        voltage=voltage,
        current=current,
        drawn=drawn,
        chord_current=chord_current,
        below=blocks[0],
        seen=blocks[1],
        keep=blocks[2],
    )


def _same_as_before(power_kva: Complexes, n: int) -> int:
    """State before that has the same powers, -1 where there is none."""
    return next((m for m in range(n) if np.array_equal(power_kva[m], power_kva[n])), -1)


def chord_steps(tree: SupplyTree, near: Solution | None = None) -> Floats:
    """Change of the chords' currents for what the voltages at their ends disagree.

    Parameters
    ----------
    near
        A state whose demands answer too; without one they are left out, which costs steps only.
    """
    arrays, chords = tree.arrays, tree.chords
    count = len(arrays.parent)
    below, keep = np.zeros((count, 4)), np.tile([1.0, 0.0, 0.0, 1.0], (count, 1))
    if near is not None:
        below, keep = near.below[0], near.keep[0]
    gaps = chord_gaps(
        tree.order,
        arrays.parent,
        arrays.impedance,
        arrays.ratio,
        chords.branches.first,
        chords.branches.second,
        chords.branches.pi.impedance,
        chords.ratio,
        below,
        keep,
    )
    return np.asarray(np.linalg.pinv(gaps) if len(chords) else gaps, np.float64)


def build_levels(tree: SupplyTree, solution: Solution, far: FarLimits) -> LevelArrays:
    """Prepare solved levels for screening."""
    levels, count = solution.voltage.shape
    blocks = [np.zeros((levels, count, 4)) for _ in range(4)]
    growth = np.ones((levels, count))
    arrays = tree.arrays
    for n in range(levels):
        if solution.is_repeated[n]:
            for array in (growth, *blocks):
                array[n] = array[n - 1]
            continue
        respond(
            tree.order,
            arrays.parent,
            arrays.impedance,
            arrays.ratio,
            solution.voltage[n],
            solution.below[n],
            solution.seen[n],
            blocks[0][n],
            blocks[1][n],
            blocks[2][n],
            blocks[3][n],
            growth[n],
        )
    return LevelArrays(
        voltage=solution.voltage,
        current=solution.current,
        drawn=solution.drawn,
        below=solution.below,
        point=blocks[1],
        step_voltage=blocks[2],
        step_current=blocks[3],
        growth=growth,
        **_extremes(tree, solution, far, growth)._asdict(),
    )


def _extremes(tree: SupplyTree, solution: Solution, far: FarLimits, growth: Floats) -> Extremes:
    arrays = tree.arrays
    found = no_extremes((len(JUDGED_LEVELS), len(arrays.parent), EXTREMES))
    for n, level in enumerate(JUDGED_LEVELS):
        is_part = arrays.is_low if level == MAIN else ~arrays.is_low
        voltage_pu, more = np.abs(solution.voltage[level]), _current_growth(solution, level)
        summarise_subtrees(
            tree.order,
            arrays.parent,
            voltage_pu,
            is_part,
            is_part & arrays.is_bus,
            far.near_pu[n, 0],
            far.near_pu[n, 1],
            far.low_pu,
            far.high_pu,
            voltage_pu * far.loaded_ratio ** (1 / more),
            # a constant power fills what is this empty only below any operating point
            np.where(far.loaded_ratio > LOWEST_PU, far.loading_ratio * more, 0.0),
            growth[level],
            Extremes(*(array[n] for array in found)),
        )
    return found


def _current_growth(solution: Solution, level: int) -> Floats:
    """By what share the current into each node grows for one of its voltage's fall; 1 at least.

    A constant power draws 1; what hangs further down sees its voltage fall more.
    """
    voltage, current, below = (
        solution.voltage[level],
        solution.current[level],
        solution.below[level],
    )
    change = below[:, 0] * voltage.real + below[:, 1] * voltage.imag
    turned = below[:, 2] * voltage.real + below[:, 3] * voltage.imag
    along = current.real * change + current.imag * turned
    square = current.real**2 + current.imag**2
    growth: Floats = np.fmax(
        -np.divide(along, square, out=np.ones(len(along)), where=square > 0), 1
    )
    return growth
