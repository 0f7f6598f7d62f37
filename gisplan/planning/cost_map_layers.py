"""One sweep from all access points at once for one cable, and what a sweep leaves open.

A way starts at the cost of its equipment; from there it costs what the corridors cost this cable.
Joints depend on the whole length and come on top.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.planning.cost_map_access import offsets_m
from gisplan.routing.reach_kernel import search_starts
from gisplan.routing.sweep import UNREACHED, sweep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gisplan.model.grid import Flags, Floats, Integers
    from gisplan.planning.candidates import Ground
    from gisplan.planning.cost_map_access import CostMapAccess
    from gisplan.planning.variants import Variant
    from gisplan.routing.cost_graph import CostGraph
    from gisplan.routing.sweep import Sweep

NONE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Cost, way and access point of every node with one cable; ``UNREACHED`` and -1 for none."""

    cost_cents: Integers
    length_m: Floats
    access: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Along:
    """Access points on mains that run along edges, one an edge, shape (edges,).

    ``access`` is -1 for none. The main may be joined from ``share_from`` to ``share_to`` of the
    edge, because it may be at both.
    """

    access: Integers
    share_from: Floats
    share_to: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What connecting costs from every node with one cable.

    ``bound_cents`` is the sweep: no way with this cable costs less. ``cheapest`` is its way with
    the joints that it needs, ``further`` what was found beyond it for the nodes whose cheapest way
    is too long or has joints, unreached elsewhere. ``reach_m`` is the longest way whose voltage
    drop holds. ``along`` are the mains that may be joined all along an edge.
    """

    variant: Variant
    graph: CostGraph
    reach_m: float
    start: Labels
    bound_cents: Integers
    cheapest: Labels
    further: Labels
    along: Along

    @property
    def held(self) -> Labels:
        """The cheapest ways whose drop holds; unreached where it does not."""
        holds = self.cheapest.length_m <= self.reach_m
        return replace(
            self.cheapest, cost_cents=np.where(holds, self.cheapest.cost_cents, UNREACHED)
        )

    @property
    def swept(self) -> Labels:
        """The ways of the sweep at their bound."""
        return replace(self.cheapest, cost_cents=self.bound_cents)


@dataclass(frozen=True, slots=True, kw_only=True)
class Least:
    """The cheapest of several labels of every node; ``label`` says which, the first where equal."""

    cost_cents: Integers
    length_m: Floats
    access: Integers
    label: Integers


def least(labels: Sequence[Labels]) -> Least:
    """Return the cheapest label of every node, access point -1 where none is reached."""
    cost_cents = np.array([one.cost_cents for one in labels])
    label = np.argmin(cost_cents, axis=0)
    node = np.arange(len(label))
    cost = cost_cents[label, node]
    access = np.array([one.access for one in labels])[label, node]
    return Least(
        cost_cents=cost,
        length_m=np.array([one.length_m for one in labels])[label, node],
        access=np.where(cost < UNREACHED, access, NONE),
        label=label,
    )


def build_layer(
    ground: Ground,
    access: CostMapAccess,
    variant: Variant,
    allowed: Flags,
    *,
    reach_m: float,
) -> Layer:
    """Sweep from all access points that a cable may end at, as ``allowed`` (rows,) tells."""
    priced, met = ground.priced(variant), access.met
    row = np.flatnonzero(allowed)
    part_cents, part_m = _beside_stations(ground, priced, variant, access.end[row])
    row, part_m = row[part_cents >= 0], part_m[part_cents >= 0]
    begun = variant.beside_route_cents(met.kind[row], np.zeros(len(row)))
    begun += part_cents[part_cents >= 0]
    found = sweep(priced, met.node[row], begun)
    start = found.start.astype(np.int64)
    winner = np.where(start >= 0, _take(row, start), NONE)
    length_m = way_lengths_m(priced, ground.corridors.edge_length_m, found)
    length_m += np.where(start >= 0, part_m[np.maximum(start, 0)] if len(row) else 0.0, 0.0)
    return Layer(
        variant=variant,
        graph=priced,
        reach_m=reach_m,
        start=_starts(priced.node_count, met.node[row], row, begun, part_m),
        bound_cents=found.cost_cents,
        cheapest=Labels(
            cost_cents=_with_joints(variant, found.cost_cents, length_m),
            length_m=length_m,
            access=winner,
        ),
        further=_no_labels(priced.node_count),
        along=_along(ground, priced, access, np.flatnonzero(allowed), variant),
    )


def search_further(
    layer: Layer, edge_length_m: Floats, asked: Integers, most_cents: Integers
) -> Layer:
    """Search on from nodes whose cheapest way is too long or has joints, below given totals."""
    variant, graph, start = layer.variant, layer.graph, layer.start
    total, node, length_m = search_starts(
        graph.arc_offset,
        graph.arc,
        graph.arc_edge,
        edge_length_m,
        start.cost_cents,
        start.length_m,
        layer.reach_m,
        variant.drum_length_m / (1 + variant.spare_length_ratio),
        variant.joint_cents * variant.system_count,
        asked,
        most_cents,
    )
    found = np.flatnonzero(node >= 0)
    labels = _no_labels(graph.node_count)
    at = asked[found]
    labels.cost_cents[at], labels.length_m[at] = total[found], length_m[found]
    labels.access[at] = start.access[node[found]]
    return replace(layer, further=labels)


def way_lengths_m(graph: CostGraph, edge_length_m: Floats, found: Sweep) -> Floats:
    """Return the length of the way that a sweep found to each node, by doubling its steps."""
    node = np.arange(graph.node_count)
    moves = found.via >= 0
    via = np.where(moves, found.via, 0)
    both = graph.edge_from.astype(np.int64) + graph.edge_to
    before = node.copy()
    before[moves] = both[via[moves]] - node[moves]
    length_m = np.zeros(graph.node_count)
    length_m[moves] = edge_length_m[via[moves]]
    while moves.any():
        length_m += np.where(before != node, length_m[before], 0.0)
        further = before[before]
        moves = further != before
        before = further
    return length_m


def _with_joints(variant: Variant, cost_cents: Integers, length_m: Floats) -> Integers:
    joints = variant.joint_count(length_m) * variant.joint_cents
    with_joints: Integers = np.where(cost_cents < UNREACHED, cost_cents + joints, UNREACHED)
    return with_joints


def _no_labels(node_count: int) -> Labels:
    return Labels(
        cost_cents=np.full(node_count, UNREACHED, dtype=np.int64),
        length_m=np.zeros(node_count),
        access=np.full(node_count, NONE, dtype=np.int64),
    )


def _starts(
    node_count: int, node: Integers, row: Integers, cost_cents: Integers, length_m: Floats
) -> Labels:
    """Return the cheapest access point at every node itself, the first row where equal."""
    labels = _no_labels(node_count)
    order = np.lexsort((row, length_m, cost_cents))[::-1]
    labels.cost_cents[node[order]] = cost_cents[order]
    labels.length_m[node[order]] = length_m[order]
    labels.access[node[order]] = row[order]
    return labels


def _beside_stations(
    ground: Ground, graph: CostGraph, variant: Variant, end: Integers
) -> tuple[Integers, Floats]:
    """Return cost and length from a station's node to where a main may first be joined.

    ``end`` holds rows of ``MainEnds``, or -1 for access points at nodes, which need neither; the
    cost is -1 where the cable may not lie.
    """
    targets, beside = ground.targets, np.flatnonzero(end >= 0)
    ends, rows = targets.ends, end[beside]
    cents, length_m = np.zeros(len(end), dtype=np.int64), np.zeros(len(end))
    part = targets.part_cents(variant, rows, ends.node_share[rows])
    is_open = np.isfinite(part) & (graph.edge_cost[ends.edge[rows]] >= 0)
    cents[beside] = np.where(is_open, part, -1).astype(np.int64)
    share = np.abs(ends.share[rows] - ends.node_share[rows])
    length_m[beside] = share * ground.corridors.edge_length_m[ends.edge[rows]]
    return cents, length_m


def _along(
    ground: Ground, graph: CostGraph, access: CostMapAccess, row: Integers, variant: Variant
) -> Along:
    """Return for each edge the cheapest access point on a main that may be joined all along it.

    ``row`` are the access points that the cable may end at, on lines at both ends of an edge.
    """
    corridors, met = ground.corridors, access.met
    line = np.asarray(corridors.edge_line)
    edge = np.repeat(np.arange(graph.edge_count), np.diff(corridors.edge_line_offset))
    ends = graph.edge_from.astype(np.int64), graph.edge_to.astype(np.int64)
    place = [_row_at_end(access, row, line, edge, end[edge]) for end in ends]
    both = np.flatnonzero((place[0] >= 0) & (place[1] >= 0) & (graph.edge_cost[edge] >= 0))
    kind = met.kind[place[0][both]]
    equipment = variant.beside_route_cents(kind, np.zeros(len(both)))
    order = both[np.lexsort((line[both], equipment, edge[both]))[::-1]]
    along = Along(
        access=np.full(graph.edge_count, NONE, dtype=np.int64),
        share_from=np.zeros(graph.edge_count),
        share_to=np.ones(graph.edge_count),
    )
    shares = [_share(ground, access, place[side][order], edge[order], ends) for side in (0, 1)]
    along.access[edge[order]] = place[0][order]
    along.share_from[edge[order]], along.share_to[edge[order]] = shares
    return along


def _row_at_end(
    access: CostMapAccess, row: Integers, line: Integers, edge: Integers, node: Integers
) -> Integers:
    """Return the access point of a line at one end of an edge, or next to it on the edge, or -1."""
    met, lines = access.met, int(max(access.met.line.max(initial=0), line.max(initial=0))) + 1
    found = np.full(len(line), NONE, dtype=np.int64)
    for is_beside in (True, False):
        some = row[(met.line[row] >= 0) & ((access.edge[row] >= 0) == is_beside)]
        keys = [met.node[some] * lines + met.line[some], node * lines + line]
        if is_beside:
            edges = int(edge.max(initial=0)) + 1
            keys = [keys[0] * edges + access.edge[some], keys[1] * edges + edge]
        order = np.argsort(keys[0], kind="stable")
        place = _find(keys[0][order], keys[1])
        found = np.where(place >= 0, _take(some[order], place), found)
    return found


def _share(
    ground: Ground,
    access: CostMapAccess,
    row: Integers,
    edge: Integers,
    ends: tuple[Integers, Integers],
) -> Floats:
    """Return how far along edges access points on mains lie, from 0 to 1."""
    met = access.met
    first_m, last_m = (offsets_m(ground, met.line[row], end[edge]) for end in ends)
    span_m = last_m - first_m
    share = np.divide(met.offset_m[row] - first_m, span_m, where=span_m != 0, out=0.0 * span_m)
    inside: Floats = np.clip(share, 0.0, 1.0)
    return np.where(access.edge[row] >= 0, inside, (met.node[row] == ends[1][edge]).astype(float))


def _find(values: Integers, wanted: Integers) -> Integers:
    """Return the place of each wanted value among ascending ones, -1 where it is none of them."""
    if len(values) == 0:
        return np.full(len(wanted), NONE, dtype=np.int64)
    place = np.minimum(np.searchsorted(values, wanted), len(values) - 1)
    found: Integers = np.where(values[place] == wanted, place, NONE)
    return found


def _take(values: Integers, place: Integers) -> Integers:
    """Return values by place; anything where the place is -1."""
    taken: Integers = values[np.maximum(place, 0)] if len(values) else np.full(len(place), NONE)
    return taken
