# ruff: noqa: PLR0917  (kernels take their arrays by position)
"""Kernel that asks for the routes of many sites, one after the other, without leaving the kernel.

Invariants
- Sites do not see each other: each answer is what ``find_routes`` gives for it alone.
- Routes and steps of site s stand behind those of site s - 1; arrays grow by doubling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np

from gisplan.model.grid import Integers
from gisplan.routing.flow_jit_kernel import whole
from gisplan.routing.flow_kernel import Ask, Rows, Space
from gisplan.routing.flow_overlay_kernel import Net, Overlay
from gisplan.routing.flow_routes_kernel import StartPlaces, find_routes
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
    site_offset = np.zeros(sites + 1, np.int64)
    offset = np.zeros(sites * wanted + 1, np.int64)
    start = np.empty(sites * wanted, np.int32)
    target = np.empty(sites * wanted, np.int32)
    cost = np.empty(sites * wanted, np.int64)
    length_m = np.empty(sites * wanted)
    proof = np.empty((sites, 6), np.int64)
    edge = np.empty(64 * sites + 64, np.int32)
    share_from, share_to = np.empty(len(edge)), np.empty(len(edge))
    routes, steps = 0, 0
    for site in range(sites):
        first, last = row_offset[site], row_offset[site + 1]
        own = StartPlaces(
            given.node[first:last],
            given.edge[first:last],
            given.share[first:last],
            given.part_cost[first:last],
            given.cost[first:last],
            given.exit[first:last],
        )
        found = find_routes(net, over, rows, bound, own, banned, space, ask, wanted, first_place)
        more = whole(found.offset[-1])
        if steps + more > len(edge):
            edge = _grown(edge, steps + more)
            share_from, share_to = _grown(share_from, len(edge)), _grown(share_to, len(edge))
        for i in range(more):
            edge[steps + i] = found.step[i, 1]
            share_from[steps + i], share_to[steps + i] = found.share[i, 0], found.share[i, 1]
        for row in range(len(found.cost)):
            start[routes], target[routes] = first + found.ends[row, 0], found.ends[row, 1]
            cost[routes], length_m[routes] = found.cost[row], found.length_m[row]
            routes += 1
            offset[routes] = steps + found.offset[row + 1]
        steps += more
        site_offset[site + 1] = routes
        proof[site] = found.proof
    return FoundMany(
        site_offset,
        offset[: routes + 1].copy(),
        edge[:steps].copy(),
        share_from[:steps].copy(),
        share_to[:steps].copy(),
        start[:routes].copy(),
        target[:routes].copy(),
        cost[:routes].copy(),
        length_m[:routes].copy(),
        proof,
    )


@numba.njit(cache=True, nogil=True)
def _grown(old, least):  # type: ignore[no-untyped-def]
    new = np.empty(max(least, 2 * len(old)), old.dtype)
    new[: len(old)] = old
    return new
