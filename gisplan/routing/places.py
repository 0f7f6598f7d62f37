"""Where routes begin and end: at nodes, or at places in the middle of an edge."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Self, TypedDict, TypeVar

import numpy as np

from gisplan.errors import InputError
from gisplan.routing.cost_graph import FORBIDDEN
from gisplan.routing.places_kernel import (
    COST,
    EDGE,
    FINE,
    NODE,
    PART_COST,
    SHARE,
    first_wrong,
)

if TYPE_CHECKING:
    from gisplan.model.grid import Floats, Integers
    from gisplan.routing.cost_graph import CostGraph

LARGEST_END_COST = 1 << 50
ANY = -1
"""Number of an exit, or of a group, that holds nobody back."""


class PlaceColumns(TypedDict):
    """The columns of ``Places``."""

    node: Integers
    edge: Integers
    share: Floats
    part_cost: Floats
    cost_cents: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Places on a graph, all arrays of shape (places,).

    Parameters
    ----------
    node : int64, -1 where the place is in the middle of an edge
    edge : int64, -1 where the place is a node
    share : float64, 0 at the edge's first node to 1 at its last
    part_cost : float64 (places, 2), cost of the parts of the edge from its first node to the place
        and from the place to its last node, in whole cents; infinity where a part may not be used.
        Where both add up to less than the edge (rounding), the last part makes up for it.
    cost_cents : int64, cost of beginning or ending there: connector, equipment
    """

    node: Integers
    edge: Integers
    share: Floats
    part_cost: Floats
    cost_cents: Integers

    def __len__(self) -> int:
        return len(self.node)

    def columns(self) -> dict[str, Integers | Floats]:
        """Return all columns by name, those of the kind of place included."""
        return {column.name: getattr(self, column.name) for column in fields(self)}

    def followed_by(self, others: Self) -> Self:
        """Return these places and then others."""
        more = others.columns()
        joined = {name: np.concatenate([own, more[name]]) for name, own in self.columns().items()}
        return type(self)(**joined)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exits(Places):
    """Where a site is left.

    ``exit`` int64 (places,) numbers the exits of which each serves one route only, from several
    places if need be; ``ANY`` lets as many routes begin at the place as are wanted.
    """

    exit: Integers

    @classmethod
    def at_nodes(
        cls,
        node: Integers,
        cost_cents: Integers | None = None,
        exit_number: Integers | None = None,
    ) -> Self:
        """Return exits at nodes."""
        return cls(**nodes_as_places(node, cost_cents), exit=_or_full(exit_number, len(node)))

    @classmethod
    def on_edges(
        cls,
        edge: Integers,
        share: Floats,
        part_cost: Floats,
        *,
        cost_cents: Integers | None = None,
        exit_number: Integers | None = None,
    ) -> Self:
        """Return exits in the middle of edges; see ``Places``."""
        ends = edges_as_places(edge, share, part_cost, cost_cents)
        return cls(**ends, exit=_or_full(exit_number, len(edge)))


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPoints(Places):
    """Where routes may end.

    ``point`` int64 (places,) numbers the access points, each for one route only; several places
    may lead to one. ``group`` int64 (places,) numbers what supplies them and takes one route only
    (feeder, busbar section or substation, as the caller asks), ``ANY`` where nothing does.
    """

    point: Integers
    group: Integers

    @classmethod
    def at_nodes(
        cls,
        node: Integers,
        cost_cents: Integers | None = None,
        point: Integers | None = None,
        group: Integers | None = None,
    ) -> Self:
        """Return access points at nodes; each place is a point of its own unless told."""
        ends = nodes_as_places(node, cost_cents)
        own = np.arange(len(node)) if point is None else _or_full(point, len(node))
        return cls(**ends, point=own, group=_or_full(group, len(node)))

    @classmethod
    def on_edges(
        cls,
        edge: Integers,
        share: Floats,
        part_cost: Floats,
        *,
        cost_cents: Integers | None = None,
        point: Integers | None = None,
        group: Integers | None = None,
    ) -> Self:
        """Return access points in the middle of edges; see ``Places``."""
        ends = edges_as_places(edge, share, part_cost, cost_cents)
        own = np.arange(len(edge)) if point is None else _or_full(point, len(edge))
        return cls(**ends, point=own, group=_or_full(group, len(edge)))

    def unit(self) -> Integers:
        """Return, for each place, the number (from 0) of what takes one route only.

        Raises
        ------
        InputError
            If an access point belongs to two groups.
        """
        order = np.argsort(self.point, kind="stable")
        point, group = self.point[order], self.group[order]
        torn = np.flatnonzero((point[1:] == point[:-1]) & (group[1:] != group[:-1]))
        if len(torn):
            row = int(torn[0])
            raise InputError(
                f"access point {point[row]} belongs to groups {group[row]} and {group[row + 1]}; "
                "expected one group for each point"
            )
        key = np.where(self.group >= 0, 2 * self.group, 2 * self.point + 1)
        number: Integers = np.unique(key, return_inverse=True)[1].astype(np.int64)
        return number


def check_places(places: Places, graph: CostGraph, name: str) -> None:
    """Refuse places that the graph does not hold or that cost what nothing can.

    Raises
    ------
    InputError
        Naming the row, what was found and what was expected.
    """
    if len(places) == 0:
        raise InputError(f"no {name}; expected at least one")
    row, wrong = first_wrong(
        places.node,
        places.edge,
        places.share,
        places.part_cost,
        places.cost_cents,
        graph.node_count,
        graph.edge_count,
        LARGEST_END_COST,
    )
    if wrong == FINE:
        return
    found, expected = {
        NODE: (places.node, f"a node below {graph.node_count}"),
        EDGE: (places.edge, f"an edge from 0 to {graph.edge_count - 1}"),
        SHARE: (places.share, "a share from 0 to 1"),
        PART_COST: (places.part_cost, "a pair of costs of 0 or more, or infinity"),
        COST: (places.cost_cents, f"a cost from 0 to {LARGEST_END_COST} cents"),
    }[wrong]
    raise InputError(f"row {row} of the {name} has {found[row]}; expected {expected}")


def whole_part_costs(places: Places) -> Integers:
    """Return the costs of parts as whole cents, ``FORBIDDEN`` where infinite."""
    whole: Integers = np.full(places.part_cost.shape, FORBIDDEN, dtype=np.int64)
    is_open = places.part_cost < np.inf
    whole[is_open] = np.rint(places.part_cost[is_open])
    return whole


def nodes_as_places(node: Integers, cost_cents: Integers | None = None) -> PlaceColumns:
    """Return the columns of ``Places`` for nodes."""
    count = len(node)
    return {
        "node": np.asarray(node, np.int64),
        "edge": np.full(count, -1, np.int64),
        "share": np.zeros(count),
        "part_cost": np.zeros((count, 2)),
        "cost_cents": _or_full(cost_cents, count, 0),
    }


def edges_as_places(
    edge: Integers, share: Floats, part_cost: Floats, cost_cents: Integers | None = None
) -> PlaceColumns:
    """Return the columns of ``Places`` for places in the middle of edges."""
    count = len(edge)
    return {
        "node": np.full(count, -1, np.int64),
        "edge": np.asarray(edge, np.int64),
        "share": _of_shape("shares", np.asarray(share, np.float64), (count,)),
        "part_cost": _of_shape("costs of parts", np.asarray(part_cost, np.float64), (count, 2)),
        "cost_cents": _or_full(cost_cents, count, 0),
    }


def _or_full(number: Integers | None, count: int, fill: int = ANY) -> Integers:
    if number is None:
        return np.full(count, fill, np.int64)
    return _of_shape("numbers", np.asarray(number, np.int64), (count,))


Numbers = TypeVar("Numbers", "Integers", "Floats")


def _of_shape(name: str, values: Numbers, shape: tuple[int, ...]) -> Numbers:
    """Return values; kernels would read beyond an array that is too short."""
    if values.shape != shape:
        raise InputError(f"{name} of places have shape {values.shape}; expected {shape}")
    return values
