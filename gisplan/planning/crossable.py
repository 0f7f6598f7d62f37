"""What connectors cross at a price: barriers, and streets that nobody calls a barrier.

A connector leads straight to its landing, past whatever lies between. A paved corridor is a street;
near a road that is given the road stands for it. Where an end of the connector reaches a line (a
road's axis that corridors run along, a street no narrower than its least width) it stays on its
side, as on the corridors (``network.crossings``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.model.grid import BarrierKind, CorridorKind, Surface
from gisplan.network.strands import (
    LINKS,
    TOUCH_M,
    CorridorSettings,
    area_shapes,
    cut_out,
    line_shapes,
    opened_factors,
)
from gisplan.routing.landings import Between, build_areas, build_crossed_lines

if TYPE_CHECKING:
    from gisplan.model.grid import Barriers, Codes, Grid, Integers
    from gisplan.network.snapshot import CorridorGraph
    from gisplan.network.strands import Geometries
    from gisplan.rules.catalogue import Catalogue

CROSSINGS = ("street", "road", "rail", "water")
"""What is crossed at a price of its own; codes index this, ``NO_PRICE`` stands for the others."""
NO_PRICE = 255
STREET = np.uint8(CROSSINGS.index("street"))
_CROSSING_OF_BARRIER = {
    BarrierKind.ROAD: "road",
    BarrierKind.RAIL: "rail",
    BarrierKind.WATER: "water",
}
PAVED = (Surface.ASPHALT, Surface.PAVING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossed:
    """What is crossed, shape (crossings,), in the order of a way.

    ``code`` holds codes of ``CROSSINGS``; ``barrier`` is a row of the barriers, or -1 for a street,
    whose ``edge`` is given where a connector crosses it and is -1 elsewhere.
    """

    code: Codes
    barrier: Integers
    edge: Integers

    def __len__(self) -> int:
        return len(self.code)

    def take(self, rows: Integers) -> Crossed:
        """Return some of them."""
        return Crossed(code=self.code[rows], barrier=self.barrier[rows], edge=self.edge[rows])

    def followed_by(self, other: Crossed) -> Crossed:
        """Return these and then others."""
        return Crossed(
            code=np.concatenate([self.code, other.code]),
            barrier=np.concatenate([self.barrier, other.barrier]),
            edge=np.concatenate([self.edge, other.edge]),
        )


NOTHING_CROSSED = Crossed(
    code=np.zeros(0, dtype=np.uint8),
    barrier=np.zeros(0, dtype=np.int64),
    edge=np.zeros(0, dtype=np.int64),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossable:
    """Lines that connectors cross at a price, and rough ground between; ``what`` is by line."""

    what: Crossed
    between: Between


def crossing_code_of_kind() -> Codes:
    """Return the code of every kind of barrier, ``NO_PRICE`` where crossing it costs nothing."""
    codes = np.full(len(BarrierKind), NO_PRICE, dtype=np.uint8)
    for kind, name in _CROSSING_OF_BARRIER.items():
        codes[kind] = CROSSINGS.index(name)
    return codes


def crossing_price_cents(catalogue: Catalogue) -> Integers:
    """Return the price of every code of ``CROSSINGS``."""
    return np.array([round(catalogue.crossing(kind).cost * 100) for kind in CROSSINGS])


def build_crossable(grid: Grid, corridors: CorridorGraph, catalogue: Catalogue) -> Crossable:
    """Collect what connectors of a grid cross at a price, and its rough ground."""
    settings = CorridorSettings()
    code = crossing_code_of_kind()[grid.barriers.kind]
    priced = np.flatnonzero(code != NO_PRICE)
    barriers = line_shapes(grid.barriers.shape)[priced]
    is_road = grid.barriers.kind[priced] == BarrierKind.ROAD
    streets, edge = _streets(corridors, barriers[is_road], settings.road_given_m)
    what = Crossed(
        code=np.append(code[priced], np.full(len(edge), STREET)).astype(np.uint8),
        barrier=np.append(priced, np.full(len(edge), -1)).astype(np.int64),
        edge=np.append(np.full(len(priced), -1), edge).astype(np.int64),
    )
    count, own = len(edge), np.ones(len(priced))
    width_m = catalogue.value("crossing.street_min_width_m")
    lines = build_crossed_lines(
        np.concatenate([barriers, streets]),
        group=np.append(barrier_groups(grid.barriers, priced), np.full(count, -1)),
        same_m=np.append(own * settings.same_crossing_m, np.full(count, settings.same_street_m)),
        reach_m=np.append(
            np.where(is_road, settings.within_road_m, TOUCH_M), np.full(count, width_m)
        ),
        cents=crossing_price_cents(catalogue)[what.code],
    )
    factor = opened_factors(grid.obstacles)
    rough = np.flatnonzero(np.isfinite(factor) & (factor > 1))
    return Crossable(
        what=what,
        between=Between(
            lines=lines,
            rough=build_areas(
                area_shapes(grid.obstacles.shape, rough), np.ones(len(rough), dtype=bool)
            ),
            factor=factor[rough].astype(np.float64),
            own_ground_m=catalogue.value("route.own_ground_m"),
            plain_cents=catalogue.civil_cost_per_m(Surface.VERGE) * 100,
            rough_cents=catalogue.civil_cost_per_m(Surface.OPEN_GROUND) * 100,
        ),
    )


def barrier_groups(barriers: Barriers, rows: Integers) -> Integers:
    """Number barriers by kind and owner: those of one group that lie together are crossed once."""
    owner = np.unique(barriers.owner, return_inverse=True)[1].reshape(-1)[rows]
    group: Integers = owner * len(BarrierKind) + barriers.kind[rows].astype(np.int64)
    return group


def _streets(
    corridors: CorridorGraph, roads: Geometries, given_m: float
) -> tuple[Geometries, Integers]:
    """Return the paved corridors but for what lies near a given road, and the edge of each."""
    is_link = np.isin(corridors.corridor_id, LINKS)[corridors.edge_corridor]
    is_street = (corridors.edge_kind == CorridorKind.STREET) & ~is_link
    edge = np.flatnonzero(is_street & np.isin(corridors.edge_surface, PAVED))
    parts, owner = cut_out(
        line_shapes(corridors.shape)[edge], np.asarray(shapely.buffer(roads, given_m), dtype=object)
    )
    return parts, edge[owner]
