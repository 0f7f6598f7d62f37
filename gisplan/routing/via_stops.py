"""What a corrected route must pass, and what is answered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Self

import numpy as np

from gisplan.routing.places import Places, edges_as_places, nodes_as_places

if TYPE_CHECKING:
    from gisplan.model.grid import Flags, Floats, Integers
    from gisplan.routing.disjoint.result import Route, SharedParts


class Order(Enum):
    """Order in which stops are passed."""

    GIVEN = "given"
    BEST = "best"


class Hindrance(Enum):
    """What stands in the way of a route."""

    STOPS = "stops cannot be reached from the site"
    TARGETS = "no access point can be reached from the site"
    PARTS = "site, stops and access points lie in separate parts of the network"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stops(Places):
    """What a route must pass: a node, a place in mid-edge, or (``is_whole``) all of an edge."""

    is_whole: Flags

    @classmethod
    def at_nodes(cls, node: Integers) -> Self:
        """Return stops at nodes."""
        return cls(**nodes_as_places(node), is_whole=np.zeros(len(node), bool))

    @classmethod
    def along_edges(cls, edge: Integers) -> Self:
        """Return edges that are passed from end to end, in either direction."""
        count = len(edge)
        ends = edges_as_places(edge, np.full(count, 0.5), np.zeros((count, 2)))
        return cls(**ends, is_whole=np.ones(count, bool))

    @classmethod
    def on_edges(cls, edge: Integers, share: Floats, part_cost: Floats) -> Self:
        """Return places in the middle of edges; see ``Places``."""
        ends = edges_as_places(edge, share, part_cost)
        return cls(**ends, is_whole=np.zeros(len(edge), bool))


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstruction:
    """Why there is no route: what hinders it, and whether it is what must be avoided.

    ``stops`` are the rows of the stops that cannot be reached. ``by_avoiding`` tells that there
    is a route once nothing is avoided.
    """

    hindrance: Hindrance
    stops: Integers
    by_avoiding: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedRoute:
    """The cheapest route over all stops, or why there is none.

    Parameters
    ----------
    route
        ``None`` where there is none; then ``obstruction`` says why.
    order : int64 (stops,), rows of the stops as they are passed
    step_at : int64 (stops,), number of steps laid when the stop is passed, in that order
    repeated
        Parts laid more than once; ``length_m`` counts each lay after the first.
    """

    route: Route | None
    order: Integers
    step_at: Integers
    repeated: SharedParts
    obstruction: Obstruction | None
