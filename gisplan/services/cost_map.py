"""The use case "cost-to-connect map": what a demand costs to connect from every place."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.electrical.screening.capacity import Direction
from gisplan.errors import InputError
from gisplan.export.cost_map_classes import figure
from gisplan.export.cost_map_file import PICTURE_ENDING
from gisplan.export.cost_map_picture import CostMapLabels, write_cost_png
from gisplan.export.cost_map_raster import CostRaster, write_cost_geotiff
from gisplan.export.electrical_table import ElectricalAnswer, ElementTable, write_answer
from gisplan.ingest.applications import CLASSES, DEFAULT_CLASS
from gisplan.model.application import Application, ApplicationKind
from gisplan.network.strands import area_shapes, place_points
from gisplan.planning.bus_screening import DemandQuestion, check_question
from gisplan.planning.cost_map.node_costs import REASON_TEXTS, CostReason, cost_map
from gisplan.planning.cost_map.site_costs import prepare_sites, site_bounds, site_costs
from gisplan.planning.region import HOUSE
from gisplan.services.cost_map_columns import (
    access_columns,
    building_columns,
    money,
    node_columns,
)
from gisplan.services.electrical import Progress, answer_facts, lost_notes, opened_state

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from gisplan.export.electrical_table import Column
    from gisplan.export.feature import Value
    from gisplan.model.grid import Floats
    from gisplan.planning.cost_map.node_costs import CostMap
    from gisplan.planning.cost_map.site_costs import SiteCosts, SitePricing
    from gisplan.services.plan import Planner

CELL_MIN_M, CELL_MAX_M = 1.0, 1000.0
CELLS_MAX = 16_000_000
CELLS_AT_ONCE = 50_000
DEFAULT_CELL_M = 25.0
KINDS = {Direction.LOAD: ApplicationKind.LOAD, Direction.GENERATION: ApplicationKind.GENERATION}
BEFORE_PROOF = "The cost is before the AC power flow that every option of a plan has to pass"
PERCENTILES = {"cost_tenth": 10, "cost_median": 50, "cost_ninetieth": 90}


@dataclass(frozen=True, slots=True, kw_only=True)
class CostMapQuestion:
    """One demand, asked of every place; ``customer_class`` decides its coincidence upstream."""

    demand_kva: float
    power_factor: float
    direction: Direction
    customer_class: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CostMapAnswer:
    """Tables of corridor nodes, buildings and access points, and what cells are made of."""

    tables: ElectricalAnswer
    pricing: SitePricing

    @property
    def points(self) -> ElementTable:
        """The access points."""
        return self.tables.tables[-1]


def check_cost_map_question(question: CostMapQuestion) -> None:
    """Refuse a demand that is no demand.

    Raises
    ------
    InputError
        Saying what was found and what is expected.
    """
    check_question(
        DemandQuestion(
            demand_kva=question.demand_kva,
            power_factor=question.power_factor,
            direction=question.direction,
        )
    )
    if question.customer_class is not None and question.customer_class not in CLASSES:
        raise InputError(
            f"customer_class is {question.customer_class}; expected one of {', '.join(CLASSES)}"
        )


def check_cell_m(cell_m: float) -> None:
    """Refuse a cell that is no length, or so small or large that a map says nothing.

    Raises
    ------
    InputError
        Saying what was found and what is expected.
    """
    if not CELL_MIN_M <= cell_m <= CELL_MAX_M:
        raise InputError(f"cells of {cell_m:g} m; expected {CELL_MIN_M:g} to {CELL_MAX_M:,.0f} m")


def cost_map_of_grid(
    planner: Planner, question: CostMapQuestion, *, progress: Progress
) -> CostMapAnswer:
    """Return what connecting a demand costs from every corridor node and building.

    It reads the active grid version with everything that is held.

    Raises
    ------
    InputError
        If the demand cannot be used, nothing supplies such a one, or there is no corridor.
    NoGridError
        If nothing has been loaded yet.
    """
    check_cost_map_question(question)
    state = opened_state(planner, progress)
    progress("judging access points", 0, 1)
    answer = cost_map(_application(question), state)
    pricing = prepare_sites(answer)
    progress("buildings", 0, 1)
    points = access_columns(answer)
    tables = (_node_table(answer, points), *_building_tables(pricing, points))
    return CostMapAnswer(
        tables=ElectricalAnswer(
            facts=answer_facts(state) | _facts(question, answer),
            notes=lost_notes(state) + _notes(answer),
            tables=(*tables, _point_table(answer, points)),
        ),
        pricing=pricing,
    )


def raster_of(
    answer: CostMapAnswer, cell_m: float, *, progress: Progress, cells_max: int = CELLS_MAX
) -> CostRaster:
    """Return what connecting costs from the middle of every cell of the region.

    Raises
    ------
    InputError
        If the cells are too small for a region of this size: there would be more than the asker
        may have.
    """
    check_cell_m(cell_m)
    asked, reach_m = answer.pricing.answer, answer.pricing.reach_m
    (west, south), (east, north) = _corners(asked, reach_m)
    columns = max(math.ceil((east - west) / cell_m), 1)
    rows = max(math.ceil((north - south) / cell_m), 1)
    if columns * rows > cells_max:
        fitting_m = math.ceil(math.sqrt((east - west) * (north - south) / cells_max))
        raise InputError(
            f"cells of {cell_m:g} m are {columns * rows:,} for this region; expected at most "
            f"{cells_max:,}, which is cells of {fitting_m} m or more"
        )
    x_m = west + cell_m * (np.arange(columns) + 0.5)
    y_m = north - cell_m * (np.arange(rows) + 0.5)
    middles = np.column_stack([np.tile(x_m, rows), np.repeat(y_m, columns)])
    found = _cells(answer.pricing, middles, progress)
    shape = rows, columns
    return CostRaster(
        cost=money(np.concatenate([one.cost_cents for one in found])).reshape(shape),
        access=np.concatenate([one.access for one in found]).reshape(shape),
        reason=np.concatenate([one.reason for one in found]).reshape(shape),
        reason_texts=tuple(REASON_TEXTS[one] for one in CostReason),
        x_min_m=west,
        y_max_m=north,
        cell_m=cell_m,
        srid=asked.state.region.snapshot.grid.working_srid,
        currency=asked.currency,
    )


def save_cost_map(
    answer: CostMapAnswer, raster: CostRaster | None, path: Path, *, on: date | None = None
) -> None:
    """Write a map; the ending says how, and rasters and pictures need the cells.

    Raises
    ------
    InputError
        If the ending is unknown, or the file cannot be written.
    """
    if raster is None:
        write_answer(answer.tables, path)
    elif path.suffix.lower() == PICTURE_ENDING:
        write_cost_png(raster, path, _labels(answer, on))
    else:
        write_cost_geotiff(raster, answer.points, answer.tables.facts, path, on=on)


def _labels(answer: CostMapAnswer, on: date | None) -> CostMapLabels:
    facts, grid = answer.tables.facts, answer.pricing.answer.state.region.snapshot.grid
    demand = figure(float(facts["demand_kva"] or 0))
    median = facts["cost_median"]
    half = ""
    if median is not None:
        half = (
            f"half of all corridor nodes for {round(float(median)):,} {facts['currency']} or less"
        )
    return CostMapLabels(
        title=f"What connecting {demand} kVA {facts['direction']} costs",
        subtitle=" · ".join(filter(None, (f"{facts['nominal_voltage_v']:g} V", half))),
        notes=(
            *answer.tables.notes,
            f"grid version {facts['grid_version']} · ledger {facts['ledger_sequence']} · profile "
            f"{facts['profile']} · EPSG:{grid.working_srid}",
        ),
        on=on,
        lines=grid.lines.shape,
    )


def _application(question: CostMapQuestion) -> Application:
    """Return the demand as an application; its place does not matter."""
    kind = KINDS[question.direction]
    return Application(
        reference="cost-map",
        lon=0.0,
        lat=0.0,
        kind=kind,
        demand_kva=question.demand_kva,
        customer_class=question.customer_class or DEFAULT_CLASS[kind],
        power_factor=question.power_factor,
    )


def _cells(pricing: SitePricing, middles: Floats, progress: Progress) -> list[SiteCosts]:
    parts = []
    for first in range(0, len(middles), CELLS_AT_ONCE):
        progress("cells", first, len(middles))
        parts.append(site_costs(pricing, middles[first : first + CELLS_AT_ONCE]))
    progress("cells", len(middles), len(middles))
    return parts


def _corners(answer: CostMap, reach_m: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the corners of all that can be reached, on whole tens of metres."""
    vertices = answer.ground.corridors.shape.xy_m
    low = np.floor((vertices.min(axis=0) - reach_m) / 10) * 10
    high = np.ceil((vertices.max(axis=0) + reach_m) / 10) * 10
    return (float(low[0]), float(low[1])), (float(high[0]), float(high[1]))


def _node_table(answer: CostMap, points: Mapping[str, Column]) -> ElementTable:
    corridors = answer.ground.corridors
    return ElementTable(
        element_kind="node",
        columns=node_columns(answer, points),
        shape=place_points(np.column_stack([corridors.node_x_m, corridors.node_y_m])),
        srid=answer.state.region.snapshot.grid.working_srid,
    )


def _building_tables(
    pricing: SitePricing, points: Mapping[str, Column]
) -> tuple[ElementTable, ...]:
    """Return what connecting costs from buildings; nothing if none is known.

    A building is asked at a place inside it, and its connector may leave it anywhere.
    """
    grid = pricing.answer.state.region.snapshot.grid
    rows = np.flatnonzero(grid.obstacles.kind == HOUSE)
    if len(rows) == 0:
        return ()
    areas = area_shapes(grid.obstacles.shape, rows)
    inside = shapely.get_coordinates(shapely.point_on_surface(areas))
    costs, bounds = site_costs(pricing, inside), site_bounds(pricing, inside)
    return (
        ElementTable(
            element_kind="building",
            columns=building_columns(pricing.answer, points, rows, costs, bounds),
            shape=areas,
            srid=grid.working_srid,
        ),
    )


def _point_table(answer: CostMap, points: Mapping[str, Column]) -> ElementTable:
    corridors, met = answer.ground.corridors, answer.access.met
    xy_m = np.column_stack([corridors.node_x_m[met.node], corridors.node_y_m[met.node]])
    shape = place_points(xy_m)
    beside = np.flatnonzero(answer.access.edge >= 0)
    lines = answer.ground.line_shapes[met.line[beside]]
    shape[beside] = shapely.line_interpolate_point(lines, met.offset_m[beside])
    at_bus, buses = np.flatnonzero(met.bus >= 0), answer.state.region.snapshot.grid.buses
    bus = met.bus[at_bus]
    shape[at_bus] = place_points(np.column_stack([buses.x_m[bus], buses.y_m[bus]]))
    return ElementTable(
        element_kind="access_point",
        columns=points,
        shape=shape,
        srid=answer.state.region.snapshot.grid.working_srid,
    )


def _facts(question: CostMapQuestion, answer: CostMap) -> dict[str, Value]:
    nodes, access, mode = answer.nodes, answer.access, answer.asked.mode
    cost = money(nodes.cost_cents[nodes.is_reached])
    figures: dict[str, Value] = {
        name: float(np.percentile(cost, place).round(2)) if len(cost) else None
        for name, place in PERCENTILES.items()
    }
    return {
        "direction": str(question.direction),
        "demand_kva": question.demand_kva,
        "power_factor": question.power_factor,
        "customer_class": answer.application.customer_class,
        "voltage_level": mode.voltage_level,
        "nominal_voltage_v": mode.nominal_voltage_v,
        "phase_count": mode.phase_count,
        "currency": answer.currency,
        "node_count": len(nodes),
        "reached_count": int(nodes.is_reached.sum()),
        **{
            f"{reason.name.lower()}_count": int((nodes.reason == reason).sum())
            for reason in CostReason
            if reason not in {CostReason.REACHED, CostReason.NO_CORRIDOR}
        },
        "access_point_count": len(access),
        "feasible_count": int(access.suits.sum()),
        "uncertain_count": int((access.suits & access.uncertain).sum()),
        **figures,
    }


def guard_note(count: int) -> str:
    """Say how many access points only an AC power flow decides."""
    return (
        f"{count:,} access points lie within the guard band of a limit or on a loop: they count as "
        "feasible and are marked uncertain"
    )


def _notes(answer: CostMap) -> tuple[str, ...]:
    """Say what a reader must know before trusting a figure."""
    access, nodes = answer.access, answer.nodes
    notes = [BEFORE_PROOF]
    uncertain = int((access.suits & access.uncertain).sum())
    if uncertain:
        notes.append(guard_note(uncertain))
    if len(access) == 0:
        level = answer.asked.mode.voltage_level
        notes.append(f"this grid holds no access point of the level {level} on any corridor")
    elif not access.suits.any():
        notes.append("no access point takes this demand; the reasons stand with each of them")
    inexact = int((~nodes.is_exact).sum())
    if inexact:
        notes.append(
            f"{inexact:,} nodes have a cost that can be had, but a lower one is possible down to "
            "cost_at_least"
        )
    return tuple(notes)
