"""The density part of a plan draft: its surroundings, when its supply runs out, what to leave room
for. It reads the finished plan and changes nothing that the plan decides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.density.load_class import load_class_limits, load_classes
from gisplan.electrical.demand import SUBSTATION
from gisplan.electrical.screening.capacity import CASE_OF, Direction
from gisplan.model.application import ApplicationKind
from gisplan.model.application_table import build_application_table, join_tables
from gisplan.model.plan_density import ElementOutlook, PlanDensity
from gisplan.planning.capacity_gap import (
    LevelDemand,
    element_gap,
    headroom_at,
    level_demand,
    select_capacities,
)
from gisplan.planning.demand import case_demands, powers_at
from gisplan.planning.element_names import element_name, limiting_name
from gisplan.planning.outlook import (
    NO_QUARTERS,
    Quarters,
    build_outlook,
    build_quarters,
    month_name,
)
from gisplan.planning.plan_advice import findings_of, recommend
from gisplan.planning.supply_cells import (
    LEVELS,
    NONE,
    join_places,
    place_applications,
)

if TYPE_CHECKING:
    from gisplan.density.forecast_memory import ForecastMemory
    from gisplan.electrical.screening.capacity import Capacities
    from gisplan.model.application import Application
    from gisplan.model.application_table import ApplicationTable
    from gisplan.model.grid import Floats, Integers
    from gisplan.model.option import Plan
    from gisplan.planning.outlook import ForecastPart, Outlook
    from gisplan.planning.state import PlanningState
    from gisplan.planning.supply_cells import PlacedApplications, SupplyCells


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """All stored applications on the cells of the grid as it stands.

    ``memory`` holds the forecasts that were chosen before.
    """

    table: ApplicationTable
    placed: PlacedApplications
    cells: SupplyCells
    hull_km2: Floats
    memory: ForecastMemory


def build_surroundings(
    state: PlanningState,
    cells: SupplyCells,
    hull_km2: Floats,
    table: ApplicationTable,
    *,
    memory: ForecastMemory,
) -> Surroundings:
    """Place all stored applications."""
    placed = place_applications(state.region, cells, table)
    return Surroundings(table=table, placed=placed, cells=cells, hull_km2=hull_km2, memory=memory)


def supply_area_km2(state: PlanningState, cells: SupplyCells) -> Floats:
    """Return the area of each substation's supply: the convex hull of the loads that it feeds."""
    grid = state.region.snapshot.grid
    own = np.append(cells.element[-1], NONE)[cells.bus_cell[grid.loads.bus]]
    found = np.zeros(len(cells.levels[-1].row))
    for element in range(len(found)):
        bus = grid.loads.bus[own == element]
        places = shapely.multipoints(np.column_stack([grid.buses.x_m[bus], grid.buses.y_m[bus]]))
        found[element] = float(shapely.area(shapely.convex_hull(places))) / 1e6
    return found


def with_density(plan: Plan, state: PlanningState, around: Surroundings) -> Plan:
    """Return the plan with its density part and what follows from it as findings."""
    application, catalogue = plan.application, state.region.catalogue
    outlook = _outlook(application, state, around)
    others = outlook.table.take(outlook.table.reference != application.reference)
    quarters, parts = _ahead(outlook, around.memory)
    bus = _supply_bus(plan, state, around.cells)
    supply = _supply(application, state, outlook, bus, quarters=quarters, parts=parts)
    nearby = _nearby(application, state, outlook)
    nearby_kva = outlook.table.demand_kva[nearby]
    is_new = outlook.table.existing_bus_id[nearby] == ""
    advice = recommend(plan, catalogue, nearby_kva[is_new])
    name, reason = _density_class(state, around, bus)
    density = PlanDensity(
        density_class=name,
        density_reason=reason,
        nearby_radius_m=catalogue.value("density.nearby_radius_m"),
        nearby_count=len(nearby),
        nearby_kva=round(float(nearby_kva.sum()), 3),
        supply=supply,
        recommendation=advice.recommendation,
        recommendation_text=advice.text,
        forecast=_forecast_text(outlook, parts),
        applications=others.fingerprint(),
        applications_counted=int(outlook.is_open.sum()),
    )
    findings = (*plan.findings, *advice.findings, *findings_of(supply, catalogue))
    return replace(plan, density=density, findings=findings)


def _outlook(application: Application, state: PlanningState, around: Surroundings) -> Outlook:
    """Count the application in the history, stored or not, and only others among the open ones.

    So what is forecast is the same before and after it is stored, and the same as in the capacity
    gap.
    """
    own = build_application_table([application], status="received")
    others = around.table.reference != application.reference
    row = int(np.searchsorted(around.table.reference[others], application.reference))
    before, after = (np.flatnonzero(others)[part] for part in (slice(row), slice(row, None)))
    tables = around.table.take(before), own, around.table.take(after)
    places = (
        around.placed.take(before),
        place_applications(state.region, around.cells, own),
        around.placed.take(after),
    )
    outlook = build_outlook(
        join_tables(*tables),
        join_places(*places),
        around.cells,
        held=state.held,
        catalogue=state.region.catalogue,
        direction=direction_of(application),
    )
    is_open = outlook.is_open.copy()
    is_open[row] = False
    return replace(outlook, is_open=is_open)


def direction_of(application: Application) -> Direction:
    """Return which headroom an application uses: storage is asked as a load."""
    is_generation = application.kind is ApplicationKind.GENERATION
    return Direction.GENERATION if is_generation else Direction.LOAD


def _supply_bus(plan: Plan, state: PlanningState, cells: SupplyCells) -> int:
    """Return the bus that stands for where the best option connects, -1 where there is none."""
    option = plan.best or next(iter(plan.options), None)
    if option is None:
        return NONE
    point, region = option.access_point, state.region
    line, bus = (
        table.get(point.element_id, NONE) if point.element_kind == kind else NONE
        for kind, table in (("line", region.line_row), ("bus", region.bus_row))
    )
    return int(cells.sharing.nodes(np.array([bus]), np.array([line]))[0])


def _nearby(application: Application, state: PlanningState, outlook: Outlook) -> Integers:
    """Return the rows of the other open applications within the catalogue's radius."""
    x_m, y_m = state.region.projection.to_metres(application.lon, application.lat)
    radius_m = state.region.catalogue.value("density.nearby_radius_m")
    away_m = np.hypot(outlook.placed.x_m - x_m, outlook.placed.y_m - y_m)
    rows: Integers = np.flatnonzero(outlook.is_open & (away_m <= radius_m))
    return rows


def _supply(
    application: Application,
    state: PlanningState,
    outlook: Outlook,
    bus: int,
    *,
    quarters: Quarters,
    parts: tuple[ForecastPart, ...],
) -> tuple[ElementOutlook, ...]:
    """Return the transformer, feeder and substation that the best option hangs on."""
    cells = outlook.cells
    cell = NONE if bus < 0 else int(cells.bus_cell[bus])
    if cell == NONE:
        return ()
    own_kva = _own_kva(application, state, bus)
    places = [
        _Place(level=level, element=int(element), own_kva=float(own_kva[level]))
        for level, element in enumerate(cells.element[:, cell])
        if element != NONE
    ]
    asked = np.array([cells.levels[one.level].bus[one.element] for one in places])
    headroom = headroom_at(state, asked, outlook.direction)
    found = []
    for row, place in enumerate(places):
        demand = level_demand(outlook, parts, quarters, place.level, only=place.element)
        room = select_capacities(headroom, row)
        found.append(_element(state, cells, place, headroom=room, demand=demand, quarters=quarters))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """One element of a level, and what the application counts there."""

    level: int
    element: int
    own_kva: float


def _element(
    state: PlanningState,
    cells: SupplyCells,
    place: _Place,
    *,
    headroom: Capacities,
    demand: LevelDemand,
    quarters: Quarters,
) -> ElementOutlook:
    """Return one element with this application on it beside the others."""
    grid = state.region.snapshot.grid
    with_own = replace(demand, asked_kva=demand.asked_kva + place.own_kva)
    gap = element_gap(headroom, with_own)
    row = int(cells.levels[place.level].row[place.element])
    element_id, name = element_name(state, LEVELS[place.level], row)
    kva = float(headroom.kva[0])
    return ElementOutlook(
        level=LEVELS[place.level],
        element_id=element_id,
        name=name,
        headroom_kva=round(kva, 3) if math.isfinite(kva) else None,
        limited_by=str(headroom.limiting[0]),
        limiting_element=limiting_name(
            grid, int(headroom.element_kind[0]), int(headroom.element_row[0])
        )[1],
        own_kva=round(place.own_kva, 3),
        asked_kva=round(float(demand.asked_kva[0]), 3),
        asked_count=int(demand.asked_count[0]),
        growth_kva=round(float(gap.growth_kva[0]), 3),
        until=quarters.name(len(quarters)) if len(quarters) else "",
        runs_out=quarters.told(int(gap.season[0])),
        earliest=quarters.told(int(gap.earliest[0])),
        latest=quarters.told(int(gap.latest[0])),
    )


def _ahead(outlook: Outlook, memory: ForecastMemory) -> tuple[Quarters, tuple[ForecastPart, ...]]:
    """Return the quarters that are looked at, and a forecast if any application has a date."""
    month = outlook.newest_month
    if month is None:
        return NO_QUARTERS, ()
    horizon = int(outlook.catalogue.value("density.forecast_horizon_months"))
    return build_quarters(month, month + horizon), outlook.forecast(memory)


def _own_kva(application: Application, state: PlanningState, bus: int) -> Floats:
    """Return what the application counts at each level of cells."""
    demand = case_demands(application, state.region.catalogue)[0]
    p_kw, q_kvar = powers_at(demand, state.held, np.array([bus]), np.array([NONE]))
    kva: Floats = np.hypot(p_kw[0], q_kvar[0])[-len(LEVELS) :]
    return kva


def _forecast_text(outlook: Outlook, parts: tuple[ForecastPart, ...]) -> str:
    """Say how applications to come were told."""
    dated = len(outlook.dated)
    if not dated:
        return "no application has a date: none to come are told"
    month = outlook.newest_month or 0
    first = int(outlook.month[outlook.dated].min())
    methods = " and ".join(f"{part.forecast.method} at {part.group}" for part in parts)
    few = dated < outlook.catalogue.value("density.forecast_applications_min")
    return (
        f"{methods}, by {dated} dated applications over {month - first + 1} months up to "
        f"{month_name(month)}{'; few applications, so the interval is wide' if few else ''}"
    )


def _density_class(state: PlanningState, around: Surroundings, bus: int) -> tuple[str | None, str]:
    """Return the load-density class of the substation's supply area, or why there is none."""
    cells = around.cells
    cell = NONE if bus < 0 else int(cells.bus_cell[bus])
    element = NONE if cell == NONE else int(cells.element[-1, cell])
    if element == NONE:
        return None, "no class: the site has no place in the grid, so no supply area"
    row, units = int(cells.levels[-1].row[element]), state.region.snapshot.grid.transformers
    if row >= len(units.transformer_id):
        return None, "no class: its substation has no transformer, so its load is not known"
    limits = load_class_limits(state.region.catalogue)
    area_km2 = float(around.hull_km2[element])
    base = state.base[CASE_OF[Direction.LOAD]]
    peak_mw = float(base.transformer_p_kw[SUBSTATION, row]) / 1000.0
    if not math.isfinite(peak_mw):
        return None, f"no class: the load of {units.name[row]} is not known"
    name = str(load_classes(np.array([peak_mw]), np.array([area_km2]), limits)[0])
    told = f"{peak_mw:.1f} MW over {area_km2:.1f} km2 supplied by {units.name[row]}"
    if name:
        return name, f"{told}: {peak_mw / area_km2:.2f} MW/km2"
    return None, f"no class: {told}; a class needs {limits.area_min_km2:g} km2 and a known load"
