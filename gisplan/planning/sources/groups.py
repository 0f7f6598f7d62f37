"""What supplies an access point: feeder, busbar section or substation, as independence asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.model.grid import BusKind
from gisplan.model.route_answer import Independence

if TYPE_CHECKING:
    from gisplan.model.grid import Grid, Integers
    from gisplan.network.snapshot import Snapshot, Topology

NO_GROUP = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceGroups:
    """Group of every bus and every line, ``NO_GROUP`` where nothing is known to supply them.

    What no group is known of cannot be shown to be independent. ``names`` are those of the groups.
    """

    bus: Integers
    line: Integers
    names: tuple[str, ...]

    def of(self, line: Integers, bus: Integers) -> Integers:
        """Return the group of each element, given by line or by bus (the other is -1)."""
        on_line = np.append(self.line, NO_GROUP)[line]
        on_bus = np.append(self.bus, NO_GROUP)[bus]
        found: Integers = np.where(line >= 0, on_line, on_bus)
        return found


def source_groups(snapshot: Snapshot, independence: Independence) -> SourceGroups:
    """Return what supplies each bus and line, as far as independence asks.

    A busbar bus is a feeder of its own where feeders must differ: its spare bay begins a new one.
    """
    grid, topology = snapshot.grid, snapshot.topology
    if independence is Independence.ACCESS_POINT:
        buses, lines = len(grid.buses.bus_id), len(grid.lines.line_id)
        ids = [*grid.buses.bus_id.tolist(), *grid.lines.line_id.tolist()]
        return SourceGroups(
            bus=np.arange(buses), line=np.arange(buses, buses + lines), names=tuple(map(str, ids))
        )
    key = _bus_keys(grid, topology, independence)
    names, number = np.unique(key, return_inverse=True)
    group = np.where(key == "", NO_GROUP, number.reshape(-1))
    return SourceGroups(
        bus=group, line=_of_lines(grid, topology, group), names=tuple(map(str, names))
    )


def _bus_keys(
    grid: Grid, topology: Topology, independence: Independence
) -> np.ndarray[tuple[int, ...], np.dtype[np.str_]]:
    head = np.where(topology.feeder >= 0, topology.feeder_head[topology.feeder], -1)
    is_busbar = (grid.buses.kind == BusKind.SUBSTATION_BUSBAR) & (topology.source >= 0)
    if independence is Independence.FEEDER:
        key = np.where(head >= 0, grid.lines.line_id[head], "")
        own = np.char.add("bay of ", grid.buses.bus_id)
        return np.where((key == "") & is_busbar, own, key)
    section = np.where(head >= 0, _head_bus(grid, topology)[head], -1)
    section = np.where((section < 0) & is_busbar, np.arange(len(section)), section)
    named = grid.buses.bus_id
    if independence is Independence.SUBSTATION:
        named = np.where(grid.buses.substation_id == "", "", grid.buses.substation_id)
    return np.where(section >= 0, named[section], "")


def _head_bus(grid: Grid, topology: Topology) -> Integers:
    """Return, for every line, its end that is nearer to the source: of a head line the busbar."""
    lines = grid.lines
    parent = topology.parent_bus
    from_feeds = (lines.to_bus >= 0) & (parent[lines.to_bus] == lines.from_bus)
    feeding: Integers = np.where(from_feeds, lines.from_bus, lines.to_bus)
    return feeding


def _of_lines(grid: Grid, topology: Topology, group: Integers) -> Integers:
    """Return the group of every line: that of the end which it feeds, or of its closed end."""
    lines = grid.lines
    feeding = _head_bus(grid, topology)
    fed = np.where(feeding == lines.from_bus, lines.to_bus, lines.from_bus)
    at_fed = np.where(topology.line_to_closed & topology.line_from_closed, group[fed], NO_GROUP)
    closed_end = np.where(topology.line_from_closed, lines.from_bus, lines.to_bus)
    is_open_ended = topology.line_from_closed != topology.line_to_closed
    found: Integers = np.where(is_open_ended, group[closed_end], at_fed)
    return found
