"""Voltages and loadings of one proposal in one load case, each in the state of its own level."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gisplan.electrical.base_state import BaseState
from gisplan.electrical.demand import (
    FEEDER,
    LEVELS,
    MAIN,
    SUBSTATION,
    TRANSFORMER,
    bus_levels,
    line_levels,
    transformer_levels,
)
from gisplan.electrical.element_state import element_state
from gisplan.electrical.own_part import NO_ROW, OwnPart, access_bus
from gisplan.electrical.proof_model import Group
from gisplan.electrical.radial_state import JUDGED_LEVELS
from gisplan.electrical.screening_limits import RULES
from gisplan.electrical.subtree_kernel import HIGH, LOW, ROOM_ABOVE, ROOM_BELOW
from gisplan.electrical.worst import LOWEST, Judged, Quantity
from gisplan.model.grid import Flags, Floats, Integers
from gisplan.network.snapshot import Snapshot

VOLTAGES = (
    (Quantity.LV_MIN, MAIN),
    (Quantity.LV_MAX, MAIN),
    (Quantity.MV_MIN, FEEDER),
    (Quantity.MV_MAX, FEEDER),
)
UNITS = ((Quantity.TRANSFORMER, TRANSFORMER), (Quantity.MAIN_TRANSFORMER, SUBSTATION))


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """One proposal of a group in one load case; ``number`` and ``case`` are places in the group."""

    snapshot: Snapshot
    base: BaseState
    group: Group
    number: int
    case: int
    own: OwnPart


@dataclass(frozen=True, slots=True, kw_only=True)
class _Buses:
    """Some buses with their voltage after and before; row -1 is the customer's new bus."""

    row: Integers
    value: Floats
    base_value: Floats
    free_value: Floats
    is_own: Flags


def judge(result: CaseResult) -> Iterator[Judged]:
    """Yield every quantity with all elements that the solved network holds."""
    yield from _judge_voltages(result)
    yield from _judge_loadings(result)


def _levels(result: CaseResult) -> slice:
    """Scenarios of the levels, without the state "service"."""
    scenarios = result.group.scenarios(result.number, result.case)
    return slice(scenarios.start + 1, scenarios.stop)


def _judge_voltages(result: CaseResult) -> Iterator[Judged]:
    group, grid, base = result.group, result.snapshot.grid, result.base
    voltage_pu = group.result.voltage_pu[_levels(result)]
    bus = group.network.node[group.network.node < len(grid.buses.bus_id)]
    after = np.full((len(LEVELS), len(grid.buses.bus_id)), np.nan)
    after[:, bus] = voltage_pu[:, : len(bus)]
    level = bus_levels(grid)
    for quantity, at_level in VOLTAGES:
        row = bus[level[bus] == at_level]
        parts = [
            _Buses(
                row=row,
                value=after[at_level, row],
                base_value=base.voltage_pu[at_level, row],
                free_value=base.free_voltage_pu[0, row],
                is_own=result.own.bus[row],
            )
        ]
        if at_level == MAIN:
            parts += _behind_replaced(result, after[MAIN], quantity)
        if level[access_bus(result.snapshot, group.proposals[result.number])] == at_level:
            parts.append(_customer(result, voltage_pu[at_level]))
        yield Judged(
            quantity=quantity,
            element_kind="bus",
            row=np.concatenate([part.row for part in parts]),
            value=np.concatenate([part.value for part in parts]),
            base_value=np.concatenate([part.base_value for part in parts]),
            free_value=np.concatenate([part.free_value for part in parts]),
            is_own=np.concatenate([part.is_own for part in parts]),
            limit=_limit(base, quantity),
            far_tolerance=base.limits.far_voltage_pu,
        )


def _customer(result: CaseResult, voltage_pu: Floats) -> _Buses:
    """The customer's new bus, which has no past; nothing where the bus exists."""
    node = result.group.customer_node[result.number]
    is_new = node >= len(result.snapshot.grid.buses.bus_id)
    place = np.searchsorted(result.group.network.node, [node] if is_new else [])
    return _Buses(
        row=np.full(len(place), NO_ROW, np.int64),
        value=voltage_pu[place],
        base_value=np.full(len(place), np.nan),
        free_value=np.full(len(place), np.nan),
        is_own=np.ones(len(place), np.bool_),
    )


def _behind_replaced(result: CaseResult, after_pu: Floats, quantity: Quantity) -> list[_Buses]:
    """Estimate voltages of low-voltage networks that stand as a constant power, to first order.

    Of each network the extreme bus and the one with the least room follow the voltage at the
    transformer's primary.
    """
    base, levels = result.base, result.base.levels
    transformer = result.group.replaced[base.fed_bus[result.group.replaced] >= 0]
    fed = base.fed_bus[transformer]
    primary = result.snapshot.grid.transformers.hv_bus[transformer]
    move = (after_pu[primary] - base.voltage_pu[MAIN, primary]) * levels.growth[MAIN, fed]
    part = JUDGED_LEVELS.index(MAIN)
    found = []
    for extreme in (LOW, ROOM_BELOW) if quantity in LOWEST else (HIGH, ROOM_ABOVE):
        bus = levels.node[part, fed, extreme]
        has_bus = bus >= 0
        bus, own = bus[has_bus], fed[has_bus]
        before = base.voltage_pu[MAIN, bus]
        found.append(
            _Buses(
                row=bus,
                value=before + move[has_bus] * levels.gain[part, own, extreme],
                base_value=before,
                free_value=base.free_voltage_pu[0, bus],
                is_own=result.own.bus[own],
            )
        )
    return found


def _limit(base: BaseState, quantity: Quantity) -> float:
    return float(base.limits.values[RULES.index(quantity)])


def _judge_loadings(result: CaseResult) -> Iterator[Judged]:
    group, grid, base, own = result.group, result.snapshot.grid, result.base, result.own
    solved = group.result.rows(_levels(result))
    after = element_state(group.network, solved)
    level, line = line_levels(grid), np.arange(len(own.line))
    yield Judged(
        quantity=Quantity.LINE,
        element_kind="line",
        row=line,
        value=after.line_loading_ratio[level, line],
        base_value=np.nan_to_num(base.line_loading_ratio[level, line], nan=0.0),
        free_value=base.free.line_loading_ratio[0],
        is_own=own.line,
        limit=_limit(base, Quantity.LINE),
        far_tolerance=base.limits.far_loading_ratio,
    )
    loading = after.transformer_loading_ratio.copy()
    # what stands as a constant power draws more current at a lower voltage
    primary = grid.transformers.hv_bus[group.replaced]
    voltage_pu = solved.voltage_pu[:, np.searchsorted(group.network.node, primary)]
    before = base.transformer_loading_ratio
    loading[:, group.replaced] = (
        before[:, group.replaced] * base.voltage_pu[:, primary] / voltage_pu
    )
    level = transformer_levels(grid)
    for quantity, at_level in UNITS:
        row = np.flatnonzero(level == at_level)
        yield Judged(
            quantity=quantity,
            element_kind="transformer",
            row=row,
            value=loading[at_level, row],
            base_value=np.nan_to_num(before[at_level, row], nan=0.0),
            free_value=base.free.transformer_loading_ratio[0, row],
            is_own=own.transformer[row],
            limit=_limit(base, quantity),
            far_tolerance=base.limits.far_loading_ratio,
        )
