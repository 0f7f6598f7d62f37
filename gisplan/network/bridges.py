"""Bridges over open ground between parts of the corridors that do not meet."""

from __future__ import annotations

import numpy as np
import shapely

from gisplan.model.grid import Floats, Integers, Surface
from gisplan.network.strands import (
    Geometries,
    Strands,
    clear_of,
    components,
    concat,
    end_nodes,
    link_strands,
    noded,
)

STAGES, STAGE_RATIO = 6, 2.0  # parts are joined within 1/32, 1/16, ... of the reach


def joined_components(
    strands: Strands, forbidden: Geometries, reach_m: float
) -> tuple[Strands, Geometries]:
    """Join parts that do not meet by the shortest clear lines over open ground.

    What comes back is noded already: the strands, and the stretches between their meetings.
    """
    edges = noded(strands)
    if len(edges) == 0:
        return strands, edges
    start, end = end_nodes(edges)
    count, label = components(start, end, int(max(start.max(), end.max())) + 1)
    bridges = _bridges(edges, label[start], count, forbidden, reach_m)
    if len(bridges) == 0:
        return strands, edges
    joined = concat([strands, link_strands(bridges, Surface.OPEN_GROUND, "open ground")])
    return joined, noded(joined)


def _bridges(
    edges: Geometries, label: Integers, count: int, forbidden: Geometries, reach_m: float
) -> Geometries:
    """Grow one tree over the components, always by the shortest clear bridge (Kruskal).

    The reach grows in stages, and each stage asks only what the ones before have not joined: of the
    many pairs that lie within the whole reach nearly all are joined by then.
    """
    tree = shapely.STRtree(edges)
    group = np.arange(count)
    chosen = []
    for stage in reversed(range(STAGES)):
        lonely = np.flatnonzero(group[label] != np.bincount(group[label]).argmax())
        if len(lonely) == 0:
            break
        found, other = tree.query(
            edges[lonely], predicate="dwithin", distance=reach_m / STAGE_RATIO**stage
        )
        one, two = lonely[found], other
        apart = group[label[one]] != group[label[two]]
        pairs, lines = _shortest(edges, label, one[apart], two[apart])
        clear = clear_of(lines, forbidden)
        taken, group = _kruskal(pairs[clear], shapely.length(lines[clear]), group)
        chosen.append(lines[clear][taken])
    return np.concatenate([np.zeros(0, dtype=object), *chosen])


def _shortest(
    edges: Geometries, label: Integers, one: Integers, two: Integers
) -> tuple[Integers, Geometries]:
    """Return the pairs of components that edges lead between, and the shortest line of each."""
    turned = label[one] > label[two]
    one, two = np.where(turned, two, one), np.where(turned, one, two)
    length_m = np.round(shapely.distance(edges[one], edges[two]), 3)
    order = np.lexsort((two, one, length_m, label[two], label[one]))
    pairs = np.column_stack([label[one], label[two]])[order]
    first = np.append(True, (np.diff(pairs, axis=0) != 0).any(axis=1))[: len(order)]
    rows = order[first]
    return pairs[first], np.asarray(shapely.shortest_line(edges[one[rows]], edges[two[rows]]))


def _kruskal(pairs: Integers, length_m: Floats, group: Integers) -> tuple[Integers, Integers]:
    """Return the pairs to join, shortest first, and the group of each member after that."""
    head = group.tolist()
    taken = []
    for pair in np.lexsort((pairs[:, 1], pairs[:, 0], np.round(length_m, 3))):
        one, two = (_root(head, int(member)) for member in pairs[pair])
        if one != two:
            head[two] = one
            taken.append(pair)
    groups = np.array([_root(head, member) for member in range(len(head))], dtype=np.int64)
    return np.array(taken, dtype=np.int64), groups


def _root(group: list[int], member: int) -> int:
    """Return what a member's group is known by, and shorten the way to it."""
    while group[member] != member:
        group[member] = group[group[member]]
        member = group[member]
    return member
