"""The bill of materials of a connection: every row is priced, and the rows are the whole cost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.model.option import BillItem, Cost
from gisplan.planning.access import KINDS
from gisplan.planning.bends import count_bends
from gisplan.planning.civil import WORKS
from gisplan.planning.crossable import CROSSINGS, NOTHING_CROSSED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gisplan.model.option import AccessKind
    from gisplan.planning.route import Stretch
    from gisplan.planning.variants import Variant
    from gisplan.rules.catalogue import Catalogue

FREE_DUCT = "free_duct"
POLES = ("line_pole", "angle_pole", "terminal_pole")


@dataclass(frozen=True, slots=True, kw_only=True)
class BillRow:
    """A row of the bill with its cost in whole cents, so that sums are exact."""

    kind: str
    codes: tuple[str, ...]
    item: str
    quantity: float
    unit: str
    unit_cost: float
    cents: int
    source: str
    confidence: str

    def told(self) -> BillItem:
        """Return the row as it leaves the library."""
        return BillItem(
            kind=self.kind,
            codes=self.codes,
            item=self.item,
            quantity=round(self.quantity, 3),
            unit=self.unit,
            unit_cost=round(self.unit_cost, 4),
            cost=self.cents / 100,
            source=self.source,
            confidence=self.confidence,
        )


def bill_rows(
    catalogue: Catalogue,
    *,
    kind: AccessKind | None,
    voltage_level: str,
    variant: Variant | None,
    stretches: Sequence[Stretch],
) -> tuple[BillRow, ...]:
    """Return what a connection takes: works, crossings, cable, joints, ends, equipment.

    ``variant`` is ``None`` where there is no new cable; then there are no stretches either.
    ``kind`` is ``None`` where the cable ends at no access point: neither equipment nor ends.
    """
    rows: list[BillRow] = []
    if variant is not None:
        length_m = sum(stretch.length_m for stretch in stretches)
        rows += _civil_rows(catalogue, variant, stretches)
        rows += _pole_rows(catalogue, voltage_level, stretches)
        rows += _crossing_rows(catalogue, stretches)
        rows.append(_cable_row(variant, stretches, length_m))
        rows += _accessory_rows(catalogue, variant, kind, length_m)
        rows += _bend_rows(catalogue, variant, stretches)
    if kind is not None:
        rows.append(_equipment_row(catalogue, kind, voltage_level))
    return tuple(
        row for row in rows if row.quantity > 0 and (row.cents > 0 or row.kind != "equipment")
    )


def cost_of(rows: Sequence[BillRow], currency: str) -> Cost:
    """Return the sums of a bill."""
    cents = dict.fromkeys(
        ("civil", "pole", "bend", "crossing", "cable", "joint", "termination", "equipment"), 0
    )
    for row in rows:
        cents[row.kind] += row.cents
    return Cost(
        civil=(cents["civil"] + cents["pole"] + cents["bend"]) / 100,
        crossings=cents["crossing"] / 100,
        cable=cents["cable"] / 100,
        accessories=(cents["joint"] + cents["termination"]) / 100,
        equipment=cents["equipment"] / 100,
        remedies=0.0,
        total=sum(cents.values()) / 100,
        currency=currency,
    )


def _civil_rows(
    catalogue: Catalogue, variant: Variant, stretches: Sequence[Stretch]
) -> Iterator[BillRow]:
    """Return metres of works by laying, surface and price, in the order of the catalogue.

    Spans are no metres of works: their poles are rows of their own.
    """
    groups: dict[tuple[int, str, float, bool, str], list[Stretch]] = {}
    for stretch in (one for one in stretches if not one.poles):
        per_m, source = stretch.civil_per_m, stretch.price_source
        key = WORKS.index(stretch.laying), stretch.surface, per_m, stretch.is_shared, source
        groups.setdefault(key, []).append(stretch)
    for (works, surface, per_m, is_shared, own_source), some in sorted(groups.items()):
        laying = WORKS[works]
        price = catalogue.civil_prices[surface, laying]
        systems = variant.system_count if laying == FREE_DUCT else 1
        factor = per_m / systems / price.cost_per_m if price.cost_per_m else 1.0
        surcharge = "" if abs(factor - 1) < 1e-9 else f", factor {factor:.3g} of the ground"
        if own_source:
            surcharge = f", at the price of {own_source}"
        if is_shared:
            surcharge = ", in the trench of another source that pays for it"
        yield BillRow(
            kind="civil",
            codes=(laying, surface),
            item=f"{laying}, {surface}".replace("_", " ").capitalize() + surcharge,
            quantity=sum(stretch.length_m for stretch in some) * systems,
            unit="m",
            unit_cost=per_m / systems,
            cents=sum(stretch.civil_cents for stretch in some),
            source=own_source or price.source,
            confidence="unverified" if own_source else price.confidence,
        )


def _pole_rows(
    catalogue: Catalogue, voltage_level: str, stretches: Sequence[Stretch]
) -> Iterator[BillRow]:
    poles = Counter(kind for stretch in stretches for kind in stretch.poles)
    for kind in POLES:
        price = catalogue.accessory(kind, voltage_level)
        yield BillRow(
            kind="pole",
            codes=(voltage_level, kind),
            item=price.name,
            quantity=poles[kind],
            unit="",
            unit_cost=price.cost,
            cents=poles[kind] * round(price.cost * 100),
            source=price.source,
            confidence=price.confidence,
        )


def _crossing_rows(catalogue: Catalogue, stretches: Sequence[Stretch]) -> Iterator[BillRow]:
    paid = (one for one in stretches if not one.is_shared)
    codes = [NOTHING_CROSSED.code, *(one.crossed.code for one in paid)]
    counts = np.bincount(np.concatenate(codes), minlength=len(CROSSINGS))
    for kind, count in zip(CROSSINGS, counts.tolist(), strict=False):
        price = catalogue.crossing(kind)
        yield BillRow(
            kind="crossing",
            codes=(kind,),
            item=f"Crossing of a {kind}: {price.method}",
            quantity=count,
            unit="",
            unit_cost=price.cost,
            cents=count * round(price.cost * 100),
            source=price.source,
            confidence=price.confidence,
        )


def _cable_row(variant: Variant, stretches: Sequence[Stretch], length_m: float) -> BillRow:
    """Return the metres of all systems with what a cable needs beyond the length of its way."""
    conductor = variant.conductor
    return BillRow(
        kind="cable",
        codes=(conductor.conductor_id,),
        item=f"{conductor.name}, {variant.system_count} x {length_m:.1f} m and "
        f"{variant.spare_length_ratio:.3g} of that spare",
        quantity=length_m * variant.system_count * (1 + variant.spare_length_ratio),
        unit="m",
        unit_cost=conductor.cost_per_m,
        cents=sum(stretch.cable_cents for stretch in stretches),
        source=conductor.source,
        confidence=conductor.confidence,
    )


def _accessory_rows(
    catalogue: Catalogue, variant: Variant, kind: AccessKind | None, length_m: float
) -> Iterator[BillRow]:
    level = variant.voltage_level
    joints = int(variant.joint_count(np.array([length_m]))[0])
    per_cable = 0 if kind is None else catalogue.equipment(kind, level).terminations_per_cable
    ends_cents = 0 if kind is None else int(variant.end_cents[KINDS.index(kind)])
    for name, count, cents in (
        ("joint", joints, joints * variant.joint_cents),
        ("termination", per_cable * variant.system_count, ends_cents),
    ):
        price = catalogue.accessory(name, level)
        yield BillRow(
            kind=name,
            codes=(level,),
            item=price.name,
            quantity=count,
            unit="",
            unit_cost=price.cost,
            cents=cents,
            source=price.source,
            confidence=price.confidence,
        )


def _bend_rows(
    catalogue: Catalogue, variant: Variant, stretches: Sequence[Stretch]
) -> Iterator[BillRow]:
    """Return the bends of a way where they have a price."""
    if variant.bend_cents == 0:
        return
    count, rule = count_bends(stretches, variant), catalogue.rule("civil.bend_cost")
    yield BillRow(
        kind="bend",
        codes=(),
        item=f"Bend of {variant.bend_min_deg:g} degrees or more",
        quantity=count,
        unit="",
        unit_cost=variant.bend_cents / 100,
        cents=count * variant.bend_cents,
        source=rule.source,
        confidence=rule.confidence,
    )


def _equipment_row(catalogue: Catalogue, kind: AccessKind, voltage_level: str) -> BillRow:
    equipment = catalogue.equipment(kind, voltage_level)
    return BillRow(
        kind="equipment",
        codes=(str(kind),),
        item=equipment.name,
        quantity=1,
        unit="",
        unit_cost=equipment.cost,
        cents=round(equipment.cost * 100),
        source=equipment.source,
        confidence=equipment.confidence,
    )
