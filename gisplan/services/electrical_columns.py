"""The columns of electrical answers: one function a kind of table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.demand import (
    MEDIUM_VOLTAGE_V,
    LoadCase,
    bus_levels,
    line_levels,
    transformer_levels,
)
from gisplan.export.electrical_table import ElementTable
from gisplan.model.grid import SwitchedKind
from gisplan.network.strands import line_shapes, place_points

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gisplan.electrical.base.base_state import BaseState
    from gisplan.electrical.screening.capacity import Capacities
    from gisplan.export.electrical_table import Column
    from gisplan.model.grid import Floats, Grid, Integers, Texts
    from gisplan.planning.bus_screening import BusVerdict
    from gisplan.planning.state import PlanningState

NO_ELEMENT = 255
CASES = {LoadCase.LOAD: "load", LoadCase.FEED_IN: "feed_in"}

CAPACITY_REASONS = {
    "voltage_low": "a voltage would fall below its limit",
    "voltage_high": "a voltage would rise above its limit",
    "loading": "an element would be loaded above its rating",
    "no_solution": "beyond this there is no operating point (voltage collapse)",
    "not_supplied": "unknown: nothing supplies this bus in the present switching state",
    "needs_ac": "unknown: the bus hangs on a loop, where no closed form holds; ask gisplan screen",
    "none": "no limit was met",
}


def build_table(
    grid: Grid, kind: str, columns: Mapping[str, Column], rows: Integers | None = None
) -> ElementTable:
    """Return the columns of some elements, all where no rows are given, with their places."""
    if kind == "line":
        shape = line_shapes(grid.lines.shape)
    else:
        bus = grid.transformers.hv_bus if kind == "transformer" else slice(None)
        shape = place_points(np.column_stack([grid.buses.x_m[bus], grid.buses.y_m[bus]]))
    kept = shape if rows is None else shape[rows]
    return ElementTable(element_kind=kind, columns=columns, shape=kept, srid=grid.working_srid)


def identity_columns(grid: Grid, bus: Integers) -> dict[str, Column]:
    """Return who the buses are."""
    return {
        "bus_id": grid.buses.bus_id[bus],
        "name": grid.buses.name[bus],
        "nominal_voltage_v": grid.buses.nominal_voltage_v[bus],
    }


def base_bus_columns(state: PlanningState) -> dict[str, Column]:
    """Return the voltages of every bus, each in the loading state of its own level."""
    snapshot = state.region.snapshot
    grid, topology = snapshot.grid, snapshot.topology
    row = np.arange(len(grid.buses.bus_id))
    level = bus_levels(grid)
    voltages = {
        f"voltage_{word}_pu": state.base[case].voltage_pu[level, row].round(6)
        for case, word in CASES.items()
    }
    return {
        **identity_columns(grid, row),
        "is_supplied": topology.source >= 0,
        **voltages,
        "transformer_id": _names(grid.transformers.transformer_id, topology.transformer),
    }


def _names(ids: Texts, rows: Integers) -> Texts:
    """Ids of rows, empty where a row is -1."""
    named: Texts = np.append(ids, "")[rows]
    return named


def base_line_columns(state: PlanningState) -> dict[str, Column]:
    """Return currents and loadings of every line, each in the loading state of its own level."""
    grid = state.region.snapshot.grid
    lines, row = grid.lines, np.arange(len(grid.lines.line_id))
    level = line_levels(grid)
    columns: dict[str, Column] = {
        "line_id": lines.line_id,
        "name": lines.name,
        "nominal_voltage_v": grid.buses.nominal_voltage_v[lines.from_bus],
        "rated_current_a": lines.rated_current_a * lines.parallel_count,
    }
    for case, word in CASES.items():
        base = state.base[case]
        columns[f"current_{word}_a"] = base.line_current_a[level, row].round(3)
        columns[f"loading_{word}_ratio"] = base.line_loading_ratio[level, row].round(6)
    return columns


def base_transformer_columns(state: PlanningState) -> dict[str, Column]:
    """Return powers and loadings of every transformer, each in the state of its own level."""
    grid = state.region.snapshot.grid
    table, row = grid.transformers, np.arange(len(grid.transformers.transformer_id))
    level = transformer_levels(grid)
    columns: dict[str, Column] = {
        "transformer_id": table.transformer_id,
        "name": table.name,
        "nominal_voltage_v": table.hv_voltage_v,
        "rated_power_kva": table.rated_power_kva * table.parallel_count,
        "tap_position": table.tap_position,
    }
    for case, word in CASES.items():
        base = state.base[case]
        columns[f"power_{word}_kva"] = np.hypot(
            base.transformer_p_kw[level, row], base.transformer_q_kvar[level, row]
        ).round(3)
        columns[f"loading_{word}_ratio"] = base.transformer_loading_ratio[level, row].round(6)
    return columns


def verdict_columns(verdicts: Sequence[BusVerdict]) -> dict[str, Column]:
    """Return what the buses answered to a demand."""

    def numbers(name: str) -> Floats:
        values = [getattr(one, name) for one in verdicts]
        return np.array([np.nan if value is None else value for value in values], np.float64)

    def texts(values: Sequence[str]) -> Texts:
        return np.array(values, np.str_)

    return {
        "feasible": np.array([one.feasible for one in verdicts], np.bool_),
        "method": texts([one.method for one in verdicts]),
        "limited_by": texts([", ".join(one.limited_by) for one in verdicts]),
        "reasons": texts(["; ".join(one.reasons) for one in verdicts]),
        "voltage_pu": numbers("voltage_pu").round(6),
        "voltage_min_pu": numbers("voltage_min_pu").round(6),
        "voltage_max_pu": numbers("voltage_max_pu").round(6),
        "loading_max_ratio": numbers("loading_max_ratio").round(6),
        "limiting_kind": texts([one.limiting_kind for one in verdicts]),
        "limiting_id": texts([one.limiting_id for one in verdicts]),
        "limiting_name": texts([one.limiting_name for one in verdicts]),
        "largest_kva": numbers("largest_kva").round(3),
    }


def capacity_columns(state: PlanningState, base: BaseState, found: Capacities) -> dict[str, Column]:
    """Return how much each bus takes, what limits it, and how that stands in the base state."""
    grid = state.region.snapshot.grid
    rows = zip(
        found.limiting.tolist(),
        found.element_kind.tolist(),
        found.element_row.tolist(),
        strict=True,
    )
    limiting = [_limiting(state, base, *row) for row in rows]
    kind, row = found.element_kind, found.element_row
    names = [_element_names(grid, int(k), int(r)) for k, r in zip(kind, row, strict=True)]
    return {
        "capacity_kva": found.kva.round(3),
        "limited_by": found.limiting,
        "reason": np.array([CAPACITY_REASONS[str(word)] for word in found.limiting], np.str_),
        "limiting_kind": np.array([one[0] for one in names], np.str_),
        "limiting_id": np.array([one[1] for one in names], np.str_),
        "limiting_name": np.array([one[2] for one in names], np.str_),
        "base_value": np.array([one[0] for one in limiting], np.float64).round(6),
        "limit_value": np.array([one[1] for one in limiting], np.float64),
    }


def _element_names(grid: Grid, kind: int, row: int) -> tuple[str, str, str]:
    """Kind, id and name of a limiting element; empty where there is none."""
    if row < 0:
        return "", "", ""
    if kind == NO_ELEMENT:
        return "bus", str(grid.buses.bus_id[row]), str(grid.buses.name[row])
    if kind == SwitchedKind.TRANSFORMER:
        table = grid.transformers
        return "transformer", str(table.transformer_id[row]), str(table.name[row])
    return "line", str(grid.lines.line_id[row]), str(grid.lines.name[row])


def _limiting(
    state: PlanningState, base: BaseState, word: str, kind: int, row: int
) -> tuple[float, float]:
    """Value of the limiting element before anything is connected, and its limit; NaN if none."""
    grid, catalogue = state.region.snapshot.grid, state.region.catalogue
    if row < 0 or word not in {"voltage_low", "voltage_high", "loading"}:
        return np.nan, np.nan
    if kind == NO_ELEMENT:
        level = "lv" if grid.buses.nominal_voltage_v[row] < MEDIUM_VOLTAGE_V else "mv"
        side = "min" if word == "voltage_low" else "max"
        value = base.voltage_pu[bus_levels(grid)[row], row]
        return float(value), catalogue.value(f"voltage.{level}_{side}_pu")
    if kind == SwitchedKind.TRANSFORMER:
        to_low = grid.buses.nominal_voltage_v[grid.transformers.lv_bus[row]] < MEDIUM_VOLTAGE_V
        rule = "loading.transformer_max" if to_low else "loading.main_transformer_max"
        value = base.transformer_loading_ratio[transformer_levels(grid)[row], row]
        return float(value), catalogue.value(rule)
    value = base.line_loading_ratio[line_levels(grid)[row], row]
    return float(value), catalogue.value("loading.line_max")
