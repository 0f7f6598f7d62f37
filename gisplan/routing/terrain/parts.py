"""What a way over streets and field is made of."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from gisplan.model.grid import Floats, Integers
from gisplan.routing.terrain.joined import Joined
from gisplan.routing.terrain.streets import IN_FIELD, course_part


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldPart:
    """A part of a way over open ground, through the middles of cells between its two ends.

    Parameters
    ----------
    xy_m : float64 (vertices, 2)
    cost_cents : of the cells' prices, of what is crossed too where it is a passage
    is_passage : straight across a hurdle
    """

    xy_m: Floats
    cost_cents: float
    is_passage: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetPart:
    """A part of a way along one edge, from one share of its length to the other."""

    edge: int
    share_from: float
    share_to: float
    xy_m: Floats
    cost_cents: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TerrainWay:
    """A way from a start to a target; ``start`` and ``target`` are rows of what was given.

    ``end`` is the row of the end where it stops before its target, -1 where it leads all the way;
    ``cost_cents`` counts what lies between.
    """

    start: int
    target: int
    parts: tuple[FieldPart | StreetPart, ...]
    cost_cents: float
    end: int = -1

    @property
    def xy_m(self) -> Floats:
        """The way's vertices, float64 (vertices, 2)."""
        xy = np.vstack([part.xy_m for part in self.parts])
        kept = np.append(True, (np.diff(xy, axis=0) != 0).any(axis=1))
        course: Floats = xy[kept]
        return course


Piece = tuple[int, float, float]
"""Edge and the shares from which and to which it is used; ``PASSAGE`` in place of an edge."""
PASSAGE = -2


def read_parts(
    joined: Joined, way: Integers, cost_cents: Floats
) -> tuple[FieldPart | StreetPart, ...]:
    """Return the parts of a way, given as places with their costs."""
    pieces = [_piece(joined, int(a), int(b)) for a, b in pairwise(way)]
    parts: list[FieldPart | StreetPart] = []
    start = 0
    while start < len(pieces):
        end = start + 1
        while end < len(pieces) and _goes_on(pieces[end - 1], pieces[end]):
            end += 1
        cost = float(cost_cents[end] - cost_cents[start])
        first, last = pieces[start], pieces[end - 1]
        if first is None or last is None:
            xy = joined.xy_of(way[start : end + 1])
            parts.append(FieldPart(xy_m=xy, cost_cents=cost))
        elif first[0] == PASSAGE:
            xy = joined.xy_of(way[start : end + 1])
            parts.append(FieldPart(xy_m=xy, cost_cents=cost, is_passage=True))
        else:
            parts.append(_street_part(joined, (first[0], first[1], last[2]), cost))
        start = end
    if not parts:  # both ends in one place
        xy = np.repeat(joined.xy_of(way), 2, axis=0)
        parts.append(FieldPart(xy_m=xy, cost_cents=0.0))
    return tuple(parts)


def _goes_on(one: Piece | None, other: Piece | None) -> bool:
    """Tell whether two pieces are of one part: both field, or onward along one edge."""
    if one is None or other is None:
        return one is other
    if PASSAGE in {one[0], other[0]}:
        return False
    onward = (one[2] - one[1]) * (other[2] - other[1]) >= 0
    return one[0] == other[0] and one[2] == other[1] and onward


def _street_part(joined: Joined, piece: Piece, cost: float) -> StreetPart:
    return StreetPart(
        edge=piece[0],
        share_from=piece[1],
        share_to=piece[2],
        xy_m=course_part(joined.streets, *piece),
        cost_cents=cost,
    )


def _piece(joined: Joined, one: int, other: int) -> Piece | None:
    """Return the piece of an edge between two places, ``None`` over the field."""
    if max(one, other) < joined.cells:
        return (PASSAGE, 0.0, 0.0) if _is_passage(joined, one, other) else None
    if min(one, other) < joined.cells or _is_off(joined, one) or _is_off(joined, other):
        return None
    edges = [_edge_at(joined, place) for place in (one, other)]
    on = [edge for edge in edges if edge != IN_FIELD]
    edge = on[0] if on else _edge_between(joined, one, other)
    share = [_share_at(joined, place, edge) for place in (one, other)]
    if share[0] is None or share[1] is None:
        share = _of_loop(share)
    return edge, float(share[0] or 0.0), float(share[1] or 0.0)


def _is_passage(joined: Joined, one: int, other: int) -> bool:
    """Tell whether a step from cell to cell leads across a hurdle."""
    low, high = min(one, other), max(one, other)
    first, last = (int(np.searchsorted(joined.passages.one, low, side=s)) for s in _SIDES)
    return high in joined.passages.other[first:last]


_SIDES: tuple[Literal["left"], Literal["right"]] = ("left", "right")


def _is_off(joined: Joined, place: int) -> bool:
    """Tell whether a place is a stop in the field."""
    behind = place - joined.first_meeting
    return behind >= 0 and int(joined.on_edge[behind]) == IN_FIELD


def _edge_at(joined: Joined, place: int) -> int:
    """Return the edge of a meeting or stop, ``IN_FIELD`` for a node."""
    if place < joined.first_meeting:
        return IN_FIELD
    return int(joined.on_edge[place - joined.first_meeting])


def _share_at(joined: Joined, place: int, edge: int) -> float | None:
    """Return where on an edge a place is; ``None`` for the node of a loop, at both its ends."""
    if place >= joined.first_meeting:
        return float(joined.on_share[place - joined.first_meeting])
    graph, node = joined.streets.graph, joined.node[place - joined.cells]
    is_first, is_last = graph.edge_from[edge] == node, graph.edge_to[edge] == node
    if is_first and is_last:
        return None
    return 0.0 if is_first else 1.0


def _of_loop(share: list[float | None]) -> list[float | None]:
    """Return the shares along a loop: its node stands at the end that is nearer."""
    known = [value for value in share if value is not None]
    if not known:
        return [0.0, 1.0]
    end = 0.0 if known[0] <= 0.5 else 1.0
    return [end if value is None else value for value in share]


def _edge_between(joined: Joined, one: int, other: int) -> int:
    """Return the cheapest edge between two nodes, the first of several."""
    graph = joined.streets.graph
    a, b = (int(joined.node[place - joined.cells]) for place in (one, other))
    arcs = np.arange(graph.arc_offset[a], graph.arc_offset[a + 1])
    there = arcs[(graph.arc[arcs, 0] == b) & (graph.arc[arcs, 1] >= 0)]
    order = np.lexsort((graph.arc_edge[there], graph.arc[there, 1]))
    return int(graph.arc_edge[there[order[0]]])
