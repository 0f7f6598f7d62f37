"""From what the kernel found to what the caller gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gisplan.routing.disjoint.flow_proof_kernel import CUT_EDGE, CUT_EXIT, CUT_NODE, CUT_TARGET
from gisplan.routing.disjoint.flow_state_kernel import NODE_BITS
from gisplan.routing.disjoint.result import (
    NOTHING_SHARED,
    Cut,
    DisjointRoutes,
    Proof,
    Route,
    SharedParts,
)

if TYPE_CHECKING:
    from gisplan.model.grid import Floats, Integers
    from gisplan.routing.disjoint.flow_trace_kernel import Found
    from gisplan.routing.layout_kernel import Int32s


def answer_of(
    found: Found, wanted: int, may_share: bool, exits: Integers, edge_length_m: Floats
) -> DisjointRoutes:
    """Return routes, cuts and proof of one query; ``exits`` are the numbers of its exits."""
    routes = [_route(found, row) for row in range(len(found.route))]
    routes.sort(key=lambda route: (route.cost_cents, route.target, route.start))
    is_missing = len(routes) < wanted
    is_joined = len(found.cut) > 0 or (is_missing and not may_share)
    return DisjointRoutes(
        routes=tuple(routes),
        wanted=wanted,
        total_cents=int(found.route[:, 2].sum()),
        shared=_shared(found, edge_length_m),
        disjoint_cut=_cut(found.cut, exits) if is_joined else None,
        missing_cut=_cut(found.last_cut, exits) if is_missing else None,
        proof=_proof(found),
    )


def _route(found: Found, row: int) -> Route:
    start, target, cost, last = found.route[row].tolist()
    steps = slice(int(found.route[row - 1, 3]) if row else 0, last)
    return Route(
        start=start,
        target=target,
        edge=found.step[steps, 1].astype(np.int64),
        share_from=found.share[steps, 0].copy(),
        share_to=found.share[steps, 1].copy(),
        cost_cents=cost,
        length_m=float(found.length_m[row]),
    )


def _shared(found: Found, edge_length_m: Floats) -> SharedParts:
    """Return the parts that several routes use; each route after the first shares its metres."""
    if not found.proof[5] or len(found.route) == 0:
        return NOTHING_SHARED
    step = found.step[: found.route[-1, 3]]
    _, first, count = np.unique(step[:, 0], return_index=True, return_counts=True)
    rows, route_count = first[count > 1], count[count > 1]
    edge = step[rows, 1].astype(np.int64)
    near, far = found.share[rows].T
    length_m = np.abs(far - near) * edge_length_m[edge]
    return SharedParts(
        edge=edge,
        share_from=np.minimum(near, far),
        share_to=np.maximum(near, far),
        route_count=route_count.astype(np.int64),
        length_m=float((length_m * (route_count - 1)).sum()),
    )


def _cut(pairs: Int32s, exits: Integers) -> Cut:
    kind, number = pairs[:, 0], pairs[:, 1].astype(np.int64)
    return Cut(
        edges=np.sort(number[kind == CUT_EDGE]),
        nodes=np.sort(number[kind == CUT_NODE]),
        targets=np.sort(number[kind == CUT_TARGET]),
        exits=exits[np.sort(number[kind == CUT_EXIT])],
    )


def _proof(found: Found) -> Proof:
    units, cost, bound_units, bound_cost = found.proof[:4].tolist()
    node_mask = (1 << NODE_BITS) - 1
    return Proof(
        shared_mm=units >> NODE_BITS,
        shared_nodes=units & node_mask,
        cost_cents=cost,
        bound_shared_mm=bound_units >> NODE_BITS,
        bound_shared_nodes=bound_units & node_mask,
        bound_cost_cents=bound_cost,
    )
