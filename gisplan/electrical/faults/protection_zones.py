"""Which recorded device clears a fault: the nearest one upstream, and where one may stand unseen.

A device stands at the feeding end of a line. Fuses and breakers stand only where switchgear does,
so a line that begins at a joint or a pole has none, whereas one that begins at a board, a cabinet
or a busbar may have one that nobody recorded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gisplan.model.grid import BusKind, Flags, Grid, Integers, Protection, SwitchedKind
from gisplan.network.snapshot import Topology
from gisplan.network.tree_kernel import hand_down

NONE = -1
SWITCHGEAR = (
    BusKind.BUSBAR_SECTION,
    BusKind.SUBSTATION_BUSBAR,
    BusKind.SWITCHING_STATION,
    BusKind.TRANSFORMER_BOARD,
    BusKind.CABINET,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionZones:
    """Per bus: line with the nearest recorded device, and nearest line that may hold another.

    Both lines are upstream at the same voltage, -1 where there is none; ``unrecorded`` lies
    between the bus and ``device``. Lines have the same two columns for faults along them, and
    ``fed_bus``, the bus that the tree supplies through a line. Lines that end open, or that close
    a loop, supply none (-1).
    """

    device: Integers
    unrecorded: Integers
    line_device: Integers
    line_unrecorded: Integers
    fed_bus: Integers


def find_zones(grid: Grid, topology: Topology) -> ProtectionZones:
    """Hand the devices down the supply tree; a transformer ends every zone."""
    feeding, fed_bus = _ends(grid, topology)
    recorded = grid.lines.protection != Protection.UNKNOWN
    possible = ~recorded & _may_hold(grid, topology)[feeding]
    possible[topology.feeder_head] = ~recorded[topology.feeder_head]
    ends_zone = topology.parent_kind == SwitchedKind.TRANSFORMER
    device = _hand_down(topology, recorded, ends_zone)
    unrecorded = _hand_down(topology, possible, ends_zone | _through(topology, recorded))
    line = np.arange(len(feeding))
    between = np.where(recorded, NONE, unrecorded[feeding])
    return ProtectionZones(
        device=device,
        unrecorded=unrecorded,
        line_device=np.where(recorded, line, device[feeding]),
        line_unrecorded=np.where(possible, line, between),
        fed_bus=fed_bus,
    )


def open_ends(grid: Grid, topology: Topology) -> Integers:
    """Rows of the supplied lines that end open: a fault at such an end must be cleared too."""
    lines = grid.lines
    is_open = (topology.line_from_closed ^ topology.line_to_closed) & lines.in_service
    feeding = np.where(topology.line_from_closed, lines.from_bus, lines.to_bus)
    return np.flatnonzero(is_open & (topology.source[feeding] >= 0))


def _ends(grid: Grid, topology: Topology) -> tuple[Integers, Integers]:
    """Feeding bus of each line, and the bus that the tree supplies through it."""
    lines = grid.lines
    bus = np.flatnonzero(topology.parent_kind == SwitchedKind.LINE)
    line = topology.parent_branch[bus]
    fed_bus = np.full(len(lines.line_id), NONE)
    fed_bus[line] = bus
    feeding = np.where(topology.line_from_closed, lines.from_bus, lines.to_bus)
    feeding[line] = topology.parent_bus[bus]
    return feeding, fed_bus


def _may_hold(grid: Grid, topology: Topology) -> Flags:
    """Per bus: whether fuses or breakers may stand there."""
    is_root = (topology.source >= 0) & (topology.parent_bus < 0)
    is_behind_unit = topology.parent_kind == SwitchedKind.TRANSFORMER
    holds: Flags = np.isin(grid.buses.kind, SWITCHGEAR) | is_root | is_behind_unit
    return holds


def _through(topology: Topology, chosen: Flags) -> Flags:
    """Buses that the tree supplies through one of the chosen lines."""
    is_fed: Flags = topology.parent_kind == SwitchedKind.LINE
    is_fed[is_fed] = chosen[topology.parent_branch[is_fed]]
    return is_fed


def _hand_down(topology: Topology, chosen: Flags, ends_zone: Flags) -> Integers:
    """Nearest of the chosen lines upstream of each bus, none beyond the end of its zone."""
    is_fed = _through(topology, chosen)
    own = np.where(is_fed, topology.parent_branch, NONE)
    return hand_down(topology.order, topology.parent_bus, is_fed | ends_zone, own)
