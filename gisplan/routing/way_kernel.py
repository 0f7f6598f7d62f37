"""Kernels that follow ways back from where a search arrived.

Invariants
- ``link[n, VIA]`` of a node that a search reached is an arc that arrives there, or ``-1 - start``;
  ``link[n, STATE] >> BEFORE`` is the node that the arc comes from. A place (numbered from the
  nodes' end on) has instead the row by which it hangs at its node.
- Ways have no circles, so following them ends at a start.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from gisplan.routing.street_heap_kernel import BEFORE, STATE, VIA, Arcs, Int32s, Int64s, Memory

Floats = npt.NDArray[np.float64]


@numba.njit(cache=True, nogil=True)
def last_node(arcs: Arcs, memory: Memory, target: int) -> int:
    """Return the node at which the way to a target leaves the graph: of a node, itself."""
    if target < len(arcs.offset) - 1 or memory.link[target, VIA] < 0:
        return target
    return int(memory.link[target, STATE] >> BEFORE)


@numba.njit(cache=True, nogil=True)
def walk_back(arcs: Arcs, memory: Memory, target: int) -> tuple[int, Int32s]:
    """Return the start of the way to a target, and its edges in order from there."""
    link = memory.link
    first = last_node(arcs, memory, target)
    size, here = 0, first
    while link[here, VIA] >= 0:
        here = link[here, STATE] >> BEFORE
        size += 1
    start = -1 - link[here, VIA]
    edges = np.empty(size, np.int32)
    here = first
    while size > 0:
        size -= 1
        edges[size] = arcs.arc_edge[link[here, VIA]]
        here = link[here, STATE] >> BEFORE
    return start, edges


@numba.njit(cache=True, nogil=True)
def way_lengths(
    arcs: Arcs, edge_length_m: Floats, start_length_m: Floats, memory: Memory, targets: Int64s
) -> Floats:
    """Return the length of the start and the edges of the way to each target."""
    link = memory.link
    length_m = np.zeros(len(targets))
    for i in range(len(targets)):
        here = last_node(arcs, memory, targets[i])
        total = 0.0
        while link[here, VIA] >= 0:
            total += edge_length_m[arcs.arc_edge[link[here, VIA]]]
            here = link[here, STATE] >> BEFORE
        length_m[i] = total + start_length_m[-1 - link[here, VIA]]
    return length_m


@numba.njit(cache=True, nogil=True)
def ways_as_nodes(
    edge_from: Int32s, edge_to: Int32s, first_node: Int64s, way_offset: Int64s, way_edge: Int32s
) -> tuple[Int64s, Int32s]:
    """Return the nodes of ways, first to last, as offsets and nodes; no first node, no nodes."""
    offset = np.zeros(len(way_offset), np.int64)
    for way in range(len(first_node)):
        size = way_offset[way + 1] - way_offset[way] + 1
        offset[way + 1] = offset[way] + (size if first_node[way] >= 0 else 0)
    nodes = np.empty(offset[-1], np.int32)
    for way in range(len(first_node)):
        if first_node[way] < 0:
            continue
        here, at = first_node[way], offset[way]
        nodes[at] = here
        for row in range(way_offset[way], way_offset[way + 1]):
            here = edge_from[way_edge[row]] + edge_to[way_edge[row]] - here
            at += 1
            nodes[at] = here
    return offset, nodes
