"""Which elements of the grid are access points (接入点), of which kind, at which voltage level.

Low voltage: a service joint on a main, a fuse way of a cabinet or of a transformer's board. Medium
voltage: a spare bay of a ring main unit or switching station, a loop-in on a cable (an ordinary
joint is none), a tee-off on an overhead line, a feeder bay of a substation. A service belongs to
its customer and is no place to connect others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.model.grid import BusKind, Installation, LineRole
from gisplan.model.option import AccessKind
from gisplan.planning.supply_mode import LOW_VOLTAGE_MAX_V, MEDIUM_VOLTAGE_MAX_V
from gisplan.routing.search import Targets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gisplan.model.grid import Codes, Flags, Floats, Grid, Integers
    from gisplan.network.snapshot import CorridorGraph
    from gisplan.rules.catalogue import Catalogue

NO_ACCESS = 255
KINDS = tuple(AccessKind)
LEVEL_KINDS = {
    "lv": (
        AccessKind.SERVICE_JOINT,
        AccessKind.CABINET_FUSE_WAY,
        AccessKind.TRANSFORMER_FUSE_WAY,
    ),
    "mv": (
        AccessKind.SPARE_BAY,
        AccessKind.LOOP_IN,
        AccessKind.TEE_OFF,
        AccessKind.SUBSTATION_BAY,
    ),
}
ROLE_OF_KIND = {
    AccessKind.SERVICE_JOINT: "service",
    AccessKind.CABINET_FUSE_WAY: "service",
    AccessKind.TRANSFORMER_FUSE_WAY: "service",
    AccessKind.SPARE_BAY: "branch",
    AccessKind.TEE_OFF: "branch",
    AccessKind.SUBSTATION_BAY: "branch",
    AccessKind.LOOP_IN: "trunk",
}
LOW_VOLTAGE_BUSES = {
    BusKind.CABINET: AccessKind.CABINET_FUSE_WAY,
    BusKind.TRANSFORMER_BOARD: AccessKind.TRANSFORMER_FUSE_WAY,
}
MEDIUM_VOLTAGE_BUSES = {
    BusKind.RING_MAIN_UNIT: AccessKind.SPARE_BAY,
    BusKind.SWITCHING_STATION: AccessKind.SPARE_BAY,
    BusKind.SUBSTATION_BUSBAR: AccessKind.SUBSTATION_BAY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessTable:
    """Kind of access point of every bus, line and meeting: an index into ``KINDS``, 255 for none.

    ``targets`` flags, for every role of a cable, the corridor nodes where it can end.
    """

    bus_kind: Codes
    line_kind: Codes
    meeting_kind: Codes
    line_first_m: Floats
    line_last_m: Floats
    targets: Mapping[str, Targets]

    def may_cut(self, line: Integers, offset_m: Floats) -> Flags:
        """Tell which places on lines are far enough from a station to be cut or joined."""
        allowed: Flags = (offset_m >= self.line_first_m[line]) & (
            offset_m <= self.line_last_m[line]
        )
        return allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Meetings:
    """Access points that a search met, shape (meetings,).

    ``line`` or ``bus`` is -1; ``node`` is the corridor node, or -1 - seed where the site's own
    landing met the element; ``cost_cents`` is what leads there.
    """

    kind: Codes
    line: Integers
    bus: Integers
    offset_m: Floats
    node: Integers
    cost_cents: Integers

    def __len__(self) -> int:
        return len(self.kind)

    def take(self, rows: Integers | Flags) -> Meetings:
        """Return some of the meetings."""
        return Meetings(
            kind=self.kind[rows],
            line=self.line[rows],
            bus=self.bus[rows],
            offset_m=self.offset_m[rows],
            node=self.node[rows],
            cost_cents=self.cost_cents[rows],
        )


def joined_meetings(parts: Sequence[Meetings]) -> Meetings:
    """Return several sets of meetings as one, in the order given; at least one set."""
    return Meetings(
        kind=np.concatenate([part.kind for part in parts]),
        line=np.concatenate([part.line for part in parts]),
        bus=np.concatenate([part.bus for part in parts]),
        offset_m=np.concatenate([part.offset_m for part in parts]),
        node=np.concatenate([part.node for part in parts]),
        cost_cents=np.concatenate([part.cost_cents for part in parts]),
    )


def bus_meetings(bus_kind: Codes, bus: Integers, node: Integers) -> Meetings:
    """Return buses as meetings at nodes that the caller names, at no cost."""
    count = len(bus)
    return Meetings(
        kind=bus_kind[bus],
        line=np.full(count, -1),
        bus=bus,
        offset_m=np.zeros(count),
        node=node,
        cost_cents=np.zeros(count, dtype=np.int64),
    )


def build_access_table(grid: Grid, corridors: CorridorGraph, catalogue: Catalogue) -> AccessTable:
    """Return the kind of access point that every bus, every line and every meeting offers.

    A line this close to its station (``access.station_distance_m``) is reached through the station.
    """
    bus_kind, line_kind = _bus_kinds(grid), _line_kinds(grid)
    span = _allowed_span(grid, catalogue.value("access.station_distance_m"))
    meeting_kind = _meeting_kinds(corridors, bus_kind, line_kind, span)
    return AccessTable(
        bus_kind=bus_kind,
        line_kind=line_kind,
        meeting_kind=meeting_kind,
        line_first_m=span[0],
        line_last_m=span[1],
        targets={
            role: Targets.at_nodes(_target_nodes(corridors, meeting_kind, kinds))
            for role, kinds in kinds_by_role().items()
        },
    )


def kinds_by_role() -> dict[str, tuple[AccessKind, ...]]:
    """Return the kinds of access point that each role of a cable leads to."""
    roles: dict[str, tuple[AccessKind, ...]] = {}
    for kind, role in ROLE_OF_KIND.items():
        roles[role] = (*roles.get(role, ()), kind)
    return roles


def _bus_kinds(grid: Grid) -> Codes:
    volts = np.asarray(grid.buses.nominal_voltage_v)
    result = np.full(len(volts), NO_ACCESS, dtype=np.uint8)
    low = volts <= LOW_VOLTAGE_MAX_V
    medium = ~low & (volts < MEDIUM_VOLTAGE_MAX_V)
    for level, kinds in ((low, LOW_VOLTAGE_BUSES), (medium, MEDIUM_VOLTAGE_BUSES)):
        for bus_kind, access_kind in kinds.items():
            result[level & (grid.buses.kind == bus_kind)] = KINDS.index(access_kind)
    return result


def _line_kinds(grid: Grid) -> Codes:
    lines = grid.lines
    volts = np.asarray(grid.buses.nominal_voltage_v)[lines.from_bus]
    usable = (lines.role == LineRole.MAIN) & np.asarray(lines.in_service)
    low = volts <= LOW_VOLTAGE_MAX_V
    medium = ~low & (volts < MEDIUM_VOLTAGE_MAX_V)
    overhead = lines.installation == Installation.OVERHEAD
    result = np.full(len(volts), NO_ACCESS, dtype=np.uint8)
    result[usable & low] = KINDS.index(AccessKind.SERVICE_JOINT)
    result[usable & medium & ~overhead] = KINDS.index(AccessKind.LOOP_IN)
    result[usable & medium & overhead] = KINDS.index(AccessKind.TEE_OFF)
    return result


def _target_nodes(
    corridors: CorridorGraph, meeting_kind: Codes, kinds: tuple[AccessKind, ...]
) -> Codes:
    """Return 1 for every corridor node where an access point of one of the kinds can be met."""
    total = np.concatenate([[0], np.cumsum(_wanted(kinds)[meeting_kind])])
    offset = corridors.node_meeting_offset
    result: Codes = (total[offset[1:]] > total[offset[:-1]]).astype(np.uint8)
    return result


def _meeting_kinds(
    corridors: CorridorGraph, bus_kind: Codes, line_kind: Codes, span: tuple[Floats, Floats]
) -> Codes:
    """Return the kind of every meeting; at a station its bays count and not its lines."""
    kinds = np.full(len(corridors.meeting_line), NO_ACCESS, dtype=np.uint8)
    on_line = corridors.meeting_line >= 0
    line, offset_m = corridors.meeting_line[on_line], corridors.meeting_offset_m[on_line]
    inside = (offset_m >= span[0][line]) & (offset_m <= span[1][line])
    kinds[on_line] = np.where(inside, line_kind[line], NO_ACCESS)
    kinds[~on_line] = bus_kind[corridors.meeting_bus[~on_line]]
    return kinds


def _allowed_span(grid: Grid, station_m: float) -> tuple[Floats, Floats]:
    """Return from where to where along its drawing each line may be cut or joined."""
    shape, lines = grid.lines.shape, grid.lines
    step = np.hypot(*np.diff(shape.xy_m, axis=0, prepend=shape.xy_m[:1]).T)
    along = np.cumsum(step)
    span = along[shape.offset[1:] - 1] - along[shape.offset[:-1]]
    station = np.isin(grid.buses.kind, (*MEDIUM_VOLTAGE_BUSES, *LOW_VOLTAGE_BUSES))
    first = np.where(station[lines.from_bus], station_m, -np.inf)
    last = np.where(station[lines.to_bus], span - station_m, np.inf)
    return first, last


def meetings_at(
    corridors: CorridorGraph,
    table: AccessTable,
    kinds: tuple[AccessKind, ...],
    nodes: Integers,
    cost_cents: Integers,
) -> Meetings:
    """Return the access points of the given kinds at nodes that a search has met."""
    first, last = corridors.node_meeting_offset[nodes], corridors.node_meeting_offset[nodes + 1]
    count = last - first
    row = np.repeat(first - np.concatenate([[0], np.cumsum(count)[:-1]]), count) + np.arange(
        int(count.sum())
    )
    line, bus = corridors.meeting_line[row], corridors.meeting_bus[row]
    kind = table.meeting_kind[row]
    met = Meetings(
        kind=kind,
        line=line,
        bus=bus,
        offset_m=corridors.meeting_offset_m[row],
        node=np.repeat(nodes, count),
        cost_cents=np.repeat(cost_cents, count),
    )
    return met.take(_wanted(kinds)[kind])


def _wanted(kinds: tuple[AccessKind, ...]) -> Flags:
    wanted = np.zeros(256, dtype=bool)
    wanted[[KINDS.index(kind) for kind in kinds]] = True
    return wanted
