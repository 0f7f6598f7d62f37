"""Ratings of lines and transformers as powers at nominal voltage; inf where none is known."""

from __future__ import annotations

import numpy as np

from gisplan.electrical.flow.branch_model import KVA
from gisplan.model.grid import Floats, Grid


def line_limits_kva(grid: Grid) -> Floats:
    """Power of every line at rated current and nominal voltage; inf where no rating is known."""
    voltage_v = grid.buses.nominal_voltage_v[grid.lines.from_bus]
    rated_a = grid.lines.rated_current_a * grid.lines.parallel_count
    limit = np.sqrt(3) * voltage_v * rated_a / KVA
    return np.where(np.isfinite(limit), limit, np.inf)


def transformer_limits_kva(grid: Grid) -> tuple[Floats, Floats]:
    """Power at rated current and nominal voltage on the high and the low-voltage side."""
    table, nominal = grid.transformers, grid.buses.nominal_voltage_v
    rated_kva = table.rated_power_kva * table.parallel_count
    return (
        rated_kva * nominal[table.hv_bus] / table.hv_voltage_v,
        rated_kva * nominal[table.lv_bus] / table.lv_voltage_v,
    )
