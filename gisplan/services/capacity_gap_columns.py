"""The columns of a capacity gap: supply areas, and the elements that they hang on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gisplan.density.capacity_gap import UNKNOWN, seasons_of_cells
from gisplan.export.electrical_table import ElementTable
from gisplan.network.strands import place_points
from gisplan.planning.element_names import element_name, limiting_name
from gisplan.planning.supply_areas import supply_areas
from gisplan.planning.supply_cells import LEVELS
from gisplan.services.electrical_columns import CAPACITY_REASONS

if TYPE_CHECKING:
    from gisplan.export.electrical_table import Column
    from gisplan.model.grid import Codes, Floats, Integers, Texts
    from gisplan.planning.capacity_gap import CapacityGap, ElementGap
    from gisplan.planning.outlook import Quarters
    from gisplan.planning.state import PlanningState
    from gisplan.planning.supply_cells import SupplyCells

SUPPLY_AREA = "supply_area"


def element_table(
    state: PlanningState, cells: SupplyCells, gap: CapacityGap, quarters: Quarters, level: int
) -> ElementTable:
    """Return the elements of a level: what they can give, what is asked, until when."""
    grid, one = state.region.snapshot.grid, gap.levels[level]
    elements = cells.levels[level]
    columns: dict[str, Column] = {
        **_identity(state, cells, level),
        "headroom_kva": _finite(one.headroom.kva),
        "asked_kva": one.asked_kva.round(3),
        "asked_count": one.asked_count,
        "growth_kva": one.growth_kva.round(3),
        **_seasons(quarters, one.season, one.earliest, one.latest),
        "limited_by": one.headroom.limiting,
        "reason": np.array(
            [CAPACITY_REASONS[str(word)] for word in one.headroom.limiting], np.str_
        ),
        **_limiting(state, one.headroom.element_kind, one.headroom.element_row),
    }
    xy_m = np.column_stack([grid.buses.x_m[elements.bus], grid.buses.y_m[elements.bus]])
    return ElementTable(
        element_kind=LEVELS[level],
        columns=columns,
        shape=place_points(xy_m),
        srid=grid.working_srid,
    )


def area_table(
    state: PlanningState, cells: SupplyCells, gap: CapacityGap, quarters: Quarters, level: int
) -> ElementTable:
    """Return the supply areas of a level by the tightest of the elements that each hangs on."""
    grid = state.region.snapshot.grid
    own = _cells_of(cells, level)
    expected, early, late = (
        seasons_of_cells(
            list(cells.element[level:, own]),
            [getattr(one, name) for one in gap.levels[level:]],
            lasts=gap.lasts,
        )
        for name in ("season", "earliest", "latest")
    )
    asked_kva, given_kva = _given(gap, cells, level)
    reach_m = state.region.catalogue.value("density.supply_area_reach_m")
    columns: dict[str, Column] = {
        **_identity(state, cells, level),
        "asked_kva": asked_kva.round(3),
        "asked_count": gap.levels[level].asked_count,
        "given_kva": _finite(given_kva),
        "missing_kva": _finite(asked_kva - given_kva),
        "growth_kva": gap.levels[level].growth_kva.round(3),
        **_seasons(quarters, expected.season, early.season, late.season),
        **_tightest(state, cells, gap, own, level),
    }
    return ElementTable(
        element_kind=SUPPLY_AREA,
        columns=columns,
        shape=supply_areas(grid, cells, level, reach_m=reach_m),
        srid=grid.working_srid,
    )


def _cells_of(cells: SupplyCells, level: int) -> Integers:
    """Return the cell that stands for each element of a level; levels stand one after another."""
    begin = sum(len(one.row) for one in cells.levels[:level])
    return np.arange(begin, begin + len(cells.levels[level].row))


def _given(gap: CapacityGap, cells: SupplyCells, level: int) -> tuple[Floats, Floats]:
    """Return what the cells of each element ask for and what of it they are given, in kVA.

    NaN where a headroom above one of them is unknown and they ask for something.
    """
    asked_kva, of_cell = gap.asked_kva[level], cells.element[level]
    share = np.where(asked_kva > 0, gap.cells.grants.share, 0.0)
    own, count = of_cell >= 0, len(cells.levels[level].row)
    asked: Floats = np.zeros(count)
    given: Floats = np.zeros(count)
    np.add.at(asked, of_cell[own], asked_kva[own])
    np.add.at(given, of_cell[own], (asked_kva * share)[own])
    return asked, given


def _tightest(
    state: PlanningState, cells: SupplyCells, gap: CapacityGap, own: Integers, level: int
) -> dict[str, Column]:
    """Return the element that each area runs out by, else the one that is used most."""
    slack = []
    for element, one in zip(cells.element[level:, own], gap.levels[level:], strict=True):
        slack.append(np.append(slack_of(one), np.inf)[element])
    at = np.argmin(slack, axis=0)
    element = cells.element[level + at, own]
    rows = list(zip((level + at).tolist(), element.tolist(), strict=True))
    names = [_name(state, cells, one, row) for one, row in rows]
    headroom = [gap.levels[one].headroom.kva[row] if row >= 0 else np.nan for one, row in rows]
    asked = [gap.levels[one].asked_kva[row] if row >= 0 else 0.0 for one, row in rows]
    return {
        "limiting_level": np.array([LEVELS[one] for one, _ in rows], np.str_),
        "limiting_id": np.array([one for one, _ in names], np.str_),
        "limiting_name": np.array([one for _, one in names], np.str_),
        "limiting_headroom_kva": _finite(np.array(headroom, np.float64)),
        "limiting_asked_kva": np.array(asked, np.float64).round(3),
    }


def slack_of(one: ElementGap) -> Floats:
    """Return for each element how little tight it is: by season, then by how much of it is used.

    Infinite where the headroom is not known.
    """
    wanted_kva = one.asked_kva + one.growth_kva
    most_kva = wanted_kva + one.headroom.kva
    used = np.divide(wanted_kva, most_kva, out=np.zeros_like(wanted_kva), where=wanted_kva > 0)
    slack: Floats = np.where(one.season == UNKNOWN, np.inf, one.season - used)
    return slack


def _name(state: PlanningState, cells: SupplyCells, level: int, element: int) -> tuple[str, str]:
    if element < 0:
        return "", ""
    return element_name(state, LEVELS[level], int(cells.levels[level].row[element]))


def _identity(state: PlanningState, cells: SupplyCells, level: int) -> dict[str, Column]:
    """Return who the elements are."""
    buses, elements = state.region.snapshot.grid.buses, cells.levels[level]
    names = [element_name(state, LEVELS[level], int(row)) for row in elements.row]
    return {
        f"{LEVELS[level]}_id": np.array([one for one, _ in names], np.str_),
        "name": np.array([one for _, one in names], np.str_),
        "nominal_voltage_v": buses.nominal_voltage_v[elements.bus],
    }


def _seasons(
    quarters: Quarters, season: Integers, earliest: Integers, latest: Integers
) -> dict[str, Column]:
    """Return quarters by name; empty where it lasts or is not known, which ``is_known`` tells."""

    def names(seasons: Integers) -> Texts:
        return np.array([quarters.told(one) or "" for one in seasons.tolist()], np.str_)

    return {
        "is_known": season != UNKNOWN,
        "runs_out": names(season),
        "earliest": names(earliest),
        "latest": names(latest),
        "season": season,
    }


def _limiting(state: PlanningState, kind: Codes, row: Integers) -> dict[str, Column]:
    grid = state.region.snapshot.grid
    names = [limiting_name(grid, int(k), int(r)) for k, r in zip(kind, row, strict=True)]
    return {
        f"limiting_{word}": np.array([one[index] for one in names], np.str_)
        for index, word in enumerate(("kind", "id", "name"))
    }


def _finite(values: Floats) -> Floats:
    """Return numbers rounded, NaN where there is none to tell."""
    return np.where(np.isfinite(values), values, np.nan).round(3)
