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
from gisplan.planning.access import KINDS, LEVEL_KINDS, kinds_by_role
from gisplan.planning.bends import bend_price_cents

if TYPE_CHECKING:
    from gisplan.model.grid import Codes, Flags, Floats, Integers, Lines
    from gisplan.model.option import AccessKind
    from gisplan.rules.catalogue import Catalogue, ConductorType

LOOP_IN_LEGS = 2
DRUM_RULES = {"lv": "cable.drum_length_m.lv", "mv": "cable.drum_length_m.mv"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One cable for some kinds of access point.

    ``leg_count`` is 2 for a loop-in, whose legs share one trench. ``rated_current_a`` is what one
    system may carry beside the others in the trench, ``withstand_ka`` the short-circuit current
    that it withstands. ``equipment_cents`` and ``end_cents``, for terminating the cable, stand by
    index into ``KINDS``. ``spare_length_ratio`` is cable beyond the length of its way. A corner
    from ``bend_min_deg`` on is a bend, ``bend_cents`` its price: 0 where bends have none, and for
    overhead lines, whose corners are poles.
    """

    kinds: tuple[AccessKind, ...]
    role: str
    voltage_level: str
    conductor: ConductorType
    parallel_count: int
    leg_count: int
    rated_current_a: float
    withstand_ka: float
    equipment_cents: Integers
    end_cents: Integers
    spare_length_ratio: float
    drum_length_m: float
    joint_cents: int
    bend_min_deg: float
    bend_cents: int

    @property
    def system_count(self) -> int:
        """Cable systems side by side in the trench."""
        return self.parallel_count * self.leg_count

    @property
    def is_overhead(self) -> bool:
        """Tell whether it hangs on poles."""
        return self.conductor.installation == "overhead"

    @property
    def cable_per_m(self) -> float:
        """Money for the cables alone, a metre of trench."""
        return self.conductor.cost_per_m * self.system_count * (1 + self.spare_length_ratio)

    @property
    def least_equipment_cents(self) -> int:
        """Cheapest equipment with its cable ends among the kinds of this variant."""
        codes = [KINDS.index(kind) for kind in self.kinds]
        return int((self.equipment_cents[codes] + self.end_cents[codes]).min())

    def joint_count(self, length_m: Floats) -> Integers:
        """Return the straight joints of all systems on ways of these lengths, shape (ways,).

        A drum holds so much cable and no more; the tolerance keeps a way of a whole number of
        drums free of rounding.
        """
        drums = np.ceil(length_m * (1 + self.spare_length_ratio) / self.drum_length_m - 1e-9)
        joints: Integers = np.maximum(drums - 1, 0).astype(np.int64) * self.system_count
        return joints

    def beside_route_cents(self, kind: Codes, length_m: Floats) -> Integers:
        """Return what connections cost beside their routes: equipment, cable ends, joints.

        ``kind`` (connections,) indexes ``KINDS``. Never below ``least_equipment_cents``, so that a
        search may stop by that.
        """
        ends: Integers = self.equipment_cents[kind] + self.end_cents[kind]
        cents: Integers = ends + self.joint_count(length_m) * self.joint_cents
        return cents


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
        variant_of(catalogue, kinds, role, conductor, parallel_count)
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


def variant_of(
    catalogue: Catalogue,
    kinds: tuple[AccessKind, ...],
    role: str,
    conductor: ConductorType,
    parallel_count: int,
) -> Variant:
    """Return a conductor for some kinds of access point, priced by the catalogue."""
    legs = LOOP_IN_LEGS if role == "trunk" else 1
    level, systems = conductor.voltage_level, parallel_count * legs
    spare = catalogue.value("cable.spare_length_ratio")
    end_cents = round(catalogue.accessory("termination", level).cost * 100)
    equipment_cents = np.zeros(len(KINDS), dtype=np.int64)
    all_ends_cents = np.zeros(len(KINDS), dtype=np.int64)
    for kind in kinds:
        equipment, row = catalogue.equipment(kind, level), KINDS.index(kind)
        equipment_cents[row] = round(equipment.cost * 100)
        all_ends_cents[row] = equipment.terminations_per_cable * systems * end_cents
    return Variant(
        kinds=kinds,
        role=role,
        voltage_level=level,
        conductor=conductor,
        parallel_count=parallel_count,
        leg_count=legs,
        rated_current_a=derated_current_a(catalogue, conductor, system_count=systems),
        withstand_ka=withstand_ka(catalogue, conductor),
        equipment_cents=equipment_cents,
        end_cents=all_ends_cents,
        spare_length_ratio=spare,
        drum_length_m=catalogue.value(DRUM_RULES[level]),
        joint_cents=round(catalogue.accessory("joint", level).cost * 100),
        bend_min_deg=catalogue.value("civil.bend_min_deg"),
        bend_cents=0 if conductor.installation == "overhead" else bend_price_cents(catalogue),
    )
