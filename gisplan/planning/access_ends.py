"""Access points beside the corridors' nodes: ways leave a node and end on an edge or beside it.

At a station its bays count and not its lines, so a way that arrives there goes on along a main's
edge until the main may be cut. Everywhere else the cheapest joint of a main on an edge is at the
node where the way arrives: a metre further on costs more. Stations and cabinets are reached by
connectors from every corridor near them (``bus_joins``).
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, fields, replace
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.network.strands import line_shapes, place_points
from gisplan.planning.access import KINDS, Meetings
from gisplan.planning.civil import connector_costs, part_cost_cents
from gisplan.routing.cost_graph import LARGEST_COST

if TYPE_CHECKING:
    from gisplan.model.grid import Codes, Flags, Floats, Grid, Integers
    from gisplan.network.snapshot import CorridorGraph
    from gisplan.planning.access import AccessTable
    from gisplan.planning.bus_joins import BusJoins
    from gisplan.planning.civil import CivilWorks
    from gisplan.planning.variants import Variant
    from gisplan.routing.cost_graph import CostGraph
    from gisplan.routing.search import Targets
    from gisplan.routing.site import Geometries

KEPT_MAX = 32
NO_JOIN = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class EndRows:
    """Last parts of ways, shape (rows,): from a node along an edge, then perhaps by a connector.

    ``node`` is the end of the ``edge`` at share ``node_share`` (0 or 1) along it; the way leaves
    the edge at ``share``. There lies the ``line``, at ``offset_m`` along its drawing, or there the
    connector ``join`` begins that leads to the ``bus``; the others are -1. ``kind`` is that of the
    access point.
    """

    edge: Integers
    node: Integers
    node_share: Floats
    share: Floats
    line: Integers
    bus: Integers
    offset_m: Floats
    kind: Codes
    join: Integers

    def __len__(self) -> int:
        return len(self.edge)

    def take(self, rows: Integers | Flags) -> EndRows:
        """Return some of the rows."""
        return EndRows(**{one.name: getattr(self, one.name)[rows] for one in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessEnds:
    """Access points beside the nodes: ``rows`` in the order of their edges, ``joins`` of buses.

    ``place`` (rows,) numbers what is met: a bus is one place, however many rows lead there.
    ``is_open`` (rows,) is false for those that an area to avoid shuts; ``is_direct`` marks the rows
    that a way from elsewhere on the same edge takes, one for each end on an edge.
    """

    rows: EndRows
    joins: BusJoins
    place: Integers
    first_row: Integers
    is_open: Flags
    is_direct: Flags

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def place_count(self) -> int:
        """How many access points there are."""
        return len(self.first_row)

    @property
    def is_at_node(self) -> Flags:
        """Tell which rows leave the corridors at a node."""
        at_node: Flags = self.rows.share == self.rows.node_share
        return at_node

    def meetings(self, rows: Integers, node: Integers, cost_cents: Integers) -> Meetings:
        """Return what some rows lead to as meetings at nodes that the caller names."""
        some = self.rows.take(rows)
        return Meetings(
            kind=some.kind,
            line=some.line,
            bus=some.bus,
            offset_m=some.offset_m,
            node=node,
            cost_cents=cost_cents,
        )

    def leads_to(self, variant: Variant) -> Flags:
        """Tell which rows are open and lead to a kind that a cable leads to."""
        wanted = np.zeros(256, dtype=bool)
        wanted[[KINDS.index(kind) for kind in variant.kinds]] = True
        leads: Flags = wanted[self.rows.kind] & self.is_open
        return leads

    def on_edges(self, edge: Integers) -> tuple[Integers, Integers]:
        """Return which of several edges has which direct row, as pairs of both, in this order."""
        first, last = (np.searchsorted(self.rows.edge, edge, side=s) for s in ("left", "right"))
        one = np.repeat(np.arange(len(edge)), last - first)
        before = np.cumsum(last - first) - (last - first)
        row = first[one] + np.arange(len(one)) - before[one]
        direct = self.is_direct[row]
        return one[direct], row[direct]

    def length_m(self, corridors: CorridorGraph, rows: Integers, share_from: Floats) -> Floats:
        """Return the metres from shares of the rows' edges to the access points."""
        edge, join = self.rows.edge[rows], self.rows.join[rows]
        along = np.abs(self.rows.share[rows] - share_from) * corridors.edge_length_m[edge]
        own = np.append(self.joins.connectors.length_m, 0.0)  # no join takes the last one
        length: Floats = along + own[join]
        return length

    def shut_by(self, areas: Geometries) -> AccessEnds:
        """Return the same without the connectors that enter an area."""
        joins = self.joins.connectors
        ways = np.stack([joins.start_xy_m, joins.xy_m], axis=1)
        hit, _ = shapely.STRtree(areas).query(shapely.linestrings(ways), predicate="intersects")
        shut = np.zeros(len(joins) + 1, dtype=bool)
        shut[hit] = True
        return replace(self, is_open=self.is_open & ~shut[self.rows.join])


def build_access_ends(
    grid: Grid, corridors: CorridorGraph, table: AccessTable, joins: BusJoins
) -> AccessEnds:
    """Find where mains may first be joined beside stations, and the ways from nodes to buses."""
    both = _main_rows(grid, corridors, table), _join_rows(corridors, table, joins)
    every = EndRows(
        **{
            one.name: np.concatenate([getattr(part, one.name) for part in both])
            for one in fields(EndRows)
        }
    )
    rows = every.take(np.argsort(every.edge, kind="stable"))
    own = np.where(rows.join >= 0, rows.bus, -1 - np.arange(len(rows)))
    _, first, place = np.unique(own, return_index=True, return_inverse=True)
    is_foot = (rows.share != rows.node_share) & (rows.node_share == 0)
    return AccessEnds(
        rows=rows,
        joins=joins,
        place=place.reshape(-1).astype(np.int64),
        first_row=first.astype(np.int64),
        is_open=np.ones(len(rows), dtype=bool),
        is_direct=(rows.join < 0) | is_foot,
    )


def _main_rows(grid: Grid, corridors: CorridorGraph, table: AccessTable) -> EndRows:
    """Find the edges that begin at a station, within which a main may first be joined."""
    line = np.asarray(corridors.edge_line)
    edge = np.repeat(np.arange(len(corridors.edge_from)), np.diff(corridors.edge_line_offset))
    offers = table.line_kind[line] < len(KINDS)
    line, edge = line[offers], edge[offers]
    ends = np.array([corridors.edge_from[edge], corridors.edge_to[edge]])
    offset_m = np.array([_offsets_m(grid, corridors, line, node) for node in ends])
    first_m, last_m = table.line_first_m[line], table.line_last_m[line]
    clipped_m = np.clip(offset_m, first_m, last_m)
    low_m, high_m = offset_m.min(axis=0), offset_m.max(axis=0)
    on_edge = (clipped_m >= low_m) & (clipped_m <= high_m)
    side, row = np.nonzero((clipped_m != offset_m) & on_edge & (first_m <= last_m))
    span_m = offset_m[1] - offset_m[0]
    return EndRows(
        edge=edge[row],
        node=ends[side, row],
        node_share=side.astype(np.float64),
        share=(clipped_m[side, row] - offset_m[0, row]) / span_m[row],
        line=line[row],
        bus=np.full(len(row), -1, dtype=np.int64),
        offset_m=clipped_m[side, row],
        kind=table.line_kind[line[row]],
        join=np.full(len(row), NO_JOIN, dtype=np.int64),
    )


def _offsets_m(grid: Grid, corridors: CorridorGraph, line: Integers, node: Integers) -> Floats:
    """Return how far along the drawings of lines nodes lie."""
    xy_m = np.column_stack([corridors.node_x_m[node], corridors.node_y_m[node]])
    shapes = line_shapes(grid.lines.shape)[line]
    offset: Floats = shapely.line_locate_point(shapes, place_points(xy_m))
    return offset


def _join_rows(corridors: CorridorGraph, table: AccessTable, joins: BusJoins) -> EndRows:
    """Return the ways to buses: from both ends of an edge, or from the node where it is left."""
    edge, share = joins.connectors.edge, joins.connectors.share
    at_node = _first_at_nodes(corridors, joins)
    inside = np.flatnonzero((share > 0) & (share < 1))
    join = np.concatenate([at_node, inside, inside])
    side = np.repeat([0, 0, 1], [len(at_node), len(inside), len(inside)])
    side[: len(at_node)] = share[at_node] > 0
    return EndRows(
        edge=edge[join],
        node=np.where(side > 0, corridors.edge_to[edge[join]], corridors.edge_from[edge[join]]),
        node_share=side.astype(np.float64),
        share=share[join],
        line=np.full(len(join), -1, dtype=np.int64),
        bus=joins.bus[join],
        offset_m=np.zeros(len(join)),
        kind=table.bus_kind[joins.bus[join]],
        join=join,
    )


def _first_at_nodes(corridors: CorridorGraph, joins: BusJoins) -> Integers:
    """Return one connector of each bus to each node, none where it stands there itself."""
    edge, share = joins.connectors.edge, joins.connectors.share
    at_node = np.flatnonzero((share <= 0) | (share >= 1))
    node = np.where(share > 0, corridors.edge_to[edge], corridors.edge_from[edge])[at_node]
    count = len(corridors.node_x_m)
    key, first = np.unique(joins.bus[at_node] * count + node, return_index=True)
    stands = corridors.meeting_bus >= 0
    met_node = np.repeat(np.arange(count), np.diff(corridors.node_meeting_offset))[stands]
    met = corridors.meeting_bus[stands] * count + met_node
    kept: Integers = at_node[first[~np.isin(key, met)]]
    return kept


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedTargets:
    """What a cable looks for: nodes, and access points beside them at the prices of its graph.

    These are numbered by the places of ``ends`` after the nodes; those that the cable does not lead
    to, or not over open edges, are no targets. What was asked last is kept.
    """

    civil: CivilWorks
    access: AccessTable
    ends: AccessEnds
    _kept: OrderedDict[tuple[int, str], tuple[CostGraph, Targets]] = field(
        default_factory=OrderedDict
    )
    _lock: Lock = field(default_factory=Lock)

    def get(self, variant: Variant, graph: CostGraph) -> Targets:
        """Return the targets of a cable on the graph that is priced for it."""
        key = id(graph), variant.role
        with self._lock:
            known = self._kept.pop(key, None)
            if known is None or known[0] is not graph:
                known = graph, self._build(variant, graph)
            self._kept[key] = known
            while len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)
        return known[1]

    def shut_by(self, areas: Geometries) -> PricedTargets:
        """Return the same without what is reached through areas only."""
        return PricedTargets(civil=self.civil, access=self.access, ends=self.ends.shut_by(areas))

    def part_cents(self, variant: Variant, rows: Integers, share_from: Floats) -> Floats:
        """Return what lies between shares of the rows' edges and the access points."""
        some = self.ends.rows.take(rows)
        runs = some.share != share_from
        cost = np.zeros(len(rows))
        cost[runs] = part_cost_cents(
            self.civil, variant, some.edge[runs], share_from[runs], some.share[runs]
        )
        joined = np.flatnonzero(some.join >= 0)
        by = self.ends.joins.connectors.take(some.join[joined])
        cost[joined] += connector_costs(self.civil, variant, by).total_cents
        return cost

    def open_cents(self, variant: Variant, graph: CostGraph) -> Integers:
        """Return what lies between nodes and access points, -1 for rows that lead to none."""
        ends = self.ends.rows
        cents = np.full(len(ends), -1, dtype=np.int64)
        rows = np.flatnonzero(self.ends.leads_to(variant))
        share_from = ends.node_share[rows]
        cost = self.part_cents(variant, rows, share_from)
        is_open = graph.edge_cost[ends.edge[rows]] >= 0
        is_open |= ends.share[rows] == share_from
        cents[rows] = np.where(is_open & (cost <= LARGEST_COST), cost, -1)
        return cents

    def with_places(self, variant: Variant, cents: Integers) -> Targets:
        """Return the nodes that a cable looks for, and places at what lies before them."""
        ends = self.ends
        return self.access.targets[variant.role].with_places(ends.rows.node, ends.place, cents)

    def _build(self, variant: Variant, graph: CostGraph) -> Targets:
        return self.with_places(variant, self.open_cents(variant, graph))
