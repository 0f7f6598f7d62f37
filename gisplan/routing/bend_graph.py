"""A street graph as one of states, an edge and the direction in which it is run, with bends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.errors import InputError
from gisplan.routing.cost_graph import CostGraph, bucket_shift, whole_costs
from gisplan.routing.turn_kernel import lay_steps

if TYPE_CHECKING:
    from gisplan.model.grid import Floats, Integers
    from gisplan.routing.street_heap_kernel import Int32s


@dataclass(frozen=True, slots=True, kw_only=True)
class BendPrices:
    """Price of a bend by its angle: of several classes the last whose angle is reached.

    Parameters
    ----------
    over_deg : float64 (classes,), rising, 0 straight on to 180 back; below the first a bend is free
    cost_cents : int64 (classes,)
    """

    over_deg: Floats
    cost_cents: Integers

    def __post_init__(self) -> None:
        """Refuse classes that are none."""
        over, cost = np.asarray(self.over_deg), np.asarray(self.cost_cents)
        rising = bool(np.all(np.diff(over) > 0)) and bool(np.all((over >= 0) & (over <= 180)))
        if over.shape != cost.shape or not rising or np.any(cost < 0):
            raise InputError(
                f"bends over {over.tolist()} degrees cost {cost.tolist()}; expected rising angles "
                "from 0 to 180 and a cost of 0 or more for each"
            )

    def of(self, turn_deg: Floats) -> Integers:
        """Return the cost of bends; a turn that is not known (NaN) is none."""
        row = np.searchsorted(self.over_deg, np.nan_to_num(turn_deg, nan=-1.0), side="right")
        cost: Integers = np.concatenate([[0], self.cost_cents]).astype(np.int64)[row]
        return cost


@dataclass(frozen=True, slots=True, kw_only=True)
class BendGraph:
    """A street graph with bends: its states, and the steps between them as a one-way graph.

    State ``2 * edge`` runs an edge forward, ``2 * edge + 1`` backward; ``leave_deg`` and
    ``arrive_deg`` (states,) are its headings where it begins and where it ends.
    """

    graph: CostGraph
    steps: CostGraph
    leave_deg: Floats
    arrive_deg: Floats
    prices: BendPrices


def straight_headings_deg(graph: CostGraph, x_m: Floats, y_m: Floats) -> tuple[Floats, Floats]:
    """Return the heading of straight edges at their first and last node, each (edges,)."""
    east = np.asarray(x_m)[graph.edge_to] - np.asarray(x_m)[graph.edge_from]
    north = np.asarray(y_m)[graph.edge_to] - np.asarray(y_m)[graph.edge_from]
    heading: Floats = np.degrees(np.arctan2(north, east))
    return heading, heading


def turn_deg(from_deg: Floats, to_deg: Floats) -> Floats:
    """Return the angles between headings: 0 straight on, 180 straight back, NaN where unknown."""
    turn: Floats = np.abs((np.asarray(to_deg) - np.asarray(from_deg) + 540) % 360 - 180)
    return turn


def build_bend_graph(
    graph: CostGraph, first_deg: Floats, last_deg: Floats, prices: BendPrices
) -> BendGraph:
    """Return a graph whose ways pay for their bends.

    Parameters
    ----------
    first_deg, last_deg : float64 (edges,)
        Heading of each edge where it leaves its first node and where it arrives at its last.

    Raises
    ------
    InputError
        If there is not one finite heading for each edge, or a bend and an edge cost too much.
    """
    ends = np.column_stack([first_deg, last_deg]).astype(np.float64)
    if ends.shape != (graph.edge_count, 2) or not np.isfinite(ends).all():
        raise InputError(
            f"headings have shape {ends.shape} or are not finite; expected two numbers in degrees "
            f"for each of {graph.edge_count} edges"
        )
    leave_deg = np.column_stack([ends[:, 0], ends[:, 1] + 180]).reshape(-1)
    arrive_deg = np.column_stack([ends[:, 1], ends[:, 0] + 180]).reshape(-1)
    tail, head, cost = lay_steps(
        graph.arcs,
        graph.edge_from,
        graph.edge_to,
        graph.edge_cost,
        leave_deg,
        arrive_deg,
        np.asarray(prices.over_deg, np.float64),
        np.asarray(prices.cost_cents, np.int64),
    )
    return BendGraph(
        graph=graph,
        steps=_one_way_graph(tail, head, whole_costs(cost, len(tail)), graph),
        leave_deg=leave_deg,
        arrive_deg=arrive_deg,
        prices=prices,
    )


def _one_way_graph(tail: Int32s, head: Int32s, cost: Int32s, graph: CostGraph) -> CostGraph:
    offset = np.searchsorted(tail, np.arange(2 * graph.edge_count + 1)).astype(np.int32)
    return CostGraph(
        arc_offset=offset,
        arc=np.column_stack([head, cost]),
        arc_edge=np.arange(len(tail), dtype=np.int32),
        edge_from=tail,
        edge_to=head,
        edge_cost=cost,
        bucket_shift=bucket_shift(cost),
    )
