# ruff: noqa: PLR0917  (kernels take their arrays by position)
"""Kernels over two trees, one from the starts and one from the targets, that meet in a part.

Invariants
- Candidate ``(rank, slot)`` is the way of the first tree to the state of that rank, the part behind
  the slot, and the way of the second tree from the part's other end.
- Metres shared with an earlier route add up along both trees, so they are exact for every
  candidate that is a simple path; what is not simple is refused when it is walked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gisplan.routing.disjoint.flow_overlay_kernel import Net, Overlay, slots_of, step
from gisplan.routing.uncounted_kernel import uncounted, whole
from gisplan.routing.via_kernel import SETTLED, Dues, Tree, metres_of

if TYPE_CHECKING:
    from gisplan.model.grid import Floats, Integers
    from gisplan.routing.layout_kernel import Int32s

ROUNDING_M = 1e-6


@uncounted
def list_candidates(
    net: Net,
    over: Overlay,
    dues: Dues,
    out: Tree,
    back: Tree,
    out_m: Floats,
    back_m: Floats,
    routes: int,
    route_m: Floats,
    most_cost: int,
    most_shared: float,
    found: Integers,
) -> int:
    """List candidates as (cost, part, rank, slot) and return how many there are.

    ``out_m`` and ``back_m`` float64 (settled, routes + 1) hold own metres first, then those shared
    with each route.
    """
    count = 0
    for rank in range(out.fill[SETTLED]):
        state = whole(out.order[rank])
        first, last = slots_of(net, state)
        for slot in range(first, last):
            head, more, part, _ = step(net, over, state, slot)
            if more < 0 or dues.banned[part] or back.rank[head] < 0:
                continue
            cost = out.label[state] + more + back.label[head]
            if cost > most_cost:
                continue
            metres = metres_of(net, over, part)
            other = back.rank[head]
            own = out_m[rank, 0] + metres + back_m[other, 0]
            is_fine = True
            for route in range(routes):
                shared = out_m[rank, route + 1] + back_m[other, route + 1]
                if (dues.used[part] >> route) & 1:
                    shared += metres
                if shared > most_shared * min(own, route_m[route]) + ROUNDING_M:
                    is_fine = False
                    break
            if is_fine:
                found[count, 0], found[count, 1] = cost, part
                found[count, 2], found[count, 3] = rank, slot
                count += 1
    return count


@uncounted
def first_simple(
    net: Net,
    over: Overlay,
    out: Tree,
    back: Tree,
    found: Integers,
    order: Integers,
    steps: Int32s,
    seen: Int32s,
) -> int:
    """Walk candidates in an order until one is simple; return its number of parts, or -1."""
    size = -1
    for i in range(len(order)):
        row = order[i]
        size = walk_candidate(
            net, over, out, back, found[row, 2], found[row, 3], steps, seen, i + 1
        )
        if size >= 0:
            break
    for i in range(out.fill[SETTLED]):
        seen[out.order[i]] = 0
    for i in range(back.fill[SETTLED]):
        seen[back.order[i]] = 0
    return size


@uncounted
def walk_candidate(
    net: Net,
    over: Overlay,
    out: Tree,
    back: Tree,
    rank: int,
    slot: int,
    steps: Int32s,
    seen: Int32s,
    stamp: int,
) -> int:
    """Write the states and parts of a candidate; return the number of parts, -1 if not simple.

    ``steps`` int32 (states, 2) holds state and the part that leaves it; the last state has none.
    """
    here = whole(out.order[rank])
    size = 0
    state = here
    while state >= 0:  # from the part back to the start, turned round below
        steps[size, 0] = state
        steps[size, 1] = out.via[state, 1]
        seen[state] = stamp
        size += 1
        state = whole(out.via[state, 0])
    for i in range(size // 2):
        j = size - 1 - i
        for column in range(2):
            steps[i, column], steps[j, column] = steps[j, column], steps[i, column]
    for i in range(size - 1):
        steps[i, 1] = steps[i + 1, 1]
    head, _, part, _ = step(net, over, here, slot)
    steps[size - 1, 1] = part
    state = whole(head)
    while state >= 0:
        if seen[state] == stamp:
            return -1
        seen[state] = stamp
        steps[size, 0], steps[size, 1] = state, back.via[state, 1]
        size += 1
        state = whole(back.via[state, 0])
    return size - 1
