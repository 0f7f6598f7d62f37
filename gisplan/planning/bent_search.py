"""The search of a cable over the corridors: the plain one, or with bends where they have a price.

A bend lies between two edges, so its search is a larger one (``gisplan.routing.turns``); the bends
within an edge, a connector and the last part of a way are part of their own costs.
"""

from __future__ import annotations

from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from gisplan.planning.bends import ROUNDING_DEG, bends_of, polylines
from gisplan.planning.priced import affordable
from gisplan.planning.route import EdgeParts, edge_piece
from gisplan.routing.bend_graph import BendPrices, build_bend_graph
from gisplan.routing.search import start_search
from gisplan.routing.turns import ANY, BendStarts, build_bend_targets, start_bend_search

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gisplan.model.grid import Floats, Integers
    from gisplan.network.snapshot import CorridorGraph
    from gisplan.planning.access_ends import AccessEnds
    from gisplan.planning.candidates import Ground
    from gisplan.planning.variants import Variant
    from gisplan.routing.bend_graph import BendGraph
    from gisplan.routing.cost_graph import CostGraph
    from gisplan.routing.search import Search, Starts
    from gisplan.routing.site import Connectors
    from gisplan.routing.turns import BendSearch, BendTargets

KEPT_MAX = 8
BentKey = tuple[int, int, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bent:
    """Corridors with bends for one cable, and what each role of a cable looks for there."""

    graph: CostGraph
    bends: BendGraph
    targets: dict[str, BendTargets] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BendGraphs:
    """The corridors with bends, of the cables asked last."""

    _kept: OrderedDict[BentKey, _Bent] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def get(self, corridors: CorridorGraph, variant: Variant, graph: CostGraph) -> BendGraph:
        """Return the graph that is priced for a cable with its bends."""
        return self._get(corridors, variant, graph).bends

    def targets(self, ground: Ground, variant: Variant, graph: CostGraph) -> BendTargets:
        """Return what a cable looks for there."""
        bent = self._get(ground.corridors, variant, graph)
        known = bent.targets.get(variant.role)
        if known is None:
            known = bent.targets[variant.role] = _targets(ground, variant, bent)
        return known

    def _get(self, corridors: CorridorGraph, variant: Variant, graph: CostGraph) -> _Bent:
        key = id(graph), variant.bend_cents, variant.bend_min_deg
        with self._lock:
            known = self._kept.pop(key, None)
            if known is None or known.graph is not graph:
                known = _Bent(graph=graph, bends=_bent(corridors, variant, graph))
            self._kept[key] = known
            while len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)
        return known


@contextmanager
def begin_search(
    ground: Ground, variant: Variant, graph: CostGraph, connectors: Connectors, starts: Starts
) -> Iterator[Search | BendSearch]:
    """Begin a search for access points; ``starts`` are those of ``site_starts``."""
    if variant.bend_cents == 0:
        with start_search(graph, starts, ground.targets.get(variant, graph)) as search:
            yield search
        return
    ends = ground.targets.ends
    _, row = ends.on_edges(connectors.edge)
    share = np.append(np.tile([0.0, 1.0], len(connectors)), ends.rows.share[row])
    begun = bent_starts(
        ground.corridors,
        variant,
        connectors,
        starts,
        landing=starts.seed,
        share=share,
        tails=join_legs(ends, row),
    )
    bends = ground.bends.get(ground.corridors, variant, graph)
    with start_bend_search(bends, begun, ground.bends.targets(ground, variant, graph)) as bent:
        yield bent


def bent_starts(
    corridors: CorridorGraph,
    variant: Variant,
    connectors: Connectors,
    starts: Starts,
    *,
    landing: Integers,
    share: Floats,
    tails: Sequence[Floats] = (),
) -> BendStarts:
    """Return starts that pay for the bends up to where they begin.

    Parameters
    ----------
    landing, share : (starts,)
        The connector that each comes by, and up to where it then runs along its edge.
    tails
        Vertices (vertices, 2) that follow the last of the starts, which are whole ways.
    """
    edge, from_share = connectors.edge[landing], connectors.share[landing]
    pieces = edge_pieces(corridors, edge, from_share, share)
    ways = [
        np.concatenate([connectors.start_xy_m[[one]], connectors.xy_m[[one]], piece])
        for one, piece in zip(landing.tolist(), pieces, strict=True)
    ]
    before = len(ways) - len(tails)
    ways[before:] = [np.concatenate(both) for both in zip(ways[before:], tails, strict=True)]
    bends = bends_of(polylines(ways), variant.bend_min_deg)
    runs_along = np.isfinite(bends_of(polylines(pieces), variant.bend_min_deg).last_deg)
    # the layout leaves an edge that returns to its own node at its nearer end
    is_loop = corridors.edge_from[edge] == corridors.edge_to[edge]
    is_far = is_loop & (share == np.where(from_share > 0.5, 0.0, 1.0))
    cents = starts.cost_cents + bends.count * variant.bend_cents
    return BendStarts(
        starts=replace(starts, cost_cents=np.where((starts.cost_cents < 0) | is_far, -1, cents)),
        state=np.where(runs_along, 2 * edge + (share < from_share), ANY),
        heading_deg=bends.last_deg,
    )


def join_legs(ends: AccessEnds, rows: Integers) -> list[Floats]:
    """Return the vertices of the connectors by which ways end, none where they end on an edge."""
    join, by = ends.rows.join[rows], ends.joins.connectors
    legs = np.stack([by.xy_m, by.start_xy_m], axis=1)
    is_leg = (join >= 0) & (np.append(by.length_m, 0.0)[join] > 0)
    return [
        legs[one] if is_one else np.zeros((0, 2))
        for one, is_one in zip(join.tolist(), is_leg.tolist(), strict=True)
    ]


def edge_pieces(
    corridors: CorridorGraph, edge: Integers, share_from: Floats, share_to: Floats
) -> list[Floats]:
    """Return the vertices of parts of edges, in the direction in which they are run."""
    parts = EdgeParts(edge=edge, share_from=share_from, share_to=share_to)
    return [edge_piece(corridors, parts, row) for row in range(len(parts))]


def _targets(ground: Ground, variant: Variant, bent: _Bent) -> BendTargets:
    ends, graph = ground.targets.ends, bent.graph
    cents = ground.targets.open_cents(variant, graph)
    open_rows = np.flatnonzero(cents >= 0)
    rows = ends.rows.take(open_rows)
    pieces = edge_pieces(ground.corridors, rows.edge, rows.node_share, rows.share)
    legs = join_legs(ends, open_rows)
    ways = [np.concatenate(both) for both in zip(pieces, legs, strict=True)]
    last = bends_of(polylines(ways), variant.bend_min_deg)
    heading_deg = np.full(len(ends), np.nan)
    heading_deg[open_rows] = last.first_deg
    cents[open_rows] += last.count * variant.bend_cents
    targets = ground.targets.with_places(variant, cents)
    return build_bend_targets(bent.bends, targets, heading_deg)


def _bent(corridors: CorridorGraph, variant: Variant, graph: CostGraph) -> BendGraph:
    """Return corridors with bends; an edge that returns to its own node leads nowhere."""
    own = bends_of(corridors.shape, variant.bend_min_deg)
    cost = np.where(graph.edge_cost < 0, np.inf, graph.edge_cost + own.count * variant.bend_cents)
    cost[graph.edge_from == graph.edge_to] = np.inf
    prices = BendPrices(
        over_deg=np.array([variant.bend_min_deg - ROUNDING_DEG]),
        cost_cents=np.array([variant.bend_cents], dtype=np.int64),
    )
    return build_bend_graph(
        graph.with_costs(affordable(cost)),
        np.nan_to_num(own.first_deg),
        np.nan_to_num(own.last_deg),
        prices,
    )
