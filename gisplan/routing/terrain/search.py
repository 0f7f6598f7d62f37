"""Least-cost search over a raster and what is joined to it; stops at targets and resumes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from gisplan.errors import InputError
from gisplan.model.grid import Codes, Floats, Integers
from gisplan.routing.layout_kernel import Int32s
from gisplan.routing.terrain.ground import MARGIN, SearchGround, mark_targets
from gisplan.routing.terrain.search_kernel import (
    CHUNK,
    CONTROL_SIZE,
    ENOUGH,
    FOUND,
    HIGHEST,
    POOL_FULL,
    SETTLED,
    STEPS_MAX,
    UNREACHED,
    clear,
    search,
    seed,
)
from gisplan.routing.terrain.steps import Labels, step_factors
from gisplan.routing.terrain.trace_kernel import trace

LABEL_MAX = (1 << 31) - 4
FINEST_BITS, COARSEST_BITS = 10, -10
COARSER_BITS = 4
RING_MAX = 4096
FIRST_CHUNKS = 256


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
class _Run:
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


@dataclass(slots=True, kw_only=True)
class TerrainSearch:
    """A running search. Only the latest one on a ground is valid; a newer one takes its labels.

    Labels are whole units of ``2 ** -unit_bits`` cents, as fine as 31 bits allow, so sums are
    exact and equal costs are equal. Steps and arcs cost one unit at least.
    """

    ground: SearchGround
    starts: Starts
    target: Integers
    bound_cents: int | None
    goal: Goal
    run: _Run
    told: set[int] = field(default_factory=set)
    waiting: list[int] = field(default_factory=list)

    @property
    def unit_bits(self) -> int:
        """Labels are in units of ``2 ** -unit_bits`` cents."""
        return self.run.unit_bits

    @property
    def settled_count(self) -> int:
        """How often a place was expanded."""
        return int(self.run.control[SETTLED])

    def next_targets(self, limit: int) -> Integers:
        """Return the next targets in order of cost, then of number.

        Fewer than ``limit`` mean that no other can be reached below the bound.
        """
        while len(self.waiting) < limit:
            status = self._advance(limit - len(self.waiting))
            self._collect()
            if status != ENOUGH:
                break
        batch, self.waiting = self.waiting[:limit], self.waiting[limit:]
        self.told.update(batch)
        return np.array(batch, dtype=np.int64)

    def settle_all(self) -> None:
        """Search until nothing is left below the bound."""
        self._advance(len(self.target) + 1)
        self._collect()

    def cost_cents(self, places: Integers) -> Floats:
        """Return the cost of places, infinity where they were not reached."""
        return self._cents(self.ground.record[2 * self.ground.inner(places)])

    def field_cents(self) -> Floats:
        """Return the cost of every cell, float64 (rows, columns), infinity where not reached."""
        ground = self.ground
        rows, columns = ground.raster.shape
        labels = ground.record[: 2 * ground.cell_count : 2].reshape(-1, ground.stride)
        cost = self._cents(labels[MARGIN : MARGIN + rows, MARGIN : MARGIN + columns])
        cost[ground.raster.cost_cents_per_m < 0] = np.inf
        return cost

    def way_to(self, place: int) -> Integers:
        """Return the places of the cheapest way to a place that was settled, from its start on.

        Raises
        ------
        InputError
            If the search has not reached the place.
        """
        ground, run = self.ground, self.run
        start, label = _lowest(
            ground.inner(self.starts.place), _start_labels(self.starts, run.unit_bits)
        )
        steps = ground.steps
        touched = steps.between_row * ground.stride + steps.between_column
        count = np.zeros_like(steps.between) if steps.directions == 8 else steps.between
        inner = int(ground.inner(np.array([place]))[0])
        if not np.isfinite(self.cost_cents(np.array([place]))[0]):
            raise InputError(f"place {place} was not reached by the search")
        size = 1024
        while True:
            way = np.empty(size, dtype=np.int64)
            length = trace(
                ground.record,
                steps.row * ground.stride + steps.column,
                touched,
                count,
                run.factor[steps.shape],
                run.shift,
                run.unit_bits,
                ground.cell_count,
                ground.link,
                ground.arc_offset,
                ground.arc_head,
                ground.arc_cents,
                start,
                label,
                inner,
                way,
            )
            if length > 0:
                return ground.outer(way[:length][::-1])
            size *= 4

    def _cents(self, record: Labels) -> Floats:
        """Return the costs of settled labels."""
        cost = (record >> 1).astype(np.float64) * 2.0**-self.run.unit_bits
        cost[((record & 1) == 0) | (record == UNREACHED)] = np.inf
        return cost

    def _advance(self, more: int) -> int:
        """Run the kernel until ``more`` targets are found; begin again where labels overflow."""
        wanted = int(self.run.control[FOUND]) + more
        while True:
            status = self._run_kernel(wanted)
            if status == POOL_FULL:
                self._grow_pool()
                continue
            if status == ENOUGH or not self._may_be_cut():
                return status
            self._begin(self.run.unit_bits - COARSER_BITS)
            wanted = len(self.told) + len(self.waiting) + more

    def _may_be_cut(self) -> bool:
        """Tell whether labels may have come too large for their 31 bits."""
        run = self.run
        if run.ceiling < 2 * LABEL_MAX or run.unit_bits <= COARSEST_BITS:
            return False
        move = self.ground.dearest_move_cents + float(self.starts.cost_cents.max())
        last = (int(run.control[HIGHEST]) + 1) << run.width_bits
        return last + 2 * (move * 2.0**run.unit_bits + 1) >= 2 * LABEL_MAX

    def _run_kernel(self, wanted: int) -> int:
        ground, run = self.ground, self.run
        box, rest = _goal_units(ground, self.goal, run.unit_bits)
        return int(
            search(
                ground.record,
                ground.block,
                ground.special,
                run.position,
                run.pool,
                run.control,
                ground.turn,
                run.factor,
                ground.cheapest_cents_per_m,
                run.shift,
                ground.steps.reach,
                run.width_bits,
                run.unit_bits,
                run.ceiling,
                run.ceiling,
                ground.cell_count,
                ground.link,
                ground.arc_offset,
                ground.arc_head,
                ground.arc_cents,
                self.target,
                run.met,
                run.found,
                wanted,
                box,
                rest,
                np.empty(2 * (STEPS_MAX + ground.arcs_max), dtype=np.int64),
            )
        )

    def _grow_pool(self) -> None:
        bigger = np.empty(2 * len(self.run.pool), dtype=np.int32)
        bigger[: len(self.run.pool)] = self.run.pool
        self.run.pool = bigger

    def _begin(self, unit_bits: int) -> None:
        self.run = _new_run(self.ground, self.target, self.bound_cents, unit_bits)
        _lay_seeds(self.ground, self.starts, self.run)

    def _collect(self) -> None:
        """Queue the targets that were found and not told yet, in order."""
        found = self.ground.outer(self.run.found[: self.run.control[FOUND]])
        known = self.told.union(self.waiting)
        fresh = np.array([place for place in found.tolist() if place not in known], dtype=np.int64)
        order = np.lexsort((fresh, self.cost_cents(fresh)))
        self.waiting.extend(fresh[order].tolist())


def start_terrain_search(
    ground: SearchGround,
    starts: Starts,
    *,
    targets: Integers | None = None,
    bound_cents: int | None = None,
    goal: Goal | None = None,
    unit_bits: int | None = None,
) -> TerrainSearch:
    """Return a search whose starts are laid out and nothing else is done.

    Parameters
    ----------
    targets : places at which ``next_targets`` stops
    bound_cents
        What is known to suffice, for instance the cost of the way by the streets: only ways below
        it are found, and ground from which no target is in reach below it is not searched.
    goal
        Where the targets lie, by default the box of those that are cells and the cheapest cell.
    unit_bits : labels in units of ``2 ** -unit_bits`` cents, by default as fine as is safe

    Raises
    ------
    InputError
        If a start or target is no place of the ground, a start is forbidden or costs less than
        nothing.
    """
    _check_starts(ground, starts)
    target = _checked_targets(ground, targets)
    mark_targets(ground, target)
    bits = _finest_bits(ground, starts, bound_cents) if unit_bits is None else unit_bits
    if bound_cents is None:
        goal = NO_GOAL
    run = _new_run(ground, target, bound_cents, bits)
    _lay_seeds(ground, starts, run)
    return TerrainSearch(
        ground=ground,
        starts=starts,
        target=target,
        bound_cents=bound_cents,
        goal=_cell_goal(ground, target) if goal is None else goal,
        run=run,
    )


def cost_field(ground: SearchGround, starts: Starts, *, bound_cents: int | None = None) -> Floats:
    """Return the cents to every cell, float64 (rows, columns), infinity beyond the bound."""
    whole = start_terrain_search(ground, starts, bound_cents=bound_cents)
    whole.settle_all()
    return whole.field_cents()


def _new_run(
    ground: SearchGround, target: Integers, bound_cents: int | None, unit_bits: int
) -> _Run:
    factor, shift = step_factors(ground.steps.directions, ground.raster.cell_m, unit_bits)
    step = ground.typical_cents_per_m * ground.raster.cell_m * 2.0 ** (unit_bits + 1)
    width_bits = max(1, round(math.log2(max(step, 2.0))))
    longest = 4 * ground.mean_cents_per_m * ground.raster.cell_m * 2.0 ** (unit_bits + 1)
    ring = 1 << max(4, math.ceil(math.log2(min(RING_MAX, 2 + longest / 2.0**width_bits))))
    ceiling = 2 * LABEL_MAX
    if bound_cents is not None:
        ceiling = min(ceiling, math.ceil(2 * bound_cents * 2.0**unit_bits))
    return _Run(
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


def _lay_seeds(ground: SearchGround, starts: Starts, run: _Run) -> None:
    clear(ground.record, ground.block, len(ground.record) // 2)
    label = _start_labels(starts, run.unit_bits)
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


def _start_labels(starts: Starts, unit_bits: int) -> Integers:
    label: Integers = np.rint(starts.cost_cents * 2.0**unit_bits).astype(np.int64)
    return label


def _finest_bits(ground: SearchGround, starts: Starts, bound_cents: int | None) -> int:
    """Return the finest units in which the labels of a search should fit."""
    span_m = sum(ground.raster.shape) * ground.raster.cell_m
    likely = 4 * ground.mean_cents_per_m * span_m + float(starts.cost_cents.max(initial=0))
    most = likely if bound_cents is None else max(float(bound_cents), 1.0)
    return int(min(FINEST_BITS, max(COARSEST_BITS, math.floor(math.log2(LABEL_MAX / most)))))


def _cell_goal(ground: SearchGround, target: Integers) -> Goal:
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


def _goal_units(ground: SearchGround, goal: Goal, unit_bits: int) -> tuple[Floats, Floats]:
    """Return the goal's box in rows and columns, with the doubled units a cell, and of nodes.

    A step is rounded by half a unit at most and is as long as a cell at least, so taking a unit
    off for each cell keeps the bound below every way.
    """
    raster = ground.raster
    units_per_m = max(0.0, goal.cents_per_m * 2.0**unit_bits - 1.0 / raster.cell_m)
    west, south, east, north = goal.box_m
    rows = [(raster.y_max_m - y) / raster.cell_m - 0.5 + MARGIN for y in (north, south)]
    columns = [(x - raster.x_min_m) / raster.cell_m - 0.5 + MARGIN for x in (west, east)]
    box = np.array([*rows, *columns, 2 * units_per_m * raster.cell_m])
    return box, goal.node_rest_m * (2 * units_per_m)


def _checked_targets(ground: SearchGround, targets: Integers | None) -> Integers:
    places = np.unique(np.zeros(0, np.int64) if targets is None else targets)
    _check_places(ground, places, "target")
    return np.sort(ground.inner(places))


def _check_starts(ground: SearchGround, starts: Starts) -> None:
    _check_places(ground, starts.place, "start")
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


def _check_places(ground: SearchGround, places: Integers, kind: str) -> None:
    last = ground.raster.cost_cents_per_m.size + ground.node_count - 1
    wrong = np.flatnonzero((places < 0) | (places > last))
    if len(wrong):
        raise InputError(f"{kind} {places[wrong[0]]} is no place; expected 0 to {last}")


def _lowest(place: Integers, label: Integers) -> tuple[Integers, Integers]:
    """Return each start once, in order, with its lowest label."""
    order = np.lexsort((label, place))
    place, label = place[order], label[order]
    first = np.concatenate([[True], place[1:] != place[:-1]])
    return place[first], label[first]
