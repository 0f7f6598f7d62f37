"""Loading states, load cases and the demands of applications that differ between them.

A coincidence level is a different loading state of the same network: new demands count by their
class's factor of that level. Every element is judged in the state of its own level; the customer's
own cable and voltage in the state "service", where the new demand counts in full and everything
else as in "main".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gisplan.errors import InputError
from gisplan.model.grid import Codes, Floats, Grid, Integers

LEVELS = ("main", "transformer", "feeder", "substation")
STATES = ("service", *LEVELS)

MAIN, TRANSFORMER, FEEDER, SUBSTATION = range(len(LEVELS))
MEDIUM_VOLTAGE_V = 1000.0
"""Voltages from here on are medium or high, below is low (IEC 60050-601-01-26)."""


class LoadCase(StrEnum):
    """Highest load with little generation, and highest feed-in with little load."""

    LOAD = "load"
    FEED_IN = "feed_in"


LOAD_CASES = tuple(LoadCase)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """Demands of one load case at points of the network, one row each; feed-in is negative.

    ``bus`` is a row of Buses, or -1 where the point lies on ``line`` at ``offset_m`` metres along
    its shape from its first bus. ``p_kw`` and ``q_kvar`` have a column per entry of ``STATES``.
    """

    bus: Integers
    line: Integers
    offset_m: Floats
    p_kw: Floats
    q_kvar: Floats

    def __len__(self) -> int:
        return len(self.bus)


def no_demands() -> Demands:
    """Demands without a row."""
    rows = np.empty(0, np.int64)
    powers = np.empty((0, len(STATES)))
    return Demands(bus=rows, line=rows, offset_m=np.empty(0), p_kw=powers, q_kvar=powers)


def join_demands(parts: Sequence[Demands]) -> Demands:
    """All rows of several tables of demands, in their order."""
    if not parts:
        return no_demands()
    return Demands(
        bus=np.concatenate([part.bus for part in parts]),
        line=np.concatenate([part.line for part in parts]),
        offset_m=np.concatenate([part.offset_m for part in parts]),
        p_kw=np.concatenate([part.p_kw for part in parts]),
        q_kvar=np.concatenate([part.q_kvar for part in parts]),
    )


def check_demands(grid: Grid, demands: Demands) -> None:
    """Refuse demands whose point is not in the grid or whose power is no number.

    Raises
    ------
    InputError
        Naming the first row that cannot be used.
    """
    shape = (len(demands), len(STATES))
    if demands.p_kw.shape != shape or demands.q_kvar.shape != shape:
        raise InputError(
            f"demands have powers of shape {demands.p_kw.shape} and {demands.q_kvar.shape}, "
            f"expected {shape}: one row a demand, one column a state of {STATES}"
        )
    on_bus = (demands.bus >= 0) & (demands.bus < len(grid.buses.bus_id))
    on_line = (demands.bus < 0) & (demands.line >= 0) & (demands.line < len(grid.lines.line_id))
    placed = on_bus | (on_line & np.isfinite(demands.offset_m))
    finite = np.isfinite(demands.p_kw).all(axis=1) & np.isfinite(demands.q_kvar).all(axis=1)
    wrong = np.flatnonzero(~(placed & finite))
    if len(wrong):
        row = int(wrong[0])
        raise InputError(
            f"demand {row} (bus {demands.bus[row]}, line {demands.line[row]}, offset "
            f"{demands.offset_m[row]} m): expected a bus or a line with its offset, and finite kW "
            "and kvar; correct the reservation or the application"
        )


def line_levels(grid: Grid) -> Codes:
    """Index into ``LEVELS`` of the state in which each line is judged."""
    low = grid.buses.nominal_voltage_v[grid.lines.from_bus] < MEDIUM_VOLTAGE_V
    return np.where(low, MAIN, FEEDER).astype(np.uint8)


def transformer_levels(grid: Grid) -> Codes:
    """Index into ``LEVELS`` of the state in which each transformer is judged."""
    low = grid.buses.nominal_voltage_v[grid.transformers.lv_bus] < MEDIUM_VOLTAGE_V
    return np.where(low, TRANSFORMER, SUBSTATION).astype(np.uint8)


def bus_levels(grid: Grid) -> Codes:
    """Index into ``LEVELS`` of the state in which each bus voltage is judged."""
    low = grid.buses.nominal_voltage_v < MEDIUM_VOLTAGE_V
    return np.where(low, MAIN, FEEDER).astype(np.uint8)
