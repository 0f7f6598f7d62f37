"""Other switching states of the same grid: which open point of a ring can move, and where to.

A medium-voltage ring is open at one place. Closing that place and opening another one hands what
lies between them over to the neighbouring feeder; the grid stays radial.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from gisplan.model.grid import Flags, Grid, Integers, SwitchedKind
from gisplan.network.snapshot import Snapshot, Topology
from gisplan.network.topology import HIGH_VOLTAGE_FROM_V, LOW_VOLTAGE_BELOW_V, build_topology

NO_ROW = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPoint:
    """Where two supplied buses could be joined: ``close`` are the switches that stand open there.

    ``line`` is the line between the buses, -1 where a bus-bus switch is.
    """

    bus: int
    other_bus: int
    close: tuple[int, ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchMove:
    """Close an open point and open another switch of the ring.

    ``moved_bus`` is the first bus that changes over, next to the opened switch; ``taking_bus``
    the end of the old open point that feeds it from now on. ``opened_line`` is -1 where a bus-bus
    switch is opened. Switches are rows of their table.
    """

    close: tuple[int, ...]
    open: int
    opened_line: int
    moved_bus: int
    taking_bus: int


def find_open_points(grid: Grid, topology: Topology) -> tuple[OpenPoint, ...]:
    """Find the open points between supplied medium-voltage buses, by line, then bus-bus switch."""
    volts = grid.buses.nominal_voltage_v
    medium = (volts >= LOW_VOLTAGE_BELOW_V) & (volts < HIGH_VOLTAGE_FROM_V)
    candidates = medium & (topology.source >= 0)
    return (*_open_lines(grid, topology, candidates), *_open_couplers(grid, candidates))


def ring_elements(grid: Grid, topology: Topology) -> frozenset[tuple[int, int]]:
    """Return what carries less where an open point moves: pairs of ``SwitchedKind`` and row.

    Those are the medium-voltage lines of feeders that reach an open point, and the transformers
    above their busbars.
    """
    points = find_open_points(grid, topology)
    ends = [bus for point in points for bus in (point.bus, point.other_bus)]
    feeders = np.setdiff1d(topology.feeder[ends], [NO_ROW])
    medium = grid.buses.nominal_voltage_v >= LOW_VOLTAGE_BELOW_V
    fed = np.isin(topology.feeder, feeders) & medium
    lines = fed & (topology.parent_kind == SwitchedKind.LINE)
    return frozenset(
        [(int(SwitchedKind.LINE), row) for row in topology.parent_branch[lines].tolist()]
        + [(int(SwitchedKind.TRANSFORMER), r) for r in topology.main_transformer[fed].tolist()]
    )


def _open_lines(grid: Grid, topology: Topology, candidates: Flags) -> Iterator[OpenPoint]:
    lines, switches = grid.lines, grid.switches
    is_open = lines.in_service & ~(topology.line_from_closed & topology.line_to_closed)
    is_open &= candidates[lines.from_bus] & candidates[lines.to_bus]
    at_line = (switches.element_kind == SwitchedKind.LINE) & ~np.asarray(switches.closed)
    for line in np.flatnonzero(is_open & (lines.from_bus != lines.to_bus)).tolist():
        yield OpenPoint(
            bus=int(lines.from_bus[line]),
            other_bus=int(lines.to_bus[line]),
            close=tuple(np.flatnonzero(at_line & (switches.element == line)).tolist()),
            line=line,
        )


def _open_couplers(grid: Grid, candidates: Flags) -> Iterator[OpenPoint]:
    switches = grid.switches
    is_coupler = (switches.element_kind == SwitchedKind.BUS) & (switches.element >= 0)
    rows = np.flatnonzero(is_coupler & ~np.asarray(switches.closed))
    joins = candidates[switches.bus[rows]] & candidates[switches.element[rows]]
    joins &= switches.bus[rows] != switches.element[rows]
    for row in rows[joins].tolist():
        yield OpenPoint(
            bus=int(switches.bus[row]),
            other_bus=int(switches.element[row]),
            close=(row,),
            line=NO_ROW,
        )


def find_moves(grid: Grid, topology: Topology, feeder: int) -> tuple[SwitchMove, ...]:
    """Find every way to hand a part of a feeder over by moving one open point of its rings.

    Ordered by open point, then outward from it: from the smallest part to the whole feeder. Only
    recorded switches of lines and between buses are opened; rings with a loop in them are left out.
    """
    return tuple(
        move
        for point in find_open_points(grid, topology)
        for giving, taking in ((point.bus, point.other_bus), (point.other_bus, point.bus))
        if topology.feeder[giving] == feeder
        for move in _moves_from(grid, topology, point, giving, taking)
    )


def _moves_from(
    grid: Grid, topology: Topology, point: OpenPoint, giving: int, taking: int
) -> Iterator[SwitchMove]:
    """Walk from the giving end towards the source and open what can be opened on the way."""
    fed_with_taking = set(_way_up(topology, taking))
    bus, feeder = giving, int(topology.feeder[giving])
    while topology.feeder[bus] == feeder and bus not in fed_with_taking:
        if topology.is_meshed[bus] or topology.parent_kind[bus] == SwitchedKind.TRANSFORMER:
            return
        line = _parent_line(topology, bus)
        for switch in _switches_above(grid, topology, bus):
            yield SwitchMove(
                close=point.close,
                open=switch,
                opened_line=line,
                moved_bus=bus,
                taking_bus=taking,
            )
        bus = int(topology.parent_bus[bus])


def _way_up(topology: Topology, bus: int) -> Iterator[int]:
    while bus >= 0:
        yield bus
        bus = int(topology.parent_bus[bus])


def _parent_line(topology: Topology, bus: int) -> int:
    is_line = topology.parent_kind[bus] == SwitchedKind.LINE
    return int(topology.parent_branch[bus]) if is_line else NO_ROW


def _switches_above(grid: Grid, topology: Topology, bus: int) -> list[int]:
    """Closed switches in the branch that feeds a bus, the one next to the bus first."""
    branch = int(topology.parent_branch[bus])
    if topology.parent_kind[bus] == SwitchedKind.BUS:
        return [branch]
    switches = grid.switches
    at_line = (switches.element_kind == SwitchedKind.LINE) & (switches.element == branch)
    rows: Integers = np.flatnonzero(at_line & switches.closed)
    return sorted(rows.tolist(), key=lambda row: (int(switches.bus[row]) != bus, row))


def switched(snapshot: Snapshot, closed: Mapping[int, bool]) -> Snapshot:
    """Return the snapshot with switches, by row, closed or open, and its topology traced anew."""
    switches = snapshot.grid.switches
    states = np.array(switches.closed)
    for row, is_closed in closed.items():
        states[row] = is_closed
    grid = replace(snapshot.grid, switches=replace(switches, closed=states))
    return replace(snapshot, grid=grid, topology=build_topology(grid))


def supplies_as_before(before: Topology, after: Topology) -> bool:
    """Tell whether everything supplied before still is, and no loop was closed."""
    lost = (before.source >= 0) & (after.source < 0)
    meshed = after.is_meshed & ~before.is_meshed
    return not (lost.any() or meshed.any())
