"""Where mains may first be joined beside their stations: places in the middle of corridor edges.

At a station its bays count and not its lines, so a way that arrives there goes on along a main's
edge until the main may be cut. Everywhere else the cheapest joint of a main on an edge is at the
node where the way arrives: a metre further on costs more.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.network.strands import line_shapes, place_points
from gisplan.planning.access import KINDS, Meetings
from gisplan.planning.civil import part_cost_cents

if TYPE_CHECKING:
    from gisplan.model.grid import Codes, Flags, Floats, Grid, Integers
    from gisplan.network.snapshot import CorridorGraph
    from gisplan.planning.access import AccessTable
    from gisplan.planning.civil import CivilWorks
    from gisplan.planning.variants import Variant
    from gisplan.routing.cost_graph import CostGraph
    from gisplan.routing.search import Targets

KEPT_MAX = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class MainEnds:
    """Places beside stations where a main may first be joined, shape (places,).

    ``node`` is the end of the ``edge`` at the station, at share ``node_share`` (0 or 1) along it,
    the place lies at ``share``; ``offset_m`` runs along the drawing of the ``line``, whose kind of
    access point is ``kind``.
    """

    edge: Integers
    node: Integers
    node_share: Floats
    share: Floats
    line: Integers
    offset_m: Floats
    kind: Codes

    def __len__(self) -> int:
        return len(self.edge)

    def meetings(self, rows: Integers, node: Integers, cost_cents: Integers) -> Meetings:
        """Return some of the places as meetings at nodes that the caller names."""
        return Meetings(
            kind=self.kind[rows],
            line=self.line[rows],
            bus=np.full(len(rows), -1, dtype=np.int64),
            offset_m=self.offset_m[rows],
            node=node,
            cost_cents=cost_cents,
        )

    def leads_to(self, variant: Variant) -> Flags:
        """Tell which places are of a kind that a cable leads to."""
        wanted: Flags = np.isin(self.kind, [KINDS.index(kind) for kind in variant.kinds])
        return wanted


def build_main_ends(grid: Grid, corridors: CorridorGraph, table: AccessTable) -> MainEnds:
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
    return MainEnds(
        edge=edge[row],
        node=ends[side, row],
        node_share=side.astype(np.float64),
        share=(clipped_m[side, row] - offset_m[0, row]) / span_m[row],
        line=line[row],
        offset_m=clipped_m[side, row],
        kind=table.line_kind[line[row]],
    )


def _offsets_m(grid: Grid, corridors: CorridorGraph, line: Integers, node: Integers) -> Floats:
    """Return how far along the drawings of lines nodes lie."""
    xy_m = np.column_stack([corridors.node_x_m[node], corridors.node_y_m[node]])
    shapes = line_shapes(grid.lines.shape)[line]
    offset: Floats = shapely.line_locate_point(shapes, place_points(xy_m))
    return offset


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedTargets:
    """What a cable looks for: nodes, and places beside stations at the prices of its graph.

    The places are numbered by the rows of ``ends`` after the nodes; those that the cable does not
    lead to, or not over open edges, are no targets. What was asked last is kept.
    """

    civil: CivilWorks
    access: AccessTable
    ends: MainEnds
    _kept: OrderedDict[int, tuple[CostGraph, str, Targets]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def get(self, variant: Variant, graph: CostGraph) -> Targets:
        """Return the targets of a cable on the graph that is priced for it."""
        with self._lock:
            known = self._kept.pop(id(graph), None)
            if known is None or known[0] is not graph or known[1] != variant.role:
                known = graph, variant.role, self._build(variant, graph)
            self._kept[id(graph)] = known
            while len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)
        return known[2]

    def part_cents(self, variant: Variant, rows: Integers, share_from: Floats) -> Floats:
        """Return what lies between shares of edges and the places on them."""
        ends = self.ends
        return part_cost_cents(self.civil, variant, ends.edge[rows], share_from, ends.share[rows])

    def open_cents(self, variant: Variant, graph: CostGraph) -> Integers:
        """Return what lies between stations and all places, -1 for those that are no targets."""
        ends = self.ends
        cost = self.part_cents(variant, np.arange(len(ends)), ends.node_share)
        is_open = ends.leads_to(variant) & np.isfinite(cost) & (graph.edge_cost[ends.edge] >= 0)
        return np.where(is_open, cost, -1).astype(np.int64)

    def with_places(self, variant: Variant, cents: Integers) -> Targets:
        """Return the nodes that a cable looks for, and places at what lies before them."""
        rows = np.arange(len(self.ends))
        return self.access.targets[variant.role].with_places(self.ends.node, rows, cents)

    def _build(self, variant: Variant, graph: CostGraph) -> Targets:
        return self.with_places(variant, self.open_cents(variant, graph))
