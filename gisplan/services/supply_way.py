"""The way of supply of a connection: the places from the source down to the customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.demand import MEDIUM_VOLTAGE_V
from gisplan.electrical.flow.segments import joint_positions
from gisplan.electrical.phases.low_voltage_part import first_bus
from gisplan.electrical.proof.proof import NEW_CONNECTION
from gisplan.electrical.proof.voltage_budget import Part
from gisplan.model.grid import SwitchedKind

if TYPE_CHECKING:
    from gisplan.electrical.proof.proposal import Proposal
    from gisplan.model.grid import Grid
    from gisplan.network.snapshot import Snapshot

JOINT, CUSTOMER = -1, -2
"""Stand for the place on a line and for the new bus, which have no row in the grid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place on the way: a bus by row, ``JOINT`` or ``CUSTOMER``; ``length_m`` leads to it."""

    bus: int
    part: Part
    element: str
    name: str
    nominal_voltage_v: float
    length_m: float

    @property
    def is_low(self) -> bool:
        """Whether it lies at low voltage."""
        return self.nominal_voltage_v < MEDIUM_VOLTAGE_V


def is_supplied(snapshot: Snapshot, proposal: Proposal) -> bool:
    """Tell whether the access point has a supply in this switching state."""
    return first_bus(snapshot.grid, snapshot.topology, proposal) >= 0


def supply_way(snapshot: Snapshot, proposal: Proposal) -> list[Place]:
    """Walk up from a customer that is supplied; return the places from the source on."""
    grid, topology = snapshot.grid, snapshot.topology
    places = []
    at = first_bus(grid, topology, proposal)
    nominal_v = float(grid.buses.nominal_voltage_v[at])
    if proposal.cable is not None:
        new = Place(
            bus=CUSTOMER,
            part=Part.SERVICE,
            element=NEW_CONNECTION,
            name="",
            nominal_voltage_v=nominal_v,
            length_m=proposal.cable.length_m,
        )
        places.append(new)
    if proposal.bus < 0:
        at, joint = _joint(snapshot, proposal, at)
        places.append(joint)
    while at >= 0:
        places.append(_bus_place(snapshot, at))
        at = int(topology.parent_bus[at])
    return places[::-1]


def _joint(snapshot: Snapshot, proposal: Proposal, below: int) -> tuple[int, Place]:
    """Return the place on a line, and the bus that feeds the line."""
    grid, topology, line = snapshot.grid, snapshot.topology, proposal.line
    is_fed_by_it = (
        topology.parent_kind[below] == SwitchedKind.LINE
        and topology.parent_branch[below] == line
        and topology.parent_bus[below] >= 0
    )
    feeding = int(topology.parent_bus[below]) if is_fed_by_it else below
    (position,) = joint_positions(grid, np.array([line]), np.array([proposal.offset_m]))
    share = position if feeding == grid.lines.from_bus[line] else 1 - position
    return feeding, Place(
        bus=JOINT,
        part=_part(grid, feeding, SwitchedKind.LINE),
        element=f"line {grid.lines.line_id[line]}",
        name=str(grid.lines.name[line]),
        nominal_voltage_v=float(grid.buses.nominal_voltage_v[feeding]),
        length_m=float(grid.lines.length_m[line] * share),
    )


def _bus_place(snapshot: Snapshot, bus: int) -> Place:
    grid, topology = snapshot.grid, snapshot.topology
    is_root, kind = topology.parent_bus[bus] < 0, int(topology.parent_kind[bus])
    is_line = not is_root and kind == SwitchedKind.LINE
    return Place(
        bus=bus,
        part=Part.SET_POINT if is_root else _part(grid, bus, kind),
        element=f"bus {grid.buses.bus_id[bus]}",
        name=str(grid.buses.name[bus]),
        nominal_voltage_v=float(grid.buses.nominal_voltage_v[bus]),
        length_m=float(grid.lines.length_m[topology.parent_branch[bus]]) if is_line else 0.0,
    )


def _part(grid: Grid, bus: int, kind: int) -> Part:
    """Return what a branch belongs to that feeds a bus."""
    is_low = grid.buses.nominal_voltage_v[bus] < MEDIUM_VOLTAGE_V
    if kind == SwitchedKind.TRANSFORMER:
        return Part.DISTRIBUTION_TRANSFORMER if is_low else Part.MAIN_TRANSFORMER
    return Part.LOW_VOLTAGE_MAIN if is_low else Part.MEDIUM_VOLTAGE
