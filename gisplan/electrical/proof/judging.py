"""Voltages and loadings of one proposal in one load case, each in the state of its own level."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gisplan.electrical.base.base_state import BaseState
from gisplan.electrical.base.radial_state import JUDGED_LEVELS
from gisplan.electrical.base.subtree_kernel import FAR_ABOVE, FAR_BELOW, HIGH, LOW
from gisplan.electrical.demand import (
    FEEDER,
    MAIN,
    SUBSTATION,
    TRANSFORMER,
    bus_levels,
    line_levels,
    transformer_levels,
)
from gisplan.electrical.proof.own_part import NO_ROW, OwnPart, access_bus
from gisplan.electrical.proof.proof_model import Group
from gisplan.electrical.proof.worst import LOWEST, Judged, Quantity
from gisplan.electrical.screening.screening_limits import RULES
from gisplan.model.grid import Codes, Flags, Floats, Integers
from gisplan.network.snapshot import Snapshot

VOLTAGES = (
    (Quantity.LV_MIN, MAIN),
    (Quantity.LV_MAX, MAIN),
    (Quantity.MV_MIN, FEEDER),
    (Quantity.MV_MAX, FEEDER),
)
UNITS = ((Quantity.TRANSFORMER, TRANSFORMER), (Quantity.MAIN_TRANSFORMER, SUBSTATION))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """Elements of a group with their value before, and without any promise."""

    row: Integers
    base_value: Floats
    free_value: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Buses:
    """Buses of one level in the network, and their columns among its nodes."""

    known: _Known
    column: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class _Replaced:
    """The extreme bus of each replaced network, how it follows its transformer's primary.

    ``column`` is that of the primary among the nodes of the network, ``fed`` the bus that the
    transformer supplies.
    """

    known: _Known
    column: Integers
    primary_pu: Floats
    gain: Floats
    fed: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lines:
    """Lines of the network: their first segments among its branches, level and rated current."""

    known: _Known
    first: Integers
    is_line: Flags
    is_low: Flags
    rated_a: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Units:
    """Transformers of one level: those of the network, then those that stand as their power."""

    known: _Known
    place: Integers
    high_a: Floats
    low_a: Floats
    column: Integers
    primary_pu: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCase:
    """What all proposals of a group share in one load case; ``number`` is its place among them."""

    snapshot: Snapshot
    base: BaseState
    group: Group
    number: int
    bus_level: Codes
    buses: dict[int, _Buses]
    replaced: dict[Quantity, tuple[_Replaced, ...]]
    lines: _Lines
    units: dict[int, _Units]


def group_case(snapshot: Snapshot, base: BaseState, group: Group, number: int) -> GroupCase:
    """Find once which elements of a group are judged, and what they were before."""
    bus_level = bus_levels(snapshot.grid)
    return GroupCase(
        snapshot=snapshot,
        base=base,
        group=group,
        number=number,
        bus_level=bus_level,
        buses={level: _buses(base, group, bus_level, level) for level in (MAIN, FEEDER)},
        replaced={
            quantity: _replaced(snapshot, base, group, quantity)
            for quantity, level in VOLTAGES
            if level == MAIN
        },
        lines=_lines(snapshot, base, group),
        units={level: _units(snapshot, base, group, level) for _, level in UNITS},
    )


def _buses(base: BaseState, group: Group, bus_level: Codes, level: int) -> _Buses:
    node = group.network.node
    column = np.flatnonzero(node < len(bus_level))
    column = column[bus_level[node[column]] == level]
    row = node[column]
    return _Buses(
        known=_Known(
            row=row,
            base_value=base.voltage_pu[level, row],
            free_value=base.free_voltage_pu[0, row],
        ),
        column=column,
    )


def _replaced(
    snapshot: Snapshot, base: BaseState, group: Group, quantity: Quantity
) -> tuple[_Replaced, ...]:
    """The extreme bus of each replaced network, and the one with the least room over gain."""
    levels, part = base.levels, JUDGED_LEVELS.index(MAIN)
    transformer = group.replaced[base.fed_bus[group.replaced] >= 0]
    fed = base.fed_bus[transformer]
    found = []
    for extreme in (LOW, FAR_BELOW) if quantity in LOWEST else (HIGH, FAR_ABOVE):
        bus = levels.node[part, fed, extreme]
        kept = np.flatnonzero(bus >= 0)
        bus, own = bus[kept], fed[kept]
        primary = snapshot.grid.transformers.hv_bus[transformer[kept]]
        found.append(
            _Replaced(
                known=_Known(
                    row=bus,
                    base_value=base.voltage_pu[MAIN, bus],
                    free_value=base.free_voltage_pu[0, bus],
                ),
                column=np.searchsorted(group.network.node, primary),
                primary_pu=base.voltage_pu[MAIN, primary],
                gain=levels.growth[MAIN, own] * levels.gain[part, own, extreme],
                fed=own,
            )
        )
    return tuple(found)


def _lines(snapshot: Snapshot, base: BaseState, group: Group) -> _Lines:
    lines, network = snapshot.grid.lines, group.network
    is_line = network.line >= 0
    row, first = np.unique(network.line[is_line], return_index=True)
    level = line_levels(snapshot.grid)[row]
    before = np.nan_to_num(base.line_loading_ratio[level, row], nan=0.0)
    return _Lines(
        known=_Known(row=row, base_value=before, free_value=base.free.line_loading_ratio[0, row]),
        first=first,
        is_line=is_line,
        is_low=level == MAIN,
        rated_a=(lines.rated_current_a * lines.parallel_count)[row],
    )


def _units(snapshot: Snapshot, base: BaseState, group: Group, level: int) -> _Units:
    table, network = snapshot.grid.transformers, group.network
    levels = transformer_levels(snapshot.grid)
    place = np.flatnonzero(levels[network.transformer] == level)
    solved = network.transformer[place]
    replaced = group.replaced[levels[group.replaced] == level]
    row = np.concatenate([solved, replaced])
    rated_va = table.rated_power_kva[solved] * table.parallel_count[solved] * 1e3
    primary = table.hv_bus[replaced]
    before = np.nan_to_num(base.transformer_loading_ratio[level, row], nan=0.0)
    return _Units(
        known=_Known(
            row=row,
            base_value=before,
            free_value=base.free.transformer_loading_ratio[0, row],
        ),
        place=place,
        high_a=rated_va / np.sqrt(3) / table.hv_voltage_v[solved],
        low_a=rated_va / np.sqrt(3) / table.lv_voltage_v[solved],
        column=np.searchsorted(network.node, primary),
        primary_pu=base.voltage_pu[level, primary],
    )


def judge(shared: GroupCase, number: int, own: OwnPart) -> Iterator[Judged]:
    """Yield every quantity with all elements that the solved network holds.

    ``number`` is the place of the proposal in its group.
    """
    yield from _judge_voltages(shared, number, own)
    yield from _judge_loadings(shared, number, own)


def _scenario(shared: GroupCase, number: int, level: int) -> int:
    """Row of the result that holds a level; the state "service" stands before the levels."""
    first: int = shared.group.scenarios(number, shared.number).start
    return first + 1 + level


def _judge_voltages(shared: GroupCase, number: int, own: OwnPart) -> Iterator[Judged]:
    base, group = shared.base, shared.group
    access = access_bus(shared.snapshot, group.proposals[number])
    for quantity, level in VOLTAGES:
        voltage_pu = group.result.voltage_pu[_scenario(shared, number, level)]
        buses = shared.buses[level]
        parts = [(buses.known, voltage_pu[buses.column], own.bus[buses.known.row])]
        for far in shared.replaced.get(quantity, ()):
            move = (voltage_pu[far.column] - far.primary_pu) * far.gain
            parts.append((far.known, far.known.base_value + move, own.bus[far.fed]))
        if shared.bus_level[access] == level:
            parts += _customer(shared, number, voltage_pu)
        yield Judged(
            quantity=quantity,
            element_kind="bus",
            row=np.concatenate([known.row for known, _, _ in parts]),
            value=np.concatenate([value for _, value, _ in parts]),
            base_value=np.concatenate([known.base_value for known, _, _ in parts]),
            free_value=np.concatenate([known.free_value for known, _, _ in parts]),
            is_own=np.concatenate([is_own for _, _, is_own in parts]),
            limit=_limit(base, quantity),
            far_tolerance=base.limits.far_voltage_pu,
        )


def _customer(
    shared: GroupCase, number: int, voltage_pu: Floats
) -> list[tuple[_Known, Floats, Flags]]:
    """The customer's new bus, which has no past; nothing where the bus exists."""
    node = int(shared.group.customer_node[number])
    if node < len(shared.bus_level):
        return []
    column = np.searchsorted(shared.group.network.node, [node])
    unknown = np.full(1, np.nan)
    known = _Known(row=np.full(1, NO_ROW), base_value=unknown, free_value=unknown)
    return [(known, voltage_pu[column], np.ones(1, np.bool_))]


def _limit(base: BaseState, quantity: Quantity) -> float:
    return float(base.limits.values[RULES.index(quantity)])


def _judge_loadings(shared: GroupCase, number: int, own: OwnPart) -> Iterator[Judged]:
    lines = shared.lines
    yield _judged_loading(
        shared,
        Quantity.LINE,
        known=lines.known,
        value=_line_loadings(shared, number),
        is_own=own.line[lines.known.row],
    )
    for quantity, level in UNITS:
        units = shared.units[level]
        yield _judged_loading(
            shared,
            quantity,
            known=units.known,
            value=_unit_loadings(shared, units, _scenario(shared, number, level)),
            is_own=own.transformer[units.known.row],
        )


def _judged_loading(
    shared: GroupCase, quantity: Quantity, *, known: _Known, value: Floats, is_own: Flags
) -> Judged:
    return Judged(
        quantity=quantity,
        element_kind="line" if quantity is Quantity.LINE else "transformer",
        row=known.row,
        value=value,
        base_value=known.base_value,
        free_value=known.free_value,
        is_own=is_own,
        limit=_limit(shared.base, quantity),
        far_tolerance=shared.base.limits.far_loading_ratio,
    )


def _line_loadings(shared: GroupCase, number: int) -> Floats:
    """Loading of every line in its own level: the worst of its segments and ends."""
    lines, flows = shared.lines, shared.group.result.branches
    if not len(lines.first):
        return np.empty(0)
    rows = [_scenario(shared, number, level) for level in (MAIN, FEEDER)]
    ends = np.maximum(flows.current_from_a[rows], flows.current_to_a[rows])[:, lines.is_line]
    main, feeder = np.maximum.reduceat(ends, lines.first, axis=1)
    loading: Floats = np.where(lines.is_low, main, feeder) / lines.rated_a
    return loading


def _unit_loadings(shared: GroupCase, units: _Units, scenario: int) -> Floats:
    """Loading of transformers; one that stands as its power draws more at a lower voltage."""
    flows = shared.group.result.transformers
    solved = np.maximum(
        flows.current_from_a[scenario, units.place] / units.high_a,
        flows.current_to_a[scenario, units.place] / units.low_a,
    )
    before = units.known.base_value[len(solved) :]
    voltage_pu = shared.group.result.voltage_pu[scenario, units.column]
    return np.concatenate([solved, before * units.primary_pu / voltage_pu])
