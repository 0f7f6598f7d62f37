"""Which edge every piece of a drawn line follows, so that the whole strays least."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gisplan.model.grid import Floats, Integers

FREE = -1

STRAY_WEIGHT = 0.5  # of a metre at the edge of the tolerance
FREE_WEIGHT = 0.9  # a metre across an edge gets on by nothing there: cheaper over open ground
CHANGE_TOLERANCES = 0.5  # to leave an edge or come to one, in tolerances
TURN_TOLERANCES = 0.02  # from an edge to one that it meets
JUMP_TOLERANCES = 2.0  # from an edge to one that does not meet it
PRICE_WEIGHT = 1e-6  # only what is equal otherwise is decided by price


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """Pieces of a drawn line, from ``low_m`` to ``high_m`` along it, shape (pieces,).

    Each row of the other arrays (candidates,) is a piece with an edge that it may follow: the mean
    distance, and the shares of the edge beside its two ends. Rows are sorted by piece.
    """

    low_m: Floats
    high_m: Floats
    piece: Integers
    edge: Integers
    away_m: Floats
    share_from: Floats
    share_to: Floats
    edge_length_m: Floats


def choose_edges(
    pieces: Pieces, edge_from: Integers, edge_to: Integers, price: Floats, tolerance_m: float
) -> Integers:
    """Return for every piece the row of its candidate, or ``FREE`` over open ground.

    The choice is the cheapest of all (Viterbi); equal ones are broken by the order of candidates.
    """
    own = _own_costs(pieces, price, tolerance_m)
    length_m = pieces.high_m - pieces.low_m
    first = np.searchsorted(pieces.piece, np.arange(len(length_m) + 1))
    rows_before, cost_before = [FREE], np.zeros(1)
    back: list[tuple[list[int], Integers]] = []
    for piece, here_m in enumerate(length_m.tolist()):
        rows = [*range(int(first[piece]), int(first[piece + 1])), FREE]
        change = tolerance_m * _changes(
            _edges_of(pieces, rows_before), _edges_of(pieces, rows), edge_from, edge_to
        )
        if piece == 0:
            change[:] = 0.0
        total = cost_before[:, None] + change
        best = total.argmin(axis=0)
        own_here = np.array([FREE_WEIGHT * here_m if row == FREE else own[row] for row in rows])
        cost_before = total[best, np.arange(len(rows))] + own_here
        back.append((rows, best))
        rows_before = rows
    return _traced(back, int(cost_before.argmin()))


def _own_costs(pieces: Pieces, price: Floats, tolerance_m: float) -> Floats:
    """Return what it costs each candidate that a piece strays and gets on less, in metres."""
    drawn_m = (pieces.high_m - pieces.low_m)[pieces.piece]
    along_m = np.abs(pieces.share_to - pieces.share_from) * pieces.edge_length_m
    stray = STRAY_WEIGHT * drawn_m * pieces.away_m / tolerance_m
    dear = price[pieces.edge] * drawn_m
    highest = max(float(np.nanmax(dear, initial=0.0, where=np.isfinite(dear))), 1.0)
    by_price = PRICE_WEIGHT * np.where(np.isfinite(dear), dear / highest, 2.0)
    costs: Floats = stray + np.abs(drawn_m - along_m) + by_price
    return costs


def _edges_of(pieces: Pieces, rows: list[int]) -> Integers:
    return np.array([FREE if row == FREE else pieces.edge[row] for row in rows], dtype=np.int64)


def _changes(before: Integers, after: Integers, edge_from: Integers, edge_to: Integers) -> Floats:
    """Return what changing from each edge to each of the next piece costs, in tolerances."""
    one, other = before[:, None], after[None, :]
    meets = np.zeros((len(before), len(after)), dtype=bool)
    for start in (edge_from, edge_to):
        for end in (edge_from, edge_to):
            meets |= _at(start, one) == _at(end, other)
    costs: Floats = np.where(meets, TURN_TOLERANCES, JUMP_TOLERANCES)
    costs = np.where((one == FREE) | (other == FREE), CHANGE_TOLERANCES, costs)
    return np.where(one == other, 0.0, costs)


def _at(node: Integers, edge: Integers) -> Integers:
    """Return the node of every edge; open ground has none, and there may be no edges at all."""
    if not len(node):
        return np.full(edge.shape, FREE)
    nodes: Integers = np.where(edge == FREE, FREE, node[edge])
    return nodes


def _traced(back: list[tuple[list[int], Integers]], last: int) -> Integers:
    chosen = np.empty(len(back), dtype=np.int64)
    for piece in range(len(back) - 1, -1, -1):
        rows, best = back[piece]
        chosen[piece] = rows[last]
        last = int(best[last])
    return chosen
