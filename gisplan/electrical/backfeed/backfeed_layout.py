"""How a medium-voltage network can be switched: busbars, feeders, rings, ties, couplers.

Busbars are the medium-voltage buses that no feeder owns, grouped where closed branches join them.
A ring is what hangs on busbars by more than one line. A line that leaves a busbar and ends open is
a feeder of its own, though it supplies nobody yet: a new customer on it can be backed up.
"""

from __future__ import annotations

from dataclasses import dataclass

from gisplan.electrical.demand import MEDIUM_VOLTAGE_V
from gisplan.electrical.proof.proposal import Proposal
from gisplan.model.grid import Flags, Grid, Integers
from gisplan.network.snapshot import Snapshot
from gisplan.network.topology import HIGH_VOLTAGE_FROM_V

NONE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class LineEnd:
    """One end of a line: that at its first bus or that at its second."""

    line: int
    at_from: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Where something hangs: a feeder (-1: at the busbar itself) and its busbar (-1: none)."""

    feeder: int
    busbar: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """An open connection: the open end of a line, or row ``coupler`` of the switches."""

    line_end: LineEnd | None
    coupler: int
    first: Section
    second: Section

    def other(self, feeder: int) -> Section:
        """The side that is not this feeder's."""
        return self.second if self.first.feeder == feeder else self.first


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchingLayout:
    """What can be opened and closed.

    Per bus: ``busbar`` group (-1: no busbar) and ``part`` that hangs together with busbars cut
    away. ``feeder_head`` is the end of each feeder's first line at the busbar; feeders from
    ``feeder_count`` on are lines that supply nobody yet. ``ring_heads`` are the ends at busbars of
    the lines of rings, ``held`` the main transformers whose busbar keeps its supply without them.
    """

    busbar: Integers
    part: Integers
    feeder: Integers
    feeder_count: int
    feeder_head: tuple[LineEnd, ...]
    feeder_section: tuple[Section, ...]
    feeder_part: tuple[int, ...]
    ring_parts: frozenset[int]
    ring_heads: tuple[LineEnd, ...]
    ties: tuple[Tie, ...]
    couplers: tuple[Tie, ...]
    main_transformers: tuple[int, ...]
    standby: tuple[int, ...]
    held: frozenset[int]
    joined_busbars: tuple[frozenset[int], ...]

    def is_ring(self, feeder: int) -> bool:
        """Whether a feeder belongs to a closed ring."""
        return self.feeder_part[feeder] in self.ring_parts

    def ring_of(self, feeder: int) -> frozenset[int]:
        """A feeder with the others of its closed ring."""
        part = self.feeder_part[feeder]
        if part == NONE:
            return frozenset({feeder})
        return frozenset(n for n, other in enumerate(self.feeder_part) if other == part)

    def feeders_with(self, bus: int) -> frozenset[int]:
        """All feeders that hang together at a bus."""
        part = self.part[bus]
        return frozenset(n for n, other in enumerate(self.feeder_part) if other == part)

    def feeders_of(self, busbar: int) -> tuple[int, ...]:
        """Feeders that leave a busbar and supply somebody."""
        found = enumerate(self.feeder_section[: self.feeder_count])
        return tuple(n for n, section in found if section.busbar == busbar)

    def busbars_with(self, busbar: int) -> frozenset[int]:
        """A busbar with those that closed lines and rings join to it."""
        found = [group for group in self.joined_busbars if busbar in group]
        return frozenset({busbar}).union(*found)

    def holds_without(self, transformer: int) -> bool:
        """Whether the busbar of a main transformer keeps its supply when that one is out."""
        return transformer in self.held

    def busbar_of_transformer(self, grid: Grid, transformer: int) -> int:
        """Busbar on the medium-voltage side of a main transformer."""
        return int(self.busbar[grid.transformers.lv_bus[transformer]])

    def couplers_of(self, busbar: int) -> tuple[Tie, ...]:
        """Open connections from a busbar to another one."""
        return tuple(
            tie for tie in self.couplers if busbar in {tie.first.busbar, tie.second.busbar}
        )

    def standby_of(self, grid: Grid, busbar: int) -> tuple[int, ...]:
        """Main transformers in service, but switched off, at a busbar."""
        return tuple(row for row in self.standby if self.busbar_of_transformer(grid, row) == busbar)

    def transformers_of(self, grid: Grid, busbar: int) -> tuple[int, ...]:
        """Main transformers that feed a busbar."""
        return tuple(
            row for row in self.main_transformers if self.busbar_of_transformer(grid, row) == busbar
        )


def is_medium_voltage(grid: Grid) -> Flags:
    """Buses from 1 kV up to the voltage from which it is called high."""
    voltage = grid.buses.nominal_voltage_v
    is_medium: Flags = (voltage >= MEDIUM_VOLTAGE_V) & (voltage < HIGH_VOLTAGE_FROM_V)
    return is_medium


def find_section(snapshot: Snapshot, layout: SwitchingLayout, proposal: Proposal) -> Section:
    """Feeder and busbar that an access point hangs on; both -1 where there are none."""
    bus = proposal.bus if proposal.bus >= 0 else _bus_of_line(snapshot, layout, proposal.line)
    for number in range(layout.feeder_count, len(layout.feeder_head)):
        if proposal.bus < 0 and layout.feeder_head[number].line == proposal.line:
            return layout.feeder_section[number]
    return section_of(layout.busbar, layout.feeder, layout.feeder_section, bus)


def section_of(
    busbar: Integers, feeder: Integers, sections: list[Section] | tuple[Section, ...], bus: int
) -> Section:
    """Find the section of a bus; ``sections`` are those of the feeders."""
    if feeder[bus] >= 0:
        return sections[int(feeder[bus])]
    return Section(feeder=NONE, busbar=int(busbar[bus]))


def _bus_of_line(snapshot: Snapshot, layout: SwitchingLayout, line: int) -> int:
    """End of a line that is supplied, that of a feeder before that of a busbar."""
    lines, topology = snapshot.grid.lines, snapshot.topology
    ends = [int(lines.from_bus[line]), int(lines.to_bus[line])]
    closed = [bool(topology.line_from_closed[line]), bool(topology.line_to_closed[line])]
    return min(ends, key=lambda bus: (not closed[ends.index(bus)], layout.feeder[bus] < 0))
