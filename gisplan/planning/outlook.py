"""What is asked for and what will be: open applications and their forecast by supply cell.

Everything here is in kVA as it counts at a level: contract or expected demand, times the share that
coincides there, times the share that is built. Generation counts its active power.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from gisplan.density.forecast import ForecastSettings, forecast_demand
from gisplan.density.saturation import saturated_growth
from gisplan.electrical.demand import LEVELS as COINCIDENCE_LEVELS
from gisplan.electrical.demand import LoadCase
from gisplan.electrical.screening.capacity import CASE_OF, Direction
from gisplan.planning.customers import joint_shares
from gisplan.planning.supply_cells import LEVELS

if TYPE_CHECKING:
    from gisplan.density.back_test import ForecastChoice
    from gisplan.density.forecast import DemandForecast, RateForecast
    from gisplan.density.forecast_memory import ForecastMemory
    from gisplan.model.application_table import ApplicationTable
    from gisplan.model.grid import Flags, Floats, Integers
    from gisplan.planning.customers import Sharing
    from gisplan.planning.held import Held
    from gisplan.planning.supply_cells import PlacedApplications, SupplyCells
    from gisplan.rules.catalogue import Catalogue

KINDS = {
    Direction.LOAD: ("load", "ev", "storage"),
    Direction.GENERATION: ("generation", "storage"),
}
MONTHS_A_YEAR = 12
MONTHS_A_QUARTER = 3
TODAY = "today"
HISTORY_MONTHS_MAX = 120
"""What is older has no part in a forecast; one wrong date would make a history of millennia."""

UNIX_EPOCH_ORDINAL, UNIX_EPOCH_MONTH = 719163, 1970 * MONTHS_A_YEAR
GROUPS = ("low voltage", "medium voltage")
FIRST_LEVEL = COINCIDENCE_LEVELS.index(LEVELS[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarters:
    """The calendar quarters after the month of the newest application.

    ``month`` is that month, counted as year * 12 + month - 1. ``end_months`` tells how many months
    ahead each quarter ends; the first may be a part of one.
    """

    month: int
    end_months: Integers

    def __len__(self) -> int:
        return len(self.end_months)

    def name(self, season: int) -> str:
        """Return a season's name, as in 2027-Q3; what is too much today is "today"."""
        if season == 0:
            return TODAY
        month = self.month + int(self.end_months[season - 1])
        year, of_year = divmod(month, MONTHS_A_YEAR)
        return f"{year}-Q{of_year // MONTHS_A_QUARTER + 1}"

    def told(self, season: int) -> str | None:
        """Return a season's name, nothing where it lasts, ``None`` where it is unknown."""
        if season < 0:
            return None
        return self.name(season) if season <= len(self) else ""


NO_QUARTERS = Quarters(month=-1, end_months=np.empty(0, np.int64))
"""Where no application has a date, nothing can be told of what comes."""


def month_name(month: int) -> str:
    """Return a month (year * 12 + month - 1) as in 2029-12."""
    return f"{month // MONTHS_A_YEAR}-{month % MONTHS_A_YEAR + 1:02}"


def build_quarters(month: int, until_month: int) -> Quarters:
    """Return the quarters from the month after one up to the quarter of another."""
    last = until_month + MONTHS_A_QUARTER - 1 - until_month % MONTHS_A_QUARTER
    first = month + 1
    ends = np.arange(first + (MONTHS_A_QUARTER - 1 - first) % MONTHS_A_QUARTER, last + 1, 3)
    return Quarters(month=month, end_months=ends.astype(np.int64) - month)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastPart:
    """The forecast of some cells: those of low voltage, or those of medium voltage."""

    group: str
    cells: Integers
    choice: ForecastChoice
    forecast: RateForecast


@dataclass(frozen=True, slots=True, kw_only=True)
class LandLimits:
    """Load of each cell today, and the load at which the use of its land is saturated (NaN: none
    is known).
    """

    existing_kva: Floats
    limit_kva: Floats


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """Applications on their cells: what counts, how much at each level, and when they came.

    ``kva`` is what each application counts at each level where it is built, shape (levels,
    applications); ``is_open`` flags those that still ask, ``realised`` is the share of each that is
    built. ``month`` is that of application, -1 where unknown.
    """

    table: ApplicationTable
    placed: PlacedApplications
    cells: SupplyCells
    catalogue: Catalogue
    direction: Direction
    kva: Floats
    is_counted: Flags
    is_open: Flags
    realised: Floats
    month: Integers
    land: LandLimits | None = None

    @cached_property
    def asked_kva(self) -> Floats:
        """What the open applications of each cell ask for by level; shape (levels, cells)."""
        rows = np.flatnonzero(self.is_open & (self.placed.cell >= 0))
        cell, built = self.placed.cell[rows], self.realised[rows]
        summed = [np.bincount(cell, of[rows] * built, len(self.cells)) for of in self.kva]
        return np.array(summed, np.float64)

    @cached_property
    def asked_count(self) -> Integers:
        """Open applications of each cell."""
        rows = self.is_open & (self.placed.cell >= 0)
        return np.bincount(self.placed.cell[rows], minlength=len(self.cells))

    @cached_property
    def dated(self) -> Integers:
        """Rows of the history: those of this direction, on a cell, with a date."""
        rows = np.flatnonzero(self.is_counted & (self.placed.cell >= 0) & (self.month >= 0))
        since = self.month[rows].max(initial=0) - HISTORY_MONTHS_MAX
        recent: Integers = rows[self.month[rows] > since]
        return recent

    @property
    def newest_month(self) -> int | None:
        """Month of the newest application, ``None`` where none has a date."""
        return int(self.month[self.dated].max()) if len(self.dated) else None

    def forecast(self, memory: ForecastMemory) -> tuple[ForecastPart, ...]:
        """Forecast customers at low and at medium voltage apart: they differ in number and size.

        Each part is told by what back-tests show to be best. A part without a dated application is
        left out.
        """
        is_low = self.cells.element[0] >= 0
        parts = []
        for group, own in zip(GROUPS, (is_low, ~is_low), strict=True):
            cells = np.flatnonzero(own)
            if own[self.placed.cell[self.dated]].any():
                parts.append(self._part(group, cells, memory))
        return tuple(parts)

    def _part(self, group: str, cells: Integers, memory: ForecastMemory) -> ForecastPart:
        """Choose by the months before the newest, which may not be over, and forecast by all.

        So one more application of these days changes what is forecast but not by which model.
        """
        counts, settings = self._counts[cells], self._settings()
        position = np.full(len(self.cells) + 1, -1)
        position[cells] = np.arange(len(cells))
        neighbours = position[self.cells.neighbours[cells]]
        choice = memory.choose(
            counts[:, : max(counts.shape[1] - 1, 1)],
            neighbours,
            settings,
            gain_min=self.catalogue.value("density.forecast_learned_gain_min"),
        )
        forecast = choice.forecast(counts, neighbours, settings)
        return ForecastPart(group=group, cells=cells, choice=choice, forecast=forecast)

    @cached_property
    def _counts(self) -> Floats:
        """Dated applications by cell and month, from the first month to the newest."""
        month = self.month[self.dated]
        first, months = int(month.min()), int(month.max() - month.min()) + 1
        place = self.placed.cell[self.dated] * months + month - first
        counted: Integers = np.bincount(place, minlength=len(self.cells) * months)
        return counted.reshape(-1, months).astype(np.float64)

    def demand(self, part: ForecastPart, level: int, quarters: Quarters) -> DemandForecast:
        """Return what comes in the cells of a part as it counts at a level, by quarter's end.

        Where a limit of the land is known, what comes at low voltage bends under it.
        """
        straight = self._straight(part, level, quarters)
        if self.land is None or part.group != GROUPS[0]:
            return straight
        grown_kva = self._straight(part, 0, quarters).mean_kva
        now_kva = self._now_kva(self.land)[part.cells]
        after = quarters.end_months.astype(np.float64)
        bent_kva = saturated_growth(
            now_kva,
            grown_kva,
            self.land.limit_kva[part.cells],
            after=after,
            begun_share=self.catalogue.value("density.saturation_begun_min"),
        )
        factor = np.divide(bent_kva, grown_kva, out=np.ones_like(bent_kva), where=grown_kva > 0)
        return straight.scaled(factor)

    @property
    def is_full(self) -> Flags:
        """Which cells have reached the limit of their land with what is asked for today."""
        if self.land is None:
            return np.zeros(len(self.cells), np.bool_)
        full: Flags = self._now_kva(self.land) >= self.land.limit_kva
        return full

    def _now_kva(self, land: LandLimits) -> Floats:
        now_kva: Floats = land.existing_kva + self.asked_kva[0]
        return now_kva

    def _straight(self, part: ForecastPart, level: int, quarters: Quarters) -> DemandForecast:
        built = self.catalogue.value("density.realisation_rate.received")
        of_part = np.zeros(len(self.cells), np.bool_)
        of_part[part.cells] = True
        own = self.dated[of_part[self.placed.cell[self.dated]]]
        size_kva = self.kva[level, own] * built
        return forecast_demand(
            part.forecast,
            quarters.end_months,
            size_kva=float(size_kva.mean()),
            square_kva2=float(np.mean(size_kva**2)),
        )

    def _settings(self) -> ForecastSettings:
        return ForecastSettings(
            half_life_months=self.catalogue.value("density.forecast_half_life_months"),
            season_from_months=self.catalogue.value("density.forecast_season_min_months"),
        )


def build_outlook(
    table: ApplicationTable,
    placed: PlacedApplications,
    cells: SupplyCells,
    *,
    held: Held,
    catalogue: Catalogue,
    direction: Direction,
) -> Outlook:
    """Count applications at every level; those that hold capacity ask for nothing more."""
    rates = {
        "received": catalogue.value("density.realisation_rate.received"),
        "planned": catalogue.value("density.realisation_rate.planned"),
    }
    is_counted = np.isin(table.kind, KINDS[direction])
    holds = np.isin(table.reference, sorted(held.references))
    own_kva = own_demand_kva(table, direction)
    shares = _shares(
        table,
        placed,
        sharing=cells.sharing,
        own_kva=own_kva,
        held=held,
        catalogue=catalogue,
        direction=direction,
    )
    return Outlook(
        table=table,
        placed=placed,
        cells=cells,
        catalogue=catalogue,
        direction=direction,
        kva=own_kva * shares,
        is_counted=is_counted,
        is_open=is_counted & np.isin(table.status, list(rates)) & ~holds,
        realised=np.select([table.status == name for name in rates], list(rates.values()), 0.0),
        month=months_of(table.applied_on),
    )


def own_demand_kva(table: ApplicationTable, direction: Direction) -> Floats:
    """Return the expected maximum of each, in kVA; feed-in at unity power factor."""
    own_kw = table.expected_kw
    own_kva: Floats = own_kw if direction is Direction.GENERATION else own_kw / table.power_factor
    return own_kva


def months_of(ordinal: Floats) -> Integers:
    """Return the month of each day, as year * 12 + month - 1; -1 where it is not known."""
    known = np.isfinite(ordinal)
    days = np.where(known, ordinal, 0.0).astype(np.int64) - UNIX_EPOCH_ORDINAL
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    found: Integers = np.where(known, months + UNIX_EPOCH_MONTH, -1)
    return found


def _shares(
    table: ApplicationTable,
    placed: PlacedApplications,
    *,
    sharing: Sharing,
    own_kva: Floats,
    held: Held,
    catalogue: Catalogue,
    direction: Direction,
) -> Floats:
    """Return the share of each application that counts at each level of cells."""
    case = CASE_OF[direction]
    shares = np.ones((len(LEVELS), len(table)))
    for customer_class in np.unique(table.customer_class).tolist():
        rows = np.flatnonzero((table.customer_class == customer_class) & (placed.bus >= 0))
        of_many = catalogue.coincidence_of_many(customer_class, case)
        beside = held.beside_kva2.get((customer_class, LoadCase(case)))
        if of_many is None or beside is None:
            flat = [catalogue.coincidence(customer_class, level, case) for level in LEVELS]
            shares[:, rows] = np.array(flat)[:, None]
        else:
            of_all = joint_shares(sharing, placed.bus[rows], own_kva[rows], of_many, beside)
            shares[:, rows] = of_all[FIRST_LEVEL:]
    return shares
