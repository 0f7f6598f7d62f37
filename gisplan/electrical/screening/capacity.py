"""Available capacity (可开放容量, load) and hosting capacity (承载力, generation) of buses.

The largest further demand or export of one customer at a bus, on top of everything promised, that
breaks no limit anywhere on the way to the source nor for any bus that it drags along.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gisplan.electrical.base.base_state import BaseState
from gisplan.electrical.demand import STATES, Demands, LoadCase
from gisplan.electrical.screening.capacity_kernel import (
    BUS_VOLTAGE,
    COLLAPSE,
    OVERLOADED,
    TOO_HIGH,
    TOO_LOW,
    find_capacities,
)
from gisplan.electrical.screening.points import locate_points, select_points
from gisplan.electrical.screening.screening_limits import ScreeningLimits
from gisplan.errors import InputError
from gisplan.model.grid import Codes, Floats, Integers, Texts
from gisplan.network.snapshot import Snapshot


class Direction(StrEnum):
    """Which way the power flows at the customer."""

    LOAD = "load"
    GENERATION = "generation"


CASE_OF = {Direction.LOAD: LoadCase.LOAD, Direction.GENERATION: LoadCase.FEED_IN}
LIMITING = {
    TOO_LOW: "voltage_low",
    TOO_HIGH: "voltage_high",
    OVERLOADED: "loading",
    COLLAPSE: "no_solution",
}
NONE, NEEDS_AC, NOT_SUPPLIED = "none", "needs_ac", "not_supplied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacities:
    """One row a bus asked.

    ``kva`` is NaN where only an AC power flow can tell (``needs_ac``) or nothing supplies the bus,
    inf where nothing limits it. ``limiting`` says what does: ``voltage_low``, ``voltage_high``,
    ``loading``, ``no_solution``, ``none``, ``needs_ac``, ``not_supplied``. ``no_solution`` comes
    only where no limit of voltage or loading comes before it; the load beside is linear in the
    voltage then, and collapse may come up to a tenth earlier. ``element_kind`` is a
    ``SwitchedKind`` for lines and transformers and 255 for a bus, ``element_row`` its row in its
    table; -1 is none.
    """

    kva: Floats
    limiting: Texts
    element_kind: Codes
    element_row: Integers


def capacities(
    snapshot: Snapshot,
    base: BaseState,
    bus: Integers,
    *,
    power_factor: float,
    direction: Direction,
    limits: ScreeningLimits,
) -> Capacities:
    """Find the capacity of each bus, in closed form along its path.

    Parameters
    ----------
    base
        The state of the load case that the direction is asked in (``CASE_OF``).
    power_factor
        Of the customer, lagging for load; above 0 and at most 1.
    limits
        Those that the base was prepared with; guard bands are not read.

    Raises
    ------
    InputError
        If a bus is not in the grid or the power factor is out of range.
    """
    if not 0 < power_factor <= 1:
        raise InputError(f"power factor {power_factor}; expected a number above 0 and at most 1")
    count = len(bus)
    if count and not (bus.min() >= 0 and bus.max() < len(snapshot.grid.buses.bus_id)):
        raise InputError(f"a bus of rows {bus.min()} to {bus.max()} is not in the grid")
    points = locate_points(snapshot, base, _at_buses(bus))
    kva = np.full(count, np.nan)
    limiting = np.full(count, NOT_SUPPLIED, dtype="U12")
    limiting[points.is_supplied & points.needs_ac] = NEEDS_AC
    kind, row = np.full(count, BUS_VOLTAGE, np.uint8), np.full(count, -1, np.int64)
    asked = np.flatnonzero(points.is_supplied & ~points.needs_ac)
    sign = 1.0 if direction is Direction.LOAD else -1.0
    unit = sign * complex(power_factor, math.sqrt(1 - power_factor**2))
    kva[asked], reason, node = find_capacities(
        select_points(points.places, asked),
        unit,
        limits.values,
        base.tree.arrays,
        base.levels,
        base.is_repeated,
    )
    limiting[asked] = [LIMITING.get(int(code), NONE) for code in reason]
    is_branch = reason == OVERLOADED
    kind[asked[is_branch]] = base.tree.arrays.kind[node[is_branch]]
    row[asked[is_branch]] = base.tree.arrays.row[node[is_branch]]
    is_bus = (reason == TOO_LOW) | (reason == TOO_HIGH)
    row[asked[is_bus]] = node[is_bus]
    return Capacities(kva=kva, limiting=limiting, element_kind=kind, element_row=row)


def _at_buses(bus: Integers) -> Demands:
    nothing = np.zeros((len(bus), len(STATES)))
    return Demands(
        bus=bus,
        line=np.full(len(bus), -1),
        offset_m=np.full(len(bus), np.nan),
        p_kw=nothing,
        q_kvar=nothing,
    )
