"""The ground of a joint plan: corridors split at the sites' landings, sites and stations beside.

A graph of its own, because several sites may land on one edge and share the pieces between them.
Nodes are corridor nodes, landings, sites and buses; edges are pieces of corridor edges, connectors
and, at no cost, the way from a corridor node to a bus that stands there. Nobody passes a site or a
bus. What no member's cable alone could reach for what it pays alone is left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.planning.access import Meetings
from gisplan.planning.civil import FREE_DUCT, connector_costs, part_costs
from gisplan.planning.priced import affordable
from gisplan.planning.shared_trench.access import access_meetings
from gisplan.planning.shared_trench.landings import Landings
from gisplan.routing.cost_graph import build_cost_graph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gisplan.model.grid import Flags, Floats, Integers
    from gisplan.planning.candidates import Ground
    from gisplan.planning.shared_trench.members import Member
    from gisplan.routing.cost_graph import CostGraph


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """Edges of a joint plan's ground, shape (edges,).

    ``tail`` and ``head`` are corridor nodes, then landings, sites and buses. ``edge`` is the
    corridor edge, -1 where none is, with its shares ``low`` at the tail and ``high`` at the head;
    ``connector`` is the row among the ways out of the site at the tail, ``join`` that among the
    ground's connectors of the bus at the head, else -1.
    """

    tail: Integers
    head: Integers
    edge: Integers
    low: Floats
    high: Floats
    connector: Integers
    join: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class TrenchGround:
    """Where a joint plan is searched.

    ``graph`` has the pieces with their civil works and crossings in cents, whole once however many
    cables; ``length_m`` (edges,) is never more than what the cable is paid for. ``is_dug`` flags
    edges whose works serve all cables. ``meetings`` are the access points, each with a node of the
    graph and its place ``meeting_xy_m``; ``site_node`` (members,).
    """

    graph: CostGraph
    pieces: Pieces
    length_m: Floats
    edge_ways: Floats
    is_dug: Flags
    dead_end: Flags
    site_node: Integers
    meetings: Meetings
    meeting_xy_m: Floats


def build_trench_ground(members: Sequence[Member], ground: Ground) -> TrenchGround:
    """Return the ground on which at least one member plans its connection."""
    return _build(members, ground, _near_joins(members, ground))


def build_trench_grounds(members: Sequence[Member], ground: Ground) -> tuple[TrenchGround, ...]:
    """Return the ground of ``build_trench_ground``, then the same without connectors of stations.

    A search that is not exact may find more on the smaller one.
    """
    ends = _near_joins(members, ground)
    smaller = (_build(members, ground, ends[:0]),) if len(ends) else ()
    return _build(members, ground, ends), *smaller


def _build(members: Sequence[Member], ground: Ground, ends: Integers) -> TrenchGround:
    """Return the ground with some of the connectors of stations, by rows of ``AccessEnds``."""
    sites, site_of = _distinct_sites(members)
    near, own = _near_nodes(members, ground), [members[row].site.connectors for row in sites]
    straight = [members[row].site.straight.bus for row in sites]
    bus, join = ground.targets.ends.rows.bus[ends], ground.targets.ends.rows.join[ends]
    joins = ground.targets.ends.joins.connectors.take(join)
    landings = Landings.of([*own, joins], len(ground.corridors.node_x_m))
    first_site = landings.first_node + len(landings.edge)
    first_bus = first_site + len(sites)
    heads = [
        np.append(landings.node_of(one, ground), first_bus + seen)
        for one, seen in zip(own, straight, strict=True)
    ]
    beside = np.unique(np.concatenate([bus, *straight]))
    met = access_meetings(members, ground, near, landings, beside)
    stands = (met.bus >= 0) & (met.node >= 0)
    pieces = [
        _corridor_pieces(ground, landings, near, np.concatenate([one.edge for one in own])),
        _connector_pieces(heads, first_site),
        _gates(met.node[stands], first_bus + met.bus[stands]),
        replace(_gates(landings.node_of(joins, ground), first_bus + bus), join=join),
    ]
    kept = _first_of_each_bus(met)
    node = np.where(met.bus >= 0, first_bus + met.bus, met.node)[kept]
    return _laid_out(
        members,
        ground,
        _joined(pieces),
        sites=sites,
        site_node=first_site + site_of,
        meetings=_with_nodes(met.take(kept), node),
        meeting_xy_m=_places(members[0], landings, met)[kept],
    )


def _laid_out(
    members: Sequence[Member],
    ground: Ground,
    pieces: Pieces,
    *,
    sites: Sequence[int],
    site_node: Integers,
    meetings: Meetings,
    meeting_xy_m: Floats,
) -> TrenchGround:
    """Return pieces as a ground whose nodes are numbered without gaps."""
    used = np.unique(np.concatenate([pieces.tail, pieces.head, site_node, meetings.node]))
    whole = replace(
        pieces, tail=np.searchsorted(used, pieces.tail), head=np.searchsorted(used, pieces.head)
    )
    civil = _civil_cents(members, sites, ground, whole)
    return TrenchGround(
        graph=build_cost_graph(whole.tail, whole.head, civil, node_count=len(used)),
        pieces=whole,
        length_m=_paid_lengths_m(members, sites, ground, whole),
        edge_ways=_ways(ground, whole),
        is_dug=_is_dug(ground, whole),
        dead_end=used >= site_node.min(),
        site_node=np.searchsorted(used, site_node),
        meetings=_with_nodes(meetings, np.searchsorted(used, meetings.node)),
        meeting_xy_m=meeting_xy_m,
    )


def _distinct_sites(members: Sequence[Member]) -> tuple[list[int], Integers]:
    """Return the first member at each place, and for each member the row of its place."""
    rows: dict[tuple[tuple[float, float], bytes], int] = {}
    first: list[int] = []
    of = []
    for number, member in enumerate(members):
        key = member.site.xy_m, shapely.to_wkb(member.place)
        if key not in rows:
            rows[key] = len(first)
            first.append(number)
        of.append(rows[key])
    return first, np.array(of, dtype=np.int64)


def _near_joins(members: Sequence[Member], ground: Ground) -> Integers:
    """Return the rows of ``AccessEnds`` that lead to buses nearby, one for each connector."""
    near = _near_nodes(members, ground)
    codes = sorted({code for member in members for code in member.kinds})
    ends, corridors = ground.targets.ends, ground.corridors
    is_wanted = np.isin(ends.rows.kind, codes) & (ends.rows.join >= 0) & ends.is_open
    edge = ends.rows.edge
    landed = np.concatenate([member.site.connectors.edge for member in members])
    is_near = near[corridors.edge_from[edge]] & near[corridors.edge_to[edge]]
    is_wanted &= is_near | np.isin(edge, landed)
    rows: Integers = np.flatnonzero(is_wanted & (ends.is_direct | ends.is_at_node))
    return rows


def _places(member: Member, landings: Landings, met: Meetings) -> Floats:
    """Return where access points are: at corridor nodes and landings, or at their bus."""
    snapshot = member.site.region.snapshot
    corridors, buses = snapshot.corridors, snapshot.grid.buses
    xy_m = np.column_stack([corridors.node_x_m, corridors.node_y_m])
    at_bus = np.column_stack([buses.x_m, buses.y_m])[met.bus]
    places: Floats = np.concatenate([xy_m, landings.xy_m])[met.node]
    return np.where((met.bus >= 0)[:, None], at_bus, places)


def _near_nodes(members: Sequence[Member], ground: Ground) -> Flags:
    """Flag the corridor nodes that some member's cable alone could reach for its own cost."""
    corridors = ground.corridors
    places = np.asarray(shapely.points(corridors.node_x_m, corridors.node_y_m))
    near = [shapely.distance(member.place, places) <= _reach_m(member) for member in members]
    flags: Flags = np.any(near, axis=0)
    return flags


def _reach_m(member: Member) -> float:
    """Return the length of cable that costs as much as being planned alone."""
    return member.own_cents / max(member.price_cents_per_m, 1)


def _corridor_pieces(ground: Ground, landings: Landings, near: Flags, landed: Integers) -> Pieces:
    """Return the edges near the sites and those that they land on, split at landings."""
    corridors = ground.corridors
    kept = near[corridors.edge_from] & near[corridors.edge_to]
    kept[landed] = True
    kept[landings.edge] = False
    whole = np.flatnonzero(kept)
    parts = [
        Pieces(
            tail=corridors.edge_from[whole].astype(np.int64),
            head=corridors.edge_to[whole].astype(np.int64),
            edge=whole,
            low=np.zeros(len(whole)),
            high=np.ones(len(whole)),
            connector=np.full(len(whole), -1),
            join=np.full(len(whole), -1),
        )
    ]
    for edge in np.unique(landings.edge):
        rows = np.flatnonzero(landings.edge == edge)
        nodes = np.concatenate(
            [[corridors.edge_from[edge]], landings.first_node + rows, [corridors.edge_to[edge]]]
        ).astype(np.int64)
        shares = np.concatenate([[0.0], landings.share[rows], [1.0]])
        parts.append(
            Pieces(
                tail=nodes[:-1],
                head=nodes[1:],
                edge=np.full(len(nodes) - 1, edge),
                low=shares[:-1],
                high=shares[1:],
                connector=np.full(len(nodes) - 1, -1),
                join=np.full(len(nodes) - 1, -1),
            )
        )
    return _joined(parts)


def _connector_pieces(heads: Sequence[Integers], first_site: int) -> Pieces:
    """Return the ways out of all sites, whose ``heads`` are given site by site."""
    counts = [len(one) for one in heads]
    rows = [np.arange(count) for count in counts]
    total = sum(counts)
    return Pieces(
        tail=first_site + np.repeat(np.arange(len(counts)), counts),
        head=np.concatenate(heads),
        edge=np.full(total, -1),
        low=np.zeros(total),
        high=np.ones(total),
        connector=np.concatenate(rows),
        join=np.full(total, -1),
    )


def _gates(nodes: Integers, buses: Integers) -> Pieces:
    """Return the ways from corridor nodes to the buses that stand there."""
    count = len(nodes)
    return Pieces(
        tail=nodes,
        head=buses,
        edge=np.full(count, -1),
        low=np.zeros(count),
        high=np.ones(count),
        connector=np.full(count, -1),
        join=np.full(count, -1),
    )


def _joined(parts: Sequence[Pieces]) -> Pieces:
    columns = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(Pieces)
    }
    return Pieces(**columns)


def _civil_cents(
    members: Sequence[Member], sites: Sequence[int], ground: Ground, pieces: Pieces
) -> Floats:
    """Return civil works and crossings of every piece, least over the members' cables."""
    along = np.flatnonzero(pieces.edge >= 0)
    cents = np.zeros(len(pieces.edge))
    where = pieces.edge[along], pieces.low[along], pieces.high[along]
    cables = {_cable_key(member): member.cable for member in members}
    priced = [part_costs(ground.civil, cable, *where) for cable in cables.values()]
    cents[along] = np.min([one.civil_cents + one.crossing_cents for one in priced], axis=0)
    rows = np.flatnonzero(pieces.connector >= 0)
    landed = [
        connector_costs(ground.civil, members[number].cable, members[number].site.ways_out)
        for number in sites
    ]
    cents[rows] = np.concatenate([one.civil_cents + one.crossing_cents for one in landed])
    joined = np.flatnonzero(pieces.join >= 0)
    by = ground.targets.ends.joins.connectors.take(pieces.join[joined])
    costs = [connector_costs(ground.civil, cable, by) for cable in cables.values()]
    cents[joined] = np.min([one.civil_cents + one.crossing_cents for one in costs], axis=0)
    return affordable(cents)


def _cable_key(member: Member) -> tuple[str, int, float]:
    cable = member.cable
    return cable.conductor.conductor_id, cable.system_count, cable.cable_per_m


def _paid_lengths_m(
    members: Sequence[Member], sites: Sequence[int], ground: Ground, pieces: Pieces
) -> Floats:
    """Return lengths, whole millimetres and less what rounding to cents may spare a cable."""
    along = pieces.edge >= 0
    length_m = np.zeros(len(along))
    whole_m = ground.corridors.edge_length_m[pieces.edge[along]]
    length_m[along] = whole_m * (pieces.high[along] - pieces.low[along])
    own = [members[number].site.ways_out.length_m for number in sites]
    length_m[pieces.connector >= 0] = np.concatenate(own)
    joined = pieces.join >= 0
    length_m[joined] = ground.targets.ends.joins.connectors.length_m[pieces.join[joined]]
    cheapest = max(1, min(member.price_cents_per_m for member in members))
    spared_mm = math.ceil(500 / cheapest)
    paid: Floats = np.maximum(np.floor(length_m * 1000 + 1e-6) - spared_mm, 0) / 1000
    return paid


def _ways(ground: Ground, pieces: Pieces) -> Floats:
    """Return how many cable systems free ducts take; trenches take any number."""
    civil, along = ground.civil, pieces.edge >= 0
    edge = pieces.edge[along]
    known = (civil.works[edge] == FREE_DUCT) & (civil.free_ducts[edge] >= 0)
    ways = np.full(len(along), np.inf)
    systems = np.floor(civil.free_ducts[edge] * civil.systems_per_duct)
    ways[along] = np.where(known, systems, np.inf)
    return ways


def _is_dug(ground: Ground, pieces: Pieces) -> Flags:
    """Flag the pieces whose civil works serve all cables: everything but ducts and gates."""
    is_dug = (pieces.connector >= 0) | (pieces.join >= 0)
    along = pieces.edge >= 0
    is_dug[along] = ground.civil.works[pieces.edge[along]] != FREE_DUCT
    return is_dug


def _first_of_each_bus(met: Meetings) -> Integers:
    """Return rows with one of each bus: its capacity is given once, from wherever it is reached."""
    at_bus = np.flatnonzero(met.bus >= 0)
    _, first = np.unique(met.bus[at_bus], return_index=True)
    return np.concatenate([np.flatnonzero(met.bus < 0), at_bus[first]])


def _with_nodes(met: Meetings, node: Integers) -> Meetings:
    return Meetings(
        kind=met.kind,
        line=met.line,
        bus=met.bus,
        offset_m=met.offset_m,
        node=node,
        cost_cents=met.cost_cents,
    )
