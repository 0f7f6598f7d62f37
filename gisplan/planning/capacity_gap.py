"""Capacity gap: applications and forecast of every supply cell against the grid's headroom."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from gisplan.density.capacity_gap import (
    UNKNOWN,
    CellSeasons,
    Level,
    grant,
    runs_out,
    seasons_of_cells,
)
from gisplan.density.forecast import DemandForecast
from gisplan.electrical.screening.capacity import CASE_OF, Capacities, Direction, capacities
from gisplan.electrical.screening.screening_limits import screening_limits
from gisplan.planning.supply_cells import LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gisplan.density.capacity_gap import Grants
    from gisplan.model.grid import Floats, Integers
    from gisplan.planning.outlook import ForecastPart, Outlook, Quarters
    from gisplan.planning.state import PlanningState

POWER_FACTORS = {Direction.LOAD: 0.95, Direction.GENERATION: 1.0}
"""Of a customer who states none, as in an application; no limit, so it is in no catalogue."""

FAST_SHARE, SLOW_SHARE = 0.9, 0.1
"""Quantiles of the growth that bound the season: four of five times it lies between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementGap:
    """The elements of one level: what they can still give, what is asked of them, until when.

    ``headroom`` is the capacity of the bus behind each. ``season`` is the first season with too
    little, ``earliest`` and ``latest`` its interval (:func:`gisplan.density.capacity_gap.runs_out`
    says what the numbers mean). ``growth_kva`` is the expected one up to the last season.
    """

    headroom: Capacities
    asked_kva: Floats
    asked_count: Integers
    growth_kva: Floats
    season: Integers
    earliest: Integers
    latest: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class CellGap:
    """The cells: what each is given of what it asks, and when the first of its elements runs out.

    ``seasons`` is what is expected; ``earliest`` and ``latest`` are its interval.
    """

    grants: Grants
    seasons: CellSeasons
    earliest: Integers
    latest: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityGap:
    """Elements by level and cells; ``lasts`` is the season that stands for none of them.

    ``asked_kva`` is what each cell asks for at each level, shape (levels, cells).
    """

    levels: tuple[ElementGap, ...]
    cells: CellGap
    asked_kva: Floats
    lasts: int


def headroom_at(state: PlanningState, bus: Integers, direction: Direction) -> Capacities:
    """Return what each bus still takes, counted in full at every level."""
    return capacities(
        state.region.snapshot,
        state.base[CASE_OF[direction]],
        bus,
        power_factor=POWER_FACTORS[direction],
        direction=direction,
        limits=screening_limits(state.region.catalogue),
    )


def select_capacities(found: Capacities, row: int) -> Capacities:
    """Return one row of several."""
    return Capacities(
        kva=found.kva[[row]],
        limiting=found.limiting[[row]],
        element_kind=found.element_kind[[row]],
        element_row=found.element_row[[row]],
    )


def capacity_gap(
    state: PlanningState, outlook: Outlook, parts: Sequence[ForecastPart], quarters: Quarters
) -> CapacityGap:
    """Return when every element and cell runs out; without a forecast only whether today."""
    cells = outlook.cells
    levels = tuple(
        element_gap(
            headroom_at(state, cells.levels[index].bus, outlook.direction),
            level_demand(outlook, parts, quarters, index),
        )
        for index in range(len(LEVELS))
    )
    sharing = [
        Level(element=element, headroom_kva=level.headroom.kva, asked_kva=asked_kva)
        for element, level, asked_kva in zip(cells.element, levels, outlook.asked_kva, strict=True)
    ]
    lasts = len(quarters) + 1
    found = {
        name: seasons_of_cells(
            list(cells.element), [getattr(level, name) for level in levels], lasts=lasts
        )
        for name in ("season", "earliest", "latest")
    }
    return CapacityGap(
        levels=levels,
        cells=CellGap(
            grants=grant(sharing),
            seasons=found["season"],
            earliest=found["earliest"].season,
            latest=found["latest"].season,
        ),
        asked_kva=outlook.asked_kva,
        lasts=lasts,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelDemand:
    """What is asked of the elements of a level today, and what will be at the end of quarters.

    ``growth_kva`` holds the expected, the fast and the slow growth, each (elements, quarters).
    """

    asked_kva: Floats
    asked_count: Integers
    growth_kva: tuple[Floats, Floats, Floats]


def level_demand(
    outlook: Outlook,
    parts: Sequence[ForecastPart],
    quarters: Quarters,
    level: int,
    *,
    only: int | None = None,
) -> LevelDemand:
    """Add up the cells of each element of a level, or of one alone."""
    cells = outlook.cells
    count, of_cell = len(cells.levels[level].row), cells.element[level]
    if only is not None:
        count, of_cell = 1, np.where(of_cell == only, 0, -1)
    nothing = np.zeros((count, len(quarters)))
    growth = nothing, nothing, nothing
    if parts and len(quarters):
        demand = reduce(
            DemandForecast.joined,
            (
                outlook.demand(part, level, quarters).summed(of_cell[part.cells], count)
                for part in parts
            ),
        )
        growth = demand.mean_kva, demand.quantile(FAST_SHARE), demand.quantile(SLOW_SHARE)
    return LevelDemand(
        asked_kva=_summed(of_cell, outlook.asked_kva[level], count),
        asked_count=_summed(of_cell, outlook.asked_count, count).astype(np.int64),
        growth_kva=growth,
    )


def element_gap(headroom: Capacities, demand: LevelDemand) -> ElementGap:
    """Return when elements run out, given what they can give, what is asked and what will be."""
    season, earliest, latest = (
        runs_out(headroom.kva, demand.asked_kva, growth) for growth in demand.growth_kva
    )
    known = season != UNKNOWN
    expected = demand.growth_kva[0]
    return ElementGap(
        headroom=headroom,
        asked_kva=demand.asked_kva,
        asked_count=demand.asked_count,
        growth_kva=expected[:, -1] if expected.shape[1] else np.zeros(len(expected)),
        season=season,
        earliest=np.where(known, np.minimum(earliest, season), season),
        latest=np.where(known, np.maximum(latest, season), season),
    )


def _summed(element: Integers, values: Floats | Integers, count: int) -> Floats:
    own = element >= 0
    return np.bincount(element[own], values[own], count).astype(np.float64)
