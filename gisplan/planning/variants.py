"""Cables that a new connection may be made with: each is priced and searched for itself.

Costs are not additive over sections, because the section depends on length and voltage drop. So
every admissible cable is searched with its own price a metre, and an access point takes the
cheapest cable that works there; the cheapest admissible cable bounds all others from below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.model.grid import CorridorKind, Surface
from gisplan.planning.access import KINDS, LEVEL_KINDS, kinds_by_role
from gisplan.units import three_phase_current_a

if TYPE_CHECKING:
    from gisplan.model.grid import Codes, Floats, Integers
    from gisplan.model.option import AccessKind
    from gisplan.network.snapshot import CorridorGraph
    from gisplan.rules.catalogue import Catalogue, ConductorType

SURFACES = len(Surface)
LOOP_IN_LEGS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One cable for some kinds of access point.

    ``leg_count`` is 2 for a loop-in, whose legs share one trench. ``price_per_m`` is money a metre
    by edge class (corridor kind x surface); ``equipment_cents`` by index into ``KINDS``.
    """

    kinds: tuple[AccessKind, ...]
    role: str
    voltage_level: str
    conductor: ConductorType
    parallel_count: int
    leg_count: int
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

    It carries it at the lowest voltage that is allowed, within the allowed loading of a line, so
    that no power flow finds the new cable overloaded and a larger one would have been better. A
    single-phase demand draws three times the current of a balanced one.
    """
    lowest_v = nominal_voltage_v * catalogue.value(f"voltage.{voltage_level}_min_pu")
    current_a = three_phase_current_a(
        apparent_power_kva=demand_kva * 3 / phase_count, nominal_voltage_v=lowest_v
    )
    needed_a = current_a / catalogue.value("loading.line_max")
    variants = [
        _variant(catalogue, kinds, role, conductor, parallel_count)
        for role, kinds in kinds_by_role().items()
        if set(kinds) <= set(LEVEL_KINDS[voltage_level])
        for conductor in catalogue.conductors(voltage_level, role)
        for parallel_count in range(1, conductor.max_parallel_count + 1)
        if conductor.rated_current_a * parallel_count >= needed_a
    ]
    return tuple(sorted(variants, key=_order))


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
