"""Found routes to several sources as offers: each with its cable, a shared trench paid once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.planning.access import KINDS
from gisplan.planning.offers import Offer
from gisplan.planning.route import (
    EdgeParts,
    connector_stretch,
    ended,
    laid_out,
    merged_stretches,
    stretches_along,
)
from gisplan.planning.sources.question import cheapest_edges, edge_costs, on_edges

if TYPE_CHECKING:
    from gisplan.model.grid import Integers
    from gisplan.planning.candidates import Ground, Judge
    from gisplan.planning.route import Stretch
    from gisplan.planning.sources.ends import SourceEnds
    from gisplan.planning.sources.question import Found
    from gisplan.planning.variants import Variant
    from gisplan.routing.site import Connectors

PlacePart = tuple[int, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidSet:
    """A found set of routes with their cables; what is shared is paid by the first that uses it.

    ``refused`` (row of the ends, reason) are the access points that no cable serves over the route
    found; then there are no offers.
    """

    found: Found
    offers: tuple[Offer, ...]
    refused: tuple[tuple[int, str], ...]

    @property
    def total_cents(self) -> int:
        """What all of them cost together."""
        return sum(offer.cost_cents for offer in self.offers)

    @property
    def order(self) -> tuple[int, int, int]:
        """Most sources first, then the fewest shared metres, then the cost."""
        routes = self.found.routes
        return -len(routes.routes), routes.proof.shared_mm, self.total_cents


@dataclass(slots=True, kw_only=True)
class Layer:
    """Lays found routes with the cheapest cable that the judge lets pass at their true length."""

    ground: Ground
    landings: Connectors
    ends: SourceEnds
    judge: Judge
    _edge_of_place: dict[int, Integers] = field(default_factory=dict)

    def lay(self, found: Found) -> LaidSet:
        """Return a set of routes as offers, or the access points that no cable serves."""
        offers, refused = [], []
        paid: set[PlacePart] = set()
        for route in range(len(found.row)):
            offer, reason = self._cheapest(found, route, paid)
            if offer is None:
                refused.append((found.row[route], reason))
            else:
                offers.append(offer)
                paid |= self._place_parts(found, route)
        kept = () if refused else tuple(offers)
        return LaidSet(found=found, offers=kept, refused=tuple(refused))

    def _cheapest(self, found: Found, route: int, paid: set[PlacePart]) -> tuple[Offer | None, str]:
        """Return the cheapest offer of a route whose cable passes, or why none does."""
        row, reason = found.row[route], "no cable may lie all along the route"
        columns = np.flatnonzero(self.ends.passes[row]).tolist()
        offers = [self._offer(found, route, column, paid) for column in columns]
        known = [offer for offer in offers if offer is not None]
        meeting = self.ends.meetings.take(np.array([row]))
        for offer in sorted(known, key=lambda offer: offer.cost_cents):
            if offer.variant is None:
                continue
            verdict = self.judge.judge(meeting, offer.variant, np.array([offer.length_m]))
            if verdict.passes[0]:
                return offer, ""
            reason = f"{verdict.reason[0]} over {offer.length_m:.0f} m"
        return None, reason

    def _offer(self, found: Found, route: int, column: int, paid: set[PlacePart]) -> Offer | None:
        """Return a route laid with one cable, ``None`` where that may not lie all along it."""
        variant, meetings, row = self.ends.variants[column], self.ends.meetings, found.row[route]
        place, edge_of_place = self.ground.corridors.edge_place, self._edges(column)
        way = found.routes.routes[route]
        edge = edge_of_place[place[way.edge]]
        if (self.ground.priced(variant).edge_cost[edge] < 0).any():
            return None
        parts = EdgeParts(edge=edge, share_from=way.share_from, share_to=way.share_to)
        landings = on_edges(self.landings, edge_of_place, place)
        landing = found.landing[route]
        stretches = laid_out(self.ground.civil, variant, landings, landing, parts)
        if paid.intersection(_place_parts(place, parts)):
            stretches = self._paid_once(variant, landings, landing, parts, paid)
        join = int(self.ends.join[row])
        if join >= 0:
            joins = self.ground.targets.ends.joins.connectors
            stretches = ended(self.ground.civil, variant, stretches, joins, join)
        return Offer(
            kind=KINDS[int(meetings.kind[row])],
            line=int(meetings.line[row]),
            bus=int(meetings.bus[row]),
            offset_m=float(meetings.offset_m[row]),
            variant=variant,
            stretches=tuple(stretches),
            reason="",
        )

    def _paid_once(
        self,
        variant: Variant,
        landings: Connectors,
        landing: int,
        parts: EdgeParts,
        paid: set[PlacePart],
    ) -> list[Stretch]:
        """Return stretches of a way of which other routes have dug some parts already."""
        civil, place = self.ground.civil, self.ground.corridors.edge_place
        along = stretches_along(civil, variant, parts)
        once = [
            _in_dug_trench(stretch) if key in paid and stretch.is_dug else stretch
            for key, stretch in zip(_place_parts(place, parts), along, strict=True)
        ]
        first = connector_stretch(civil, variant, landings, landing)
        return merged_stretches([one for one in (first, *once) if one.length_m > 0])

    def _edges(self, column: int) -> Integers:
        """Return the edge of every place that a cable takes."""
        if column not in self._edge_of_place:
            cost = edge_costs(self.ground.priced(self.ends.variants[column]))
            place = self.ground.corridors.edge_place
            self._edge_of_place[column] = cheapest_edges(cost, place)
        return self._edge_of_place[column]

    def _place_parts(self, found: Found, route: int) -> set[PlacePart]:
        way = found.routes.routes[route]
        parts = EdgeParts(edge=way.edge, share_from=way.share_from, share_to=way.share_to)
        return set(_place_parts(self.ground.corridors.edge_place, parts))


def _in_dug_trench(stretch: Stretch) -> Stretch:
    """Return a stretch whose trench and crossings are paid for already: its cable remains."""
    return replace(stretch, civil_per_m=0.0, civil_cents=0, crossing_cents=0, is_shared=True)


def _place_parts(place: Integers, parts: EdgeParts) -> list[PlacePart]:
    """Return parts by place and shares, in whichever direction they run."""
    low = np.minimum(parts.share_from, parts.share_to).tolist()
    high = np.maximum(parts.share_from, parts.share_to).tolist()
    return list(zip(place[parts.edge].tolist(), low, high, strict=True))
