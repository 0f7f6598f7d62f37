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
from gisplan.planning.civil import FREE_DUCT, part_costs
from gisplan.planning.priced import affordable
from gisplan.planning.route import connector_stretch
from gisplan.planning.shared_trench_access import access_meetings
from gisplan.planning.shared_trench_landings import Landings
from gisplan.routing.cost_graph import build_cost_graph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gisplan.model.grid import Flags, Floats, Integers
    from gisplan.planning.candidates import Ground
    from gisplan.planning.shared_trench_members import Member
    from gisplan.routing.cost_graph import CostGraph


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """Edges of a joint plan's ground, shape (edges,).

    ``tail`` and ``head`` are corridor nodes, then landings, sites and buses. ``edge`` is the
    corridor edge, -1 where none is, with its shares ``low`` at the tail and ``high`` at the head;
    ``connector`` is the row of the landing among those of the site at the tail, else -1.
    """

    tail: Integers
    head: Integers
    edge: Integers
    low: Floats
    high: Floats
    connector: Integers


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
    corridors = ground.corridors
    sites, site_of = _distinct_sites(members)
    landings = Landings.of([members[row] for row in sites], len(corridors.node_x_m))
    near = _near_nodes(members, ground)
    pieces = _corridor_pieces(ground, landings, near)
    first_site = landings.first_node + len(landings.edge)
    connectors = _connector_pieces(landings, ground, first_site)
    met = access_meetings(members, ground, near, landings)
    at_bus, first_bus = met.bus >= 0, first_site + len(sites)
    _, bus_of = np.unique(met.bus[at_bus], return_inverse=True)
    gates = _gates(met.node[at_bus], first_bus + bus_of)
    node = met.node.copy()
    node[at_bus] = first_bus + bus_of
    xy_m = np.column_stack([ground.corridors.node_x_m, ground.corridors.node_y_m])
    places = np.concatenate([xy_m, landings.xy_m])[met.node]
    whole = _joined([pieces, connectors, gates])
    site_node = first_site + site_of
    used = np.unique(np.concatenate([whole.tail, whole.head, site_node, node]))
    whole = replace(
        whole, tail=np.searchsorted(used, whole.tail), head=np.searchsorted(used, whole.head)
    )
    civil = _civil_cents(members, sites, ground, whole)
    kept = _first_of_each_bus(met)
    return TrenchGround(
        graph=build_cost_graph(whole.tail, whole.head, civil, node_count=len(used)),
        pieces=whole,
        length_m=_paid_lengths_m(members, sites, ground, whole),
        edge_ways=_ways(ground, whole),
        is_dug=_is_dug(ground, whole),
        dead_end=used >= first_site,
        site_node=np.searchsorted(used, site_node),
        meetings=_with_nodes(met, np.searchsorted(used, node)).take(kept),
        meeting_xy_m=places[kept],
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


def _corridor_pieces(ground: Ground, landings: Landings, near: Flags) -> Pieces:
    """Return the edges near the sites, those with landings split there."""
    corridors = ground.corridors
    kept = near[corridors.edge_from] & near[corridors.edge_to]
    kept[landings.row_edge] = True
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
            )
        )
    return _joined(parts)


def _connector_pieces(landings: Landings, ground: Ground, first_site: int) -> Pieces:
    """Return the connectors of all sites."""
    counts = [len(one) for one in landings.connectors]
    rows = [np.arange(count) for count in counts]
    total = sum(counts)
    return Pieces(
        tail=first_site + np.repeat(np.arange(len(counts)), counts),
        head=landings.node_of(landings.row_edge, landings.row_share, ground),
        edge=np.full(total, -1),
        low=np.zeros(total),
        high=np.ones(total),
        connector=np.concatenate(rows),
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
        connector_stretch(
            ground.civil, members[number].cable, members[number].site.connectors, seed
        )
        for number in sites
        for seed in range(len(members[number].site.connectors))
    ]
    cents[rows] = [one.civil_cents + one.crossing_cents for one in landed]
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
    own = [members[number].site.connectors.length_m for number in sites]
    length_m[pieces.connector >= 0] = np.concatenate(own)
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
    is_dug = pieces.connector >= 0
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
