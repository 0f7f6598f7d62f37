# ruff: noqa: PLR0917  (kernels take their arrays by position)
"""Kernel that asks for the routes of many sites, one after the other, without leaving the kernel.

Invariants
- Sites do not see each other: each answer is what ``find_routes`` gives for it alone.
- Sites are asked in the order of their nodes, which lie near each other, and answered in their own;
  arrays grow by doubling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np

from gisplan.model.grid import Integers
from gisplan.routing.disjoint.flow_overlay_kernel import Net, Overlay
from gisplan.routing.disjoint.flow_routes_kernel import StartPlaces, find_routes
from gisplan.routing.disjoint.flow_state_kernel import Ask, Rows, Space
from gisplan.routing.layout_kernel import Int32s

if TYPE_CHECKING:
    from gisplan.model.grid import Floats


class FoundMany(NamedTuple):
    """Routes of many sites: rows of ``site_offset`` are routes, of ``offset`` are steps.

    ``proof`` int64 (sites, 6) is that of ``Found`` for each site.
    """

    site_offset: Integers
    offset: Integers
    edge: Int32s
    share_from: Floats
    share_to: Floats
    start: Int32s
    target: Int32s
    cost: Integers
    length_m: Floats
    proof: Integers


@numba.njit(cache=True, nogil=True)
def find_many_routes(
    net: Net,
    over: Overlay,
    rows: Rows,
    bound: Int32s,
    given: StartPlaces,
    row_offset: Integers,
    banned: Int32s,
    space: Space,
    ask: Ask,
    wanted: int,
    first_place: int,
) -> FoundMany:
    """Return the routes of every site; start rows of site s stand at its row offsets."""
    sites = len(row_offset) - 1
    most = sites * wanted
    offset = np.zeros(most + 1, np.int64)
    ends = np.empty((most, 2), np.int32)
    cost, length_m = np.empty(most, np.int64), np.empty(most)
    proof = np.empty((sites, 6), np.int64)
    first_route = np.empty(sites, np.int64)
    edge, share = np.empty(64 * sites + 64, np.int32), np.empty((64 * sites + 64, 2))
    routes, steps = 0, 0
    for site in np.argsort(given.node[row_offset[:-1]]):
        first, last = row_offset[site], row_offset[site + 1]
        found = find_routes(
            net,
            over,
            rows,
            bound,
            given,
            first,
            last - first,
            banned,
            space,
            ask,
            wanted,
            first_place,
        )
        first_route[site] = routes
        more = 0
        for row in range(len(found.route)):
            ends[routes, 0], ends[routes, 1] = first + found.route[row, 0], found.route[row, 1]
            cost[routes], length_m[routes] = found.route[row, 2], found.length_m[row]
            more = found.route[row, 3]
            routes += 1
            offset[routes] = steps + more
        if steps + more > len(edge):
            edge, share = _grown(edge, steps + more), _grown_pairs(share, steps + more)
        for i in range(more):
            edge[steps + i] = found.step[i, 1]
            share[steps + i, 0], share[steps + i, 1] = found.share[i, 0], found.share[i, 1]
        steps += more
        for i in range(6):
            proof[site, i] = found.proof[i]
    return _in_order_of_sites(
        first_route, offset, edge, share, ends, cost, length_m, proof, routes, steps
    )


@numba.njit(cache=True, nogil=True)
def _in_order_of_sites(
    first_route: Integers,
    offset: Integers,
    edge: Int32s,
    share: Floats,
    ends: Int32s,
    cost: Integers,
    length_m: Floats,
    proof: Integers,
    routes: int,
    steps: int,
) -> FoundMany:
    sites = len(first_route)
    site_offset = np.zeros(sites + 1, np.int64)
    new_offset = np.zeros(routes + 1, np.int64)
    start, target = np.empty(routes, np.int32), np.empty(routes, np.int32)
    new_cost, new_length_m = np.empty(routes, np.int64), np.empty(routes)
    new_edge = np.empty(steps, np.int32)
    share_from, share_to = np.empty(steps), np.empty(steps)
    route, at = 0, 0
    for site in range(sites):
        for old in range(first_route[site], first_route[site] + proof[site, 4]):
            start[route], target[route] = ends[old, 0], ends[old, 1]
            new_cost[route], new_length_m[route] = cost[old], length_m[old]
            for i in range(offset[old], offset[old + 1]):
                new_edge[at] = edge[i]
                share_from[at], share_to[at] = share[i, 0], share[i, 1]
                at += 1
            route += 1
            new_offset[route] = at
        site_offset[site + 1] = route
    return FoundMany(
        site_offset,
        new_offset,
        new_edge,
        share_from,
        share_to,
        start,
        target,
        new_cost,
        new_length_m,
        proof,
    )


@numba.njit(cache=True, nogil=True)
def _grown(old: Int32s, least: int) -> Int32s:
    new = np.empty(max(least, 2 * len(old)), np.int32)
    new[: len(old)] = old
    return new


@numba.njit(cache=True, nogil=True)
def _grown_pairs(old: Floats, least: int) -> Floats:
    new = np.empty((max(least, 2 * len(old)), 2))
    new[: len(old)] = old
    return new
