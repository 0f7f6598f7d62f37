"""One sweep from all access points at once for one cable, and what a sweep leaves open.

A way starts at the cost of its equipment; from there it costs what the corridors cost this cable.
Joints depend on the whole length and come on top.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.planning.cost_map.access import Column, offsets_m
from gisplan.routing.reach_kernel import LengthRules, StartRows, search_starts
from gisplan.routing.sweep import UNREACHED, sweep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gisplan.model.grid import Flags, Floats, Integers
    from gisplan.planning.candidates import Ground
    from gisplan.planning.cost_map.access import CostMapAccess
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
class Starts:
    """Where the ways of a cable may end, in the order of their nodes, shape (starts,).

    ``cost_cents`` is what an access point costs from the ``node`` without joints, ``length_m`` how
    far it lies from there.
    """

    node: Integers
    cost_cents: Integers
    length_m: Floats
    access: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Along:
    """Access points that are reached from within edges, one an edge, shape (edges,).

    ``access`` is -1 for none. A main that runs along the edge may be joined from ``share_from`` to
    ``share_to``, because it may be at both; a station is reached from one share, by a connector of
    ``length_m``. ``cents`` is what it costs from there, ``UNREACHED`` for none.
    """

    access: Integers
    share_from: Floats
    share_to: Floats
    cents: Integers
    length_m: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What connecting costs from every node with one cable.

    ``allowed`` (access points,) tells where the cable may end, ``starts`` from which nodes.
    ``bound_cents`` is the sweep: no way with this cable costs less. ``cheapest`` is its way with
    the joints that it needs, ``further`` what was found beyond it for the nodes whose cheapest way
    is too long or has joints, unreached elsewhere. ``reach_m`` is the longest way whose voltage
    drop holds. ``along`` is the cheapest that is reached from within each edge, ``along_least``
    what costs no more from any share, whatever is reached there.
    """

    variant: Variant
    graph: CostGraph
    reach_m: float
    allowed: Flags
    starts: Starts
    bound_cents: Integers
    cheapest: Labels
    further: Labels
    along: Along
    along_least: Along

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
    start = np.flatnonzero(allowed[access.start_access])
    part_cents, part_m = _last_parts(ground, priced, variant, access.start_end[start])
    start, part_m = start[part_cents >= 0], part_m[part_cents >= 0]
    row, node = access.start_access[start], access.start_node[start]
    begun = variant.beside_route_cents(met.kind[row], np.zeros(len(row)))
    begun += part_cents[part_cents >= 0]
    found = sweep(priced, node, begun)
    won = found.start.astype(np.int64)
    winner = np.where(won >= 0, _take(row, won), NONE)
    length_m = way_lengths_m(priced, ground.corridors.edge_length_m, found)
    length_m += np.where(won >= 0, part_m[np.maximum(won, 0)] if len(row) else 0.0, 0.0)
    mains = _along(ground, priced, access, np.flatnonzero(allowed), variant)
    along, along_least = _with_stations(mains, ground, priced, access, start=start, variant=variant)
    return Layer(
        variant=variant,
        graph=priced,
        reach_m=reach_m,
        allowed=allowed,
        starts=_starts(node, row, begun, part_m),
        bound_cents=found.cost_cents,
        cheapest=Labels(
            cost_cents=_with_joints(variant, found.cost_cents, length_m),
            length_m=length_m,
            access=winner,
        ),
        further=_no_labels(priced.node_count),
        along=along,
        along_least=along_least,
    )


def search_further(
    layer: Layer, edge_length_m: Floats, asked: Integers, most_cents: Integers
) -> Layer:
    """Search on from nodes whose cheapest way is too long or has joints, below given totals."""
    variant, graph, starts = layer.variant, layer.graph, layer.starts
    total, row, length_m = search_starts(
        graph.arcs,
        edge_length_m,
        StartRows(
            np.searchsorted(starts.node, np.arange(graph.node_count + 1)),
            starts.cost_cents,
            starts.length_m,
        ),
        layer.bound_cents,
        LengthRules(
            layer.reach_m,
            variant.drum_length_m / (1 + variant.spare_length_ratio),
            variant.joint_cents * variant.system_count,
        ),
        asked,
        most_cents,
    )
    found = np.flatnonzero(row >= 0)
    labels = _no_labels(graph.node_count)
    at = asked[found]
    labels.cost_cents[at], labels.length_m[at] = total[found], length_m[found]
    labels.access[at] = starts.access[row[found]]
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


def _starts(node: Integers, access: Integers, cost_cents: Integers, length_m: Floats) -> Starts:
    """Return starts in the order of their nodes, cheapest first, then the first access point."""
    order = np.lexsort((access, length_m, cost_cents, node))
    return Starts(
        node=node[order],
        cost_cents=cost_cents[order],
        length_m=length_m[order],
        access=access[order],
    )


def _last_parts(
    ground: Ground, graph: CostGraph, variant: Variant, end: Integers
) -> tuple[Integers, Floats]:
    """Return cost and length from nodes to the access points beside them.

    ``end`` holds rows of ``AccessEnds``, or -1 for access points at nodes, which need neither; the
    cost is -1 where the cable may not lie.
    """
    targets, beside = ground.targets, np.flatnonzero(end >= 0)
    cents, length_m = np.zeros(len(end), dtype=np.int64), np.zeros(len(end))
    cents[beside] = targets.open_cents(variant, graph)[end[beside]]
    share = targets.ends.rows.node_share[end[beside]]
    length_m[beside] = targets.ends.length_m(ground.corridors, end[beside], share)
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
        cents=np.full(graph.edge_count, UNREACHED, dtype=np.int64),
        length_m=np.zeros(graph.edge_count),
    )
    shares = [_share(ground, access, place[side][order], edge[order], ends) for side in (0, 1)]
    along.access[edge[order]] = place[0][order]
    along.share_from[edge[order]], along.share_to[edge[order]] = shares
    kinds = met.kind[place[0][order]]
    along.cents[edge[order]] = variant.beside_route_cents(kinds, np.zeros(len(order)))
    return along


def _with_stations(
    mains: Along,
    ground: Ground,
    graph: CostGraph,
    access: CostMapAccess,
    *,
    start: Integers,
    variant: Variant,
) -> tuple[Along, Along]:
    """Return mains along edges, or stations where they cost less, and what bounds both.

    ``start`` are the starts of the sweep.
    """
    targets, ends = ground.targets, ground.targets.ends
    start = start[access.start_end[start] >= 0]
    row = access.start_end[start]
    inside = (ends.rows.join[row] >= 0) & ends.is_direct[row]
    start, row = start[inside], row[inside]
    edge, share = ends.rows.edge[row], ends.rows.share[row]
    point = access.start_access[start]
    cents = variant.beside_route_cents(access.met.kind[point], np.zeros(len(point)))
    cents += targets.part_cents(variant, row, share).astype(np.int64)
    order = np.lexsort((row, cents, edge))
    order = order[(cents < mains.cents[edge])[order] & (graph.edge_cost[edge] >= 0)[order]]
    at, first = np.unique(edge[order], return_index=True)
    best = order[first]
    along = replace(
        mains,
        access=_put(mains.access, at, point[best]),
        share_from=_put(mains.share_from, at, share[best]),
        share_to=_put(mains.share_to, at, share[best]),
        cents=_put(mains.cents, at, cents[best]),
        length_m=_put(mains.length_m, at, ends.length_m(ground.corridors, row, share)[best]),
    )
    low, high = mains.share_from.copy(), mains.share_to.copy()
    nothing = mains.access[at] < 0
    low[at[nothing]], high[at[nothing]] = 1.0, 0.0
    np.minimum.at(low, edge[order], share[order])
    np.maximum.at(high, edge[order], share[order])
    return along, replace(along, share_from=low, share_to=high)


def _put(values: Column, at: Integers, new: Column) -> Column:
    """Return values with some of them replaced."""
    changed = values.copy()
    changed[at] = new
    return changed


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
