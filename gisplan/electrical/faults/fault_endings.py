"""Places that a protective device must see: where its zone ends, and the current there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.faults.fault_loop import fault_loop_at, why_loop_unknown, zero_sequence_ohm
from gisplan.electrical.faults.protection_zones import open_ends
from gisplan.electrical.faults.short_circuit import (
    FaultPlaces,
    ShortCircuits,
    currents_at,
    join_places,
    place_of,
    why_current_unknown,
)
from gisplan.model.grid import Floats, Integers
from gisplan.network.tree_kernel import mark_below

if TYPE_CHECKING:
    from gisplan.electrical.proof.proposal import Proposal
    from gisplan.network.snapshot import Snapshot

NONE = -1
NEW_CONNECTION = "the new connection"
SAME_RATIO = 1e-9
TWO_PHASE = math.sqrt(3) / 2
"""Two-phase over three-phase current far from generators, IEC 60909-0:2016, clause 8.2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A place that a device must protect: its smallest fault current, or why that is unknown.

    ``device`` is the line with the nearest recorded device upstream, ``unrecorded`` a line between
    that may hold another; -1 where there is none. ``is_shared`` marks a device in a loop.
    """

    name: str
    current_ka: float
    why_unknown: str
    device: int
    unrecorded: int
    is_shared: bool


def new_loop_ending(snapshot: Snapshot, currents: ShortCircuits, proposal: Proposal) -> Ending:
    """Customer's end of a low-voltage proposal under a single-phase fault."""
    place = place_of(proposal)
    zero = zero_sequence_ohm(proposal.cable, currents.hot_ratio)
    current_ka = float(fault_loop_at(snapshot, currents, place, zero)[0])
    why = "" if math.isfinite(current_ka) else why_loop_unknown(snapshot, currents, place)
    return _ending(currents, place, NEW_CONNECTION, current_ka, why)


def new_relay_ending(snapshot: Snapshot, currents: ShortCircuits, proposal: Proposal) -> Ending:
    """Customer's end of a medium-voltage proposal under a two-phase fault."""
    place = place_of(proposal)
    current_ka = TWO_PHASE * float(currents_at(snapshot, currents, place)[1][0])
    why = "" if math.isfinite(current_ka) else why_current_unknown(snapshot, currents, place)
    return _ending(currents, place, NEW_CONNECTION, current_ka, why)


def farthest_loop_ending(snapshot: Snapshot, currents: ShortCircuits, line: int) -> Ending:
    """Place with the smallest single-phase current in the zone of a line's device."""
    places = zone_places(snapshot, currents, line)
    current_ka = fault_loop_at(snapshot, currents, places, np.zeros(len(places), np.complex128))
    worst = _worst(current_ka)
    if worst is None:
        return _idle(snapshot, line)
    place, smallest_ka = places.rows(worst), float(current_ka[worst][0])
    why = "" if math.isfinite(smallest_ka) else why_loop_unknown(snapshot, currents, place)
    return _ending(currents, place, _name(snapshot, place), smallest_ka, why)


def farthest_relay_ending(
    snapshot: Snapshot, currents: ShortCircuits, line: int, proposal: Proposal | None = None
) -> Ending:
    """Place with the smallest two-phase current in the zone of a line's device.

    With a proposal its end belongs to the zone, and a loop-in lengthens the way to all behind it.
    """
    places = zone_places(snapshot, currents, line)
    if proposal is not None:
        places = join_places(place_of(proposal), _behind(snapshot, currents, places, proposal))
    current_ka = TWO_PHASE * currents_at(snapshot, currents, places)[1]
    worst = _worst(current_ka)
    if worst is None:
        return _idle(snapshot, line)
    place, smallest_ka = places.rows(worst), float(current_ka[worst][0])
    why = "" if math.isfinite(smallest_ka) else why_current_unknown(snapshot, currents, place)
    is_new = proposal is not None and worst[0] == 0
    name = NEW_CONNECTION if is_new else _name(snapshot, place)
    return _ending(currents, place, name, smallest_ka, why)


def device_of(currents: ShortCircuits, proposal: Proposal) -> int:
    """Line with the nearest recorded device upstream of an access point; -1 for none."""
    if proposal.bus >= 0:
        return int(currents.zones.device[proposal.bus])
    return int(currents.zones.line_device[proposal.line])


def zone_places(snapshot: Snapshot, currents: ShortCircuits, line: int) -> FaultPlaces:
    """Buses and open ends of lines whose nearest recorded device stands at a line."""
    zones, topology = currents.zones, snapshot.topology
    bus = np.flatnonzero(zones.device == line)
    stub = open_ends(snapshot.grid, topology)
    stub = stub[zones.line_device[stub] == line]
    far_m = np.where(topology.line_from_closed[stub], currents.line_span_m[stub], 0.0)
    count = len(bus) + len(stub)
    return FaultPlaces(
        bus=np.concatenate([bus, np.full(len(stub), NONE)]),
        line=np.concatenate([np.full(len(bus), NONE), stub]),
        offset_m=np.concatenate([np.zeros(len(bus)), far_m]),
        resistance_ohm=np.zeros(count),
        reactance_ohm=np.zeros(count),
        is_loop_in=np.zeros(count, np.bool_),
    )


def _behind(
    snapshot: Snapshot, currents: ShortCircuits, places: FaultPlaces, proposal: Proposal
) -> FaultPlaces:
    """Places of a zone with both legs of a loop-in in front of those that lie behind it."""
    if not proposal.is_loop_in or proposal.cable is None:
        return places
    grid, topology = snapshot.grid, snapshot.topology
    fed = int(currents.zones.fed_bus[proposal.line])
    below = np.zeros(len(topology.parent_bus), np.bool_)
    if fed >= 0:
        below = mark_below(topology.order, topology.parent_bus, fed)
    is_stub = places.bus < 0
    line = places.line
    feeding = np.where(
        topology.line_from_closed[line], grid.lines.from_bus[line], grid.lines.to_bus[line]
    )
    is_behind = below[np.where(is_stub, feeding, places.bus)]
    is_behind |= is_stub & (line == proposal.line)
    return FaultPlaces(
        bus=places.bus,
        line=line,
        offset_m=places.offset_m,
        resistance_ohm=np.where(is_behind, 2 * proposal.cable.resistance_ohm, 0.0),
        reactance_ohm=np.where(is_behind, 2 * proposal.cable.reactance_ohm, 0.0),
        is_loop_in=places.is_loop_in,
    )


def _worst(current_ka: Floats) -> Integers | None:
    """Row of the smallest current; one unknown current leaves the smallest unknown."""
    unknown = np.flatnonzero(~np.isfinite(current_ka))
    if len(unknown):
        return unknown[:1]
    return np.argmin(current_ka, keepdims=True) if len(current_ka) else None


def _idle(snapshot: Snapshot, line: int) -> Ending:
    """Ending of a device through which nothing is supplied."""
    return Ending(
        name=f"line {snapshot.grid.lines.line_id[line]}",
        current_ka=math.nan,
        why_unknown="nothing is supplied through it in this switching state",
        device=line,
        unrecorded=NONE,
        is_shared=False,
    )


def _ending(
    currents: ShortCircuits,
    place: FaultPlaces,
    name: str,
    current_ka: float,
    why_unknown: str,
) -> Ending:
    zones, bus, line = currents.zones, int(place.bus[0]), int(place.line[0])
    device = int(zones.device[bus] if bus >= 0 else zones.line_device[line])
    return Ending(
        name=name,
        current_ka=current_ka,
        why_unknown=why_unknown,
        device=device,
        unrecorded=int(zones.unrecorded[bus] if bus >= 0 else zones.line_unrecorded[line]),
        is_shared=device != NONE and not is_only_way(currents, device),
    )


def is_only_way(currents: ShortCircuits, line: int) -> bool:
    """Whether a line is the only way between its ends, so that its device sees the whole current.

    The network between the ends is then the line itself: Zaa + Zbb - 2 Zab = Zline.
    """
    network = currents.minimum
    first, second = network.line_from_ohm[line], network.line_to_ohm[line]
    between = first + second - 2 * network.line_mutual_ohm[line]
    return bool(abs(between - network.line_ohm[line]) <= SAME_RATIO * abs(first))


def _name(snapshot: Snapshot, place: FaultPlaces) -> str:
    """Name a place of the grid: a bus, or the open end of a line."""
    grid = snapshot.grid
    if place.bus[0] >= 0:
        return f"bus {grid.buses.bus_id[place.bus[0]]}"
    return f"the open end of line {grid.lines.line_id[place.line[0]]}"
