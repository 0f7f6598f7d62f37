"""An application at its place: what planning finds out about it before the search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely

from gisplan.electrical.demand import LoadCase
from gisplan.electrical.screening.screening import screening_limits
from gisplan.planning.demand import case_demands, sizing_kva
from gisplan.planning.judge import ElectricalJudge
from gisplan.planning.region import site_metres, site_parcel
from gisplan.planning.straight_ways import StraightWays, straight_ways
from gisplan.planning.supply_mode import (
    LOW_VOLTAGE_MAX_V,
    SupplyMode,
    needs_backfeed,
    supply_mode,
)
from gisplan.planning.variants import build_variants

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gisplan.model.application import Application
    from gisplan.model.grid import Flags
    from gisplan.planning.demand import CaseDemand
    from gisplan.planning.region import Region
    from gisplan.planning.state import PlanningState
    from gisplan.planning.variants import Variant
    from gisplan.routing.site import Connectors


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an application asks for, wherever it lies: supply mode, cables, judge."""

    mode: SupplyMode
    variants: tuple[Variant, ...]
    judge: ElectricalJudge


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """An application at its place, with what planning has found out about it so far."""

    application: Application
    state: PlanningState
    xy_m: tuple[float, float]
    parcel: shapely.Polygon | None
    mode: SupplyMode
    connectors: Connectors
    straight: StraightWays
    variants: tuple[Variant, ...]
    judge: ElectricalJudge

    @property
    def ways_out(self) -> Connectors:
        """Connectors to corridors, followed by the straight ways to stations."""
        return self.straight.after(self.connectors)

    @property
    def region(self) -> Region:
        """Grid, catalogue and indices."""
        return self.state.region


def examine_site(application: Application, state: PlanningState) -> Site:
    """Place an application, choose its supply mode, find its corridors and its cables.

    Raises
    ------
    OutsideAreaError
        If the place lies outside the loaded region.
    InputError
        If the place lies outside its own parcel.
    """
    region = state.region
    xy_m = site_metres(region, application.lon, application.lat)
    parcel = site_parcel(region, application)
    reach_m = region.catalogue.value("connector.max_length_m")
    asked = examine_demand(application, state)
    return Site(
        application=application,
        state=state,
        xy_m=xy_m,
        mode=asked.mode,
        parcel=parcel,
        connectors=region.site_index.connectors(*xy_m, reach_m, parcel=parcel),
        straight=straight_ways(
            region.site_index,
            region.snapshot.grid,
            region.ground.access,
            shapely.Point(xy_m) if parcel is None else parcel,
            reach_m,
        ),
        variants=asked.variants,
        judge=asked.judge,
    )


def examine_demand(application: Application, state: PlanningState) -> Asked:
    """Choose the supply mode of an application and its cables; its place does not matter."""
    region = state.region
    mode = supply_mode(application, region.snapshot.grid.buses, region.catalogue)
    nominal_voltage_v = mode.nominal_voltage_v or LOW_VOLTAGE_MAX_V  # refused where there is none
    demands = case_demands(application, region.catalogue)
    return Asked(
        mode=mode,
        variants=build_variants(
            region.catalogue,
            voltage_level=mode.voltage_level,
            nominal_voltage_v=nominal_voltage_v,
            demand_kva=sizing_kva(application),
            phase_count=mode.phase_count,
        ),
        judge=ElectricalJudge(
            state=state,
            demands=demands,
            limits=screening_limits(region.catalogue),
            nominal_voltage_v=nominal_voltage_v,
            phase_count=mode.phase_count,
            short_circuit_ka=state.standing.faults.get().maximum_ka,
            unbacked=_unbacked(state, mode, demands),
        ),
    )


def _unbacked(
    state: PlanningState, mode: SupplyMode, demands: Sequence[CaseDemand]
) -> Flags | None:
    """Return where no backfeed holds, for a load at medium voltage that needs one."""
    is_load = any(demand.load_case is LoadCase.LOAD for demand in demands)
    if (
        mode.voltage_level != "mv"
        or not is_load
        or not needs_backfeed(mode, state.region.catalogue)
    ):
        return None
    return state.footing.unbacked.get()
