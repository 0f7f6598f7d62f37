# ruff: noqa: PLR0912, PLR0917  (kernels are long and take their arrays by position)
"""Kernel of one application's cheapest way to an access point, beside the trenches of others.

Invariants
- An edge costs its civil works where nobody has opened it, and the cable in any case.
- The way ends at the access point whose own cost, added to the way's, is least; of equal ones the
  first in the order of cost, node and row wins. It passes no ``closed`` node but where it starts.
- Only nodes that cost less than the best end found so far are looked at; ``label``, ``place`` are
  left as they were found: ``FAR`` and -1 everywhere.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from gisplan.routing.steiner.heap_kernel import FAR, Bytes, Int32s, Int64s, lower, take


class GroundArrays(NamedTuple):
    """Edges by node: ``civil`` and ``length`` (edges,), ``ways`` how many cables fit in.

    ``ends`` is the sum of an edge's two nodes; ``civil`` is negative where it may not be used.
    ``closed`` (nodes,) is 1 where ways may begin and end and none may pass.
    """

    offset: Int32s
    head: Int32s
    arc_edge: Int32s
    ends: Int32s
    civil: Int64s
    length: Int64s
    ways: Int64s
    closed: Bytes


class AccessArrays(NamedTuple):
    """Access points by node: row ``a`` stands at ``node[a]``, rows of node n at ``first[n]`` on.

    ``equipment`` is paid once, ``connection`` by each application; ``room`` and ``ways`` are what
    it has to give to all of them.
    """

    first: Int32s
    node: Int32s
    equipment: Int64s
    connection: Int64s
    room: Int64s
    ways: Int64s


class UseArrays(NamedTuple):
    """What is taken: applications and cables on each edge, applications and power on each point."""

    edge_users: Int64s
    edge_cables: Int64s
    access_users: Int64s
    access_power: Int64s


class WayMemory(NamedTuple):
    """Memory of a search, one entry a node."""

    label: Int64s
    via: Int32s
    heap: Int64s
    place: Int32s
    touched: Int32s


@numba.njit(cache=True, nogil=True)
def cheapest_way(
    ground: GroundArrays,
    access: AccessArrays,
    use: UseArrays,
    memory: WayMemory,
    start: int,
    power: int,
    price: int,
    cables: int,
    limit: int,
    admits: Bytes,
) -> tuple[int, int, Int32s]:
    """Return cost, access point and edges, last first, of a way that costs less than ``limit``.

    The access point is -1 and the cost the limit where there is none. ``price`` is per length,
    ``admits`` (access points,) is 0 where this application may not hang.
    """
    label, place = memory.label, memory.place
    best, best_access = limit, -1
    memory.via[start] = -1
    memory.touched[0] = start
    touched = 1
    size = lower(memory.heap, place, label, 0, start, 0)
    while size > 0:
        node = take(memory.heap, place, size)
        size -= 1
        cost = label[node]
        if cost >= best:
            break
        for a in range(access.first[node], access.first[node + 1]):
            if admits[a] == 0 or use.access_users[a] >= access.ways[a]:
                continue
            if use.access_power[a] + power > access.room[a]:
                continue
            total = cost + access.connection[a]
            if use.access_users[a] == 0:
                total += access.equipment[a]
            if total < best:
                best, best_access = total, a
        if ground.closed[node] != 0 and node != start:
            continue
        for p in range(ground.offset[node], ground.offset[node + 1]):
            edge = ground.arc_edge[p]
            if ground.civil[edge] < 0 or use.edge_cables[edge] + cables > ground.ways[edge]:
                continue
            total = cost + price * ground.length[edge]
            if use.edge_users[edge] == 0:
                total += ground.civil[edge]
            other = ground.head[p]
            if total < label[other] and total < best:
                if label[other] == FAR:
                    memory.touched[touched] = other
                    touched += 1
                memory.via[other] = edge
                size = lower(memory.heap, place, label, size, other, total)
    count = 0
    found = np.empty(touched if best_access >= 0 else 0, np.int32)
    if best_access >= 0:
        node = access.node[best_access]
        while node != start:
            edge = memory.via[node]
            found[count] = edge
            count += 1
            node = ground.ends[edge] - node
    for i in range(touched):
        label[memory.touched[i]] = FAR
        place[memory.touched[i]] = -1
    return best, best_access, found[:count]
