"""Sequence networks of the short-circuit calculation: closed branches, infeeds, supply tree.

The positive sequence comes twice, for the largest and for the smallest current (IEC 60909-0); the
zero sequence covers the low voltage, where the neutrals of distribution transformers are earthed.
Line charging, loads and generators are left out: the method puts one equivalent voltage at the
place of the fault. Impedances are in ohm at the nominal voltage of their own bus.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gisplan.electrical.demand import MEDIUM_VOLTAGE_V
from gisplan.electrical.faults.fault_data import (
    KNOWN,
    MAXIMUM_DATA,
    MINIMUM_DATA,
    ZERO_DATA,
    Complexes,
    FaultCase,
    UnknownData,
    element_numbers,
    neutral_infeeds,
    resistance_ratio,
    series_line_ohm,
    source_infeeds,
    transformer_ohm,
)
from gisplan.model.grid import Flags, Floats, Grid, Integers, SwitchedKind
from gisplan.network.snapshot import Topology
from gisplan.network.topology import SwitchStates, closed_branches
from gisplan.rules.catalogue import Catalogue


class Branches(NamedTuple):
    """Closed branches: voltage ``to`` = ``ratio`` x voltage ``from``, behind ``series_ohm``.

    ``series_ohm`` stands at the second bus; zero is a bus-bus switch or a line without length.
    ``element`` is the element's number as in ``element_numbers``.
    """

    from_bus: Integers
    to_bus: Integers
    ratio: Floats
    series_ohm: Complexes
    element: Integers

    def rows(self, rows: Integers) -> Branches:
        """Some of the branches."""
        return Branches(
            self.from_bus[rows],
            self.to_bus[rows],
            self.ratio[rows],
            self.series_ohm[rows],
            self.element[rows],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultNetwork:
    """One sequence. ``branch`` is the row of the branch to the ``parent``, -1 at roots.

    ``infeed_s`` is the admittance from a bus to the ideal voltage (sources; in the zero sequence
    the earthed neutrals), zero where there is none and NaN where it is unknown, which
    ``infeed_element`` then names. ``line_ohm`` has a row per line of the grid, open ones included.
    """

    order: Integers
    parent: Integers
    branch: Integers
    branches: Branches
    infeed_s: Complexes
    infeed_element: Integers
    is_meshed: Flags
    line_ohm: Complexes
    unknown: UnknownData


def positive_network(
    grid: Grid, topology: Topology, catalogue: Catalogue, case: FaultCase
) -> FaultNetwork:
    """Build the positive sequence for the largest or the smallest current."""
    lines = grid.lines
    hot = resistance_ratio(catalogue, case)
    line_ohm = series_line_ohm(grid, hot * lines.resistance_ohm_per_km, lines.reactance_ohm_per_km)
    branches = _branches(grid, topology, line_ohm, transformer_ohm(grid, catalogue, case))
    infeed, element = source_infeeds(grid, catalogue, case)
    return FaultNetwork(
        order=topology.order,
        parent=topology.parent_bus,
        branch=_tree_branches(grid, topology, branches),
        branches=branches,
        infeed_s=infeed,
        infeed_element=element,
        is_meshed=topology.is_meshed,
        line_ohm=line_ohm,
        unknown=MAXIMUM_DATA if case is FaultCase.MAXIMUM else MINIMUM_DATA,
    )


def zero_network(grid: Grid, topology: Topology, catalogue: Catalogue) -> FaultNetwork:
    """Build the zero sequence of the low voltage, for the smallest current.

    Every low-voltage network begins at the earthed neutrals of its transformers: a delta or zigzag
    winding (odd clock number) decouples it from the medium voltage.
    """
    lines = grid.lines
    hot = resistance_ratio(catalogue, FaultCase.MINIMUM)
    line_ohm = series_line_ohm(
        grid, hot * lines.zero_resistance_ohm_per_km, lines.zero_reactance_ohm_per_km
    )
    is_low = grid.buses.nominal_voltage_v < MEDIUM_VOLTAGE_V
    series = np.full(len(grid.transformers.transformer_id), complex(np.nan, np.nan))
    branches = _branches(grid, topology, line_ohm, series)
    through_unit = topology.parent_kind == SwitchedKind.TRANSFORMER
    branch = _tree_branches(grid, topology, branches)
    infeed, element = neutral_infeeds(grid, topology, catalogue)
    inside = is_low[branches.from_bus] & is_low[branches.to_bus]
    inside &= _is_no_transformer(grid, branches)
    kept = np.append(np.cumsum(inside) - 1, -1)  # the last one answers for roots
    parent = np.where(is_low & ~through_unit, topology.parent_bus, -1)
    return FaultNetwork(
        order=topology.order[is_low[topology.order]],
        parent=parent,
        branch=np.where(parent >= 0, kept[branch], -1),
        branches=branches.rows(np.flatnonzero(inside)),
        infeed_s=infeed,
        infeed_element=element,
        is_meshed=topology.is_meshed & is_low,
        line_ohm=line_ohm,
        unknown=ZERO_DATA,
    )


def _is_no_transformer(grid: Grid, branches: Branches) -> Flags:
    _, first, end, _ = element_numbers(grid)
    outside: Flags = (branches.element < first) | (branches.element >= end)
    return outside


def _branches(
    grid: Grid, topology: Topology, line_ohm: Complexes, transformer_ohm: Complexes
) -> Branches:
    states = SwitchStates(
        line_from_closed=topology.line_from_closed,
        line_to_closed=topology.line_to_closed,
        transformer_closed=topology.transformer_closed,
    )
    closed = closed_branches(grid, states)
    is_line, is_unit = closed.kind == SwitchedKind.LINE, closed.kind == SwitchedKind.TRANSFORMER
    series = np.zeros(len(closed.row), np.complex128)
    series[is_line] = line_ohm[closed.row[is_line]]
    series[is_unit] = transformer_ohm[closed.row[is_unit]]
    ratio = np.ones(len(closed.row))
    table, unit = grid.transformers, closed.row[is_unit]
    ratio[is_unit] = table.lv_voltage_v[unit] / table.hv_voltage_v[unit]
    first_line, first_unit, _, _ = element_numbers(grid)
    element = np.full(len(closed.row), KNOWN)
    element[is_line] = first_line + closed.row[is_line]
    element[is_unit] = first_unit + unit
    return Branches(closed.end_a, closed.end_b, ratio, series, element)


def _tree_branches(grid: Grid, topology: Topology, branches: Branches) -> Integers:
    """Row of the branch by which the supply tree reaches each bus; -1 where it does not."""
    _, first_unit, end, _ = element_numbers(grid)
    place = np.full(end + 1, -1)
    has_element = branches.element >= 0
    place[branches.element[has_element]] = np.flatnonzero(has_element)
    kind, row = topology.parent_kind, topology.parent_branch
    by_unit = kind == SwitchedKind.TRANSFORMER
    element = np.where(kind == SwitchedKind.LINE, row, np.where(by_unit, first_unit + row, end))
    branch: Integers = place[element]
    by_coupler = np.flatnonzero(kind == SwitchedKind.BUS)
    coupler = np.flatnonzero(~has_element)
    switch = _closed_couplers(grid)
    branch[by_coupler] = coupler[np.searchsorted(switch, row[by_coupler])]
    return branch


def _closed_couplers(grid: Grid) -> Integers:
    """Rows of the closed bus-bus switches, in the order of the branches."""
    table = grid.switches
    is_coupler = (table.element_kind == SwitchedKind.BUS) & (table.element >= 0)
    return np.flatnonzero(is_coupler & table.closed & (table.bus != table.element))
