"""Streets beside a raster: a graph with the courses of its edges, and stops on it or off it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gisplan.errors import InputError
from gisplan.model.grid import Floats, Integers
from gisplan.routing.cost_graph import CostGraph

IN_FIELD = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolls:
    """Parts of the costs of edges that are paid at one place of theirs, such as crossings.

    Parameters
    ----------
    edge : int64 (tolls,), in ascending order
    share : float64 (tolls,), ascending along each edge
    cents : float64 (tolls,), 0 or more; those of an edge are no more than its cost
    """

    edge: Integers
    share: Floats
    cents: Floats


NO_TOLLS = Tolls(edge=np.zeros(0, np.int64), share=np.zeros(0), cents=np.zeros(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Streets:
    """A graph and where its edges run.

    Parameters
    ----------
    graph : costs in cents; along an edge they grow evenly, but for its tolls
    offset : int64 (edges + 1,), vertices of edge n stand at ``offset[n]:offset[n + 1]``, from the
        edge's first node to its last
    xy_m : float64 (vertices, 2)
    length_m : float64 (edges,)
    box_m : float64 (edges, 4), west, south, east, north
    """

    graph: CostGraph
    offset: Integers
    xy_m: Floats
    length_m: Floats
    box_m: Floats
    tolls: Tolls = NO_TOLLS

    def paid_cents(self, edge: Integers, share: Floats) -> Floats:
        """Return the cost from the first nodes of edges up to shares of theirs."""
        tolls, cost = self.tolls, self.graph.edge_cost
        paid = np.concatenate([[0.0], np.cumsum(tolls.cents)])
        first, last = (np.searchsorted(tolls.edge, edge, side=side) for side in ("left", "right"))
        whole = paid[last] - paid[first]
        here = np.searchsorted(tolls.edge + tolls.share / 2, edge + share / 2, side="right")
        passed = paid[np.clip(here, first, last)] - paid[first]
        up_to: Floats = share * (cost[edge] - whole) + passed
        return np.where(share >= 1, cost[edge], np.where(share <= 0, 0.0, up_to))

    @property
    def cheapest_cents_per_m(self) -> float:
        """A lower bound of what a metre along any edge costs, rounding included."""
        usable = (self.graph.edge_cost >= 0) & (self.length_m > 0)
        if not usable.any():
            return np.inf
        tolls = np.bincount(self.tolls.edge, self.tolls.cents, minlength=len(usable))
        cost = self.graph.edge_cost[usable] - tolls[usable] - 1.0
        return max(0.0, float((cost / self.length_m[usable]).min()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stops:
    """Places where ways begin or end: on an edge, or anywhere in the field.

    Parameters
    ----------
    xy_m : float64 (stops, 2)
    edge : int64 (stops,), ``IN_FIELD`` where the stop is not on an edge
    share : float64 (stops,), of the edge's length from its first node
    """

    xy_m: Floats
    edge: Integers
    share: Floats

    def __len__(self) -> int:
        return len(self.edge)


def build_streets(
    graph: CostGraph, offset: Integers, xy_m: Floats, *, tolls: Tolls = NO_TOLLS
) -> Streets:
    """Return streets with the lengths and boxes of their edges.

    Raises
    ------
    InputError
        If there is not one course of two vertices or more for each edge, all finite.
    """
    counts = np.diff(offset)
    if len(counts) != graph.edge_count or (len(counts) and (counts.min() < 2 or offset[0] != 0)):
        raise InputError(
            f"{len(counts)} courses for {graph.edge_count} edges; expected one of two vertices or "
            "more for each"
        )
    if not np.isfinite(xy_m).all():
        raise InputError("a vertex of an edge is no finite number; expected metres")
    box = np.zeros((0, 4))
    if len(counts):
        starts = offset[:-1]
        low, high = np.minimum.reduceat(xy_m, starts), np.maximum.reduceat(xy_m, starts)
        box = np.column_stack([low, high])
    return Streets(
        graph=graph,
        offset=np.asarray(offset, dtype=np.int64),
        xy_m=np.asarray(xy_m, dtype=np.float64),
        length_m=_lengths_m(offset, xy_m),
        box_m=box,
        tolls=tolls,
    )


def _lengths_m(offset: Integers, xy_m: Floats) -> Floats:
    if not len(xy_m):
        return np.zeros(0)
    step = np.append(np.hypot(*np.diff(xy_m, axis=0).T), 0.0)
    step[offset[1:] - 1] = 0.0
    length: Floats = np.add.reduceat(step, offset[:-1])
    return length


def field_stops(xy_m: Floats) -> Stops:
    """Return stops in the field.

    Raises
    ------
    InputError
        If a coordinate is no finite number.
    """
    count = len(xy_m)
    wrong = np.flatnonzero(~np.isfinite(xy_m).all(axis=1))
    if len(wrong):
        raise InputError(f"stop {wrong[0]} is at {xy_m[wrong[0]]}; expected finite metres")
    return Stops(
        xy_m=np.asarray(xy_m, dtype=np.float64).reshape(-1, 2),
        edge=np.full(count, IN_FIELD),
        share=np.zeros(count),
    )


def street_stops(streets: Streets, edge: Integers, share: Floats) -> Stops:
    """Return stops on edges.

    Raises
    ------
    InputError
        If an edge is not there or a share is not from 0 to 1.
    """
    edge, share = np.asarray(edge, dtype=np.int64), np.asarray(share, dtype=np.float64)
    wrong = (edge < 0) | (edge >= streets.graph.edge_count) | ~((share >= 0) & (share <= 1))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"stop {row} is at share {share[row]} of edge {edge[row]}; expected an edge from 0 to "
            f"{streets.graph.edge_count - 1} and a share from 0 to 1"
        )
    return Stops(xy_m=places_along(streets, edge, share), edge=edge, share=share)


def places_along(streets: Streets, edge: Integers, share: Floats) -> Floats:
    """Return the places at shares of edges, float64 (places, 2)."""
    xy, offset = streets.xy_m, streets.offset
    step = np.hypot(*np.diff(xy, axis=0).T) if len(xy) else np.zeros(0)
    step[offset[1:-1] - 1] = 0.0
    along = np.concatenate([[0.0], np.cumsum(step)])
    wanted = along[offset[edge]] + share * streets.length_m[edge]
    row = np.searchsorted(along, wanted, side="right") - 1
    row = np.clip(row, offset[edge], offset[edge + 1] - 2)
    length = along[row + 1] - along[row]
    part = np.divide(wanted - along[row], length, out=np.zeros(len(row)), where=length > 0)
    place: Floats = xy[row] + part.clip(0.0, 1.0)[:, None] * (xy[row + 1] - xy[row])
    return place


def course_part(streets: Streets, edge: int, share_from: float, share_to: float) -> Floats:
    """Return the vertices of a part of an edge, float64 (vertices, 2), in the direction asked."""
    if share_from > share_to:
        return course_part(streets, edge, share_to, share_from)[::-1]
    xy = streets.xy_m[streets.offset[edge] : streets.offset[edge + 1]]
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    start, end = share_from * along[-1], share_to * along[-1]
    ends = np.column_stack([np.interp([start, end], along, xy[:, axis]) for axis in (0, 1)])
    inner = xy[(along > start) & (along < end)]
    return np.vstack([ends[:1], inner, ends[1:]])


def join_stops(one: Stops, other: Stops) -> Stops:
    """Return the stops of both, one after the other."""
    return Stops(
        xy_m=np.vstack([one.xy_m, other.xy_m]),
        edge=np.concatenate([one.edge, other.edge]),
        share=np.concatenate([one.share, other.share]),
    )
