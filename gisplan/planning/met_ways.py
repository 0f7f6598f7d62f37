"""The ways by which a search met access points: the cheapest one to each, and shorter dearer ones.

What an access point costs depends on the length of its way: a long one drops too much voltage, or
needs joints. So the cheapest way is not always the best; which others may be is noted while the
search goes on, and looked for where it matters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from gisplan.planning.access import joined_meetings, meetings_at
from gisplan.routing.search import CorridorPath
from gisplan.routing.shorter import WayLimits, find_shorter_bent_ways, find_shorter_ways
from gisplan.routing.turns import BendSearch

if TYPE_CHECKING:
    from gisplan.model.grid import Floats, Integers
    from gisplan.planning.access import Meetings
    from gisplan.planning.candidates import Ground
    from gisplan.planning.variants import Variant
    from gisplan.routing.search import Search
    from gisplan.routing.shorter import ShorterWays
    from gisplan.routing.site import Connectors

ROUNDING_M = 1e-6


class MetWays(Protocol):
    """Ways to what was met with one cable."""

    @property
    def variant(self) -> Variant:
        """The cable."""

    def length_m(self, met: Meetings) -> Floats:
        """Return the length of the way to each meeting, connector included."""

    def least_m(self, met: Meetings) -> Floats:
        """Return what no other way to each meeting is shorter than."""

    def way(self, met: Meetings, row: int) -> tuple[CorridorPath, int]:
        """Return the way to a meeting, and the row of ``AccessEnds`` by which it ends, or -1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheapestWays:
    """The cheapest way to each meeting; ``connectors`` are those to corridors, then all others."""

    ground: Ground
    variant: Variant
    connectors: Connectors
    search: Search | BendSearch

    def length_m(self, met: Meetings) -> Floats:
        """Return the length of the way to each meeting, connector included."""
        edge_length_m = self.ground.corridors.edge_length_m
        at_node = met.node >= 0
        length = np.empty(len(met))
        length[at_node] = self.search.length_m(met.node[at_node], edge_length_m)
        length[~at_node] = self.connectors.length_m[-1 - met.node[~at_node]]
        at_place = np.flatnonzero(met.node >= self.search.graph.node_count)
        end = np.array([self.search.last_row(node) for node in met.node[at_place].tolist()], int)
        by_row, end = at_place[end >= 0], end[end >= 0]
        ends = self.ground.targets.ends
        share = ends.rows.node_share[end]
        length[by_row] += ends.length_m(self.ground.corridors, end, share)
        return length

    def least_m(self, met: Meetings) -> Floats:
        """Return the straight distance to each node; what was landed on has no other way."""
        least_m = self.length_m(met)
        at_node = np.flatnonzero(met.node >= 0)
        corridors, ends = self.ground.corridors, self.ground.targets.ends
        place = met.node[at_node] - self.search.graph.node_count
        first = ends.first_row[np.maximum(place, 0)] if ends.place_count else place
        end = np.where(place >= 0, first, -1)
        is_place = np.flatnonzero(end >= 0)
        node, beside_m = met.node[at_node], np.zeros(len(at_node))
        row = end[is_place]
        node[is_place] = ends.rows.node[row]
        beside_m[is_place] = ends.length_m(corridors, row, ends.rows.node_share[row])
        start = np.unique(self.connectors.start_xy_m, axis=0)
        node_m = np.column_stack([corridors.node_x_m[node], corridors.node_y_m[node]])
        away_m = np.hypot(*(node_m[:, None, :] - start[None, :, :]).transpose(2, 0, 1))
        straight_m = away_m.min(axis=1, initial=np.inf) - beside_m - ROUNDING_M
        least_m[at_node] = np.clip(straight_m, 0.0, least_m[at_node])
        return least_m

    def way(self, met: Meetings, row: int) -> tuple[CorridorPath, int]:
        """Return the way to a meeting; where it met a landing there are no edges."""
        node = int(met.node[row])
        if node < 0:
            nothing, cost = np.zeros(0, dtype=np.int64), int(met.cost_cents[row])
            path = CorridorPath(seed=-1 - node, first_node=-1, edges=nothing, cost_cents=cost)
            return path, -1
        path, place = self.search.path_to(node), node - self.search.graph.node_count
        if place < 0:
            return path, -1
        end = self.search.last_row(node)
        return path, end if end >= 0 else self._direct_end(place, path.seed)

    def _direct_end(self, place: int, landing: int) -> int:
        """Return the cheapest row that leads from a landing to a place on its own edge."""
        targets, share = self.ground.targets, self.connectors.share[landing]
        _, rows = targets.ends.on_edges(self.connectors.edge[[landing]])
        rows = rows[targets.ends.place[rows] == place]
        cost = targets.part_cents(self.variant, rows, np.full(len(rows), share))
        return int(rows[np.argmin(cost)])


@dataclass(frozen=True, slots=True, kw_only=True)
class DearerWays:
    """Ways that are shorter than all cheaper ones to the same access point.

    A meeting's ``node`` is the row of its way. ``direct_row`` tells for the last of the starts,
    which lead along one edge to an access point beside it, the row of ``AccessEnds``.
    """

    variant: Variant
    ways: ShorterWays
    direct_row: Integers

    def meetings(self, ground: Ground) -> Meetings:
        """Return what the ways lead to."""
        every = np.arange(len(self.ways))
        met = node_meetings(ground, self.variant, self.ways.target, every)
        way = met.cost_cents
        return replace(met, node=way, cost_cents=self.ways.cost_cents[way])

    def length_m(self, met: Meetings) -> Floats:
        """Return the length of the way to each meeting, connector included."""
        length: Floats = self.ways.length_m[met.node]
        return length

    def least_m(self, met: Meetings) -> Floats:
        """Return the same: what is shorter is among the ways."""
        return self.length_m(met)

    def way(self, met: Meetings, row: int) -> tuple[CorridorPath, int]:
        """Return the way to a meeting, and the row of ``AccessEnds`` by which it ends, or -1."""
        at = int(met.node[row])
        end, start = int(self.ways.last_row[at]), int(self.ways.start[at])
        before = len(self.ways.starts) - len(self.direct_row)
        if end < 0 and start >= before:
            end = int(self.direct_row[start - before])
        return self.ways.path(at), end


def node_meetings(
    ground: Ground, variant: Variant, nodes: Integers, cost_cents: Integers
) -> Meetings:
    """Return what can be met at nodes, and at the places beside stations among them."""
    count = len(ground.corridors.node_x_m)
    is_node = nodes < count
    at_nodes = meetings_at(
        ground.corridors, ground.access, variant.kinds, nodes[is_node], cost_cents[is_node]
    )
    if is_node.all():
        return at_nodes
    place = nodes[~is_node]
    first = ground.targets.ends.first_row[place - count]
    beside = ground.targets.ends.meetings(first, place, cost_cents[~is_node])
    return joined_meetings([at_nodes, beside])


def dearer_ways(
    ground: Ground,
    variant: Variant,
    search: Search | BendSearch,
    connectors: Connectors,
    limits: WayLimits,
) -> DearerWays:
    """Return the ways of a search that are shorter than all cheaper ones, within limits.

    ``connectors`` are those that the search began with.
    """
    corridors, ends = ground.corridors, ground.targets.ends
    every = np.arange(len(ends))
    row_length_m = ends.length_m(corridors, every, ends.rows.node_share)
    if isinstance(search, BendSearch):
        ways = find_shorter_bent_ways(search, corridors.edge_length_m, row_length_m, limits)
    else:
        ways = find_shorter_ways(
            search.graph,
            search.starts,
            search.targets,
            edge_length_m=corridors.edge_length_m,
            row_length_m=row_length_m,
            limits=limits,
        )
    _, direct_row = ends.on_edges(connectors.edge)
    return DearerWays(variant=variant, ways=ways, direct_row=direct_row)


@dataclass(slots=True, kw_only=True)
class Shorter:
    """What shorter ways than the cheapest ones may gain with one cable.

    Such ways matter below a cost: where the cheapest one is too long below ``too_long_cents``;
    where it needs joints that a shorter one may save, below ``jointed_cents`` and less than
    ``saved_cents`` above the cheapest.
    """

    too_long_cents: int = 0
    jointed_cents: int = 0
    saved_cents: int = 0

    def note_too_long(self, most_cents: Integers) -> None:
        """Note ways that are too long; a shorter one matters below ``most_cents``."""
        self.too_long_cents = max(self.too_long_cents, int(most_cents.max(initial=0)))

    def note_joints(
        self, cost_cents: Integers, most_cents: Integers, saved_cents: Integers
    ) -> None:
        """Note ways of which a shorter one may save joints; it matters below ``most_cents``."""
        below = np.minimum(most_cents, cost_cents + saved_cents)[saved_cents > 0]
        self.jointed_cents = max(self.jointed_cents, int(below.max(initial=0)))
        self.saved_cents = max(self.saved_cents, int(saved_cents.max(initial=0)))

    def limits(self, reach_m: float) -> list[WayLimits]:
        """Return the limits of the searches that are worth while, none where nothing is gained."""
        limits = []
        if self.too_long_cents:
            limits.append(WayLimits(reach_m=reach_m, bound_cents=self.too_long_cents))
        if self.jointed_cents:
            limits.append(
                WayLimits(
                    reach_m=reach_m, slack_cents=self.saved_cents, bound_cents=self.jointed_cents
                )
            )
        return limits
