"""The cheapest way along a drawn line: an exact shortest path over stops, lanes and open ground.

A way begins by a landing at the line's start and ends by one at its end, as every proposed route
does, and changes between edges where they meet. It goes over open ground where no edge goes along
with the line, or where there is no other way: metres beside an edge over open ground, and ends
that reach no edge by a landing, come first in the order of ways, cents second.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gisplan.model.grid import Floats, Integers
    from gisplan.routing.drawn_lanes import Steps

FREE = -1
NONE = -1
MM = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Ways from place to place, shape (links,): metres beside edges, cents, and what each is.

    ``edge`` is ``FREE`` over open ground or along a landing, and ``landing`` its row or ``NONE``.
    """

    tail: Integers
    head: Integers
    beside_m: Floats
    cents: Floats
    edge: Integers
    share_from: Floats
    share_to: Floats
    landing: Integers

    def __len__(self) -> int:
        return len(self.tail)

    def take(self, rows: Integers) -> Links:
        """Return some of them."""
        return Links(
            tail=self.tail[rows],
            head=self.head[rows],
            beside_m=self.beside_m[rows],
            cents=self.cents[rows],
            edge=self.edge[rows],
            share_from=self.share_from[rows],
            share_to=self.share_to[rows],
            landing=self.landing[rows],
        )


def along_edges(steps: Steps, cents: Floats) -> Links:
    """Return ways along parts of edges at their price."""
    count = len(steps.tail)
    return Links(
        tail=steps.tail,
        head=steps.head,
        beside_m=np.zeros(count),
        cents=cents,
        edge=steps.edge,
        share_from=steps.share_from,
        share_to=steps.share_to,
        landing=np.full(count, NONE),
    )


def off_edges(
    tail: Integers,
    head: Integers,
    *,
    cents: Floats,
    beside_m: Floats | None = None,
    landing: Integers | None = None,
) -> Links:
    """Return ways over open ground, or along landings."""
    count, nothing = len(tail), np.zeros(len(tail))
    return Links(
        tail=tail,
        head=head,
        beside_m=nothing if beside_m is None else beside_m,
        cents=cents,
        edge=np.full(count, FREE),
        share_from=nothing,
        share_to=nothing,
        landing=np.full(count, NONE) if landing is None else landing,
    )


def joined_links(some: list[Links]) -> Links:
    """Return links after each other; those without a price are left out."""
    whole = Links(
        tail=np.concatenate([one.tail for one in some]).astype(np.int64),
        head=np.concatenate([one.head for one in some]).astype(np.int64),
        beside_m=np.concatenate([one.beside_m for one in some]),
        cents=np.concatenate([one.cents for one in some]),
        edge=np.concatenate([one.edge for one in some]).astype(np.int64),
        share_from=np.concatenate([one.share_from for one in some]),
        share_to=np.concatenate([one.share_to for one in some]),
        landing=np.concatenate([one.landing for one in some]).astype(np.int64),
    )
    return whole.take(np.flatnonzero(np.isfinite(whole.cents)))


def cheapest_chain(links: Links, start: int, end: int) -> Integers:
    """Return the rows of the links of the cheapest way; equal ones are told apart by their rows.

    There must be one.
    """
    count = 1 + max(int(links.tail.max()), int(links.head.max()))
    order = np.argsort(links.tail, kind="stable")
    offset = np.searchsorted(links.tail[order], np.arange(count + 1)).tolist()
    beside = np.rint(links.beside_m[order] * MM).astype(np.int64).tolist()
    cents, head = np.rint(links.cents[order]).astype(np.int64).tolist(), links.head[order].tolist()
    last = [NONE] * count
    settled = [False] * count
    queue = [(0, 0, start, NONE)]
    while queue:
        far, paid, here, by = heapq.heappop(queue)
        if settled[here]:
            continue
        settled[here], last[here] = True, by
        if here == end:
            break
        for row in range(offset[here], offset[here + 1]):
            if not settled[head[row]]:
                heapq.heappush(queue, (far + beside[row], paid + cents[row], head[row], row))
    chain: list[int] = []
    here = end
    while here != start:
        chain.append(last[here])
        here = int(links.tail[order[last[here]]])
    rows: Integers = order[np.array(chain[::-1], dtype=np.int64)]
    return rows
