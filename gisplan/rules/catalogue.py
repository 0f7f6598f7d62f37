"""The catalogue of one profile: what is allowed, what things cost, how demand coincides.

Numbers live in the files beside this module (``eu.toml``, ``cn.toml``, ``cables.csv``,
``conductor_materials.csv``, ``insulations.csv``, ``fuses.csv``, ``equipment.csv``,
``civil_works.csv``, ``crossings.csv``, ``accessories.csv``, ``coincidence.csv``,
``customers.csv``); a utility lays its own file over them.
"""

from __future__ import annotations

import datetime
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from gisplan.errors import CatalogueError, InputError
from gisplan.model.grid import Surface
from gisplan.rules.coincidence import share_of_equals
from gisplan.rules.contradictions import check_rows
from gisplan.rules.reading import FOLDER, Rows, load_rows
from gisplan.rules.types import (
    LEVELS,
    AccessoryPrice,
    CivilPrice,
    CoincidenceRow,
    ConductorMaterial,
    ConductorType,
    CrossingPrice,
    CustomerType,
    EquipmentType,
    FuseType,
    InsulationType,
    Rule,
)

__all__ = [
    "AccessoryPrice",
    "Catalogue",
    "CivilPrice",
    "CoincidenceRow",
    "ConductorMaterial",
    "ConductorType",
    "CrossingPrice",
    "CustomerType",
    "EquipmentType",
    "FuseType",
    "InsulationType",
    "Rule",
    "load_catalogue",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Rules, prices and factors of one profile on one day."""

    profile: str
    name: str
    currency: str
    fingerprint: str
    rules: Mapping[str, Rule]
    conductor_types: tuple[ConductorType, ...]
    materials: Mapping[str, ConductorMaterial]
    insulations: tuple[InsulationType, ...]
    fuses: tuple[FuseType, ...]
    equipment_types: Mapping[tuple[str, str], EquipmentType]
    civil_prices: Mapping[tuple[str, str], CivilPrice]
    crossing_prices: Mapping[str, CrossingPrice]
    accessory_prices: Mapping[tuple[str, str], AccessoryPrice]
    coincidence_rows: Mapping[tuple[str, str], CoincidenceRow]
    customer_types: Mapping[str, CustomerType]
    power_factors: Mapping[str, float]

    def rule(self, rule_id: str) -> Rule:
        """Return one rule, or raise ``CatalogueError`` where the profile has none of this id."""
        try:
            return self.rules[rule_id]
        except KeyError:
            raise self._missing(f"rule {rule_id}") from None

    def value(self, rule_id: str) -> float:
        """Return the number of one rule, in the rule's unit."""
        return self.rule(rule_id).value

    def conductors(self, voltage_level: str, role: str) -> tuple[ConductorType, ...]:
        """Return the standard set of a role, smallest section first."""
        found = tuple(
            conductor
            for conductor in self.conductor_types
            if conductor.voltage_level == voltage_level and role in conductor.roles
        )
        if not found:
            raise self._missing(f"conductor of level {voltage_level} and role {role}")
        return found

    def material(self, name: str) -> ConductorMaterial:
        """Return the material of a conductor."""
        try:
            return self.materials[name]
        except KeyError:
            raise self._missing(f"conductor material {name}") from None

    def insulation(self, name: str, section_mm2: float) -> InsulationType:
        """Return the temperatures of an insulation around a section."""
        for row in reversed(self.insulations):
            if row.insulation == name and row.section_above_mm2 < section_mm2:
                return row
        raise self._missing(f"insulation {name} for {section_mm2:g} mm2")

    def find_fuse(self, current_a: float) -> FuseType | None:
        """Return the smallest fuse rated for a current; ``None`` where all are smaller."""
        return next((fuse for fuse in self.fuses if fuse.rated_current_a >= current_a), None)

    def equipment(self, kind: str, voltage_level: str) -> EquipmentType:
        """Return what an access point of this kind takes."""
        try:
            return self.equipment_types[str(kind), voltage_level]
        except KeyError:
            raise self._missing(f"equipment of kind {kind} and level {voltage_level}") from None

    def civil_cost_per_m(self, surface: Surface, laying: str = "direct_burial") -> float:
        """Return the price of a metre of civil works; infinity where a laying has no price."""
        price = self.civil_prices.get((surface.name.lower(), laying))
        return math.inf if price is None else price.cost_per_m

    def crossing(self, kind: str) -> CrossingPrice:
        """Return what one crossing of a street, road, rail or water costs, and its permit."""
        try:
            return self.crossing_prices[kind]
        except KeyError:
            raise self._missing(f"crossing of kind {kind}") from None

    def accessory(self, kind: str, voltage_level: str) -> AccessoryPrice:
        """Return what a joint or a termination of one cable system costs."""
        try:
            return self.accessory_prices[kind, voltage_level]
        except KeyError:
            raise self._missing(f"accessory {kind} of level {voltage_level}") from None

    def coincidence(
        self, customer_class: str, level: str, load_case: str, *, count: float | None = None
    ) -> float:
        """Return the share (0..1) of the contract demand that counts at a level (同时率).

        Parameters
        ----------
        count
            Number of customers of the class that the element carries, where it is known. It decides
            only where the class depends on it. Customers of unlike size count as
            sum(D) ** 2 / sum(D ** 2) equal ones.

        Raises
        ------
        CatalogueError
            If the profile has no such class, level or case.
        InputError
            If the count is below one.
        """
        row = self.coincidence_rows.get((customer_class, load_case))
        if row is None or level not in LEVELS:
            raise self._missing(
                f"coincidence of {customer_class} at level {level}, case {load_case}"
            )
        if count is not None and not count >= 1:
            raise InputError(f"coincidence of {count} customers; expected one or more")
        if count is None or row.of_many is None or level == LEVELS[0]:
            return row.ratios()[LEVELS.index(level)]
        return share_of_equals(row.of_many, count)

    def coincidence_of_many(self, customer_class: str, load_case: str) -> float | None:
        """Return the share of very many customers; ``None`` where their number does not matter."""
        row = self.coincidence_rows.get((customer_class, load_case))
        return None if row is None else row.of_many

    def customer(self, customer_class: str) -> CustomerType:
        """Return what a customer of a class is like where his own figures are not recorded."""
        try:
            return self.customer_types[customer_class]
        except KeyError:
            raise self._missing(f"customer {customer_class}") from None

    def power_factor(self, customer_class: str) -> float:
        """Return the power factor to plan with where the application gives none."""
        try:
            return self.power_factors[customer_class]
        except KeyError:
            raise self._missing(f"power factor of {customer_class}") from None

    def _missing(self, what: str) -> CatalogueError:
        return CatalogueError(f"profile {self.profile} has no {what}; add it to an override file")


def load_catalogue(
    profile: str, *, override: Path | None = None, on: datetime.date | None = None
) -> Catalogue:
    """Load the rows of a profile that are valid on a day, today unless one is given.

    Parameters
    ----------
    profile
        Name of a file of rules, ``"eu"`` or ``"cn"``.
    override
        A TOML file of the utility; its rows replace those of the same id, whole.
    on
        Day that chooses among dated variants of a rule.

    Raises
    ------
    CatalogueError
        If a row cannot be read or two rows contradict each other; the message names the row.
    """
    rows = load_rows(profile, override=override, folder=FOLDER)
    rules = _rules_on(rows, on or datetime.date.today())
    check_rows(rows, rules)
    return Catalogue(
        profile=rows.profile,
        name=rows.name,
        currency=rows.currency,
        fingerprint=_fingerprint(rows, rules),
        rules=rules,
        conductor_types=tuple(
            sorted(rows.conductors, key=lambda c: (c.section_mm2, c.conductor_id))
        ),
        materials=MappingProxyType({material.material: material for material in rows.materials}),
        insulations=tuple(
            sorted(rows.insulations, key=lambda row: (row.insulation, row.section_above_mm2))
        ),
        fuses=tuple(sorted(rows.fuses, key=lambda fuse: fuse.rated_current_a)),
        equipment_types=MappingProxyType({(e.kind, e.voltage_level): e for e in rows.equipment}),
        civil_prices=MappingProxyType({(p.surface, p.laying): p for p in rows.civil_prices}),
        crossing_prices=MappingProxyType({price.kind: price for price in rows.crossings}),
        accessory_prices=MappingProxyType({(a.kind, a.voltage_level): a for a in rows.accessories}),
        coincidence_rows=MappingProxyType(
            {(row.customer_class, row.load_case): row for row in rows.coincidence}
        ),
        customer_types=MappingProxyType({row.customer_class: row for row in rows.customers}),
        power_factors=MappingProxyType(
            {row.customer_class: row.power_factor for row in rows.power_factors}
        ),
    )


def _rules_on(rows: Rows, day: datetime.date) -> Mapping[str, Rule]:
    today = day.isoformat()
    valid = [rule for rule in rows.rules if rule.valid_from <= today <= (rule.valid_to or today)]
    return MappingProxyType({rule.rule_id: rule for rule in valid})


def _fingerprint(rows: Rows, rules: Mapping[str, Rule]) -> str:
    """Hash the files and which dated variants were chosen from them."""
    chosen = "\n".join(f"{rule.rule_id} {rule.valid_from}" for rule in rules.values())
    return hashlib.sha256(f"{rows.fingerprint}\n{chosen}".encode()).hexdigest()
