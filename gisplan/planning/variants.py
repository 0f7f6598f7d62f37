"""Cables that a new connection may be made with: each is priced and searched for itself.

Costs are not additive over sections, because the section depends on length and voltage drop. So
every admissible cable is searched with its own price a metre, and an access point takes the
cheapest cable that works there; the cheapest admissible cable bounds all others from below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.sizing.derating import derated_current_a
from gisplan.electrical.sizing.sizing import design_current_a
from gisplan.electrical.sizing.withstand import withstand_ka
from gisplan.model.grid import CorridorKind, Surface
from gisplan.planning.access import KINDS, LEVEL_KINDS, kinds_by_role

if TYPE_CHECKING:
    from gisplan.model.grid import Codes, Flags, Floats, Integers, Lines
    from gisplan.model.option import AccessKind
    from gisplan.network.snapshot import CorridorGraph
    from gisplan.rules.catalogue import Catalogue, ConductorType

SURFACES = len(Surface)
LOOP_IN_LEGS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One cable for some kinds of access point.

    ``leg_count`` is 2 for a loop-in, whose legs share one trench. ``rated_current_a`` is what one
    system may carry beside the others in the trench, ``withstand_ka`` the short-circuit current
    that it withstands. ``price_per_m`` is money a metre by edge class (corridor kind x surface);
    ``equipment_cents`` by index into ``KINDS``.
    """

    kinds: tuple[AccessKind, ...]
    role: str
    voltage_level: str
    conductor: ConductorType
    parallel_count: int
    leg_count: int
    rated_current_a: float
    withstand_ka: float
    price_per_m: Floats
    connector_price_per_m: float
    equipment_cents: Integers

    @property
    def cable_per_m(self) -> float:
        """Money for the cables alone, a metre of trench."""
        return self.conductor.cost_per_m * self.parallel_count * self.leg_count

    @property
    def least_equipment_cents(self) -> int:
        """Cheapest equipment among the kinds of this variant."""
        return int(min(self.equipment_cents[KINDS.index(kind)] for kind in self.kinds))


def edge_classes(corridors: CorridorGraph) -> Codes:
    """Return the price class of every corridor edge: corridor kind x surface."""
    classes: Codes = corridors.edge_kind * np.uint8(SURFACES) + corridors.edge_surface
    return classes


def build_variants(
    catalogue: Catalogue,
    *,
    voltage_level: str,
    nominal_voltage_v: float,
    demand_kva: float,
    phase_count: int = 3,
) -> tuple[Variant, ...]:
    """Return every cable of the level's roles that carries the demand, cheapest first.

    It carries it as it is laid, at the lowest voltage that is allowed, within the allowed loading
    of a line, so that no power flow finds the new cable overloaded and a larger one would have
    been better.
    """
    current_a = design_current_a(
        catalogue,
        voltage_level=voltage_level,
        nominal_voltage_v=nominal_voltage_v,
        demand_kva=demand_kva,
        phase_count=phase_count,
    )
    needed_a = current_a / catalogue.value("loading.line_max")
    candidates = [
        _variant(catalogue, kinds, role, conductor, parallel_count)
        for role, kinds in kinds_by_role().items()
        if set(kinds) <= set(LEVEL_KINDS[voltage_level])
        for conductor in catalogue.conductors(voltage_level, role)
        for parallel_count in range(1, conductor.max_parallel_count + 1)
    ]
    carrying = [one for one in candidates if one.rated_current_a * one.parallel_count >= needed_a]
    return tuple(sorted(carrying, key=_order))


def keeps_trunk_section(
    catalogue: Catalogue, lines: Lines, variant: Variant, line: Integers
) -> Flags:
    """Return whether a cable may be looped into lines: a ring keeps its trunk section.

    Other cables than those of a loop-in may go anywhere.
    """
    if variant.leg_count != LOOP_IN_LEGS:
        return np.ones(len(line), dtype=bool)
    kept_mm2 = trunk_sections_mm2(catalogue, lines, line, variant.voltage_level)
    keeps: Flags = variant.conductor.section_mm2 >= kept_mm2
    return keeps


def trunk_sections_mm2(
    catalogue: Catalogue, lines: Lines, line: Integers, voltage_level: str
) -> Floats:
    """Return the standard trunk section that a loop-in into each line takes, whatever the demand.

    That is the smallest one not below the line's own, which its conductor type tells, or where the
    catalogue does not know the type its rated current; the largest one where the line is beyond
    the standard set; zero where nothing is known of the line.
    """
    standard = catalogue.conductors(voltage_level, "trunk")
    own_mm2 = np.full(len(line), np.nan)
    for conductor in catalogue.conductor_types:
        names = (conductor.name, conductor.conductor_id)
        own_mm2[np.isin(lines.conductor_type[line], names)] = conductor.section_mm2
    rated_a = lines.rated_current_a[line]
    kept = np.where(np.isfinite(own_mm2) | np.isfinite(rated_a), standard[-1].section_mm2, 0.0)
    for conductor in reversed(standard):
        by_rating = np.isnan(own_mm2) & (conductor.rated_current_a >= rated_a)
        kept[(conductor.section_mm2 >= own_mm2) | by_rating] = conductor.section_mm2
    return kept


def _order(variant: Variant) -> tuple[float, str, int]:
    return variant.cable_per_m, variant.conductor.conductor_id, variant.parallel_count


def _variant(
    catalogue: Catalogue,
    kinds: tuple[AccessKind, ...],
    role: str,
    conductor: ConductorType,
    parallel_count: int,
) -> Variant:
    legs = LOOP_IN_LEGS if role == "trunk" else 1
    cable_per_m = conductor.cost_per_m * parallel_count * legs
    equipment_cents = np.zeros(len(KINDS), dtype=np.int64)
    for kind in kinds:
        cost = catalogue.equipment(kind, conductor.voltage_level).cost
        equipment_cents[KINDS.index(kind)] = round(cost * 100)
    return Variant(
        kinds=kinds,
        role=role,
        voltage_level=conductor.voltage_level,
        conductor=conductor,
        parallel_count=parallel_count,
        leg_count=legs,
        rated_current_a=derated_current_a(catalogue, conductor, system_count=parallel_count * legs),
        withstand_ka=withstand_ka(catalogue, conductor),
        price_per_m=civil_prices(catalogue) + cable_per_m,
        connector_price_per_m=catalogue.civil_cost_per_m(Surface.VERGE) + cable_per_m,
        equipment_cents=equipment_cents,
    )


def civil_prices(catalogue: Catalogue) -> Floats:
    """Return civil works a metre by edge class; an overhead right of way takes no cable."""
    prices = np.full((len(CorridorKind), SURFACES), np.inf)
    for kind in (CorridorKind.STREET, CorridorKind.OPEN_GROUND):
        prices[kind] = [catalogue.civil_cost_per_m(surface) for surface in Surface]
    # an open trench and a free duct need no digging; filling them is priced when their rules are
    prices[CorridorKind.TRENCH] = 0.0
    prices[CorridorKind.DUCT_BANK] = 0.0
    return prices.reshape(-1)
