"""Least-cost search over a raster and what is joined to it; stops at targets and resumes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from gisplan.errors import InputError
from gisplan.model.grid import Floats, Integers
from gisplan.routing.terrain.ground import ARC_BITS, MARGIN, SearchGround, mark_targets
from gisplan.routing.terrain.search_kernel import (
    ENOUGH,
    FOUND,
    HIGHEST,
    POOL_FULL,
    SETTLED,
    STEPS_MAX,
    UNREACHED,
    search,
)
from gisplan.routing.terrain.search_setup import (
    COARSEST_BITS,
    LABEL_MAX,
    NO_GOAL,
    Goal,
    Run,
    Starts,
    cell_goal,
    check_starts,
    finest_bits,
    goal_units,
    lay_seeds,
    lowest_labels,
    new_run,
    start_labels,
)
from gisplan.routing.terrain.steps import Labels
from gisplan.routing.terrain.trace_kernel import trace

COARSER_BITS = 4


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
    run: Run
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
        start, label = lowest_labels(
            ground.inner(self.starts.place), start_labels(self.starts, run.unit_bits)
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
                run.unit_bits - ARC_BITS,
                ground.cell_count,
                ground.link,
                ground.arc_offset,
                ground.arc_head,
                ground.arc_cost,
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
        box, rest = goal_units(ground, self.goal, run.unit_bits)
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
                run.unit_bits - ARC_BITS,
                run.ceiling,
                run.ceiling,
                ground.cell_count,
                ground.link,
                ground.arc_offset,
                ground.arc_head,
                ground.arc_cost,
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
        self.run = new_run(self.ground, self.target, self.bound_cents, unit_bits)
        lay_seeds(self.ground, self.starts, self.run)

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
    check_starts(ground, starts)
    target = mark_targets(ground, np.zeros(0, np.int64) if targets is None else targets)
    bits = finest_bits(ground, starts, bound_cents) if unit_bits is None else unit_bits
    if bound_cents is None:
        goal = NO_GOAL
    run = new_run(ground, target, bound_cents, bits)
    lay_seeds(ground, starts, run)
    return TerrainSearch(
        ground=ground,
        starts=starts,
        target=target,
        bound_cents=bound_cents,
        goal=cell_goal(ground, target) if goal is None else goal,
        run=run,
    )


def cost_field(ground: SearchGround, starts: Starts, *, bound_cents: int | None = None) -> Floats:
    """Return the cents to every cell, float64 (rows, columns), infinity beyond the bound."""
    whole = start_terrain_search(ground, starts, bound_cents=bound_cents)
    whole.settle_all()
    return whole.field_cents()
