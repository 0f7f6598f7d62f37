"""What a search for disjoint routes answers: routes, what they share, what binds, the proof."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gisplan.model.grid import Floats, Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A way from a start row to a target row, in order of laying.

    ``edge`` int (steps,); each step runs along its edge from share ``share_from`` to ``share_to``
    (0 and 1 at the edge's first and last node). ``cost_cents`` includes what beginning and ending
    cost.
    """

    start: int
    target: int
    edge: Integers
    share_from: Floats
    share_to: Floats
    cost_cents: int
    length_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedParts:
    """Parts of edges that several routes use: edge, shares at both ends, number of routes."""

    edge: Integers
    share_from: Floats
    share_to: Floats
    route_count: Integers
    length_m: float

    def __len__(self) -> int:
        return len(self.edge)


NOTHING_SHARED = SharedParts(
    edge=np.zeros(0, np.int64),
    share_from=np.zeros(0),
    share_to=np.zeros(0),
    route_count=np.zeros(0, np.int64),
    length_m=0.0,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What every further route would have to share: as many elements as there are routes.

    ``edges`` and ``nodes`` of the graph, ``targets`` (rows whose access point or group is taken)
    and ``exits`` separate the starts from all free access points.
    """

    edges: Integers
    nodes: Integers
    targets: Integers
    exits: Integers

    def __len__(self) -> int:
        return len(self.edges) + len(self.nodes) + len(self.targets) + len(self.exits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Value of the routes and of a dual solution: equal where the routes are the optimum.

    Shared metres come first (whole millimetres; a zero-length part counts as one), then shared
    nodes, then the cost, which includes the price of what is shared where it has one.
    """

    shared_mm: int
    shared_nodes: int
    cost_cents: int
    bound_shared_mm: int
    bound_shared_nodes: int
    bound_cost_cents: int

    @property
    def is_optimal(self) -> bool:
        """Whether no cheaper routes exist."""
        return (self.shared_mm, self.shared_nodes, self.cost_cents) == (
            self.bound_shared_mm,
            self.bound_shared_nodes,
            self.bound_cost_cents,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DisjointRoutes:
    """The cheapest routes that share nothing, or the least.

    Parameters
    ----------
    routes
        By cost; fewer than ``wanted`` where there are no more, and ``missing_cut`` says why.
    total_cents
        Sum of the routes' costs; what is shared is counted for each.
    disjoint_cut
        Why fewer than ``wanted`` disjoint routes exist; ``None`` if they do, or if nobody asked
        because shared trenches have a price.
    missing_cut
        Why there are fewer routes than wanted although trenches may be shared.
    """

    routes: tuple[Route, ...]
    wanted: int
    total_cents: int
    shared: SharedParts
    disjoint_cut: Cut | None
    missing_cut: Cut | None
    proof: Proof

    @property
    def is_disjoint(self) -> bool:
        """Whether all routes wanted were found and share nothing."""
        return len(self.routes) == self.wanted and len(self.shared) == 0

    def reason(self) -> str:
        """Say in a sentence what holds further or disjoint routes back; empty where nothing."""
        if self.missing_cut is not None:
            return _missing_reason(self.missing_cut, len(self.routes), self.wanted)
        if self.disjoint_cut is None or self.is_disjoint:
            return ""
        return (
            f"{_count(len(self.disjoint_cut), 'disjoint route')} at most, not {self.wanted}: all "
            f"run through {_elements(self.disjoint_cut)}"
        )


def _missing_reason(cut: Cut, found: int, wanted: int) -> str:
    if found == 0:
        return "no access point can be reached from the starts"
    if len(cut.edges) + len(cut.nodes) == 0 and len(cut.exits) == 0:
        return (
            f"{_count(found, 'route')} found, not {wanted}: all access points within reach belong "
            f"to {_count(len(cut.targets), 'access point or group')} that takes one route each"
        )
    return f"{_count(found, 'route')} found, not {wanted}: all run through {_elements(cut)}"


def _elements(cut: Cut) -> str:
    named = (
        ("edges", cut.edges),
        ("nodes", cut.nodes),
        ("target rows", cut.targets),
        ("exits", cut.exits),
    )
    return ", ".join(f"{name} {_listed(found)}" for name, found in named if len(found))


def _listed(numbers: Integers, most: int = 8) -> str:
    text = ", ".join(str(number) for number in numbers[:most].tolist())
    return text if len(numbers) <= most else f"{text} and {len(numbers) - most} more"


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
