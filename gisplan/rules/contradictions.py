"""Contradictions inside one profile: rows that cannot both be meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations, pairwise, product
from typing import get_args

from gisplan.errors import CatalogueError
from gisplan.model.grid import Surface
from gisplan.rules.reading import Rows
from gisplan.rules.types import AccessoryKind, CoincidenceRow, CrossingKind, Rule, VoltageLevel

FOREVER = "9999-12-31"
ALWAYS_PRICED = ("direct_burial", "free_duct", "open_trench")
CROSSINGS: tuple[str, ...] = get_args(CrossingKind)
ACCESSORIES: tuple[str, ...] = get_args(AccessoryKind)
VOLTAGE_LEVELS: tuple[str, ...] = get_args(VoltageLevel)
ASCENDING = (
    ("voltage.lv_min_pu", "voltage.lv_max_pu"),
    ("voltage.mv_min_pu", "voltage.mv_max_pu"),
    ("backfeed.voltage_min_pu", "backfeed.voltage_max_pu"),
    ("supply.single_phase_max_kva", "supply.lv_max_kva", "supply.mv_max_kva"),
)
NOT_DESCENDING = (
    (
        "supply.sources_required.ordinary",
        "supply.sources_required.second",
        "supply.sources_required.first",
        "supply.sources_required.special",
    ),
)


def check_rows(rows: Rows, rules: Mapping[str, Rule]) -> None:
    """Raise ``CatalogueError`` with all contradictions, each naming its rows."""
    faults = [
        *_overlaps(rows.rules),
        *_orders(rules),
        *_duplicates("conductor", (conductor.conductor_id for conductor in rows.conductors)),
        *_duplicates("conductor material", (row.material for row in rows.materials)),
        *_duplicates(
            "insulation",
            (f"{r.insulation} above {r.section_above_mm2:g}" for r in rows.insulations),
        ),
        *_cold_faults(rows),
        *_duplicates("fuse", (f"{fuse.rated_current_a:g} A" for fuse in rows.fuses)),
        *_slow_fuses(rows),
        *_duplicates("equipment", (f"{e.kind} at {e.voltage_level}" for e in rows.equipment)),
        *_duplicates("civil works", (f"{p.surface} {p.laying}" for p in rows.civil_prices)),
        *_duplicates("crossing", (row.kind for row in rows.crossings)),
        *_duplicates("accessory", (f"{a.kind} at {a.voltage_level}" for a in rows.accessories)),
        *_duplicates(
            "coincidence", (f"{r.customer_class} {r.load_case}" for r in rows.coincidence)
        ),
        *_duplicates("customer", (row.customer_class for row in rows.customers)),
        *_duplicates("power factor", (row.customer_class for row in rows.power_factors)),
        *_missing_surfaces(rows),
        *_missing_events(rows),
        *_foreign_prices(rows),
        *_rising(rows.coincidence),
    ]
    if faults:
        raise CatalogueError(f"profile {rows.profile} contradicts itself: " + "; ".join(faults))


def _overlaps(rules: Iterable[Rule]) -> Iterable[str]:
    """Two variants of a rule that are valid on the same day."""
    for one, other in combinations(sorted(rules, key=lambda r: (r.rule_id, r.valid_from)), 2):
        if one.rule_id == other.rule_id and other.valid_from <= (one.valid_to or FOREVER):
            yield (
                f"rule {one.rule_id} is {one.value:g} {one.unit} ({one.source}) and "
                f"{other.value:g} {other.unit} ({other.source}) on {other.valid_from}"
            )


def _orders(rules: Mapping[str, Rule]) -> Iterable[str]:
    for chain, strict in [(c, True) for c in ASCENDING] + [(c, False) for c in NOT_DESCENDING]:
        present = [rules[rule_id] for rule_id in chain if rule_id in rules]
        for low, high in pairwise(present):
            if low.value > high.value or (strict and low.value == high.value):
                yield (
                    f"rule {low.rule_id} ({low.value:g} {low.unit}) must lie below "
                    f"rule {high.rule_id} ({high.value:g} {high.unit})"
                )


def _duplicates(what: str, names: Iterable[str]) -> Iterable[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield f"{what} {name} stands twice"
        seen.add(name)


def _missing_surfaces(rows: Rows) -> Iterable[str]:
    priced = {(price.surface, price.laying) for price in rows.civil_prices}
    for surface, laying in product(Surface, ALWAYS_PRICED):
        if (surface.name.lower(), laying) not in priced:
            yield f"civil works {surface.name.lower()} has no price for {laying}"


def _missing_events(rows: Rows) -> Iterable[str]:
    priced = {row.kind for row in rows.crossings}
    yield from (f"crossing {kind} has no price" for kind in CROSSINGS if kind not in priced)
    found = {(row.kind, row.voltage_level) for row in rows.accessories}
    for kind, level in product(ACCESSORIES, VOLTAGE_LEVELS):
        if (kind, level) not in found:
            yield f"accessory {kind} at {level} has no price"


def _cold_faults(rows: Rows) -> Iterable[str]:
    """A short circuit heats a conductor."""
    for row in rows.insulations:
        if row.final_temperature_c <= row.initial_temperature_c:
            yield (
                f"insulation {row.insulation} ends a short circuit at {row.final_temperature_c:g} "
                f"degC, which is not above {row.initial_temperature_c:g} degC in operation"
            )


def _slow_fuses(rows: Rows) -> Iterable[str]:
    """More current clears sooner."""
    for fuse in rows.fuses:
        currents = (
            fuse.rated_current_a,
            fuse.fusing_current_a,
            fuse.current_5s_a,
            fuse.current_100ms_a,
        )
        if any(low >= high for low, high in pairwise(currents)) or fuse.fusing_time_s <= 5.0:
            yield f"fuse {fuse.rated_current_a:g} A does not clear sooner at higher currents"


def _foreign_prices(rows: Rows) -> Iterable[str]:
    for equipment in rows.equipment:
        if equipment.currency != rows.currency:
            yield (
                f"equipment {equipment.equipment_id} is priced in {equipment.currency}, "
                f"the profile in {rows.currency}"
            )


def _rising(rows: Iterable[CoincidenceRow]) -> Iterable[str]:
    """Demand never coincides more further up, where more customers share the element."""
    for row in rows:
        if any(upper > lower for lower, upper in pairwise(row.ratios())):
            yield f"coincidence {row.customer_class} {row.load_case} rises towards the substation"
        if row.of_many is not None and row.of_many > row.substation:
            yield (
                f"coincidence {row.customer_class} {row.load_case} of many ({row.of_many:g}) is "
                f"more than at the substation ({row.substation:g})"
            )
