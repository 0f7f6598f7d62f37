"""What a search over terrain starts from: starts, goal, units, ring of buckets."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gisplan.errors import InputError
from gisplan.model.grid import Codes, Floats, Integers
from gisplan.routing.layout_kernel import Int32s
from gisplan.routing.terrain.ground import MARGIN, SearchGround, check_places
from gisplan.routing.terrain.search_kernel import CHUNK, CONTROL_SIZE, STEPS_MAX, clear, seed
from gisplan.routing.terrain.steps import step_factors

LABEL_MAX = (1 << 31) - 4
FINEST_BITS, COARSEST_BITS = 10, -10
RING_MAX = 4096
FIRST_CHUNKS = 256
LINKS_MAX = 1024
"""Links of one way whose rounding the lower bounds allow for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Starts:
    """Where ways begin: places and what it costs to get to each.

    Parameters
    ----------
    place : int64 (starts,), cells ``row * columns + column``, behind them graph nodes
    cost_cents : int64 (starts,)
    """

    place: Integers
    cost_cents: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """Where targets lie, and the least that a metre towards them costs, anywhere and by any means.

    Parameters
    ----------
    box_m : west, south, east, north of the targets
    cents_per_m : 0 switches the lower bound off
    node_rest_m : float64 (nodes,), straight distance from each graph node to the box, or less
    """

    box_m: tuple[float, float, float, float]
    cents_per_m: float
    node_rest_m: Floats


NO_GOAL = Goal(box_m=(0.0, 0.0, 0.0, 0.0), cents_per_m=0.0, node_rest_m=np.zeros(0))


@dataclass(slots=True, kw_only=True)
class Run:
    """The part of a search that changes when it is begun again with coarser units."""

    unit_bits: int
    width_bits: int
    factor: Integers
    shift: int
    ceiling: int
    position: Integers
    pool: Int32s
    control: Integers
    met: Codes
    found: Integers


def new_run(ground: SearchGround, target: Integers, bound_cents: int | None, unit_bits: int) -> Run:
    """Return a ring of buckets for labels in units of ``2 ** -unit_bits`` cents, all empty."""
    factor, shift = step_factors(ground.steps.directions, ground.raster.cell_m, unit_bits)
    step = ground.typical_cents_per_m * ground.raster.cell_m * 2.0 ** (unit_bits + 1)
    width_bits = max(1, round(math.log2(max(step, 2.0))))
    longest = 4 * ground.mean_cents_per_m * ground.raster.cell_m * 2.0 ** (unit_bits + 1)
    ring = 1 << max(4, math.ceil(math.log2(min(RING_MAX, 2 + longest / 2.0**width_bits))))
    ceiling = 2 * LABEL_MAX
    if bound_cents is not None:
        ceiling = min(ceiling, math.ceil(2 * bound_cents * 2.0**unit_bits))
    return Run(
        unit_bits=unit_bits,
        width_bits=width_bits,
        factor=factor,
        shift=shift,
        ceiling=ceiling,
        position=np.empty(ring, dtype=np.int64),
        pool=np.empty((ring + FIRST_CHUNKS + STEPS_MAX + ground.arcs_max) * CHUNK, dtype=np.int32),
        control=np.zeros(CONTROL_SIZE, dtype=np.int64),
        met=np.zeros(len(target), dtype=np.uint8),
        found=np.empty(len(target), dtype=np.int64),
    )


def lay_seeds(ground: SearchGround, starts: Starts, run: Run) -> None:
    """Clear the ground's labels and put the starts into their buckets."""
    clear(ground.record, ground.block, len(ground.record) // 2)
    label = start_labels(starts, run.unit_bits)
    order = np.argsort(label, kind="stable")
    seed(
        ground.record,
        ground.block,
        run.position,
        run.pool,
        run.control,
        ground.inner(starts.place)[order],
        label[order],
        run.width_bits,
        run.ceiling,
    )


def start_labels(starts: Starts, unit_bits: int) -> Integers:
    """Return the units of the starts."""
    label: Integers = np.rint(starts.cost_cents * 2.0**unit_bits).astype(np.int64)
    return label


def finest_bits(ground: SearchGround, starts: Starts, bound_cents: int | None) -> int:
    """Return the finest units in which the labels of a search should fit."""
    span_m = sum(ground.raster.shape) * ground.raster.cell_m
    likely = 4 * ground.mean_cents_per_m * span_m + float(starts.cost_cents.max(initial=0))
    most = likely if bound_cents is None else max(float(bound_cents), 1.0)
    return int(min(FINEST_BITS, max(COARSEST_BITS, math.floor(math.log2(LABEL_MAX / most)))))


def cell_goal(ground: SearchGround, target: Integers) -> Goal:
    """Return the box of targets that are cells; no goal if one is not, or arcs may be cheaper."""
    if not len(target) or target[-1] >= ground.cell_count or len(ground.arc_head):
        return NO_GOAL
    middle = ground.raster.middles_of(ground.outer(target))
    (west, south), (east, north) = middle.min(axis=0), middle.max(axis=0)
    return Goal(
        box_m=(float(west), float(south), float(east), float(north)),
        cents_per_m=float(ground.cheapest_cents_per_m),
        node_rest_m=np.zeros(ground.node_count),
    )


def goal_units(ground: SearchGround, goal: Goal, unit_bits: int) -> tuple[Floats, Floats]:
    """Return the goal's box in rows and columns, doubled units a cell, and slack; rests of nodes.

    A step is rounded by half a unit at most and is as long as a cell at least, so taking a unit
    off for each cell keeps the bound below every way; the slack stands for what links round.
    """
    raster = ground.raster
    units_per_m = max(0.0, goal.cents_per_m * 2.0**unit_bits - 1.0 / raster.cell_m)
    west, south, east, north = goal.box_m
    rows = [(raster.y_max_m - y) / raster.cell_m - 0.5 + MARGIN for y in (north, south)]
    columns = [(x - raster.x_min_m) / raster.cell_m - 0.5 + MARGIN for x in (west, east)]
    slack = 2 * (rounding_cents(unit_bits) * 2.0**unit_bits)
    box = np.array([*rows, *columns, 2 * units_per_m * raster.cell_m, slack])
    return box, goal.node_rest_m * (2 * units_per_m)


def rounding_cents(unit_bits: int) -> float:
    """Return by how many cents rounding can make a way cheaper than its metres."""
    return 1.0 + LINKS_MAX * 2.0**-unit_bits


def check_starts(ground: SearchGround, starts: Starts) -> None:
    """Raise ``InputError`` unless ways can begin at all starts."""
    check_places(ground, starts.place, "start")
    if not len(starts.place):
        raise InputError("a search needs a start")
    shut = np.flatnonzero(ground.is_open(starts.place) == 0)
    if len(shut):
        raise InputError(
            f"start {starts.place[shut[0]]} is a forbidden cell; take the nearest free one "
            "(find_nearest_free_cell)"
        )
    if starts.cost_cents.min() < 0:
        raise InputError(f"a start costs {starts.cost_cents.min()} cents; expected 0 or more")


def lowest_labels(place: Integers, label: Integers) -> tuple[Integers, Integers]:
    """Return each start once, in order, with its lowest label."""
    order = np.lexsort((label, place))
    place, label = place[order], label[order]
    first = np.concatenate([[True], place[1:] != place[:-1]])
    return place[first], label[first]
