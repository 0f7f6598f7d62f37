"""Access points of a joint plan: where they are met, whom each admits, what it costs and holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.planning.access import KINDS, Meetings, bus_meetings, joined_meetings, meetings_at
from gisplan.planning.civil import civil_per_m
from gisplan.planning.judge import BAY_CODES
from gisplan.routing.steiner.trench_model import TrenchAccess

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from gisplan.model.grid import Flags, Floats, Integers
    from gisplan.planning.candidates import Ground
    from gisplan.planning.shared_trench.landings import Landings
    from gisplan.planning.shared_trench.members import Member

Barred = tuple[str, int, int]
"""Reference of an application, line and bus: where it was refused."""


def access_meetings(
    members: Sequence[Member], ground: Ground, near: Flags, landings: Landings, beside: Integers
) -> Meetings:
    """Return the access points at corridor nodes nearby and on the mains where landings are.

    Of the buses ``beside`` corridors and sites those of a fitting kind follow; their node is -1.
    """
    corridors = ground.corridors
    codes = sorted({code for member in members for code in member.kinds})
    has_any = np.diff(corridors.node_meeting_offset) > 0
    nodes = np.flatnonzero(near & has_any)
    kinds = tuple(KINDS[code] for code in codes)
    at_nodes = meetings_at(corridors, ground.access, kinds, nodes, np.zeros_like(nodes))
    bus = beside[np.isin(ground.access.bus_kind[beside], codes)]
    off_nodes = bus_meetings(ground.access.bus_kind, bus, np.full(len(bus), -1))
    return joined_meetings([at_nodes, _at_landings(members[0], ground, landings, codes), off_nodes])


def _at_landings(
    member: Member, ground: Ground, landings: Landings, codes: Sequence[int]
) -> Meetings:
    corridors = ground.corridors
    first = corridors.edge_line_offset[landings.edge]
    count = corridors.edge_line_offset[landings.edge + 1] - first
    row = np.repeat(np.arange(len(count)), count)
    step = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    line = corridors.edge_line[first[row] + step]
    places = np.asarray(shapely.points(landings.xy_m), dtype=object)
    met = Meetings(
        kind=ground.access.line_kind[line],
        line=line,
        bus=np.full(len(line), -1, dtype=np.int64),
        offset_m=shapely.line_locate_point(ground.line_shapes[line], places[row]),
        node=landings.first_node + row,
        cost_cents=np.zeros(len(line), dtype=np.int64),
    )
    is_open = np.isfinite(civil_per_m(ground.civil, member.cable, landings.edge[row]))
    allowed = is_open & ground.access.may_cut(line, met.offset_m) & np.isin(met.kind, codes)
    return met.take(np.flatnonzero(allowed))


def trench_access(members: Sequence[Member], met: Meetings) -> TrenchAccess:
    """Return what the access points cost and hold; every cable has equipment of its own."""
    cost = np.array([_beside_cents(member, met) for member in members])
    return TrenchAccess(
        node=met.node,
        equipment_cents=np.zeros(len(met), dtype=np.int64),
        connection_cents=cost.min(axis=0),
        room_kva=np.full(len(met), np.inf),
        ways=_bays(members[0], met),
    )


def _beside_cents(member: Member, met: Meetings) -> Integers:
    """Return what a member pays at each access point beside its way."""
    fits = np.isin(met.kind, member.kinds)
    cents = np.full(len(met), np.iinfo(np.int32).max, dtype=np.int64)
    cents[fits] = member.cable.beside_route_cents(met.kind[fits], np.zeros(int(fits.sum())))
    return cents


def _bays(member: Member, met: Meetings) -> Floats:
    """Return how many bays are left at each bus; no limit where they are not recorded."""
    buses, held = member.site.region.snapshot.grid.buses, member.site.state.held.bays
    ways = np.full(len(met), np.inf)
    for row in np.flatnonzero(np.isin(met.kind, BAY_CODES)):
        bus = int(met.bus[row])
        spare = int(buses.bays_spare[bus])
        if spare >= 0:
            ways[row] = max(0, spare - held[str(buses.bus_id[bus])])
    return ways


def admitted(
    members: Sequence[Member],
    met: Meetings,
    xy_m: Floats,
    barred: Collection[Barred],
) -> Flags:
    """Return which access points screening lets each member use, shape (members, meetings).

    Asked with the straight length to each, at which a drop along the cable is least. What a cable
    alone could not reach for what the member pays alone is left out. ``xy_m`` are their places.
    """
    places = shapely.points(xy_m)
    admits = np.zeros((len(members), len(met)), dtype=bool)
    for row, member in enumerate(members):
        length_m = np.asarray(shapely.distance(member.place, places))
        cable_cents = length_m * member.price_cents_per_m
        wanted = np.isin(met.kind, member.kinds) & (cable_cents <= member.own_cents)
        for reference, line, bus in barred:
            if reference == member.reference:
                wanted &= ~((met.line == line) & (met.bus == bus))
        admits[row] = _passes(member, met, wanted, length_m)
    return admits


def _passes(member: Member, met: Meetings, wanted: Flags, length_m: Floats) -> Flags:
    """Return which of the wanted access points pass with at least one of the member's cables."""
    passes = np.zeros(len(met), dtype=bool)
    for cable in member.cables:
        rows = np.flatnonzero(wanted & ~passes)
        if len(rows) == 0:
            break
        verdicts = member.site.judge.judge(met.take(rows), cable, length_m[rows])
        passes[rows] = verdicts.passes
    return passes
