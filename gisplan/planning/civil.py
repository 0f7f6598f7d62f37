"""What a corridor costs a cable: civil works by surface and laying, cable, crossings.

An edge has one whole cost for one cable: its metres times civil works (times the factor of the
ground where it is dug) and cable, and a price for each crossing. Civil works do not depend on the
cable but for the ducts that it fills, so they are prepared once for a snapshot and a catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.model.grid import CorridorKind, Laying, Surface
from gisplan.planning.crossable import (
    NO_PRICE,
    PAVED,
    STREET,
    Crossed,
    build_crossable,
    crossing_code_of_kind,
    crossing_price_cents,
)

if TYPE_CHECKING:
    from gisplan.model.grid import Codes, CorridorSources, Flags, Floats, Grid, Integers
    from gisplan.network.snapshot import CorridorGraph
    from gisplan.planning.crossable import Crossable
    from gisplan.planning.variants import Variant
    from gisplan.routing.site import Connectors
    from gisplan.rules.catalogue import Catalogue

WORKS = (
    "direct_burial",
    "duct",
    "trough",
    "drilling",
    "overhead_span",
    "free_duct",
    "open_trench",
)
"""What is done along an edge; codes index this: the layings that are built, then what is there."""
TINY_M = 1e-9
DIRECT_BURIAL, OVERHEAD_SPAN, FREE_DUCT, OPEN_TRENCH = (
    np.uint8(WORKS.index(name))
    for name in ("direct_burial", "overhead_span", "free_duct", "open_trench")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CivilWorks:
    """Civil works of every edge of a corridor graph, whatever the cable.

    ``works`` (edges,) holds codes of ``WORKS``; ``per_m`` (edges,) is money a metre, factor of the
    ground included (in a free duct for each cable system), infinity where there is no price.
    ``free_ducts`` (edges,) is -1 where unknown. ``crossing_code`` (crossings,) holds codes of
    ``CROSSINGS``, ``crossing_cents`` what each costs. ``connector_per_m`` is money a metre of plain
    ground off the corridors, ``rough_per_m`` of rough ground; ``crossable`` is what lies there.
    """

    corridors: CorridorGraph
    works: Codes
    per_m: Floats
    free_ducts: Integers
    systems_per_duct: float
    crossing_code: Codes
    crossing_cents: Integers
    edge_crossing_cents: Integers
    connector_per_m: float
    rough_per_m: float
    crossable: Crossable


@dataclass(frozen=True, slots=True, kw_only=True)
class PartCosts:
    """Costs of parts of edges in whole cents, each of shape (parts,); infinity where forbidden."""

    civil_cents: Floats
    cable_cents: Floats
    crossing_cents: Floats

    @property
    def total_cents(self) -> Floats:
        """Sum of the three."""
        return self.civil_cents + self.cable_cents + self.crossing_cents


def build_civil_works(corridors: CorridorGraph, grid: Grid, catalogue: Catalogue) -> CivilWorks:
    """Price the civil works of every edge, and of what lies off the corridors."""
    works = _works(corridors)
    prices = np.array(
        [[catalogue.civil_cost_per_m(surface, name) for surface in Surface] for name in WORKS]
    )
    is_built = (works != FREE_DUCT) & (works != OPEN_TRENCH)
    in_soil = is_built & ~np.isin(corridors.edge_surface, PAVED)  # a street in a wood is no wood
    factor = np.where(in_soil, np.maximum(corridors.edge_cost_factor, 1.0), 1.0)
    crossing_code = _crossing_codes(corridors, catalogue.value("crossing.street_min_width_m"))
    crossing_cents = np.zeros(len(crossing_code), dtype=np.int64)
    is_priced = crossing_code != NO_PRICE
    crossing_cents[is_priced] = crossing_price_cents(catalogue)[crossing_code[is_priced]]
    return CivilWorks(
        corridors=corridors,
        works=works,
        per_m=prices[works, corridors.edge_surface] * factor,
        free_ducts=_free_ducts(corridors, grid.corridors),
        systems_per_duct=catalogue.value("duct.systems_per_duct"),
        crossing_code=crossing_code,
        crossing_cents=crossing_cents,
        edge_crossing_cents=_sum_by_edge(corridors, crossing_cents),
        connector_per_m=catalogue.civil_cost_per_m(Surface.VERGE),
        rough_per_m=catalogue.civil_cost_per_m(Surface.OPEN_GROUND),
        crossable=build_crossable(grid, corridors, catalogue),
    )


def edge_costs_cents(civil: CivilWorks, variant: Variant) -> Floats:
    """Return the cost of every edge for one cable: whole cents, infinity where it may not lie."""
    length_m = civil.corridors.edge_length_m
    price = _per_m(civil, variant, slice(None)) + variant.cable_per_m
    cost: Floats = np.floor(length_m * price * 100 + 0.5) + civil.edge_crossing_cents
    return cost


def part_cost_cents(
    civil: CivilWorks,
    variant: Variant,
    edge: Integers,
    share_from: Floats,
    share_to: Floats,
) -> Floats:
    """Return the cost of parts of edges, as ``part_costs`` splits it."""
    return part_costs(civil, variant, edge, share_from, share_to).total_cents


def part_costs(
    civil: CivilWorks,
    variant: Variant,
    edge: Integers,
    share_from: Floats,
    share_to: Floats,
) -> PartCosts:
    """Return civil works, cable and crossings of parts of edges, of shape (parts,).

    Shares run from 0 at an edge's first node to 1 at its last, in any order. A crossing counts
    where it lies in the part, its ends included.
    """
    low, high = np.minimum(share_from, share_to), np.maximum(share_from, share_to)
    length_m = civil.corridors.edge_length_m[edge] * (high - low)
    return _split(
        length_m,
        civil_per_m(civil, variant, edge),
        variant.cable_per_m,
        _part_crossings(civil, edge, low, high),
    )


def connector_costs(civil: CivilWorks, variant: Variant, connectors: Connectors) -> PartCosts:
    """Return the cost of straight connectors from a site to a corridor, what they cross included.

    They are trenches in verge on the first metres from the site, its own ground; beyond, and in an
    area of known rough ground, they are trenches in open ground, whose price holds a wayleave.
    """
    return _split(
        connectors.length_m,
        connector_civil_per_m(civil, connectors),
        variant.cable_per_m,
        connectors.met.cents(civil.crossable.between.lines.cents).astype(np.float64),
    )


def connector_civil_per_m(civil: CivilWorks, connectors: Connectors) -> Floats:
    """Return money a metre of connectors without the cable, weighted by the ground under them."""
    length_m = np.maximum(connectors.length_m, TINY_M)
    rough = connectors.met.rough_m / length_m
    added = connectors.met.added_m / length_m
    plain = civil.connector_per_m
    per_m: Floats = plain + rough * (civil.rough_per_m - plain) + added * civil.rough_per_m
    return per_m


def connector_crossed(civil: CivilWorks, connectors: Connectors, row: int) -> Crossed:
    """Return what one of several connectors crosses."""
    return civil.crossable.what.take(connectors.met.crossed(row))


def civil_per_m(civil: CivilWorks, variant: Variant, edge: Integers) -> Floats:
    """Return money a metre of edges without the cable, infinity where it may not lie.

    A cable hangs on no pole and an overhead conductor lies in no trench. Each duct takes as many
    systems as the catalogue says; where fewer are known to be free, the edge is full.
    """
    return _per_m(civil, variant, edge)


def _per_m(civil: CivilWorks, variant: Variant, rows: Integers | slice) -> Floats:
    works, free_ducts, price = civil.works[rows], civil.free_ducts[rows], civil.per_m[rows]
    in_duct = works == FREE_DUCT
    ducts = np.ceil(variant.system_count / civil.systems_per_duct)
    is_full = in_duct & (free_ducts >= 0) & (free_ducts < ducts)
    is_open = ((works == OVERHEAD_SPAN) == variant.is_overhead) & ~is_full
    price = np.where(in_duct, price * variant.system_count, price)
    per_m: Floats = np.where(is_open, price, np.inf)
    return per_m


def _split(length_m: Floats, per_m: Floats, cable_per_m: float, crossings: Floats) -> PartCosts:
    """Round the sum of works and cable once, so that parts add up to what the search paid."""
    cable = np.floor(length_m * cable_per_m * 100 + 0.5)
    both = np.full(len(length_m), np.inf)
    priced = np.isfinite(per_m)
    both[priced] = np.floor(length_m[priced] * (per_m[priced] + cable_per_m) * 100 + 0.5)
    return PartCosts(civil_cents=both - cable, cable_cents=cable, crossing_cents=crossings)


def _works(corridors: CorridorGraph) -> Codes:
    """Return what is done along every edge; an unknown laying is priced as direct burial."""
    by_laying = np.array(
        [DIRECT_BURIAL, *(WORKS.index(laying.name.lower()) for laying in list(Laying)[1:])],
        dtype=np.uint8,
    )
    works = by_laying[corridors.edge_laying]
    works[corridors.edge_kind == CorridorKind.TRENCH] = OPEN_TRENCH
    works[corridors.edge_kind == CorridorKind.DUCT_BANK] = FREE_DUCT
    works[corridors.edge_kind == CorridorKind.OVERHEAD] = OVERHEAD_SPAN
    return works


def _free_ducts(corridors: CorridorGraph, sources: CorridorSources) -> Integers:
    row = corridors.edge_corridor_row
    ducts = np.full(len(row), -1, dtype=np.int64)
    ducts[row >= 0] = sources.free_ducts[row[row >= 0]]
    return ducts


def _crossing_codes(corridors: CorridorGraph, street_min_m: float) -> Codes:
    """Return what is crossed: a street that only a link knows of must be as wide as one."""
    found = crossing_code_of_kind()[corridors.crossing_kind]
    is_link = corridors.crossing_barrier < 0
    is_street = corridors.edge_length_m[crossing_edges(corridors)] >= street_min_m
    found[is_link] = np.where(is_street[is_link], STREET, NO_PRICE)
    return found


def crossing_edges(corridors: CorridorGraph) -> Integers:
    """Return the edge of every crossing, shape (crossings,)."""
    counts = np.diff(corridors.edge_crossing_offset)
    edge: Integers = np.repeat(np.arange(len(counts)), counts)
    return edge


def parts_crossed(
    civil: CivilWorks, edge: Integers, share_from: Floats, share_to: Floats
) -> Crossed:
    """Return what parts of edges cross at a price, in the order of the parts."""
    low, high = np.minimum(share_from, share_to), np.maximum(share_from, share_to)
    _, crossing = crossings_in(civil.corridors, edge, low, high)
    crossing = crossing[civil.crossing_code[crossing] != NO_PRICE]
    return Crossed(
        code=civil.crossing_code[crossing],
        barrier=civil.corridors.crossing_barrier[crossing],
        edge=np.full(len(crossing), -1, dtype=np.int64),
    )


def _sum_by_edge(corridors: CorridorGraph, cents: Integers) -> Integers:
    before = np.concatenate([[0], np.cumsum(cents)]).astype(np.int64)
    total: Integers = np.diff(before[corridors.edge_crossing_offset])
    return total


def crossings_in(
    corridors: CorridorGraph, edge: Integers, low: Floats, high: Floats
) -> tuple[Integers, Integers]:
    """Return the crossings within parts of edges, as pairs of part and crossing (in its order)."""
    first = corridors.edge_crossing_offset[edge]
    count = corridors.edge_crossing_offset[np.asarray(edge) + 1] - first
    part = np.repeat(np.arange(len(count)), count)
    step = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    crossing = first[part] + step
    share = corridors.crossing_share[crossing]
    inside: Flags = (low[part] <= share) & (share <= high[part])
    return part[inside], crossing[inside]


def _part_crossings(civil: CivilWorks, edge: Integers, low: Floats, high: Floats) -> Floats:
    part, crossing = crossings_in(civil.corridors, edge, low, high)
    cents = np.bincount(part, weights=civil.crossing_cents[crossing], minlength=len(low))
    return cents.astype(np.float64)
